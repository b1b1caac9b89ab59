"""What templates can do with values, whatever these are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bridge.hooks.filters import FILTERS, MARKDOWN, METHODS, PLAIN, rendering
from bridge.hooks.hook import TemplateFault
from bridge.hooks.templates import Template


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{{ 'a b'|title }} {{ 'x'.upper() }} {{ 'X'|lower }} {{ 'a'|capitalize }}", "A B X x A"),
        ("{{ ' a '.strip() }}{{ ' b '|trim }}", "ab"),
        ("{{ 'refs/x'.removeprefix('refs/') }} {{ 'x.py'.removesuffix('.py') }}", "x x"),
        ("{{ 'abc'.startswith('a') }} {{ 'abc'.endswith('a') }}", "true false"),
        ("{{ 'a-b'.replace('-', ' ') }} {{ 'a,b'.split(',')|join('+') }}", "a b a+b"),
        ("{{ [3, 1, 'x', 2]|sort|join(' ') }}", "1 2 3 x"),
        ("{{ [{'n': 2}, {'n': 1}]|sort('n', true)|attributes('n')|join }}", "21"),
        ("{{ [1, 1, 2]|unique|join }} {{ [{'a': {'b': 1}}]|join('', 'a.b') }}", "12 1"),
        ("{{ {'a': 1}.items()|first|join('=') }} {{ {'a': 1}|keys|join }}", "a=1 a"),
        ("{{ payload|items|length }} {{ none|length }} {{ 'abc'|count }}", "0 0 3"),
        ("{{ {'a': {'b': 2}}.get('a.b') }} {{ {}.get('x', 'y') }} {{ 3|get('x') }}", "2 y"),
        ("{{ 'a\nb'|lines|last }} {{ ''|first }}{{ []|last }}", "b"),
        ("{{ 'long words'|truncate(5) }} {{ 'short'|truncate }}", "long… short"),
        ("{{ ''|default('a') }}{{ none|d('b') }}{{ 0|d('c') }}{{ payload.x|d('d') }}", "ab0d"),
        ("{{ '12'|number + 1 }} {{ '1.5'|number }} {{ 'x'|number }}", "13 1.5 0"),
        ("{{ 'nan'|number }} {{ '1e999'|number }} {{ [1]|number }} {{ 2.0 }}", "nan inf 0 2.0"),
        ("{{ none }}{{ true }} {{ {'a': [1]} }}", 'true {"a": [1]}'),
    ],
)  # fmt: skip
def test_what_filters_make(source, told):
    assert Template(source, PLAIN).render(payload=None, event="", hook="") == told


@settings(max_examples=30)
@given(
    some.recursive(
        some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
        lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
        max_leaves=20,
    )
)
def test_no_value_breaks_a_filter_that_needs_nothing_else(value):
    filters = {**FILTERS, **MARKDOWN.filters()}
    for name in filters.keys() - {"replace", "get"}:
        with rendering():
            filters[name](value)


@pytest.mark.parametrize(
    "source",
    [
        "{% for each in payload.many %}{{ {}|get(payload.path) }}{% endfor %}",
        "{% for each in payload.many %}{{ payload.path|number }}{% endfor %}",
    ],
)
def test_what_is_looked_for_is_counted_as_what_is_looked_in(source):
    payload = {"many": [1] * 1_500, "path": "1." * 400_000}
    with pytest.raises(TemplateFault, match="too much"):
        Template(source, PLAIN).render(payload=payload, event="", hook="")


def test_all_that_is_called_like_a_method_is_a_filter():
    assert FILTERS.keys() >= METHODS


def test_json_is_quoted_and_has_no_line_of_its_own():
    with rendering():
        told = PLAIN.json({"a": "x\ny", "b": [1]})
    assert told.splitlines()[0] == "> {"
    assert all(line.startswith("> ") for line in told.splitlines())


def test_too_much_of_a_long_text_is_an_end():
    with rendering(), pytest.raises(TemplateFault, match="too much"):
        [FILTERS["upper"]("x" * 100_000) for _ in range(100)]
