"""The names that nobody bears but an agent, an app or the bridge itself: words of ours."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bridge import texts
from bridge.domain.display_names import reads_as
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.names import DisplayNames
from bridge.session.permission_table import ROLES

_OURS = (texts.OWNER, texts.AGENT, texts.SOMEONE, "Bridge", "Bridgehead", "bot", "system", "you")
_ARTICLE = re.compile(r"the\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReservedNames:
    names: DisplayNames
    agents: AgentRegistry

    def __iter__(self) -> Iterator[str]:
        yield from (*_OURS, *ROLES, *self.names.labels, *self.agents.names)

    def holds(self, name: str) -> bool:
        """Say whether a name reads like one of these, also with a number or an article beside it.

        What begins like what we call somebody who has no name (`someone 5678`) is one too.
        """
        first, *_ = name.split() or [""]
        read = _bare(name) | reads_as(name)
        is_stand_in = not _bare(first).isdisjoint(_bare(texts.SOMEONE))
        return is_stand_in or any(
            not read.isdisjoint(_bare(each) | reads_as(each)) for each in self
        )


def _bare(name: str) -> frozenset[str]:
    """Return what the letters of a name are read as, without blanks, signs, numbers and article."""
    plain = _ARTICLE.sub("", name, count=1) if _ARTICLE.match(name) else name
    without = (plain, plain.strip("0123456789 ()#.-_:"))
    squeezed = ("".join(filter(str.isalnum, each)) for each in without)
    return frozenset(read for each in squeezed if each for read in reads_as(each))
