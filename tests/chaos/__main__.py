"""`make chaos`: kill a real bridge again and again, and count. docs/chaos.md explains the table."""

import argparse
import asyncio
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import SystemRandom

from tests.chaos import report
from tests.chaos.round import Outcome, Store, Wanted, cluster, played

LONGEST_ROUND = 300.0
SHORTEST_ROUND = 30.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="how long, in all")
    parser.add_argument("--seed", default="", help="what to draw from; told when something breaks")
    parser.add_argument("--store", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--kills-per-minute", type=float, default=12)
    parser.add_argument("--words-per-minute", type=float, default=24)
    parser.add_argument("--round", type=float, default=0, help="seconds of each round")
    parser.add_argument("--json", type=Path, help="write everything there, too")
    parser.add_argument("--keep", action="store_true", help="keep the data of every round")
    return parser.parse_args()


def rounds(given: argparse.Namespace, seed: str) -> Iterator[Wanted]:
    """Divide the time into rounds, the stores taking turns."""
    stores: list[Store] = ["sqlite", "postgres"] if given.store == "both" else [given.store]
    longest = given.round or LONGEST_ROUND
    count = max(len(stores), math.ceil(given.seconds / longest))
    count += -count % len(stores)
    for number in range(count):
        yield Wanted(
            store=stores[number % len(stores)],
            seed=f"{seed}.{number}",
            seconds=max(given.seconds / count, min(SHORTEST_ROUND, given.seconds)),
            kills=given.kills_per_minute,
            words=given.words_per_minute,
            keep=given.keep,
        )


async def run(given: argparse.Namespace, seed: str) -> list[Outcome]:
    server = cluster() if given.store != "sqlite" else None
    if given.store != "sqlite" and server is None:
        sys.exit("there is no PostgreSQL to start here: install one, or say --store sqlite")
    outcomes = []
    try:
        for wanted in rounds(given, seed):
            outcomes.append(await played(wanted, server))
            told = outcomes[-1]
            say(
                f"{time.strftime('%H:%M:%S')} {wanted.store} {wanted.seed}:"
                f" {told.counts['kills']} kills, {told.verdict.counts['written']} words,"
                f" settled after {told.settled:.0f} s, {len(told.faults)} faults"
            )
            if told.faults:
                say(report.faults(told))
    finally:
        if server is not None:
            server.stop()
    return outcomes


def say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - this is a program's output


def main() -> int:
    given = arguments()
    seed = given.seed or str(SystemRandom().randrange(1_000_000))
    say(f"seed {seed}")
    outcomes = asyncio.run(run(given, seed))
    say(f"\n{report.table(outcomes)}\n")
    if given.json:
        given.json.write_text(json.dumps(report.as_json(outcomes), indent=1), encoding="utf-8")
    broken = [each for each in outcomes if each.faults]
    if not broken:
        say("Nothing is broken.")
        return 0
    again = (
        f'make chaos ARGS="--seed {seed} --seconds {given.seconds:g} --store {given.store}'
        f" --kills-per-minute {given.kills_per_minute:g}"
        f' --words-per-minute {given.words_per_minute:g} --round {given.round:g}"'
    )
    say(f"Broken in {len(broken)} of {len(outcomes)} rounds. Once more: {again}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
