"""A YAML file as written."""

from pathlib import Path

import pytest

from bridge.config.document import dotted, parse
from bridge.domain.errors import ConfigError

FILE = Path("x.yaml")


def test_every_key_and_item_has_its_line():
    document = parse("a: 1\nb:\n  - x\n  - y: 2\n", FILE)
    assert document.root == {"a": 1, "b": ["x", {"y": 2}]}
    assert document.lines == {("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 1): 4, ("b", 1, "y"): 4}


def test_dates_stay_text_and_keys_are_text():
    assert parse("a: 2026-01-02\n1: x\n", FILE).root == {"a": "2026-01-02", "1": "x"}


def test_paths_are_written_as_people_write_them():
    assert dotted(("channels", "work", "allow", 0)) == "channels.work.allow[0]"


def test_lists_in_lists_without_end_are_told_and_not_a_traceback():
    with pytest.raises(ConfigError, match="more lists in lists"):
        parse("a: " + "[" * 5_000 + "]" * 5_000, FILE)
