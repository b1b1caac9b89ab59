"""Discord's own notations become words, and nothing else is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.display_names import clean_name
from channels.discord.to_markdown import calls, markdown
from channels.markdown import plain
from channels.telegram import from_markdown as telegram
from tests.channels.discord.account import World

NOTATIONS = [
    ("hello", "hello"),
    ("<@1> hello", "hello"),
    ("<@!1>, hello", "hello"),
    ("<@&2>: hello", "hello"),
    ("hello <@1>", "hello"),
    ("<@1> <@1> hello <@1>", "hello"),
    ("what can <@1> do?", "what can @Bridge do?"),
    ("<@1>", ""),
    ("ask <@5> or <@8>", "ask @Bob or @someone"),
    ("ask <@&6> or <@&8>", "ask @Crew or @some role"),
    ("see <#7> or <#8>", "see #general or #another room"),
    ("nice <:wave:123> <a:dance:456>", "nice :wave: :dance:"),
    ("use </help:123> or </schedule add:9>", "use /help or /schedule add"),
    ("at <t:0:R>", "at 1970-01-01 00:00 UTC"),
    ("at <t:999999999999>", "at <t:999999999999>"),
    ("`<@5>` and <@5>", "`<@5>` and @Bob"),
    ("```\n<@1>\n``` <@5>", "```\n<@1>\n``` @Bob"),
    ("1 < 2 > 0 <@> <3", "1 < 2 > 0 <@> <3"),
    ("<https://example.org>", "<https://example.org>"),
    ("**bold** ~~gone~~ ||secret||", "**bold** ~~gone~~ ||secret||"),
]


@pytest.mark.parametrize(("written", "read"), NOTATIONS)
def test_notations_become_words(written, read):
    assert markdown(written, World()) == read


@pytest.mark.parametrize("notation", ["<@5>", "<@&6>", "<#7>"])
@pytest.mark.parametrize(
    "name",
    [
        "[free](https://evil.example/)",
        "**Ada** `x",
        "https://evil.example/",
        "<@9> ~~a~~ _b_",
        "# A",
    ],
)
def test_no_name_that_is_mentioned_marks_up_what_somebody_says(notation, name):
    """Strangers choose theirs, and whoever writes `<@5>` says all that it becomes."""

    class Named(World):
        def user(self, user: str) -> str:
            return name

        role = room = user

    shown = telegram.render(markdown(f"thanks {notation} so much", Named()))
    assert shown.text == f"thanks {'#' if notation == '<#7>' else '@'}{clean_name(name)} so much"
    assert {each.kind for each in shown.entities} <= {"code"}  # in which Telegram calls nobody


@given(st.text())
def test_any_text_can_be_read(text):
    assert isinstance(markdown(text, World()), str)


@given(st.text(alphabet="ab <>@#`:1!&\n"))
def test_text_without_notations_is_kept(text):
    if "<" not in text:
        assert markdown(text, World()).replace("&nbsp;", " ").split() == text.split()


def test_what_begins_a_line_and_empty_lines_are_kept():
    code = "def f():\n    return 1\n\n\n    x = `2`  3"
    assert plain.render(markdown(code, World())) == code.replace("`", "")
    assert plain.render(markdown("a\n\n```\n  b\n\n\n```\n\n\n  c", World())) == (
        "a\n\n  b\n\n\n\n\n  c"
    )
    assert markdown("- a\n  - b\n\n> c", World()) == "- a\n  - b\n\n> c"
    assert markdown("    x", World()) == "&nbsp;\u00a0\u00a0\u00a0x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hi <@1>", True),
        ("hi <@&2>", True),
        ("hello", None),
        ("ask <@5>", None),
        ("> <@1> is down", False),
        ("  > <@1> is down", False),
        (">>> so\n<@1> is down\n<@1> again", False),
        ("`<@1>`", False),
        ("``` <@1>\n```", False),
        ("> <@1> is down\n`<@1>`", False),
        ("> <@1> is down\n<@1> is that so?", True),
        ("`<@1>` is what I write, <@1>", True),
        ("><@1> quotes nothing", True),
        ("1 > <@1>", True),
    ],
)
def test_a_mention_that_is_quoted_or_shown_as_code_calls_nobody(text, expected):
    assert calls(text, World()) is expected
