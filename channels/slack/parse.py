"""What Slack delivers, in our words. Names of people are looked up later: so is what it says.

The rules:

- A message is `room:ts`, whether it came as `message`, as `app_mention` or from the history; an
  edit is `room:ts@edited`, a deletion `room:ts@deleted`. A press is named by the message it was
  pressed on, its time and its user; a slash command by its trigger.
- What bots say, ourselves included, is not heard, and nothing that people did not write: joins,
  renamings, unfurled links. Whatever else a person sends is heard.
- A thread is a place of its own. With `threads: auto`, a message to the bot in a room begins one:
  its place is the thread under it. In a direct message no thread is begun.
- Addressed is: everything in a direct message; what mentions the bot; what is said in a thread that
  the bot takes part in, unless it begins by mentioning somebody else.

Source: https://docs.slack.dev/reference/events/message
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bridge.content import AttachmentKind, Content
from bridge.ids import MessageId
from bridge.inbound import Added, Deleted, Edited, Heard, Pressed, RemoteFile, Spoken
from bridge.slash import COMMANDS
from channels.slack import blocks, mrkdwn
from channels.slack.config import Threads
from channels.slack.places import Spot, order
from channels.slack.web import Account

Json = dict[str, Any]

UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that was heard. `ts` orders it within its spot.

    `source` is what a catch-up would find it in: a room's history, or a thread; empty for what
    only comes once. `name` is the sender's, where the payload says it. `slash`: it is answered with
    the acknowledgement. `message` is what was said, in Slack's own words; `joins`: the thread that
    the bot is called into by it. Raises `ValueError` when `ts` is no time stamp.
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

    def __post_init__(self) -> None:
        order(self.ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads for one account. `takes_part` says whether the bot has a part in a thread."""

    account: Account
    threads: Threads
    takes_part: Callable[[Spot], bool]

    def payload(self, body: Json, *, now: str) -> News | None:
        """Return what a payload of the socket says, or None if nothing. `now` is a time stamp.

        Raises one of `UNREADABLE` for what is no payload.
        """
        if "command" in body:
            return self._command(body, now)
        match body.get("type"):
            case "event_callback":
                return self._event(body["event"])
            case "block_actions":
                return self._press(body)
            case _:
                return None

    def _event(self, event: Json) -> News | None:
        match event["type"]:
            case "message" | "app_mention":
                return self.message(event, event["channel"])
            case "member_joined_channel":
                return self._joined(event)
            case _:
                return None

    # -- messages

    def message(self, event: Json, room: str) -> News | None:
        """Return what a message says: of an event, or of a room's history."""
        match event.get("subtype") or "":
            case "message_changed":
                return self._changed(event, room)
            case "message_deleted":
                return self._deleted(
                    event.get("previous_message") or {}, event["deleted_ts"], event
                )
            case subtype if subtype in NEWS:
                return None
            case _:
                return self._spoken(event, room)

    def _spoken(self, event: Json, room: str) -> News | None:
        if not self._is_person(event):
            return None
        if not any(event.get(each) for each in ("text", "files", "blocks", "attachments")):
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
                files=files_of(event),
            ),
            source=str(Spot(room=room, thread=_thread(event))),
            message=event,
            joins=_thread(event) if self._joins(event, spot) else "",
        )

    def _joins(self, event: Json, spot: Spot) -> bool:
        """Say whether the bot is called into a thread of which it knows nothing yet."""
        is_ours = event.get("parent_user_id") == self.account.user
        return bool(_thread(event)) and not is_ours and not self.takes_part(spot)

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
        return bool(user) and user != self.account.user and not message.get("bot_id")

    def _text(self, message: Json) -> Content:
        """Return the text as it is, until the names in it are known."""
        return Content(text=mrkdwn.without(message.get("text") or "", self.account.user))

    # -- where, and to whom

    def _spot(self, message: Json, room: str) -> Spot:
        thread = _thread(message)
        if not thread and self._begins_thread(message, room):
            thread = message["ts"]
        return Spot(room=room, thread=thread)

    def _begins_thread(self, message: Json, room: str) -> bool:
        is_direct = Spot(room=room).is_direct
        return self.threads == "auto" and not is_direct and self._is_mentioned(message)

    def _is_mentioned(self, message: Json) -> bool:
        return blocks.calls(message, self.account.user)

    def _is_addressed(self, message: Json, spot: Spot) -> bool:
        if spot.is_direct or self._is_mentioned(message):
            return True
        takes_part = message.get("parent_user_id") == self.account.user or self.takes_part(spot)
        to_another = mrkdwn.first_mentioned(message.get("text") or "")
        return bool(spot.thread) and takes_part and not to_another

    # -- everything else

    def _joined(self, event: Json) -> News | None:
        if event["user"] != self.account.user or not event.get("inviter"):
            return None
        room, ts = event["channel"], event["event_ts"]
        return News(
            external_id=f"joined:{room}:{ts}",
            ts=ts,
            spot=Spot(room=room),
            user=event["inviter"],
            what=Added(),
        )

    def _press(self, body: Json) -> News | None:
        action, container, user = body["actions"][0], body["container"], body["user"]
        if action.get("type") != "button" or "value" not in action:
            return None
        room, ts = container["channel_id"], container["message_ts"]
        message = {"ts": ts, "thread_ts": container.get("thread_ts"), **body.get("message", {})}
        return News(
            external_id=f"press:{room}:{ts}:{action['action_ts']}:{user['id']}",
            ts=action["action_ts"],
            spot=Spot(room=room, thread=_thread(message)),
            user=user["id"],
            what=Pressed(value=action["value"]),
            name=user.get("name") or "",
        )

    def _command(self, body: Json, now: str) -> News:
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


def _thread(message: Json) -> str:
    """Return the thread that a message is a reply in; the first message of one is not in it."""
    thread = str(message.get("thread_ts") or "")
    return thread if thread != message["ts"] else ""


def _typed(body: Json) -> str:
    """Return what `/bridge …` means: a command of ours, or something said."""
    text = str(body.get("text") or "").strip()
    name = text.split(maxsplit=1)[0].lstrip("/").lower() if text else "help"
    if name in {command.name for command in COMMANDS}:
        return f"/{text.lstrip('/') or name}"
    return text


def _is_same(message: Json, before: Json) -> bool:
    """Say whether nothing that people see was changed: a link was unfolded, say."""
    told = [(each.get("text"), each.get("blocks"), _file_ids(each)) for each in (message, before)]
    return told[0] == told[1]


def _file_ids(message: Json) -> list[str]:
    return [str(each.get("id")) for each in message.get("files") or ()]


def _files(message: Json) -> Iterator[RemoteFile]:
    for file in (*(message.get("files") or ()), *blocks.shared_files(message)):
        if file.get("mode") in {*blocks.UNFIT_FILES, blocks.ELSEWHERE}:
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
