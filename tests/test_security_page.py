"""What docs/security.md claims is held by tests that are there, and by the code's own table."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from bridge.domain import commands
from bridge.session.permission_table import TABLE

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@cache
def defined_in(file):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {
        each.name
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda part: part)
def test_every_test_that_holds_a_claim_is_there(file, name):
    assert (ROOT / file).exists()
    assert name in defined_in(file)


REPORTS = (ROOT / "docs" / "field-reports.md").read_text(encoding="utf-8")
A_REPORT = re.compile(r"\| [\w.-]+/[\w.-]+ #\d+.*\*\*(?:mended|holds)\*\*.* \|", re.IGNORECASE)


def test_each_report_has_its_source_its_verdict_and_a_test_that_is_there():
    rows = re.findall(r"^\| .*/.* #\d.*$", REPORTS, re.MULTILINE)
    assert len(rows) >= 60
    assert not [row for row in rows if not A_REPORT.fullmatch(row)]
    for row in REPORTS.splitlines():
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named or not row.startswith("| ") or row.startswith(("| report", "| number")), row
        assert not [each for each in named if each[1] not in defined_in(each[0])], row


def test_no_test_is_named_in_another_form():
    assert len(re.findall(r"::", PAGE)) == len(re.findall(r"`tests/[\w/]+\.py::test_\w+`", PAGE))


def test_every_claim_in_a_table_names_its_test():
    claims = re.findall(r"^\| claim \| held by \|\n\|[-|]+\|\n((?:\|.+\n)+)", PAGE, re.MULTILINE)
    rows = [row for table in claims for row in table.splitlines()]
    assert rows
    assert not [row for row in rows if "::test_" not in row.split(" | ")[-1]]


def test_every_command_that_someone_asks_is_in_the_table_of_permissions():
    """The page has the table (tests/test_slash_registry.py)."""
    asked = {
        each
        for member in get_args(commands.Command)
        for each in (get_args(member) or (member,))
        if "by" in each.__dataclass_fields__
    }
    assert asked == {each for each in TABLE if not isinstance(each, str)}


def test_every_table_of_the_database_and_every_private_file_is_named():
    tables = (ROOT / "storage" / "sql" / "tables.py").read_text(encoding="utf-8")
    stored = PAGE.partition("## What is stored")[2].partition("\n## ")[0]
    for name in re.findall(r'(?:_table\(|Table\()\s*"(\w+)"', tables):
        assert f"`{name}`" in stored
    for name in ("owner-token", "owner-code", "link-key", "server.json", "terminal/", "media/"):
        assert f"`{name}`" in stored
