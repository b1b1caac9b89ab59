"""What can be asked of a session: one closed union, imperative, by someone or by the bridge."""

import dataclasses
from datetime import UTC, datetime
from typing import get_args

import pytest

from bridge.domain import commands
from bridge.domain.commands import (
    Answer,
    AskedAgain,
    Change,
    Command,
    Edit,
    EndRun,
    Push,
    Record,
    RunCommand,
    Say,
    SetSchedule,
    Stop,
    Trigger,
    words_of,
)
from bridge.domain.content import Attachment, Content, Option, Quote
from bridge.domain.events import Once, PlannedCall, Source
from bridge.domain.ids import (
    CallId,
    ConversationId,
    MediaId,
    ParticipantId,
    QuestionId,
    RunId,
    ScheduleId,
)
from bridge.domain.run_output import Asking, Pushing, Remark, Returned, Transcript

KINDS = get_args(Command)


def test_the_union_holds_every_command_there_is():
    defined = {each for each in vars(commands).values() if dataclasses.is_dataclass(each)}
    defined = {each for each in defined if each.__module__ == commands.__name__}
    assert defined == {*KINDS, AskedAgain}, "this is a part of a command"


@pytest.mark.parametrize("kind", KINDS)
def test_a_command_cannot_be_changed_or_given_fields_by_place(kind):
    assert kind.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(kind))
    assert "__slots__" in vars(kind)


@pytest.mark.parametrize("kind", get_args(RunCommand))
def test_what_is_asked_for_a_run_names_the_run_and_nobody(kind):
    names = {field.name for field in dataclasses.fields(kind)}
    assert "run" in names
    assert "by" not in names


def test_no_command_bears_the_name_of_an_event():
    """Commands are asked, events happened: the names tell them apart."""
    from bridge.domain.events import BODIES

    assert not {kind.__name__ for kind in KINDS} & {body.__name__ for body in BODIES}


FILE = Attachment(kind="image", name="cat.png", mime="image/png", size=1, media=MediaId("m"))
WORDS = Content(text="said", attachments=(FILE,))
QUOTE = Quote(author="Ada", text="q")
SOURCE = Source(kind="api")
TEA = Option(id="t", label="Tea")
CALL = PlannedCall(call=CallId("c"), name="boil", arguments='{"cups": 2}')
ME, HERE, RUN = ParticipantId("p"), ConversationId("c"), RunId("r")
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
SCHEDULED = SetSchedule(
    schedule=ScheduleId("s"), rule=Once(at=WHEN), action="say", text="tea time", by=ME
)
ASKED = Asking(
    question=QuestionId("q"), kind="approval", text="may I?", options=(TEA,), call=CALL, to=()
)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            Say(by=ME, conversation=HERE, content=WORDS, quote=QUOTE),
            ["said", "cat.png", "Ada", "q"],
        ),
        (Edit(by=ME, target=1, content=WORDS), ["said", "cat.png"]),
        (Push(source=SOURCE, content=WORDS, buttons=(TEA,)), ["said", "cat.png", "Tea"]),
        (Change(scope="session", name="title", value="A trip", by=ME), ["A trip"]),
        (SCHEDULED, ["tea time"]),
        (Trigger(source=SOURCE, prompt="look"), ["look"]),
        (Answer(question=QuestionId("q"), answer="by Monday", by=ME), ["by Monday"]),
        (Record(run=RUN, said=Remark(content=WORDS)), ["said", "cat.png"]),
        (Record(run=RUN, said=Pushing(content=WORDS)), ["said", "cat.png"]),
        (Record(run=RUN, said=Transcript(target=1, media=MediaId("m"), text="heard")), ["heard"]),
        (
            EndRun(run=RUN, upto=1, content=WORDS, questions=(ASKED,)),
            ["said", "cat.png", "may I?", CALL.arguments, "Tea"],
        ),
        (EndRun(run=RUN, upto=1), []),
        (Record(run=RUN, said=Returned(call=CallId("c"), result="secret")), ["secret"]),
        (Stop(by=ME), []),
    ],
)
def test_the_words_of_a_command_are_all_that_people_will_read_of_it(command, words):
    """A code among them is void from then on, wherever in the command it stands."""
    assert list(filter(None, words_of(command).split("\n"))) == words
