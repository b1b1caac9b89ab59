"""A copy of a record with other values, as cheap as it gets."""

from dataclasses import dataclass, field
from dataclasses import replace as slowly

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.ids import SessionId
from bridge.domain.records import replace
from bridge.session.fold import Session

SESSION = Session(id=SessionId("s_1"), title="Main")


@given(st.fixed_dictionaries({}, optional={"head": st.integers(), "title": st.text()}))
def test_a_copy_has_the_new_values_and_all_the_others(changes: dict[str, object]) -> None:
    copy = replace(SESSION, **changes)  # type: ignore[arg-type]
    assert copy == slowly(SESSION, **changes)  # type: ignore[arg-type]
    assert Session(id=SessionId("s_1"), title="Main") == SESSION


def test_a_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(AttributeError):
        replace(SESSION, heads=1)  # type: ignore[call-arg]


def test_a_record_that_checks_its_values_is_not_copied_past_its_check() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        at: int
        to: int = field(default=2)

        def __post_init__(self) -> None:
            assert self.at < self.to

    with pytest.raises(TypeError, match="Checked cannot be copied"):
        replace(Checked(at=1), at=3)
