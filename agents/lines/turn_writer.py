"""What an agent outside of this process is told, as one JSON object a line.

The rules:

- The log is told as messages: with edits made, without what was taken back, people and places by
  their names. `new` marks what asks for an answer.
- A long history is cut at the front; what is new and what is still open is never left out. Of a
  long session only its newest part is read, and from what came before that what still matters.
- A reply to what the reader was not told has the words that it is about.
- What was approved and never begun, and what was begun and never returned, is named apart: the
  one is to be done now, of the other nobody knows whether it took effect.
- Words and names are as people see them (`agents.as_seen`), whoever said or brought them. To the
  letter are only ids, what a call is made with, and what a setting or an option is called.

docs/process-agents.md is the contract.
"""

import asyncio
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_type

from agents.as_seen import as_seen
from agents.log_index import LogIndex, is_undone
from agents.names import TurnNames
from agents.recall import recall
from agents.speaker_labels import in_words
from bridge.domain.codec import rfc3339
from bridge.domain.content import LONGEST_QUOTE, Attachment, Content
from bridge.domain.events import (
    Event,
    HistoryCompacted,
    MemoryEvent,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageEvent,
    MessageReceived,
    NoteKept,
    PlannedCall,
    Preview,
    PushClosed,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Redacted,
    RunEvent,
    SetupEvent,
    Source,
    ToolCalled,
    ToolEvent,
    ToolReturned,
    Transcribed,
    Triggered,
)
from bridge.domain.ids import START, MediaId, ParticipantId, QuestionId, Seq
from bridge.ports.agent import Calling, Said, Turn
from bridge.session.fold import Session, setting_key
from bridge.session.tool_grants import setting

PROTOCOL = 1

Json = dict[str, Any]

EVENTS_A_MESSAGE = 5
"""So many events of a log hold a message, about: a run begins and ends, tools are called."""

SESSION_SETTING = "session::"
ALWAYS = setting("")
DOINGS = {"said", "called", "returned", "asked", "pushed"}
"""What agents do: it is no news to the one that does it."""


def encode(line: Json) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def recorded(said: Preview | Said) -> Json | None:
    """Return what is answered to something that is in the log by now: a call may begin."""
    return {"type": "recorded", "call": said.call} if isinstance(said, Calling) else None


@dataclass(slots=True, kw_only=True)
class TurnWriter:
    """Tells one run what the log holds, and later what came since. `most`: of the old messages.

    `said` is what a reply may be about, and `told` what the reader has of it; `elsewhere` are
    questions of child sessions, of which an agent is told nothing.
    """

    turn: Turn
    most: int
    index: LogIndex = field(init=False)
    names: TurnNames = field(init=False)
    said: dict[Seq, Event] = field(default_factory=dict)
    told: set[Seq] = field(default_factory=set)
    elsewhere: set[QuestionId] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.index = LogIndex(agent=self.turn.agent)
        self.names = TurnNames(turn=self.turn)

    async def opening(self) -> Json:
        """Return the turn: all that the agent is given to begin with."""
        recent = await self.turn.recent(newest=EVENTS_A_MESSAGE * self.most)
        session = await self.turn.fold()
        log = [*recent.before, *recent.log]
        view = await self._view(
            log, session.participants, session.questions, base=_before(recent.log)
        )
        older = list(filter(_matters, await _all(view.messages(recent.before, after=START))))
        messages = await _all(view.messages(recent.log, after=START))
        shown = _cut(messages, self.most)
        return {
            "type": "turn",
            "protocol": PROTOCOL,
            "session": self.turn.session,
            "title": as_seen(session.title),
            "run": self.turn.run,
            "agent": self.turn.agent,
            "at": rfc3339(self.turn.clock.now()),
            "people": self._people(session),
            "settings": _settings(session, self.turn.agent),
            "notes": [_note(each) for each in self.index.notes.values()],
            "summary": _summary(self.index.newest_summary),
            "left_out": _before(recent.log) - len(older) + len(messages) - len(shown),
            "messages": self._quoting([*older, *shown]),
            "approved": [_call(each) for each in _approved(self.index)],
            "interrupted": [_call(each) for each in self.index.interrupted()],
        }

    async def news(self) -> Json:
        """Return what came since; the run answers for it from now on."""
        fresh = await self.turn.news()
        after = fresh[0].seq - 1 if fresh else START
        told = await _all((await self._view(fresh, base=after)).messages(fresh, after=after))
        news = [each for each in told if each["kind"] not in DOINGS]
        return {"type": "news", "messages": self._quoting(news)}

    def file(self, media: str) -> Attachment | None:
        """Return a file of this session by its id."""
        return self.index.files.get(MediaId(media))

    async def _view(
        self,
        events: Sequence[Event],
        people: Iterable[ParticipantId] = (),
        open_questions: Collection[QuestionId] = (),
        *,
        base: Seq,
    ) -> "_View":
        """Take events in, and return how they are told, with the names that it takes.

        Those past `base` are without a gap.
        """
        self.index.take(events)
        recalled = await recall(self.turn, self.index, events, base=base)
        self.said |= {each.seq: each for each in [*events, *recalled]}
        await self.names.learn(self.index, people)
        bodies = [each.body for each in events]
        asked = [each for each in bodies if isinstance(each, QuestionAsked) and each.background]
        self.elsewhere |= {each.question for each in asked}
        return _View(self.index, self.names, open_questions, self.elsewhere)

    def _quoting(self, messages: list[Json]) -> list[Json]:
        """Return messages with what they are about, where the reader was not told of that."""
        self.told |= {each["seq"] for each in messages}
        return [self._with_quote(each) for each in messages]

    def _with_quote(self, message: Json) -> Json:
        about = message.get("reply_to")
        if about is None or about in self.told or "quote" in message:
            return message
        content = self.index.said(about)
        if content is None:
            return message
        author = self._author(self.said[about])
        return {**message, "quote": _quoted(author, in_words(content))}

    def _author(self, said: Event) -> str:
        match said.body:
            case MessageReceived(participant=who):
                return self.names.people[who]
            case MessageComposed(agent=agent) | QuestionAsked(agent=agent):
                return agent
            case Pushed(source=source):
                return source.name or source.kind
            case rest:
                assert_type(rest, _HasNoAuthor)
                return ""

    def _people(self, session: Session) -> list[Json]:
        return [
            {"participant": each, "name": as_seen(self.names.people[each]), "role": role}
            for each, role in session.participants.items()
        ]


_HasNoAuthor = (
    MessageEdited
    | MessageDeleted
    | Transcribed
    | Redacted
    | RunEvent
    | ToolEvent
    | QuestionClosed
    | PushClosed
    | Triggered
    | SetupEvent
    | MemoryEvent
)
_Done = MessageComposed | Pushed | ToolEvent | QuestionAsked
_NotTold = (
    PushClosed
    | MessageEvent  # but for a message that stands, and what changed one that was told
    | RunEvent
    | SetupEvent
    | MemoryEvent
)


class _View:
    """A log as messages."""

    def __init__(
        self,
        index: LogIndex,
        names: TurnNames,
        open_questions: Collection[QuestionId],
        elsewhere: Collection[QuestionId],
    ) -> None:
        self._index, self._people, self._places = index, names.people, names.places
        self._open, self._elsewhere = open_questions, elsewhere

    def messages(self, events: Sequence[Event], *, after: Seq) -> Iterator[Json]:
        for event in events:
            if is_undone(self._index, event.seq):
                continue
            if told := self._told(event, after):
                yield {"seq": event.seq, "at": rfc3339(event.at), **told}

    def _told(self, event: Event, after: Seq) -> Json | None:
        new = event.seq > self._index.position
        match event.body:
            case MessageReceived() as heard if event.seq in self._index.words:
                return self._heard(heard, self._index.words[event.seq], new=new)
            case (
                MessageEdited(target=target)
                | MessageDeleted(target=target)
                | Transcribed(target=target)
            ) if START < target <= after:
                return _changed(target, self._index.words.get(target))
            case Triggered(source=source, prompt=prompt):
                asks: Json = {"kind": "trigger", "source": source.kind}
                asks |= {"name": as_seen(source.name), "text": as_seen(prompt)}
                asks |= {"outside": True} if source.outside else {}
                return {**asks, "new": new}
            case QuestionClosed(question=question) if question in self._elsewhere:
                return None
            case QuestionClosed() as closed:
                return self._closed(closed, new=new)
            case rest:
                return self._done(rest)

    def _heard(self, heard: MessageReceived, content: Content, *, new: bool) -> Json:
        told: Json = {
            "kind": "message",
            "participant": heard.participant,
            "who": as_seen(self._people[heard.participant]),
            "where": as_seen(self._places[heard.conversation]),
            **_content(content),
            "addressed": heard.addressed,
            "new": new and heard.addressed,
        }
        if heard.quote is not None:
            told["quote"] = _quoted(heard.quote.author, heard.quote.text)
        return told if heard.reply_to is None else {**told, "reply_to": heard.reply_to}

    def _closed(self, closed: QuestionClosed, *, new: bool) -> Json:
        _, asked = self._index.asked.get(closed.question, (START, None))
        told: Json = {
            "kind": "closed",
            "question": closed.question,
            "outcome": closed.outcome,
            "answer": _answer(closed, asked),
            "text": as_seen(asked.text) if asked else "",
            "new": new and closed.outcome != "withdrawn",
        }
        if closed.outside:
            told["outside"] = True
        if asked and asked.call:
            told["call"] = _call(asked.call)
        if closed.by is not None:
            told |= {"participant": closed.by, "who": as_seen(self._people[closed.by])}
        return told

    def _done(self, body: _Done | _NotTold) -> Json | None:
        match body:
            case MessageComposed(agent=agent, content=content, kind=kind):
                return {"kind": "said", "agent": agent, "as": kind, **_content(content)}
            case Pushed(source=Source(kind="background", name="bridge")):
                return None  # what the bridge tells people of itself, strangers' words among it
            case Pushed(source=source, content=content):
                return {"kind": "pushed", "source": source.kind, **_content(content)}
            case ToolCalled() as made:
                return {"kind": "called", **_call(made)}
            case ToolReturned(call=call, result=result, failed=failed):
                return {
                    "kind": "returned",
                    "call": call,
                    "result": as_seen(result),
                    "failed": failed,
                }
            case QuestionAsked(background=str()):
                return None
            case QuestionAsked(question=question, text=text) as asked:
                options = [{"id": each.id, "label": as_seen(each.label)} for each in asked.options]
                told: Json = {"kind": "asked", "question": question, "as": asked.kind}
                told |= {"outside": True} if asked.by is not None else {}
                told |= {"text": as_seen(text), "options": options}
                return {**told, "open": question in self._open}
            case rest:
                assert_type(rest, _NotTold)
                return None


async def _all(messages: Iterator[Json]) -> list[Json]:
    """Return the messages, told aside: to look at every letter of many would hold the loop."""
    return await asyncio.to_thread(list, messages)


def _cut(messages: list[Json], most: int) -> list[Json]:
    """Return the last ones, and of those before what still matters."""
    first = max(0, len(messages) - most)
    kept = [each for each in messages[:first] if _matters(each)]
    return [*kept, *messages[first:]]


def _matters(message: Json) -> bool:
    """Say whether a message is told however old it is."""
    return bool(message.get("new") or message.get("open"))


def _before(log: Sequence[Event]) -> int:
    """Return how many events there are before a log."""
    return log[0].seq - 1 if log else 0


def _changed(target: Seq, words: Content | None) -> Json:
    """Say how an older message stands now."""
    if words is None:
        return {"kind": "deleted", "message": target}
    return {"kind": "edited", "message": target, **_content(words)}


def _content(content: Content) -> Json:
    outside: Json = {"outside": True} if content.outside else {}
    return {
        **outside,
        "text": as_seen(content.text),
        "attachments": [
            {
                "media": each.media,
                "name": as_seen(each.name),
                "mime": as_seen(each.mime),
                "kind": each.kind,
                "size": each.size,
            }
            for each in content.attachments
        ],
    }


def _quoted(author: str, words: str) -> Json:
    """Return what a message is about."""
    return {"author": as_seen(author), "text": as_seen(words[:LONGEST_QUOTE])}


def _answer(closed: QuestionClosed, asked: QuestionAsked | None) -> str:
    """Return the id of an option to the letter, and what people wrote as they see it."""
    options = {each.id for each in asked.options} if asked else set()
    return closed.answer if closed.answer in options else as_seen(closed.answer)


def _call(planned: PlannedCall | ToolCalled) -> Json:
    """Return a call. Its arguments are an object; what is none is passed on as the text it is."""
    try:
        arguments = json.loads(planned.arguments)
    except ValueError:
        arguments = planned.arguments
    return {"call": planned.call, "name": planned.name, "arguments": arguments}


def _settings(session: Session, agent: str) -> Json:
    """Return the session's settings, and which tools of this agent may always run."""
    own = setting_key("session", agent, "")
    common = {
        name.removeprefix(SESSION_SETTING): value
        for name, value in session.settings.items()
        if name.startswith(SESSION_SETTING)
    }
    told = {name: value for name, value in common.items() if not name.startswith(ALWAYS)}
    always = {
        name.removeprefix(own): value
        for name, value in session.settings.items()
        if name.startswith(f"{own}{ALWAYS}")
    }
    return told | always


def _note(kept: NoteKept) -> Json:
    told: Json = {"note": kept.note, "text": as_seen(kept.text), "about": kept.about}
    return {**told, "by": kept.by, "outside": kept.outside}


def _summary(summary: HistoryCompacted | None) -> Json | None:
    return {"upto": summary.upto, "text": as_seen(summary.summary)} if summary else None


def _approved(index: LogIndex) -> Iterator[PlannedCall]:
    """Yield the calls that people approved and nobody has begun, as they were approved."""
    for question in index.closed:
        if (planned := index.approved(question)) is not None:
            yield planned
