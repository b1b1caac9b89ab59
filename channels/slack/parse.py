"""What Slack delivers, in our words. Names of people are looked up later: so is what it says.

The rules:

- A message is `room:ts`, whether it came as `message`, as `app_mention` or from the history; an
  edit is `room:ts@edited`, a deletion `room:ts@deleted`. A press is named by the message it was
  pressed on, its time and its user; a slash command by its trigger.
- An app that is installed in other workspaces too is told of them on the same socket. What is said
  there is not heard: who has what id there is somebody else. Where rooms are shared, people of
  other workspaces are heard in them.
- What bots say, ourselves and Slackbot included, is not heard, and nothing that people did not
  write: joins, renamings, unfurled links. Whatever else a person sends is heard.
- A thread is a place of its own. With `threads: auto`, a message to the bot in a room begins one:
  its place is the thread under it. In a direct message no thread is begun.
- Addressed is: everything in a direct message; what mentions the bot; what is said in a thread that
  the bot takes part in, unless it begins by mentioning somebody else. Anybody can call the bot into
  a thread: so the last is implied only, but in a thread under words of its own.

Source: https://docs.slack.dev/reference/events/message
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bridge.domain.content import AttachmentKind, Content
from bridge.domain.ids import MessageId
from bridge.domain.inbound import (
    Added,
    Deleted,
    Edited,
    Heard,
    Pressed,
    Reaction,
    RemoteFile,
    Spoken,
)
from bridge.session import slash
from channels.slack import blocks, to_markdown
from channels.slack.client import BotUser
from channels.slack.config import Threads
from channels.slack.content import ELSEWHERE, UNFIT_FILES, pasted, shared_files
from channels.slack.conversation_ids import Spot, position
from channels.slack.reactions import emoji_named
from channels.slack.render import thread_of
from channels.visible_words import visible_words

Json = dict[str, Any]

UNREADABLE = (
    KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OverflowError
)  # fmt: skip
"""What reading raises where a payload is not what Slack documents."""

NEWS = frozenset(
    {
        "assistant_app_thread", "bot_add", "bot_disable", "bot_enable", "bot_message", "bot_remove",
        "channel_archive", "channel_canvas_updated", "channel_convert_to_private",
        "channel_convert_to_public", "channel_join", "channel_leave", "channel_name",
        "channel_posting_permissions", "channel_purpose", "channel_topic", "channel_unarchive",
        "document_comment_root", "ekm_access_denied", "file_comment", "file_mention",
        "group_archive", "group_join", "group_leave", "group_name", "group_purpose", "group_topic",
        "group_unarchive", "huddle_thread", "joiner_notification",
        "joiner_notification_for_inviter", "message_replied", "pinned_item", "reminder_add",
        "reply_broadcast", "sh_room_created", "sh_room_shared", "tabbed_canvas_updated",
        "tombstone", "unpinned_item",
    }
)  # fmt: skip
"""Subtypes of messages that Slack or an app writes: news of the room. All others are speech.

Source: https://docs.slack.dev/reference/events/message#subtypes
"""


WRITTEN_BY_APPS = ("bot_id", "bot_profile", "app_id")
"""Fields of what no person typed; an app may say it as a person who let it, and without the first.

Source: https://github.com/NousResearch/hermes-agent/pull/101283
"""

STOP = "/stop"

SLACKBOT = "USLACKBOT"
"""Slack's own account. It says what anybody had it say: reminders, and replies to certain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that was heard. `ts` orders it within its spot.

    `source` is what a catch-up would find it in: a room's history, or a thread; empty for what
    only comes once. `name` is the sender's, where the payload says it. `slash`: it is answered with
    the acknowledgement. `message` is what was said, in Slack's own words; `joins`: the thread that
    the bot is called into by it; `stops`: it is Slack's own button to stop. Raises `ValueError`
    when `ts` is no time stamp.
    """

    external_id: str
    ts: str
    spot: Spot
    user: str
    what: Heard
    name: str = ""
    source: str = ""
    slash: bool = False
    message: Json = field(default_factory=dict, compare=False)
    joins: str = ""
    stops: bool = False

    def __post_init__(self) -> None:
        position(self.ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """A room is called otherwise from now on; `ts` is when. Raises `ValueError` as `News` does."""

    ts: str
    room: str
    name: str

    def __post_init__(self) -> None:
        position(self.ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Others read `words` in a room, which nobody said to the bot; `ts` is when.

    `source` is as in `News`. Raises `ValueError` as `News` does.
    """

    ts: str
    spot: Spot
    words: str
    source: str = ""

    def __post_init__(self) -> None:
        position(self.ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Somebody looks at the conversation with the app, and may be offered what to ask."""

    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads for one account. `takes_part` says whether the bot has a part in a thread."""

    account: BotUser
    threads: Threads
    takes_part: Callable[[Spot], bool]

    def payload(self, body: Json, *, now: str) -> News | Renaming | Shown | Opened | None:
        """Return what a payload of the socket says, or None if nothing. `now` is a time stamp.

        Raises one of `UNREADABLE` for what is no payload.
        """
        if not _is_told_of(body, self.account):
            return None
        if "command" in body:
            return _commanded(body, now)
        match body.get("type"):
            case "event_callback":
                return self._event(body["event"])
            case "block_actions":
                return _pressed(body)
            case _:
                return None

    def _event(self, event: Json) -> News | Renaming | Shown | Opened | None:
        match event["type"]:
            case "app_mention" if event.get("edited"):  # told as a change too: it calls nobody
                return None
            case "message" | "app_mention":
                return self.message(event, event["channel"])
            case "member_joined_channel":
                return _joined(event, self.account.user)
            case "reaction_added" | "reaction_removed":
                return _reacted(event, self)
            case "agent_session_stopped":
                return _stopped(event)
            case "app_home_opened" if event.get("tab") == "messages":
                return Opened(spot=Spot(room=event["channel"]))
            case "assistant_thread_started" | "assistant_thread_context_changed":
                begun = event["assistant_thread"]
                return Opened(spot=Spot(room=begun["channel_id"], thread=begun["thread_ts"]))
            case _:
                return None

    # -- messages

    def message(self, event: Json, room: str) -> News | Renaming | Shown | None:
        """Return what a message says: of an event, or of a room's history."""
        return self._message(event, room) or _shown(event, room, self.account.user)

    def _message(self, event: Json, room: str) -> News | Renaming | None:
        match event.get("subtype") or "":
            case "message_changed":
                return self._changed(event, room)
            case "message_deleted":
                return self._deleted(
                    event.get("previous_message") or {}, event["deleted_ts"], event
                )
            case "channel_name" | "group_name":
                return Renaming(ts=event["ts"], room=room, name=str(event["name"]))
            case subtype if subtype in NEWS:
                return None
            case _:
                return self._spoken(event, room)

    def _spoken(self, event: Json, room: str) -> News | None:
        if not self._is_person(event):
            return None
        ts, spot = event["ts"], self._spot(event, room)
        return News(
            external_id=f"{room}:{ts}",
            ts=ts,
            spot=spot,
            user=event["user"],
            what=Spoken(
                message=MessageId(ts),
                content=self._text(event),
                addressed=self._is_addressed(event, spot),
                implied=not self._is_called(event, spot) and self._is_addressed(event, spot),
                files=files_of(event),
            ),
            source=str(Spot(room=room, thread=thread_in(event))),
            message=event,
            joins=thread_in(event) if self._joins(event, spot) else "",
        )

    def _joins(self, event: Json, spot: Spot) -> bool:
        """Say whether the bot is called into a thread of which it knows nothing yet.

        Below its own message in a room, too: a thread has a session of its own, and the message may
        show what somebody else said elsewhere.
        """
        is_known = spot.is_direct and event.get("parent_user_id") == self.account.user
        return bool(thread_in(event)) and not is_known and not self.takes_part(spot)

    def _changed(self, event: Json, room: str) -> News | None:
        message, before = event["message"], event.get("previous_message") or {}
        if message.get("subtype") == "tombstone":
            return self._deleted(before, message["ts"], event)
        edited = message.get("edited")
        if not edited or not self._is_person(message) or _is_same(message, before):
            return None
        return News(
            external_id=f"{room}:{message['ts']}@{edited['ts']}",
            ts=edited["ts"],
            spot=self._spot(before or message, room),  # it may have lost its mention
            user=message["user"],
            what=Edited(
                message=MessageId(message["ts"]),
                content=self._text(message),
                files=files_of(message) if _file_ids(message) != _file_ids(before) else None,
            ),
            message=message,
        )

    def _deleted(self, before: Json, ts: str, event: Json) -> News | None:
        if not self._is_person(before):
            return None
        room = event["channel"]
        return News(
            external_id=f"{room}:{ts}@deleted",
            ts=event.get("event_ts") or event["ts"],
            spot=self._spot(before, room),
            user=before["user"],
            what=Deleted(message=MessageId(ts)),
        )

    def _is_person(self, message: Json) -> bool:
        user = message.get("user")
        is_nobody = user in {None, "", self.account.user, SLACKBOT}
        return not is_nobody and not any(message.get(each) for each in WRITTEN_BY_APPS)

    def _text(self, message: Json) -> Content:
        """Return the text as it is, until the names in it are known."""
        return Content(text=to_markdown.without(message.get("text") or "", self.account.user))

    # -- where, and to whom

    def _spot(self, message: Json, room: str) -> Spot:
        thread = thread_in(message)
        if not thread and self._begins_thread(message, room):
            thread = message["ts"]
        return Spot(room=room, thread=thread)

    def _begins_thread(self, message: Json, room: str) -> bool:
        if Spot(room=room).is_direct:
            return self.threads == "always"
        return self.threads != "never" and self._is_mentioned(message)

    def _is_mentioned(self, message: Json) -> bool:
        return blocks.calls(message, self.account.user)

    def _is_addressed(self, message: Json, spot: Spot) -> bool:
        to_another = to_markdown.first_mentioned(message.get("text") or "")
        goes_on = bool(spot.thread) and self.takes_part(spot) and not to_another
        return goes_on or self._is_called(message, spot)

    def _is_called(self, message: Json, spot: Spot) -> bool:
        """Say whether a message by itself says that it is for the bot."""
        if spot.is_direct or self._is_mentioned(message):
            return True
        is_ours = bool(spot.thread) and message.get("parent_user_id") == self.account.user
        return is_ours and not to_markdown.first_mentioned(message.get("text") or "")


# -- everything else


def _joined(event: Json, me: str) -> News | None:
    if event["user"] != me or not event.get("inviter"):
        return None
    room, ts = event["channel"], event["event_ts"]
    return News(
        external_id=f"joined:{room}:{ts}",
        ts=ts,
        spot=Spot(room=room),
        user=event["inviter"],
        what=Added(),
    )


def _stopped(event: Json) -> News:
    """Return a press of Slack's own button to stop, which says what `/stop` says."""
    room, thread, ts = event["channel"], str(event.get("thread_ts") or ""), event["event_ts"]
    name = f"stop:{room}:{thread}:{ts}"
    return News(
        external_id=name,
        ts=ts,
        spot=Spot(room=room, thread=thread),
        user=event["user"],
        what=Spoken(message=MessageId(name), content=Content(text=STOP)),
        message={"text": STOP, "ts": ts},
        stops=True,
    )


def _shown(event: Json, room: str, me: str) -> Shown | None:
    """Return what others read in a room of what is not heard, by whomever but ourselves."""
    message = event.get("message") or event.get("previous_message") or event
    if Spot(room=room).is_direct or message.get("user") == me:
        return None
    is_change = message is not event
    thread = thread_in(message)
    return Shown(
        ts=event["ts"],
        spot=Spot(room=room, thread=thread),
        words=visible_words(event),
        source="" if is_change else str(Spot(room=room, thread=thread)),
    )


def _reacted(event: Json, reader: Reader) -> News | None:
    """Return an emoji of somebody's; in which thread the message is, nobody says yet."""
    item, user = event.get("item") or {}, event.get("user")
    given = emoji_named(str(event.get("reaction") or ""))
    if not user or user in {reader.account.user, SLACKBOT}:
        return None
    if item.get("type") != "message" or not given:
        return None
    room, ts = item["channel"], item["ts"]
    is_gone = event["type"] == "reaction_removed"
    begun = Spot(room=room, thread=ts)
    return News(
        external_id=f"{room}:{ts}:{user}:{given}@{event['event_ts']}",
        ts=event["event_ts"],
        spot=begun if reader.takes_part(begun) else Spot(room=room),
        user=user,
        what=Reaction(
            message=MessageId(ts), emoji="" if is_gone else given, gone=given if is_gone else ""
        ),
    )


def _pressed(body: Json) -> News | None:
    action, container, user = body["actions"][0], body["container"], body["user"]
    if action.get("type") != "button" or "value" not in action:
        return None
    room, ts = container["channel_id"], container["message_ts"]
    message = {"ts": ts, "thread_ts": container.get("thread_ts"), **body.get("message", {})}
    meant = thread_of(str(action.get("block_id") or ""))
    return News(
        external_id=f"press:{room}:{ts}:{action['action_ts']}:{user['id']}",
        ts=action["action_ts"],
        spot=Spot(room=room, thread=thread_in(message) if meant is None else meant),
        user=user["id"],
        what=Pressed(value=action["value"]),
        name=user.get("name") or "",
    )


def _commanded(body: Json, now: str) -> News:
    trigger = f"slash:{body['trigger_id']}"
    return News(
        external_id=trigger,
        ts=now,
        spot=Spot(room=body["channel_id"]),
        user=body["user_id"],
        what=Spoken(message=MessageId(trigger), content=Content(text=_typed(body))),
        name=body.get("user_name") or "",
        slash=True,
        message={"text": _typed(body)},
    )


def _is_told_of(body: Json, account: BotUser) -> bool:
    """Say whether something was told to the workspace of an account, as far as Slack says.

    What is told to a whole organisation concerns its own workspaces alone. Of a shared room Slack
    names one of all that have the app there, and any of them. Who presses a button of ours may be
    of any workspace.
    Source: https://docs.slack.dev/apis/events-api#authorizations
    """
    to = body if "command" in body else next(iter(body.get("authorizations") or ()), {})
    team, enterprise = to.get("team_id"), to.get("enterprise_id")
    is_near = bool(account.enterprise) and enterprise == account.enterprise
    is_of_ours = team == account.team if team else not enterprise
    return is_of_ours or is_near or bool(body.get("is_ext_shared_channel"))


def is_anybodys(body: Json, account: BotUser) -> bool:
    """Say whether something is told of a shared room, and which of its workspaces is ours is not.

    The app can be on one socket for two others that share a room without us.
    """
    return not _is_told_of({**body, "is_ext_shared_channel": False}, account)


def thread_in(message: Json) -> str:
    """Return the thread that a message is a reply in; the first message of one is not in it."""
    thread = str(message.get("thread_ts") or "")
    return thread if thread != message["ts"] else ""


def _typed(body: Json) -> str:
    """Return what `/bridge …` means: a command of ours, or something said."""
    text = str(body.get("text") or "").strip()
    name = text.split(maxsplit=1)[0].lstrip("/").lower() if text else "help"
    if slash.named(name) is not None:
        return f"/{text.lstrip('/') or name}"
    return text


def _is_same(message: Json, before: Json) -> bool:
    """Say whether nothing that people see was changed: a link was unfolded, say."""
    told = [
        (each.get("text"), each.get("blocks"), _file_ids(each), [*pasted(each)])
        for each in (message, before)
    ]
    return told[0] == told[1]


def _file_ids(message: Json) -> list[str]:
    return [str(each.get("id")) for each in message.get("files") or ()]


def _files(message: Json) -> Iterator[RemoteFile]:
    for file in (*(message.get("files") or ()), *shared_files(message)):
        if file.get("mode") in {*UNFIT_FILES, ELSEWHERE}:
            continue
        size = file.get("size")
        yield RemoteFile(
            kind=_kind(file),
            name=str(file.get("name") or file.get("title") or ""),
            mime=str(file.get("mimetype") or "application/octet-stream"),
            ref=str(file.get("url_private_download") or f"id:{file['id']}"),
            size=size if isinstance(size, int) else None,
        )


def files_of(message: Json) -> tuple[RemoteFile, ...]:
    return tuple(_files(message))


def _kind(file: Json) -> AttachmentKind:
    if file.get("subtype") == "slack_audio":
        return "voice"
    match str(file.get("mimetype") or "").partition("/")[0]:
        case "image":
            return "image"
        case "audio":
            return "audio"
        case "video":
            return "video"
        case _:
            return "file"
