"""What an agent outside of this process says, turned into what the bridge takes down.

The rules:

- Previews are numbered here; they carry the whole text, so one that gets lost is no loss.
- Questions are collected: the run stops on all of them when it says that it ended.
- An approval has the options that the bridge knows how to honour, unless it brings its own.
- `failed` is the other way to end: with `retry` the run is repeated later, else people are told.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, assert_never

from agents.lines.said import (
    AskLine,
    CalledLine,
    CallInput,
    EndedLine,
    FailedLine,
    FileInput,
    NoteLine,
    PreviewLine,
    PushLine,
    RemarkLine,
    ReturnedLine,
    Spoken,
    SummaryLine,
    TranscriptLine,
    UsageInput,
    UsageLine,
)
from bridge.commands import Asking
from bridge.content import Attachment, Content, Option
from bridge.errors import AgentFailed, AgentUnavailable
from bridge.events import PlannedCall, Preview, Usage
from bridge.ids import CallId, MediaId, NoteId, ParticipantId, QuestionId, RunId, mint
from bridge.ports import (
    Calling,
    Clock,
    Compacted,
    Ended,
    Noting,
    Pushing,
    Remark,
    Returned,
    Said,
    Transcript,
    Using,
)

APPROVAL = (
    Option(id="approve", label="Approve"),
    Option(id="deny", label="Deny"),
    Option(id="always", label="Always"),
)


class Attaching(Protocol):
    """Where the files are that an agent sends. Raises `AgentFailed` when there is no such file."""

    async def attach(self, given: FileInput) -> Attachment: ...


@dataclass(slots=True, kw_only=True)
class Hearing:
    """One run's words. Keeps the number of the last preview and what was asked so far."""

    run: RunId
    clock: Clock
    files: Attaching
    revision: int = 0
    questions: list[Asking] = field(default_factory=list)

    async def hear(self, line: Spoken) -> Preview | Said | None:
        """Return what a line says, None where it only adds to the end, or says nothing.

        Raises `AgentFailed` and `AgentUnavailable`, also when that is what the line says.
        """
        match line:
            case PreviewLine(text=text, activity=activity):
                self.revision += 1
                return Preview(run=self.run, revision=self.revision, text=text, activity=activity)
            case AskLine():
                self.questions.append(self._asking(line))
                return None
            case FailedLine(reason=reason, retry=retry):
                raise AgentUnavailable(reason) if retry else AgentFailed(reason)
            case RemarkLine() | PushLine() if not line.text.strip() and not line.attachments:
                return None
            case RemarkLine() | PushLine() | EndedLine():
                return await self._written(line)
            case _:
                return _noted(line)

    async def _written(self, line: RemarkLine | PushLine | EndedLine) -> Said:
        files = tuple([await self.files.attach(each) for each in line.attachments])
        content = Content(text=line.text, attachments=files)
        match line:
            case RemarkLine(kind=kind):
                return Remark(content=content, kind=kind)
            case PushLine(to=to):
                return Pushing(content=content, to=_people(to))
            case EndedLine(usage=usage):
                asked = tuple(self.questions)
                return Ended(content=content or None, questions=asked, usage=_usage(usage))

    def _asking(self, line: AskLine) -> Asking:
        options = tuple(Option(id=each.id, label=each.label) for each in line.options)
        if line.kind == "choice" and not options:
            raise AgentFailed("the agent asked to choose, and gave no options")
        soon = timedelta(seconds=line.expires_in) if line.expires_in else None
        return Asking(
            question=QuestionId(line.question or mint("q")),
            kind=line.kind,
            text=line.text,
            options=options or (APPROVAL if line.kind == "approval" else ()),
            to=_people(line.to),
            call=_planned(line.call) if line.call else None,
            expires_at=self.clock.now() + soon if soon else None,
        )


def _noted(
    line: CalledLine | ReturnedLine | NoteLine | SummaryLine | TranscriptLine | UsageLine,
) -> Said:
    match line:
        case CalledLine():
            made = _planned(line)
            return Calling(call=made.call, name=made.name, arguments=made.arguments)
        case ReturnedLine(call=call, result=result, failed=failed):
            return Returned(call=CallId(call), result=result, failed=failed)
        case NoteLine(note=note, text=text, about=about):
            whom = ParticipantId(about) if about else None
            # what it has read is its own affair: nobody here can know
            return Noting(note=NoteId(note), text=text, about=whom, outside=True)
        case SummaryLine(upto=upto, text=text):
            return Compacted(upto=upto, summary=text)
        case TranscriptLine(message=message, media=media, text=text):
            return Transcript(target=message, media=MediaId(media), text=text)
        case UsageLine():
            return Using(usage=_used(line))
        case _:
            assert_never(line)


def _people(given: Sequence[str]) -> tuple[ParticipantId, ...]:
    return tuple(ParticipantId(each) for each in given)


def _planned(given: CallInput) -> PlannedCall:
    try:
        arguments = json.dumps(dict(given.arguments), ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise AgentFailed("the arguments of a call hold what is no number in JSON") from None
    return PlannedCall(call=CallId(given.call), name=given.name, arguments=arguments)


def _usage(given: UsageInput | None) -> Usage | None:
    return _used(given) if given else None


def _used(given: UsageInput) -> Usage:
    return Usage(
        input_tokens=given.input_tokens,
        output_tokens=given.output_tokens,
        cost=given.cost,
        model=given.model,
    )
