"""What a place has still to be shown, sans I/O: a pure plan from the log and the receipts.

The rules:

- A lane shows the events past its cursor in their order, each in one or more parts. A part's id is
  "{seq}:{start}": the event, and where in its text the part begins. A settled part is never sent
  again, and planning resumes where the last settled part ended, so that a changed splitter neither
  loses nor repeats text. It is sent under the name of the log's epoch, so that no platform takes it
  for another one of the same number.
- A part whose receipt says `attempted` may or may not have been shown. A channel that can find out
  is asked; else it is sent once more and marked: a marked repeat is better than a loss. Changing a
  message is the same done twice, so it is simply done again. When, says `bridge.delivery.retry`.
- After `MAX_ATTEMPTS` a line says what may be missing, and is owed until the place takes it: what
  takes the line takes messages again. Then the part is attempted one last time; what fails even
  then fails for what it is, and is `unknown` for good. So no outage loses anything, however long,
  and no message that a platform never answers holds up what comes after it.
- What a platform refused is shown in less, as its receipt says (`bridge.delivery.lesser`). Of what
  it refused in every form a line says that it is missing, and where it is to be read.
- Of what was taken back, and could not be removed, a line says so. Not so where somebody was
  forgotten: that is told to whoever asked for it, and what is too old for the place is not tried.
- What was said in a place is not shown there again: its origin receipt is settled.
- A lane's one preview message is kept `attempted` as "preview:{run}" while it lives, whichever run
  writes it. The final text takes its place by an edit where the preview itself told people (the
  place cannot be silent), if the run was short and nothing was shown since; else it arrives as a
  new message, of which people are told, and the preview is taken back. Of a message in several
  parts people are told once, at its first.
- What is not to ring in the place is silent, and its receipt says so. A line that rings for it
  later (`bridge.delivery.notify`) is begun by its receipt, `owed`, and sent as any part is.
- What the bridge itself says of a place is said in the language that is spoken there.
- Far behind (see `bridge.delivery.recap`), a lane gets one recap whose receipt covers the range.
- A part of what the cursor is past, to which no plan comes any more, is left: what it shows was
  forgotten meanwhile, is not for this place by now, is shown by other parts, or is not lost. So a
  lane always comes to rest, and nothing holds up what comes after it.
- A plan ends where the next step depends on what a place has to say first: before an event that
  changes or answers what this very plan shows, after a part to be resolved, and before the buttons
  of a call of which this very plan shows the beginning.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bridge import texts
from bridge.delivery import folded, notify
from bridge.delivery.lesser import lesser
from bridge.delivery.part_splitter import (
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
from bridge.delivery.recap import Recap, digest, recap_part
from bridge.delivery.rendering import (
    Amending,
    Muted,
    Place,
    Reacting,
    Retracting,
    Scene,
    Showing,
    referred,
    show,
)
from bridge.delivery.retry import MAX_ATTEMPTS, MAX_CHANGES, still_asks
from bridge.delivery.shown_receipts import (
    SILENT,
    UNSEEN,
    ShownReceipts,
    is_loss,
    is_preview,
    is_unseen,
    left_over,
    live_preview,
    loss_id,
    loss_of,
    part_id,
)
from bridge.delivery.steps import Advance, Note, React, Resolve, Retract, Show, Step
from bridge.domain.content import Attachment
from bridge.domain.events import (
    Event,
    MessageDeleted,
    MessageEdited,
    QuestionAsked,
    Redacted,
    RunFinished,
)
from bridge.domain.ids import START, MessageId, PartId, Seq
from bridge.domain.parts import SETTLED, Button, Part, Receipt, ReceiptState, Sent, Span, Why
from bridge.domain.records import replace

QUOTING_ATTEMPTS = 2
"""How often the line that tells of a loss is sent with the first of the words that are missing."""


def resolved(receipt: Receipt, sent: Sent | None) -> Receipt:
    """Return the receipt of a part of unknown outcome once it is known."""
    if is_preview(receipt):
        message = sent.message if sent else None
        return replace(receipt, state="attempted" if sent else "failed", message=message)
    if sent is None:
        return replace(receipt, state="owed", code=UNSEEN)
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
    lost = planner.lost_preview() if planner.preview is not None else None
    if lost is not None:
        return (lost,)
    due = digest(place, events, planner.receipts, scene)
    found: list[Step] = []
    for step in planner.recap(due) if isinstance(due, Recap) else planner.events(due):
        found.append(step)
        if isinstance(step, Resolve):
            break
    if events and events[-1].seq <= place.conversation.cursor and not any(map(_is_work, found)):
        return _leave(events, place, receipts, scene)
    return tuple(found)


def _leave(
    events: Sequence[Event], place: Place, receipts: Sequence[Receipt], scene: Scene
) -> tuple[Step, ...]:
    """Settle what is owed of events of which nothing is to be shown any more."""
    sources = {each.seq for each in events}
    muted = {each.seq for each in events if isinstance(show(each, place, scene), Muted)}
    left = [
        replace(each, state=left_over(each), at=scene.now)
        for each in receipts
        if each.source in sources and each.state not in SETTLED and not is_preview(each)
    ]
    return tuple(
        Note(receipt=replace(each, why="muted") if each.source in muted else each) for each in left
    )


class _Planner:
    """One planning. It keeps what its own steps will have changed by the time they are done."""

    def __init__(self, place: Place, scene: Scene, receipts: Sequence[Receipt]) -> None:
        self.place = place
        self.scene = scene
        self.language = place.spoken.at(scene.now)
        self.receipts: Mapping[PartId, Receipt] = {each.part: each for each in receipts}
        self.shown = ShownReceipts(self.receipts)
        self.preview = live_preview(receipts) if receipts else None
        self.sent: set[Seq] = set()
        self.claimed = self.shown.messages() if receipts else set[MessageId | None]()
        self.covered = self.preview is not None and self.shown.is_covered(self.preview)
        self.halted = False
        self.is_missing = any([each.state in {"failed", "unknown"} for each in receipts])

    def events(self, events: Sequence[Event]) -> Iterator[Step]:
        at, settled = 0, START
        while at < len(events) and not (self.sent and referred([events[at]]) & self.sent):
            event = events[at]
            together: Sequence[Event] | None = ()
            if self.receipts or notify.is_folded(event):
                together = folded.batch(events, at, self.place, self.shown, self.scene)
            if together is None:
                break
            steps = [*self._fold(together)] if together else self._whole(event)
            if steps and settled:
                yield Advance(to=settled)
            yield from steps
            if self.halted:
                return
            at += len(together) or 1
            if steps or together or settled or at == len(events):
                settled = events[at - 1].seq
        if settled:  # of what shows nothing the cursor moves with what was shown before it
            yield Advance(to=settled)
        session = self.place.session
        is_over = session.open_run is None and session.wanted <= session.position
        if at == len(events) and is_over and self.preview is not None:
            yield from self._drop_preview()

    def _fold(self, together: Sequence[Event]) -> Iterator[Step]:
        first, last = together[0].seq, together[-1].seq
        text = self.language.says(folded.summary(together, self.place, self.scene))
        showing = Showing(text=text, priority="notice", silent=True, language=self.language)
        yield from self._sum_up(folded.folded_part(first), first, last, showing)

    def recap(self, summary: Recap) -> Iterator[Step]:
        is_hushed = any(summary.first <= seq <= summary.upto for seq in self.place.hushed)
        text = self.language.says(summary.text)
        showing = Showing(text=text, priority="notice", silent=is_hushed, language=self.language)
        yield from self._sum_up(recap_part(summary.first), summary.first, summary.upto, showing)
        for event in summary.whole:
            if self.halted:
                return
            yield from self._whole(event)
        if not self.halted:
            yield Advance(to=summary.upto)

    def _sum_up(self, part: PartId, first: Seq, upto: Seq, showing: Showing) -> Iterator[Step]:
        """Show one text for a range of events."""
        span = Span(start=0, end=len(showing.text))
        text = opening(showing.text, self.place.capabilities)
        line = loss_of(self._receipt(part, first, ""))
        known = self.receipts.get(part)
        if known is not None and self._is_told_first(known):
            yield from self._line(line, first, texts.RECAP_LOST)
            self.halted = True
            return
        yield from self._attend(self._part(part, first, showing, span, upto=upto, text=text))
        yield from self._told_of_loss(line, first, texts.RECAP_LOST, texts.RECAP_REFUSED)

    # -- one event

    def _whole(self, event: Event) -> list[Step]:
        """Show an event, and tell in a line what is missing of it: of what was tried before."""
        steps = [*self._event(event)]
        is_claimed = self.preview is not None and self.preview.message in self.claimed
        if is_claimed or _ends_for_good(event):
            steps += self._drop_preview()
        if self.receipts and not self.halted:
            if self.is_missing:
                steps += self._loss(event)
            steps += self._reminder(event)
        return steps

    def _reminder(self, event: Event) -> Iterator[Step]:
        """Ring for what was shown silently, in a short line; not for what is over by now."""
        known = self.receipts.get(notify.reminder_part(event.seq))
        if known is None or known.state in SETTLED:
            return
        look = show(event, self.place, self.scene)
        session, body = self.place.session, event.body
        is_over = isinstance(body, QuestionAsked) and body.question not in session.questions
        if not isinstance(look, Showing) or is_over:
            yield Note(receipt=self._became(known, "skipped"))
            return
        files = ", ".join(each.name for each in look.attachments)
        words = quoted(look.words if look.words.strip() else files)
        text = texts.still_waiting(session.title, words, question=look.priority == "question")
        text = self.language.says(text)
        showing = Showing(text=text, priority=look.priority, language=self.language)
        text = opening(text, self.place.capabilities)
        part = self._part(known.part, event.seq, showing, Span(start=0, end=0), text=text)
        yield from self._attend(part)

    def _event(self, event: Event) -> Iterable[Step]:
        match show(event, self.place, self.scene):
            case Showing() as showing:
                return self._message(event, _as_it_is_now(showing, event, self.place))
            case Amending() as amending:
                return self._amendment(event, amending)
            case Retracting() as retracting:
                return self._retracting(event, retracting)
            case Reacting() as reacting:
                return self._reaction(event.seq, reacting)
            case Muted():
                return self._skip(event.seq, "muted")
            case None:
                return ()

    def _retracting(self, event: Event, retracting: Retracting) -> Iterator[Step]:
        target, earlier = retracting.target, retracting.earlier
        if not self.place.capabilities.deletes and self._copies(target, earlier):
            yield from self._skip(event.seq, "unsupported")
        is_forgotten = isinstance(event.body, Redacted)
        yield from self._retraction(target, earlier, old=not is_forgotten)
        yield from self._taken_back(event.seq)

    def _reaction(self, seq: Seq, reacting: Reacting) -> Iterator[Step]:
        message = self.shown.first_message(reacting.target)
        if message is None or self._is_settled(part_id(seq, 0)):
            return
        receipt = self._receipt(part_id(seq, 0), seq, "")
        yield React(message=message, emoji=reacting.emoji, gone=reacting.gone, receipt=receipt)

    def _message(self, event: Event, showing: Showing) -> Iterator[Step]:
        start, doubt = 0, None
        if self.receipts:
            begins = self.shown.resume_at(event.seq, length(showing))
            if begins is None:
                return
            start, doubt = begins, self.shown.doubt(event.seq, begins)
            known = self.receipts.get(part_id(event.seq, start))
            if known is not None and self._is_told_first(known):
                yield from self._line(loss_of(known), event.seq, _missing(showing))
                self.halted = True
                return
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
            part = self._part(
                part_id(event.seq, span.start),
                event.seq,
                showing,
                span,
                text=each.text,
                attachments=each.files,
                buttons=showing.buttons if each is pressed else (),
                edits=self._preview_to_replace(each, showing) if self.preview else None,
                silent=showing.silent or not first or event.seq in self.place.hushed,
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
        standing = self._standing(amending)
        copies = self.shown.copies(standing, upto=len(amending.was))
        if amending.anew and self.shown.was_shown(standing):
            yield from self._message(event, amending.to)
            yield from self._retraction(amending.target, amending.earlier)
            return
        if not copies:
            return
        limits = self.place.capabilities
        if len(copies) == 1 and fits(amending.to, limits) and limits.edits:
            span = Span(start=0, end=len(amending.to.text))
            edits = copies[0].message
            part = self._part(part_id(event.seq, 0), event.seq, amending.to, span, edits=edits)
            yield from self._attend(part)
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
            card = PartId(f"{event.seq}:card")
            part = self._part(card, event.seq, look, last.span, edits=last.message)
            yield from self._attend(part)

    def _standing(self, amending: Amending) -> Seq:
        """Return what shows the target here now: an edit that brought other files, or itself."""
        changed = (seq for seq in reversed(amending.earlier) if self.shown.was_shown(seq))
        return next(changed, amending.target)

    def _retraction(
        self, target: Seq, earlier: Sequence[Seq] = (), *, old: bool = True
    ) -> Iterator[Step]:
        """Take back all that shows the target, or what it was changed to, each message once.

        `old`: also what is too old for the place, which will say so.
        """
        limits = self.place.capabilities
        if not limits.deletes:
            return
        copies = [
            each
            for each in self._copies(target, earlier)
            if old or self.scene.now - each.at <= limits.deletes_for
        ]
        last = {copy.message: copy for copy in copies}
        for copy in copies:
            if copy is not last[copy.message]:
                yield Note(receipt=self._became(copy, "deleted"))
            elif copy.message is not None:
                yield Retract(message=copy.message, receipt=self._became(copy, "deleted"))

    def _taken_back(self, seq: Seq) -> Iterator[Step]:
        """Settle what kept this owed when all else was dropped (`bridge.engine.outbound`)."""
        kept = self.receipts.get(part_id(seq, 0))
        if kept is not None and kept.state not in SETTLED:
            yield Note(receipt=self._became(kept, "skipped"))

    def _copies(self, target: Seq, earlier: Sequence[Seq]) -> Sequence[Receipt]:
        return [copy for seq in (target, *earlier) for copy in self.shown.copies(seq)]

    def _loss(self, event: Event) -> Iterator[Step]:
        """Tell in a line what could not be shown of an event, if anything."""
        if not self._has_lost(loss_id(event.seq)):
            yield from self._left_standing(event)
            return
        match show(event, self.place, self.scene):
            case Showing() as showing:
                unknown, refused = _missing(showing), texts.not_taken(showing.speaker)
            case Amending(instead=Showing(text=line)):
                unknown = refused = line
            case Amending(to=to):
                unknown, refused = texts.not_changed(quoted(to.words)), texts.CHANGE_NOT_TAKEN
            case Retracting() | Reacting() | Muted() | None:
                return
        yield from self._told_of_loss(loss_id(event.seq), event.seq, unknown, refused)

    def _left_standing(self, event: Event) -> Iterator[Step]:
        """Tell in a line that what was taken back could not be removed here, if that is so."""
        if not isinstance(event.body, MessageDeleted | MessageEdited):
            return
        stuck = self.shown.stuck({event.body.target, *event.body.earlier})
        if stuck is not None:
            line = texts.coded(texts.NOT_REMOVED, stuck.code)
            yield from self._line(loss_id(event.seq), event.seq, line)

    def _told_of_loss(self, line: PartId, seq: Seq, unknown: str, refused: str) -> Iterator[Step]:
        refusal = self.shown.refusal(line)
        if refusal is not None:
            yield from self._line(line, seq, texts.coded(refused, refusal.code))
        elif self.shown.has_lost(line):
            self.halted = self.halted or not self._is_settled(line)
            yield from self._line(line, seq, unknown)

    def _line(self, line: PartId, seq: Seq, text: str) -> Iterator[Step]:
        """Tell of something that is missing, until the place takes it; at last without its words.

        They may be what fails.
        """
        known = self.receipts.get(line)
        if known is not None and known.tries >= QUOTING_ATTEMPTS:
            text = texts.SOMETHING_MISSING
        text = self.language.says(text)
        showing = Showing(text=text, priority="notice", language=self.language)
        text = opening(text, self.place.capabilities)
        yield from self._attend(self._part(line, seq, showing, Span(start=0, end=0), text=text))

    def _has_lost(self, line: PartId) -> bool:
        return self.shown.has_lost(line) or self.shown.refusal(line) is not None

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

    def _preview_to_replace(self, cut: Cut, showing: Showing) -> MessageId | None:
        preview, begins = self.preview, cut.span.start == 0 and not cut.files
        if not begins or not showing.closes or preview is None or self.covered:
            return None
        limits = self.place.capabilities
        return preview.message if limits.edits and not limits.silent else None

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

    def _attend(self, part: Part) -> tuple[Step, ...]:
        """Return what a part needs, by what is known of it."""
        receipt = self.receipts.get(part.id)
        if receipt is None:
            self.sent.add(part.source)
            return (self._shown(part, tries=1),)
        is_last = self._is_changed_once_more(receipt)
        if receipt.state in SETTLED and not is_last:
            return ()
        part = lesser(part, receipt.why, self.place.capabilities)
        self.sent.add(part.source)
        if receipt.state == "attempted" or is_last:
            return (self._again(part, receipt),)
        if self._is_given_up(receipt):
            return (Note(receipt=self._became(receipt, "unknown")),)
        is_new = is_unseen(receipt)
        repeats = receipt.tries > 0 and part.edits is None and not is_new
        again = self._shown(marked(part) if repeats else part, tries=receipt.tries + 1)
        return (replace(again, code=receipt.code if part.less or is_new else again.code),)

    def _again(self, part: Part, receipt: Receipt) -> Step:
        edits = receipt.message or part.edits
        if edits is not None:
            return self._shown(replace(part, edits=edits), tries=receipt.tries + 1)
        self.covered = True
        if self._may_resolve(receipt):
            return Resolve(part=part, receipt=receipt)
        if self._is_given_up(receipt):
            return Note(receipt=self._became(receipt, "unknown"))
        return self._shown(marked(part), tries=receipt.tries + 1)

    def _shown(self, part: Part, *, tries: int) -> Show:
        if part.edits is not None:
            self.claimed.add(part.edits)
        else:
            self.covered = True
        is_hushed = part.source in self.place.hushed and part.id == part_id(part.source, 0)
        return Show(part=part, tries=tries, code=SILENT if is_hushed else "")

    def _may_resolve(self, receipt: Receipt) -> bool:
        asks = still_asks(receipt.code, self.scene.now - receipt.at)
        return self.place.capabilities.resolves and asks

    def _is_told_first(self, receipt: Receipt) -> bool:
        """Say whether a part is not attempted again before a line tells that it may be missing."""
        is_told = self._is_settled(loss_of(receipt))
        return receipt.tries >= MAX_ATTEMPTS and self._has_failed(receipt) and not is_told

    def _is_changed_once_more(self, receipt: Receipt) -> bool:
        """Say whether a change that was given up is made one last time: a line told of it."""
        is_change = receipt.state == "unknown" and receipt.message is not None
        return is_change and receipt.tries == MAX_CHANGES and self._is_settled(loss_of(receipt))

    def _is_settled(self, part: PartId) -> bool:
        known = self.receipts.get(part)
        return known is not None and known.state in SETTLED

    def _is_given_up(self, receipt: Receipt) -> bool:
        """Say whether a part failed even after the place took the line that tells of it."""
        is_last = receipt.tries > MAX_ATTEMPTS and not is_loss(receipt.part)
        return is_last and self._has_failed(receipt)

    def _has_failed(self, receipt: Receipt) -> bool:
        """Say whether nothing more is to be learnt of what became of a part's attempts."""
        in_doubt = receipt.state == "attempted" and not self._may_resolve(receipt)
        return in_doubt or is_unseen(receipt)

    def _part(
        self,
        part: PartId,
        seq: Seq,
        showing: Showing,
        span: Span,
        *,
        upto: Seq | None = None,
        text: str | None = None,
        attachments: tuple[Attachment, ...] = (),
        buttons: tuple[Button, ...] = (),
        edits: MessageId | None = None,
        silent: bool | None = None,
    ) -> Part:
        to = showing.reply_to
        return Part(
            id=part,
            session=self.place.session.id,
            conversation=self.place.conversation.id,
            source=seq,
            upto=seq if upto is None else upto,
            span=span,
            text=showing.text if text is None else text,
            attachments=attachments,
            buttons=buttons,
            speaker=showing.speaker,
            reply_to=None if to is None else self.shown.first_message(to),
            edits=edits,
            priority=showing.priority,
            silent=showing.silent if silent is None else silent,
            epoch=self.scene.epoch,
            language=showing.language,
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


def _as_it_is_now(showing: Showing, event: Event, place: Place) -> Showing:
    """Return a message without buttons if what they would answer is closed by now."""
    body = event.body
    if not isinstance(body, QuestionAsked) or body.question in place.session.questions:
        return showing
    return replace(showing, buttons=(), guarded=None)


def _is_work(step: Step) -> bool:
    return not isinstance(step, Advance)


def _ends_for_good(event: Event) -> bool:
    """Say whether a run ended that is not tried again: nothing more is written of its answer."""
    body = event.body
    return isinstance(body, RunFinished) and body.outcome not in {"failed", "abandoned"}


def _missing(showing: Showing) -> str:
    """Say that a message may be missing, and how it begins."""
    return texts.not_shown(quoted(showing.words), showing.speaker)
