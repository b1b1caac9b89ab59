"""What Prometheus reads: counts and sizes, no words and no ids, for whoever runs the bridge."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request, Response

from bridge import caches
from bridge.http.dependencies import Reach, operate
from bridge.tally import tally
from bridge.unseen import unseen

router = APIRouter(tags=["operator"])

METRICS, EVENTS = "/metrics", "events"
MOST_LANES = 1000
"""Places behind that are told apart by their account; of more, only how many there are."""


@router.get(METRICS, include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Say how much happened since the start, and what is owed, in Prometheus's format."""
    # only whoever is watched needs them
    import prometheus_client as prometheus  # noqa: PLC0415
    from prometheus_client import core  # noqa: PLC0415

    reach = operate(request)
    registry = prometheus.CollectorRegistry()
    registry.register(_Collected(core, await _behind(reach)))
    found = prometheus.generate_latest(registry)
    return Response(found, media_type=prometheus.CONTENT_TYPE_LATEST)


async def _behind(reach: Reach) -> Counter[str]:
    """Return how many places of each account, and addresses for events, are owed something."""
    found: Counter[str] = Counter()
    for number, conversation in enumerate(await reach.store.behind()):
        lane = await reach.store.conversation(conversation) if number < MOST_LANES else None
        found[lane.address.channel if lane is not None else ""] += 1
    for each in await reach.subscriptions.all_of(None):
        found[EVENTS] += bool(await reach.subscriptions.followed(each))
    return +found


class _Collected:
    """`core` is the library's module of that name."""

    def __init__(self, core: Any, behind: Counter[str]) -> None:
        self._core, self._behind = core, behind

    def describe(self) -> Iterable[Any]:
        return ()

    def collect(self) -> Iterator[Any]:
        """Yield each of the metrics."""
        yield self._gauge(
            "info", "The version that runs.", ["version"], {(version("bridgehead"),): 1}
        )
        events = {(each,): times for each, times in tally.events.items()}
        yield self._counter("events", "Events appended.", ["type"], events)
        runs = {(each,): times for each, times in tally.runs.items()}
        yield self._counter("runs", "Runs that ended.", ["outcome"], runs)
        parts = "Tries to show something in a place."
        yield self._counter("parts", parts, ["account", "outcome"], tally.parts)
        left = {(each.reason, each.kind, each.account): each.times for each in unseen.counts()}
        what = "What was heard and not stored, or stored and not shown."
        yield self._counter("left_out", what, ["reason", "kind", "account"], left)
        behind = {(each,): count for each, count in self._behind.items()}
        yield self._gauge("places_owed", "Places that are owed something.", ["account"], behind)
        sizes = {(each,): size for each, size in caches.sizes().items()}
        yield self._gauge("cache_entries", "What is kept in memory.", ["cache"], sizes)

    def _counter(self, name: str, what: str, labels: list[str], values: Any) -> Any:
        family = self._core.CounterMetricFamily(f"bridgehead_{name}", what, labels=labels)
        return _filled(family, values)

    def _gauge(self, name: str, what: str, labels: list[str], values: Any) -> Any:
        family = self._core.GaugeMetricFamily(f"bridgehead_{name}", what, labels=labels)
        return _filled(family, values)


def _filled(family: Any, values: Mapping[tuple[str, ...], int]) -> Any:
    for labels, value in values.items():
        family.add_metric([str(each) for each in labels], value)
    return family
