"""What a terminal shows of a session, sans I/O: events fold in, lines come out."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from bridge import call_display, literal, texts
from bridge.cli.wire import LiveFrame, SessionView
from bridge.content import Attachment, Option
from bridge.events import (
    INTERRUPTED,
    ConversationLinked,
    Event,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ParticipantJoined,
    ParticipantLeft,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Redacted,
    RunFinished,
    RunStarted,
    SettingChanged,
    Source,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
)
from bridge.ids import START, ConversationId, ParticipantId, QuestionId, RunId, Seq

Look = Literal["said", "answer", "interim", "aside", "question", "tool"]


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


@dataclass(slots=True, kw_only=True)
class View:
    """A session as one terminal sees it: who is here, what is going on, what was seen.

    `run` is the open run; `again`: the last one failed, and another try is to come. `questions`
    are the open ones, the oldest first. `files` are all that were sent, the oldest first: people
    name one by its number.
    """

    me: ParticipantId
    title: str = ""
    people: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    agent: str = ""
    run: RunId | None = None
    again: bool = False
    position: Seq = START
    seen: Seq = START
    questions: dict[QuestionId, QuestionAsked] = field(default_factory=dict)
    files: list[Attachment] = field(default_factory=list)
    frame: LiveFrame = field(default_factory=LiveFrame)

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
            case _:
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

    def chosen(self, typed: str) -> tuple[QuestionId, Option] | None:
        """Return the option of an open question that was typed, by its number or label."""
        asked = self.question()
        if asked is None:
            return None
        typed = typed.strip().casefold()
        for number, option in enumerate(asked[1].options, start=1):
            if typed in {str(number), option.label.strip().casefold()}:
                return asked[0], option
        return None

    def name(self, participant: ParticipantId | None) -> str:
        return self.people.get(participant or "", texts.SOMEONE)

    # -- folding ----------------------------------------------------------------------------------

    def _fold(self, event: Event) -> None:
        match event.body:
            case RunStarted(run=run, agent=agent):
                self.run, self.agent, self.again = run, agent, False
            case RunFinished(outcome=outcome, upto=upto):
                self.again = outcome in {"failed", "abandoned"} and upto <= self.position
                self.run, self.position = None, max(self.position, upto)
                self.look(self.frame)
            case QuestionAsked() as asked:
                self.questions[asked.question] = asked
            case QuestionClosed(question=question):
                self.questions.pop(question, None)
            case SettingChanged(scope="session", name="title", value=title):
                self.title = title
            case _:
                pass

    # -- lines ------------------------------------------------------------------------------------

    def _line(self, event: Event) -> Line | None:
        match event.body:
            case MessageReceived() as heard:
                return self._heard(heard, event.seq)
            case MessageComposed(agent=agent, content=content, kind=kind):
                looks: dict[str, Look] = {"final": "answer", "interim": "interim"}
                look = looks.get(kind, "aside")
                return Line(look=look, speaker=agent, text=content.text, seq=event.seq)
            case Pushed(source=source, content=content, buttons=buttons):
                text = _with_choices(content.text, buttons)
                return Line(look="answer", speaker=_source(source), text=text, seq=event.seq)
            case QuestionAsked(text=text, options=options, call=call):
                parts = [text, *([call_display.block(call, in_parts=False)] if call else [])]
                parts += [texts.numbered(options)] if options else []
                text = "\n\n".join(parts)
                return Line(look="question", speaker=self.agent, text=text, seq=event.seq)
            case ToolCalled(name=name, arguments=arguments):
                return Line(look="tool", text=call_display.brief(name, arguments), seq=event.seq)
            case ToolReturned(result=result, failed=failed):
                mark = "failed: " if failed else "→ "
                return Line(look="tool", text=f"{mark}{result}", seq=event.seq)
            case _:
                aside = self._aside(event)
                return Line(look="aside", text=aside, seq=event.seq) if aside else None

    def _heard(self, heard: MessageReceived, seq: Seq) -> Line:
        who, where, quote = heard.participant, heard.conversation, heard.quote
        return Line(
            look="said",
            speaker=texts.speaker(self.name(who), self.places.get(where, texts.SOMEWHERE)),
            text=heard.content.text,
            seq=seq,
            by=who,
            where=where,
            literal=heard.content.literal,
            about=f"{quote.author}: {quote.text}" if quote is not None else "",
        )

    def _with_files(self, line: Line, event: Event) -> Line:
        content = getattr(event.body, "content", None)
        if not content or not content.attachments:
            return line
        first = len(self.files) + 1
        self.files += content.attachments
        numbered = enumerate(content.attachments, start=first)
        return replace(line, files=tuple(_file(number, each) for number, each in numbered))

    def _aside(self, event: Event) -> str:
        match event.body:
            case RunFinished() as finished:
                return self._ending(finished)
            case QuestionClosed() as closed:
                return self._closing(closed)
            case MessageEdited(participant=who, content=content):
                words = literal.markdown(content.text) if content.literal else content.text
                return f"_{self.name(who)} changed a message to:_ {words}"
            case MessageDeleted(participant=who):
                return f"_{self.name(who)} took a message back._"
            case Transcribed(text=text):
                return texts.transcript(text)
            case Redacted():
                return "_A message was removed for good._"
            case Triggered(source=source, prompt=prompt):
                return f"_{_source(source)} asks:_ {prompt}"
            case ParticipantJoined(participant=who):
                return texts.joined(self.name(who))
            case ParticipantLeft(participant=who):
                return texts.left(self.name(who))
            case ConversationLinked(conversation=where):
                return f"_Also shown in {self.places.get(where, texts.SOMEWHERE)} now._"
            case SettingChanged(scope="session", name="title", value=title):
                return f"_This session is called {title} now._"
            case _:
                return ""

    def _ending(self, finished: RunFinished) -> str:
        match finished.outcome:
            case "cancelled" if finished.reason != INTERRUPTED:
                return texts.stopped_by(self.name(finished.by))
            case "failed" if finished.upto <= self.position:
                return f"_The answer failed: {finished.reason or 'no reason given'}._"
            case "abandoned" if finished.reason == "shutdown":
                return "_The bridge restarted; the answer goes on._"
            case "abandoned":
                return "_The answer was cut off; it is tried again._"
            case _:
                return ""

    def _closing(self, closed: QuestionClosed) -> str:
        asked = self.questions.get(closed.question)
        match closed.outcome:
            case "expired":
                return texts.nobody_answered(call_display.named(asked) if asked else "")
            case "withdrawn":
                return texts.no_longer_needed(call_display.named(asked) if asked else "")
            case "answered":
                labels = {option.id: option.label for option in asked.options} if asked else {}
                answer = labels.get(closed.answer, closed.answer)
                return texts.answered(self._who(closed), answer)

    def _who(self, closed: QuestionClosed) -> str:
        name, where = self.name(closed.by), closed.conversation
        if where is None:
            return name
        return texts.speaker(name, self.places.get(where, texts.SOMEWHERE))


def _file(number: int, file: Attachment) -> str:
    return f"[{number}] {file.name} ({file.kind}, {texts.size(file.size)})"


def _with_choices(text: str, buttons: Iterable[Option]) -> str:
    return "\n".join([text, *(f"- {button.label}" for button in buttons)])


def _source(source: Source) -> str:
    return f"{source.kind} {source.name}".strip()
