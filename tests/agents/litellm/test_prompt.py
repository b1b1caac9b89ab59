"""What the model is told before anything else."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.litellm.config import LitellmConfig
from agents.litellm.prompt import (
    MOST_NOTES,
    NOTHING_TO_SAY,
    is_silence,
    may_become_silence,
    own_prompt,
    system_prompt,
    visible,
    visible_so_far,
)
from agents.tools.builtin import Here, Note
from bridge.errors import AgentFailed
from bridge.ids import NoteId, ParticipantId

ADA = ParticipantId("a")


def here(*notes):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    kept = tuple(Note(note=NoteId(f"n_{n}"), text=text) for n, text in enumerate(notes))
    return Here(now=at, people={ADA: ("Ada]\n", "owner")}, notes=kept)


def prompt(*notes, own="", **missing):
    return system_prompt(own, agent="helper", here=here(*notes), missing=missing)


def test_it_says_who_it_is_who_is_here_and_what_it_noted():
    text = prompt("It rains.", own="Be brief.")
    assert text.startswith("You are helper.")
    assert "\n\nBe brief.\n\nIn this session are these people" in text
    assert '[{"name": "Ada", "role": "owner"}]' in text
    assert '- "It rains." (n_0)' in text
    assert NOTHING_TO_SAY in text


def test_servers_that_are_down_are_named():
    assert "The tools of files are not available just now: gone" in prompt(files="gone")


def test_many_notes_are_cut():
    assert len(prompt(*["x" * 500] * 50)) < MOST_NOTES + 4000


@pytest.mark.parametrize(
    "text", ["", " \n", NOTHING_TO_SAY, f"`{NOTHING_TO_SAY}`.", f"**{NOTHING_TO_SAY}**"]
)
def test_silence_is_nothing_or_the_word_for_it(text):
    assert is_silence(text)
    assert may_become_silence(text)


def test_words_are_not_silence():
    assert not is_silence("Nothing to say about that.")
    assert may_become_silence("NOTHING")
    assert not may_become_silence("Nothing")


def test_instructions_may_be_in_a_file_of_the_data_folder_or_anywhere(tmp_path):
    file = tmp_path / "prompt.md"
    file.write_text("From a file.")
    for path in ("prompt.md", str(file)):
        config = LitellmConfig(model="m", system_prompt_file=path)
        assert own_prompt(config, tmp_path) == "From a file."
    assert own_prompt(LitellmConfig(model="m", system_prompt="Here."), Path()) == "Here."


def test_a_file_that_is_not_there_is_told(tmp_path):
    config = LitellmConfig(model="m", system_prompt_file="gone.md")
    with pytest.raises(AgentFailed, match=r"gone.md cannot be read"):
        own_prompt(config, tmp_path)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<think>Let me see.</think>\n\nHello.", "Hello."),
        ("<think>a</think>\n<thinking>b</thinking>Hello.", "Hello."),
        ("Let me see.\n</think>\n\nHello.", "Hello."),
        ("<think>It never ends", ""),
        ("[agent · Telegram · 2026-01-01 10:00]\nHello.", "Hello."),
        ("[agent · 2026-01-01 10:00] Hello.", "Hello."),
        ("<think>x</think>[agent · here · 2026-01-01 10:00]\nHello.", "Hello."),
        ("Write `<think>` and `</think>` around it.", "Write `<think>` and `</think>` around it."),
        ("```html\n</think>\n```", "```html\n</think>\n```"),
        (
            "[a link](https://example.org) · 2026-01-01",
            "[a link](https://example.org) · 2026-01-01",
        ),
        ("", ""),
    ],
)
def test_thoughts_and_labels_are_not_for_people(written, shown):
    assert visible(written) == shown


def test_silence_after_thoughts_is_silence():
    assert is_silence("<think>Nobody asked.</think>\nNOTHING_TO_SAY")


def test_what_may_become_a_thought_or_a_label_is_not_shown_yet():
    for begun in ("<", "<thi", "<think>so", "[agent · Tele"):
        assert visible_so_far(begun) == ""
    assert visible_so_far("[a](b) and more\n") == "[a](b) and more\n"
    assert visible_so_far("<b>Hello") == "<b>Hello"
