"""Codes that let a place or a person in: the owner's of the first start, and those of /link.

The rules:

- A code is good once and for a limited time, and only its SHA-256 is kept.
- Whoever used it may send it again: a platform delivers a message twice now and then.
- An owner's code makes whoever sends it the owner. There is one at a time, made anew at each start
  until it was used.
- Any other code joins a place to the session it came from.
"""

import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from bridge.ids import ParticipantId, SessionId
from bridge.inbound import Sender
from bridge.ports import Clock, Kept
from bridge.retry import is_over
from bridge.routing import CODE_ALPHABET, CODE_LENGTH

SCOPE = "codes"
LIFE = timedelta(minutes=10)
LONG = timedelta(days=3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a code stands for. `session` empty: where the place would go by its account's setting.

    `until` is in ISO 8601; `used_by` names the one identity that may send it again.
    """

    participant: ParticipantId
    session: SessionId | None
    owner: bool
    until: str
    used_by: str = ""


class Codes:
    def __init__(self, kept: Kept, clock: Clock) -> None:
        self._kept = kept
        self._clock = clock

    async def link(self, participant: ParticipantId, session: SessionId) -> str:
        """Return a new code that joins a place to a session, on behalf of a participant."""
        await self._sweep()
        return await self._issue(participant, session, owner=False, life=LIFE)

    async def owner(self, participant: ParticipantId) -> str:
        """Return a new owner's code; the one before is good no more."""
        for key, invitation in (await self._all()).items():
            if invitation.owner and not invitation.used_by:
                await self._kept.drop_fact(SCOPE, key)
        return await self._issue(participant, None, owner=True, life=LONG)

    async def is_owned(self) -> bool:
        """Say whether an owner's code was ever used."""
        return any(each.owner and each.used_by for each in (await self._all()).values())

    async def read(self, code: str, sender: Sender) -> Invitation | None:
        """Return what a code stands for; None if it is none, is over, or was used by another."""
        body = await self._kept.fact(SCOPE, _key(code))
        if body is None:
            return None
        invitation = _invitation(body)
        is_over = self._is_over(invitation) and not invitation.used_by
        return None if is_over or invitation.used_by not in {"", _name(sender)} else invitation

    async def spend(self, code: str, invitation: Invitation, sender: Sender) -> None:
        """Note who used a code. A repeat is a success."""
        used = replace(invitation, used_by=_name(sender))
        await self._kept.keep_fact(SCOPE, _key(code), json.dumps(asdict(used)))

    async def _issue(
        self,
        participant: ParticipantId,
        session: SessionId | None,
        *,
        owner: bool,
        life: timedelta,
    ) -> str:
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        until = (self._clock.now() + life).isoformat()
        invitation = Invitation(participant=participant, session=session, owner=owner, until=until)
        await self._kept.keep_fact(SCOPE, _key(code), json.dumps(asdict(invitation)))
        return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"

    async def _sweep(self) -> None:
        """Forget the codes that are over; that an owner's was used is remembered."""
        for key, invitation in (await self._all()).items():
            if not invitation.owner and self._is_over(invitation):
                await self._kept.drop_fact(SCOPE, key)

    async def _all(self) -> dict[str, Invitation]:
        found = await self._kept.facts(SCOPE)
        return {key: _invitation(body) for key, body in found.items()}

    def _is_over(self, invitation: Invitation) -> bool:
        longest = LONG if invitation.owner else LIFE
        until = datetime.fromisoformat(invitation.until)
        return is_over(until, now=self._clock.now(), longest=longest)


def _invitation(body: str) -> Invitation:
    return Invitation(**json.loads(body))


def _key(code: str) -> str:
    return sha256(code.replace("-", "").upper().encode()).hexdigest()


def _name(sender: Sender) -> str:
    return f"{sender.realm}:{sender.user}"
