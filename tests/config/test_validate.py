"""Sections against models: nested keys are known from the model's own annotations."""

from pydantic import BaseModel, ConfigDict

from bridge.config.document import Problems
from bridge.config.validate import Validator, unknown


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    width: int = 1


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    inner: Inner | None = None


def test_an_unknown_key_deep_inside_is_compared_with_the_keys_known_there():
    problems = Problems(file=None)
    Validator(problems=problems, referred=()).model(Outer, {"inner": {"widht": 1}}, ())
    assert problems.found == [
        "inner.widht: 'widht' is not known; did you mean 'width'? known: width"
    ]


def test_a_name_like_none_that_is_known_gets_no_guess():
    assert unknown("zebra", ["port", "host"]) == "'zebra' is not known; known: port, host"
