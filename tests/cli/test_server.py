"""Where the bridge is found, and with which token."""

import json

import httpx
import pytest

from bridge.cli.exits import CommandError, DeniedError, NotRunningError
from bridge.cli.server import Where, ask, checked, find


@pytest.fixture
def data(tmp_path):
    (tmp_path / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:1", "pid": 1}))
    (tmp_path / "owner-token").write_text("owners\n")
    return tmp_path


def test_the_running_bridge_is_the_one_its_data_folder_names(data):
    server = find(Where(), {"BRIDGE_DATA": str(data)})
    assert (server.url, server.token, server.data) == ("http://127.0.0.1:1", "owners", data)
    assert "owners" not in repr(server)


def test_the_option_beats_the_environment_which_beats_the_folder(data):
    environ = {
        "BRIDGE_DATA": str(data),
        "BRIDGE_URL": "http://localhost:2/",
        "BRIDGE_TOKEN": "hers",
    }
    server = find(Where(), environ)
    assert (server.url, server.token) == ("http://localhost:2", "hers")
    (data / "other").write_text("his")
    server = find(Where(url="http://127.0.0.1:3", token_file=data / "other"), environ)
    assert (server.url, server.token) == ("http://127.0.0.1:3", "his")


def test_the_link_that_run_prints_is_enough(tmp_path):
    where = Where(url="http://127.0.0.1:3/#token=abc")
    server = find(where, {"BRIDGE_DATA": str(tmp_path)})
    assert (server.url, server.token) == ("http://127.0.0.1:3", "abc")


def test_the_owners_token_is_not_sent_to_another_machine(data):
    with pytest.raises(CommandError, match="set BRIDGE_TOKEN or give --token-file"):
        find(Where(url="https://elsewhere.example"), {"BRIDGE_DATA": str(data)})


def test_without_a_running_bridge_it_says_what_to_run(tmp_path):
    with pytest.raises(NotRunningError, match=r"no bridge is running.*start it with: bridge run"):
        find(Where(), {"BRIDGE_DATA": str(tmp_path)})


def test_a_bridge_that_went_away_without_a_word_is_not_running(data, unused_tcp_port):
    (data / "server.json").write_text(json.dumps({"url": f"http://127.0.0.1:{unused_tcp_port}"}))
    with pytest.raises(NotRunningError, match=r"no bridge answers at .*start it with: bridge run"):
        ask(find(Where(), {"BRIDGE_DATA": str(data)}), "GET", "/v1/me")


@pytest.mark.parametrize("text", ["", "{}", "[]", "\x00", '"x"'])
def test_a_damaged_note_of_the_server_is_named(data, text):
    (data / "server.json").write_text(text)
    with pytest.raises(CommandError, match=r"server\.json cannot be used"):
        find(Where(), {"BRIDGE_DATA": str(data)})


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_token_that_cannot_be_read_is_named(data, content):
    (data / "owner-token").unlink()
    if content is not None:
        (data / "owner-token").write_bytes(content)
    with pytest.raises(CommandError, match=r"the token cannot be read from .*owner-token"):
        find(Where(), {"BRIDGE_DATA": str(data)})


def test_the_words_of_the_bridge_are_passed_on_without_controls():
    said = {"error": {"code": "refused", "message": "not\x1b[2J yours"}}
    with pytest.raises(DeniedError, match=r"^not yours$"):
        checked(httpx.Response(403, json=said))
    with pytest.raises(CommandError, match="502 Bad Gateway: is a bridge answering there"):
        checked(httpx.Response(502, text="<html>"))


def test_a_wrong_token_is_told(bridge):
    environ = {**bridge.environ, "BRIDGE_TOKEN": "wrong"}
    with pytest.raises(DeniedError, match="owner-token"):
        ask(find(Where(), environ), "GET", "/v1/me")


def test_a_proxy_of_the_environment_is_not_asked_about_this_machine(bridge, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert ask(find(Where(), bridge.environ), "GET", "/v1/me")["participant"]
