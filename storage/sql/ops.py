"""What is asked of the writer, beside `storage.append_rules.Append`."""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.ids import ConversationId, ParticipantId, Seq, SessionId
from bridge.domain.parts import Address, Receipt, ReceiptState
from bridge.ports.store import FactChange
from storage.append_rules import Append, Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepReceipt:
    """`over`: the states of which the receipt that is there has to be in one, None for any."""

    receipt: Receipt
    over: tuple[ReceiptState, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    session: SessionId
    conversation: ConversationId
    to: Seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Postpone:
    session: SessionId
    conversation: ConversationId
    until: datetime | None
    tries: int
    error: str
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Revive:
    conversation: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    session: SessionId
    head: Seq
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSnapshot:
    session: SessionId
    seq: Seq
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSession:
    session: SessionId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSession:
    session: SessionId
    whole: Whole
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol:
    participant: ParticipantId
    name: str
    realm: str
    user: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    participant: ParticipantId
    was: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetIdentity:
    realm: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    conversation: ConversationId
    address: Address
    room: bool
    title: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    conversation: ConversationId
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueToken:
    digest: str
    participant: ParticipantId
    label: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeTokens:
    participant: ParticipantId
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepFact:
    scope: str
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropFact:
    scope: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    changes: tuple[FactChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """`rows`: each event's seq, its kind and its new encoded body. `expect`: the head."""

    session: SessionId
    rows: tuple[tuple[Seq, str, str], ...]
    expect: Seq | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetPlace:
    conversation: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetHeard:
    """`names`: ids of people and places, as they stand in what the platforms call a message."""

    names: tuple[str, ...]


Forgetting = Rewrite | ForgetPlace | ForgetHeard
Enlisting = (
    CreateSession
    | PutSession
    | Enrol
    | Rename
    | ForgetIdentity
    | Register
    | Move
    | IssueToken
    | RevokeTokens
)
FactWrite = KeepFact | DropFact | ChangeFacts
LaneChange = Advance | Postpone | Revive
Op = Append | KeepReceipt | LaneChange | Settle | KeepSnapshot | Enlisting | Forgetting | FactWrite
