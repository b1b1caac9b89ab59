"""In which language a terminal speaks: its person's, else that of the environment. Pure."""

from collections.abc import Mapping

from bridge.catalogs import code_of, language
from bridge.domain.wording import Language

VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Of the environment; the first one that is set decides, as for every program."""


def of_environment(environ: Mapping[str, str]) -> str:
    """Return the code of the environment's language, such as `de` of `de_AT.UTF-8`; or ""."""
    named = next((value for name in VARIABLES if (value := environ.get(name))), "")
    return code_of(named.partition(".")[0].partition("@")[0])


def spoken(chosen: str, environment: str) -> Language:
    """Return the language by the codes of what its person chose and of the environment."""
    return language(code_of(chosen) or environment)
