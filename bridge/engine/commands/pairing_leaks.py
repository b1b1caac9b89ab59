"""Codes that others can read, or may know: they are void for good, and their issuer is told.

It is so whoever sent one into a room, by whatever way, or under an id that the platform does not
vouch for; and with one that is said in a session, by
whomever and from wherever: its log is for good, and whoever comes later reads it. So is one in what
somebody is called, and one of before a restore.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bridge import admission_texts, texts
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.inbound import Edited, Inbound, Readable, Spoken, Titled
from bridge.domain.parts import Reply
from bridge.engine.access.pairing_codes import Found, PairingCodes
from bridge.engine.commands.pairing_notices import PairingNotices, called
from bridge.engine.names import DisplayNames
from bridge.session.fold import Session
from bridge.session.routing import TypedCode


@dataclass(slots=True)
class PairingLeaks:
    names: DisplayNames
    codes: PairingCodes
    notices: PairingNotices

    async def heard(self, inbound: Inbound, said: Spoken | Edited) -> Reply | None:
        """Void every code that stands in what a room could read, or somebody else under an id."""
        app, (to_issuer, reply) = self.names.label(inbound.address.channel), _words(inbound)
        told = to_issuer(called(inbound.sender), app)
        seen = await self._seen(_readable(inbound, said), told)
        return Reply(text=reply, refused=True) if seen else None

    async def _seen(self, text: str, told: str) -> bool:
        """Void every code that is read in a text; say whether there was one that nobody used."""
        unused = [each for each in await self.codes.within(text) if not each.invitation.used_by]
        for found in unused:
            await self._void(found, told)
        return bool(unused)

    async def _void(self, found: Found, told: str) -> None:
        await self.codes.void(found)
        await self.notices.tell(found.invitation, told, f"seen:{found.key[:16]}")

    async def about(self, inbound: Inbound) -> None:
        """Void every code in what a sender is called, and their room: others read that anywhere.

        In a room it is so of whatever else stands beside what was done there.
        """
        title = f"{inbound.title}\n{inbound.beside}" if inbound.room else ""
        words = f"{inbound.sender.name}\n{title}"
        if await self.codes.within(words):
            app = self.names.label(inbound.address.channel)
            await self._seen(words, admission_texts.code_was_seen(called(inbound.sender), app))

    async def titled(self, titled: Titled) -> None:
        """Void every code in what a room is called from now on, whoever called it so."""
        app = self.names.label(titled.address.channel)
        await self._seen(titled.title, admission_texts.code_is_a_title(app))

    async def shown(self, readable: Readable) -> None:
        """Void every code in what a room reads, though nobody said it to the bridge."""
        app = self.names.label(readable.address.channel)
        await self._seen(readable.words, admission_texts.code_is_shown(app))

    async def said(self, session: Session, text: str, by: ParticipantId | None) -> None:
        """Void every code in what is about to stand in a session. `by` None: an agent says it."""
        found = await self.codes.within(text)
        good = [each for each in found if not (each.invitation.used_by or each.invitation.void)]
        if not good:
            return
        names = await self.names.in_session(session, [by] if by is not None else ())
        name = names[by] if by is not None else texts.AGENT
        for each in good:
            await self._void(each, admission_texts.code_was_said(name, session.title))

    async def named(self, name: str, who: ParticipantId) -> None:
        """Void every code in what somebody is about to be called: /who shows it to all."""
        await self.said(Session(id=SessionId("")), name, who)

    async def old(self, typed: TypedCode) -> None:
        """Void a code of before a restore: it may have been used, and undone, since the copy."""
        found = await self.codes.find(typed.code)
        if found is not None:
            await self.codes.void(found)


def _words(inbound: Inbound) -> tuple[Callable[[str, str], str], str]:
    """Return what the issuer of a code is told of it, and its sender."""
    if inbound.room:
        return admission_texts.code_was_seen, texts.CODE_SEEN
    return admission_texts.code_was_unproven, texts.CODE_UNPROVEN


def _readable(inbound: Inbound, said: Spoken | Edited) -> str:
    """Return all the words that others read with a message.

    These are what it quotes, the names of its files and of its sender, what the room is called,
    and all that the platform tells along with it.
    """
    quoted = said.quoted if isinstance(said, Spoken) else None
    files = (*(said.files or ()), *(quoted.files if quoted is not None else ()))
    about = (quoted.author, quoted.text) if quoted is not None else ()
    words = (said.content.text, *about, inbound.sender.name, inbound.title, inbound.beside)
    return "\n".join(filter(None, (*words, *(each.name for each in files))))
