"""Discord's own notations become words, and nothing else is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.discord.spelling import markdown
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


@given(st.text())
def test_any_text_can_be_read(text):
    assert isinstance(markdown(text, World()), str)


@given(st.text(alphabet="ab <>@#`:1!&\n"))
def test_text_without_notations_is_kept(text):
    if "<" not in text:
        assert markdown(text, World()) == text.strip()
