"""What the bridge itself writes to people: all in one place, none of it dead."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from bridge import admission_texts, texts
from bridge.domain.content import Option
from bridge.domain.usage import Used

ROOT = Path(__file__).parent.parent
OPTIONS = (Option(id="t", label="Tea"), Option(id="c", label="Coffee"))
CONSTANTS = sorted(name for name in vars(texts) if name.isupper())
FUNCTIONS = sorted(
    name
    for name, each in vars(texts).items()
    if inspect.isfunction(each) and each.__module__ == texts.__name__
)


@pytest.mark.parametrize("name", [*CONSTANTS, *FUNCTIONS])
def test_every_text_is_written_somewhere(name):
    use = re.compile(rf"\btexts\.{name}\b")
    sources = [
        path for part in ("bridge", "channels", "storage") for path in (ROOT / part).rglob("*.py")
    ]
    catalogue = (ROOT / "bridge" / "texts.py").read_text(encoding="utf-8")
    within = len(re.findall(rf"\b{name}\b", catalogue)) > 1  # a part of other texts
    assert within or any(use.search(path.read_text(encoding="utf-8")) for path in sources)


@pytest.mark.parametrize("name", CONSTANTS)
def test_every_text_says_something(name):
    said = getattr(texts, name)
    for each in said.values() if isinstance(said, dict) else [said]:
        assert each.strip() == each != ""


def test_the_catalogue_knows_nothing_of_its_readers():
    """Texts depend on values only, so that anything may use them."""
    tree = ast.parse((ROOT / "bridge" / "texts.py").read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    values = {
        "bridge.session.budget",
        "bridge.domain.content",
        "bridge.domain.display_names",
        "bridge.domain.usage",
        "bridge.domain.wording",
    }
    assert modules <= {"collections.abc", *values}


HOSTILE = "Main** joined.\n\n# Owner: [yes](https://evil.example) @everyone\x1b[2J\u202e`x`"


@pytest.mark.parametrize(
    "told",
    [
        texts.linked(HOSTILE),
        texts.you_own_it(HOSTILE),
        texts.welcome(title=HOSTILE, people=1, places=1, room=False),
        texts.status(title=HOSTILE, state="idle", people=(), places=()),
        texts.room_shares("Team", HOSTILE),
        admission_texts.follows_already(HOSTILE),
        admission_texts.follows_now(HOSTILE),
        admission_texts.unfollowed(HOSTILE),
        admission_texts.room_went("Team", "Slack", HOSTILE),
        admission_texts.which_session([("s_1", HOSTILE)]),
    ],
)
def test_a_title_is_data_wherever_it_is_told(told):
    """Whoever makes a session over the API chooses it: it ends no emphasis and begins no line."""
    assert "Main joined. Owner: yes(https evil\u2024example) everyone" in told
    assert not {"\x1b", "\u202e", "@", "#", "["} & set(told)


@pytest.mark.parametrize("title", ["", "**", "\n", "\u200b"])
def test_a_title_of_which_nothing_is_left_is_none(title):
    assert texts.linked(title) == "This chat now follows **the session**."


def test_giving_up_names_the_reason_where_there_is_one():
    assert texts.gave_up("the model is away").startswith(
        "I could not answer this: the model is away."
    )
    assert texts.gave_up("").startswith("I could not answer this.")


def test_numbered_options_say_how_to_choose():
    assert texts.numbered(OPTIONS) == "1. Tea\n2. Coffee\n\n_Reply with a number from 1 to 2._"


def test_a_recap_counts_in_good_grammar():
    text = texts.recap(people=1, answers=2, latest=["**Ada:** hi"])
    assert text == "**While you were away:** 1 message, 2 answers. The latest:\n\n**Ada:** hi"


def test_help_lists_commands_and_then_what_the_agent_says():
    assert texts.help_text([("/stop", "stop it")], "Ask me.") == "- `/stop` stop it\n\nAsk me."
    assert texts.help_text([("/stop", "stop it")], "") == "- `/stop` stop it"


def test_the_status_says_who_is_here_and_where():
    text = texts.status(title="Trip", state=texts.IDLE, people=["Ada", "Bob"], places=[])
    assert text == "**Trip** is idle.\n- people: Ada, Bob\n- shown in: no chat app yet"


def test_an_unknown_command_points_to_help():
    assert "/frob" in texts.no_such_command("frob")
    assert "/help" in texts.no_such_command("frob")


def test_lanes_behind_are_counted():
    assert texts.lanes_behind(0) == "all up to date"
    assert texts.lanes_behind(3) == "3 behind"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1_234_567, "1.2 MB"),
        (50_000_000, "50 MB"),
        (5_000_000_000, "5 GB"),
    ],
)
def test_a_size_is_told_as_people_read_it(count, text):
    assert texts.size(count) == text


@pytest.mark.parametrize(
    ("used", "words"),
    [
        (Used(runs=10), "10 answers"),
        (Used(runs=1, input_tokens=1), "1 answer, 1 token, $0.00"),
        (
            Used(runs=3, input_tokens=1000, output_tokens=200, cost=0.02),
            "3 answers, 1,200 tokens, $0.0200",
        ),
        (
            Used(runs=3, input_tokens=1200, unpriced=1200),
            "3 answers, 1,200 tokens (what they cost is not known)",
        ),
        (
            Used(runs=3, input_tokens=1200, cost=1.5, unpriced=700),
            "3 answers, 1,200 tokens, $1.50 (what 700 of the tokens cost is not known)",
        ),
    ],
)
def test_what_was_used_is_told_in_plain_words(used, words):
    """An answer without tokens counts; tokens without a price are not passed off as free."""
    assert texts.used_up(used) == words
