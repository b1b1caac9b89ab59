"""Programs and addresses are looked at, not used."""

import asyncio

import pytest

from agents.present import address, program

ENVIRON = {"PATH": "/usr/bin:/bin"}


@pytest.mark.parametrize("command", ["sh", "/bin/sh", "./run.sh"])
def test_a_program_that_is_there_is_fine(tmp_path, command):
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "run.sh").chmod(0o755)
    assert program(command, cwd=tmp_path, environ=ENVIRON) is None


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-program", "is not found in PATH"),
        ("/no/such/program", "/no/such/program is not there"),
        ("./none.sh", "none.sh is not there"),
        ("./plain.txt", "plain.txt may not be run"),
    ],
)
def test_one_that_cannot_be_started_is_told_with_what_to_do(tmp_path, command, said):
    (tmp_path / "plain.txt").write_text("")
    fault = program(command, cwd=tmp_path, environ=ENVIRON)
    assert fault is not None
    assert said in fault.detail
    assert fault.fix


def test_a_folder_that_is_not_there_is_told(tmp_path):
    fault = program("sh", cwd=tmp_path / "none", environ=ENVIRON)
    assert fault is not None
    assert "none" in fault.detail


async def test_an_address_is_fine_while_something_listens():
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}/turns?x=secret"
    assert await address(url) is None
    server.close()
    await server.wait_closed()
    fault = await address(url)
    assert fault is not None
    assert fault.detail == f"http://127.0.0.1:{port} cannot be reached: Connection refused"
