"""What people wrote with Telegram's formatting, as Markdown."""

from time import process_time

import pytest

from bridge.demo.telegram.world import automatic, entity
from channels.discord import from_markdown as discord
from channels.telegram.render import formatted
from channels.telegram.schema import Entity, User
from channels.telegram.to_markdown import Named, calls, command, content
from channels.whatsapp import from_markdown as whatsapp

BOT = Named(id=7, username="bridge_bot")


def marks(text, *spans):
    return [Entity.model_validate(entity(text, *span[:2], **span[2])) for span in spans]


def written(text, *spans):
    return content(text, marks(text, *spans), BOT).text


def said(text):
    """Return the text with the entities that Telegram finds by itself."""
    return text, [Entity.model_validate(each) for each in automatic(text)]


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        ("plain 2 * 3 * 4, a_b_c", [], "plain 2 * 3 * 4, a_b_c"),
        ("so bold", [("bold", "bold", {})], "so **bold**"),
        ("so thin", [("thin", "italic", {})], "so *thin*"),
        ("gone", [("gone", "strikethrough", {})], "~~gone~~"),
        ("under", [("under", "underline", {})], "under"),
        ("run ls -l", [("ls -l", "code", {})], "run `ls -l`"),
        ("tick ` here", [("tick ` here", "code", {})], "``tick ` here``"),
        ("`x`", [("`x`", "code", {})], "`` `x` ``"),
        ("see docs", [("docs", "text_link", {"url": "https://a.example/x"})],
         "see [docs](https://a.example/x)"),
        ("see a [1]", [("a [1]", "text_link", {"url": "https://a.example/(x)"})],
         "see [a &#91;1\\]](<https://a.example/(x)>)"),
        ("Ada knows", [("Ada", "text_link", {"url": "tg://user?id=5"})], "Ada knows"),
        ("mail a@b.example", [("a@b.example", "email", {})], "mail a@b.example"),
        ("😀 bold 😀", [("bold", "bold", {})], "😀 **bold** 😀"),
    ],
)  # fmt: skip
def test_formatting_becomes_markdown(text, spans, expected):
    spans = [(words, kind, more) for words, kind, more in spans]
    assert written(text, *spans) == expected


def test_emphasis_stays_inside_spaces_and_lines():
    assert written("a  b \nc d", ("  b \nc ", "bold", {})) == "a  **b** \n**c** d"


def test_nested_formatting_nests():
    text = "very important thing"
    got = written(text, ("very important thing", "bold", {}), ("important", "italic", {}))
    assert got == "**very *important* thing**"


def test_code_with_lines_becomes_a_fence_longer_than_any_inside():
    text = "so:\nx = 1\n```\ny\nend"
    got = written(text, ("x = 1\n```\ny", "pre", {"language": "python"}))
    assert got == "so:\n\n````python\nx = 1\n```\ny\n````\n\nend"


def test_a_quote_ends_where_it_ends():
    text = "he said\nyes\nno\nso what"
    assert written(text, ("yes\nno", "blockquote", {})) == "he said\n\n> yes\n> no\n\nso what"


def test_code_in_a_quote_is_code_in_it_and_lines_begin_where_they_did():
    text = "he said:\nif x:\n    y\n  so\nno"
    code = ("if x:\n    y", "pre", {"language": "py"})
    got = written(text, ("he said:\nif x:\n    y\n  so", "blockquote", {}), code)
    assert got == "> he said:\n>\n> ```py\n> if x:\n>     y\n> ```\n>\n> &nbsp;\u00a0so\n\nno"
    shown = discord.render(got)
    assert shown == "> he said:\n> \n> ```py\n> if x:\n>     y\n> ```\n> \n>   so\n\nno"


def test_entities_that_lie_outside_of_the_text_are_ignored():
    outside = Entity(type="bold", offset=90, length=4)
    negative = Entity(type="bold", offset=-4, length=2)
    assert content("short", [outside, negative], BOT).text == "short"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@bridge_bot hello", "hello"),
        ("@bridge_bot: hello", "hello"),
        ("@Bridge_Bot, hello", "hello"),
        ("hello @bridge_bot", "hello"),
        ("hello @bridge_bot!", "hello!"),
        ("what does @bridge_bot think", "what does think"),
        ("@bridge_bot /status", "/status"),
        ("@bridge_bot", "@bridge_bot"),
        ("@ada hello", "@ada hello"),
    ],
)
def test_the_bots_own_mention_goes_unless_nothing_else_was_said(text, expected):
    assert content(*said(text), BOT).text == expected


def test_the_bot_is_called_by_its_name_or_by_a_mention_of_its_account():
    assert calls(*said("hey @BRIDGE_BOT"), BOT)
    assert not calls(*said("hey @bridge_bot_2"), BOT)
    account = Entity(type="text_mention", offset=0, length=6, user=User(id=7))
    assert calls("Bridge, hello", [account], BOT)
    assert content("Bridge, hello", [account], BOT).text == "hello"


def test_a_person_who_is_mentioned_stays_as_their_name():
    account = Entity(type="text_mention", offset=4, length=3, user=User(id=8))
    assert not calls("ask Ada", [account], BOT)
    assert content("ask Ada", [account], BOT).text == "ask Ada"


def test_a_command_is_what_a_message_begins_with():
    assert command(*said("/stop@bridge_bot now")) == "/stop@bridge_bot"
    assert command(*said("do /stop")) == ""
    assert command("plain", []) == ""


APART = ["blockquote", "expandable_blockquote", "code", "pre"]


@pytest.mark.parametrize("kind", APART)
@pytest.mark.parametrize("is_last", [True, False])
def test_a_mention_that_is_quoted_or_shown_as_code_calls_nobody_and_stays(kind, is_last):
    words = "@bridge_bot is down"
    around = Entity.model_validate(entity(words, words, kind))
    found = [around, *said(words)[1]]
    found = found if is_last else found[::-1]
    assert not calls(words, found, BOT)
    assert "@bridge" in content(words, found, BOT).text


def test_who_quotes_a_mention_and_mentions_too_calls():
    words = "@bridge_bot is down\n@bridge_bot is that so?"
    quote = Entity.model_validate(entity(words, "@bridge_bot is down", "blockquote"))
    assert calls(words, [quote, *said(words)[1]], BOT)
    assert content(words, [quote, *said(words)[1]], BOT).text.endswith("\n\nis that so?")


@pytest.mark.parametrize("is_last", [True, False])
def test_a_command_that_is_quoted_commands_nothing(is_last):
    found = [Entity.model_validate(entity("/stop", "/stop", "blockquote")), *said("/stop")[1]]
    assert command("/stop", found if is_last else found[::-1]) == ""


@pytest.mark.parametrize("text", ["ab", "\U0001f600"])
def test_thousands_of_entities_are_read_in_linear_time(text):
    kinds = ("bold", "code", "blockquote", "text_link")
    marked = [
        Entity(type=kinds[at % 4], offset=2 * at, length=2, url="https://a.example")
        for at in range(16_000)
    ]
    begun = process_time()
    assert content(text * 16_000, marked, BOT).text
    assert process_time() - begun < 1


@pytest.mark.parametrize("kind", ["bold", "blockquote", "code", "pre"])
def test_entities_within_each_other_have_an_end(kind):
    """What is marked deeper than anybody marks is words."""
    marked = [Entity(type=kind, offset=0, length=8_000) for _ in range(4_000)]
    begun = process_time()
    assert "ab" in content("ab\n" * 2_666, marked, BOT).text
    assert process_time() - begun < 1


@pytest.mark.parametrize(
    "render", [discord.render, whatsapp.render, lambda text: formatted(text).text]
)
def test_what_begins_a_line_and_empty_lines_are_kept_elsewhere(render):
    text = "so\n  two\n    four run\n\n\n    code = 1\n  end"
    shown = render(written(text, ("so", "bold", {}), ("run", "code", {})))
    plain = [line.strip("*`_ ").replace("`", "") for line in shown.split("\n")]
    assert plain == ["so", "two", "four run", "", "", "code = 1", "end"]
    margins = [len(line) - len(line.lstrip(" ")) for line in shown.split("\n")]
    assert margins == [0, 2, 4, 0, 0, 4, 2]
