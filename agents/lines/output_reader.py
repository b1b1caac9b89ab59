"""What an agent outside of this process says, turned into what the bridge takes down.

The rules:

- Previews are numbered here; they carry the whole text, so one that gets lost is no loss.
- Questions are collected: the run stops on all of them when it says that it ended.
- An approval has the options that the bridge knows how to honour, unless it brings its own.
- `failed` is the other way to end: with `retry` the run is repeated later, else people are told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, assert_never

import structlog

from agents.lines.output_schema import (
    AskLine,
    BackgroundLine,
    CalledLine,
    EndedLine,
    FailedLine,
    FileInput,
    NoteLine,
    PreviewLine,
    PushLine,
    RemarkLine,
    ReturnedLine,
    ScheduleLine,
    Spoken,
    SummaryLine,
    TranscriptLine,
    UsageInput,
    UsageLine,
)
from bridge.domain.content import Attachment
from bridge.domain.errors import AgentFailed, AgentUnavailable
from bridge.domain.events import Preview
from bridge.domain.ids import RunId
from bridge.domain.run_output import Asking, Said
from bridge.ports.clock import Clock

log = structlog.get_logger()


class Attaching(Protocol):
    """Where the files are that an agent sends. Raises `AgentFailed` when there is no such file."""

    async def attach(self, given: FileInput) -> Attachment: ...


@dataclass(slots=True, kw_only=True)
class OutputReader:
    """One run's words. Keeps the number of the last preview and what was asked so far."""

    run: RunId
    clock: Clock
    files: Attaching
    revision: int = 0
    questions: list[Asking] = field(default_factory=list)
    _doubted: bool = False

    async def hear(self, line: Spoken) -> Preview | Said | None:
        """Return what a line says, None where it only adds to the end, or says nothing.

        Raises `AgentFailed` and `AgentUnavailable`, also when that is what the line says.
        """
        self._doubt(line.usage if isinstance(line, EndedLine) else line)
        match line:
            case PreviewLine(text=text, activity=activity):
                self.revision += 1
                return Preview(run=self.run, revision=self.revision, text=text, activity=activity)
            case AskLine():
                self.questions.append(line.asking(self.clock.now()))
                return None
            case FailedLine(reason=reason, retry=retry):
                raise AgentUnavailable(reason) if retry else AgentFailed(reason)
            case RemarkLine() | PushLine() if not line.text.strip() and not line.attachments:
                return None
            case RemarkLine() | PushLine():
                return line.said(await self._files(line.attachments))
            case EndedLine():
                return line.said(await self._files(line.attachments), tuple(self.questions))
            case CalledLine() | ReturnedLine() | NoteLine() | ScheduleLine() | BackgroundLine():
                return line.said()
            case SummaryLine() | TranscriptLine() | UsageLine():
                return line.said()
            case _:
                assert_never(line)

    def _doubt(self, given: object) -> None:
        """Note, once in a run, that what it says of its usage cannot be so."""
        if isinstance(given, UsageInput) and given.is_odd and not self._doubted:
            self._doubted = True
            log.warning("agent.usage_bounded", run=self.run)

    async def _files(self, given: Sequence[FileInput]) -> tuple[Attachment, ...]:
        return tuple([await self.files.attach(each) for each in given])
