"""What the bridge has noted as not stored or not shown, since the test began."""

from collections import Counter

from bridge.unseen import unseen


def left_out() -> Counter[str]:
    """Return how often, by the reason."""
    found: Counter[str] = Counter()
    for each in unseen.counts():
        found[each.reason] += each.times
    return found
