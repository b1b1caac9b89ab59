"""No text holds whoever reads it: the work is bounded, or grows as the text does.

Time is the process's own, compared with that of a shorter text, so that a busy machine changes
nothing; what takes less than `UNNOTICED` is not compared.
"""

import json
import time
from collections.abc import Callable

import pytest

from agents import echo, speaker_labels
from agents.lines import output_schema
from agents.litellm.prompt import may_become_silence, visible_so_far
from agents.tools.policy import Rule, verdict
from bridge.cli import render
from bridge.cli import safe as terminal
from bridge.cli.view import Line
from bridge.delivery import call_display, markdown_budget, part_splitter, recap, splitting
from bridge.delivery.rendering import Showing
from bridge.delivery.speaker_lines import unforged
from bridge.domain import content, literal
from bridge.domain.display_names import clean_name
from bridge.domain.errors import AgentFailed
from bridge.domain.events import PlannedCall
from bridge.domain.ids import CallId
from bridge.domain.look_alikes import skeleton
from bridge.domain.normal_form import normal
from bridge.domain.parts import Capabilities
from bridge.session import routing, slash
from channels.discord import from_markdown as discord
from channels.discord import to_markdown as from_discord
from channels.email import from_markdown as email
from channels.markdown import plain, safe
from channels.markdown.parse import parse
from channels.slack import blocks
from channels.slack import from_markdown as slack
from channels.slack import to_markdown as mrkdwn
from channels.slack.content import content as from_slack_content
from channels.telegram import from_markdown as telegram
from channels.telegram import to_markdown as from_telegram
from channels.telegram.schema import Entity
from channels.whatsapp import from_markdown as whatsapp
from channels.whatsapp import to_markdown as from_whatsapp
from tests import hostile
from tests.work import counted

MESSAGE = 12_000
"""Characters of the longest message that any platform takes from us."""

PIECE_SECONDS = 3.0
"""Of the process, for one message: more than a slow machine takes, less than without a bound."""

CALLS = 125_000
"""They take 15 ms where they were measured, and 50 ms on a slow machine."""

SHORT, TIMES = 6_000, 8
UNNOTICED = 0.08
HUGE = 2_000_000


class _Nobody:
    me = "Bridge"

    def user(self, user: str) -> None: ...

    role = room = user

    def is_me(self, *, user: str = "", role: str = "") -> bool:
        return True


BOT = from_telegram.Named(id=1, username="bot")
RENDERERS = {
    each.__name__.split(".")[1]: each.render.__wrapped__
    for each in (discord, email, slack, telegram, whatsapp, plain)
}


def _from_telegram(text: str) -> object:
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    kinds = ("blockquote", "bold", "mention")
    marked = [Entity(type=kind, offset=units // 2, length=max(1, units // 3)) for kind in kinds]
    return from_telegram.content(text, marked, BOT)


def _from_slack(text: str) -> object:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    rich = {"blocks": [{"type": "rich_text", "elements": [section, section]}]}
    names = blocks.MentionNames(people={}, me="U1")
    return from_slack_content({"text": text}, names), from_slack_content(rich, names)


READERS: dict[str, Callable[[str], object]] = {
    "from Discord": lambda text: (
        from_discord.markdown(text, _Nobody()),
        from_discord.calls(text, _Nobody()),
    ),
    "from Slack": _from_slack,
    "who is called at Slack": mrkdwn.calls,
    "plain words": literal.markdown,
    "from Telegram": _from_telegram,
    "from WhatsApp": from_whatsapp.content,
    "codes": routing.typed_code,
    "commands": slash.parse,
    "cutting": lambda text: splitting.split(text, 2000),
    "the terminal": lambda text: (terminal.plain(text), terminal.one_line(text)),
    "labels": speaker_labels.unforged,
    "results of tools": speaker_labels.unforged_result,
    "lines like ours": lambda text: unforged(text, frozenset({"Telegram", "Team Slack"})),
    "names": clean_name,
    "codes in a room": lambda text: list(routing.codes_within(text)),
    "echo": echo.WORD.findall,
    "mentions": lambda text: (
        safe.clean(text),
        list(safe.pieces(text)),
        list(telegram.called(text)),
    ),
    "honest links": lambda text: safe.is_honest(text, "https://example.org/"),
    "names of files": content.name_of,
    "look-alikes": skeleton,
    "hosts": lambda text: safe.host_of(f"http://a{text}"),
    "who is called at Slack's ends": lambda text: mrkdwn.without(f"{text} <@U1>", "U1"),
    "thoughts of a model": lambda text: (visible_so_far(text), may_become_silence(text)),
    "policy": lambda text: [
        verdict([Rule(tool="*", when={"x": pattern}, do=do)], "a", {"x": text}, read_only=False)
        for do in ("allow", "deny")
        for pattern in ("git *x", "*rm -rf*")
    ],
}


def seconds(work: Callable[[str], object], text: str) -> float:
    parse.cache_clear()
    telegram._whole.cache_clear()
    before = time.process_time()
    work(text)
    return time.process_time() - before


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_message_of_the_worst_text_is_rendered_at_once(renderer):
    slow = {}
    for name, text in hostile.texts(MESSAGE):
        taken = seconds(RENDERERS[renderer], text)
        if taken > PIECE_SECONDS:
            slow[name] = taken
    assert not slow


@pytest.mark.parametrize("renderer", RENDERERS)
def test_what_is_rendered_without_a_thread_is_little_work(renderer):
    """A text of up to `LONG` is measured and written on the loop, which it holds for 15 ms at most.

    So many calls take about as long on a slow machine; a text that takes more is written plainly.
    """
    much = {}
    for name, text in hostile.texts(markdown_budget.LONG):
        parse.cache_clear()
        telegram._whole.cache_clear()
        with counted() as work:
            RENDERERS[renderer](text)
        if work.calls > CALLS:
            much[name] = work.calls
    assert not much


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", ["'!['", "'*a '", "'`'", "'<a '", "'> '", "wide table", "'\\n'"])
def test_two_megabytes_are_shown_as_they_were_written(renderer, name):
    """Nobody sends so much in one message; whoever renders it all the same is not held for long."""
    text = hostile.SHAPES[name](HUGE)
    assert not markdown_budget.is_affordable(text)
    assert seconds(RENDERERS[renderer], text) < 30 * PIECE_SECONDS


def test_what_costs_too_much_is_shown_whole():
    """All words of a text that is too dear are there, none of it formatted."""
    shown = plain.render("![" * 5_000 + " **words**")
    assert shown == "![" * 5_000 + " **words**"
    assert telegram.render("[" * 200 + "**a**").text.endswith("**a**")


def test_each_sign_of_a_quote_is_a_level_whether_a_space_follows_it_or_not():
    """A line that goes on twenty quotes is looked at twenty times."""
    for mark in (">", "> "):
        assert not markdown_budget.is_affordable(mark * 20 + "a\n" + "a\n" * 1500)


def test_what_people_write_is_affordable():
    """Long answers with links, tables, lists and code are formatted."""
    links = "- [a](https://example.org/a) and `b[0][1]`\n" * 250
    table = "| a | b | c | d |\n|---|---|---|---|\n" + "| 1 | 2 | 3 | 4 |\n" * 150
    code = "```python\n" + "    x = [[1, 2], [3, [4, 5]]]\n" * 200 + "```\n"
    nested = "".join("  " * (each % 6) + "- item\n" for each in range(700))
    for text in (links, table, code, nested):
        assert markdown_budget.is_affordable(text), text[:20]


@pytest.mark.parametrize("reader", READERS)
def test_the_work_grows_as_the_text_does(reader):
    """Eight times the text takes about eight times as long, never sixty-four times."""
    work, slow = READERS[reader], {}
    for name, made in hostile.SHAPES.items():
        long = seconds(work, made(SHORT * TIMES))
        if long > UNNOTICED:
            short = min(seconds(work, made(SHORT)) for _ in range(3))
            long = min(long, *(seconds(work, made(SHORT * TIMES)) for _ in range(2)))
            if long > 4 * TIMES * max(short, 0.001):
                slow[name] = (short, long)
    assert not slow


LIMITS = Capabilities(max_chars=4096, size=telegram.size)


@pytest.mark.parametrize("name", ["'!['", "'a'", "' '", "'*a '", "'\\n'"])
def test_a_long_text_is_measured_only_as_far_as_it_can_fit(name):
    """A preview of two megabytes costs as much as the one message that shows its beginning."""
    text = hostile.SHAPES[name](HUGE)
    assert seconds(lambda text: part_splitter.opening(text, LIMITS), text) < PIECE_SECONDS
    showing = Showing(text=text)
    assert seconds(lambda _: part_splitter.fits(showing, LIMITS), text) < PIECE_SECONDS


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", ["marks out of order", "an address of marks", "a link of marks"])
def test_marks_in_no_order_do_not_hold_whoever_sorts_them(renderer, name):
    """They are sorted by C, which lets no other thread go on meanwhile: a thread is no help."""
    text = hostile.SHAPES[name](16_000)
    assert seconds(RENDERERS[renderer], text) < PIECE_SECONDS / 5


def test_two_megabytes_of_unsorted_marks_are_normal_at_once():
    text = hostile.SHAPES["marks out of order"](HUGE)
    assert seconds(lambda text: normal("NFKC", text), text) < PIECE_SECONDS
    assert seconds(lambda text: list(routing.codes_within(text)), text) < 2 * PIECE_SECONDS


def test_a_call_of_a_megabyte_is_shown_at_once():
    call = PlannedCall(call=CallId("c"), name="run", arguments=json.dumps({"a": "`" * HUGE}))
    assert seconds(lambda _: call_display.block(call), "") < PIECE_SECONDS


def test_a_recap_reads_no_more_than_it_shows():
    look = Showing(text="![" * HUGE)
    assert seconds(lambda _: recap._line(look), "") < PIECE_SECONDS


@pytest.mark.parametrize("name", list(hostile.SHAPES))
def test_the_terminal_paints_the_worst_text_at_once(name):
    """What it would take too long to read is painted as it was written."""
    text = hostile.SHAPES[name](60_000)
    line = Line(look="answer", speaker="a", text=text)
    assert seconds(lambda _: render._painted(line, ""), text) < PIECE_SECONDS


@pytest.mark.parametrize("body", ["[" * 400_000, '{"a":' * 200_000, "[" * 400_000 + "]" * 400_000])
def test_a_body_that_nests_without_end_is_refused(body):
    """What an agent elsewhere sends is told to be no JSON, or too much of it, and is not fatal."""
    with pytest.raises(AgentFailed, match=r"no JSON object|more than 15000 values"):
        output_schema.read(body.encode(), number=1)
