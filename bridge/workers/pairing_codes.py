"""Codes that let a person in: the owner's, and those of /link.

The rules:

- A code is good once and for a limited time, and only its SHA-256 is kept.
- It is taken by compare-and-set, in one transaction with what it grants: of two who send it at once
  one has it. That one may send it again: a platform delivers a message twice now and then.
- A code that others can have read is void for good.
- There is one owner's code at a time, made anew at each start until one was used.
"""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from bridge.ids import ParticipantId, SessionId
from bridge.inbound import Sender
from bridge.ports import Clock, FactChange, Kept
from bridge.retry import is_over
from bridge.routing import CODE_ALPHABET, CODE_LENGTH

SCOPE = "codes"
LIFE = timedelta(minutes=10)
LONG = timedelta(days=3650)

_SPACERS = re.compile(r"[-\s\u2010-\u2015]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a code stands for. `session` None: where the place would go by its account's setting.

    `until` is in ISO 8601; `via` is the account that it was asked for in, empty over HTTP.
    `used_by` names the one identity that may send it again, `grant` what it was given for it.
    """

    participant: ParticipantId
    session: SessionId | None
    owner: bool
    until: str
    via: str = ""
    used_by: str = ""
    grant: str = ""
    void: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A code as it is kept: `body` is what must still stand there when it is taken."""

    key: str
    body: str
    invitation: Invitation

    def change(self, **changes: str | bool) -> FactChange:
        """Return the change of the kept code to this, which fails when it is not as it was."""
        new = json.dumps(asdict(replace(self.invitation, **changes)))  # type: ignore[arg-type]
        return FactChange(scope=SCOPE, key=self.key, expected=self.body, new=new)

    def taken(self, sender: Sender, grant: str) -> FactChange:
        return self.change(used_by=name_of(sender), grant=grant)


class PairingCodes:
    def __init__(self, kept: Kept, clock: Clock) -> None:
        self._kept = kept
        self._clock = clock

    async def link(self, participant: ParticipantId, session: SessionId, *, via: str = "") -> str:
        """Return a new code that makes whoever sends it this participant, in this session."""
        await self._sweep()
        return await self._issue(
            Invitation(
                participant=participant, session=session, owner=False, until=self._in(LIFE), via=via
            )
        )

    async def owner(self, participant: ParticipantId) -> str:
        """Return a new owner's code; the one before is good no more."""
        for found in await self._all():
            if found.invitation.owner and not found.invitation.used_by:
                await self._kept.drop_fact(SCOPE, found.key)
        return await self._issue(
            Invitation(participant=participant, session=None, owner=True, until=self._in(LONG))
        )

    async def is_owned(self) -> bool:
        """Say whether an owner's code was ever used."""
        return any(
            each.invitation.owner and each.invitation.used_by and not each.invitation.void
            for each in await self._all()
        )

    async def owners(self) -> Sequence[str]:
        """Return the identities that used an owner's code."""
        kept = [each.invitation for each in await self._all()]
        return [each.used_by for each in kept if each.owner and each.used_by]

    async def find(self, code: str) -> Found | None:
        """Return a code as it is kept, whatever became of it; None if there is none."""
        return await self.find_key(_key(code))

    async def find_key(self, key: str) -> Found | None:
        body = await self._kept.fact(SCOPE, key)
        return None if body is None else Found(key=key, body=body, invitation=_invitation(body))

    def is_good(self, found: Found, sender: Sender) -> bool:
        """Say whether this sender may use it: nobody has, or they did themselves."""
        invitation = found.invitation
        if invitation.void or invitation.used_by not in {"", name_of(sender)}:
            return False
        return bool(invitation.used_by) or not self._is_over(invitation)

    async def void(self, found: Found) -> bool:
        """Make a code worthless; False when it is, or was used, already."""
        if found.invitation.void or found.invitation.used_by:
            return False
        return await self._kept.change_facts([found.change(void=True)])

    async def _issue(self, invitation: Invitation) -> str:
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        await self._kept.keep_fact(SCOPE, _key(code), json.dumps(asdict(invitation)))
        return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"

    async def _sweep(self) -> None:
        """Forget the codes that are over; that an owner's was used is remembered."""
        for found in await self._all():
            if not found.invitation.owner and self._is_over(found.invitation):
                await self._kept.drop_fact(SCOPE, found.key)

    async def _all(self) -> Sequence[Found]:
        kept = await self._kept.facts(SCOPE)
        return [
            Found(key=key, body=body, invitation=_invitation(body)) for key, body in kept.items()
        ]

    def _is_over(self, invitation: Invitation) -> bool:
        longest = LONG if invitation.owner else LIFE
        until = datetime.fromisoformat(invitation.until)
        return is_over(until, now=self._clock.now(), longest=longest)

    def _in(self, life: timedelta) -> str:
        return (self._clock.now() + life).isoformat()


def name_of(sender: Sender) -> str:
    return f"{sender.realm}:{sender.user}"


def _invitation(body: str) -> Invitation:
    return Invitation(**json.loads(body))


def _key(code: str) -> str:
    return sha256(_SPACERS.sub("", code).upper().encode()).hexdigest()
