"""`bridge send`: said once, whatever the connection does."""

import json


def pushed(bridge, session):
    return [e["content"]["text"] for e in bridge.events(session) if e["type"] == "pushed"]


def test_a_text_is_said_as_it_is(run, bridge, session):
    done = run("send", "--session", session, "the build is *green*")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert pushed(bridge, session) == ["the build is *green*"]


def test_a_dash_reads_the_input(run, bridge, session):
    assert run("send", "-s", session, "-", given="from\na pipe\n").code == 0
    assert pushed(bridge, session) == ["from\na pipe\n"]


def test_a_key_is_said_once(run, bridge, session):
    first, again = (
        json.loads(run("send", "-s", session, "--key", "k", "--json", text).out)
        for text in ("once", "once more")
    )
    assert pushed(bridge, session) == ["once"]
    assert first["events"] == again["events"]


def test_without_a_key_the_same_words_are_said_twice(run, bridge, session):
    for _ in range(2):
        run("send", "-s", session, "again")
    assert pushed(bridge, session) == ["again", "again"]


def test_files_are_said_with_a_text_or_alone(run, bridge, session, tmp_path):
    for name in ("a.png", "b.pdf"):
        (tmp_path / name).write_bytes(b"bytes")
    files = ("--file", str(tmp_path / "a.png"), "--file", str(tmp_path / "b.pdf"))
    assert run("send", "-s", session, *files, "the report").code == 0
    assert run("send", "-s", session, *files[:2]).code == 0
    contents = [e["content"] for e in bridge.events(session) if e["type"] == "pushed"]
    assert [each.get("text", "") for each in contents] == ["the report", ""]
    assert [[f["name"] for f in each["attachments"]] for each in contents] == [
        ["a.png", "b.pdf"],
        ["a.png"],
    ]


def test_a_file_that_cannot_be_sent_is_told_and_nothing_is_said(run, bridge, session, tmp_path):
    done = run("send", "-s", session, "look", "--file", str(tmp_path / "none.png"))
    assert done.code == 1
    assert "none.png cannot be read" in done.err
    many = [part for n in range(11) for part in ("--file", f"{n}.png")]
    assert run("send", "-s", session, *many).code == 2
    assert pushed(bridge, session) == []


def test_nothing_to_say_is_a_misuse(run, session):
    done = run("send", "-s", session, "-", given=" \n")
    assert (done.code, done.err) == (2, "bridge: there is nothing to send\n")
