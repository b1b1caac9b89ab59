"""The languages that the bridge's own texts are in, read from the compiled catalogs when needed.

A catalog is read the first time that somebody is spoken to in its language; for English none is.
`python -m tests.catalogs` compiles them from the `.po` files, which people translate.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from bridge.domain.wording import ENGLISH, LANGUAGES, Language

FOLDER = Path(__file__).parent / "locales"

_MOST_WANTED = 10
"""Languages of a browser's list that are looked at."""


@lru_cache(maxsize=len(LANGUAGES))
def language(code: str) -> Language:
    """Return a language by its code; English for what is none."""
    path = FOLDER / f"{code}.mo"
    if code not in LANGUAGES or code == ENGLISH.code or not path.is_file():
        return ENGLISH
    from gettext import GNUTranslations  # noqa: PLC0415 - nothing is loaded for English

    with path.open("rb") as file:
        known = GNUTranslations(file)
    return Language(code, known.gettext, known.ngettext)


def others() -> Iterator[Language]:
    """Yield every language but English, as far as there is a catalog: for menus of commands."""
    yield from (found for code in LANGUAGES if (found := language(code)) != ENGLISH)


def code_of(tag: str) -> str:
    """Return the code of a language by the tag that a platform gives, such as `de-AT`; or ""."""
    code = tag.strip().lower().replace("_", "-").partition("-")[0]
    return code if code in LANGUAGES else ""


def wanted(header: str) -> str:
    """Return the code of the first language of an `Accept-Language` that there is; or ""."""
    found: list[tuple[float, str]] = []
    for part in header.split(",")[:_MOST_WANTED]:
        tag, _, quality = part.partition(";")
        weight = quality.strip().removeprefix("q=")
        with suppress(ValueError):
            found.append((float(weight or 1), code_of(tag)))
    best = sorted(found, key=lambda each: each[0], reverse=True)
    return next((code for weight, code in best if code and weight > 0), "")
