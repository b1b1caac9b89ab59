"""What a terminal shows of a session, sans I/O: events fold in, lines come out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_type

from bridge import background_texts, session_texts, texts
from bridge.cli import chat_texts
from bridge.cli.wire import LiveFrame, SessionView, is_client
from bridge.delivery import call_display
from bridge.delivery.rendering import BRIDGE
from bridge.domain import literal
from bridge.domain.content import Attachment, Option
from bridge.domain.display_names import clean_title
from bridge.domain.events import (
    INTERRUPTED,
    BackgroundBegun,
    BackgroundEvent,
    BackgroundStarted,
    BackgroundStopped,
    ConversationLinked,
    ConversationUnlinked,
    Event,
    ExchangeUndone,
    HistoryCompacted,
    MemoryEvent,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageEvent,
    MessageReceived,
    NoteEvent,
    OutsideEvent,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMerged,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    QuestionEvent,
    Reacted,
    Redacted,
    RoleChanged,
    RunEvent,
    RunFinished,
    RunStarted,
    ScheduleEvent,
    SessionArchived,
    SessionEvent,
    SessionForked,
    SettingChanged,
    SetupEvent,
    Source,
    ToolCalled,
    ToolEvent,
    ToolReturned,
    Transcribed,
    Triggered,
    UsageReported,
)
from bridge.domain.ids import START, ConversationId, ParticipantId, QuestionId, RunId, Seq
from bridge.domain.wording import ENGLISH, Language, composed, together

Look = Literal["said", "answer", "interim", "aside", "question", "tool"]

_IntroducesNobody = (
    MessageEdited
    | MessageDeleted
    | Transcribed
    | Redacted
    | RunEvent
    | MessageComposed
    | ToolEvent
    | QuestionEvent
    | OutsideEvent
    | RoleChanged
    | ParticipantLeft
    | ParticipantMerged
    | ConversationUnlinked
    | SettingChanged
    | ScheduleEvent
    | BackgroundEvent
    | SessionEvent
    | MemoryEvent
)
_ChangesNothing = (
    MessageEvent
    | UsageReported
    | MessageComposed
    | ToolEvent
    | OutsideEvent
    | SetupEvent  # but for the title
    | MemoryEvent
)
_SaidAside = (
    RunFinished
    | QuestionClosed
    | MessageEdited
    | MessageDeleted
    | Transcribed
    | Redacted
    | Triggered
    | ParticipantJoined
    | ParticipantLeft
    | ConversationLinked
    | SettingChanged
    | SessionArchived
    | ExchangeUndone
    | BackgroundStarted
    | BackgroundStopped
)
_NotSaid = (
    RunStarted
    | UsageReported
    | RoleChanged
    | ParticipantMerged
    | ConversationUnlinked
    | ScheduleEvent
    | BackgroundBegun
    | SessionForked
    | NoteEvent
    | HistoryCompacted
    | Reacted
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something to print: untrusted Markdown (a tool's line: plain text) and who says it.

    `literal`: it is plain words. `about`: what it answers that was said elsewhere, in plain words.

    `files` are its files, each on one line of plain text, untrusted too.
    """

    look: Look
    text: str
    files: tuple[str, ...] = ()
    speaker: str = ""
    seq: Seq = START
    at: datetime | None = None
    by: ParticipantId | None = None
    where: ConversationId | None = None
    literal: bool = False
    about: str = ""


FileNumber = tuple[Seq, int]
"""The number of an event, and which of its files, from 1."""


@dataclass(slots=True, kw_only=True)
class View:
    """A session as one terminal sees it: who is here, what is going on, what was seen.

    `run` is the open run, which reads up to `reads`; `again`: the last one failed, and another try
    is to come; `unanswered`: it ended for good without an answer. `questions` are the open ones,
    the oldest first. `files` are those that were seen: people name one by its event's number, and
    by its own among several. `language` is that of whoever looks.
    """

    me: ParticipantId
    title: str = ""
    people: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    agent: str = ""
    run: RunId | None = None
    reads: Seq = START
    again: bool = False
    unanswered: bool = False
    position: Seq = START
    seen: Seq = START
    questions: dict[QuestionId, QuestionAsked] = field(default_factory=dict)
    files: dict[FileNumber, Attachment] = field(default_factory=dict)
    frame: LiveFrame = field(default_factory=LiveFrame)
    language: Language = ENGLISH

    def forget(self) -> None:
        """Begin anew, with another log: nothing of it was seen yet."""
        self.title, self.agent, self.run = "", "", None
        self.position = self.seen = START
        self.questions.clear()
        self.files.clear()
        self.frame = LiveFrame()

    def introduce(self, session: SessionView) -> None:
        """Learn what people and places are called."""
        self.title = session.title
        self.people.update((person.id, person.name) for person in session.participants)
        self.places.update((place.id, place.label) for place in session.places)

    def strangers(self, event: Event) -> bool:
        """Return whether the event names someone or somewhere that was not introduced."""
        match event.body:
            case MessageReceived(participant=who, conversation=where):
                return who not in self.people or where not in self.places
            case ParticipantJoined(participant=who):
                return who not in self.people
            case ConversationLinked(conversation=where):
                return where not in self.places
            case rest:
                assert_type(rest, _IntroducesNobody)
                return False

    def look(self, frame: LiveFrame) -> None:
        """Take in what passes beside the log, without previews of runs that are over."""
        previews = tuple(each for each in frame.previews if each.run == self.run)
        self.frame = frame.model_copy(update={"previews": previews})

    def take(self, event: Event) -> Line | None:
        """Fold an event in; return what to print of it. One that was seen is nothing."""
        if event.seq <= self.seen:
            return None
        self.seen = event.seq
        line = self._line(event)
        self._fold(event)
        return self._with_files(replace(line, at=event.at), event) if line else None

    def question(self) -> tuple[QuestionId, QuestionAsked] | None:
        """Return the question that numbers answer: the one asked last."""
        return next(reversed(self.questions.items()), None)

    def asks(self, event: Event) -> bool:
        """Return whether an event asked a question that is still open."""
        return isinstance(event.body, QuestionAsked) and event.body.question in self.questions

    def chosen(self, typed: str) -> tuple[QuestionId, Option] | None:
        """Return the option of an open question that was typed, by its number or label."""
        asked = self.question()
        if asked is None:
            return None
        typed = typed.strip().casefold()
        found = [
            option
            for number, option in enumerate(asked[1].options, start=1)
            if typed in {str(number), *_labels(self, option)}
        ]
        return (asked[0], found[0]) if len(found) == 1 else None

    def leaves(self, finished: RunFinished) -> bool:
        """Say whether a run that ends has dealt with nothing of what it read."""
        is_known = self.run == finished.run
        return finished.upto < self.reads if is_known else finished.upto <= self.position

    def name(self, participant: ParticipantId | None) -> str:
        return self.people.get(participant or "", self.language.says(chat_texts.SOMEONE))

    # -- folding ----------------------------------------------------------------------------------

    def _fold(self, event: Event) -> None:
        match event.body:
            case RunStarted(run=run, agent=agent, upto=upto):
                self.run, self.agent, self.again, self.unanswered = run, agent, False, False
                self.reads = upto
            case RunFinished(outcome=outcome, upto=upto, reason=reason) as finished:
                failed = outcome in {"failed", "abandoned"}
                self.again = failed and self.leaves(finished)
                stopped = outcome == "cancelled" and reason != INTERRUPTED
                self.unanswered = stopped or (failed and not self.again)
                self.run, self.position = None, max(self.position, upto)
                self.look(self.frame)
            case QuestionAsked() as asked:
                self.questions[asked.question] = asked
            case QuestionClosed(question=question):
                self.questions.pop(question, None)
            case SettingChanged(scope="session", name="title", value=title):
                self.title = title
            case rest:
                assert_type(rest, _ChangesNothing)

    # -- lines ------------------------------------------------------------------------------------

    def _line(self, event: Event) -> Line | None:
        match event.body:
            case MessageReceived() as heard:
                return self._heard(heard, event.seq)
            case MessageComposed(agent=agent, content=content, kind=kind):
                looks: dict[str, Look] = {"final": "answer", "interim": "interim"}
                look = looks.get(kind, "aside")
                text = self.language.says_kept(content.text, content.wording)
                return Line(look=look, speaker=agent, text=text, seq=event.seq)
            case Pushed(source=source, content=content, buttons=buttons):
                said = self.language.says_kept(content.text, content.wording)
                text = _with_choices(said, _buttons(self, source, buttons))
                speaker = self.language.says(_source(source))
                return Line(look="answer", speaker=speaker, text=text, seq=event.seq)
            case PushClosed(text=text, wording=wording):
                text = self.language.says_kept(text, wording)
                return Line(look="aside", text=text, seq=event.seq)
            case QuestionAsked(text=text, options=options, call=call):
                parts = [call_display.under(text, call, in_parts=False) if call else text]
                offered = tuple(_offered(self, each) for each in options)
                parts += [self.language.says(texts.numbered(offered))] if offered else []
                text = "\n\n".join(parts)
                return Line(look="question", speaker=self.agent, text=text, seq=event.seq)
            case ToolCalled(name=name, arguments=arguments):
                return Line(look="tool", text=call_display.brief(name, arguments), seq=event.seq)
            case ToolReturned(result=result, failed=failed):
                text = (
                    self.language.says(chat_texts.call_failed(result)) if failed else f"→ {result}"
                )
                return Line(look="tool", text=text, seq=event.seq)
            case rest:
                aside = self.language.says(self._aside(rest))
                return Line(look="aside", text=aside, seq=event.seq) if aside else None

    def _heard(self, heard: MessageReceived, seq: Seq) -> Line:
        who, where, quote = heard.participant, heard.conversation, heard.quote
        return Line(
            look="said",
            speaker=self.language.says(texts.speaker(self.name(who), _place(self, where))),
            text=heard.content.text,
            seq=seq,
            by=who,
            where=where,
            literal=heard.content.literal,
            about=f"{quote.author}: {quote.text}" if quote is not None else "",
        )

    def _with_files(self, line: Line, event: Event) -> Line:
        found = dict(files_of(event))
        self.files |= found
        return replace(line, files=tuple(_file(*each) for each in found.items()))

    def _aside(self, body: _SaidAside | _NotSaid) -> str:
        if isinstance(body, _Changed):
            return _changed(body, self.name(body.by))
        match body:
            case RunFinished() as finished:
                return _ending(self, finished)
            case QuestionClosed() as closed:
                return _closing(self, closed)
            case MessageEdited(participant=who, content=content):
                words = literal.markdown(content.text) if content.literal else content.text
                return chat_texts.changed(self.name(who), words)
            case MessageDeleted(participant=who):
                return chat_texts.taken_back(self.name(who))
            case Transcribed(text=text):
                return texts.transcript(text)
            case Redacted():
                return chat_texts.REMOVED
            case Triggered(source=source, prompt=prompt):
                return chat_texts.asks(_source(source), prompt)
            case ParticipantJoined(participant=who):
                return texts.joined(self.name(who))
            case ParticipantLeft(participant=who):
                return texts.left(self.name(who))
            case ConversationLinked(conversation=where):
                return chat_texts.follows(_place(self, where))
            case rest:
                assert_type(rest, _NotSaid)
                return ""


def _place(view: View, conversation: ConversationId) -> str:
    """Return what a place is called; our own clients in the language of whoever looks."""
    label = view.places.get(conversation, chat_texts.ELSEWHERE)
    return view.language.one(label) if is_client(conversation) else view.language.says(label)


def _offered(view: View, option: Option) -> Option:
    """Return an option as it is shown: our own answers can be said in other languages."""
    return replace(option, label=view.language.says(texts.answer_label(option)))


def _labels(view: View, option: Option) -> set[str]:
    """Return what may be typed for an option: what it is called in the log, and here."""
    return {each.label.strip().casefold() for each in (option, _offered(view, option))}


def _buttons(view: View, source: Source, buttons: tuple[Option, ...]) -> tuple[Option, ...]:
    """Return the buttons of something pushed; the bridge's own in the reader's language."""
    if (source.kind, source.name) != ("background", BRIDGE):
        return buttons
    return tuple(replace(each, label=view.language.one(each.label)) for each in buttons)


_Changed = SettingChanged | SessionArchived | ExchangeUndone | BackgroundStarted | BackgroundStopped


def _changed(changed: _Changed, who: str) -> str:
    """Return the line for what was changed for everybody; "" for what tells nobody anything."""
    match changed:
        case BackgroundStarted(task=task):
            return background_texts.started(task)
        case BackgroundStopped(children=children, by=by):
            return background_texts.stopped_by(who, len(children)) if by is not None else ""
        case ExchangeUndone():
            return session_texts.undone_by(who)
        case SessionArchived(by=by):
            return session_texts.archived_by(who) if by is not None else ""
        case SettingChanged(scope="session", name="title", value=title):
            return chat_texts.called(clean_title(title))
        case SettingChanged(scope="session", name=name, value=value, by=by) if by is not None:
            return session_texts.setting_changed(who, name, value)
        case SettingChanged():
            return ""


def _ending(view: View, finished: RunFinished) -> str:
    match finished.outcome:
        case "cancelled" if finished.reason != INTERRUPTED:
            return texts.stopped_by(view.name(finished.by))
        case "failed" if view.leaves(finished):
            return chat_texts.failed(finished.reason.rstrip("."))
        case "abandoned" if finished.reason == "shutdown":
            return chat_texts.RESTARTED
        case "abandoned":
            return chat_texts.CUT_OFF
        case _:
            return ""


def _closing(view: View, closed: QuestionClosed) -> str:
    asked = view.questions.get(closed.question)
    match closed.outcome:
        case "expired":
            return texts.nobody_answered(call_display.named(asked) if asked else "")
        case "withdrawn":
            return texts.no_longer_needed(call_display.named(asked) if asked else "")
        case "answered":
            offered = asked.options if asked else ()
            labels = {option.id: _offered(view, option).label for option in offered}
            answer = labels.get(closed.answer, closed.answer)
            return texts.answered(_who(view, closed), answer)


def _who(view: View, closed: QuestionClosed) -> str:
    name, where = view.name(closed.by), closed.conversation
    if where is None:
        return name
    return texts.speaker(name, _place(view, where))


def files_of(event: Event) -> Iterator[tuple[FileNumber, Attachment]]:
    """Yield the files of an event, each with how people name it."""
    content = getattr(event.body, "content", None)
    for number, file in enumerate(content.attachments if content else (), start=1):
        yield (event.seq, number), file


def _file(number: FileNumber, file: Attachment) -> str:
    seq, which = number
    name = f"{seq}" if which == 1 else f"{seq}.{which}"
    return f"[{name}] {file.name} ({file.kind}, {texts.size(file.size)})"


def _with_choices(text: str, buttons: Iterable[Option]) -> str:
    return "\n".join([text, *(f"- {button.label}" for button in buttons)])


def _source(source: Source) -> str:
    if source.kind == "background" and source.name:
        return source.name  # the agent's, or the bridge's own
    kind = composed(texts.SOURCES[source.kind])
    return together(" ", [kind, source.name]) if source.name else kind
