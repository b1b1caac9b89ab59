"""Who speaks, from which place, and which session that place follows. Every step is idempotent."""

import re
from collections.abc import Awaitable, Callable

from bridge import admission_texts, texts
from bridge.domain.commands import Change, Join, Link, Unlink
from bridge.domain.display_names import clean_name, own_name
from bridge.domain.errors import Refused
from bridge.domain.events import Role
from bridge.domain.ids import ConversationId, ParticipantId, SessionId, mint
from bridge.domain.inbound import Inbound, Sender
from bridge.domain.parts import Conversation
from bridge.engine.access.admission import OWN, WAS_PRIVATE, Admission, was_private
from bridge.engine.access.reserved_names import ReservedNames
from bridge.engine.agent_registry import SETTING
from bridge.engine.names import DisplayNames
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Store

_NUMBER = re.compile(r"\d{5}$")
"""How ids of people end that nobody took for a name."""


Shown = Callable[[str, ParticipantId], Awaitable[None]]
"""Is told of a name that others are about to read, and whose it is."""


class Places:
    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        admission: Admission,
        names: DisplayNames,
        clock: Clock,
        *,
        reserved: ReservedNames,
        shown: Shown,
    ) -> None:
        """`shown` is told of each name before others can read it, and of whose it is."""
        self._store = store
        self._names = names
        self._sessions = sessions
        self._admission = admission
        self._clock = clock
        self._reserved = reserved
        self._shown = shown

    async def known(self, sender: Sender) -> ParticipantId | None:
        """Return whose identity this is, if anyone's; whose another id of theirs is, if not."""
        for user in (sender.user, *sender.also):
            known = await self._store.identify(realm=sender.realm, user=user)
            if known is not None:
                return known
        return None

    async def identify(
        self,
        sender: Sender,
        *,
        as_who: ParticipantId | None = None,
        still: ParticipantId | None = None,
    ) -> ParticipantId:
        """Return whose identity this is; a new one becomes a new person's, or `as_who`'s.

        Every id of the sender's is theirs from then on, unless it is somebody else's already.
        Raises `Refused` when it is not `still` that person's: it was taken away meanwhile.
        """
        known = await self.known(sender)
        if still is not None and known != still:
            raise Refused(texts.UNKNOWN_SENDER)
        if known is not None:
            await self._learn_name(known, sender)
        who = known or await self._enrol(as_who or ParticipantId(mint("p")), sender, sender.user)
        for user in (sender.user, *sender.also) if sender.also else ():
            if await self._store.identify(realm=sender.realm, user=user) is None:
                await self._enrol(who, sender, user)
        return who

    async def _enrol(self, who: ParticipantId, sender: Sender, user: str) -> ParticipantId:
        told = _told_name(sender)
        name = told if told and not self._reserved.holds(told) else texts.someone(sender.user)
        await self._shown(name, who)
        enrolled = await self._store.enrol(
            who,
            name=name,
            realm=sender.realm,
            user=user,
            at=self._clock.now(),
        )
        self._admission.enrolled(enrolled)
        return enrolled

    async def _learn_name(self, who: ParticipantId, sender: Sender) -> None:
        """Call somebody by their name once it is told: it was not when they were enrolled.

        One that reads like a word of ours is learnt by nobody.
        """
        called, name = await self._names.who(who), _told_name(sender)
        if not name or called == name:
            return
        is_owner = called == texts.OWNER and await self._admission.is_owner(who)
        if not (is_owner or called in _stand_ins(sender)) or self._reserved.holds(name):
            return
        await self._shown(name, who)
        await self._store.rename(who, was=called, name=name)
        self._names.forget(who)

    async def at(self, inbound: Inbound) -> Conversation | None:
        """Return the conversation of a place, if it is one."""
        known = await self._store.conversation_at(inbound.address)
        if known is None or known.room or not inbound.room:
            return known
        await self._retire(known)
        return None

    async def is_anothers(
        self, sender: Sender, who: ParticipantId | None, place: Conversation | None
    ) -> bool:
        """Say whether a private place is somebody else's, so that nobody joins them by speaking.

        Where a platform has it, two people can ask the bridge something in their own chat.
        """
        if place is None or place.room or place.session is None:
            return False
        by = (await self._sessions.fold(place.session)).conversations.get(place.id)
        if by in {None, who}:
            return False
        theirs = await self._store.identities(by)
        return any(each.realm == sender.realm for each in theirs)

    async def _retire(self, private: Conversation) -> None:
        """Let what became a room begin anew: it keeps nothing of the private place it was."""
        await self._store.keep_fact(WAS_PRIVATE, was_private(private.address), private.id)
        if private.session is not None:
            await self.unlink(private.session, private.id)
        await self._store.move(private.id, place=f"{private.address.place} until {private.id}")

    async def private(self, inbound: Inbound) -> Conversation:
        """Return the conversation of a private place, as `register` does.

        Raises `Refused` for one that is known as a room, for others read it.
        """
        place = await self.register(inbound)
        if place.room:
            raise Refused(admission_texts.IS_A_ROOM)
        return place

    async def register(self, inbound: Inbound) -> Conversation:
        """Return the conversation of a place, which is new to us or not."""
        known = await self.at(inbound)
        if known is not None:
            return known
        return await self._store.register(
            ConversationId(mint("c")),
            inbound.address,
            room=inbound.room,
            title=clean_name(inbound.title),
            at=self._clock.now(),
        )

    async def join(
        self,
        session: SessionId,
        who: ParticipantId,
        *,
        new: bool = False,
        agent: str = "",
        title: str = "",
        may_own: bool = True,
    ) -> None:
        """Make someone a participant; the first one of a `new` session owns it, if they `may_own`.

        So does an owner of the bridge where no owner is left.

        `agent` is who answers in a session that begins with them, `title` what it is called; empty:
        the default one, and nothing. Raises `Refused` for someone who was put out.
        """
        if new:
            await self._store.create_session(session, at=self._clock.now())
        fold = await self._sessions.fold(session)
        if agent and not fold.participants:
            chosen = Change(scope="session", name=SETTING, value=agent)
            await self._sessions.submit(session, chosen)
        if title and not fold.participants and not fold.title:
            called = Change(scope="session", name="title", value=title)
            await self._sessions.submit(session, called)
        if who not in fold.participants:
            is_owned = "owner" in fold.participants.values()
            takes_it = not fold.participants or (
                not is_owned and await self._admission.is_owner(who)
            )
            book = await self._admission.book()
            role: Role = "owner" if takes_it and may_own else book.entry(who, session).role
            earlier = book.entry(who, session).earlier
            await self._sessions.submit(session, Join(participant=who, role=role, earlier=earlier))

    async def follow(
        self,
        conversation: Conversation,
        session: SessionId,
        who: ParticipantId,
        *,
        welcome: bool,
        new: bool = False,
        agent: str = "",
        may_own: bool = True,
    ) -> None:
        """Make a place follow a session, and no other. A room's own is called as the room is."""
        title = clean_name(conversation.title) if conversation.room else ""
        await self.join(session, who, new=new, agent=agent, title=title, may_own=may_own)
        if conversation.session not in {None, session}:
            await self.unlink(conversation.session, conversation.id)
        link = Link(conversation=conversation.id, by=who, welcome=welcome)
        await self._sessions.submit(session, link)

    async def unlink(self, session: SessionId, conversation: ConversationId) -> None:
        await self._sessions.submit(session, Unlink(conversation=conversation, by=None))

    async def leave(self, session: SessionId, who: ParticipantId) -> None:
        """Unlink the places that follow a session on behalf of someone, but for its own room."""
        fold = await self._sessions.fold(session)
        for place in [each for each, by in fold.conversations.items() if by == who]:
            if not await _is_own(self._store, session, place):
                await self.unlink(session, place)


async def _is_own(store: Store, session: SessionId, place: ConversationId) -> bool:
    """Say whether a place is a room that follows nothing but the session that is its own."""
    known = await store.conversation(place)
    if known is None or not known.room:
        return False
    return await store.fact(OWN, place) in {None, session}


def _told_name(sender: Sender) -> str:
    """Return what somebody's app calls them; "" where it told their number alone."""
    is_number = sender.name == sender.user and _NUMBER.search(sender.user)
    return "" if is_number else own_name(sender.name)


def _stand_ins(sender: Sender) -> set[str]:
    """Return what somebody is called until their name is told, now and in older stores."""
    ids = (sender.user, *sender.also)
    return {texts.SOMEONE, *map(texts.someone, ids), *map(clean_name, ids)}
