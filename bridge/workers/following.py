"""Rooms that follow another session than their own: /follow and /unfollow.

The rules:

- Only an owner of the session that is to be followed may let a room follow it, and only if they may
  arrange the session that the room follows now. The bridge's owners may do both.
- Whoever asks is told first who will read what, and asks once more: the token of that is bound to
  them, the room, both sessions and a time.
- Any owner of either side takes the room back to a session of its own.
- Every step is idempotent: the command that is delivered again finishes what was begun.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge import admission_texts
from bridge.commands import Push, Say
from bridge.content import Content
from bridge.errors import NotFound, Refused
from bridge.events import Source
from bridge.ids import ConversationId, ParticipantId, SessionId
from bridge.parts import Address, Conversation, Reply
from bridge.ports import Clock, Sessions, Store
from bridge.routing import SHARED, session_for
from bridge.session import Session
from bridge.workers.admission import Admission
from bridge.workers.names import Names
from bridge.workers.places import Places

SCOPE = "follow"
"""The scope of what was asked and is to be confirmed, by room and asker."""

OWN = "own session"
"""The scope of which session is a room's own, kept once it follows another."""

PATIENCE = timedelta(minutes=10)
YES = "yes"
MANY = 1_000_000

Count = Callable[[Address], Awaitable[int | None]]
"""How many people read a place, at most; None where nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """Who wants which room to follow which session."""

    by: ParticipantId
    room: Conversation
    now: Session
    target: Session

    @property
    def key(self) -> str:
        return f"{self.room.id} {self.by}"


@dataclass(slots=True)
class Following:
    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    names: Names
    clock: Clock
    count: Count

    async def follow(self, fold: Session, spoken: Say, argument: str) -> Reply:
        """Let a room follow another session, once its asker has confirmed that."""
        room = await self._room(spoken.conversation)
        if room is None:
            return Reply(text=admission_texts.FOLLOW_ROOMS, refused=True)
        named, is_sure = _split(argument)
        found = await self._named(named, spoken.by)
        if len(found) != 1:
            text = admission_texts.which_session([(each.id, each.title) for each in found])
            return Reply(text=text, refused=True)
        wish = _Wish(by=spoken.by, room=room, now=fold, target=found[0])
        pending = await self._pending(wish)
        if wish.target.id == fold.id:
            if pending is not None and is_sure:
                return await self._joined(wish, pending)
            return Reply(text=admission_texts.follows_already(fold.title))
        if not (await self._owns(wish.target, wish.by) and await self._owns(fold, wish.by)):
            return Reply(text=admission_texts.FOLLOW_OWNERS, refused=True)
        if not is_sure or pending is None:
            return await self._ask(wish)
        await self.store.keep_fact(OWN, room.id, await self._own(room, fold, wish.by))
        await self.places.follow(room, wish.target.id, wish.by, welcome=False)
        return await self._joined(wish, pending)

    async def unfollow(self, fold: Session, spoken: Say) -> Reply:
        """Give a room a session of its own again."""
        room = await self._room(spoken.conversation)
        if room is None:
            return Reply(text=admission_texts.FOLLOW_ROOMS, refused=True)
        own = await self._own(room, fold, spoken.by)
        if own == fold.id:
            return Reply(text=admission_texts.OWN_SESSION)
        owns = await self._owns(fold, spoken.by)
        with suppress(NotFound):
            owns = owns or await self._owns(await self.sessions.fold(own), spoken.by)
        if not owns:
            return Reply(text=admission_texts.UNFOLLOW_OWNERS, refused=True)
        agent = self.admission.account(room.address.channel).agent_in(room.address)
        await self.places.follow(room, own, spoken.by, welcome=False, new=True, agent=agent)
        await self._say(fold.id, admission_texts.room_left(*self._called(room)))
        return Reply(text=admission_texts.unfollowed(fold.title))

    # -- asking and confirming

    async def _ask(self, wish: _Wish) -> Reply:
        until = self.clock.now() + PATIENCE
        body = {"now": wish.now.id, "target": wish.target.id, "until": until.isoformat()}
        await self.store.keep_fact(SCOPE, wish.key, json.dumps(body))
        room, _ = self._called(wish.room)
        text = admission_texts.follow_asked(
            room=room,
            title=wish.target.title,
            people=len(wish.target.participants),
            places=len(wish.target.conversations),
            readers=await self.count(wish.room.address),
            command=f"/follow {wish.target.id} {YES}",
        )
        return Reply(text=text)

    async def _pending(self, wish: _Wish) -> str | None:
        """Return until when this very wish may be confirmed, if it was made a moment ago."""
        body = await self.store.fact(SCOPE, wish.key)
        if body is None:
            return None
        asked = json.loads(body)
        is_same = asked["target"] == wish.target.id and wish.now.id in {
            asked["now"],
            asked["target"],
        }
        until = datetime.fromisoformat(asked["until"])
        in_time = self.clock.now() < until <= self.clock.now() + PATIENCE
        return str(asked["until"]) if is_same and in_time else None

    async def _joined(self, wish: _Wish, pending: str) -> Reply:
        """Tell both sides, once."""
        body = await self.store.fact(SCOPE, wish.key)
        own = SessionId(json.loads(body or "{}").get("now", wish.now.id))
        title, app = self._called(wish.room)
        key = f"follow:{wish.room.id}:{pending}"
        await self._say(wish.target.id, admission_texts.room_joined(title, app), key)
        await self._say(own, admission_texts.room_went(title, app, wish.target.title), key)
        await self.store.drop_fact(SCOPE, wish.key)
        return Reply(text=admission_texts.follows_now(wish.target.title))

    async def _say(self, session: SessionId, text: str, key: str | None = None) -> None:
        source = Source(kind="background", name="bridge")
        with suppress(Refused):  # nobody goes on in it
            push = Push(source=source, content=Content(text=text), key=key)
            await self.sessions.submit(session, push)

    # -- who and what

    async def _room(self, conversation: ConversationId) -> Conversation | None:
        found = await self.store.conversation(conversation)
        return found if found is not None and found.room else None

    async def _own(self, room: Conversation, fold: Session, by: ParticipantId) -> SessionId:
        """Return the session that is a room's own; its address may have changed since it began."""
        kept = await self.store.fact(OWN, room.id)
        if kept is not None:
            return SessionId(kept)
        if fold.id != SHARED and list(fold.conversations) == [room.id]:
            return fold.id
        account = self.admission.account(room.address.channel)
        return session_for(account.sessions, room.address, by, room=True)

    async def _named(self, named: str, by: ParticipantId) -> list[Session]:
        """Return the sessions that are meant, of those that the asker may know of."""
        if not named:
            return [await self.sessions.fold(SHARED)]
        rows = await self.store.sessions(limit=MANY)
        meant = named.casefold()
        same = [row.id for row in rows if row.id == named] or [
            row.id for row in rows if row.title.casefold() == meant
        ]
        found = [await self.sessions.fold(each) for each in same]
        return [each for each in found if each.id == SHARED or await self._owns(each, by)]

    async def _owns(self, session: Session, who: ParticipantId) -> bool:
        return session.participants.get(who) == "owner" or await self.admission.is_owner(who)

    def _called(self, room: Conversation) -> tuple[str, str]:
        return room.title or admission_texts.THIS_ROOM, self.names.label(room.address.channel)


def _split(argument: str) -> tuple[str, bool]:
    """Return the session that is named, and whether its asker is sure."""
    words = argument.split()
    is_sure = bool(words) and words[-1].casefold() == YES
    return " ".join(words[:-1] if is_sure else words), is_sure
