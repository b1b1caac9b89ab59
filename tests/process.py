"""`bridge run` as a process of its own, and `bridge` commands against it."""

import contextlib
import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog

from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent


class BridgeProcess:
    """A bridge over the folder `data`; it can be killed and started again on the same port."""

    def __init__(self, data: Path, config: str = "", *, networks: str = "") -> None:
        self.data = data
        self.file = data.with_suffix(".yaml")
        self._config, self._networks = config, networks
        self._port = 0
        self.log = data.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environ(self) -> dict[str, str]:
        """What every command about this bridge has in its environment."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("BRIDGE_")}
        plain = {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
        plain["LC_ALL"] = "C.UTF-8"  # in English, whoever runs the tests
        return {**kept, **plain, "BRIDGE_DATA": str(self.data), "BRIDGE_CONFIG": str(self.file)}

    def start(self) -> None:
        """Start it and wait until it serves."""
        http = f"http: {{port: {self._port}, callback_networks: [{self._networks}]}}"
        settings = f"{http}\ngrace: 1\n{self._config}"
        self.file.write_text(settings, encoding="utf-8")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bridge", "run"],
                env=self.environ,
                cwd=self.data.parent,
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready()
        self._port = httpx.URL(self.url).port or 0

    def kill(self) -> None:
        """End it as a crash would: nothing is said, nothing is written any more."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        return self._end(signal.SIGTERM)

    @property
    def url(self) -> str:
        return str(json.loads((self.data / "server.json").read_text())["url"])

    @property
    def token(self) -> str:
        return (self.data / "owner-token").read_text().strip()

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE)

    def session(self, title: str) -> str:
        """Make a session and return its id."""
        with self.client() as client:
            made = client.post("/v1/sessions", json={"title": title}).raise_for_status()
        return str(made.json()["id"])

    def events(self, session: str) -> list[dict[str, object]]:
        """Return a session's whole log."""
        with self.client() as client:
            read = client.get(f"/v1/stream/sessions/{session}").raise_for_status()
        return list(read.json())

    def say(self, session: str, text: str, **fields: str) -> None:
        """Say something from the browser, or put any other input in."""
        said = {"type": "message", "text": text, **fields}
        if said["type"] == "message":
            said["place"] = "web"
        with self.client() as client:
            client.post(f"/v1/stream/sessions/{session}/inbox", json=said).raise_for_status()

    def _end(self, how: signal.Signals) -> int:
        assert self._process
        self._process.send_signal(how)
        return self._process.wait(PATIENCE)

    def _wait_until_ready(self) -> None:
        assert self._process
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError, ValueError, httpx.HTTPError):
                owned = json.loads((self.data / "server.json").read_text())
                if (
                    owned["pid"] == self._process.pid
                    and httpx.get(f"{owned['url']}/readyz").is_success
                ):
                    return
            time.sleep(0.05)
        how = f"ended with {self._process.poll()}" if self._process.poll() else "does not serve"
        self.kill()
        raise AssertionError(f"bridge run {how}: {self.log.read_text()}")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@contextlib.contextmanager
def _same_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    # what is set up for the command must not close what pytest listens with
    root.handlers.clear()
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


def command(*arguments: str, environ: Mapping[str, str], given: str = "") -> Done:
    """Run a `bridge` command in this process, as the entry point does."""
    from bridge.cli.main import main

    kept, err = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(kept, encoding="utf-8", newline="\n", write_through=True)
    before, argv, stdin = dict(os.environ), sys.argv, sys.stdin
    os.environ.clear()
    os.environ.update(environ)
    sys.argv, sys.stdin = ["bridge", *arguments], io.StringIO(given)
    try:
        with _same_logging(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        os.environ.clear()
        os.environ.update(before)
        sys.argv, sys.stdin = argv, stdin
    return Done(code=code, out=kept.getvalue().decode(), err=err.getvalue())
