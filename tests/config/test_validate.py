"""Sections against models: nested keys are known from the model's own annotations."""

from pydantic import BaseModel, ConfigDict, SecretStr

from bridge.config.document import Problems
from bridge.config.validate import WRITE_REFERENCE, Validator, unknown
from bridge.plugins import Variable


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    width: int = 1


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    inner: Inner | None = None


def test_an_unknown_key_deep_inside_is_compared_with_the_keys_known_there():
    problems = Problems(file=None)
    Validator(problems=problems, referred={}).model(Outer, {"inner": {"widht": 1}}, ())
    assert problems.found == [
        "inner.widht: 'widht' is not known; did you mean 'width'? known: width"
    ]


def test_a_name_like_none_that_is_known_gets_no_guess():
    assert unknown("zebra", ["port", "host"]) == "'zebra' is not known; known: port, host"


class Program(BaseModel):
    env: dict[str, Variable]
    key: SecretStr = SecretStr("")


def test_a_variable_may_stand_in_the_file_and_is_a_secret_if_it_does_not():
    lines = {("env",): 1, ("env", "MODEL"): 2, ("env", "KEY"): 3, ("key",): 4}
    problems = Problems(file=None, lines=lines)
    validator = Validator(problems=problems, referred={("env", "KEY"): ["s3cret"]})
    section = {"env": {"MODEL": "small", "KEY": "s3cret"}, "key": "written"}
    validator.model(Program, section, ())
    assert problems.found == [f"key: {WRITE_REFERENCE}"]
    assert validator.secrets == {"s3cret"}
