"""The methods of Slack's Web API that the bridge calls, on a workspace."""

from collections.abc import Callable, Mapping
from typing import Any

from bridge.demo.slack.fields import block_problems
from bridge.demo.slack.workspace import (
    AgentSession,
    Json,
    Message,
    Refusal,
    Room,
    Workspace,
    pings,
)

HISTORY_SCOPES = {
    "im": "im:history",
    "channel": "channels:history",
    "group": "groups:history",
    "mpim": "mpim:history",
}
SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "chat.startStream": "chat:write",
    "chat.appendStream": "chat:write",
    "chat.stopStream": "chat:write",
    "agents.sessions.setStatus": "chat:write",
    "agents.sessions.rename": "chat:write",
    "assistant.threads.setStatus": "assistant:write",
    "assistant.threads.setSuggestedPrompts": "assistant:write",
    "users.info": "users:read",
    "bots.info": "users:read",
    "files.info": "files:read",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.delete": "files:write",
}
OTHER_SCOPES = {
    "reactions.add": "reactions:write",
    "reactions.remove": "reactions:write",
    "conversations.open": "im:write",
}
"""Of methods that other people's clients call, and ours does not."""

MOST_CHARACTERS = 13_200
"""Of all blocks together."""


class Methods:
    """`scopes`: what the bot token may. `cursors` stand for positions in a history."""

    def __init__(self, workspace: Workspace, scopes: set[str]) -> None:
        self.workspace = workspace
        self.scopes = scopes
        self.lazy_shares = False
        self.is_agent = True
        self.hears_stop = True
        self.call: Mapping[str, Callable[[Json], Json]] = {
            "auth.test": self.auth_test,
            "bots.info": self.bots_info,
            "users.info": self.users_info,
            "conversations.info": self.conversations_info,
            "conversations.history": self.history,
            "conversations.replies": self.replies,
            "chat.postMessage": self.post,
            "chat.postEphemeral": self.post_ephemeral,
            "chat.update": self.update,
            "chat.delete": self.delete,
            "files.getUploadURLExternal": self.upload_url,
            "files.completeUploadExternal": self.complete_upload,
            "files.info": self.files_info,
            "files.delete": self.files_delete,
            "conversations.open": self.open,
            "reactions.add": self.react,
            "reactions.remove": self.unreact,
            "chat.startStream": self.start_stream,
            "chat.appendStream": self.append_stream,
            "chat.stopStream": self.stop_stream,
            "agents.sessions.setStatus": self.set_session_status,
            "agents.sessions.rename": self.rename_session,
            "assistant.threads.setStatus": self.set_thread_status,
            "assistant.threads.setSuggestedPrompts": self.suggest,
        }

    def needs(self, scope: str) -> None:
        if scope not in self.scopes:
            provided = ",".join(sorted(self.scopes))
            raise Refusal("missing_scope", needed=scope, provided=provided)

    def room(self, given: Json) -> Room:
        room = self.workspace.rooms.get(given["channel"])
        if room is None:
            raise Refusal("channel_not_found")
        return room

    # -- who

    def auth_test(self, given: Json) -> Json:
        there = self.workspace
        return {
            "url": f"https://{there.name.lower()}.slack.com/",
            "team": there.name,
            "user": "bridge",
            "team_id": there.team,
            "user_id": there.bot_user,
            "bot_id": there.bot,
            "is_enterprise_install": False,
        }

    def bots_info(self, given: Json) -> Json:
        there = self.workspace
        return {"bot": {"id": given["bot"], "app_id": there.app, "user_id": there.bot_user}}

    def users_info(self, given: Json) -> Json:
        person = self.workspace.people.get(given["user"])
        if person is None:
            raise Refusal("user_not_found")
        profile = {"real_name": f"{person.name} Example", "display_name": person.name}
        locale = {"locale": person.locale} if given.get("include_locale") else {}
        return {
            "user": {"id": person.id, "name": person.name.lower(), "profile": profile, **locale}
        }

    def conversations_info(self, given: Json) -> Json:
        room = self.room(given)
        counted = {"num_members": len(room.members)} if given.get("include_num_members") else {}
        return {
            "channel": {
                **counted,
                "id": room.id,
                "name": room.name,
                "is_im": room.kind == "im",
                "is_mpim": room.kind == "mpim",
                "is_archived": room.archived,
                "is_member": self.workspace.bot_user in room.members,
            }
        }

    # -- what was said

    def history(self, given: Json) -> Json:
        room = self.room(given)
        self.needs(HISTORY_SCOPES[room.kind])
        top = [each for each in room.messages.values() if _is_at_top(each) and not each.deleted]
        newest_first = sorted(top, key=lambda each: each.ts, reverse=True)
        return self._page(
            [each for each in newest_first if each.ts > given.get("oldest", "0")], given
        )

    def replies(self, given: Json) -> Json:
        room = self.room(given)
        self.needs(HISTORY_SCOPES[room.kind])
        root = room.messages.get(given["ts"])
        if root is None:
            raise Refusal("thread_not_found")
        found = sorted(self.workspace.replies(root), key=lambda each: each.ts)
        since = [each for each in found if each.ts > given.get("oldest", "0")]
        return self._page([root, *since], given)

    def _page(self, messages: list[Message], given: Json) -> Json:
        start, limit = int(given.get("cursor") or 0), int(given.get("limit") or 100)
        shown = messages[start : start + limit]
        more = start + limit < len(messages)
        wanted = str(given.get("include_all_metadata", "0")) in {"1", "True"}
        metadata = wanted and "metadata.message:read" in self.scopes
        return {
            "messages": [self.workspace.as_json(each, metadata=metadata) for each in shown],
            "has_more": more,
            "response_metadata": {"next_cursor": str(start + limit) if more else ""},
        }

    # -- saying

    def _writable(self, given: Json) -> Room:
        room = self.room(given)
        if room.archived:
            raise Refusal("is_archived")
        if self.workspace.bot_user not in room.members:
            raise Refusal("not_in_channel")
        return room

    def post(self, given: Json) -> Json:
        room = self._writable(given)
        message = Message(
            ts=self.workspace.ts(),
            room=room.id,
            user=self.workspace.bot_user,
            bot=self.workspace.bot,
            thread=given.get("thread_ts", ""),
            text="",
        )
        _fill(message, given)
        self.workspace.add(message)
        return {"channel": room.id, "ts": message.ts, "message": self.workspace.as_json(message)}

    def post_ephemeral(self, given: Json) -> Json:
        room = self._writable(given)
        if given["user"] not in room.members:
            raise Refusal("user_not_in_channel")
        _check(given)
        room.ephemeral.append((given["user"], given))
        return {"message_ts": self.workspace.ts()}

    def _own(self, given: Json, refusal: str) -> Message:
        message = self._writable(given).messages.get(given["ts"])
        if message is None or message.deleted:
            raise Refusal("message_not_found")
        if message.user != self.workspace.bot_user:
            raise Refusal(refusal)
        return message

    def update(self, given: Json) -> Json:
        message = self._own(given, "cant_update_message")
        if message.streaming:
            raise Refusal("streaming_state_conflict")
        if len(given.get("text", "")) > 4_000:
            raise Refusal("msg_too_long")
        _check(given)
        blocks = given.get("blocks", [])
        found = pings(given.get("text", ""), blocks, links=_links(given))
        metadata = given.get("metadata", message.metadata)
        self.workspace.change(
            message, given.get("text", ""), blocks=blocks, metadata=metadata, pings=found
        )
        return {"channel": message.room, "ts": message.ts, "text": message.text}

    def delete(self, given: Json) -> Json:
        message = self._own(given, "cant_delete_message")
        if message.streaming:
            raise Refusal("streaming_state_conflict")
        self.workspace.delete(message)
        return {"channel": message.room, "ts": message.ts}

    # -- streams

    def start_stream(self, given: Json) -> Json:
        if not given.get("thread_ts"):
            raise Refusal("invalid_thread_ts")
        if self.room(given).kind != "im":
            for name in ("recipient_team_id", "recipient_user_id"):
                if not given.get(name):
                    raise Refusal(f"missing_{name}")
        posted = self.post({**given, "text": given.get("markdown_text") or " "})
        message = self._message(posted)
        message.streaming = message.streamed = True
        return {"channel": posted["channel"], "ts": posted["ts"]}

    def append_stream(self, given: Json) -> Json:
        message = self._own(given, "message_not_owned_by_app")
        if not message.streaming:
            raise Refusal("message_not_in_streaming_state")
        message.text = message.text.lstrip() + given.get("markdown_text", "")
        return {"channel": message.room, "ts": message.ts}

    def stop_stream(self, given: Json) -> Json:
        answer = self.append_stream(given)
        message = self._message(answer)
        message.streaming = False
        message.blocks = given.get("blocks", message.blocks)
        message.metadata = given.get("metadata", message.metadata)
        session = self.room(given).sessions.get(message.thread)
        if session is not None:
            _set_status(session, given.get("session_status", "active"))
        return {**answer, "message": self.workspace.as_json(message)}

    def _message(self, given: Json) -> Message:
        return self.room(given).messages[given["ts"]]

    # -- an agent's sessions

    def _agents_thread(self, given: Json) -> tuple[Room, str]:
        room = self.room({"channel": given.get("channel_id", "")})
        if not self.is_agent:
            raise Refusal("not_an_agent")
        if self.workspace.bot_user not in room.members:
            raise Refusal("not_authorized")
        thread = given.get("thread_ts", "")
        if thread not in room.messages:
            raise Refusal("invalid_thread_ts")
        return room, thread

    def set_session_status(self, given: Json) -> Json:
        room, thread = self._agents_thread(given)
        if given["status"] not in {"active", "processing", "suspended", "closed"}:
            raise Refusal("invalid_arguments")
        is_new = thread not in room.sessions
        session = room.sessions.setdefault(thread, AgentSession())
        if is_new:
            session.title = given.get("title", "").replace(":", "_")
        _set_status(session, given["status"])
        more: Json = {}
        if not self.hears_stop:
            warnings = ["missing_agent_session_stopped_event_subscription"]
            more = {"response_metadata": {"warnings": warnings}}
        return {"status": session.status, "agent_status": session.status, **more} | (
            {"title": session.title} if session.title else {}
        )

    def rename_session(self, given: Json) -> Json:
        room, thread = self._agents_thread(given)
        if thread not in room.sessions:
            raise Refusal("not_authorized")
        room.sessions[thread].title = given["title"]
        return {}

    def set_thread_status(self, given: Json) -> Json:
        room = self.room({"channel": given["channel_id"]})
        if given["thread_ts"] not in room.messages:
            raise Refusal("invalid_thread_ts")
        session = room.sessions.setdefault(given["thread_ts"], AgentSession())
        session.lines.append(given["status"])
        return {}

    def suggest(self, given: Json) -> Json:
        room = self.room({"channel": given["channel_id"]})
        if not self.is_agent and not given.get("thread_ts"):
            raise Refusal("missing_argument")
        if not (self.is_agent and given.get("thread_ts")):  # which fails without a word
            room.prompts.append((given.get("thread_ts", ""), given["prompts"]))
        return {}

    # -- reactions, and direct messages

    def react(self, given: Json) -> Json:
        reactions = self._reacted(given).reactions
        if self.workspace.bot_user in reactions.setdefault(given["name"], []):
            raise Refusal("already_reacted")
        reactions[given["name"]].append(self.workspace.bot_user)
        return {}

    def unreact(self, given: Json) -> Json:
        people = self._reacted(given).reactions.get(given["name"], [])
        if self.workspace.bot_user not in people:
            raise Refusal("no_reaction")
        people.remove(self.workspace.bot_user)
        return {}

    def _reacted(self, given: Json) -> Message:
        message = self.room(given).messages.get(given.get("timestamp", ""))
        if message is None or message.deleted:
            raise Refusal("message_not_found")
        return message

    def open(self, given: Json) -> Json:
        person = self.workspace.people.get(given.get("users", ""))
        if person is None:
            raise Refusal("user_not_found")
        return {"channel": {"id": self.workspace.dm(person).id}}

    # -- files

    def upload_url(self, given: Json) -> Json:
        if int(given["length"]) <= 0:
            raise Refusal("missing_argument")
        there = self.workspace
        file = there.file(given["filename"], "application/octet-stream", b"", there.bot_user)
        return {"upload_url": f"{there.base_url}/upload/v1/{file.id}", "file_id": file.id}

    def complete_upload(self, given: Json) -> Json:
        room = self._writable({"channel": given["channel_id"]})
        files = [self.workspace.files.get(each["id"]) for each in given["files"]]
        if any(file is None or not file.content for file in files):
            raise Refusal("file_not_found")
        uploaded = [file for file in files if file is not None]
        for file in uploaded:
            file.completed = True
        message = Message(
            ts=self.workspace.ts(),
            room=room.id,
            user=self.workspace.bot_user,
            bot=self.workspace.bot,
            thread=given.get("thread_ts", ""),
            text=given.get("initial_comment", ""),
            subtype="file_share",
            files=uploaded,
        )
        message.pings = pings(message.text, [])
        self.workspace.add(message)
        if self.lazy_shares:
            for file in uploaded:
                file.shares.clear()
        return {"files": [{"id": file.id, "title": file.name} for file in uploaded]}

    def files_info(self, given: Json) -> Json:
        file = self.workspace.files.get(given["file"])
        if file is None or (file.owner == self.workspace.bot_user and not file.completed):
            raise Refusal("file_not_found")
        return {"file": self.workspace.file_json(file)}

    def files_delete(self, given: Json) -> Json:
        file = self.workspace.files.pop(given["file"], None)
        if file is None:
            raise Refusal("file_not_found")
        for room in self.workspace.rooms.values():
            for message in room.messages.values():
                message.deleted = message.deleted or file in message.files
        return {}


def _set_status(session: AgentSession, status: str) -> None:
    if status != session.status:
        session.said.append(status)
    session.status = status


def _is_at_top(message: Message) -> bool:
    return not message.thread or message.subtype == "thread_broadcast"


def _check(given: Json) -> None:
    blocks: list[Json] = given.get("blocks", [])
    if not blocks and not given.get("text"):
        raise Refusal("no_text")
    if any(True for block in blocks for _ in block_problems(block)):
        raise Refusal("invalid_blocks")
    if sum(_characters(block) for block in blocks) > MOST_CHARACTERS:
        raise Refusal("msg_blocks_too_long")


def _characters(block: Json) -> int:
    own = len(block["text"]) if isinstance(block.get("text"), str) else 0
    return own + sum(len(str(each)) for each in block.get("elements", ()))


def _links(given: Mapping[str, Any]) -> bool:
    """Say whether names may call somebody: the strictest reading of what Slack documents."""
    return given.get("link_names") is not False or given.get("parse") != "none"


def _fill(message: Message, given: Mapping[str, Any]) -> None:
    _check(dict(given))
    message.text = given.get("text", "")
    message.blocks = given.get("blocks", [])
    message.metadata = given.get("metadata")
    message.pings = pings(message.text, message.blocks, links=_links(given))
