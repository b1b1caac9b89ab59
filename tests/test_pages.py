"""The pages about the architecture are about this tree."""

import re
from pathlib import Path

import pytest

from bridge.http.connections import HEAD_BYTES, HEADERS, PIPELINED, Bounds
from bridge.http.limits import MIB, Limits

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
REPORTS = DOCS / "field-reports.md"
PAGES = [
    DOCS / "architecture.md",
    DOCS / "events.md",
    REPORTS,
    DOCS / "glossary.md",
    DOCS / "security.md",
    *sorted((DOCS / "decisions").glob("*.md")),
]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
FILE = re.compile(r"`((?:bridge|channels|agents|storage|tests|docs)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_to_is_there(page):
    text = page.read_text(encoding="utf-8")
    assert not [to for to in LINK.findall(text) if not (page.parent / to).exists()]
    assert not [to for to in FILE.findall(text) if not (ROOT / to).exists()]


FOLDERS = (
    "domain session delivery engine engine/commands engine/inbound engine/runs engine/outbound"
)


@pytest.mark.parametrize("folder", ["", *FOLDERS.split()])
def test_the_tree_names_every_module_of_the_core(folder):
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    tree = page.partition("## The tree")[2].partition("**Which way imports go**")[0]
    modules = {path.stem for path in (ROOT / "bridge" / folder).glob("*.py")} - {
        "__init__",
        "__main__",
    }
    assert modules <= set(re.findall(r"\w+", tree))


def test_the_limits_of_a_connection_stand_in_the_page_for_whoever_runs_it():
    page = " ".join((DOCS / "operations.md").read_text(encoding="utf-8").split())
    bounds, limits = Bounds(), Limits()
    for said in (
        f"{bounds.head:g} seconds and {HEAD_BYTES // 1024} KiB",
        f"a JSON body {limits.body_time:g} seconds and {limits.body // MIB} MiB",
        f"{bounds.least // 1024} KiB in {bounds.stall:g} seconds",
        f"{HEADERS} headers at most",
        f"at most {PIPELINED} requests ahead",
        f"silent for {bounds.idle:g} seconds",
    ):
        assert said in page


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(page.name[:4]) for page in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    "page", sorted((DOCS / "decisions").glob("*.md")), ids=lambda page: page.name
)
def test_a_decision_says_why_and_what_follows(page):
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(page.name[:4])}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_each_report_from_the_field_is_played_by_a_test_that_is_there():
    rows = [line for line in REPORTS.read_text(encoding="utf-8").splitlines() if "#" in line[:80]]
    rows = [row for row in rows if row.startswith("| ")]
    assert len(rows) >= 24
    for row in rows:
        tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert tests, row
        for file, name in tests:
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), name
