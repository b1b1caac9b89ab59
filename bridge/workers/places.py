"""Who speaks, from which place, and which session that place follows. Every step is idempotent."""

from bridge import texts
from bridge.commands import Change, Join, Link, Unlink
from bridge.display_names import clean_name
from bridge.events import Role
from bridge.ids import ConversationId, ParticipantId, SessionId, mint
from bridge.inbound import Inbound, Sender
from bridge.parts import Conversation
from bridge.ports import Clock, Sessions, Store
from bridge.workers.admission import Admission
from bridge.workers.roster import SETTING


class Places:
    def __init__(
        self, store: Store, sessions: Sessions, admission: Admission, clock: Clock
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._admission = admission
        self._clock = clock

    async def known(self, sender: Sender) -> ParticipantId | None:
        """Return whose identity this is, if anyone's; whose another id of theirs is, if not."""
        for user in (sender.user, *sender.also):
            known = await self._store.identify(realm=sender.realm, user=user)
            if known is not None:
                return known
        return None

    async def identify(
        self, sender: Sender, *, as_who: ParticipantId | None = None
    ) -> ParticipantId:
        """Return whose identity this is; a new one becomes a new person's, or `as_who`'s.

        Every id of the sender's is theirs from then on, unless it is somebody else's already.
        """
        known = await self.known(sender)
        who = known or await self._enrol(as_who or ParticipantId(mint("p")), sender, sender.user)
        for user in (sender.user, *sender.also) if sender.also else ():
            if await self._store.identify(realm=sender.realm, user=user) is None:
                await self._enrol(who, sender, user)
        return who

    async def _enrol(self, who: ParticipantId, sender: Sender, user: str) -> ParticipantId:
        enrolled = await self._store.enrol(
            who,
            name=clean_name(sender.name) or texts.SOMEONE,
            realm=sender.realm,
            user=user,
            at=self._clock.now(),
        )
        self._admission.enrolled(enrolled)
        return enrolled

    async def at(self, inbound: Inbound) -> Conversation | None:
        """Return the conversation of a place, if it is one."""
        known = await self._store.conversation_at(inbound.address)
        if known is None or known.room or not inbound.room:
            return known
        await self._retire(known)
        return None

    async def _retire(self, private: Conversation) -> None:
        """Let what became a room begin anew: it keeps nothing of the private place it was."""
        if private.session is not None:
            await self.unlink(private.session, private.id)
        await self._store.move(private.id, place=f"{private.address.place} until {private.id}")

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
    ) -> None:
        """Make someone a participant; the first one of a `new` session owns it.

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
            role: Role = "member" if fold.participants else "owner"
            await self._sessions.submit(session, Join(participant=who, role=role))

    async def follow(
        self,
        conversation: Conversation,
        session: SessionId,
        who: ParticipantId,
        *,
        welcome: bool,
        new: bool = False,
        agent: str = "",
    ) -> None:
        """Make a place follow a session, and no other. A room's own is called as the room is."""
        title = clean_name(conversation.title) if conversation.room else ""
        await self.join(session, who, new=new, agent=agent, title=title)
        if conversation.session not in {None, session}:
            await self.unlink(conversation.session, conversation.id)
        link = Link(conversation=conversation.id, by=who, welcome=welcome)
        await self._sessions.submit(session, link)

    async def unlink(self, session: SessionId, conversation: ConversationId) -> None:
        await self._sessions.submit(session, Unlink(conversation=conversation, by=None))

    async def leave(self, session: SessionId, who: ParticipantId) -> None:
        """Unlink the private places that follow a session on behalf of someone."""
        fold = await self._sessions.fold(session)
        for place in [each for each, by in fold.conversations.items() if by == who]:
            known = await self._store.conversation(place)
            if known is None or not known.room:
                await self.unlink(session, place)
