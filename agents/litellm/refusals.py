"""What a provider does not take is found by asking once more without it. Pure.

The rules:

- What of a request is refused is what the provider says (`errors`); where it does not say, each
  kind of thing is tried in turn: thoughts, files, tools, calls, what was said before; in the end
  more than one at once.
- Where it does not say and there is much, it may be too much: less is shown before anything that
  was said is taken for refused, and from then on. What is too large in bytes may be a file.
- Only what a model has never taken is suspected, one thing at a time where that is cheap: files one
  by one, tools by halves. What it took once it takes again.
- What was left out when a model answered at last is remembered by its digest, and left out from
  then on. What was left out only to find something out is offered again.
- A request is asked again at most `MOST_ASKS` times in one answer.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from agents.litellm.errors import Diagnosis
from agents.litellm.failure import Trouble

MOST_ASKS = 16
MOST_KEPT = 5000
"""Digests that are remembered of a model; the oldest go first."""

LARGE = "large"
"""What is suspected where a request is too large in bytes, and nobody says of what."""

Nothing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that may be refused, by its digest; `name` is for people."""

    digest: str
    name: str


@dataclass(slots=True, kw_only=True)
class ModelSupport:
    """What one model is known to take.

    `thoughts`: it takes what it thought; `blank`: it wants something where that is lost; `plain`:
    it takes calls only as words. `doubted`: it does not take one of the tools. `room` is the part
    of its window that is used: less, after it turned out to be too much.
    """

    accepted: dict[str, None] = field(default_factory=dict)
    refused: dict[str, None] = field(default_factory=dict)
    thoughts: bool = True
    blank: bool = False
    plain: bool = False
    doubted: bool = False
    room: float = 1.0


class SupportByModel:
    """What each model takes, as far as it was found out since the start."""

    def __init__(self) -> None:
        self._models: dict[str, ModelSupport] = {}

    def of(self, model: str) -> ModelSupport:
        return self._models.setdefault(model, ModelSupport())


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a request would show, were all of it taken.

    `before` returns what was said before the newest message; first what nothing was answered to.
    `rooms` returns the parts of the window, falling, in which less would be shown than now; none
    where it is little.
    """

    files: Sequence[Item] = ()
    tools: Sequence[Item] = ()
    thoughts: bool = False
    calls: bool = False
    before: Callable[[], Sequence[Sequence[Item]]] = lambda: ()
    rooms: Callable[[], Sequence[float]] = lambda: ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Less:
    """What is left out of a request: `hidden` for now, `sure` for good if that helps.

    `room` is the part of the window that is used.
    """

    hidden: frozenset[str] = Nothing
    sure: frozenset[str] = Nothing
    thoughts: bool = False
    blank: bool = False
    plain: bool = False
    room: float = 1.0

    def without(self, items: Collection[str], *, sure: bool = True) -> "Less":
        more = frozenset(items)
        if sure:
            return replace(self, hidden=self.hidden | more, sure=self.sure | more)
        return replace(self, hidden=self.hidden | more)


@dataclass(slots=True, kw_only=True)
class Trial:
    """One answer of one model: what is left out of the next request."""

    taken: ModelSupport
    offer: Offer = field(default_factory=Offer)
    less: Less = field(default_factory=Less)
    asks: int = 0
    _base: Less = field(default_factory=Less)
    _piece: str | None = None
    _steps: Iterator[Less] | None = None

    @property
    def hidden(self) -> Collection[str]:
        return self.less.hidden | self.taken.refused.keys()

    def refuse(self, trouble: Trouble) -> bool:
        """Leave out something else; False where that is of no use."""
        meant = trouble.meant or Diagnosis(kind=trouble.kind)
        if trouble.kind not in {"unfit", "refused", "overflow"} or self.asks >= MOST_ASKS:
            return False
        if trouble.kind == "overflow":
            return meant.piece == "files" and self._spare_a_file()
        if trouble.kind == "refused" and trouble.meant is None:
            return False  # the answer was refused, not what was asked
        self.asks += 1
        piece = "words" if trouble.kind == "refused" else meant.piece
        if self._steps is None or (piece and piece != self._piece):
            self._piece, self._base = piece, self.less
            self._steps = self._ways(piece, meant)
        found = next(self._steps, None)
        if found is None:
            return False
        self.less = found
        return True

    def _spare_a_file(self) -> bool:
        """Leave out a file that may be too large; where none is to blame, all are offered again."""
        if self._piece != LARGE:
            self._piece, self._base = LARGE, self.less
            self._steps = self._one_by_one()
        found = next(self._steps or iter(()), None)
        self.asks += found is not None
        self.less = found or self._base
        return found is not None

    def accept(self) -> Sequence[Item]:
        """Remember what the model took, and what it does not take; return the latter, if new."""
        taken, less = self.taken, self.less
        offered = [*self.offer.files, *self.offer.tools]
        shown = [each for each in offered if each.digest not in self.hidden]
        _keep(taken.accepted, (each.digest for each in shown))
        known = (
            {each.digest: each for group in self.offer.before() for each in group}
            if less.sure
            else {}
        )
        known |= {each.digest: each for each in offered}
        new = [digest for digest in less.sure if digest not in taken.refused]
        _keep(taken.refused, new)
        taken.thoughts = taken.thoughts and not less.thoughts
        taken.blank = taken.blank or less.blank
        taken.plain = taken.plain or less.plain
        taken.room *= less.room
        tools = {each.digest for each in self.offer.tools}
        taken.doubted = bool((less.hidden - less.sure) & tools)
        self.less, self._steps = Less(), None
        return [known[digest] for digest in new if digest in known]

    # -- what to leave out next

    def _ways(self, piece: str, meant: Diagnosis) -> Iterator[Less]:
        base = self._base
        match piece:
            case "reasoning":
                yield replace(base, blank=True)
                yield replace(base, blank=False, thoughts=True)
            case "thoughts":
                yield from self._thoughts()
            case "files":
                yield from self._files(every=meant.every)
            case "tools":
                yield from self._tools(meant)
            case "words":
                yield from self._files()
                yield from self._before()
            case _ if self.taken.doubted:
                yield from self._tools(meant)
            case _:
                pass
        if piece != "words":
            yield from self._anything()

    def _anything(self) -> Iterator[Less]:
        """Yield what may help where nobody knows what is wrong."""
        if self._piece != "thoughts":
            yield from self._thoughts()
        if self._piece != "files":
            yield from self._files()
        tools = self._suspects(self.offer.tools)
        if tools and self._piece != "tools":
            yield self._base.without(tools, sure=False)
        if self.offer.calls and not self.taken.plain:
            yield replace(self._base, plain=True)
        for room in self.offer.rooms():
            yield replace(self._base, room=room)
        yield from self._before()
        yield from self._all_at_once(tools)

    def _all_at_once(self, tools: Sequence[str]) -> Iterator[Less]:
        """Yield what helps where more than one kind of thing is refused, the past last."""
        files = self._suspects(self.offer.files)
        before = [each.digest for group in self.offer.before() for each in group]
        for gone in ([*files], [*files, *before]):
            if tools and gone:
                yield self._base.without(gone).without(tools, sure=False)

    def _thoughts(self) -> Iterator[Less]:
        if self.offer.thoughts and not self._base.thoughts:
            yield replace(self._base, thoughts=True)

    def _files(self, *, every: bool = False) -> Iterator[Less]:
        suspects = self._suspects(self.offer.files)
        if every and suspects:
            yield self._base.without(suspects)
        elif suspects:
            yield from self._one_by_one()
        all_files = {each.digest for each in self.offer.files} - self._base.hidden
        if all_files - set(suspects):
            yield self._base.without(all_files)

    def _one_by_one(self) -> Iterator[Less]:
        suspects = self._suspects(self.offer.files)
        if len(suspects) > 1:
            for each in suspects:
                yield self._base.without([each])
        if suspects:
            yield self._base.without(suspects)

    def _tools(self, meant: Diagnosis) -> Iterator[Less]:
        shown = [each for each in self.offer.tools if each.digest not in self.hidden]
        named = [each.digest for n, each in enumerate(shown) if _is_meant(each, n, meant)]
        if named:
            yield (found := self._base.without(named))
            self._base = found  # the next one that is named is left out beside this one
        if meant.most is not None and 0 < meant.most < len(shown):
            yield self._base.without([each.digest for each in shown[meant.most :]])
        elif meant.most is None and not named and not meant.every:
            yield from self._halves(self._suspects(shown))
        yield self._base.without([each.digest for each in self.offer.tools])

    def _halves(self, suspects: Sequence[str]) -> Iterator[Less]:
        """Find one after the other, showing half of those among which one is not taken."""
        culprits: list[str] = []
        while suspects:
            among = list(suspects)
            while len(among) > 1:
                among = among[: (len(among) + 1) // 2]
                rest = [each for each in suspects if each not in among]
                yield self._base.without(culprits).without(rest, sure=False)
            culprits += among
            suspects = [each for each in suspects if each not in culprits]
            yield self._base.without(culprits)

    def _before(self) -> Iterator[Less]:
        gone: list[str] = []
        for group in self.offer.before():
            gone += [each.digest for each in group]
            if set(gone) - set(self.hidden):
                yield self._base.without(gone)

    def _suspects(self, items: Sequence[Item]) -> list[str]:
        known = self.taken.accepted.keys() | self._base.hidden | self.taken.refused.keys()
        return [each.digest for each in items if each.digest not in known]


def _is_meant(item: Item, number: int, meant: Diagnosis) -> bool:
    return bool(meant.names and item.name == meant.names) or meant.number == number


def _keep(kept: dict[str, None], more: Collection[str] | Iterator[str]) -> None:
    kept |= dict.fromkeys(more)
    for digest in list(kept)[: max(len(kept) - MOST_KEPT, 0)]:
        del kept[digest]
