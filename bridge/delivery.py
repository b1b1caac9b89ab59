"""What a place has still to be shown, sans I/O: a pure plan from the log and the receipts.

The rules:

- A lane shows the events past its cursor in their order, each in one or more parts. A part's id is
  "{seq}:{start}": the event, and where in its text the part begins. A settled part is never sent
  again, and planning resumes where the last settled part ended, so that a changed splitter neither
  loses nor repeats text.
- A part whose receipt says `attempted` may or may not have been shown. A channel that can find out
  is asked; else it is sent once more and marked, for a marked repeat is better than a loss. After
  `MAX_ATTEMPTS` it is `unknown` for good, and a line says what could not be shown. Changing a
  message is the same done twice, so it is simply done again. When, says `bridge.retry`.
- What a platform refused is shown in less, as its receipt says (`bridge.lesser`). Of what it
  refused in every form a line says that it is missing, and where it is to be read.
- What was said in a place is not shown there again: its origin receipt is settled.
- A lane's one preview message is kept `attempted` as "preview:{run}" while it lives, whichever run
  writes it. The final text takes its place by an edit where the preview itself told people (the
  place cannot be silent), if the run was short and nothing was shown since; else it arrives as a
  new message, of which people are told, and the preview is taken back. Of a message in several
  parts people are told once, at its first.
- Far behind (see `bridge.recap`), a lane gets one recap whose receipt covers the range.
- A plan ends where the next step depends on what a place has to say first: before an event that
  changes or answers what this very plan shows, after a part to be resolved, and before the buttons
  of a call of which this very plan shows the beginning.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bridge import notify, texts
from bridge.cutting import (
    Cut,
    cuts,
    fits,
    incomplete,
    length,
    marked,
    opening,
    quoted,
    text_at,
)
from bridge.events import (
    Event,
    RunFinished,
)
from bridge.ids import MessageId, PartId, Seq
from bridge.lesser import lesser
from bridge.parts import SETTLED, Part, Receipt, ReceiptState, Sent, Span, Why
from bridge.recap import Recap, digest, recap_part
from bridge.retry import MAX_ATTEMPTS, still_asks
from bridge.showing import Amending, Muted, Place, Retracting, Scene, Showing, referred, show
from bridge.shown import Shown, is_preview, live_preview, loss_id, part_id
from bridge.steps import Advance, Note, Resolve, Retract, Show, Step

SHORT_RUN = timedelta(seconds=10)
"""How long a run may take for its answer to replace its preview: people are still looking."""

LOSS_ATTEMPTS = 3
"""How often the line that tells of a loss is sent, at most."""


def resolved(receipt: Receipt, sent: Sent | None) -> Receipt:
    """Return the receipt of a part of unknown outcome once it is known."""
    if is_preview(receipt):
        message = sent.message if sent else None
        return replace(receipt, state="attempted" if sent else "failed", message=message)
    if sent is None:
        return replace(receipt, state="owed", tries=receipt.tries - 1)
    return replace(receipt, state=sent.state, message=sent.message)


# -- the plan -------------------------------------------------------------------------------------


def plan(
    place: Place, events: Sequence[Event], receipts: Sequence[Receipt], scene: Scene
) -> tuple[Step, ...]:
    """Return what to do, in order, so that the place has been shown these events.

    `events` are those past the cursor; `receipts` those of these events, of what they refer to, of
    everything since the live preview began, and every unsettled one of the lane. Asked again after
    any of the steps, it returns the rest.
    """
    planner = _Planner(place, scene, receipts)
    lost = planner.lost_preview()
    if lost is not None:
        return (lost,)
    due = digest(place, events, planner.receipts, scene)
    steps = planner.recap(due) if isinstance(due, Recap) else planner.events(due)
    return tuple(_until_resolved(steps))


def _until_resolved(steps: Iterator[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step, Resolve):
            return


class _Planner:
    """One planning. It keeps what its own steps will have changed by the time they are done."""

    def __init__(self, place: Place, scene: Scene, receipts: Sequence[Receipt]) -> None:
        self.place = place
        self.scene = scene
        self.receipts: Mapping[PartId, Receipt] = {each.part: each for each in receipts}
        self.shown = Shown(self.receipts)
        self.preview = live_preview(receipts)
        self.sent: set[Seq] = set()
        self.lost: set[Seq] = set()
        self.claimed = self.shown.messages()
        self.covered = self.preview is not None and self.shown.is_covered(self.preview)
        self.halted = False

    def events(self, events: Sequence[Event]) -> Iterator[Step]:
        at = 0
        while at < len(events) and not referred([events[at]]) & self.sent:
            event, together = (
                events[at],
                notify.batch(events, at, self.place, self.shown, self.scene),
            )
            if together is None:
                return
            if together:
                yield from self._fold(together)
            else:
                steps = [*self._event(event), *self._loss(event)]
                yield from steps
                if self.halted:
                    return
                if steps or event is events[-1]:
                    yield Advance(to=event.seq)
            at += len(together) or 1
        session = self.place.session
        if at == len(events) and session.open_run is None and session.wanted <= session.position:
            yield from self._drop_preview()

    def _fold(self, together: Sequence[Event]) -> Iterator[Step]:
        first, last = together[0].seq, together[-1].seq
        showing = Showing(text=notify.summary(together), priority="notice", silent=True)
        yield from self._sum_up(notify.folded_part(first), first, last, showing)
        yield Advance(to=last)

    def recap(self, summary: Recap) -> Iterator[Step]:
        showing = Showing(text=summary.text, priority="notice")
        yield from self._sum_up(recap_part(summary.first), summary.first, summary.upto, showing)
        yield from self._told_of_loss(summary.first, texts.RECAP_LOST, texts.RECAP_REFUSED)
        for event in summary.whole:
            yield from self._event(event)
            if self.halted:
                return
            yield from self._loss(event)
        yield Advance(to=summary.upto)

    def _sum_up(self, part: PartId, first: Seq, upto: Seq, showing: Showing) -> Iterator[Step]:
        """Show one text for a range of events."""
        span = Span(start=0, end=len(showing.text))
        text = opening(showing.text, self.place.capabilities)
        yield from self._attend(
            replace(self._part(part, first, showing, span), upto=upto, text=text)
        )

    # -- one event

    def _event(self, event: Event) -> Iterator[Step]:
        match show(event, self.place, self.scene):
            case Showing() as showing:
                yield from self._message(event, showing)
            case Amending() as amending:
                yield from self._amendment(event, amending)
            case Retracting(target=target):
                yield from self._retraction(target)
            case Muted():
                yield from self._skip(event.seq, "muted")
            case None:
                pass
        match event.body:
            case RunFinished(outcome="completed" | "paused" | "silent" | "cancelled"):
                yield from self._drop_preview()
            case _ if self.preview is not None and self.preview.message in self.claimed:
                yield from self._drop_preview()
            case _:
                pass

    def _message(self, event: Event, showing: Showing) -> Iterator[Step]:
        start = self.shown.resume_at(event.seq, length(showing))
        if start is None:
            return
        doubt = self.shown.doubt(event.seq, start)
        found = self._cuts(showing, start, doubt)
        if not found:
            yield from self._skip(event.seq, "unsupported")
        written = [each for each in found if each.text]
        pressed = max(written, default=None, key=lambda each: each.span.start)
        for each in found:
            guarded = showing.guarded if each is pressed else None
            if guarded is not None and each is not found[0]:
                self.halted = True
                return
            span, first = each.span, each.span.start == 0
            part = replace(
                self._part(part_id(event.seq, span.start), event.seq, showing, span),
                text=each.text,
                attachments=each.files,
                buttons=showing.buttons if each is pressed else (),
                edits=self._preview_to_replace(event, each, showing),
                silent=showing.silent or not first,
            )
            repeated = doubt is not None and start < span.start < doubt.span.end
            if guarded is not None and self.shown.lacks(event.seq, span.start):
                part = incomplete(part, guarded)
            yield from self._attend(marked(part) if repeated else part)

    def _cuts(self, showing: Showing, start: int, doubt: Receipt | None) -> Sequence[Cut]:
        """Cut a message from `start` on, and where a part of unknown outcome ends."""
        limits = self.place.capabilities
        found = cuts(showing, limits, start=start)
        if doubt is None or not found or found[0].span.end == doubt.span.end:
            return found
        end = doubt.span.end
        again = cuts(showing, limits, start=start, end=end)
        return (
            *([Cut(span=doubt.span)] if self._is_given_up(doubt) else again),
            *cuts(showing, limits, start=end),
        )

    def _amendment(self, event: Event, amending: Amending) -> Iterator[Step]:
        copies = self.shown.copies(amending.target, upto=len(amending.was))
        if amending.to.attachments and self.shown.was_shown(amending.target):
            yield from self._message(event, amending.to)
            yield from self._retraction(amending.target)
            return
        if not copies:
            return
        limits = self.place.capabilities
        if len(copies) == 1 and fits(amending.to, limits) and limits.edits:
            span = Span(start=0, end=len(amending.to.text))
            part = self._part(part_id(event.seq, 0), event.seq, amending.to, span)
            yield from self._attend(replace(part, edits=copies[0].message))
        elif amending.instead is not None:
            yield from self._unbuttoned(event, amending, copies)
            yield from self._message(event, amending.instead)
        else:
            yield from self._skip(event.seq, "unsupported")

    def _unbuttoned(
        self, event: Event, amending: Amending, copies: Sequence[Receipt]
    ) -> Iterator[Step]:
        """Take the buttons off the last copy, whose words stay as they are."""
        last = max(copies, key=lambda each: each.span.start)
        limits = self.place.capabilities
        words = text_at(last.span, replace(amending.to, text=amending.was), limits)
        if limits.edits and limits.buttons and words:
            look = replace(amending.to, text=words)
            part = self._part(PartId(f"{event.seq}:card"), event.seq, look, last.span)
            yield from self._attend(replace(part, edits=last.message))

    def _retraction(self, target: Seq) -> Iterator[Step]:
        if not self.place.capabilities.deletes:
            return
        for copy in self.shown.copies(target):
            if copy.message is not None:
                yield Retract(message=copy.message, receipt=self._became(copy, "deleted"))

    def _loss(self, event: Event) -> Iterator[Step]:
        """Tell in a line what could not be shown of an event, if anything."""
        match show(event, self.place, self.scene):
            case Showing(text=text, speaker=speaker):
                unknown = texts.not_shown(quoted(text), speaker)
                yield from self._told_of_loss(event.seq, unknown, texts.not_taken(speaker))
            case Amending(to=to):
                unknown = texts.not_changed(quoted(to.text))
                yield from self._told_of_loss(event.seq, unknown, texts.CHANGE_NOT_TAKEN)
            case _:
                pass

    def _told_of_loss(self, seq: Seq, unknown: str, refused: str) -> Iterator[Step]:
        refusal = self.shown.refusal(seq)
        if refusal or seq in self.lost or self.shown.has_lost(seq):
            text = texts.coded(refused, refusal.code) if refusal else unknown
            showing = Showing(text=text, priority="notice")
            span = Span(start=0, end=0)
            part = self._part(loss_id(seq), seq, showing, span)
            yield from self._attend(replace(part, text=opening(text, self.place.capabilities)))

    def _skip(self, seq: Seq, why: Why) -> Iterator[Step]:
        part = part_id(seq, 0)
        if part not in self.receipts:
            yield Note(receipt=self._receipt(part, seq, why))

    # -- the preview

    def lost_preview(self) -> Resolve | None:
        """Return how to find a preview message that a process died while sending."""
        preview = self.preview
        if preview is None or preview.message is not None or not self._may_resolve(preview):
            return None
        showing = Showing(text="", priority="preview", silent=True)
        part = self._part(preview.part, preview.source, showing, preview.span)
        return Resolve(part=part, receipt=preview)

    def _preview_to_replace(self, event: Event, cut: Cut, showing: Showing) -> MessageId | None:
        preview, begins = self.preview, cut.span.start == 0 and not cut.files
        if not begins or not showing.closes or preview is None or self.covered:
            return None
        limits = self.place.capabilities
        short = event.at - preview.at < SHORT_RUN
        return preview.message if short and limits.edits and not limits.silent else None

    def _drop_preview(self) -> Iterator[Step]:
        preview, self.preview = self.preview, None
        if preview is None:
            return
        if preview.message is None:
            yield Note(receipt=self._became(preview, "unknown"))
        elif preview.message in self.claimed:
            yield Note(receipt=replace(self._became(preview, "skipped"), why="edited"))
        else:
            yield Retract(message=preview.message, receipt=self._became(preview, "deleted"))

    # -- one part

    def _attend(self, part: Part) -> Iterator[Step]:
        """Yield what a part needs, by what is known of it."""
        receipt = self.receipts.get(part.id)
        if receipt is not None and receipt.state in SETTLED:
            return
        if receipt is not None:
            part = lesser(part, receipt.why, self.place.capabilities)
        self.sent.add(part.source)
        if receipt is None:
            yield self._shown(part, tries=1)
        elif receipt.state == "attempted":
            yield self._again(part, receipt)
        else:
            repeats = receipt.tries > 0 and part.edits is None
            again = self._shown(marked(part) if repeats else part, tries=receipt.tries + 1)
            yield replace(again, code=receipt.code if part.less else "")

    def _again(self, part: Part, receipt: Receipt) -> Step:
        edits = receipt.message or part.edits
        if edits is not None:
            return self._shown(replace(part, edits=edits), tries=receipt.tries + 1)
        self.covered = True
        if self._may_resolve(receipt):
            return Resolve(part=part, receipt=receipt)
        if self._is_given_up(receipt):
            self.lost.add(part.source)
            return Note(receipt=self._became(receipt, "unknown"))
        return self._shown(marked(part), tries=receipt.tries + 1)

    def _shown(self, part: Part, *, tries: int) -> Show:
        if part.edits is not None:
            self.claimed.add(part.edits)
        else:
            self.covered = True
        return Show(part=part, tries=tries)

    def _may_resolve(self, receipt: Receipt) -> bool:
        asks = still_asks(receipt.code, self.scene.now - receipt.at)
        return self.place.capabilities.resolves and asks

    def _is_given_up(self, receipt: Receipt) -> bool:
        is_loss = receipt.part == loss_id(receipt.source)
        most = LOSS_ATTEMPTS if is_loss else MAX_ATTEMPTS
        return receipt.tries >= most and not self._may_resolve(receipt)

    def _part(self, part: PartId, seq: Seq, showing: Showing, span: Span) -> Part:
        return Part(
            id=part,
            session=self.place.session.id,
            conversation=self.place.conversation.id,
            source=seq,
            upto=seq,
            span=span,
            text=showing.text,
            speaker=showing.speaker,
            reply_to=self.shown.first_message(showing.reply_to),
            priority=showing.priority,
            silent=showing.silent,
        )

    def _receipt(self, part: PartId, seq: Seq, why: Why) -> Receipt:
        return Receipt(
            session=self.place.session.id,
            conversation=self.place.conversation.id,
            part=part,
            source=seq,
            upto=seq,
            span=Span(start=0, end=0),
            state="skipped",
            at=self.scene.now,
            why=why,
        )

    def _became(self, receipt: Receipt, state: ReceiptState) -> Receipt:
        return replace(receipt, state=state, at=self.scene.now)
