"""A lane for tests of the delivery plan: receipts, a place, and a courier that may die anywhere.

It does what a plan says, one deed at a time, against a place that shows messages in a list. A deed
is what a process may die before or after: a receipt kept, a message sent, a cursor moved.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from bridge.delivery.plan import plan, resolved
from bridge.delivery.rendering import Place, Scene, referred
from bridge.delivery.shown_receipts import live_preview, owed_before, preview_id
from bridge.delivery.steps import Advance, Note, Resolve, Retract, Show, Step
from bridge.domain.events import Body, Event
from bridge.domain.ids import START, ChannelName, ConversationId, MessageId, PartId, Seq
from bridge.domain.parts import (
    SETTLED,
    Address,
    Capabilities,
    Conversation,
    Part,
    Receipt,
    Sent,
    Span,
)
from bridge.domain.wording import SpokenLanguages
from bridge.session.fold import Session, evolve
from tests.playbook import ADA, AT, BOB, DM, HERE, ROOM, seconds

RICH = Capabilities(
    edits=True, deletes=True, buttons=True, previews=True, silent=True, resolves=True
)
PLAIN = Capabilities()
LOUD = replace(RICH, silent=False)
"""Whatever is shown there rings, a preview too."""

Fate = Literal["taken", "lost", "late", "refused"]
"""What becomes of a message: it is shown; it is not, or it is, without a word; it is refused."""


class Died(Exception):
    """The process died."""


@dataclass
class Lane:
    """One place that follows a session. `fates` are those of the next messages sent."""

    capabilities: Capabilities = RICH
    conversation: ConversationId = DM
    is_room: bool = False
    now: datetime = AT
    session: Session = field(default_factory=lambda: Session(id=HERE))
    events: list[Event] = field(default_factory=list)
    cursor: Seq = START
    receipts: dict[PartId, Receipt] = field(default_factory=dict)
    messages: dict[MessageId, Part] = field(default_factory=dict)
    fates: list[Fate] = field(default_factory=list)
    deeds_left: int | None = None
    sent: int = 0
    hushed: frozenset[Seq] = frozenset()
    spoken: SpokenLanguages = SpokenLanguages()  # noqa: RUF009 - it is frozen
    labels: frozenset[str] = frozenset()

    # -- what happens in the session

    def append(self, *bodies: Body) -> Seq:
        """Append what happened and return the number of the last of it."""
        for body in bodies:
            self.now += seconds(0.01)
            event = Event(session=HERE, seq=self.session.head + 1, at=self.now, body=body)
            self.events.append(event)
            self.session = evolve(self.session, event)
        return self.session.head

    def said_here(self, body: Body) -> Seq:
        """Append what someone said in this very place."""
        seq = self.append(body)
        self._keep(
            Receipt(
                session=HERE,
                conversation=self.conversation,
                part=PartId(f"{seq}:0"),
                source=seq,
                upto=seq,
                span=Span(start=0, end=len(body.content.text)),
                state="skipped",
                at=self.now,
                message=MessageId(f"theirs_{seq}"),
                why="origin",
            )
        )
        return seq

    def preview(self, text: str) -> None:
        """Show the text being written, as the courier does once the place is up to date."""
        while self.deliver():
            self.now += seconds(0.001)
        run = self.session.open_run
        if run is None or not self.capabilities.previews:
            return
        known = live_preview(self._receipts(()))
        if known is not None:
            if known.message is not None:
                self._deed()
                shown = self.messages[known.message]
                self.messages[known.message] = replace(shown, id=known.part, text=text)
            return
        part = Part(
            id=preview_id(run.run),
            session=HERE,
            conversation=self.conversation,
            source=run.started,
            upto=run.started,
            span=Span(start=0, end=0),
            text=text,
        )
        receipt = self._receipt(part, 1)
        self._keep(receipt)
        self._deed()
        message = self._place(part)
        self._keep(replace(receipt, message=message))

    # -- the courier

    def settle(self, *, deeds: int | None = None) -> None:
        """Deliver until there is nothing to do, or until the process dies after so many deeds."""
        self.deeds_left = deeds
        try:
            for _ in range(500):
                if not self.deliver():
                    return
                self.now += seconds(0.001)
            raise AssertionError("the lane never comes to rest")
        except Died:
            pass
        finally:
            self.deeds_left = None

    def deliver(self) -> bool:
        """Do one plan, up to the first failure; False when there was nothing to do."""
        steps = self.steps()
        for step in steps:
            if not self.do(step):
                break
        return bool(steps)

    def steps(self) -> Sequence[Step]:
        """Return the plan as it is now."""
        unsettled = self._receipts(())
        owed = owed_before(unsettled, self.cursor)
        events = [event for event in self.events if event.seq in owed]
        events = events or [event for event in self.events if event.seq > self.cursor]
        if not events and not unsettled:
            return ()
        sources = {event.seq for event in events} | referred(events)
        preview = live_preview(unsettled)
        if preview is not None and events:
            sources |= set(range(preview.source + 1, events[-1].seq + 1))
        return plan(self.place(), events, self._receipts(sources), self.scene(events))

    def place(self) -> Place:
        conversation = Conversation(
            id=self.conversation,
            address=Address(channel=ChannelName("chat"), place="here"),
            room=self.is_room,
            session=HERE,
            cursor=self.cursor,
        )
        return Place(
            session=self.session,
            conversation=conversation,
            capabilities=self.capabilities,
            hushed=self.hushed,
            spoken=self.spoken,
        )

    def scene(self, events: Iterable[Event]) -> Scene:
        wanted = referred(list(events))
        return Scene(
            now=self.now,
            names={ADA: "Ada", BOB: "Bob"},
            places={DM: "Telegram", ROOM: "Slack"},
            related={each.seq: each for each in self.events if each.seq in wanted},
            labels=self.labels,
        )

    # -- one step

    def do(self, step: Step) -> bool:
        """Do a step; False when the plan must be made anew."""
        match step:
            case Show(part=part, tries=tries, code=code):
                return self._show(part, replace(self._receipt(part, tries), code=code))
            case Resolve(part=part, receipt=receipt):
                self._deed()
                found = [key for key, each in self.messages.items() if each.id == part.id]
                sent = Sent(message=found[0]) if found else None
                self._keep(resolved(receipt, sent))
                return False
            case Retract(message=message, receipt=receipt):
                if self.capabilities.deletes:
                    self._deed()
                    self.messages.pop(message, None)
                self._keep(receipt)
            case Note(receipt=receipt):
                self._keep(receipt)
            case Advance(to=to):
                self._deed()
                self.cursor = max(self.cursor, to)
        return True

    def _show(self, part: Part, receipt: Receipt) -> bool:
        assert len(part.text) <= self.capabilities.max_chars
        self._keep(receipt)
        fate = self.fates.pop(0) if self.fates else "taken"
        if fate == "refused":
            self._keep(replace(receipt, state="owed", tries=receipt.tries - 1, message=None))
            return False
        message = part.edits
        if fate in {"taken", "late"}:
            self._deed()
            message = self._place(part)
        if fate in {"lost", "late"}:
            return False
        self._keep(replace(receipt, state="sent", message=message))
        return True

    def _place(self, part: Part) -> MessageId:
        if part.edits is not None:
            assert part.edits in self.messages, "only what is there can be changed"
            self.messages[part.edits] = part
            return part.edits
        self.sent += 1
        message = MessageId(f"ours_{self.sent}")
        self.messages[message] = part
        return message

    def _receipt(self, part: Part, tries: int) -> Receipt:
        return Receipt(
            session=HERE,
            conversation=self.conversation,
            part=part.id,
            source=part.source,
            upto=part.upto,
            span=part.span,
            state="attempted",
            at=self.now,
            message=part.edits,
            tries=tries,
        )

    def _receipts(self, sources: Collection[Seq]) -> Sequence[Receipt]:
        found = [
            each
            for each in self.receipts.values()
            if each.source in sources or each.state not in SETTLED
        ]
        return sorted(found, key=lambda each: (each.source, each.part))

    def _keep(self, receipt: Receipt) -> None:
        self._deed()
        self.receipts[receipt.part] = receipt

    def _deed(self) -> None:
        if self.deeds_left is not None:
            if self.deeds_left == 0:
                raise Died
            self.deeds_left -= 1

    # -- what people see

    def texts(self) -> list[str]:
        """Return the text of every message of ours, from the top."""
        return [part.text for part in self.messages.values()]

    def words(self) -> list[str]:
        """Return the numbered words people see, from the top."""
        return [word for text in self.texts() for word in re.findall(r"\b\d+-\d+\b", text)]


def numbered(seq: Seq, count: int) -> str:
    """Return a text of words that are found again wherever it was cut: "7-0 7-1 7-2"."""
    return " ".join(f"{seq}-{number}" for number in range(count))
