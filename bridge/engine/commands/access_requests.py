"""Strangers ask to be let in, and the owners of the bridge answer.

The rules (`bridge.session.access_requests` has those of what is kept):

- In private a stranger is told how to ask, in one line an hour; in a room they are not, but may ask
  in one that follows a session. Whoever was removed from the whole bridge asks for nothing.
- Nothing of what a stranger says is kept or shown, but for the words after `/ask`, cleaned and cut.
  What a stranger is told never says whether they wait, or were denied.
- They are let in where they asked: in private, into the session that their place would join; in a
  room that follows a session, there alone.
- Only owners of the bridge may answer, wherever they do; whoever is first decides.
- A decision is one change of the kept list, together with the grant whose id is the request's. What
  follows is derived from it: it is done at once, and done again after a death at any point, at the
  next start or when the same is heard or answered once more.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from bridge import admission_texts, texts
from bridge.domain.commands import Push
from bridge.domain.content import ours
from bridge.domain.errors import Refused
from bridge.domain.events import Source
from bridge.domain.ids import ParticipantId, SessionId, mint
from bridge.domain.inbound import Added, Inbound
from bridge.domain.literal import escaped
from bridge.domain.parts import Address, Button, Reply
from bridge.domain.records import replace
from bridge.engine.access.admission import Admission
from bridge.engine.access.places import Places
from bridge.engine.access.reserved_names import ReservedNames
from bridge.engine.commands.access_cards import AccessCards, AccessList, called, labels
from bridge.engine.commands.guests import Guests, told
from bridge.engine.names import DisplayNames
from bridge.ports.clock import Clock
from bridge.ports.engine import RequestRow, Sessions
from bridge.ports.store import FactChange, Store
from bridge.session import access_requests as kept
from bridge.session.access_requests import AccessRequest, Refusal, Requests
from bridge.session.admission import Grant
from bridge.session.permission_table import rule_for
from bridge.session.routing import (
    CODE_ALPHABET,
    SHARED,
    Decision,
    RequestPress,
    session_for,
)

log = structlog.get_logger()

NUMBER_LENGTH = 6

COMMANDS: Mapping[Decision, str] = {"allow": "admit", "deny": "deny"}
"""The slash command for each decision."""


@dataclass(slots=True)
class AccessRequests:
    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    names: DisplayNames
    guests: Guests
    clock: Clock
    reserved: ReservedNames
    requests: AccessList = field(init=False)
    cards: AccessCards = field(init=False)

    def __post_init__(self) -> None:
        self.requests = AccessList(self.store, self.admission, self.clock)
        self.cards = AccessCards(
            self.store,
            self.sessions,
            self.admission,
            self.places,
            self.names,
            self.requests,
            self.reserved,
        )

    async def waiting(self) -> Sequence[AccessRequest]:
        """Return the requests that nobody has answered yet, the oldest first."""
        await self._expire()
        return [each for each in await self.requests.all() if each.state == "open"]

    async def listed(self, by: ParticipantId) -> Reply:
        """Tell an owner who waits. Raises `Refused`."""
        await self._refuse_others(by)
        waiting = await self.waiting()
        if not waiting:
            return Reply(text=admission_texts.NOBODY_ASKS)
        lines = [
            (each.id, called(each), escaped(each.user), self.names.label(each.account))
            for each in waiting
        ]
        buttons = tuple(
            Button(value=f"s:/{COMMANDS[decision]} {each.id}", label=f"{label} {each.id}")
            for each in waiting
            for decision, label in labels(each)
        )
        return Reply(text=admission_texts.who_asks(lines), buttons=buttons)

    async def rows(self, by: ParticipantId) -> Sequence[RequestRow]:
        """Return who asks to be let in, the oldest first, for an owner. Raises `Refused`."""
        await self._refuse_others(by)
        return [_row(each, self.names.label(each.account)) for each in await self.waiting()]

    async def answer(self, number: str, by: ParticipantId, *, allow: bool) -> str:
        """Let someone in who asks, or do not; return what became of it. Raises `Refused`."""
        return await self.decide(number, "allow" if allow else "deny", by)

    async def press(self, press: RequestPress, by: ParticipantId | None) -> Reply:
        """Answer a request by its button. Raises `Refused`."""
        return Reply(text=await self.decide(press.request, press.decision, by))

    async def decide(self, number: str, decision: Decision, by: ParticipantId | None) -> str:
        """Answer a request for an owner, once; return what became of it. Raises `Refused`."""
        await self._refuse_others(by)
        asked = await self.requests.find(number)
        if decision == "allow" and asked is not None and asked.state == "open":
            await _refuse_room(self.store, asked)

        def decided(requests: Requests) -> Requests | None:
            known = kept.find(requests, number)
            if known is None or known.state != "open" or by is None:
                return None
            return kept.changed(requests, kept.decided(known, decision, by, self.clock.now()))

        async def granted(requests: Requests) -> Sequence[FactChange]:
            known = kept.find(requests, number)
            is_let_in = known is not None and known.state == "allow"
            return await self._granting(known) if known is not None and is_let_in else ()

        is_first = await self.requests.change(decided, beside=granted)
        request = await self.requests.find(number)
        if request is None:
            raise Refused(admission_texts.NO_SUCH_REQUEST)
        log.info("request answered", request=request.id, outcome=request.state, first=is_first)
        outcome = await self.cards.outcome(request)
        if (why := await self._finish(request)) and is_first:
            raise Refused(why)
        return outcome if is_first else await _decided_already(self.cards, request)

    async def read_by_others(self, address: Address) -> None:
        """Note that a place is a room, for what was asked there while it was a private one."""

        def noted(requests: Requests) -> Requests:
            return tuple(
                replace(each, read=True) if each.address == address and not each.room else each
                for each in requests
            )

        await self.requests.change(noted)

    async def _refuse_others(self, by: ParticipantId | None) -> None:
        if by is None or not await self.admission.is_owner(by):
            raise Refused(rule_for("answer a request").whose)

    async def _granting(self, request: AccessRequest) -> Sequence[FactChange]:
        """Return the changes that let someone in where they asked."""
        known = await self.places.known(request.sender)
        who = known or ParticipantId(mint("p"))
        policy = self.admission.account(request.account).sessions
        session = request.room or session_for(policy, request.address, who, room=False)
        is_there = await self.store.session(session) is not None
        people = (await self.sessions.fold(session)).participants if is_there else {}
        grant = Grant(
            id=request.id,
            account=request.account,
            realm=request.realm,
            user=request.user,
            name=called(request),
            session=session,
            who=who,
            by=request.by or who,
            via=request.account,
            at=self.clock.now().isoformat(),
            place=request.place,
            enrolled=known is None,
            guest=who not in people,
            room=request.place if request.room else "",
            request=True,
        )
        return await self.admission.giving(await self.guests.also(grant))

    # -- what follows, and is done again after a death

    async def resume(self) -> None:
        """Do what was left undone: tell owners who waits, and finish what was decided."""
        for request in await self.waiting():
            await self.cards.show(request)
        for request in await self.requests.all():
            await self._finish(request)

    async def _expire(self) -> None:
        """Keep, and tell, that some waited too long."""
        await self.requests.change(lambda requests: requests)
        for request in await self.requests.all():
            if request.state == "expired":
                await self._finish(request)

    async def _finish(self, request: AccessRequest) -> str:
        """Do what follows from a decision; every step of it may be a repeat.

        Return why somebody who was to be let in is not; cards say so too. "" for what was decided.
        """
        if request.done or request.state == "open":
            return ""
        why = await self._carry_out(request) if request.state == "allow" else ""
        await self.cards.close(request, admission_texts.not_let_in(called(request)) if why else "")
        await self.requests.put(request.id, kept.settled)
        return why

    async def _carry_out(self, request: AccessRequest) -> str:
        """Let somebody in; return why they are not, if so."""
        grant = (await self.admission.book()).grant(request.id)
        if grant is None:
            return admission_texts.not_let_in(called(request))  # it was undone
        try:
            await _refuse_room(self.store, request)
        except Refused as refused:
            await _take_back(self.guests, grant, str(refused))
            return str(refused)
        is_in = await self._let_in(request, grant)
        return "" if is_in else admission_texts.not_let_in(called(request))

    async def _let_in(self, request: AccessRequest, grant: Grant) -> bool:
        inbound = Inbound(
            external_id=request.id,
            address=request.address,
            sender=request.sender,
            what=Added(),
            room=request.room is not None,
        )
        if grant.session is None or not await self.guests.let_in(inbound, grant):
            return False
        welcome = admission_texts.YOU_ARE_IN
        if request.room:
            by = await self.cards.called(grant.by)
            welcome = admission_texts.guest_is_in(called(request), by)
        push = Push(
            source=Source(kind="background", name="bridge"),
            content=ours(welcome),
            to=() if request.room else (grant.who,),
            key=f"admitted:{request.id}",
        )
        await told(self.sessions, grant.session, push)
        return True


def _row(asked: AccessRequest, app: str) -> RequestRow:
    return RequestRow(
        number=asked.id,
        name=called(asked),
        user=asked.user,
        app=app,
        words=asked.words,
        at=asked.at,
        room=asked.title if asked.room else None,
    )


async def _refuse_room(store: Store, request: AccessRequest) -> None:
    """Refuse to let anybody in by what was asked in private where others read by now."""
    place = await store.conversation_at(request.address)
    is_read = request.read or (place is not None and place.room)
    if request.room is None and is_read:
        raise Refused(admission_texts.ASKED_IN_WHAT_IS_A_ROOM)


async def _take_back(guests: Guests, grant: Grant, why: str) -> None:
    """Let in nobody after all, and tell the owner who would have."""
    log.info("not let in", grant=grant.id, why=why)
    await guests.undoing.drop(grant)
    push = Push(
        source=Source(kind="background", name="bridge"),
        content=ours(why),
        to=(grant.by,),
        key=f"not admitted:{grant.id}",
    )
    await told(guests.sessions, SHARED, push)


async def _decided_already(cards: AccessCards, request: AccessRequest) -> str:
    if request.by is None:
        return admission_texts.DECIDED_BY_NOBODY
    return admission_texts.decided_already(await cards.called(request.by))


@dataclass(slots=True)
class AccessAsking:
    admission: Admission
    places: Places
    answers: AccessRequests
    clock: Clock

    def line(self, inbound: Inbound) -> str:
        """Return what a stranger is told who did not ask."""
        account = self.admission.account(inbound.address.channel)
        may_ask = account.strangers == "ask" and not inbound.room
        return admission_texts.ASK_HOW if may_ask else texts.UNKNOWN_SENDER

    async def ask(self, inbound: Inbound, words: str) -> Reply | None:
        """Take in that a stranger asks to be let in; return what they are told, if anything."""
        channel, room = inbound.address.channel, await self._room(inbound)
        if why := await self._objection(inbound, room):
            log.info("not asked", channel=channel, why=why)
            return self.admission.told(inbound.sender, texts.UNKNOWN_SENDER)
        if not self.admission.may_ask_who(inbound.sender):
            log.info("not asked", channel=channel, why="too often")
            return None
        number = "".join(secrets.choice(CODE_ALPHABET) for _ in range(NUMBER_LENGTH))
        new = kept.asked(number, inbound, words, self.clock.now(), room=room)
        why = await self._open(new, inbound)
        log.info("asked to be let in", channel=channel, request=number, why=why or "opened")
        await self._show_theirs(inbound)
        text = admission_texts.ASK_LATER if why == "full" else admission_texts.ASKED
        return Reply(text=text)

    async def _room(self, inbound: Inbound) -> SessionId | None:
        """Return the session of the room in which someone asks, if it is one that follows any."""
        place = await self.places.at(inbound) if inbound.room else None
        return place.session if place is not None else None

    async def _objection(self, inbound: Inbound, room: SessionId | None) -> str:
        """Return why someone may not even ask, in words for the log; "" when they may."""
        if self.admission.account(inbound.address.channel).strangers != "ask":
            return "the configuration refuses strangers"
        if not inbound.sender.proven:
            return "nobody vouches for the id"
        if inbound.room and room is None:
            return "the room follows nothing"
        who = await self.places.known(inbound.sender)
        if who is not None and who in (await self.admission.book()).out:
            return "removed from the bridge"
        place = await self.places.at(inbound)
        if await self.places.is_anothers(inbound.sender, who, place):
            return "somebody else's place"
        return ""

    async def _open(self, new: AccessRequest, inbound: Inbound) -> Refusal:
        """Keep a new request; return why there is none, if so."""
        why: Refusal = ""

        def opened(requests: Requests) -> Requests | None:
            nonlocal why
            why = kept.refusal(requests, new, inbound.sender, self.clock.now())
            return None if why else (*requests, new)

        await self.answers.requests.change(opened)
        return why

    async def _show_theirs(self, inbound: Inbound) -> None:
        for each in await self.answers.waiting():
            is_theirs = each.account == inbound.address.channel
            if is_theirs and each.identity in inbound.sender.identities:
                await self.answers.cards.show(each)
