"""How an event looks in a place, sans I/O: its text, its buttons, who is told, how loudly.

The rules:

- Everything said is shown everywhere; bookkeeping is shown nowhere.
- Words from elsewhere carry who said them and where, and are silent: nobody is notified of them.
- What a hook pushes, or a program that has a name, carries that name: nobody takes it for words of
  the agent's or the bridge's own.
- Overheard chatter is shown in rooms only. A push or question `to` someone is shown in rooms and in
  that person's own places; routing, not secrecy.
- A place that came to follow the session is told what it follows; no other place is.
- A question about a call shows the call (`bridge.delivery.call_display`). One that is too long for
  a chat app is shown by its ends, and can only be denied there.
- An edit, a deletion or an answer changes the copies already shown, where the platform can. An edit
  that brings other files is shown anew, and the copies are taken back.
- What the bridge itself says is said in the language that the place had when the event happened, or
  when that happened which it changes: so a card that was shown once stays in its language.
- Plain words are shown to the letter. What a message is about stands before it, in short, where it
  was said outside of this session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never, assert_type

from bridge import admission_texts, background_texts, session_texts, texts
from bridge.delivery import call_display
from bridge.delivery.speaker_lines import unforged
from bridge.domain import literal
from bridge.domain.content import Attachment, Content, Option, Quote
from bridge.domain.display_names import clean_name
from bridge.domain.events import (
    INTERRUPTED,
    BackgroundBegun,
    BackgroundStarted,
    BackgroundStopped,
    Body,
    ConversationLinked,
    ConversationUnlinked,
    Event,
    ExchangeUndone,
    HistoryCompacted,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteEvent,
    NoteKept,
    NoteRemoved,
    OutsideEvent,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMerged,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Reacted,
    Redacted,
    RoleChanged,
    RunEvent,
    RunFinished,
    RunStarted,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    SessionForked,
    SettingChanged,
    SetupEvent,
    SilentEvent,
    Source,
    ToolCalled,
    ToolEvent,
    ToolReturned,
    Transcribed,
    Triggered,
    UsageReported,
)
from bridge.domain.ids import ConversationId, ParticipantId, Seq
from bridge.domain.look_alikes import has_dot, seen, skeleton
from bridge.domain.parts import Button, Capabilities, Conversation, Priority
from bridge.domain.records import replace
from bridge.domain.wording import ENGLISH, Language, SpokenLanguages
from bridge.session.fold import Session
from bridge.session.routing import DEEDS, answer_button, push_button, writing_button
from bridge.session.tool_grants import DENYING
from bridge.session.visible import hidden_in, repeats_hidden

BRIDGE = "bridge"
"""Who speaks where it is the bridge itself."""

SHORT_QUOTE = 200
"""Characters of what a message is about that are shown with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one must know beside the lane: the time, names, and the events referred to.

    `several`: more than one agent may answer, so that what an agent says tells whose it is.
    `labels` are what places are called, so that nobody's words pass for a line of ours. `epoch` is
    the log's, which names the parts. `missed` is what was said last before a place came, by the
    event that has it follow, in Markdown. `language` is the one in which an event is shown.
    """

    now: datetime
    several: bool = False
    names: Mapping[ParticipantId, str] = field(default_factory=dict)
    places: Mapping[ConversationId, str] = field(default_factory=dict)
    related: Mapping[Seq, Event] = field(default_factory=dict)
    labels: frozenset[str] = frozenset()
    epoch: str = ""
    language: Language = ENGLISH
    missed: Mapping[Seq, str] = field(default_factory=dict)

    def words(self, text: str) -> str:
        """Return someone's words as they are shown."""
        if not has_dot(text):  # most are so, and then no label need be said in any language
            return text
        return unforged(text, self.labels | frozenset(map(self.language.says, self.labels)))

    def told(self, content: Content, quote: Quote | None = None) -> str:
        """Return what was said as it is shown, below what it is about."""
        words = self.words(self.says(content))
        shown = literal.markdown(words) if content.literal else words
        if quote is None:
            return shown
        author = (
            quote.author if quote.author != texts.SOMEONE else self.language.says(texts.SOMEONE)
        )
        about = texts.about(author, literal.markdown(self.words(shortened(quote.text))))
        return f"{about}\n\n{shown}" if shown else about

    def says(self, content: Content) -> str:
        """Return a text as it is said here: the bridge's own in the language of the place."""
        if content.wording is None:
            return content.text
        return self.language.says_kept(content.text, content.wording)

    def name(self, participant: ParticipantId | None) -> str:
        known = self.names.get(participant, texts.SOMEONE) if participant else texts.SOMEONE
        return self.language.says(known)

    def where(self, conversation: ConversationId | None) -> str:
        """Return what a place is called; one that nobody knows, or has, is elsewhere."""
        known = self.places.get(conversation, texts.SOMEWHERE) if conversation else texts.SOMEWHERE
        return self.language.says(known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it is to be shown. What is `hushed` does not ring there (`bridge.delivery.notify`).

    `spoken` says in which language, and in which ones before.
    """

    session: Session
    conversation: Conversation
    capabilities: Capabilities
    hushed: frozenset[Seq] = frozenset()
    spoken: SpokenLanguages = SpokenLanguages()  # noqa: RUF009 - it is frozen

    def is_for(self, to: tuple[ParticipantId, ...]) -> bool:
        owner = self.session.conversations.get(self.conversation.id)
        return not to or self.conversation.room or owner in self.session.people(to)

    def takes(self, pushed: Pushed) -> bool:
        """Say whether a push goes to this place: where places are named, to these alone."""
        if pushed.places:
            return self.conversation.id in pushed.places
        return self.is_for(pushed.to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """A message of its own. `closes`: it may take the place of the run's preview.

    `said`: somebody's words as they came, where the text shows them otherwise. `language` is the
    one of what the bridge says in it. Of `guarded` buttons only these are offered where a part of
    the message was not shown.
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
    said: str = ""
    language: Language = ENGLISH

    @property
    def words(self) -> str:
        """The words by which it is named, where it is missing."""
        return self.said or self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Amending:
    """The copy of `target` is changed to `to`; where that cannot be, `instead` is shown.

    `was` is the text shown before; what shows only files of the target stays as it is. `anew`: it
    has other files now, so `to` is shown as a message, and the copies are taken back. `earlier`
    changed the target before, oldest first: what shows the last of them is its copy.
    """

    target: Seq
    was: str
    to: Showing
    instead: Showing | None = None
    anew: bool = False
    earlier: tuple[Seq, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retracting:
    """The copies of `target` are taken back, and those of what changed it since."""

    target: Seq
    earlier: tuple[Seq, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacting:
    """Of the bridge's own emoji on `target`, `emoji` are all that are to be there, not `gone`."""

    target: Seq
    emoji: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """It would be shown, but not to this place."""


Look = Showing | Amending | Retracting | Reacting | Muted


def show(event: Event, place: Place, scene: Scene) -> Look | None:
    """Return how an event looks in a place; None for what is shown nowhere."""
    language = _language(event, place, scene) if place.spoken.changes else ENGLISH
    if language is scene.language or language == scene.language:
        return _shown(event, place, scene)
    look = _shown(event, place, replace(scene, language=language))
    match look:
        case Showing():
            return replace(look, language=language)
        case Amending(to=to, instead=instead):
            other = replace(instead, language=language) if instead is not None else None
            return replace(look, to=replace(to, language=language), instead=other)
        case Retracting() | Reacting() | Muted() | None:
            return look


def _language(event: Event, place: Place, scene: Scene) -> Language:
    """Return in which language a place is shown an event, where any was chosen."""
    body, begun = event.body, None
    if isinstance(body, QuestionClosed | PushClosed):
        begun = scene.related.get(body.asked if isinstance(body, QuestionClosed) else body.push)
    return place.spoken.at((begun or event).at)


def _shown(event: Event, place: Place, scene: Scene) -> Look | None:
    match event.body:
        case MessageReceived() as heard:
            return _heard(heard, place, scene)
        case MessageEdited() as edited:
            return _edited(edited, scene)
        case MessageDeleted() | Redacted() as gone:
            earlier = gone.earlier if isinstance(gone, MessageDeleted) else ()
            return Retracting(target=gone.target, earlier=earlier)
        case MessageComposed() as composed:
            return _composed(composed, scene)
        case QuestionAsked() as asked:
            is_for = place.is_for(asked.to)
            return _question(asked, event.seq, place, scene) if is_for else Muted()
        case QuestionClosed() | PushClosed() as closed:
            return _ended(closed, place, scene)
        case Pushed() as pushed:
            is_hidden = place.conversation.room and _is_private(pushed)
            is_shown = place.takes(pushed) and not is_hidden
            return _pushed(pushed, event.seq, place, scene) if is_shown else Muted()
        case Transcribed() | Reacted() as added:
            return _added(added, place, scene)
        case RunFinished(outcome="cancelled", by=by, reason=reason) if by and reason != INTERRUPTED:
            return _notice(scene.language.says(texts.stopped_by(scene.name(by))))
        case (
            ParticipantJoined() | ParticipantLeft() | ConversationLinked(welcome=True)
            | SettingChanged() | SessionArchived() | ExchangeUndone()
            | BackgroundStarted() | BackgroundStopped()
        ):  # fmt: skip
            return _arrangement(event.body, event.seq, place, scene)
        case (
            RunStarted() | RunFinished() | UsageReported() | ToolCalled() | ToolReturned()
            | Triggered() | RoleChanged() | ParticipantMerged() | ConversationLinked()
            | ConversationUnlinked() | ScheduleSet() | ScheduleRemoved()
            | NoteKept() | NoteRemoved() | HistoryCompacted() | SessionForked() | BackgroundBegun()
        ):  # fmt: skip
            return None
        case _:
            assert_never(event.body)


def _notice(text: str) -> Showing:
    return Showing(text=text, priority="notice", silent=True)


def _added(added: Transcribed | Reacted, place: Place, scene: Scene) -> Look | None:
    if isinstance(added, Reacted):
        return _reacted(added, place)
    return _transcribed(added, place, scene)


def _reacted(reacted: Reacted, place: Place) -> Look | None:
    """Return what is to be seen on the copy here, of what people gave elsewhere."""
    here = place.conversation.id
    if reacted.conversation == here:
        return None
    if not place.capabilities.reacts:
        return Muted()
    given = place.session.reactions.get(reacted.target, ())
    emoji = tuple(dict.fromkeys(each.emoji for each in given if each.place != here))
    gone = () if reacted.emoji in emoji else (reacted.emoji,)
    return Reacting(target=reacted.target, emoji=emoji, gone=gone)


def _changed_for_all(body: SettingChanged | SessionArchived, scene: Scene) -> Showing | None:
    """Return how it is told that somebody changed something for everybody in the session."""
    if body.by is None:
        return None  # the bridge itself did
    who, says = scene.name(body.by), scene.language.says
    if isinstance(body, SessionArchived):
        return _notice(says(session_texts.archived_by(who)))
    told = session_texts.setting_changed(who, body.name, body.value)
    return _notice(says(told)) if told and body.scope == "session" else None


def _arrangement(
    body: ParticipantJoined
    | ParticipantLeft
    | ConversationLinked
    | SettingChanged
    | SessionArchived
    | ExchangeUndone
    | BackgroundStarted
    | BackgroundStopped,
    seq: Seq,
    place: Place,
    scene: Scene,
) -> Showing | None:
    says = scene.language.says
    match body:
        case SettingChanged() | SessionArchived():
            return _changed_for_all(body, scene)
        case ExchangeUndone(by=by):
            return _notice(says(session_texts.undone_by(scene.name(by))))
        case BackgroundStarted(task=task):
            return _notice(says(background_texts.started(task)))
        case BackgroundStopped(children=children, by=by):
            told = background_texts.stopped_by(scene.name(by), len(children))
            return _notice(says(told)) if by is not None else None
        case ParticipantJoined(participant=who):
            return _notice(says(texts.joined(scene.name(who))))
        case ParticipantLeft(participant=who, by=by) if by not in {None, who}:
            return _notice(says(admission_texts.removed(scene.name(who), scene.name(by))))
        case ParticipantLeft(participant=who):
            return _notice(says(texts.left(scene.name(who))))
        case ConversationLinked(conversation=linked):
            is_here = linked == place.conversation.id
            return _notice(says(_welcome(place, scene.missed.get(seq, "")))) if is_here else None


def _welcome(place: Place, missed: str) -> str:
    session = place.session
    return texts.welcome(
        title=session.title,
        people=len(session.participants),
        places=len(session.conversations),
        room=place.conversation.room,
        missed=missed,
    )


def _speaker(heard: MessageReceived, scene: Scene) -> str:
    return texts.speaker(scene.name(heard.participant), scene.where(heard.conversation))


def _heard(heard: MessageReceived, place: Place, scene: Scene) -> Look:
    if not heard.addressed and not place.conversation.room:
        return Muted()
    if repeats_hidden(heard, hidden_in(place.session, place.conversation)):
        return Muted()
    return Showing(
        text=scene.told(heard.content, heard.quote),
        said=scene.words(heard.content.text),
        attachments=heard.content.attachments,
        speaker=_speaker(heard, scene),
        reply_to=heard.reply_to,
        priority="notice",
        silent=True,
    )


def _edited(edited: MessageEdited, scene: Scene) -> Look | None:
    original = scene.related.get(edited.target)
    if original is None or not isinstance(original.body, MessageReceived):
        return None
    said, content = original.body, edited.content
    last = scene.related.get(edited.earlier[-1]) if edited.earlier else None
    before = last.body.content if last and isinstance(last.body, MessageEdited) else said.content
    has_others = {each.media for each in content.attachments} != {
        each.media for each in before.attachments
    }
    to = Showing(
        text=scene.told(content, said.quote),
        said=scene.words(content.text),
        attachments=content.attachments if has_others else (),
        speaker=_speaker(said, scene),
        priority="notice",
        silent=has_others,
    )
    was = scene.told(before, said.quote)
    return Amending(target=edited.target, was=was, to=to, anew=has_others, earlier=edited.earlier)


def _transcribed(transcribed: Transcribed, place: Place, scene: Scene) -> Look | None:
    original = scene.related.get(transcribed.target)
    if original is None or not isinstance(original.body, MessageReceived):
        return None
    if not original.body.addressed and not place.conversation.room:
        return Muted()
    if transcribed.target <= hidden_in(place.session, place.conversation):
        return None
    return Showing(
        text=texts.transcript(scene.words(transcribed.text)),
        said=scene.words(transcribed.text),
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
        said=scene.words(scene.says(composed.content)),
        attachments=composed.content.attachments,
        speaker=_agent(composed.agent, scene),
        silent=composed.kind == "interim",
        closes=composed.kind != "interim",
    )


def _agent(name: str, scene: Scene) -> str:
    return name if scene.several else ""


def brought_by(source: Source) -> str:
    """Return what brought words from outside, as their speaker; "" for what has no such name."""
    match source.kind:
        case "webhook" | "api":
            name = clean_name(source.name)
            return texts.speaker(name, texts.OUTSIDE[source.kind]) if name else ""
        case "schedule" | "background":
            return ""
        case _:
            assert_never(source.kind)


def _question(asked: QuestionAsked, seq: Seq, place: Place, scene: Scene) -> Showing:
    card = _card(asked, seq, place, scene)
    if not asked.quiet:
        return card
    quiet = scene.language.says(texts.ASKED_QUIETLY)
    return replace(card, text=f"{card.text}\n\n{quiet}", silent=True)


def _card(asked: QuestionAsked, seq: Seq, place: Place, scene: Scene) -> Showing:
    words, speaker = _words(asked, scene), _agent(asked.agent, scene)
    if asked.by is not None:
        speaker = texts.speaker(scene.name(asked.by), texts.API)
    if asked.call is not None and not call_display.fits_in_parts(asked.call):
        return _too_long(asked, seq, place, scene)
    asked = _in_language(asked, scene)
    if not asked.options:
        opens = place.capabilities.buttons and place.capabilities.forms
        button = Button(value=writing_button(seq), label=scene.language.says(texts.ANSWER_IN_WORDS))
        buttons = (button,) if opens else ()
        return Showing(text=words, speaker=speaker, buttons=buttons, priority="question")
    if not place.capabilities.buttons:
        text = f"{words}\n\n{scene.words(scene.language.says(texts.numbered(asked.options)))}"
        return Showing(text=text, speaker=speaker, priority="question")
    labels = _labels(asked.options, place)
    is_listed = any(label != each.label for label, each in zip(labels, asked.options, strict=True))
    values = _values(asked, seq, place)
    return Showing(
        text=f"{words}\n\n{scene.words(texts.listed(asked.options))}" if is_listed else words,
        speaker=speaker,
        buttons=_buttons(asked, labels, values),
        guarded=None if asked.call is None else _buttons(asked, labels, values, among=DENYING),
        priority="question",
    )


def _in_language(asked: QuestionAsked, scene: Scene) -> QuestionAsked:
    """Return a question with the answers that the bridge itself offers, in the place's language."""
    if scene.language == ENGLISH:
        return asked
    options = tuple(
        replace(each, label=scene.language.says(texts.answer_label(each))) for each in asked.options
    )
    return replace(asked, options=options)


def _read_as(label: str) -> str:
    return skeleton(" ".join("".join(char for _, char in seen(label)).split()))


def _too_long(asked: QuestionAsked, seq: Seq, place: Place, scene: Scene) -> Showing:
    """Show the ends of a call; nobody can approve here what is not shown here."""
    asked = _in_language(asked, scene)
    denying = tuple(option for option in asked.options if option.id in DENYING)
    labels, values = _labels(asked.options, place), _values(asked, seq, place)
    buttons = _buttons(asked, labels, values, among=DENYING) if place.capabilities.buttons else ()
    note = scene.language.says(texts.call_too_long(() if buttons else denying))
    text = f"{_words(asked, scene)}\n\n{note}"
    speaker = _agent(asked.agent, scene)
    return Showing(text=text, speaker=speaker, buttons=buttons, priority="question")


def _buttons(
    asked: QuestionAsked,
    labels: Sequence[str],
    values: Sequence[str],
    among: frozenset[str] | None = None,
) -> tuple[Button, ...]:
    return tuple(
        Button(value=value, label=label)
        for option, label, value in zip(asked.options, labels, values, strict=True)
        if among is None or option.id in among
    )


def _values(asked: QuestionAsked, seq: Seq, place: Place) -> Sequence[str]:
    session = place.session.id
    return [answer_button(session, seq, asked, number) for number in range(len(asked.options))]


def _labels(options: Sequence[Option], place: Place) -> Sequence[str]:
    """Return what the buttons are called: by their numbers too where two would look the same.

    So labels come to where a place cuts them; their list in the text has them whole.
    """
    most = place.capabilities.label_chars
    shown = {_read_as(each.label[: most - 1]) for each in options}
    if len(shown) == len(options) and all(len(each.label) <= most for each in options):
        return [each.label for each in options]
    return [f"{number}. {each.label}" for number, each in enumerate(options, start=1)]


def _words(asked: QuestionAsked, scene: Scene) -> str:
    if literal.shows_nothing(asked.text):
        words = scene.language.says(texts.QUESTION)
    elif asked.call is not None and asked.text == (ours := texts.may_use(asked.call.name)):
        words = scene.words(scene.language.says(ours))
    else:
        words = scene.words(asked.text)
    return call_display.under(words, asked.call) if asked.call is not None else words


def _closed(closed: QuestionClosed, place: Place, scene: Scene) -> Look | None:
    asked = scene.related.get(closed.asked)
    if asked is None or not isinstance(asked.body, QuestionAsked):
        return None
    if not place.is_for(asked.body.to):
        return Muted()
    line = _closing_line(closed, asked.body.options, scene)
    card = _question(asked.body, closed.asked, place, scene)
    ended = f"{_words(asked.body, scene)}\n\n{line}"
    return Amending(
        target=closed.asked,
        was=card.text,
        to=Showing(text=ended, speaker=card.speaker, priority="question"),
        instead=_notice(scene.language.says(_closing_alone(closed, asked.body)) or line),
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
            labels = {option.id: texts.answer_label(option) for option in options}
            answer = scene.language.says(labels.get(closed.answer, closed.answer))
            return texts.answered(_who(closed, scene), scene.words(answer))
        case "expired":
            return scene.language.says(texts.EXPIRED)
        case "withdrawn":
            return scene.language.says(texts.WITHDRAWN)


def _who(closed: QuestionClosed, scene: Scene) -> str:
    """Return who decided, and where if that is known."""
    name = scene.name(closed.by)
    if closed.conversation is None:
        return name
    return texts.speaker(name, scene.where(closed.conversation))


def _is_private(pushed: Pushed) -> bool:
    """Say whether the bridge tells one person of their own accounts: no room's business."""
    return _is_ours(pushed) and bool(pushed.to)


def _is_ours(pushed: Pushed) -> bool:
    """Say whether the bridge itself says it: no agent can have its name."""
    return (pushed.source.kind, pushed.source.name) == ("background", BRIDGE)


def _value(pushed: Pushed, seq: Seq, number: int, place: Place) -> str:
    option = pushed.buttons[number]
    does = _is_ours(pushed) and option.id.startswith(DEEDS)
    return option.id if does else push_button(place.session.id, seq, pushed, number)


def _offered(pushed: Pushed, scene: Scene) -> tuple[Option, ...]:
    """Return the buttons of something pushed; the bridge's own in the language of the place."""
    if not _is_ours(pushed) or scene.language == ENGLISH:
        return pushed.buttons
    return tuple(replace(each, label=scene.language.one(each.label)) for each in pushed.buttons)


def _pushed(pushed: Pushed, seq: Seq, place: Place, scene: Scene) -> Showing:
    offered = _offered(pushed, scene) if place.capabilities.buttons else ()
    by_agent, labels = pushed.source.kind == "background", _labels(offered, place)
    told = scene.told(pushed.content)
    if offered and literal.shows_nothing(told):
        told = scene.language.says(texts.QUESTION)
    if any(label != each.label for label, each in zip(labels, offered, strict=True)):
        told = f"{told}\n\n{scene.words(texts.listed(offered))}"
    return Showing(
        speaker=_agent(pushed.source.name, scene) if by_agent else brought_by(pushed.source),
        text=told,
        said=scene.words(scene.says(pushed.content)),
        attachments=pushed.content.attachments,
        buttons=tuple(
            Button(value=_value(pushed, seq, number, place), label=label)
            for number, label in enumerate(labels)
        ),
        silent=pushed.priority == "low",
    )


def _ended(closed: QuestionClosed | PushClosed, place: Place, scene: Scene) -> Look | None:
    if isinstance(closed, PushClosed):
        return _push_closed(closed, place, scene)
    return _closed(closed, place, scene)


def _push_closed(over: PushClosed, place: Place, scene: Scene) -> Look | None:
    """Change the copies of a push that was shown here: they say what was decided."""
    known = scene.related.get(over.push)
    if known is None or not isinstance(known.body, Pushed):
        return None
    pushed = known.body
    if not place.is_for(pushed.to) or (place.conversation.room and _is_private(pushed)):
        return Muted()
    card, ended = (
        _pushed(pushed, over.push, place, scene),
        scene.language.says_kept(over.text, over.wording),
    )
    return Amending(
        target=over.push,
        was=card.text,
        to=Showing(text=f"{card.text}\n\n{ended}", speaker=card.speaker, silent=True),
        instead=_notice(ended),
    )


_NamesNoPlace = (
    MessageEdited
    | MessageDeleted
    | MessageComposed
    | OutsideEvent
    | SilentEvent  # but for a question that was answered in a place
)
_RefersToNothing = (
    RunEvent
    | MessageComposed
    | ToolEvent
    | QuestionAsked
    | Pushed
    | Triggered
    | SetupEvent
    | NoteEvent
    | HistoryCompacted
    | ExchangeUndone
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
        case rest:
            assert_type(rest, _NamesNoPlace)
            return frozenset()


def referred(events: Sequence[Event]) -> frozenset[Seq]:
    """Return the earlier events that these change, close or answer."""
    found: set[Seq] = set()
    for event in events:
        body = event.body
        if isinstance(body, _RefersToNothing):  # most do
            continue
        match body:
            case MessageEdited(target=seq, earlier=earlier):
                found |= {seq, *earlier}
            case MessageDeleted(target=seq, earlier=earlier):
                found |= {seq, *earlier}
            case MessageReceived(reply_to=reply_to):
                found |= {reply_to} if reply_to is not None else frozenset()
            case (
                Redacted(target=seq)
                | Transcribed(target=seq)
                | QuestionClosed(asked=seq)
                | PushClosed(push=seq)
                | Reacted(target=seq)
            ):
                found.add(seq)
            case _:
                assert_never(body)
    return frozenset(found)
