"""The one durable list of who asks to be let in, and the cards by which owners are told of it.

The rules:

- The list is one fact, changed by compare-and-set.
- Every owner is told in the sessions that their own private places follow, once in each; one who
  has no such place, in the first session, which the page and a terminal show.
- What strangers chose (name, id, words) is cleaned and cut: it makes no mention, link or markup. A
  name that looks like somebody else's is pointed out.
- Once it is decided, every card says by whom, and has no buttons any more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge import admission_texts, texts
from bridge.domain.commands import ClosePush, Push
from bridge.domain.content import Option, ours
from bridge.domain.display_names import own_name, reads_as
from bridge.domain.errors import NotFound, StoreUnavailable
from bridge.domain.events import Source
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.literal import escaped
from bridge.domain.wording import composed
from bridge.engine.access.admission import Admission
from bridge.engine.access.places import Places
from bridge.engine.access.reserved_names import ReservedNames
from bridge.engine.commands.guests import told
from bridge.engine.names import DisplayNames
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import FactChange, Store
from bridge.session import access_requests as kept
from bridge.session.access_requests import AccessRequest, Card, Requests
from bridge.session.fold import Session
from bridge.session.routing import SHARED, Decision, request_button

SCOPE = "access requests"
"""The scope, and the key, of the one fact that holds all of them."""

CONTENDERS = 20
"""How often the list is read again that another process has just changed."""

Change = Callable[[Requests], Requests | None]
"""Says what the list becomes; None leaves it as it is."""

Beside = Callable[[Requests], Awaitable[Sequence[FactChange]]]
"""Says what is changed together with the list, once it is known what becomes of it."""


@dataclass(slots=True)
class AccessList:
    store: Store
    admission: Admission
    clock: Clock
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def all(self) -> Requests:
        """Return the requests as they are by now."""
        return (await self._read())[0]

    async def find(self, number: str) -> AccessRequest | None:
        return kept.find(await self.all(), number)

    async def change(self, change: Change, *, beside: Beside | None = None) -> bool:
        """Change the list, with what stands beside it; return whether it was changed.

        Raises `StoreUnavailable` where others go on changing it.
        """
        for _ in range(CONTENDERS):
            async with self._changing:
                requests, body = await self._read()
                new = change(requests)
                if new is None or new == kept.load(body):
                    return False
                more = await beside(new) if beside is not None else ()
                changes = [_written(body, new), *more]
                take = self.admission.change if more else self.store.change_facts
                if await take(changes):
                    return True
        raise StoreUnavailable(admission_texts.REQUESTS_BUSY)

    async def put(self, number: str, change: Callable[[AccessRequest], AccessRequest]) -> None:
        """Change one request, if it is kept still."""

        def put(requests: Requests) -> Requests | None:
            known = kept.find(requests, number)
            return None if known is None else kept.changed(requests, change(known))

        await self.change(put)

    async def _read(self) -> tuple[Requests, str | None]:
        body = await self.store.fact(SCOPE, SCOPE)
        return kept.in_time(kept.load(body), self.clock.now()), body


def _written(body: str | None, requests: Requests) -> FactChange:
    return FactChange(scope=SCOPE, key=SCOPE, expected=body, new=kept.dump(requests))


LOOKED_AT = 200
"""Sessions, the last touched, in which an owner's places are looked for."""

MOST_ALIKE = 3


@dataclass(slots=True)
class AccessCards:
    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    names: DisplayNames
    requests: AccessList
    reserved: ReservedNames

    async def show(self, request: AccessRequest) -> None:
        """Tell the owners of a request, and keep where they were told."""
        cards = dict.fromkeys(request.cards)
        for session, owners in (await self._owners()).items():
            seq = await told(self.sessions, session, await self._card(request, owners))
            if seq is not None:
                cards[Card(session=session, seq=seq)] = None
        shown = replace(request, cards=tuple(cards))
        await self.requests.put(request.id, lambda each: _with_cards(each, shown.cards))
        known = await self.requests.find(request.id)
        if known is not None and known.state != "open":  # somebody was quicker
            await self.close(replace(shown, state=known.state, by=known.by))

    async def close(self, request: AccessRequest, why: str = "") -> None:
        """Say on every card how it ended, or `why` it came to nothing."""
        text = composed("_{outcome}_", outcome=why or await self.outcome(request))
        for card in request.cards:
            await told(self.sessions, card.session, ClosePush(push=card.seq, text=text))

    async def outcome(self, request: AccessRequest) -> str:
        """Say how a request ended."""
        by = await self.called(request.by) if request.by is not None else texts.SOMEONE
        match request.state:
            case "allow":
                return admission_texts.request_allowed(called(request), by, request.id)
            case "deny":
                return admission_texts.request_denied(called(request), by)
            case "open" | "expired":
                return admission_texts.request_expired(called(request))

    async def called(self, who: ParticipantId) -> str:
        """Return what an owner of the bridge is called: namesakes are told apart."""
        try:
            fold = await self.sessions.fold(SHARED)
        except NotFound:
            return await self.names.who(who)
        return (await self.names.in_session(fold, [who]))[who]

    async def _card(self, request: AccessRequest, owners: Sequence[ParticipantId]) -> Push:
        text = admission_texts.asks_to_be_let_in(
            name=called(request),
            user=escaped(request.user),
            app=self.names.label(request.account),
            words=request.words,
            alike=await self._alike(request),
            into=await self._into(request),
            number=request.id,
        )
        return Push(
            source=Source(kind="background", name="bridge"),
            content=ours(text),
            to=tuple(owners),
            buttons=tuple(
                Option(id=request_button(request.id, decision), label=label)
                for decision, label in labels(request)
            ),
            key=f"request:{request.id}",
        )

    async def _alike(self, request: AccessRequest) -> Sequence[str]:
        """Return the names of others that this one looks like."""
        read = reads_as(called(request))
        known = await self.places.known(request.sender)
        people = [own_name(each.name) for each in await self.store.people() if each.id != known]
        asking = [called(each) for each in await self.requests.all() if each.id != request.id]
        known_names = (*people, *asking, *self.reserved)
        found = {each for each in known_names if not read.isdisjoint(reads_as(each))}
        return sorted(found - {texts.SOMEONE})[:MOST_ALIKE]

    async def _into(self, request: AccessRequest) -> str:
        """Say where they would be let in to."""
        account = self.admission.account(request.account)
        session = request.room or (SHARED if account.sessions == "shared" else None)
        if session is None:
            return admission_texts.INTO_THEIR_OWN
        fold = await self.sessions.fold(session)
        if request.room:
            return admission_texts.into_room(request.title, fold.title)
        return admission_texts.into_session(fold.title, len(fold.participants))

    # -- whom to tell

    async def _owners(self) -> Mapping[SessionId, Sequence[ParticipantId]]:
        """Return in which sessions the owners of the bridge have private places."""
        book = await self.admission.book()
        owners = book.owners - book.out
        found: dict[SessionId, Sequence[ParticipantId]] = {}
        for row in await self.store.sessions(limit=LOOKED_AT):
            here = await self._private(await self.sessions.fold(row.id), owners)
            if here and not row.archived:
                found[row.id] = here
        nowhere = sorted(owners.difference(*found.values()))
        if nowhere:
            found[SHARED] = [*found.get(SHARED, ()), *nowhere]
        return found

    async def _private(
        self, fold: Session, owners: frozenset[ParticipantId]
    ) -> Sequence[ParticipantId]:
        """Return the owners of whom a private place follows a session."""
        here: set[ParticipantId] = set()
        for place, by in fold.conversations.items():
            if by in owners and by not in here:
                known = await self.store.conversation(place)
                here |= {by} if known is not None and not known.room else set()
        return sorted(here)


def called(request: AccessRequest) -> str:
    return request.name or texts.SOMEONE


def labels(request: AccessRequest) -> Sequence[tuple[Decision, str]]:
    """Return what can be decided, and the labels of the buttons."""
    allow = admission_texts.ALLOW_ROOM if request.room else admission_texts.ALLOW
    return (("allow", allow), ("deny", admission_texts.DENY))


def _with_cards(request: AccessRequest, cards: tuple[Card, ...]) -> AccessRequest:
    """Return a request with its cards; of one that is done nothing is kept any more."""
    return request if request.done else replace(request, cards=cards)
