"""`bridge sessions export`, beside a running bridge."""

import json
import stat
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.process import command


def test_a_session_is_written_whole_to_a_file_for_its_owner_alone(run, bridge, session, tmp_path):
    bridge.say(session, "silent one")
    done = run("sessions", "export", session, "--out", str(tmp_path / "s.jsonl"))
    assert (done.code, done.err) == (0, "")
    assert "can read all that was said" in done.out
    assert [path.name for path in tmp_path.iterdir()] == ["s.jsonl"]
    assert stat.S_IMODE((tmp_path / "s.jsonl").stat().st_mode) == 0o600
    with (tmp_path / "s.jsonl").open("rb") as file:
        told = [json.loads(line) for line in file]
    assert (told[0]["session"], told[-1]["type"]) == (session, "end")
    assert any("silent one" in json.dumps(each) for each in told if each["type"] == "event")

    again = run("sessions", "export", session, "--out", str(tmp_path / "s.jsonl"))
    assert (again.code, "--force replaces it" in again.err) == (1, True)


def test_without_a_file_it_is_printed(run, bridge, session):
    bridge.say(session, "silent two")
    done = run("sessions", "export", session)
    assert done.code == 0
    assert json.loads(done.out.split("\n")[-2])["type"] == "end"


def test_a_session_that_is_not_there_leaves_no_file(run, tmp_path):
    done = run("sessions", "export", "s_nowhere", "--out", str(tmp_path / "s.jsonl"))
    assert done.code == 1
    assert list(tmp_path.iterdir()) == []


class Cutting(BaseHTTPRequestHandler):
    """A server between us and the bridge that ends the file too early, as if it were whole."""

    def do_GET(self):
        body = b'{"type":"session","format":1}\n' if self.path.endswith("/export") else b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def cutting() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cutting)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_that_was_cut_on_its_way_is_not_kept(cutting, bridge, tmp_path):
    environ = {**bridge.environ, "BRIDGE_URL": cutting, "BRIDGE_TOKEN": "any"}
    (tmp_path / "s.jsonl").write_text("the one before")
    to = ("--out", str(tmp_path / "s.jsonl"), "--force")
    done = command("sessions", "export", "s_1", *to, environ=environ)
    assert (done.code, "was cut or changed" in done.err) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["s.jsonl"]
    assert (tmp_path / "s.jsonl").read_text() == "the one before"


def test_what_was_exported_is_imported_as_a_session_of_ones_own(run, bridge, session, tmp_path):
    bridge.say(session, "silent three")
    file = tmp_path / "s.jsonl"
    run("sessions", "export", session, "--out", str(file))
    done = run("sessions", "import", str(file))
    assert (done.code, done.err) == (0, "")
    name = done.out.split()[-1]
    assert name != session
    assert "silent three" in run("sessions", "export", name).out
    assert "imported before" in run("sessions", "import", str(file)).out


def test_a_damaged_file_is_refused_by_its_line(run, bridge, session, tmp_path):
    bridge.say(session, "silent four")
    file = tmp_path / "s.jsonl"
    run("sessions", "export", session, "--out", str(file))
    file.write_bytes(file.read_bytes().replace(b"silent four", b"silent fove"))
    done = run("sessions", "import", str(file))
    assert (done.code, "line " in done.err, "was changed" in done.err) == (1, True, True)
    assert run("sessions", "import", str(tmp_path / "none")).code == 1
