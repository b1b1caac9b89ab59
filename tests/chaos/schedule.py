"""What will go wrong and who will write, drawn from a seed beforehand. No clock, no network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

What = Literal[
    # to the process
    "kill", "freeze", "stop",
    # to the connection with a platform
    "cut before", "cut after", "hang", "slow", "down", "stall",
    # by the platform
    "error", "page", "limited", "twice", "late", "drop",
    # to the database
    "restart",
]  # fmt: skip

LINES: Sequence[What] = ("cut before", "cut after", "hang", "slow", "stall")
ANSWERS: Sequence[What] = ("error", "page", "limited")
EVENTS: Sequence[What] = ("twice", "late", "drop")

EACH_MINUTE = {"line": 14.0, "answer": 10.0, "event": 8.0, "down": 1.0, "restart": 2.0}
"""How often each sort of trouble comes, beside the kills."""

LONGEST_DOWN = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """Something that goes wrong at `at` seconds.

    `gaps`: after a kill, the seconds from each start to the next kill of the same burst, counted
    from when it was "begun" or was "serving" (`how`). `times`: how many calls it happens to.
    `how`: a detail, by the sort of blow.
    """

    at: float
    what: What
    where: str = ""
    seconds: float = 0.0
    times: int = 1
    gaps: tuple[float, ...] = ()
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A word that someone will write: at `at` seconds, at the writer of this number."""

    at: float
    writer: int
    number: int
    kind: Literal["plain", "tool", "leave", "overheard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    process: Sequence[Blow]
    network: Sequence[Blow]
    database: Sequence[Blow]
    lines: Sequence[Line]


def plan(
    seed: str,
    *,
    seconds: float,
    kills: float,
    words: float,
    platforms: Sequence[str],
    rooms: Sequence[bool],
    restarts: bool,
) -> Plan:
    """Draw a round. `kills` and `words` are per minute; `rooms`: which writers are in one."""
    return Plan(
        process=list(_process(Random(f"{seed} process"), seconds, kills)),
        network=list(_network(Random(f"{seed} network"), seconds, platforms)),
        database=list(_database(Random(f"{seed} database"), seconds)) if restarts else [],
        lines=list(_lines(Random(f"{seed} lines"), seconds, words, rooms)),
    )


def _times(dice: Random, seconds: float, each_minute: float) -> Iterator[float]:
    rate = each_minute / 60
    at = dice.expovariate(rate) if rate > 0 else seconds
    while at < seconds:
        yield at
        at += dice.expovariate(rate)


def _process(dice: Random, seconds: float, kills: float) -> Iterator[Blow]:
    """A third of the kills come in bursts; so there are fewer blows than kills."""
    for at in _times(dice, seconds, kills / 1.15):
        match dice.choices(["single", "burst", "freeze", "stop"], [66, 20, 9, 5])[0]:
            case "single":
                yield Blow(at=at, what="kill")
            case "burst":
                more = dice.choice([1, 1, 2])
                gaps = tuple(dice.uniform(0.2, 3.0) for _ in range(more))
                yield Blow(at=at, what="kill", gaps=gaps, how=dice.choice(["begun", "serving"]))
            case "freeze":
                yield Blow(at=at, what="freeze", seconds=dice.uniform(0.5, 6.0))
            case _:
                yield Blow(at=at, what="stop")


def _network(dice: Random, seconds: float, platforms: Sequence[str]) -> Iterator[Blow]:
    blows = [*_wires(dice, seconds, platforms), *_downs(dice, seconds, platforms)]
    for at in _times(dice, seconds, EACH_MINUTE["answer"]):
        kind, where = dice.choice(ANSWERS), dice.choice(platforms)
        blows.append(
            Blow(
                at=at,
                what=kind,
                where=where,
                times=dice.choice([1, 2, 5, 14]),
                seconds=dice.choice([1, 2, 5]),
                how=dice.choice(["send", "send", "any"]),
            )
        )
    blows += [
        Blow(at=at, what=dice.choice(EVENTS), where=dice.choice(platforms))
        for at in _times(dice, seconds, EACH_MINUTE["event"])
    ]
    yield from sorted(blows, key=lambda each: each.at)


def _wires(dice: Random, seconds: float, platforms: Sequence[str]) -> Iterator[Blow]:
    for at in _times(dice, seconds, EACH_MINUTE["line"]):
        yield Blow(
            at=at,
            what=dice.choice(LINES),
            where=dice.choice(platforms),
            seconds=dice.uniform(0.2, 4.0),
            times=dice.choice([1, 1, 1, 3, 6]),
            how=dice.choice(["send", "send", "any"]),
        )


def _downs(dice: Random, seconds: float, platforms: Sequence[str]) -> Iterator[Blow]:
    longest = min(LONGEST_DOWN, seconds / 4)
    for at in _times(dice, seconds, EACH_MINUTE["down"]):
        long = dice.uniform(longest / 6, longest)
        yield Blow(at=at, what="down", where=dice.choice(platforms), seconds=long)


def _database(dice: Random, seconds: float) -> Iterator[Blow]:
    for at in _times(dice, seconds, EACH_MINUTE["restart"]):
        how, long = dice.choice(["fast", "immediate"]), dice.uniform(0.0, 3.0)
        yield Blow(at=at, what="restart", seconds=long, how=how)


def _lines(dice: Random, seconds: float, words: float, rooms: Sequence[bool]) -> Iterator[Line]:
    """Each writer has a pace of their own, and now and then writes several at once.

    More is said in rooms: what is said elsewhere is shown in all the places of the shared session,
    and WhatsApp may show ten messages a minute to one person.
    """
    paces = [dice.uniform(0.4, 1.6) * (2 if room else 1) for room in rooms]
    each = words / sum(paces) / 1.3 if paces else 0.0
    moments: list[tuple[float, int]] = []
    for writer, pace in enumerate(paces):
        for at in _times(dice, seconds, each * pace):
            flurry = dice.choices([1, 2, 4], [85, 10, 5])[0]
            moments += [(at + 0.05 * number, writer) for number in range(flurry)]
    for number, (at, writer) in enumerate(sorted(moments), start=1):
        kinds = ["plain", "tool", "leave", "overheard"]
        weights = [72, 14, 7, 12 if rooms[writer] else 0]
        yield Line(at=at, writer=writer, number=number, kind=dice.choices(kinds, weights)[0])
