"""Where a command leads that is the first thing said in a place, or by somebody in it.

The rules:

- `/new` and `/switch` choose the session that the place is to follow: it follows no other before.
  So does a `/fork` that was cut off in the middle; else there is nothing to copy.
- What would be refused there is refused at once, and leaves nothing behind: neither a place nor
  anyone in a session. That is found out against the session as it would be.
- A message that was dealt with before, whatever its place follows by now, gets its reply again.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from bridge import texts
from bridge.domain.errors import NotFound, Refused
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.inbound import Inbound
from bridge.domain.parts import Conversation, Reply
from bridge.domain.records import replace
from bridge.engine.access.admission import Admission
from bridge.engine.commands.slash_commands import NOWHERE, SlashCommands
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Store
from bridge.session.decide import decide
from bridge.session.fold import Session
from bridge.session.routing import new_session
from bridge.session.slash import Slash, UnknownSlash

NOBODY = ParticipantId("")

DECIDED = frozenset({"agent", "may", "mode", "model", "retry", "revoke", "stop", "title"})
"""Commands whose handlers only say what is to be decided, so that they can be tried."""

CHOSEN = frozenset({"me", "notify"})
"""Commands by which people choose something for themselves."""


@dataclass(frozen=True, slots=True)
class Beginnings:
    store: Store
    sessions: Sessions
    admission: Admission
    commands: SlashCommands
    clock: Clock

    async def of(
        self,
        inbound: Inbound,
        who: ParticipantId | None,
        place: Conversation | None,
        parsed: Slash | UnknownSlash | None,
    ) -> SessionId | Reply | None:
        """Return the session that a command chooses, or why it leads to none.

        None is for everything else: its place goes where its account has it, or stays where it is.
        """
        if not isinstance(parsed, Slash):
            return None
        if place is not None and place.session is not None:
            return await self._of_newcomer(inbound, who, place, parsed)
        if known := await self.store.repeated(inbound.address.channel, inbound.external_id):
            return known.reply or Reply(text=texts.NO_PLACE, refused=True)
        here = Conversation(id=NOWHERE, address=inbound.address, room=inbound.room)
        match parsed.command.name:
            case "new":
                name = new_session(inbound.address.channel, inbound.external_id)
                return await self.commands.chosen_session.beginning(here, who, name) or name
            case "fork":
                name = new_session(inbound.address.channel, inbound.external_id)
                begun = await self.commands.forking.is_begun(name, who)
                return name if begun else Reply(text=texts.NO_PLACE, refused=True)
            case "switch" if who is not None:
                nothing = Session(id=SessionId(""))
                meant = partial(self.commands.chosen_session.meant, nothing, here, who)
                return await meant(parsed.argument)
            case "follow" if who is not None:
                return await self.commands.following.objection(who, parsed.argument)
            case "switch" | "follow":
                return await self.commands.unjoined(inbound, who, parsed, is_placed=False)
            case name if name in DECIDED | CHOSEN:
                fold = await self._would_be(inbound, who or NOBODY, place)
                return await self._refused(fold, who or NOBODY, here, parsed)
            case _:
                return None

    async def _of_newcomer(
        self, inbound: Inbound, who: ParticipantId | None, place: Conversation, parsed: Slash
    ) -> Reply | None:
        """Return what would be refused to somebody who would be in the session only by asking."""
        if parsed.command.name not in DECIDED | CHOSEN:
            return None
        fold = await self._would_be(inbound, who or NOBODY, place)
        is_in = who in (await self.sessions.fold(fold.id)).participants
        if is_in or await self.store.repeated(inbound.address.channel, inbound.external_id):
            return None
        return await self._refused(fold, who or NOBODY, place, parsed)

    async def _refused(
        self,
        fold: Session,
        who: ParticipantId,
        place: Conversation,
        parsed: Slash,
    ) -> Reply | None:
        """Return what a command would be refused with in a session as it would be."""
        if parsed.command.name in CHOSEN:
            return await self.commands.objection(fold, who, parsed, place)
        command, reply = await self.commands.tried(fold, who, parsed)
        if reply is not None and reply.refused:
            return reply
        try:
            if command is not None:
                decide(fold, command, now=self.clock.now())
        except Refused as refused:
            return Reply(text=str(refused), refused=True)
        return None

    async def _would_be(
        self, inbound: Inbound, who: ParticipantId, place: Conversation | None
    ) -> Session:
        """Return the session that a place would join, with whoever writes in it."""
        name = place.session if place is not None else None
        name = name or await self.admission.session_of(inbound, who, place)
        fold = Session(id=name)
        with suppress(NotFound):
            fold = await self.sessions.fold(name)
        role = fold.participants.get(who)
        if role is None and not fold.participants and inbound.sender.proven:
            role = "owner"
        given = role or (await self.admission.book()).entry(who, name).role
        return replace(fold, participants={**fold.participants, who: given})
