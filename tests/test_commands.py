"""What can be asked of a session: one closed union, imperative, by someone or by the bridge."""

import dataclasses
from typing import get_args

import pytest

from bridge import commands
from bridge.commands import Asking, Command, RunCommand

KINDS = get_args(Command)


def test_the_union_holds_every_command_there_is():
    defined = {each for each in vars(commands).values() if dataclasses.is_dataclass(each)}
    defined = {each for each in defined if each.__module__ == commands.__name__}
    assert defined == {*KINDS, Asking}, "an asking is part of a command, not one by itself"


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
    from bridge.events import BODIES

    assert not {kind.__name__ for kind in KINDS} & {body.__name__ for body in BODIES}
