"""What a run does on its way: it speaks, calls tools, and keeps things beside its answer.

Only the open run may; a tool's return is accepted even after that.
"""

from bridge.commands import Announce, Aside, CallTool, Compact, Compose, KeepNote, Transcribe
from bridge.deciding.drafting import Drafts, one, says_something
from bridge.deciding.running import open_run
from bridge.events import (
    HistoryCompacted,
    MessageComposed,
    NoteKept,
    NoteRemoved,
    Pushed,
    Source,
    ToolCalled,
    Transcribed,
)
from bridge.session import OpenRun, Session

Work = Compose | CallTool | Aside


def worked(session: Session, command: Work) -> Drafts:
    """Return what it appends. Raises `RunOver`."""
    run = open_run(session, command.run)
    match command:
        case Compose(content=content, kind=kind):
            return one(MessageComposed(run=run.run, agent=run.agent, content=content, kind=kind))
        case CallTool(call=call, name=name, arguments=arguments, usage=usage):
            called = ToolCalled(run=run.run, call=call, name=name, arguments=arguments, usage=usage)
            return one(called, key=f"called:{call}")
        case Announce() | KeepNote() | Compact() | Transcribe():
            return _kept(run, command)


def _kept(run: OpenRun, command: Aside) -> Drafts:
    match command:
        case Announce(content=content, to=to):
            source = Source(kind="background", name=run.agent)
            said = Pushed(source=source, content=content, to=to)
            return one(said) if says_something(content) else ()
        case KeepNote(note=note, text=text, about=about, outside=outside) if text.strip():
            kept = NoteKept(
                note=note, text=text, about=about, run=run.run, by=run.asker, outside=outside
            )
            return one(kept)
        case KeepNote(note=note):
            return one(NoteRemoved(note=note))
        case Compact(upto=upto, summary=summary):
            return one(HistoryCompacted(upto=upto, summary=summary))
        case Transcribe(target=target, media=media, text=text):
            words = Transcribed(target=target, media=media, text=text)
            return one(words, key=f"transcribed:{target}:{media}")
