"""Who asks to be let in, sans I/O: what is kept of it, how much, and what becomes of it.

The rules:

- All requests are one list, kept as one text: it is changed whole, or not at all.
- One identity has one request at an account. At most MOST_OF_ACCOUNT of an account wait, MOST in
  all, and at most MOST_A_DAY are opened within a day, however quickly they are decided.
- A request waits for LIFE. One that was denied is remembered as long after that as an identity and
  nothing else: whoever asks again meanwhile is told what one who waits is told, and nobody hears.
- The first decision counts. What follows from it is done afterwards and can be done twice; until
  it is done, the whole request is kept.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bridge.domain.display_names import clean_line, clean_name, own_name
from bridge.domain.ids import ChannelName, ParticipantId, Seq, SessionId
from bridge.domain.inbound import Identity, Inbound, Sender
from bridge.domain.parts import Address
from bridge.domain.waits import is_over
from bridge.session.routing import Decision

MOST, MOST_OF_ACCOUNT, MOST_A_DAY = 10, 3, 20
LIFE = timedelta(days=7)
DAY = timedelta(days=1)

LONGEST_WORDS = 200
"""Characters of what someone says of themselves."""

_QUOTES = str.maketrans("", "", "“”„‟«»")
"""What could seem to end the words where they are quoted."""

State = Literal["open", "allow", "deny", "expired"]
Refusal = Literal["", "waits", "denied", "full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Where owners were told of a request: an event of a session."""

    session: SessionId
    seq: Seq


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """Someone who asks to be let in. Times are in ISO 8601; `until` is when this is forgotten.

    `room` is the room's session where it was asked in one, None for a private place; `read`: others
    were seen to read that private place since. `by` decided it; `done`: all that follows from that
    was done, and no more is kept than it takes.
    """

    id: str
    account: ChannelName
    realm: str
    user: str
    name: str
    place: str
    at: str
    until: str
    room: SessionId | None = None
    title: str = ""
    words: str = ""
    state: State = "open"
    by: ParticipantId | None = None
    done: bool = False
    read: bool = False
    cards: tuple[Card, ...] = ()

    @property
    def identity(self) -> Identity:
        return Identity(realm=self.realm, user=self.user)

    @property
    def sender(self) -> Sender:
        return Sender(realm=self.realm, user=self.user, name=self.name)

    @property
    def address(self) -> Address:
        return Address(channel=self.account, place=self.place)


Requests = tuple[AccessRequest, ...]


def asked(
    number: str, inbound: Inbound, words: str, now: datetime, *, room: SessionId | None = None
) -> AccessRequest:
    """Return the request that someone makes."""
    return AccessRequest(
        id=number,
        account=inbound.address.channel,
        realm=inbound.sender.realm,
        user=inbound.sender.user,
        name=own_name(inbound.sender.name),
        place=inbound.address.place,
        at=now.isoformat(),
        until=(now + LIFE).isoformat(),
        room=room,
        title=clean_name(inbound.title) if room else "",
        words=clean_line(words.translate(_QUOTES), LONGEST_WORDS),
    )


def refusal(requests: Requests, new: AccessRequest, sender: Sender, now: datetime) -> Refusal:
    """Return why a request is not opened; "" when it is."""
    theirs = [
        each
        for each in requests
        if each.account == new.account and each.identity in sender.identities
    ]
    if any(each.state == "open" for each in theirs):
        return "waits"
    if any(each.state == "deny" for each in theirs):
        return "denied"
    opened = [each for each in requests if each.state == "open"]
    here = [each for each in opened if each.account == new.account]
    lately = [each for each in requests if abs(now - datetime.fromisoformat(each.at)) < DAY]
    is_full = len(opened) >= MOST or len(here) >= MOST_OF_ACCOUNT or len(lately) >= MOST_A_DAY
    return "full" if is_full else ""


def find(requests: Requests, number: str) -> AccessRequest | None:
    """Return a request by its id, however it is spelt."""
    meant = number.strip().upper()
    return next((each for each in requests if each.id == meant), None)


def changed(requests: Requests, request: AccessRequest) -> Requests:
    """Return the requests with this one in place of what it was."""
    return tuple(request if each.id == request.id else each for each in requests)


def decided(
    request: AccessRequest, decision: Decision, by: ParticipantId, now: datetime
) -> AccessRequest:
    """Return an open request as it is once it was decided."""
    return replace(request, state=decision, by=by, until=(now + LIFE).isoformat())


def settled(request: AccessRequest) -> AccessRequest:
    """Return what is kept of a decided request once all that follows from it was done."""
    return replace(request, done=True, name="", words="", title="", cards=())


def in_time(requests: Requests, now: datetime) -> Requests:
    """Return the requests as they are by now: who waited too long is expired, the rest forgotten.

    What is still to be done for one is not forgotten.
    """
    kept = []
    for each in requests:
        if not is_over(datetime.fromisoformat(each.until), now=now, longest=LIFE):
            kept.append(each)
        elif each.state == "open":
            kept.append(replace(each, state="expired"))
        elif not each.done:
            kept.append(each)
    return tuple(kept)


def dump(requests: Requests) -> str:
    return json.dumps([asdict(each) for each in requests])


def load(body: str | None) -> Requests:
    """Return the requests that a text keeps."""
    return tuple(_request(**each) for each in json.loads(body or "[]"))


def _request(*, cards: Sequence[dict[str, object]], **fields: object) -> AccessRequest:
    known = tuple(Card(**each) for each in cards)  # type: ignore[arg-type]
    return AccessRequest(cards=known, **fields)  # type: ignore[arg-type]
