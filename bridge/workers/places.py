"""Who speaks, from which place, and which session that place follows. Every step is idempotent."""

from bridge import texts
from bridge.commands import Change, Join, Link, Unlink
from bridge.display_names import clean_name
from bridge.events import Role
from bridge.ids import ConversationId, ParticipantId, SessionId, mint
from bridge.inbound import Inbound, Sender
from bridge.parts import Conversation
from bridge.ports import Clock, Sessions, Store
from bridge.workers.roster import SETTING


class Places:
    def __init__(self, store: Store, sessions: Sessions, clock: Clock) -> None:
        self._store = store
        self._sessions = sessions
        self._clock = clock

    async def known(self, sender: Sender) -> ParticipantId | None:
        """Return whose identity this is, if anyone's."""
        return await self._store.identify(realm=sender.realm, user=sender.user)

    async def identify(
        self, sender: Sender, *, as_who: ParticipantId | None = None
    ) -> ParticipantId:
        """Return whose identity this is; a new one becomes a new person's, or `as_who`'s.

        Every id of the sender's is theirs from then on, unless it is somebody else's already.
        """
        who = await self.known(sender)
        who = who or as_who or await self._known_otherwise(sender) or ParticipantId(mint("p"))
        for user in (sender.user, *sender.also):
            who_has = await self._enrol(who, sender, user)
            who = who_has if user == sender.user else who
        return who

    async def _known_otherwise(self, sender: Sender) -> ParticipantId | None:
        for user in sender.also:
            known = await self._store.identify(realm=sender.realm, user=user)
            if known is not None:
                return known
        return None

    async def _enrol(self, who: ParticipantId, sender: Sender, user: str) -> ParticipantId:
        known = await self._store.identify(realm=sender.realm, user=user)
        return known or await self._store.enrol(
            who,
            name=clean_name(sender.name) or texts.SOMEONE,
            realm=sender.realm,
            user=user,
            at=self._clock.now(),
        )

    async def register(self, inbound: Inbound) -> Conversation:
        """Return the conversation of a place, which is new to us or not."""
        known = await self._store.conversation_at(inbound.address)
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
        self, session: SessionId, who: ParticipantId, *, new: bool = False, agent: str = ""
    ) -> None:
        """Make someone a participant; the first one of a `new` session owns it.

        `agent` is who answers in a session that begins with them; empty: the default one.
        """
        if new:
            await self._store.create_session(session, at=self._clock.now())
        fold = await self._sessions.fold(session)
        if agent and not fold.participants:
            chosen = Change(scope="session", name=SETTING, value=agent)
            await self._sessions.submit(session, chosen)
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
        """Make a place follow a session, and no other."""
        await self.join(session, who, new=new, agent=agent)
        if conversation.session not in {None, session}:
            left = Unlink(conversation=conversation.id, by=None)
            await self._sessions.submit(conversation.session, left)
        link = Link(conversation=conversation.id, by=who, welcome=welcome)
        await self._sessions.submit(session, link)
