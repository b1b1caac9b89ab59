"""A program that runs for the bridge ends when it should, with all that it started."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents.process.child_process import ChildProcess, Program, started
from bridge.domain.errors import AgentFailed, AgentUnavailable
from tests.agents.outside import PYTHON, ROOT
from tests.waiting import PATIENCE, lives, until_dead

ENVIRON = {"PATH": os.environ["PATH"]}

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""
"""Ignores that it is told to end, and has started a program that inherits this."""


def python(body: str, *, grace: float = 0.1, cwd: Path | None = None) -> Program:
    return Program(command=(*PYTHON, "-c", body), environ=ENVIRON, grace=grace, cwd=cwd)


async def pids(child: ChildProcess) -> list[int]:
    return [int(each) for each in (await child.line() or b"").split()]


async def test_what_is_sent_is_read_and_what_it_writes_is_heard() -> None:
    async with started(python("print(input()[::-1]); print('last', end='')")) as child:
        child.write(b"words\n")
        assert await child.line() == b"sdrow\n"
        assert await child.line() == b"last"
        assert await child.line() is None
        assert await child.exit(PATIENCE)
        assert child.returncode == 0


async def test_a_program_that_ignores_being_told_to_end_is_killed_with_what_it_started() -> None:
    async with started(python(STUBBORN)) as child:
        both = await pids(child)
        assert all(lives(pid) for pid in both)
        before = time.monotonic()
    assert time.monotonic() - before < 2
    await until_dead(*both)


async def test_a_program_that_is_told_to_end_may_clean_up() -> None:
    body = """
import os, signal, time
def end(*_):
    os.write(1, b"cleaned up\\n")
    os._exit(3)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(600)
"""
    async with started(python(body, grace=PATIENCE)) as child:
        await child.line()
        await child.close()
        assert await child.line() == b"cleaned up\n"
        assert child.returncode == 3


async def test_what_a_program_leaves_behind_ends_with_it() -> None:
    """A grandchild that holds the output open keeps nobody waiting."""
    body = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
os._exit(0)
"""
    async with started(python(body)) as child:
        left = await pids(child)
        async with asyncio.timeout(PATIENCE):
            assert await child.line() is None
    await until_dead(*left)


async def test_its_end_is_seen_through_though_whoever_waits_is_cancelled() -> None:
    async def use() -> None:
        async with started(python(STUBBORN, grace=0.2)) as child:
            told.set_result(await pids(child))
            await asyncio.sleep(PATIENCE)

    told: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
    using = asyncio.create_task(use())
    both = await told
    using.cancel()
    await asyncio.sleep(0.05)
    using.cancel()
    with pytest.raises(asyncio.CancelledError):
        await using
    await until_dead(*both)


ALONE = f"""
import asyncio, sys
from agents.process.child_process import Program, started
async def main():
    program = Program(command={PYTHON!r} + ("-c", {STUBBORN!r}), environ={ENVIRON!r})
    async with started(program) as child:
        print((await child.line()).decode(), flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


def alone() -> tuple[subprocess.Popen[str], list[int]]:
    """Start a process that plays the bridge; return it, and the programs that it runs."""
    bridge = subprocess.Popen(
        [sys.executable, "-c", ALONE],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert bridge.stdout
    with bridge.stdout as said:
        return bridge, [int(each) for each in said.readline().split()]


async def test_when_the_bridge_is_killed_its_programs_end() -> None:
    """Even those that do not care whether anyone listens."""
    bridge, both = alone()
    bridge.kill()
    bridge.wait()
    await until_dead(*both)


async def test_when_the_bridge_is_interrupted_its_programs_end_at_once() -> None:
    bridge, both = alone()
    bridge.send_signal(signal.SIGINT)
    bridge.wait()
    await until_dead(*both)


async def test_it_sees_the_environment_it_is_given_and_none_of_ours(monkeypatch) -> None:
    monkeypatch.setenv("BRIDGE_SECRET", "s3cret")
    async with started(python("import os; print(sorted(os.environ))")) as child:
        seen = await child.line()
    assert b"PATH" in (seen or b"")
    assert b"BRIDGE_SECRET" not in (seen or b"")


async def test_it_works_where_it_is_told_to(tmp_path) -> None:
    async with started(python("import os; print(os.getcwd())", cwd=tmp_path)) as child:
        assert await child.line() == f"{tmp_path.resolve()}\n".encode()


async def test_a_line_or_an_output_without_end_is_refused(monkeypatch) -> None:
    async with started(python("print('x' * 3_000_000)")) as child:
        with pytest.raises(AgentFailed, match="a line of more than 1 MiB"):
            await child.line()
    monkeypatch.setattr("agents.process.child_process.MOST_BYTES", 100)
    async with started(python("while True: print('x' * 40)")) as child:
        assert await child.line()
        assert await child.line()
        with pytest.raises(AgentFailed, match="more than 64 MiB"):
            await child.line()


async def test_a_program_that_does_not_read_holds_nobody_up_for_ever() -> None:
    async with started(python("import time; print(1, flush=True); time.sleep(600)")) as child:
        await child.line()
        child.write(b"x" * 10_000_000)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await child.flushed()


async def test_a_program_that_closed_its_ears_may_go_on_speaking() -> None:
    body = "import os, sys; os.close(0); print(input if 0 else 'one', flush=True); print('two')"
    async with started(python(body)) as child:
        assert await child.line() == b"one\n"
        for _ in range(3):
            child.write(b"x" * 100_000)
            await child.flushed()
        assert await child.line() == b"two\n"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("no-such-program", "No such file or directory"),
        ("/", "Permission denied"),
    ],
)
async def test_a_program_that_cannot_be_started_is_named(command, why) -> None:
    with pytest.raises(AgentFailed, match=f"cannot be started: {why}"):
        async with started(Program(command=(command,), environ=ENVIRON)):
            pass


async def test_a_machine_at_its_limits_is_asked_again_later(monkeypatch) -> None:
    async def full(*_args, **_fields):
        raise BlockingIOError(11, "Resource temporarily unavailable", "python3")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", full)
    with pytest.raises(AgentUnavailable, match="Resource temporarily unavailable"):
        async with started(python("pass")):
            pass
