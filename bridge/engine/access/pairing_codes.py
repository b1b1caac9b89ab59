"""Codes that let a person in: the owner's, those of /link, and invitations.

The rules:

- A code is good once and for a limited time, and only its SHA-256 is kept.
- It is taken by compare-and-set, in one transaction with what it grants: of two who send it at once
  one has it. That one may send it again: a platform delivers a message twice now and then.
- A code that others can have read is void for good.
- There is one owner's code at a time, made anew at each start until one was used. Of those for
  another app, one person has a few: each new one ends the oldest.
- A log that was restored has codes in it that were used since it was copied: those that nobody had
  used by then are void.
"""

import asyncio
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from bridge.domain.epoch import Epoch
from bridge.domain.events import Role
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.inbound import Sender
from bridge.domain.waits import is_over
from bridge.ports.clock import Clock
from bridge.ports.store import FactChange, KeyValueStore
from bridge.session.invitations import LONGEST, Inviting
from bridge.session.routing import CODE_ALPHABET, CODE_LENGTH, bare_code, codes_within

SCOPE = "codes"
OF = "codes of"
"""The scope of the epoch for which codes were looked through."""

LIFE = timedelta(minutes=10)
LONG = timedelta(days=3650)

MOST_LINKS = 5
"""Unused codes for another app that one person may have at a time: one more ends the oldest."""

NUMBER_LENGTH = 6

MOST_AT_ONCE = 4_000
"""Characters of a text that are looked through in one go; a longer one is beside the loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a code stands for. `session` None: where the place would go by its account's setting.

    `until` is in ISO 8601; `via` is the account that it was asked for in, empty over HTTP.
    `used_by` names the one identity that may send it again, `grant` what it was given for it.
    With a `role` it is an invitation, for others to come as themselves: `uses` of them at most, and
    `takers` are the identities that did, by name, with the grant of each. `earlier`: they may read
    what was said before they came. `browser`: they come in the browser, and nowhere else. `number`
    is made up: nothing of the code can be found out by it. It is empty in what was kept before.
    """

    participant: ParticipantId
    session: SessionId | None
    owner: bool
    until: str
    via: str = ""
    used_by: str = ""
    grant: str = ""
    void: bool = False
    role: Role | None = None
    uses: int = 1
    takers: Mapping[str, str] = field(default_factory=dict)
    earlier: bool = False
    browser: bool = False
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A code as it is kept: `body` is what must still stand there when it is taken."""

    key: str
    body: str
    invitation: Invitation

    @property
    def number(self) -> str:
        """Return what names it to its issuer; the code is not found by it."""
        return self.invitation.number or self.key[:NUMBER_LENGTH].upper()

    def change(self, **changes: str | bool | Mapping[str, str]) -> FactChange:
        """Return the change of the kept code to this, which fails when it is not as it was."""
        new = json.dumps(asdict(replace(self.invitation, **changes)))  # type: ignore[arg-type]
        return FactChange(scope=SCOPE, key=self.key, expected=self.body, new=new)

    def taken(self, sender: Sender, grant: str) -> FactChange:
        if self.invitation.role is not None:
            return self.change(takers={**self.invitation.takers, name_of(sender): grant})
        return self.change(used_by=name_of(sender), grant=grant)


class PairingCodes:
    def __init__(self, kept: KeyValueStore, clock: Clock) -> None:
        self._kept = kept
        self._clock = clock
        self._making = asyncio.Lock()

    async def link(self, participant: ParticipantId, session: SessionId, *, via: str = "") -> str:
        """Return a new code that makes whoever sends it this participant, in this session."""
        until = self._in(LIFE)
        new = Invitation(
            participant=participant, session=session, owner=False, until=until, via=via
        )
        async with self._making:
            for each in (await self._unused_links(participant))[: 1 - MOST_LINKS]:
                await self.void(each)
            await self._sweep()
            return await self._issue(new)

    async def _unused_links(self, participant: ParticipantId) -> Sequence[Found]:
        """Return someone's codes for another app that nobody used, the oldest first."""
        found = [
            each
            for each in await self._all()
            if (its := each.invitation).participant == participant
            and its.role is None
            and not (its.owner or its.used_by or its.void)
        ]
        return sorted(found, key=lambda each: each.invitation.until)

    async def invite(
        self, by: ParticipantId, session: SessionId, wanted: Inviting, *, via: str = ""
    ) -> str:
        """Return a new code by which others come into this session as themselves."""
        await self._sweep()
        return await self._issue(
            Invitation(
                participant=by,
                session=session,
                owner=False,
                until=self._in(wanted.life),
                via=via,
                role=wanted.role,
                uses=wanted.uses,
                earlier=wanted.earlier,
                browser=wanted.browser,
                number="".join(secrets.choice(CODE_ALPHABET) for _ in range(NUMBER_LENGTH)),
            )
        )

    async def invitations(
        self, *, by: ParticipantId | None = None, into: SessionId | None = None
    ) -> Sequence[Found]:
        """Return the invitations of someone, or into a session, that are good still.

        In the order of their ends.
        """
        found = [
            each
            for each in await self._all()
            if by in {None, (its := each.invitation).participant}
            and into in {None, its.session}
            and its.role is not None
            and not (its.void or len(its.takers) >= its.uses or self._is_over(its))
        ]
        return sorted(found, key=lambda each: each.invitation.until)

    async def owner(self, participant: ParticipantId) -> str:
        """Return a new owner's code; the one before is good no more."""
        for found in await self._all():
            if found.invitation.owner and not found.invitation.used_by:
                await self._kept.drop_fact(SCOPE, found.key)
        return await self._issue(
            Invitation(participant=participant, session=None, owner=True, until=self._in(LONG))
        )

    async def begin(self, epoch: Epoch) -> None:
        """Void what an earlier epoch left, once in each that a restore began."""
        if epoch.began is None or await self._kept.fact(OF, OF) == epoch.id:
            return
        for found in await self._all():
            await self.void(found)
        await self._kept.keep_fact(OF, OF, epoch.id)

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

    async def within(self, text: str) -> Sequence[Found]:
        """Return the codes that are kept and stand anywhere in a text."""
        long = len(text) > MOST_AT_ONCE
        keys = await asyncio.to_thread(_keys_within, text) if long else _keys_within(text)
        return [each for each in await self._all() if each.key in keys] if keys else ()

    async def asked_for(self, who: ParticipantId, via: Collection[str]) -> Sequence[Found]:
        """Return the codes that someone asked for in some accounts and nobody has used."""
        return [
            each
            for each in await self._all()
            if each.invitation.participant == who
            and each.invitation.via in via
            and not each.invitation.used_by
        ]

    async def void_of(self, who: ParticipantId, session: SessionId | None = None) -> None:
        """Make the codes that someone issued for a session, or (None) for any, worthless."""
        for found in await self._all():
            its = found.invitation
            if its.participant == who and session in {None, its.session}:
                await self.void(found)

    async def find_key(self, key: str) -> Found | None:
        body = await self._kept.fact(SCOPE, key)
        return None if body is None else Found(key=key, body=body, invitation=_invitation(body))

    def is_good(self, found: Found, sender: Sender) -> bool:
        """Say whether this sender may use it: nobody has, or they did themselves."""
        invitation = found.invitation
        if invitation.void or invitation.used_by not in {"", name_of(sender)}:
            return False
        if invitation.role is not None:
            is_left = len(invitation.takers) < invitation.uses and not self._is_over(invitation)
            return is_left or name_of(sender) in invitation.takers
        return bool(invitation.used_by) or not self._is_over(invitation)

    async def void(self, found: Found) -> bool:
        """Make a code worthless, whoever uses it meanwhile; False when it is, or was used up."""
        now: Found | None = found
        while now is not None and not (now.invitation.void or now.invitation.used_by):
            if await self._kept.change_facts([now.change(void=True)]):
                return True
            now = await self.find_key(found.key)
        return False

    async def _issue(self, invitation: Invitation) -> str:
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        await self._kept.keep_fact(SCOPE, _key(code), json.dumps(asdict(invitation)))
        return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"

    async def _sweep(self) -> None:
        """Forget the codes that are over or void; that an owner's was used is remembered."""
        for found in await self._all():
            its = found.invitation
            if not its.owner and (its.void or self._is_over(its)):
                await self._kept.drop_fact(SCOPE, found.key)

    async def _all(self) -> Sequence[Found]:
        kept = await self._kept.facts(SCOPE)
        return [
            Found(key=key, body=body, invitation=_invitation(body)) for key, body in kept.items()
        ]

    def _is_over(self, invitation: Invitation) -> bool:
        longest = LONG if invitation.owner else LIFE if invitation.role is None else LONGEST
        until = datetime.fromisoformat(invitation.until)
        return is_over(until, now=self._clock.now(), longest=longest)

    def _in(self, life: timedelta) -> str:
        return (self._clock.now() + life).isoformat()


def name_of(sender: Sender) -> str:
    return f"{sender.realm}:{sender.user}"


def _invitation(body: str) -> Invitation:
    return Invitation(**json.loads(body))


def _key(code: str) -> str:
    return _digest(bare_code(code))


def _digest(bare: str) -> str:
    return sha256(bare.encode()).hexdigest()


def _keys_within(text: str) -> frozenset[str]:
    return frozenset(map(_digest, codes_within(text)))
