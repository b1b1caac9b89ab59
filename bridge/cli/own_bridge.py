"""The bridge that `bridge onboard` talks to: the one that runs, else one of its own.

One of its own ends with it, in good order. One that somebody else runs is never stopped: whoever
runs it starts it anew, and that is waited for.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bridge.cli.exits import CommandError, NotRunningError
from bridge.cli.server import TOKEN, URL, Server, Where, ask, find
from bridge.config import data_folder
from bridge.config.folder import private_folder
from bridge.domain.errors import ConfigError

PATIENCE_SECONDS = 60.0
"""For a bridge to begin, which may have a database to migrate, and to end."""

LOOK_SECONDS = 0.2
LAST_LINES = 12
LOG = "onboard.log"


@dataclass(slots=True, kw_only=True)
class OwnBridge:
    """`arguments` are those of `bridge run`."""

    file: Path | None
    environ: Mapping[str, str]
    arguments: tuple[str, ...] = ()
    _child: "subprocess.Popen[bytes] | None" = None

    @property
    def is_own(self) -> bool:
        return self._child is not None

    def begin(self) -> Server:
        """Return the bridge that runs, or start one. Raises `CommandError` if it does not start."""
        server = self.running()
        return server if server is not None else self._start()

    def renew(self) -> Server | None:
        """Return the bridge with the configuration as it is now; None: it is not ours to start."""
        if self._child is None and self.running() is not None:
            return None
        self.stop()
        return self._start()

    def stop(self) -> None:
        """End the bridge if it is ours: what is being said is finished or kept."""
        child, self._child = self._child, None
        if child is None or child.poll() is not None:
            return
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def wait(self) -> None:
        """Wait until our bridge ends by itself."""
        if self._child is not None:
            self._child.wait()

    def running(self) -> Server | None:
        """Return the bridge that answers on this machine with this data, if one does."""
        here = {key: value for key, value in self.environ.items() if key not in {URL, TOKEN}}
        with suppress(NotRunningError, CommandError):
            server = find(Where(config=self.file), here)
            ask(server, "GET", "/v1/me", read=LOOK_SECONDS * 25)
            return server
        return None

    def process(self) -> int | None:
        """Return the id of the process that serves this data, as it says itself."""
        with suppress(OSError, ValueError, KeyError, TypeError, ConfigError):
            noted = data_folder(self.file, self.environ) / "server.json"
            return int(json.loads(noted.read_text())["pid"])
        return None

    def _start(self) -> Server:
        data = data_folder(self.file, self.environ)
        private_folder(data)
        config = ("--config", str(self.file)) if self.file else ()
        with os.fdopen(_emptied(data / LOG), "wb") as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "bridge", "run", *config, *self.arguments],
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us, who end it in good order
            )
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and self._child.poll() is None:
            if (server := self.running()) is not None:
                return server
            time.sleep(LOOK_SECONDS)
        self.stop()
        said = (data / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
        last = "\n".join(said[-LAST_LINES:])
        raise CommandError(f"the bridge does not start; {data / LOG} ends with:\n{last}")


def _emptied(file: Path) -> int:
    """Open a file that only its owner may read, anew."""
    with suppress(FileNotFoundError):
        file.unlink()
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
