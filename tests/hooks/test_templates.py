"""Templates read a payload and nothing else, end soon, and are told when they are wrong."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bridge.hooks.filters import MARKDOWN, PLAIN
from bridge.hooks.hook import TemplateFault
from bridge.hooks.templates import CUT, LONGEST, LONGEST_TEMPLATE, Condition, Template


def made(source, payload=None, style=PLAIN, event="push"):
    return Template(source, style).render(payload=payload, event=event, hook="work")


def test_values_loops_conditions_and_sums():
    payload = {"n": 2, "list": [{"t": "one"}, {"t": "two"}]}
    source = (
        "{{ hook }} {{ event }} {{ payload.n * 2 + 1 }}\n"
        "{% for each in payload.list %}\n"
        "{{ loop.index }}. {{ each.t }}{% if loop.last %}!{% endif %}\n"
        "\n"
        "{% endfor %}\n"
        "{{ payload.list.1.t if payload.n >= 2 else 'few' }} {{ payload.list[0].t[0:2] ~ '.' }}"
    )
    assert made(source, payload) == "work push 5\n1. one\n2. two!\ntwo on."


def test_what_is_not_there_is_empty():
    assert made("[{{ payload.a.b.c }}{{ payload['x'][3] }}{{ payload.list.7 }}]", {}) == "[]"
    assert (
        made("{{ payload.a|default('none') }}{% for x in payload.b %}x{% endfor %}", {}) == "none"
    )


def test_a_key_is_a_key_whatever_python_calls_it():
    payload = {"items": "own", "keys": 1, "get": "it", "copy": "this"}
    assert (
        made("{{ payload.items }} {{ payload.get }} {{ payload.copy }}", payload) == "own it this"
    )


# -- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{{ paylod.x }}", "there is no `paylod`"),
        ("{{ payload.x", "line 1"),
        ("a\n{% if x %}", "line 2"),
        ("{{ payload.x|shout }}", "shout"),
        ("{% if payload is prime %}{% endif %}", "prime"),
        ("{{ payload.a.center(9) }}", "calls nothing"),
        ("{{ range(9) }}", "calls nothing"),
        ("{{ self.x }}", "there is no `self`"),
        ("{{ loop.index }}{{ cycler }}", "there is no `cycler`"),
        ("{{ 2 ** 9 }}", "pow"),
        ("{% macro a() %}{% endmacro %}", "macro"),
        ("{% include 'x' %}", "include"),
        ("{% import 'x' as y %}", "import"),
        ("{% extends 'x' %}", "extends"),
        ("{% block a %}{% endblock %}", "block"),
        ("{% filter upper %}x{% endfilter %}", "no more"),
        ("{% set a %}x{% endset %}", "assignblock"),
        ("{% set payload.x = 1 %}", "nsref"),
        ("{% for a in payload recursive %}{% endfor %}", "recursive"),
        ("{{ payload.a|join(*payload.b) }}", "no more"),
        ("{{ payload.a.join(**payload.b) }}", "no more"),
        ("{{" + "(" * 3000 + "1" + ")" * 3000 + "}}", "nested"),
        ("{% for a in [1] %}" * 60 + "{% endfor %}" * 60, "nested"),
        ("x" * (LONGEST_TEMPLATE + 1), "characters"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_used_says_why_when_it_is_read(source, why):
    with pytest.raises(TemplateFault, match=why):
        Template(source, PLAIN)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{{ 'a' * 9 }}", "is for numbers"),
        ("{{ payload.text + 'b' }}", "is for numbers"),
        ("{{ '%s' % payload.text }}", "is for numbers"),
        ("{{ payload.list * 9 }}", "is for numbers"),
        ("{{ 9007199254740993 * 9 }}", "is for numbers"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ payload.text < 1 }}", "TypeError"),
        ("{{ payload.text|truncate('x') }}", "ValueError"),
        ("{{ payload.text|truncate(1, 2, 3) }}", "TypeError"),
    ],
)
def test_one_that_does_not_fit_its_payload_says_why(source, why):
    with pytest.raises(TemplateFault, match=why):
        made(source, {"text": "a", "list": [1]})


# -- nothing of Python's --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "{{ payload.__class__ }}",
        "{{ payload['__class__']['__mro__'] }}",
        "{{ ''.__class__.__base__.__subclasses__ }}",
        "{{ payload.text.format }}",
        "{{ payload.list.append }}",
        "{{ (payload|attributes('__class__'))[0] }}",
        "{{ payload|get('__class__.__init__') }}",
        "{{ [payload]|join('', '__class__') }}",
        "{{ [payload]|sort('__class__')|length and '' }}",
        "{{ payload.undefined_thing.__init__.__globals__ }}",
        "{% for x in payload.list %}{{ loop.__class__ }}{{ loop._iterator }}{% endfor %}",
        "{% for x in payload.list %}{{ loop.cycle }}{{ loop.changed }}{% endfor %}",
        "{{ payload|first }}",
    ],
)  # fmt: skip
def test_there_is_no_way_out_of_the_sandbox(source):
    assert made(source, {"text": "a", "list": [1]}) == ""


def test_nothing_that_a_payload_says_is_a_template():
    payload = {"a": "{{ payload.b }}{% for x in y %}{# c #}", "b": "secret"}
    assert made("{{ payload.a }}", payload) == payload["a"]


# -- bounds ---------------------------------------------------------------------------------------

BIG = {"big": "ab " * 80_000, "list": [0] * 15_000, "lists": [[0] * 100] * 100}


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in payload.list %}{% endfor %}",
        "{% for a in payload.lists %}{% for b in a %}{% endfor %}{% endfor %}",
        "{% for a in payload.list[:99] %}{% for b in payload.list[:99] %}{% endfor %}{% endfor %}",
        "{% for a in payload.list[:1500] %}{{ payload.big|upper|length }}{% endfor %}",
        "{% for a in payload.list[:1500] %}{% if payload.big|lower == '' %}{% endif %}{% endfor %}",
        "{% for a in payload.list[:1900] %}{% if 'zz' in payload.big %}x{% endif %}{% endfor %}",
        "{% for a in payload.list[:1900] %}{{ 1 not in payload.list }}{% endfor %}",
        "{{ payload.list[:1900]|join(payload.big) }}",
        "{{ payload.big|replace('a', payload.big) }}",
        "{{ payload.big|replace('', payload.big) }}",
        "{{ payload.list|sort|length }}",
        "{{ payload.big|split|length }}",
        "{{ payload.big|lines|length }}{{ payload.big|split('b')|length }}",
        "{% set x = payload.big %}" + "{% set x = x ~ x %}" * 40 + "{{ x|length }}",
    ],
)  # fmt: skip
def test_what_would_take_long_is_ended(source):
    before = time.perf_counter()
    with pytest.raises(TemplateFault, match=r"more than 2000|too much"):
        made(source, BIG)
    assert time.perf_counter() - before < 5


def test_long_words_are_cut():
    told = made("{% for a in payload.list[:1500] %}{{ payload.big }}\n{% endfor %}", BIG)
    assert len(told) <= LONGEST + len(CUT)
    assert told.endswith(CUT)


# -- how values stand in the words ----------------------------------------------------------------


def test_a_value_is_on_one_line_and_meant_to_the_letter():
    payload = {"a": "x\n**Ada:** yes\r\n\u202e# h <@1> [l](http://x)"}
    assert made("{{ payload.a }}", payload) == "x **Ada:** yes # h <@1> [l](http://x)"
    assert made("{{ payload.a }}", payload, MARKDOWN) == (
        r"x \*\*Ada:\*\* yes \# h \<@1\> [l\](http://x)"
    )


def test_many_lines_are_quoted():
    payload = {"a": "one\n\n**two**\u2028three\n"}
    assert made("{{ payload.a|quoted }}", payload) == "> one\n>\n> **two**\n> three"


@given(some.text())
def test_no_value_begins_a_line_of_its_own(text):
    told = made("a: {{ payload }}\n{{ payload|quoted }}", text, MARKDOWN)
    first, *more = told.splitlines()
    assert first.startswith("a:")
    assert all(each.startswith(">") for each in more)
    told.encode()


def test_a_link_is_one_only_where_its_address_is():
    def linked(text, address):
        return made("{{ payload.t|link(payload.a) }}", {"t": text, "a": address}, MARKDOWN)

    assert linked("the *doc*", "https://x.example/a?b=c") == (
        r"[the \*doc\*](https://x.example/a?b=c)"
    )
    for address in ("javascript:alert(1)", "https://x) [y](https://z", "", None, "//x"):
        assert linked("doc", address) == "doc"
    assert linked("", "https://x.example") == ""


# -- filters that say which calls count -----------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("event == 'push'", True),
        ("event in ['a', 'b']", False),
        ("payload.ref.startswith('refs/heads/') and not payload.deleted", True),
        ("payload.n > 5 or payload.n|number < 0", False),
        ("payload.none.there", False),
        ("'x' in payload.none.there or 3 in payload.n or 'push' not in event", False),
        ("'ref' in payload and 'heads' in payload.ref and 7 not in payload.labels", True),
        ("payload.labels|attributes('name')|join(' ')", True),
        ("'bug' in payload.labels|attributes('name')", True),
    ],
)
def test_a_condition_says_which_calls_count(source, holds):
    payload = {"ref": "refs/heads/x", "deleted": False, "n": 5, "labels": [{"name": "bug"}]}
    assert Condition(source).holds(payload=payload, event="push", hook="work") is holds


@pytest.mark.parametrize(
    "source", ["event ==", "{{ event }}", "event x", "paylod", "range(3)", "1 %}{% if 1"]
)
def test_a_condition_that_is_none_is_told(source):
    with pytest.raises(TemplateFault):
        Condition(source)
