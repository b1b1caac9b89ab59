"""What the HTTP side asks of the engine: sessions, what passes beside the log, people, checks."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bridge.delivery.deliveries import Obstacle, Standing
from bridge.delivery.notify import Wish
from bridge.domain.commands import Command, Say
from bridge.domain.events import Event, Preview, Role
from bridge.domain.ids import (
    ConversationId,
    ParticipantId,
    RunId,
    Seq,
    SessionId,
)
from bridge.domain.inbound import Identity
from bridge.domain.parts import Address, Conversation
from bridge.domain.wording import Language
from bridge.ports.blobs import Blobs
from bridge.ports.store import Appended, Origin, Producer
from bridge.session.admission import Grant
from bridge.session.fold import Session
from bridge.session.invitations import Inviting


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Someone has a live view of a session open, in the client they call `place`."""

    participant: ParticipantId
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """What passes beside the log, as it stands: never appended, safe to miss.

    `revision` grows with every change of this session's glimpse.
    """

    revision: int
    previews: tuple[Preview, ...] = ()
    typing: tuple[ParticipantId, ...] = ()
    present: tuple[Presence, ...] = ()


class Live(Protocol):
    """The previews, typing and presence of each session: conflated values, never queues."""

    def show(self, session: SessionId, preview: Preview) -> None:
        """Replace the preview of a run; one of a lower revision is ignored."""

    def clear(self, session: SessionId, run: RunId) -> None:
        """Drop the preview of a run that is over."""

    def typing(self, session: SessionId, participant: ParticipantId) -> None:
        """Note that a person is writing; it wears off by itself after a few seconds."""

    def look(
        self, session: SessionId, participant: ParticipantId, view: str, *, visible: bool, seen: Seq
    ) -> None:
        """Note that a client shows someone the log up to `seen`, or shows them nothing any more.

        `view` is what the client calls itself. It wears off by itself after a minute.
        """

    def present(self, session: SessionId, presence: Presence) -> AbstractContextManager[None]:
        """Count someone as present while the context is open."""

    def glimpse(self, session: SessionId) -> Glimpse: ...

    async def changed(self, session: SessionId, *, after: int) -> Glimpse:
        """Return the newest glimpse as soon as its revision is above `after`."""


LetsIn = Callable[[ParticipantId, Session], Awaitable[bool]]
"""Says whether somebody is let in to a session by any app, or needs none."""


class Sessions(Protocol):
    """The one way to change a session: it decides, appends and wakes the workers.

    Raises `Refused` (the text is for the asker), `RunOver`, `NotFound`, `StoreUnavailable`,
    `ProducerFenced`, `ProducerGap`.
    """

    async def fold(self, session: SessionId) -> Session:
        """Return the session as folded up to its head. Raises `NotFound`."""

    async def refold(self, session: SessionId) -> None:
        """Fold a session from its start, since its log was rewritten."""

    async def submit(
        self,
        session: SessionId,
        command: Command,
        *,
        origin: Origin | None = None,
        producer: Producer | None = None,
    ) -> Appended:
        """Decide a command and append what follows.

        A refused command that has an origin or a producer is kept as answered:
        `Appended.reply.refused`; without either, `Refused` is raised.
        """

    async def hear(
        self,
        session: SessionId,
        spoken: Say,
        *,
        origin: Origin | None = None,
        producer: Producer | None = None,
    ) -> Appended:
        """Take in what a person typed: a slash command, the answer to a question, or a saying."""

    async def create(self, session: SessionId, *, title: str, owner: ParticipantId) -> None:
        """Make a session with its first participant. A repeat is a success."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """What a place is owed: so many events it was not shown, and so many parts that were begun.

    `upto` is the last event of its session, so that no more is dropped than was seen to be owed.

    `label` is what it is called where it is no place of an account: events are sent there.
    `failed` are events of late of which it lacks a part. `standing` is how the next of it stands,
    `error` what the platform said last.
    """

    lane: Conversation
    title: str
    upto: Seq
    behind: int
    parts: int
    failed: Sequence[Seq]
    standing: Standing
    error: str
    label: str = ""


class DeliveryAdmin(Protocol):
    """What becomes of what places are owed."""

    async def rows(self) -> Sequence[LaneRow]:
        """Return the places that are owed something, or lack something of late."""

    async def retry(self, conversation: ConversationId) -> None:
        """Try now whatever a place is owed, also where it was given up. Raises `NotFound`."""

    async def drop(
        self, conversation: ConversationId, *, by: ParticipantId, upto: Seq | None = None
    ) -> int:
        """Let a place be owed nothing up to an event; return how many it was behind of these.

        Without `upto`, nothing of what there is now. Raises `NotFound`, or `Refused` where
        something is under way there.
        """

    async def obstacle(self, lane: Conversation, session: Session) -> Obstacle:
        """Return why nothing is sent to a place just now."""

    def watching(
        self, conversations: Collection[ConversationId]
    ) -> AbstractContextManager[asyncio.Event]:
        """Yield an event that is set when something became of what these places are owed.

        It may be set for nothing, and a moment too late: whoever waits looks again by itself.
        """


@runtime_checkable
class Choosing(Protocol):
    """An agent with models to choose from, with `/model`.

    `models` are those it has names for, the usual one first. `refusal` returns why another one
    cannot be had, or ""; it may try it, for some seconds.
    """

    @property
    def models(self) -> Sequence[str]: ...

    async def refusal(self, model: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """That someone is in a session; `role` is "out" for someone who was put out of it."""

    session: SessionId
    title: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """What an operator sees of a person. `let_in` says by what, in words."""

    id: ParticipantId
    name: str
    owner: bool
    out: bool
    identities: Sequence[Identity]
    let_in: Sequence[str]
    sessions: Sequence[Membership]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """Someone who asks to be let in. `app` is what people call the account, `at` in ISO 8601.

    `room` is what the room is called in which they asked; None: they asked in private.
    """

    number: str
    name: str
    user: str
    app: str
    words: str
    at: str
    room: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invitation that was made: shown once. `links` send the code, or open the page with it."""

    code: str
    links: Sequence[str]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """An invitation that is good still; its code is shown no more.

    `left`: how many people may come yet. `earlier`: to what was said before. `browser`: by a link.
    """

    number: str
    by: ParticipantId
    role: Role
    uses: int
    left: int
    until: datetime
    earlier: bool
    browser: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """Someone in a session. `apps` are those in which a private place of theirs follows it.

    `owns_bridge`: nobody else takes their role, or removes them.
    """

    id: ParticipantId
    name: str
    role: Role
    apps: Sequence[str]
    owns_bridge: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MayDo:
    """What someone may do with the people of a session, where there is what it takes."""

    invite_to_apps: bool
    invite_to_browser: bool
    change_roles: bool
    remove: bool
    link_apps: bool
    answer_requests: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """What was done to forget somebody. `left` says in words what could not be taken back."""

    sessions: int
    events: int
    files: int
    left: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """How long a session keeps its words: `30d`, `forever`; `own`: that was chosen for it.

    `erased`: up to where it has none any more.
    """

    keep: str
    own: bool
    erased: Seq


class RetentionAdmin(Protocol):
    """How long sessions keep their words."""

    async def of(self, session: SessionId) -> Retained: ...

    async def choose(self, session: SessionId, wanted: str) -> None:
        """Let one keep them for `30d`, `forever`, or as the config says: `default`.

        Raises `Refused`.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceKept:
    """A private place of somebody. `app` is what people call the account."""

    id: ConversationId
    app: str
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKept:
    """What a session keeps of somebody: `events` by them, for them, or with their words."""

    id: SessionId
    title: str
    role: str
    events: Sequence[Event]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonKept:
    """All that is kept of somebody. `language` is the code of the one that they chose, or ""."""

    id: ParticipantId
    name: str
    since: datetime | None
    identities: Sequence[Identity]
    grants: Sequence[Grant]
    language: str
    wish: Wish
    places: Sequence[PlaceKept]
    sessions: Sequence[SessionKept]


class ForgetAdmin(Protocol):
    """What is kept of people. Raises `NotFound`."""

    async def export(self, who: ParticipantId) -> PersonKept:
        """Return all that is kept of somebody."""


class SessionPeopleAdmin(Protocol):
    """The people of one session, by their ids.

    What changes something raises `Refused`, and `NotFound` where nobody or nothing is so named. It
    returns what became of it, in words.
    """

    async def may_do(self, fold: Session, by: ParticipantId) -> MayDo: ...

    async def here(self, fold: Session, by: ParticipantId) -> Sequence[MemberRow]:
        """Return who is in a session, the strongest role first. Raises `Refused`."""

    async def give_role(
        self, fold: Session, by: ParticipantId, who: ParticipantId, role: Role
    ) -> str: ...

    async def remove(self, fold: Session, by: ParticipantId, who: ParticipantId) -> str:
        """Put someone out of a session; or leave it, of oneself."""

    async def invitations(self, fold: Session, by: ParticipantId) -> Sequence[InvitationRow]:
        """Return the open invitations into a session, whoever made them. Raises `Refused`."""

    async def revoke(self, fold: Session, by: ParticipantId, number: str) -> str:
        """End an invitation; whoever came by it stays."""

    async def link_code(self, fold: Session, by: ParticipantId) -> Invited:
        """Return a code that makes its sender this very person. Raises `Refused`."""


class WishAdmin(Protocol):
    """What rings for people, in all of their places."""

    async def of(self, who: ParticipantId, place: None) -> Wish: ...

    async def choose(self, who: ParticipantId, wish: Wish) -> None:
        """Let things ring as someone wishes. Raises `Refused` for hours that are none."""


class GuestAdmin(Protocol):
    """Who is invited into the browser, and what they may do. Raises `Refused`."""

    page: str
    """Where the page is opened; empty: not known yet."""

    def when_ended(self, ended: Callable[[ParticipantId], None]) -> None:
        """Have `ended` called with whoever's tokens are void from then on."""

    async def invite(self, fold: Session, by: ParticipantId, wanted: Inviting) -> Invited:
        """Invite somebody, for an owner of the session."""

    async def sign_in(self, code: str, name: str, digest: str) -> SessionId:
        """Let the token of this digest be of whoever has a good code; return their session."""

    async def may_read(self, who: ParticipantId, session: Session) -> bool:
        """Say whether the token of a participant of a session may read it."""

    async def may_begin(self, who: ParticipantId) -> bool:
        """Say whether a token may begin sessions."""

    async def may_bring(self, who: ParticipantId) -> bool:
        """Say whether a token may bring files."""


class RequestAdmin(Protocol):
    """Who asks to be let in. Raises `Refused` for nobody who may know, or no such request."""

    async def rows(self, by: ParticipantId) -> Sequence[RequestRow]:
        """Return who asks, the oldest first; for an owner of the bridge."""

    async def answer(self, number: str, by: ParticipantId, *, allow: bool) -> str:
        """Let someone in who asks, or do not; return what became of it, in words."""


class LanguageAdmin(Protocol):
    """In which language people are spoken to."""

    async def of_client(self, who: ParticipantId, accepts: str) -> Language:
        """Return in which language a client answers someone.

        What they chose, else what `accepts` has first, the `Accept-Language` of the client.
        """

    async def chosen(self, who: ParticipantId) -> str:
        """Return the code of the language that someone chose; "" for none in particular."""

    async def choose(self, who: ParticipantId, code: str) -> None:
        """Speak a language to someone from now on, in all of their apps; "" for none."""


class PeopleAdmin(Protocol):
    """Who is let in where, for whoever runs the bridge. Raises `NotFound`, `Refused`."""

    @property
    def access_requests(self) -> RequestAdmin: ...

    @property
    def languages(self) -> LanguageAdmin: ...

    @property
    def browser_guests(self) -> GuestAdmin: ...

    @property
    def in_session(self) -> SessionPeopleAdmin: ...

    @property
    def wishes(self) -> WishAdmin: ...

    @property
    def forgetting(self) -> ForgetAdmin: ...

    @property
    def retention(self) -> RetentionAdmin: ...

    async def rename(self, who: ParticipantId, name: str) -> str:
        """Call someone as they wish; return how that is written."""

    async def note_begun(self, who: ParticipantId, session: SessionId) -> None:
        """Let whoever began a session over HTTP end it."""

    async def everyone(self) -> Sequence[PersonRow]: ...

    async def remove(self, who: ParticipantId, by: ParticipantId) -> Sequence[str]:
        """Put someone out of everything; return the lines of the config that still name them."""

    async def forget(self, who: ParticipantId, by: ParticipantId, blobs: Blobs) -> Forgetting:
        """Remove someone from everything, and keep nothing of their words."""

    async def allow(self, who: ParticipantId, session: SessionId | None) -> Sequence[SessionId]:
        """Let someone in again who was put out, of one session or of the bridge."""

    async def unlink(self, number: str) -> str:
        """Take back what a code gave, by the number of it; return what became of it, in words."""

    async def owner_code(self, owner: ParticipantId) -> str:
        """Return a new owner's code; the one before is good no more."""
