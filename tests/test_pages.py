"""The pages about the architecture are about this tree."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [
    DOCS / "architecture.md",
    DOCS / "events.md",
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


@pytest.mark.parametrize("folder", ["", "workers"])
def test_the_tree_names_every_module_of_the_core(folder):
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    tree = page.partition("## The tree")[2].partition("**Which way imports go**")[0]
    modules = {path.stem for path in (ROOT / "bridge" / folder).glob("*.py")} - {
        "__init__",
        "__main__",
    }
    assert modules <= set(re.findall(r"\w+", tree))


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
