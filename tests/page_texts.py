"""The texts of the page, in scripts and markup, and the catalogs that it reads.

`bridge/http/web/words/<code>.json` has for each English text what it is in another language; of a
text about some of something, one form for each category of plurals. What only dialogs say is in
`<code>.more.json`, which is read with them.
"""

import json
import re
from collections.abc import Iterable, Iterator
from gettext import c2py  # type: ignore[attr-defined]
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file

WEB = Path(__file__).parent.parent / "bridge" / "http" / "web"
WORDS = WEB / "js" / "words.js"
INDEX = WEB / "index.html"
LATER_WORDS = WEB / "js" / "dialogs" / "words.js"
DIALOGS = WEB / "dialogs.html"
PARTS = ("", ".more")
"""What is read first, and with the dialogs, as their files are called."""

Text = str | tuple[str, ...]
KEYWORDS = {"_": None, "_n": (1, 2)}

ATTRIBUTES = ("aria-label", "placeholder", "title", "alt")
MARKED = ("code", "kbd")
VOID = ("input", "link", "meta", "br", "img", "path", "use")
UNSAID = ("svg", "noscript", "script", "title")
"""What holds no text that is said in another language: without scripts nothing can be."""

SAMPLES = 1_000
"""Numbers among which each category of plurals is looked for."""


def found() -> Iterator[Text]:
    """Yield the texts of the page."""
    for part in PARTS:
        yield from found_in(part)


def found_in(part: str) -> Iterator[Text]:
    """Yield the texts of one part; what is in both is in the first."""
    first = dict.fromkeys(_texts(WORDS, INDEX))
    if not part:
        yield from first
        return
    yield from (each for each in dict.fromkeys(_texts(LATER_WORDS, DIALOGS)) if each not in first)


def _texts(script: Path, markup: Path) -> Iterator[Text]:
    for _, message, _, _ in extract_from_file("javascript", script, keywords=KEYWORDS):
        yield message
    yield from static(markup.read_text(encoding="utf-8"))


def static(html: str) -> list[str]:
    """Return the texts of a page's markup, as `view/static.js` finds them."""
    reader = _Reader()
    reader.feed(html)
    return reader.texts


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        silent = bool(self._open and self._open[-1][1])
        silent |= known.get("translate") == "no" or tag in UNSAID
        if not silent:
            self.texts += [value for name in ATTRIBUTES if (value := known.get(name))]
        if tag not in VOID:
            self._open.append((tag, silent, []))

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1][2].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        _, silent, parts = self._open.pop()
        text = " ".join("".join(parts).split())
        if tag in MARKED and self._open:
            self._open[-1][2].append(f"`{text}`")
        elif text and not silent:
            self.texts.append(text)


def told(catalog: Catalog, texts: Iterable[Text]) -> dict[str, Any]:
    """Return what the page is told of a catalog: its own texts, as far as they are translated."""
    said = {}
    for text in texts:
        key = text if isinstance(text, str) else text[0]
        message = catalog.get(key)
        if message is not None and (forms := _forms(message, catalog)):
            said[key] = forms
    return dict(sorted(said.items()))


def _forms(message: Message, catalog: Catalog) -> Any:
    """Return a translation, or one for each category of plurals; nothing if a form is missing."""
    if isinstance(message.string, str):
        return message.string
    if not all(message.string or ("",)):
        return None
    assert catalog.locale is not None
    form, category = c2py(catalog.plural_expr), catalog.locale.plural_form
    return {category(number): message.string[form(number)] for number in reversed(range(SAMPLES))}


def path(code: str, part: str = "") -> Path:
    return WEB / "words" / f"{code}{part}.json"


def written(said: dict[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False, indent=0, separators=(",", ":")) + "\n"


def prose(script: str) -> list[str]:
    """Return what in a script, outside of its catalogue, looks like words for people."""
    literals = re.findall(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`', _without_comments(script))
    texts = [re.sub(r"\$\{[^}]*\}", "", one or other) for one, other in literals]
    return [text for text in texts if _PROSE.search(text)] + _LABELLED.findall(script)


_PROSE = re.compile(r"^[A-ZÀ-Þ][a-z]+(?:[ ,.…:!?] ?[A-Za-z]|[,.…:!?]$)|[a-z]{2} [a-z]{2,}.*[.…!?]$")
_LABELLED = re.compile(r'(?:"aria-label"|title|placeholder|alt): ("[^"]*[A-Za-z][^"]*")')


def _without_comments(script: str) -> str:
    return re.sub(r"/\*.*?\*/|(?<![:\"'\\])//[^\n]*", "", script, flags=re.DOTALL)
