"""Rooms that follow another session than their own: /follow and /unfollow.

The rules:

- Only an owner of the session that is to be followed may let a room follow it, and only if they may
  arrange the session that the room follows now. The bridge's owners may do both.
- Whoever asks is told first who will read what, and asks once more: the token of that is bound to
  them, the room, both sessions and a time. Readers are counted anew then: where there are more, or
  nobody knows, it is asked again.
- Any owner of either side takes the room back to a session of its own: in the room, or from
  wherever they are in the session that it follows, by its title or id. It may be a room that they
  are not in. So does putting out whoever let it follow.
- Every step is idempotent: the command that is delivered again finishes what was begun.
"""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge import admission_texts
from bridge.domain.commands import Link, Push, Say
from bridge.domain.content import ours
from bridge.domain.display_names import clean_name, clean_title
from bridge.domain.errors import NotFound, Refused
from bridge.domain.events import Source
from bridge.domain.ids import ConversationId, ParticipantId, SessionId
from bridge.domain.parts import Address, Conversation, Reply
from bridge.engine.access.admission import OWN, Admission
from bridge.engine.access.places import Places
from bridge.engine.names import DisplayNames
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Store
from bridge.session import permissions
from bridge.session.fold import Session
from bridge.session.permission_table import Act
from bridge.session.routing import SHARED

SCOPE = "follow"
"""The scope of what was asked and is to be confirmed, by room and asker."""

PATIENCE = timedelta(minutes=10)
YES = "yes"
MANY = 1_000_000

Count = Callable[[Address], Awaitable[int | None]]
"""How many people read a place, at most; None where nobody knows."""

Readers = Mapping[str, int | None]
"""How many people read the `room`, and how many `people` are in the session."""


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
class _Wishes:
    """What was asked and is to be confirmed, as it is kept."""

    store: Store
    clock: Clock
    count: Count

    async def readers(self, wish: _Wish) -> Readers:
        """Return how many read the room and take part in the session, by now."""
        room = await self.count(wish.room.address)
        return {"room": room, "people": len(wish.target.participants)}

    async def asked(self, wish: _Wish) -> Readers:
        """Return how many readers were told of."""
        body = json.loads(await self.store.fact(SCOPE, wish.key) or "{}")
        return {each: body.get(each) for each in ("room", "people")}

    async def ask(self, wish: _Wish, readers: Readers, *, again: bool = False) -> Reply:
        """Say who will read what, and keep that it was said."""
        until = self.clock.now() + PATIENCE
        named = {"now": wish.now.id, "target": wish.target.id, "until": until.isoformat()}
        body = {**named, **readers}
        await self.store.keep_fact(SCOPE, wish.key, json.dumps(body))
        text = admission_texts.follow_asked(
            room=_title(wish.room),
            title=wish.target.title,
            people=len(wish.target.participants),
            places=len(wish.target.conversations),
            readers=readers["room"],
            command=f"/follow {wish.target.id} {YES}",
        )
        return Reply(text=f"{admission_texts.MORE_READ}\n\n{text}" if again else text)

    async def pending(self, wish: _Wish) -> str | None:
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

    async def began(self, wish: _Wish) -> SessionId:
        """Return the session that the room followed when it was asked."""
        body = await self.store.fact(SCOPE, wish.key)
        return SessionId(json.loads(body or "{}").get("now", wish.now.id))

    async def forget(self, wish: _Wish) -> None:
        await self.store.drop_fact(SCOPE, wish.key)


@dataclass(slots=True)
class Following:
    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    names: DisplayNames
    clock: Clock
    count: Count
    wishes: _Wishes = field(init=False)

    def __post_init__(self) -> None:
        self.wishes = _Wishes(self.store, self.clock, self.count)

    async def follow(
        self, fold: Session, room: Conversation, by: ParticipantId, argument: str
    ) -> Reply:
        """Let a room follow another session, once its asker has confirmed that."""
        named, is_sure = _split(argument)
        found = await self._named(named, by)
        if len(found) != 1:
            return _which(found)
        wish = _Wish(by=by, room=room, now=fold, target=found[0])
        pending = await self.wishes.pending(wish)
        if wish.target.id == fold.id:
            if pending is not None and is_sure:
                return await self._joined(wish, pending)
            return Reply(text=admission_texts.follows_already(fold.title))
        for side in (wish.target, fold):
            if why := await self._why_not(side, by, "share a room"):
                return Reply(text=why, refused=True)
        readers = await self.wishes.readers(wish)
        if not is_sure or pending is None:
            return await self.wishes.ask(wish, readers)
        if _grew(await self.wishes.asked(wish), readers):
            return await self.wishes.ask(wish, readers, again=True)
        await self.store.keep_fact(OWN, room.id, await self._own(room, fold, wish.by))
        await self.places.follow(room, wish.target.id, wish.by, welcome=False)
        return await self._joined(wish, pending)

    async def objection(self, by: ParticipantId, argument: str) -> Reply | None:
        """Return why no room at all can follow what is named, on behalf of someone."""
        found = await self._named(_split(argument)[0], by)
        if len(found) != 1:
            return _which(found)
        why = await self._why_not(found[0], by, "share a room")
        return Reply(text=why, refused=True) if why else None

    async def unfollow(self, fold: Session, spoken: Say, named: str) -> Reply:
        """Give a room a session of its own again: the one that is named, or where it is asked."""
        room = await self._room(spoken.conversation)
        if room is None or named:
            rooms = await self._rooms(fold, named)
            if len(rooms) != 1 or not named:
                return self._which_room(rooms)
            (room,) = rooms
        own = await self._own(room, fold, spoken.by)
        if own == fold.id:
            return Reply(text=admission_texts.OWN_SESSION)
        why = await self._why_not(fold, spoken.by, "free a room")
        if why:
            with suppress(NotFound):
                own_fold = await self.sessions.fold(own)
                why = await self._why_not(own_fold, spoken.by, "free a room")
        if why:
            return Reply(text=why, refused=True)
        agent = self.admission.account(room.address.channel).agent_in(room.address)
        await self.places.follow(room, own, spoken.by, welcome=False, new=True, agent=agent)
        await self._say(fold.id, admission_texts.room_left(*self._called(room)))
        return Reply(text=admission_texts.unfollowed(fold.title))

    async def take_back(
        self,
        session: SessionId,
        who: ParticipantId,
        rooms: Collection[ConversationId] | None = None,
    ) -> None:
        """Let the rooms that someone let follow a session go back to their own; all, or these."""
        fold = await self.sessions.fold(session)
        theirs = [each for each, by in fold.conversations.items() if by == who]
        for place in theirs if rooms is None else [each for each in theirs if each in rooms]:
            room = await self._room(place)
            own = await self.store.fact(OWN, place)
            if room is None or own in {None, session}:
                continue
            await self.places.unlink(session, place)
            await self._link_own(room, SessionId(str(own)), who)
            await self._say(session, admission_texts.room_left(*self._called(room)))

    async def _link_own(self, room: Conversation, own: SessionId, who: ParticipantId) -> None:
        """Link a room to its own session again, on behalf of someone who is in it."""
        with suppress(NotFound, Refused):  # then it begins anew with the next message there
            people = (await self.sessions.fold(own)).participants
            by = who if who in people else next(iter(people), None)
            if by is not None:
                await self.sessions.submit(own, Link(conversation=room.id, by=by))

    # -- telling both sides

    async def _joined(self, wish: _Wish, pending: str) -> Reply:
        """Tell both sides, once."""
        own = await self.wishes.began(wish)
        title, app = self._called(wish.room)
        key = f"follow:{wish.room.id}:{pending}"
        await self._say(wish.target.id, admission_texts.room_joined(title, app), key)
        await self._say(own, admission_texts.room_went(title, app, wish.target.title), key)
        await self.wishes.forget(wish)
        return Reply(text=admission_texts.follows_now(wish.target.title))

    async def _say(self, session: SessionId, text: str, key: str | None = None) -> None:
        source = Source(kind="background", name="bridge")
        with suppress(Refused):  # nobody goes on in it
            push = Push(source=source, content=ours(text), key=key)
            await self.sessions.submit(session, push)

    # -- who and what

    async def _room(self, conversation: ConversationId) -> Conversation | None:
        found = await self.store.conversation(conversation)
        return found if found is not None and found.room else None

    async def _rooms(self, fold: Session, named: str) -> list[Conversation]:
        """Return the rooms that follow a session, of this title or id if one is named."""
        rooms = [each for each in await self.store.conversations(fold.id) if each.room]
        meant = named.casefold()
        return [
            each
            for each in rooms
            if not named or each.id == named or self._called(each)[0].casefold() == meant
        ]

    def _which_room(self, rooms: Sequence[Conversation]) -> Reply:
        lines = [(each.id, *self._called(each)) for each in rooms]
        return Reply(text=admission_texts.which_room(lines), refused=True)

    async def _own(self, room: Conversation, fold: Session, by: ParticipantId) -> SessionId:
        """Return the session that is a room's own; its address may have changed since it began."""
        kept = await self.store.fact(OWN, room.id)
        if kept is not None:
            return SessionId(kept)
        if fold.id != SHARED and list(fold.conversations) == [room.id]:
            return fold.id
        return await self.admission.room_session(room.address, by)

    async def _named(self, named: str, by: ParticipantId) -> list[Session]:
        """Return the sessions that are meant, of those that the asker may know of."""
        if not named:
            return [await self.sessions.fold(SHARED)]
        rows = await self.store.sessions(limit=MANY)
        meant = {named.casefold(), clean_title(named).casefold()} - {""}
        same = [row.id for row in rows if row.id == named] or [
            row.id
            for row in rows
            if row.title and {row.title.casefold(), clean_title(row.title).casefold()} & meant
        ]
        found = [await self.sessions.fold(each) for each in same]
        return [
            each
            for each in found
            if each.id == SHARED or not await self._why_not(each, by, "share a room")
        ]

    async def _why_not(self, session: Session, who: ParticipantId, act: Act) -> str:
        """Return why neither their role in a session lets someone, nor that they own the bridge."""
        why = permissions.why_not(session, who, act)
        return "" if not why or await self.admission.is_owner(who) else why

    def _called(self, room: Conversation) -> tuple[str, str]:
        return _title(room), self.names.label(room.address.channel)


def _which(found: Sequence[Session]) -> Reply:
    text = admission_texts.which_session([(each.id, each.title) for each in found])
    return Reply(text=text, refused=True)


def _title(room: Conversation) -> str:
    return clean_name(room.title) or admission_texts.THIS_ROOM


def _grew(told: Readers, now: Readers) -> bool:
    """Say whether more people will read than were told of; where nobody knows, they may be."""
    for each, count in now.items():
        before = told.get(each)
        if before != count and (before is None or count is None or count > before):
            return True
    return False


def _split(argument: str) -> tuple[str, bool]:
    """Return the session that is named, and whether its asker is sure."""
    words = argument.split()
    is_sure = bool(words) and words[-1].casefold() == YES
    return " ".join(words[:-1] if is_sure else words), is_sure
