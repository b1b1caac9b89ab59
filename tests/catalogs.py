"""The catalogs of the bridge's own texts: `python -m tests.catalogs` brings them up to date.

It finds every text in the code and in the page, adds what is new to each `.po` file and drops what
is gone, and compiles them: `.mo` for the process, JSON for the page. What is not translated yet is
listed, and said in English.
"""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bridge.catalogs import FOLDER
from bridge.domain.wording import ENGLISH, LANGUAGES
from tests import page_texts

ROOT = Path(__file__).parent.parent
FOLDERS = ("bridge", "channels", "agents")
KEYWORDS = {"_": None, "_n": (1, 2), "titled": (2,)}
"""What makes a text, and which of its arguments are patterns."""

CODES = tuple(code for code in LANGUAGES if code != ENGLISH.code)
WIDTH = 96


def found() -> Catalog:
    """Return every text of the code, without translations."""
    catalog = Catalog(project="Bridgehead", charset="utf-8", fuzzy=False)
    for path in _sources():
        for _, message, _, _ in extract_from_file("python", path, keywords=KEYWORDS):
            catalog.add(message)
    for text in page_texts.found():
        catalog.add(text)
    return catalog


def _sources() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted(ROOT.joinpath(folder).rglob("*.py")):
            if "demo" not in path.parts and path.name != "wording.py":
                yield path


def kept(code: str) -> Catalog:
    """Return the translations into one language."""
    with FOLDER.joinpath(f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def brought_up(catalog: Catalog, texts: Catalog) -> Catalog:
    """Return translations of just these texts; what is new is left empty."""
    catalog.update(texts, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    return catalog


def written(code: str, catalog: Catalog) -> str:
    """Return a `.po` file; its head stays as it is."""
    head, _, _ = FOLDER.joinpath(f"{code}.po").read_text(encoding="utf-8").partition("\n\n")
    file = io.BytesIO()
    write_po(file, catalog, width=WIDTH, include_lineno=False, sort_by_file=True, omit_header=True)
    return f"{head}\n\n{file.getvalue().decode().strip()}\n"


def compiled(catalog: Catalog) -> bytes:
    """Return a `.mo` file, the same whenever it is made."""
    file = io.BytesIO()
    catalog.creation_date = catalog.revision_date
    write_mo(file, catalog)
    return file.getvalue()


def missing(catalog: Catalog) -> Iterable[str]:
    """Return the texts that are not translated, or not in each of their forms."""
    for message in catalog:
        if not message.id:
            continue
        forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if not all(forms):
            yield message.id if isinstance(message.id, str) else message.id[0]


def main() -> None:
    texts = found()
    for code in CODES:
        catalog = brought_up(kept(code), texts)
        FOLDER.joinpath(f"{code}.po").write_text(written(code, catalog), encoding="utf-8")
        FOLDER.joinpath(f"{code}.mo").write_bytes(compiled(catalog))
        for part in page_texts.PARTS:
            said = page_texts.told(catalog, page_texts.found_in(part))
            page_texts.path(code, part).write_text(page_texts.written(said), encoding="utf-8")
        left = list(missing(catalog))
        print(f"{code}: {len(catalog) - len(left)} texts, {len(left)} to translate")  # noqa: T201
        for each in left:
            print(f"  {each!r}")  # noqa: T201


if __name__ == "__main__":
    main()
