"""An MCP server, and what it starts, ends when the bridge does, however that ends.

The official client starts a server as the leader of a process group, and ends the group when it is
closed. A bridge that is killed closes nothing, and a server that is at work does not notice. So a
shell in the group waits at a pipe that the bridge holds open, and kills the group when nobody does.

What leaves the group on purpose (a daemon) is beyond this.
"""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

SHELL = "/bin/sh"
KEEP = '(read -r _ <"$0"; rm -rf "${0%/*}"; kill -s KILL 0) </dev/null >/dev/null 2>&1 & exec "$@"'
"""`kill 0` is the group; the pipe's folder is left behind by a bridge that was killed."""

NOT_FOUND = "No such file, or it may not be executed"


@contextmanager
def kept(command: Sequence[str]) -> Iterator[Sequence[str]]:
    """Return the command that starts this one with its keeper; the keeper ends with the context."""
    with TemporaryDirectory(prefix="bridge-mcp-", ignore_cleanup_errors=True) as folder:
        pipe = Path(folder) / "open-while-the-bridge-lives"
        os.mkfifo(pipe, 0o600)
        held = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # with a reader it opens at once
        try:
            yield (SHELL, "-c", KEEP, str(pipe), *command)
        finally:
            os.close(held)


def check(command: str, environ: Mapping[str, str], cwd: str | None) -> None:
    """Raise `FileNotFoundError` where a shell would fail to find a program, and only print that."""
    beside = Path(cwd, command) if cwd is not None and os.sep in command else command
    if shutil.which(beside, path=environ.get("PATH", os.environ.get("PATH"))) is None:
        raise FileNotFoundError(errno.ENOENT, NOT_FOUND, command)
