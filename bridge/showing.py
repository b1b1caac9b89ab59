"""How an event looks in a place, sans I/O: its text, its buttons, who is told, how loudly.

The rules:

- Everything said is shown everywhere; bookkeeping is shown nowhere.
- Words from elsewhere carry who said them and where, and are silent: nobody is notified of them.
- Overheard chatter is shown in rooms only. A push or question `to` someone is shown in rooms and in
  that person's own places; routing, not secrecy.
- A place that came to follow the session is told what it follows; no other place is.
- A question about a call shows the call (`bridge.call_display`). One that is too long for a chat
  app is shown by its ends, and can only be denied there.
- An edit, a deletion or an answer changes the copies already shown, where the platform can. An edit
  that brings other files is shown anew, and the copies are taken back.
- Plain words are shown to the letter. What a message is about stands before it, in short, where it
  was said outside of this session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from bridge import admission_texts, call_display, literal, texts
from bridge.consent import DENYING
from bridge.content import Attachment, Content, Option, Quote
from bridge.events import (
    INTERRUPTED,
    Body,
    ConversationLinked,
    ConversationUnlinked,
    Event,
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
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Redacted,
    RoleChanged,
    RunFinished,
    RunStarted,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    SessionForked,
    SettingChanged,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
    UsageReported,
)
from bridge.ids import ConversationId, ParticipantId, Seq
from bridge.parts import Button, Capabilities, Conversation, Priority
from bridge.routing import UNDO, answer_button, saying_button
from bridge.session import Session
from bridge.speaker_lines import unforged

BRIDGE = "bridge"
"""Who speaks where it is the bridge itself."""

SHORT_QUOTE = 200
"""Characters of what a message is about that are shown with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one must know beside the lane: the time, names, and the events referred to.

    `several`: more than one agent may answer, so that what an agent says tells whose it is.
    `labels` are what places are called, so that nobody's words pass for a line of ours.
    """

    now: datetime
    several: bool = False
    names: Mapping[ParticipantId, str] = field(default_factory=dict)
    places: Mapping[ConversationId, str] = field(default_factory=dict)
    related: Mapping[Seq, Event] = field(default_factory=dict)
    labels: frozenset[str] = frozenset()

    def words(self, text: str) -> str:
        """Return someone's words as they are shown."""
        return unforged(text, self.labels)

    def told(self, content: Content, quote: Quote | None = None) -> str:
        """Return what was said as it is shown, below what it is about."""
        words = self.words(content.text)
        shown = literal.markdown(words) if content.literal else words
        if quote is None:
            return shown
        about = texts.about(quote.author, literal.markdown(self.words(shortened(quote.text))))
        return f"{about}\n\n{shown}" if shown else about

    def name(self, participant: ParticipantId | None) -> str:
        return self.names.get(participant, texts.SOMEONE) if participant else texts.SOMEONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it is to be shown."""

    session: Session
    conversation: Conversation
    capabilities: Capabilities

    def is_for(self, to: tuple[ParticipantId, ...]) -> bool:
        owner = self.session.conversations.get(self.conversation.id)
        return not to or self.conversation.room or owner in to


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """A message of its own. `closes`: it may take the place of the run's preview.

    Of `guarded` buttons only these are offered where a part of the message was not shown.
    """

    text: str
    attachments: tuple[Attachment, ...] = ()
    buttons: tuple[Button, ...] = ()
    guarded: tuple[Button, ...] | None = None
    speaker: str = ""
    reply_to: Seq | None = None
    priority: Priority = "final"
    silent: bool = False
    closes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Amending:
    """The copy of `target` is changed to `to`; where that cannot be, `instead` is shown.

    `was` is the text shown before; what shows only files of the target stays as it is. Where `to`
    has files they are other ones: it is shown as a message, and the copies are taken back.
    """

    target: Seq
    was: str
    to: Showing
    instead: Showing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retracting:
    """The copies of `target` are taken back."""

    target: Seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """It would be shown, but not to this place."""


Look = Showing | Amending | Retracting | Muted


def show(event: Event, place: Place, scene: Scene) -> Look | None:
    """Return how an event looks in a place; None for what is shown nowhere."""
    match event.body:
        case MessageReceived() as heard:
            return _heard(heard, place, scene)
        case MessageEdited(target=target, content=content):
            return _edited(target, content, scene)
        case MessageDeleted(target=target) | Redacted(target=target):
            return Retracting(target=target)
        case MessageComposed() as composed:
            return _composed(composed, scene)
        case QuestionAsked() as asked:
            return _question(asked, place, scene) if place.is_for(asked.to) else Muted()
        case QuestionClosed() as closed:
            return _closed(closed, place, scene)
        case Pushed() as pushed:
            is_hidden = place.conversation.room and _is_private(pushed)
            is_shown = place.is_for(pushed.to) and not is_hidden
            return _pushed(pushed, place, scene) if is_shown else Muted()
        case Transcribed() as transcribed:
            return _transcribed(transcribed, place, scene)
        case RunFinished(outcome="cancelled", by=by, reason=reason) if by and reason != INTERRUPTED:
            return _notice(texts.stopped_by(scene.name(by)))
        case ParticipantJoined() | ParticipantLeft() | ConversationLinked(welcome=True):
            return _arrival(event.body, place, scene)
        case (
            RunStarted() | RunFinished() | UsageReported() | ToolCalled() | ToolReturned()
            | Triggered() | RoleChanged() | ParticipantMerged() | ConversationLinked()
            | ConversationUnlinked() | SettingChanged() | ScheduleSet() | ScheduleRemoved()
            | NoteKept() | NoteRemoved() | HistoryCompacted() | SessionForked() | SessionArchived()
        ):  # fmt: skip
            return None
        case _:
            assert_never(event.body)


def _notice(text: str) -> Showing:
    return Showing(text=text, priority="notice", silent=True)


def _arrival(
    body: ParticipantJoined | ParticipantLeft | ConversationLinked, place: Place, scene: Scene
) -> Showing | None:
    match body:
        case ParticipantJoined(participant=who):
            return _notice(texts.joined(scene.name(who)))
        case ParticipantLeft(participant=who, by=by) if by not in {None, who}:
            return _notice(admission_texts.removed(scene.name(who), scene.name(by)))
        case ParticipantLeft(participant=who):
            return _notice(texts.left(scene.name(who)))
        case ConversationLinked(conversation=linked):
            return _welcome(place) if linked == place.conversation.id else None


def _welcome(place: Place) -> Showing:
    session = place.session
    return _notice(
        texts.welcome(
            title=session.title,
            people=len(session.participants),
            places=len(session.conversations),
            room=place.conversation.room,
        )
    )


def _speaker(heard: MessageReceived, scene: Scene) -> str:
    where = scene.places.get(heard.conversation, texts.SOMEWHERE)
    return texts.speaker(scene.name(heard.participant), where)


def _heard(heard: MessageReceived, place: Place, scene: Scene) -> Look:
    if not heard.addressed and not place.conversation.room:
        return Muted()
    return Showing(
        text=scene.told(heard.content, heard.quote),
        attachments=heard.content.attachments,
        speaker=_speaker(heard, scene),
        reply_to=heard.reply_to,
        priority="notice",
        silent=True,
    )


def _edited(target: Seq, content: Content, scene: Scene) -> Look | None:
    original = scene.related.get(target)
    if original is None or not isinstance(original.body, MessageReceived):
        return None
    said = original.body
    has_others = {each.media for each in content.attachments} - {
        each.media for each in said.content.attachments
    }
    to = Showing(
        text=scene.told(content, said.quote),
        attachments=content.attachments if has_others else (),
        speaker=_speaker(said, scene),
        priority="notice",
        silent=bool(has_others),
    )
    return Amending(target=target, was=scene.told(said.content, said.quote), to=to)


def _transcribed(transcribed: Transcribed, place: Place, scene: Scene) -> Look | None:
    original = scene.related.get(transcribed.target)
    if original is None or not isinstance(original.body, MessageReceived):
        return None
    if not original.body.addressed and not place.conversation.room:
        return Muted()
    return Showing(
        text=texts.transcript(scene.words(transcribed.text)),
        speaker=_speaker(original.body, scene),
        reply_to=transcribed.target,
        priority="notice",
        silent=True,
    )


def shortened(words: str) -> str:
    """Return words in one line, and not too many of them."""
    line = " ".join(words.split())
    return line if len(line) <= SHORT_QUOTE else f"{line[: SHORT_QUOTE - 1]}…"


def _composed(composed: MessageComposed, scene: Scene) -> Showing:
    return Showing(
        text=scene.told(composed.content),
        attachments=composed.content.attachments,
        speaker=_agent(composed.agent, scene),
        silent=composed.kind == "interim",
        closes=composed.kind != "interim",
    )


def _agent(name: str, scene: Scene) -> str:
    return name if scene.several else ""


def _question(asked: QuestionAsked, place: Place, scene: Scene) -> Showing:
    words, speaker = _words(asked, scene), _agent(asked.agent, scene)
    if asked.call is not None and not call_display.fits_in_parts(asked.call):
        return _too_long(asked, place, scene)
    if not asked.options:
        return Showing(text=words, speaker=speaker, priority="question")
    if not place.capabilities.buttons:
        text = f"{words}\n\n{texts.numbered(asked.options)}"
        return Showing(text=text, speaker=speaker, priority="question")
    return Showing(
        text=words,
        speaker=speaker,
        buttons=_buttons(asked),
        guarded=None if asked.call is None else _buttons(asked, among=DENYING),
        priority="question",
    )


def _too_long(asked: QuestionAsked, place: Place, scene: Scene) -> Showing:
    """Show the ends of a call; nobody can approve here what is not shown here."""
    denying = tuple(option for option in asked.options if option.id in DENYING)
    buttons = _buttons(asked, among=DENYING) if place.capabilities.buttons else ()
    note = texts.call_too_long(() if buttons else denying)
    text = f"{_words(asked, scene)}\n\n{note}"
    speaker = _agent(asked.agent, scene)
    return Showing(text=text, speaker=speaker, buttons=buttons, priority="question")


def _buttons(asked: QuestionAsked, among: frozenset[str] | None = None) -> tuple[Button, ...]:
    return tuple(
        Button(value=answer_button(asked.question, number), label=option.label)
        for number, option in enumerate(asked.options)
        if among is None or option.id in among
    )


def _words(asked: QuestionAsked, scene: Scene) -> str:
    words = scene.words(asked.text) if asked.text.strip() else texts.QUESTION
    return f"{words}\n\n{call_display.block(asked.call)}" if asked.call is not None else words


def _closed(closed: QuestionClosed, place: Place, scene: Scene) -> Look | None:
    asked = scene.related.get(closed.asked)
    if asked is None or not isinstance(asked.body, QuestionAsked):
        return None
    if not place.is_for(asked.body.to):
        return Muted()
    line = _closing_line(closed, asked.body.options, scene)
    card = _question(asked.body, place, scene)
    ended = f"{_words(asked.body, scene)}\n\n{line}"
    return Amending(
        target=closed.asked,
        was=card.text,
        to=Showing(text=ended, speaker=card.speaker, priority="question"),
        instead=_notice(_closing_alone(closed, asked.body) or line),
    )


def _closing_alone(closed: QuestionClosed, asked: QuestionAsked) -> str:
    """Return the line for a place where the card stays as it is, if it has to name the question."""
    match closed.outcome:
        case "answered":
            return ""
        case "expired":
            return texts.nobody_answered(call_display.named(asked))
        case "withdrawn":
            return texts.no_longer_needed(call_display.named(asked))


def _closing_line(closed: QuestionClosed, options: tuple[Option, ...], scene: Scene) -> str:
    match closed.outcome:
        case "answered":
            labels = {option.id: option.label for option in options}
            answer = labels.get(closed.answer, closed.answer)
            return texts.answered(_who(closed, scene), scene.words(answer))
        case "expired":
            return texts.EXPIRED
        case "withdrawn":
            return texts.WITHDRAWN


def _who(closed: QuestionClosed, scene: Scene) -> str:
    """Return who decided, and where if that is known."""
    name = scene.name(closed.by)
    if closed.conversation is None:
        return name
    return texts.speaker(name, scene.places.get(closed.conversation, texts.SOMEWHERE))


def _is_private(pushed: Pushed) -> bool:
    """Say whether the bridge tells one person of their own accounts: no room's business."""
    is_ours = (pushed.source.kind, pushed.source.name) == ("background", BRIDGE)
    return (is_ours and bool(pushed.to)) or any(each.id.startswith(UNDO) for each in pushed.buttons)


def _value(option: Option) -> str:
    return option.id if option.id.startswith(UNDO) else saying_button(option.label)


def _pushed(pushed: Pushed, place: Place, scene: Scene) -> Showing:
    offered = pushed.buttons if place.capabilities.buttons else ()
    by_agent = pushed.source.kind == "background"
    return Showing(
        speaker=_agent(pushed.source.name, scene) if by_agent else "",
        text=scene.told(pushed.content),
        attachments=pushed.content.attachments,
        buttons=tuple(Button(value=_value(each), label=each.label) for each in offered),
    )


def people_in(body: Body) -> frozenset[ParticipantId]:
    """Return the participants whose names it takes to show a body."""
    found = (getattr(body, "participant", None), getattr(body, "by", None))
    return frozenset(each for each in found if each is not None)


def places_in(body: Body) -> frozenset[ConversationId]:
    """Return the places whose labels it takes to show a body."""
    match body:
        case MessageReceived(conversation=where) | QuestionClosed(conversation=str(where)):
            return frozenset([where])
        case _:
            return frozenset()


def referred(events: Sequence[Event]) -> frozenset[Seq]:
    """Return the earlier events that these change, close or answer."""
    found: set[Seq] = set()
    for event in events:
        match event.body:
            case (
                MessageEdited(target=seq)
                | MessageDeleted(target=seq)
                | Redacted(target=seq)
                | Transcribed(target=seq)
                | QuestionClosed(asked=seq)
                | MessageReceived(reply_to=int(seq))
            ):
                found.add(seq)
            case _:
                pass
    return frozenset(found)
