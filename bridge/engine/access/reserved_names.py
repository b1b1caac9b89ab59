"""The names that nobody bears but an agent, an app or the bridge itself: words of ours.

They are so in every language: people are shown them in their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bridge import admission_texts, texts
from bridge.catalogs import others
from bridge.domain.display_names import ROLES, reads_as, without_article
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.names import DisplayNames

_OURS = (
    *(texts.OWNER, texts.AGENT, texts.AGENT_LABEL, texts.SOMEONE, texts.YOU),
    *("Bridge", "Bridgehead", "bot", "system"),
    *("robot", "sistema", "système", "系统", "机器人"),
    *admission_texts.ROLE_NAMES.values(),
    *admission_texts.ROLE_WORDS.values(),
)


@dataclass(frozen=True, slots=True)
class ReservedNames:
    names: DisplayNames
    agents: AgentRegistry

    def __iter__(self) -> Iterator[str]:
        words = (*_OURS, *sorted(self.names.labels), *self.agents.names)
        yield from dict.fromkeys((*map(str, words), *sorted(ROLES), *_translated(words)))

    def holds(self, name: str) -> bool:
        """Say whether a name reads like one of these, also with a number or an article beside it.

        What begins like what we call somebody who has no name (`someone 5678`) is one too.
        """
        first, *_ = name.split() or [""]
        if not _bare(first).isdisjoint(_stand_ins()):
            return True
        return not (_bare(name) | reads_as(name)).isdisjoint(_readings(tuple(self)))


def _translated(words: tuple[str, ...]) -> Iterator[str]:
    """Yield words of ours as other languages say them."""
    for language in others():
        yield from map(language.says, words)


@lru_cache(maxsize=1)
def _stand_ins() -> frozenset[str]:
    """Return what the first word is read as of what we call somebody who has no name."""
    words = (texts.SOMEONE, *_translated((texts.SOMEONE,)))
    return frozenset(read for each in words for read in _bare(each.split()[0]))


@lru_cache(maxsize=8)
def _readings(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(read for each in words for read in _bare(each) | reads_as(each))


def _bare(name: str) -> frozenset[str]:
    """Return what the letters of a name are read as, without blanks, signs, numbers and article."""
    plain = without_article(name)
    without = (plain, plain.strip("0123456789 ()#.-_:"))
    squeezed = ("".join(filter(str.isalnum, each)) for each in without)
    return frozenset(read for each in squeezed if each for read in reads_as(each))
