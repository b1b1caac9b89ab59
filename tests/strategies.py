"""Hypothesis strategies for what the log may hold."""

import dataclasses
from datetime import UTC, datetime

from hypothesis import strategies as st

from bridge.domain.content import Attachment, Content, Option
from bridge.domain.events import BODIES, Body, Cron, Every, Once, PlannedCall, Source, Usage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TIMES = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - Hypothesis wants naive bounds
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)

st.register_type_strategy(str, TEXT)
st.register_type_strategy(datetime, TIMES)
st.register_type_strategy(float, st.floats(min_value=0, max_value=1e6))
st.register_type_strategy(int, st.integers(min_value=0, max_value=2**53))


def _with_every_field(kind: type) -> st.SearchStrategy:
    return st.builds(kind, **{field.name: ... for field in dataclasses.fields(kind)})


for _kind in (Attachment, Content, Option, Usage, PlannedCall, Source, Once, Every, Cron, *BODIES):
    st.register_type_strategy(_kind, _with_every_field(_kind))


def bodies() -> st.SearchStrategy[Body]:
    """Return a strategy for every kind of body, with every field drawn."""
    return st.one_of([st.from_type(kind) for kind in BODIES])
