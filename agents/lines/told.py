"""What an agent outside of this process is told, as one JSON object a line.

The rules:

- The log is told as messages: with edits made, without what was taken back, people and places by
  their names. `new` marks what asks for an answer.
- A long history is cut at the front; what is new and what is still open is never left out.
- What was approved and never begun, and what was begun and never returned, is named apart: the
  one is to be done now, of the other nobody knows whether it took effect.

docs/process-agents.md is the contract.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.asked import outcome, position, standing
from bridge.codec import rfc3339
from bridge.content import Attachment, Content
from bridge.events import (
    Event,
    HistoryCompacted,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    PlannedCall,
    Preview,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    ToolCalled,
    ToolReturned,
    Transcribed,
    Triggered,
)
from bridge.ids import START, ConversationId, MediaId, NoteId, ParticipantId, QuestionId, Seq
from bridge.ports import Calling, Said, Turn
from bridge.session import Session

PROTOCOL = 1

Json = dict[str, Any]

SESSION_SETTING = "session::"
DOINGS = {"said", "called", "returned", "asked", "pushed"}
"""What agents do: it is no news to the one that does it."""

CONSENTS = {"approve", "always"}


def encode(line: Json) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def recorded(said: Preview | Said) -> Json | None:
    """Return what is answered to something that is in the log by now: a call may begin."""
    return {"type": "recorded", "call": said.call} if isinstance(said, Calling) else None


@dataclass(slots=True, kw_only=True)
class Telling:
    """Tells one run what the log holds, and later what came since. `most`: of the old messages."""

    turn: Turn
    most: int
    log: list[Event] = field(default_factory=list)
    people: dict[ParticipantId, str] = field(default_factory=dict)
    places: dict[ConversationId, str] = field(default_factory=dict)

    async def opening(self) -> Json:
        """Return the turn: all that the agent is given to begin with."""
        self.log = list(await self.turn.history())
        session = await self.turn.fold()
        await self._learn_names(self.log)
        for each in session.participants:
            await self._learn(each)
        view = _View(self.log, self.people, self.places, frozenset(session.questions))
        messages = list(view.messages(after=START))
        shown = _cut(messages, self.most)
        return {
            "type": "turn",
            "protocol": PROTOCOL,
            "session": self.turn.session,
            "title": session.title,
            "run": self.turn.run,
            "agent": self.turn.agent,
            "at": rfc3339(self.turn.clock.now()),
            "people": self._people(session),
            "settings": _settings(session),
            "notes": _notes(self.log),
            "summary": _summary(self.log),
            "left_out": len(messages) - len(shown),
            "messages": shown,
            "approved": [_call(each) for each in _approved(self.log)],
            "interrupted": [_call(each) for each in _interrupted(self.log)],
        }

    async def news(self) -> Json:
        """Return what came since; the run answers for it from now on."""
        fresh = await self.turn.news()
        after = self.log[-1].seq if self.log else START
        self.log += fresh
        await self._learn_names(fresh)
        view = _View(self.log, self.people, self.places, frozenset())
        told = view.messages(after=after)
        return {"type": "news", "messages": [each for each in told if each["kind"] not in DOINGS]}

    def file(self, media: str) -> Attachment | None:
        """Return a file of this session by its id."""
        return next((each for each in _files(self.log) if each.media == MediaId(media)), None)

    async def _learn_names(self, events: Sequence[Event]) -> None:
        for event in events:
            match event.body:
                case MessageReceived(participant=who, conversation=where):
                    await self._learn(who)
                    if where not in self.places:
                        self.places[where] = await self.turn.where(where)
                case QuestionClosed(by=who) if who is not None:
                    await self._learn(who)
                case _:
                    pass

    async def _learn(self, who: ParticipantId) -> None:
        if who not in self.people:
            self.people[who] = await self.turn.who(who)

    def _people(self, session: Session) -> list[Json]:
        return [
            {"participant": each, "name": self.people[each], "role": role}
            for each, role in session.participants.items()
        ]


class _View:
    """A log as messages."""

    def __init__(
        self,
        log: Sequence[Event],
        people: Mapping[ParticipantId, str],
        places: Mapping[ConversationId, str],
        open_questions: frozenset[QuestionId],
    ) -> None:
        self._log, self._people, self._places = log, people, places
        self._open = open_questions
        self._position = position(log)
        self._words = standing(log)
        self._asked = {
            each.body.question: each.body for each in log if isinstance(each.body, QuestionAsked)
        }

    def messages(self, *, after: Seq) -> Iterator[Json]:
        for event in self._log:
            if event.seq > after and (told := self._told(event, after)):
                yield {"seq": event.seq, "at": rfc3339(event.at), **told}

    def _told(self, event: Event, after: Seq) -> Json | None:
        new = event.seq > self._position
        match event.body:
            case MessageReceived() as heard if event.seq in self._words:
                return self._heard(heard, self._words[event.seq], new=new)
            case (
                MessageEdited(target=target)
                | MessageDeleted(target=target)
                | Transcribed(target=target)
            ) if START < target <= after:
                return _changed(target, self._words.get(target))
            case Triggered(source=source, prompt=prompt):
                asks: Json = {"kind": "trigger", "source": source.kind, "name": source.name}
                return {**asks, "text": prompt, "new": new}
            case QuestionClosed() as closed:
                return self._closed(closed, new=new)
            case _:
                return self._done(event)

    def _heard(self, heard: MessageReceived, content: Content, *, new: bool) -> Json:
        told: Json = {
            "kind": "message",
            "participant": heard.participant,
            "who": self._people[heard.participant],
            "where": self._places[heard.conversation],
            **_content(content),
            "addressed": heard.addressed,
            "new": new and heard.addressed,
        }
        if heard.quote is not None:
            told["quote"] = {"author": heard.quote.author, "text": heard.quote.text}
        return told if heard.reply_to is None else {**told, "reply_to": heard.reply_to}

    def _closed(self, closed: QuestionClosed, *, new: bool) -> Json:
        asked = self._asked.get(closed.question)
        told: Json = {
            "kind": "closed",
            "question": closed.question,
            "outcome": closed.outcome,
            "answer": closed.answer,
            "text": asked.text if asked else "",
            "new": new and closed.outcome != "withdrawn",
        }
        if asked and asked.call:
            told["call"] = _call(asked.call)
        if closed.by is not None:
            told |= {"participant": closed.by, "who": self._people[closed.by]}
        return told

    def _done(self, event: Event) -> Json | None:
        match event.body:
            case MessageComposed(agent=agent, content=content, kind=kind):
                return {"kind": "said", "agent": agent, "as": kind, **_content(content)}
            case Pushed(source=source, content=content):
                return {"kind": "pushed", "source": source.kind, **_content(content)}
            case ToolCalled(call=call, name=name, arguments=arguments):
                made = PlannedCall(call=call, name=name, arguments=arguments)
                return {"kind": "called", **_call(made)}
            case ToolReturned(call=call, result=result, failed=failed):
                return {"kind": "returned", "call": call, "result": result, "failed": failed}
            case QuestionAsked(question=question, text=text) as asked:
                options = [{"id": each.id, "label": each.label} for each in asked.options]
                told: Json = {"kind": "asked", "question": question, "as": asked.kind}
                return {**told, "text": text, "options": options, "open": question in self._open}
            case _:
                return None


def _cut(messages: list[Json], most: int) -> list[Json]:
    """Return the last ones, and of those before what still matters."""
    first = max(0, len(messages) - most)
    kept = [each for each in messages[:first] if each.get("new") or each.get("open")]
    return [*kept, *messages[first:]]


def _changed(target: Seq, words: Content | None) -> Json:
    """Say how an older message stands now."""
    if words is None:
        return {"kind": "deleted", "message": target}
    return {"kind": "edited", "message": target, **_content(words)}


def _content(content: Content) -> Json:
    return {
        "text": content.text,
        "attachments": [
            {
                "media": each.media,
                "name": each.name,
                "mime": each.mime,
                "kind": each.kind,
                "size": each.size,
            }
            for each in content.attachments
        ],
    }


def _call(planned: PlannedCall) -> Json:
    """Return a call. Its arguments are an object; what is none is passed on as the text it is."""
    try:
        arguments = json.loads(planned.arguments)
    except ValueError:
        arguments = planned.arguments
    return {"call": planned.call, "name": planned.name, "arguments": arguments}


def _settings(session: Session) -> Json:
    return {
        name.removeprefix(SESSION_SETTING): value
        for name, value in session.settings.items()
        if name.startswith(SESSION_SETTING)
    }


def _notes(log: Sequence[Event]) -> list[Json]:
    notes: dict[NoteId, Json] = {}
    for event in log:
        match event.body:
            case NoteKept(note=note, text=text, about=about, by=by, outside=outside):
                told: Json = {"note": note, "text": text, "about": about}
                notes[note] = {**told, "by": by, "outside": outside}
            case NoteRemoved(note=note):
                notes.pop(note, None)
            case _:
                pass
    return list(notes.values())


def _summary(log: Sequence[Event]) -> Json | None:
    bodies = [each.body for each in log if isinstance(each.body, HistoryCompacted)]
    return {"upto": bodies[-1].upto, "text": bodies[-1].summary} if bodies else None


def _approved(log: Sequence[Event]) -> Iterator[PlannedCall]:
    """Yield the calls that people approved and nobody has begun."""
    asked = {each.body.question: each.body for each in log if isinstance(each.body, QuestionAsked)}
    for event in log:
        match event.body:
            case QuestionClosed(outcome="answered", answer=answer, question=question) if (
                answer in CONSENTS and question in asked
            ):
                planned = asked[question].call
                if planned is not None and outcome(log, planned.call) is None:
                    yield planned
            case _:
                pass


def _interrupted(log: Sequence[Event]) -> Iterator[PlannedCall]:
    """Yield the calls that were begun and never returned."""
    returned = {each.body.call for each in log if isinstance(each.body, ToolReturned)}
    for event in log:
        match event.body:
            case ToolCalled(call=call, name=name, arguments=arguments) if call not in returned:
                yield PlannedCall(call=call, name=name, arguments=arguments)
            case _:
                pass


def _files(log: Sequence[Event]) -> Iterator[Attachment]:
    for event in log:
        match event.body:
            case (
                MessageReceived(content=content)
                | MessageEdited(content=content)
                | MessageComposed(content=content)
                | Pushed(content=content)
            ):
                yield from content.attachments
            case _:
                pass
