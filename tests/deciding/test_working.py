"""What a run does on its way."""

import pytest

from bridge.commands import (
    AbandonRun,
    Announce,
    CallTool,
    Compact,
    Compose,
    KeepNote,
    ReturnTool,
    Stop,
    Transcribe,
)
from bridge.content import Content
from bridge.errors import RunOver
from bridge.events import (
    HistoryCompacted,
    NoteKept,
    NoteRemoved,
    Pushed,
    Source,
    ToolCalled,
    ToolReturned,
    Transcribed,
)
from bridge.ids import MediaId, NoteId
from tests.deciding.lines import (
    CALL,
    at_work,
    composed,
)
from tests.playbook import (
    ADA,
    NOTHING,
    R1,
    R2,
    end,
    fail,
    seconds,
    start,
)


def test_a_run_speaks_and_calls_tools_on_the_way():
    (
        at_work()
        >> Compose(run=R1, content=Content(text="one moment"), kind="interim")
        << composed(R1, "one moment", "interim")
        >> CallTool(run=R1, call=CALL, name="dice", arguments="{}")
        << ToolCalled(run=R1, call=CALL, name="dice", arguments="{}")
        >> ReturnTool(call=CALL, result="4")
        << ToolReturned(call=CALL, result="4")
    )


def test_a_tool_is_called_once_and_returns_once():
    call = CallTool(run=R1, call=CALL, name="dice", arguments="{}")
    play = at_work() >> call >> ReturnTool(call=CALL, result="4")
    head = play.head
    play >> call >> ReturnTool(call=CALL, result="6")
    assert play.head == head


RUN_COMMANDS = [
    Compose(run=R1, content=Content(text="late"), kind="interim"),
    CallTool(run=R1, call=CALL, name="dice", arguments="{}"),
    Announce(run=R1, content=Content(text="late")),
    KeepNote(run=R1, note=NoteId("n_1"), text="late"),
    Compact(run=R1, upto=1, summary="late"),
    Transcribe(run=R1, target=1, media=MediaId("m"), text="late"),
    end(R1, "late"),
    fail(R1),
    AbandonRun(run=R1),
]


@pytest.mark.parametrize("command", RUN_COMMANDS)
def test_a_run_that_is_over_may_not_speak(command):
    at_work() >> Stop(by=ADA) >> command << RunOver()


@pytest.mark.parametrize("command", RUN_COMMANDS)
def test_a_run_that_was_replaced_may_not_speak(command):
    at_work() >> AbandonRun(run=R1) >> seconds(1) >> start(R2) >> command << RunOver()


def test_a_tool_may_return_after_its_run_is_over():
    returned = ToolReturned(call=CALL, result="4")
    at_work() >> Stop(by=ADA) >> ReturnTool(call=CALL, result="4") << returned


# -- beside the answer ----------------------------------------------------------------------------


def test_a_run_pushes_to_all_or_some():
    push = Announce(run=R1, content=Content(text="news"), to=(ADA,))
    source = Source(kind="background", name="echo")
    at_work() >> push << Pushed(source=source, content=Content(text="news"), to=(ADA,))
    at_work() >> Announce(run=R1, content=Content(text=" ")) << NOTHING


def test_a_note_is_kept_until_it_is_removed():
    note = NoteId("n_1")
    play = at_work() >> KeepNote(run=R1, note=note, text="likes tea", about=ADA)
    play << NoteKept(note=note, text="likes tea", about=ADA, run=R1, by=ADA)
    play >> KeepNote(run=R1, note=note, text="") << NoteRemoved(note=note)


def test_a_summary_stands_for_what_was_before():
    play = at_work() >> Compact(run=R1, upto=2, summary="Ada said hello.")
    play << HistoryCompacted(upto=2, summary="Ada said hello.")


def test_a_voice_note_is_transcribed_once():
    command = Transcribe(run=R1, target=2, media=MediaId("m_1"), text="hello")
    play = at_work() >> command
    play << Transcribed(target=2, media=MediaId("m_1"), text="hello")
    head = play.head
    play >> command
    assert play.head == head
