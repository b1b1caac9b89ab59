"""Two people who turn out to be one: an app names one account by two ids, and both are known.

The rules:

- Only what the platform itself says of one message joins: that both ids are its sender's.
- Whoever was heard of first stays. The other's ids, grants, places and part in sessions are theirs
  from then on, in the stronger role of both; so is what they have
  sent elsewhere, and what they chose (their language, what rings), where whoever stays chose
  nothing.
- They are joined only if each id alone is let in on that account. So neither gets in by the other:
  who is later heard by one of them alone may do no more than both were let in to.
- An owner of the bridge is joined with nobody who is not, and nobody with someone who was put out
  of anything. They stay two people then, as they were.
- What the other used today counts against the day of whoever stays. Their tokens are revoked: they
  would be nobody's.
- Every step is idempotent, and the id by which they are known to be two is given over last: so the
  next message finishes what a death interrupted.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

import structlog

from bridge.caches import stale
from bridge.delivery.subscription import KEPT as SUBSCRIPTIONS
from bridge.delivery.subscription import Subscription
from bridge.domain.commands import Merge
from bridge.domain.ids import ChannelName, ParticipantId
from bridge.domain.inbound import Identity, Inbound
from bridge.engine.access.admission import GRANTS, JOINED, LEGACY, Admission
from bridge.engine.access.places import Places
from bridge.engine.commands.begun import Begun
from bridge.engine.commands.pairing_undo import PAIRED, slot
from bridge.engine.inbound.new_places import NewPlaces
from bridge.engine.languages import Languages
from bridge.engine.wishes import Wishes
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import FactChange, Store
from bridge.session.admission import Grant
from bridge.session.fold import Session

log = structlog.get_logger()

SCOPE = "joining"
"""The scope of the facts: who is being joined into whom, with all their ids."""

MANY = 1_000_000
"""Sessions that are looked through: it happens once to two people."""

MOST_APART = 10_000
LATEST = datetime.max.replace(tzinfo=UTC)

Pair = tuple[ParticipantId, ParticipantId]


@dataclass(slots=True)
class Joining:
    """`apart`: who was found to stay two people, until who is let in changes."""

    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    clock: Clock
    languages: Languages | None = None
    wishes: Wishes | None = None
    apart: set[tuple[Pair, int]] = field(default_factory=set)

    async def join(self, inbound: Inbound) -> None:
        """Make the people that a sender's ids belong to one, where that is safe."""
        account, ids = inbound.address.channel, inbound.sender.identities
        stays: ParticipantId | None = None
        for each in await self._people(ids):
            if stays is None:
                stays = each
            elif await self._begun(each, stays) or await self._may(account, ids, (stays, each)):
                await self._join(inbound, each, into=stays)

    async def _people(self, ids: Sequence[Identity]) -> list[ParticipantId]:
        """Return whose the ids are, whoever was heard of first at the front."""
        found = [await self.store.identify(realm=each.realm, user=each.user) for each in ids]
        people = list(dict.fromkeys(each for each in found if each is not None))
        if len(people) < 2:  # noqa: PLR2004 - two people
            return people
        known = await self.store.participants(people)
        return sorted(people, key=lambda who: (known[who].since or LATEST, who))

    async def _begun(self, who: ParticipantId, into: ParticipantId) -> bool:
        """Say whether it was decided already, and a death came between."""
        kept = await self.store.fact(SCOPE, who)
        return kept is not None and json.loads(kept)["into"] == into

    # -- whether

    async def _may(self, account: ChannelName, ids: Sequence[Identity], pair: Pair) -> bool:
        version = self.admission.version
        if (pair, version) in self.apart:
            return False
        if await self._are_let_in(account, ids, pair) and not await self._is_put_out(pair):
            return True
        if len(self.apart) >= MOST_APART:
            self.apart.clear()
        self.apart.add((pair, version))
        log.info("two people stay apart", channel=account, people=pair)
        return False

    async def _are_let_in(self, account: ChannelName, ids: Sequence[Identity], pair: Pair) -> bool:
        """Say whether each is let in by what is their own."""
        book = await self.admission.book()
        if any(who in book.out for who in pair) or len({who in book.owners for who in pair}) > 1:
            return False
        for who in pair:
            mine = await self.admission.identities(who)
            here = [each for each in ids if each in mine]
            if not any(
                book.admits(account, each, who, None, mine)
                or book.granted(account, each, who, mine)
                for each in here
            ):
                return False
        return True

    async def _is_put_out(self, pair: Pair) -> bool:
        folds = await self._all()
        return any(who in fold.put_out for fold in folds for who in pair)

    # -- doing it

    async def _join(self, inbound: Inbound, who: ParticipantId, *, into: ParticipantId) -> None:
        theirs = await self._theirs(who, into)
        await self.store.keep_fact(JOINED, who, into)
        for fold in await self._all():
            await self.sessions.submit(fold.id, Merge(participant=who, into=into))
        await self._leave_other_names(inbound, into)
        await self._give_grants(who, into)
        await Begun(self.store, self.clock).give(who, into)
        await NewPlaces(self.store, self.admission, self.clock).give(who, into)
        if self.languages is not None:
            await self.languages.give(who, into)
        if self.wishes is not None:
            await self.wishes.give(who, into)
        await self._give_subscriptions(who, into)
        await self.store.revoke_tokens(who, label=None)
        last = [each for each in theirs if each in inbound.sender.identities]
        for identity in (*(each for each in theirs if each not in last), *last):
            await self._give(identity, into)
        await self.store.drop_fact(SCOPE, who)
        await self.admission.changed()
        log.info("two people are one", channel=inbound.address.channel, people=[who, into])

    async def _theirs(self, who: ParticipantId, into: ParticipantId) -> Sequence[Identity]:
        """Return every id that is to be given over, kept so that a death loses none."""
        kept = json.loads(await self.store.fact(SCOPE, who) or "{}").get("ids", [])
        found = [*await self.store.identities(who), *(Identity(**each) for each in kept)]
        theirs = list(dict.fromkeys(found))
        body = {"into": into, "ids": [asdict(each) for each in theirs]}
        await self.store.keep_fact(SCOPE, who, json.dumps(body))
        return theirs

    async def _leave_other_names(self, inbound: Inbound, who: ParticipantId) -> None:
        """Let the same place under another of its names follow nothing that the one follows."""
        here = await self.store.conversation_at(inbound.address)
        if here is None or here.session is None:
            return
        for lane in await self.store.conversations(here.session):
            is_alike = lane.address.channel == here.address.channel and not lane.room
            fold = await self.sessions.fold(here.session)
            if is_alike and lane.id != here.id and fold.conversations.get(lane.id) == who:
                await self.places.unlink(here.session, lane.id)

    async def _give_subscriptions(self, who: ParticipantId, into: ParticipantId) -> None:
        """Let whoever stays see and end what the other had sent to addresses."""
        for number in await self.store.facts(SUBSCRIPTIONS):
            while (body := await self.store.fact(SUBSCRIPTIONS, number)) is not None:
                known = Subscription.read(body)
                new = replace(known, by=into if known.by == who else known.by).written()
                change = FactChange(scope=SUBSCRIPTIONS, key=number, expected=body, new=new)
                if new == body or await self.store.change_facts([change]):
                    break
        stale("subscriptions")

    async def _give_grants(self, who: ParticipantId, into: ParticipantId) -> None:
        """Let grants be of and by whoever stays; each stays the one id's that has it."""
        for grant in (await self.admission.book()).grants.values():
            key, body = await self._kept(grant)
            if body is None or who not in {grant.who, grant.by}:
                continue  # or it was undone meanwhile, and is not to come back
            given = replace(
                grant,
                who=into if grant.who == who else grant.who,
                by=into if grant.by == who else grant.by,
            )
            new = json.dumps(asdict(given))
            change = FactChange(scope=GRANTS, key=key, expected=body, new=new)
            await self.admission.change([change, *await self._slot(grant, into)])

    async def _kept(self, grant: Grant) -> tuple[str, str | None]:
        """Return a grant as it is kept, by its key."""
        for key in grant.keys:
            body = await self.store.fact(GRANTS, key)
            if body is not None and json.loads(body)["id"] == grant.id:
                return key, body
        return grant.key, None

    async def _slot(self, grant: Grant, into: ParticipantId) -> Sequence[FactChange]:
        """Return what lets whoever stays be paired by a grant as the other was."""
        old, new = slot(grant.who, grant.realm), slot(into, grant.realm)
        if old == new or await self.store.fact(PAIRED, old) != grant.id:
            return ()
        freed = FactChange(scope=PAIRED, key=old, expected=grant.id, new=None)
        if await self.store.fact(PAIRED, new) is not None:
            return [freed]
        return [freed, FactChange(scope=PAIRED, key=new, expected=None, new=grant.id)]

    async def _give(self, identity: Identity, into: ParticipantId) -> None:
        name = (await self.store.participants([into]))[into].name
        realm, user, now = identity.realm, identity.user, self.clock.now()
        await self.store.forget_identity(realm=realm, user=user)
        await self.store.enrol(into, name=name, realm=realm, user=user, at=now)
        if await self.store.fact(LEGACY, f"{realm}:{user}") is not None:
            await self.store.keep_fact(LEGACY, f"{realm}:{user}", into)

    async def _all(self) -> list[Session]:
        return [await self.sessions.fold(row.id) for row in await self.store.sessions(limit=MANY)]
