"""The lines of the protocol as they were when it was numbered 1: programs of others speak them.

`golden/said.ndjson` is what a program writes and `golden/heard.txt` what it means; `told.ndjson` is
what one is given, byte for byte. A line may be added to these files; none may be changed.
"""

import json
from dataclasses import replace
from pathlib import Path

from agents.lines.output_reader import OutputReader
from agents.lines.output_schema import FileLine, LogLine, NewsLine, read
from agents.lines.turn_writer import TurnWriter, encode, recorded
from bridge.domain.commands import Answer, Change, Delete, Edit, EndRun, FailRun
from bridge.domain.content import Attachment, Content, Option
from bridge.domain.errors import AgentError
from bridge.domain.events import PlannedCall, Source, Usage
from bridge.domain.ids import CallId, MediaId, NoteId, ParticipantId, QuestionId, RunId
from bridge.domain.run_output import Asking
from bridge.ports.agent import Calling, Compacted, Noting, Pushing, Remark, Returned, Transcript
from tests.agents.lines.test_output_reader import Cabinet
from tests.turns import Story, StoryClock, _command

GOLDEN = Path(__file__).parent / "golden"
ADA = ParticipantId("Ada")
HIDDEN = "\U000e0052\U000e0055"
"""Tags, which spell RU where nothing is shown."""

PHOTO = Attachment(
    kind="image", name="cat.png", mime="image/png", size=3, media=MediaId("m_" + "a" * 64)
)
VOICE = Attachment(
    kind="voice", name="v.ogg", mime="audio/ogg", size=3, media=MediaId("m_" + "b" * 64)
)


async def heard(reader: OutputReader, raw: bytes) -> str:
    line = read(raw, number=1)
    if isinstance(line, NewsLine | FileLine | LogLine):
        return repr(line)
    try:
        return repr(await reader.hear(line))
    except AgentError as error:
        return repr(error)


async def test_each_line_of_old_means_what_it_meant() -> None:
    reader = OutputReader(run=RunId("r_1"), clock=StoryClock(), files=Cabinet())
    lines = (GOLDEN / "said.ndjson").read_bytes().splitlines()
    meant = [await heard(reader, raw) for raw in lines]
    assert meant == (GOLDEN / "heard.txt").read_text().splitlines()


def call(name: str) -> PlannedCall:
    return PlannedCall(call=CallId(f"k_{name}"), name=name, arguments='{"sides": 6}')


def asking(name: str, kind: str, planned: PlannedCall | None = None) -> Asking:
    options = (Option(id="tea", label="Tea"),) if kind == "choice" else ()
    return Asking(
        question=QuestionId(f"q_{name}"), kind=kind, text=f"{name}?", options=options, call=planned
    )


def let(story: Story, *said: object) -> object:
    turn = story.turn()
    for each in said:
        story.submit(_command(turn, each))
    return turn


def eventful() -> Story:
    """Return a session in which there is one of everything a program can be told of."""
    story = Story()
    story.submit(Change(scope="session", name="title", value="Trip", by=ADA))
    story.say("Look — this.", PHOTO, by="Bob", at="Slack")
    story.say("", VOICE)
    turn = let(
        story,
        Remark(content=Content(text="Hm.")),
        Remark(content=Content(text="Take note."), kind="notice"),
        Calling(call=CallId("k_one"), name="die", arguments="{}"),
        Returned(call=CallId("k_one"), result="4"),
        Calling(call=CallId("k_cut"), name="die", arguments="[1"),
        Pushing(content=Content(text="Ping."), to=(ADA,)),
        Noting(note=NoteId("n1"), text="likes tea", about=ADA),
        Noting(note=NoteId("n2"), text="gone soon"),
        Noting(note=NoteId("n3"), text="a web page", outside=True),
        Noting(note=NoteId("n1"), text="likes green tea", about=ADA),
        Noting(note=NoteId("n2"), text=""),
        Compacted(upto=4, summary="They met and talked."),
        Compacted(upto=2, summary="They met."),
        Transcript(target=5, media=VOICE.media, text="Hello there."),
    )
    asked = (
        asking("late", "approval", call("late")),
        asking("soon", "approval", call("soon")),
        asking("made", "approval", call("made")),
        asking("choice", "choice"),
        asking("open", "open"),
    )
    story.submit(EndRun(run=turn.run, upto=turn.upto, questions=asked, usage=Usage()))
    for name, answer in (("soon", "always"), ("late", "approve"), ("made", "approve")):
        story.submit(Answer(by=ADA, question=QuestionId(f"q_{name}"), answer=answer))
    story.submit(Answer(by=ADA, question=QuestionId("q_choice"), answer="tea"))
    story.say("Go on.")
    made = let(story, Calling(call=CallId("k_made"), name="made", arguments="{}"))
    story.submit(FailRun(run=made.run, reason="Out of luck.", retry=True))
    story.trigger("Tick.", Source(kind="schedule", name="morning"))
    story.say("Overheard.", by="Bob", addressed=False)
    story.say("To be edited.")
    story.submit(Edit(by=ADA, target=story.events[-1].seq, content=Content(text="Edited.")))
    story.say("To be taken back.")
    story.submit(Delete(by=ADA, target=story.events[-1].seq))
    return story


def hiding() -> Story:
    """Return a session in whose every word and name there is what people do not see."""
    story = Story()
    story.submit(Change(scope="session", name="title", value=f"Trip{HIDDEN}", by=ADA))
    named = replace(PHOTO, name=f"cat{HIDDEN}.png")
    story.say(f"Look{HIDDEN} 👩\u200d🚀.", named, at=f"Slack{HIDDEN}")
    turn = let(
        story,
        Remark(content=Content(text=f"Hm{HIDDEN}.")),
        Calling(call=CallId("k"), name="die", arguments=json.dumps({"word": HIDDEN})),
        Returned(call=CallId("k"), result=f"4{HIDDEN}"),
        Pushing(content=Content(text=f"Ping{HIDDEN}.")),
        Noting(note=NoteId("n"), text=f"tea{HIDDEN}"),
        Compacted(upto=1, summary=f"They met{HIDDEN}."),
    )
    option = Option(id=f"tea{HIDDEN}", label=f"Tea{HIDDEN}")
    choice = replace(asking(f"tea{HIDDEN}", "choice"), options=(option,))
    asked = (choice, asking("word", "open"))
    story.submit(EndRun(run=turn.run, upto=turn.upto, questions=asked))
    for name, answer in ((f"tea{HIDDEN}", option.id), ("word", f"milk{HIDDEN}")):
        story.submit(Answer(by=ADA, question=QuestionId(f"q_{name}"), answer=answer))
    story.trigger(f"Tick{HIDDEN}.", Source(kind="schedule", name=f"morning{HIDDEN}"))
    return story


async def told() -> bytes:
    story = eventful()
    turn = story.turn()
    lines = []
    for most in (100, 3):
        writer = TurnWriter(turn=turn, most=most)
        lines.append(await writer.opening())
    said = Calling(call=CallId("k_new"), name="die", arguments="{}")
    story.submit(_command(turn, said))
    lines.append(recorded(said))
    story.say("Meanwhile.", PHOTO, by="Bob")
    story.submit(Edit(by=ADA, target=5, content=Content(text="Later.")))
    lines.append(await writer.news())
    lines.append(await writer.news())
    lines.append(await TurnWriter(turn=hiding().turn(), most=100).opening())
    return b"".join(encode(each) for each in lines)


async def test_what_a_program_is_told_is_the_same_to_the_byte() -> None:
    assert await told() == (GOLDEN / "told.ndjson").read_bytes()
