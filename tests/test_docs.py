"""The documentation as readers find it: ordered by reader, whole, in the glossary's words."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from bridge.session.slash import COMMANDS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"\]\((?![a-z]+:|#|[^)]*…|<?url)([^)#]+)")
OLD = re.compile(
    r"\b(desks?|doors?|tending|roster|spending|last[_ ]words|tidying|histories)\b", re.IGNORECASE
)
"""Words that the project has replaced. Decisions keep theirs."""


def name(page):
    return str(page.relative_to(ROOT))


def links(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [page.parent / to for to in LINK.findall(re.sub(r"`[^`\n]*`", "", text))]


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name
)
def test_every_link_leads_to_a_file(page):
    assert not [to for to in links(page) if not to.is_file()]


def test_every_page_can_be_reached_from_the_index():
    found, ahead = set(), [DOCS / "index.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page not in found:
            found.add(page)
            ahead += [to for to in links(page) if to.suffix == ".md"]
    assert not [name(page) for page in PAGES if page.resolve() not in found]


def test_the_site_has_every_page_of_the_index_in_its_menu():
    menu = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = re.findall(r"[\w/-]+\.md", str(menu))
    linked = {str(to.relative_to(DOCS)) for to in links(DOCS / "index.md")}
    assert sorted(listed) == sorted(linked | {"index.md"})


def test_every_decision_is_in_the_list():
    listed = {to.name for to in links(DOCS / "decisions.md")}
    assert listed == {page.name for page in (DOCS / "decisions").glob("*.md")}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_no_page_uses_a_word_that_was_replaced(page):
    if page.parent.name != "decisions":
        text = re.sub(r"`[^`\n]*`", "", page.read_text(encoding="utf-8"))
        assert not [line for line in text.splitlines() if OLD.search(line)]


def test_the_glossary_has_one_meaning_for_each_word():
    rows = re.findall(r"^\| (.+?) \| ", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE)
    words = [word for row in rows if row != "word" for word in row.split(", ")]
    assert len(words) == len(set(words))


def test_every_slash_command_is_explained():
    page = (DOCS / "chatting.md").read_text(encoding="utf-8")
    assert {f"/{each.name}" for each in COMMANDS} <= set(re.findall(r"`(/\w+)", page))


class Fetched(HTMLParser):
    """What a browser fetches by itself when it opens a page."""

    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attrs):
        for key, value in attrs:
            fetched = key == "src" or (tag == "link" and key == "href")
            if fetched and dict(attrs).get("rel") not in {"canonical", "next", "prev"}:
                self.addresses.append(value)


@pytest.fixture
def copied(tmp_path):
    """Return a folder with a copy of what the site is built from."""
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(DOCS, tmp_path / "docs")
    return tmp_path


def build(folder):
    done = subprocess.run(
        [Path(sys.executable).with_name("zensical"), "build", "--strict", "--clean"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_site_is_built_and_fetches_nothing_from_elsewhere(copied):
    code, told = build(copied)
    assert code == 0, told
    site = copied / "build" / "site"
    assert (site / "search.json").stat().st_size > 100_000
    for page in PAGES:
        html = Fetched()
        html.feed((site / page.relative_to(DOCS).with_suffix(".html")).read_text("utf-8"))
        assert html.addresses
        assert not [to for to in html.addresses if re.match(r"(https?:)?//", to)]


def test_a_dead_link_or_anchor_fails_the_site(copied):
    (copied / "docs" / "cli.md").write_text("[gone](gone.md) [nowhere](agents.md#nowhere)\n")
    code, told = build(copied)
    assert code != 0
    assert "page does not exist" in told
    assert "anchor does not exist" in told


def test_the_site_is_what_make_docs_builds_and_git_leaves_out():
    made = subprocess.run(
        ["make", "-n", "docs"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "zensical build --strict" in made
    assert "build/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
