"""What a log keeps of somebody, and what their events say once they are forgotten, sans I/O.

The rules:

- No event goes, none changes its number or its kind: words give way to `GONE`. So every fold, every
  position and every key stays what it is.
- Of the person goes what they said, corrected, answered in their own words, set and titled. Of the
  runs that they asked for goes everything an agent wrote, called, was told and asked.
- Who asked for a run is what its end says; where that says nothing (it was stopped, or failed),
  what the log folds to where it began.
- What others than people wrote (agents, tools, the bridge) goes also where it names the person, or
  repeats a long text of theirs word by word, or shows a file of theirs
  (`bridge.session.forgotten_words`).
- So do tasks and reports of work in the background.
- Settings, schedules and prompts of programs are by whom the log says they are by, whatever they
  say: they work, and a word in them may be no name. But a title goes that names the person.
- Notes by or about them, and summaries made since they spoke first, go. Such a summary stands for
  nothing from then on: agents read what is left of the log instead.
- What other people wrote is theirs and stays, but for what it quotes of the person. How often it
  names the person is counted.

`without_words` is for where all words go, whoever's they are: since they are old, or before
somebody came who copies the log. Then everything goes but settings, the title too, which work, and
the buttons and the answer of an approval, which the bridge words.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_type

from bridge.domain.commands import Forget
from bridge.domain.content import Attachment, Content, Quote
from bridge.domain.events import (
    INTERRUPTED,
    SHUTDOWN,
    BackgroundBegun,
    BackgroundStarted,
    BackgroundStopped,
    Body,
    ConversationLinked,
    Draft,
    Event,
    ExchangeUndone,
    HistoryCompacted,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMerged,
    PlaceEvent,
    PlannedCall,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    QuestionKind,
    Reacted,
    Redacted,
    RoleChanged,
    RunFinished,
    RunStarted,
    ScheduleRemoved,
    ScheduleSet,
    SessionEvent,
    SettingChanged,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
    UsageReported,
)
from bridge.domain.ids import START, ConversationId, MediaId, NoteId, ParticipantId, Seq
from bridge.domain.records import replace
from bridge.session.drafting import Drafts
from bridge.session.fold import evolve
from bridge.session.forgotten_words import Sought, strings
from bridge.session.state import Session

GONE = "(removed)"
"""What stands where words were; never empty, since not every model takes an empty message."""

_Wordless = (
    MessageDeleted
    | Redacted
    | RunStarted
    | UsageReported
    | ParticipantJoined
    | RoleChanged
    | ParticipantLeft
    | ParticipantMerged
    | PlaceEvent
    | ScheduleRemoved
    | BackgroundBegun
    | BackgroundStopped
    | SessionEvent
    | NoteRemoved
    | ExchangeUndone
    | Reacted
)

Stays = _Wordless | SettingChanged
"""What stays as it is where all words go."""

_Shown = MessageReceived | MessageEdited | MessageComposed | QuestionAsked | Pushed
"""What places have copies of."""


@dataclass(slots=True, kw_only=True)
class Kept:
    """What a log keeps of somebody: found by reading it once, all of it.

    `texts` are all of their words, in speech and in writing, `others` the files that other people
    sent. `here`: they had a part in it.
    """

    who: set[str]
    said: set[Seq] = field(default_factory=set)
    first: Seq | None = None
    here: bool = False
    texts: set[str] = field(default_factory=set)
    media: set[MediaId] = field(default_factory=set)
    others: set[MediaId] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    questions: set[str] = field(default_factory=set)
    approvals: set[str] = field(default_factory=set)
    schedules: set[str] = field(default_factory=set)
    works: set[str] = field(default_factory=set)
    pushes: set[Seq] = field(default_factory=set)
    places: set[ConversationId] = field(default_factory=set)

    def take(self, event: Event) -> None:
        """Learn from an event what is theirs by its structure."""
        body = event.body
        if isinstance(body, MessageReceived | MessageEdited):
            if body.participant in self.who:
                self._spoken(event.seq, body.content)
            else:
                self.others |= {each.media for each in body.content.attachments}
        elif isinstance(body, ScheduleSet):
            if body.by in self.who:
                self.schedules.add(body.schedule)
                self.texts.add(body.text)
        elif isinstance(body, Triggered) and body.source.kind != "background":
            self.texts |= {body.prompt} if body.by in self.who else set()
        elif isinstance(body, SettingChanged):
            self.texts |= {body.value} if body.name == "title" and body.by in self.who else set()
        elif isinstance(body, ConversationLinked):
            self.places |= {body.conversation} if body.by in self.who else set()
        elif isinstance(body, QuestionAsked) and body.kind == "approval":
            self.approvals.add(body.question)
        elif isinstance(body, BackgroundStarted):
            self.works |= {body.child} if body.by in self.who else set()
        elif isinstance(body, ParticipantJoined | ParticipantLeft | RoleChanged):
            self.here = self.here or body.participant in self.who

    def follow(self, body: Body) -> None:
        """Learn what hangs on what was learnt from the whole log."""
        if isinstance(body, ToolCalled) and body.run in self.runs:
            self.calls.add(body.call)
        elif isinstance(body, QuestionAsked) and self._is_asked_for_them(body):
            self.questions.add(body.question)
        elif isinstance(body, Transcribed) and body.target in self.said:
            self.texts.add(body.text)
        elif isinstance(body, QuestionClosed) and body.by in self.who:
            self.texts |= {body.answer} if body.question not in self.approvals else set()

    def _is_asked_for_them(self, body: QuestionAsked) -> bool:
        return body.run in self.runs or body.by in self.who or body.background in self.works

    def _spoken(self, seq: Seq, content: Content) -> None:
        self.said.add(seq)
        self.here = True
        self.first = seq if self.first is None else self.first
        self.media |= {each.media for each in content.attachments}
        self.texts.add(content.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What a log is to say instead. `shown`: what places may have copies of.

    `media` are files that go with it, `others` those that what stays shows; `named`: how many
    messages of others name the person. `title`: the present title is one of what goes.
    """

    bodies: Mapping[Seq, Body]
    shown: Sequence[Seq]
    notes: Sequence[NoteId]
    media: Collection[MediaId]
    others: Collection[MediaId]
    places: Collection[ConversationId]
    named: int = 0
    title: bool = False


def kept_of(events: Sequence[Event], who: Collection[ParticipantId]) -> Kept:
    """Return what a whole log keeps of somebody, also of those who became them."""
    merged = [each.body for each in events if isinstance(each.body, ParticipantMerged)]
    ids: set[str] = set(who)
    while more := {each.participant for each in merged if each.into in ids} - ids:
        ids |= more
    kept = Kept(who=ids, runs=_asked_for(events, ids))
    for event in events:
        kept.take(event)
    for event in events:
        kept.follow(event.body)
    return kept


def _asked_for(events: Sequence[Event], who: Collection[str]) -> set[str]:
    """Return the runs that somebody, or a program of theirs, called for last.

    That is what a run's end says; where it says nothing, what the log folds to at its beginning.
    """
    askers: dict[str, str | None] = {}
    session = Session(id=events[0].session) if events else None
    for event in events:
        body, session = event.body, evolve(session, event) if session is not None else None
        begun = session.open_run if session is not None else None
        if isinstance(body, RunStarted) and begun is not None:
            askers[begun.run] = begun.counts_for
        elif isinstance(body, RunFinished | UsageReported) and body.asker is not None:
            askers[body.run] = body.asker
    return {run for run, asker in askers.items() if asker in who}


def forgotten(events: Sequence[Event], who: Collection[ParticipantId], sought: Sought) -> Forgotten:
    """Return what a whole log is to say once somebody is forgotten, of whom `sought` tells."""
    kept = kept_of(events, who)
    words = _Words(sought, kept.here)
    bodies: dict[Seq, Body] = {}
    named, title, others = 0, False, set[MediaId]()
    for event in events:
        new = _without(event, kept, words)
        said = event.body
        if isinstance(said, SettingChanged) and said.name == "title":
            title = new is not None
        if new is not None:
            bodies[event.seq] = new
        others |= {each.media for each in attached([said if new is None else new])}
        if isinstance(said, MessageReceived | MessageEdited) and said.participant not in kept.who:
            named += words.name(said.content.text)
    gone = [each.body for each in events if each.seq in bodies]
    return Forgotten(
        bodies=bodies,
        shown=[each.seq for each in events if each.seq in bodies and _is_shown(each.body)],
        notes=[each.note for each in gone if isinstance(each, NoteKept)],
        media=kept.media | {each.media for each in attached(gone)},
        others=others,
        places=kept.places,
        named=named,
        title=title,
    )


def kept_events(
    events: Sequence[Event], who: Collection[ParticipantId], sought: Sought
) -> list[Event]:
    """Return what is kept of somebody: events that have their words, or in which they have a part.

    What other people said is theirs, also where it quotes the person.
    """
    gone, mine = forgotten(events, who, sought).bodies, kept_of(events, who).who
    found = [each for each in events if each.seq in gone or mine & {*strings(each.body)}]
    return [
        each
        for each in found
        if not isinstance(each.body, MessageReceived | MessageEdited)
        or each.body.participant in mine
    ]


def _is_shown(body: Body) -> bool:
    return isinstance(body, _Shown)


@dataclass(frozen=True, slots=True)
class _Words:
    """What is looked for in one session. `here`: the person had a part in it."""

    sought: Sought
    here: bool

    def name(self, text: str) -> bool:
        return self.sought.name(text, here=self.here)

    def within(self, body: object) -> bool:
        return self.sought.within(body, here=self.here)

    def shows(self, content: Content) -> bool:
        return any(each.media in self.sought.media for each in content.attachments)

    def quotes(self, quote: Quote) -> bool:
        return self.sought.begins(quote.text) or self.within(quote)


def attached(bodies: Iterable[Body]) -> Iterable[Attachment]:
    """Yield the files of these events."""
    for each in bodies:
        if isinstance(each, MessageReceived | MessageEdited | MessageComposed | Pushed):
            yield from each.content.attachments


_EMPTY = Content(text=GONE, literal=True)


def _without(event: Event, kept: Kept, words: _Words) -> Body | None:
    """Return what an event says without somebody; None: nothing of them is in it."""
    match event.body:
        case MessageReceived() | MessageEdited() | Transcribed() as said:
            return _without_message(said, kept, words)
        case SettingChanged(name=name, by=by, value=value) as changed:
            is_theirs = name == "title" and (by in kept.who or words.within(value))
            return replace(changed, value="") if is_theirs else None
        case HistoryCompacted() as summed if kept.first is not None and event.seq > kept.first:
            return replace(summed, summary=GONE, upto=START)
        case HistoryCompacted():
            return None
        case ToolCalled() | ToolReturned() | RunFinished() | MessageComposed() as ran:
            return _without_run(ran, kept, words)
        case QuestionAsked() | QuestionClosed() as asked:
            return _without_question(asked, kept, words)
        case Pushed() | PushClosed() | Triggered() | ScheduleSet() | NoteKept() as outside:
            return _without_push(event.seq, outside, kept, words)
        case BackgroundStarted(by=by) as begun:
            is_theirs = by in kept.who or words.within((begun.task, begun.told))
            return replace(begun, task=GONE, told="") if is_theirs else None
        case rest:
            assert_type(rest, _Wordless)
            return None


def _without_message(
    body: MessageReceived | MessageEdited | Transcribed, kept: Kept, words: _Words
) -> Body | None:
    match body:
        case MessageReceived(participant=by) if by in kept.who:
            return replace(body, content=_EMPTY, quote=None)
        case MessageReceived(quote=quote, reply_to=to) if quote is not None:
            is_theirs = to in kept.said or words.quotes(quote)
            return replace(body, quote=None) if is_theirs else None
        case MessageEdited(participant=by) if by in kept.who:
            return replace(body, content=_EMPTY)
        case Transcribed(target=target) if target in kept.said:
            return replace(body, text=GONE)
        case rest:
            assert_type(rest, MessageReceived | MessageEdited | Transcribed)
            return None


def _without_run(
    body: ToolCalled | ToolReturned | RunFinished | MessageComposed, kept: Kept, words: _Words
) -> Body | None:
    match body:
        case ToolCalled(run=run) if run in kept.runs or words.within(body):
            kept.calls.add(body.call)
            return replace(body, arguments="{}")
        case ToolReturned(call=call) if call in kept.calls or words.within(body):
            return replace(body, result=GONE)
        case MessageComposed(run=run, content=content):
            is_theirs = run in kept.runs or words.shows(content) or words.within(content)
            return replace(body, content=_EMPTY) if is_theirs else None
        case RunFinished(run=run, reason=reason) if reason not in {"", SHUTDOWN, INTERRUPTED}:
            is_theirs = run in kept.runs or words.within(reason)
            return replace(body, reason=GONE) if is_theirs else None
        case rest:
            assert_type(rest, ToolCalled | ToolReturned | RunFinished)
            return None


def _without_question(
    body: QuestionAsked | QuestionClosed, kept: Kept, words: _Words
) -> Body | None:
    """Leave an approval its buttons, which the bridge words; a choice and its answer go."""
    match body:
        case QuestionAsked(question=question, call=call):
            if question not in kept.questions and not words.within(body):
                return None
            kept.questions.add(question)
            if body.kind == "approval":
                planned = (
                    PlannedCall(call=call.call, name=call.name, arguments="{}") if call else None
                )
                return replace(body, text=GONE, call=planned)
            return replace(body, text=GONE, options=())
        case QuestionClosed(question=question, by=by, answer=answer):
            is_theirs = by in kept.who or question in kept.questions or words.within(answer)
            is_said = bool(answer) and question not in kept.approvals
            return replace(body, answer=GONE) if is_theirs and is_said else None


def _without_push(
    seq: Seq,
    body: Pushed | PushClosed | Triggered | ScheduleSet | NoteKept,
    kept: Kept,
    words: _Words,
) -> Body | None:
    match body:
        case Pushed(source=source, to=to, content=content):
            is_for_them = bool(to) and kept.who.issuperset(to)
            is_of_others = source.kind == "schedule"
            is_planned = is_of_others and source.name in kept.schedules
            is_theirs = is_planned or is_for_them or words.shows(content)
            if not is_theirs and (is_of_others or not words.within((content, body.buttons))):
                return None
            kept.pushes.add(seq)
            return replace(body, content=_EMPTY, buttons=())
        case PushClosed(push=push) if push in kept.pushes or words.within(body):
            return replace(body, text=GONE, wording=None)
        case Triggered(source=source, by=by):
            is_planned = source.kind == "schedule" and source.name in kept.schedules
            is_named = source.kind == "background" and words.within(body.prompt)
            is_theirs = is_planned or is_named or by in kept.who
            return replace(body, prompt=GONE) if is_theirs else None
        case ScheduleSet(schedule=schedule):
            return replace(body, text=GONE) if schedule in kept.schedules else None
        case NoteKept(about=about, by=by, run=run, text=text):
            is_theirs = bool(kept.who & {about, by}) or run in kept.runs or words.within(text)
            return replace(body, text=GONE) if is_theirs else None
        case rest:
            assert_type(rest, PushClosed)
            return None


# -- all words, whoever's they are ----------------------------------------------------------------


def without_words(body: Body, *, kind: QuestionKind | None = None) -> Body:
    """Return a body without its words. `kind`: of the question that it closes, if it closes one."""
    match body:
        case MessageReceived():
            return replace(body, content=_EMPTY, quote=None)
        case MessageEdited() | MessageComposed():
            return replace(body, content=_EMPTY)
        case Pushed():
            return replace(body, content=_EMPTY, buttons=())
        case PushClosed():
            return replace(body, text=GONE, wording=None)
        case Transcribed() | ScheduleSet() | NoteKept():
            return replace(body, text=GONE)
        case QuestionAsked() | QuestionClosed():
            return _wordless_question(body, kind)
        case (
            ToolCalled()
            | ToolReturned()
            | RunFinished()
            | Triggered()
            | BackgroundStarted()
            | HistoryCompacted() as ran
        ):
            return _wordless_run(ran)
        case rest:
            assert_type(rest, Stays)
            return body


def _wordless_run(
    body: ToolCalled
    | ToolReturned
    | RunFinished
    | Triggered
    | BackgroundStarted
    | HistoryCompacted,
) -> Body:
    match body:
        case ToolCalled():
            return replace(body, arguments="{}")
        case ToolReturned():
            return replace(body, result=GONE)
        case RunFinished(reason=reason):
            return body if reason in {"", SHUTDOWN, INTERRUPTED} else replace(body, reason=GONE)
        case Triggered():
            return replace(body, prompt=GONE)
        case BackgroundStarted(told=told):
            return replace(body, task=GONE, told=told and GONE)
        case HistoryCompacted():
            return replace(body, summary=GONE, upto=START)


def _wordless_question(body: QuestionAsked | QuestionClosed, kind: QuestionKind | None) -> Body:
    if isinstance(body, QuestionClosed):
        is_said = bool(body.answer) and kind != "approval"
        return replace(body, answer=GONE) if is_said else body
    call = body.call
    planned = PlannedCall(call=call.call, name=call.name, arguments="{}") if call else None
    options = body.options if body.kind == "approval" else ()
    return replace(body, text=GONE, options=options, call=planned)


def redacted(command: Forget) -> Drafts:
    """Return what tells everyone of what was taken out, once for each event and note."""
    return (
        *(Draft(body=Redacted(target=each), key=f"redacted:{each}") for each in command.targets),
        *(Draft(body=NoteRemoved(note=each), key=f"forgotten:{each}") for each in command.notes),
    )
