"""What the rounds came to, as one table or as JSON. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tests.chaos.ledger import BROKEN, COUNTS
from tests.chaos.round import Outcome

FIRST = (
    "kills", "freezes", "stops", "failed starts", "database fast", "database immediate", "down",
    "stall", "cut before", "cut after", "hang", "slow", "error", "page", "limited", "twice", "late",
    "drop", "presses", "runs", "recaps", "events",
)  # fmt: skip
OTHERS = ("bridge", "complaints")
"""Faults beside the ledger's: the bridge died or would not stop; a platform was called wrongly."""

MOST_FAULTS = 30


def table(outcomes: Sequence[Outcome]) -> str:
    """Return a column for each store and one for all."""
    stores = sorted({each.wanted.store for each in outcomes})
    columns = {name: [each for each in outcomes if each.wanted.store == name] for name in stores}
    columns["all"] = list(outcomes)
    figures = {name: _figures(each) for name, each in columns.items()}
    names = [name for name in figures["all"] if any(each.get(name) for each in figures.values())]
    names += [name for name in COUNTS if name not in names]
    lines = [f"{'':22}" + "".join(f"{name:>12}" for name in columns)]
    for name in names:
        cells = "".join(f"{each.get(name, 0):>12}" for each in figures.values())
        broken = "  <- must be 0" if _is_broken(name) and figures["all"].get(name) else ""
        lines.append(f"{name:22}{cells}{broken}")
    return "\n".join(lines)


def _is_broken(name: str) -> bool:
    return name in BROKEN or name in OTHERS


def _figures(outcomes: Sequence[Outcome]) -> Mapping[str, Any]:
    counts: Counter[str] = Counter()
    for each in outcomes:
        counts.update(each.counts)
        counts.update(each.verdict.counts)
    starts = sorted(second for each in outcomes for second in each.starts)
    took = sum(each.took for each in outcomes)
    found: dict[str, Any] = {
        "rounds": len(outcomes),
        "seconds": round(took),
        "kills an hour": round(counts["kills"] / took * 3600) if took else 0,
        "settled after, most": f"{max((each.settled for each in outcomes), default=0):.0f} s",
        "restart, median": f"{median(starts):.2f} s" if starts else "",
        "restart, most": f"{starts[-1]:.2f} s" if starts else "",
    }
    found |= {name: counts[name] for name in FIRST}
    return found | {name: counts[name] for name in (*COUNTS, *OTHERS)}


def as_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "ok": not any(each.faults for each in outcomes),
        "all": _figures(outcomes),
        "rounds": [
            {
                "store": each.wanted.store,
                "seed": each.wanted.seed,
                "data": each.data,
                **_figures([each]),
                "faults": each.faults,
            }
            for each in outcomes
        ],
    }


def faults(outcome: Outcome) -> str:
    """Return what is broken in a round, with where its data is."""
    lines = [f"{outcome.wanted.store}, seed {outcome.wanted.seed}: {outcome.data}"]
    lines += [f"  {each}" for each in outcome.faults[:MOST_FAULTS]]
    if len(outcome.faults) > MOST_FAULTS:
        lines.append(f"  … and {len(outcome.faults) - MOST_FAULTS} more")
    return "\n".join(lines)
