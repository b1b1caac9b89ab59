"""`bridge demo`: four chat apps on one page, without any account; from a clone only."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from bridge.cli.exits import MisusedError

CLONE = Path(__file__).parents[2]


def demo(port: int) -> None:
    """Serve the demo until Ctrl-C. Its platforms are the tests' own, which are not installed."""
    if not (CLONE / "tests" / "fakes" / "demo.py").exists():
        raise MisusedError("the demo runs from a clone of the repository: make demo")
    if find_spec("tests") is None or str(CLONE) not in sys.path:
        sys.path.insert(0, str(CLONE))
    sys.stdout.write("Starting four platforms and a bridge …\n")
    import_module("tests.fakes.demo").serve(port, _announce)


def _announce(url: str) -> None:
    sys.stdout.write(
        f"\nOne session in four chat apps, all on this machine:\n\n  {url}\n\n"
        "Write in any of them. Ctrl-C stops it.\n"
    )
    sys.stdout.flush()
