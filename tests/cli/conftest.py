"""One running bridge for all tests of the command line; each test has a session of its own."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.process import BridgeProcess, Done, command

_numbers = count(1)


@pytest.fixture(scope="session")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BridgeProcess]:
    process = BridgeProcess(tmp_path_factory.mktemp("bridge") / "data")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def own_bridge(tmp_path: Path) -> Iterator[BridgeProcess]:
    """A bridge that the test may kill."""
    process = BridgeProcess(tmp_path / "data")
    process.start()
    yield process
    process.kill()


@pytest.fixture
def session(bridge: BridgeProcess) -> str:
    return bridge.session(f"Test {next(_numbers)}")


@pytest.fixture
def run(bridge: BridgeProcess) -> Callable[..., Done]:
    """Run a command against the bridge."""

    def run(*arguments: str, given: str = "", **environ: str) -> Done:
        return command(*arguments, environ={**bridge.environ, **environ}, given=given)

    return run
