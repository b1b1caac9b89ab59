"""`bridge send`: said once, whatever the connection does."""

import json
from types import SimpleNamespace

import pytest

from bridge.cli import push
from bridge.cli.exits import CommandError
from bridge.cli.push import described
from bridge.cli.wire import DeliveryLine
from bridge.domain.ids import SessionId


def pushed(bridge, session):
    return [e["content"]["text"] for e in bridge.events(session) if e["type"] == "pushed"]


def test_a_text_is_said_as_it_is(run, bridge, session):
    done = run("send", "--session", session, "the build is *green*")
    assert (done.code, done.out) == (0, "")
    assert "kept in the session" in done.err, "no place follows it"
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


def test_who_waits_is_told_that_nobody_was_reached(run, bridge, session):
    """It waits in the session all the same, and the code says so to a script."""
    done = run("send", "-s", session, "--wait", "shown", "--timeout", "5s", "news")
    assert (done.code, done.out) == (4, "no place follows this session\n")
    assert "kept in the session" in done.err
    assert pushed(bridge, session) == ["news"]


def test_a_person_is_found_by_their_name_and_a_stranger_is_refused(run, bridge, session):
    with bridge.client() as client:
        me = client.get("/v1/me").json()
    assert run("send", "-s", session, "--to-person", me["name"], "for you").code == 0
    assert run("send", "--to-person", me["participant"], "for you, too").code == 0
    pushes = [e for e in bridge.events(session) if e["type"] == "pushed"]
    assert pushes[0]["to"] == [me["participant"]]
    done = run("send", "-s", session, "--to-person", "Mallory", "psst")
    assert (done.code, "nobody there is called 'Mallory'" in done.err) == (1, True)
    done = run("send", "--to-person", "Mallory", "psst")
    assert (done.code, "nobody in your sessions" in done.err) == (1, True)
    assert "psst" not in pushed(bridge, session)


def row(who, name, *apps):
    return {"id": who, "name": name, "apps": list(apps)}


ROOMS = {
    "s_1": [row("p_bob", "Bob", "Chat"), row("p_ada", "Ada"), row("p_ada2", "Ada (2)", "Chat")],
    "s_2": [row("p_mal", "Bob", "Chat"), row("p_eve", "p_bob", "Chat"), row("p_zoe", "Zoe")],
    "s_3": [row("p_zoe", "Zoe", "Chat"), row("p_cyr", "B\u043eb")],
}


@pytest.fixture
def listed(monkeypatch):
    """Three sessions of somebody's, the last touched first, with people in them."""
    made = [SimpleNamespace(id=SessionId(each)) for each in ROOMS]
    monkeypatch.setattr(push, "sessions", lambda _: made)
    monkeypatch.setattr(push, "ask", lambda _, __, path: {"people": ROOMS[path.split("/")[-2]]})


@pytest.mark.parametrize("name", ["Bob", "bob", "Ada", "B\u043eb"])
def test_a_name_that_more_than_one_has_in_any_session_means_nobody(listed, name):
    """Whoever calls themselves like Bob in a session of their own is not sent what is for him."""
    wanted = push.Wanted(person=name)
    with pytest.raises(CommandError, match="more than one") as refused:
        push._addressee(None, wanted)
    assert not isinstance(refused.value, push.NobodyError)
    assert "p_" in str(refused.value), "their ids are told"


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("p_bob", ("s_1", "p_bob")),  # an id is nobody's name, whatever somebody is called
        ("Ada (2)", ("s_1", "p_ada2")),
        ("Zoe", ("s_3", "p_zoe")),  # where she has a chat
    ],
)
def test_an_id_or_a_name_that_one_person_has_means_them(listed, named, meant):
    assert push._addressee(None, push.Wanted(person=named)) == meant


@pytest.mark.parametrize("name", ["Ada", "\u0410da"])
def test_in_one_session_namesakes_are_told_by_their_ids(listed, name):
    with pytest.raises(CommandError, match=r"more than one.*p_ada.*p_ada2"):
        push.person(None, SessionId("s_1"), name)
    assert push.person(None, SessionId("s_1"), "Ada (2)") == ("p_ada2", True)


def test_a_place_that_there_is_none_is_refused(run, bridge, session):
    done = run("send", "-s", session, "--to-place", "Telegram", "psst")
    assert (done.code, "no place is called 'Telegram'" in done.err) == (1, True)
    assert pushed(bridge, session) == []


def test_buttons_and_priority_go_along(run, bridge, session):
    assert run("send", "-s", session, "--button", "Yes", "--priority", "high", "Go?").code == 0
    (push,) = [e for e in bridge.events(session) if e["type"] == "pushed"]
    assert (push["priority"], [each["label"] for each in push["buttons"]]) == ("high", ["Yes"])
    for wrong in (("--priority", "urgent"), ("--wait", "ever"), ("--timeout", "soon")):
        assert run("send", "-s", session, *wrong, "x").code == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"state": "shown", "seen": True}, "shown, seen"),
        (
            {"state": "parked", "why": "closed"},
            "nothing is sent there, until somebody writes there",
        ),
        (
            {"state": "owed", "why": "unanswered", "due_at": "2026-01-02T03:04:05Z"},
            "not shown yet, the app could not be reached, tried again at 2026-01-02 03:04:05 UTC",
        ),
        ({"state": "new_one", "why": "of a newer bridge"}, "new_one, of a newer bridge"),
    ],
)
def test_how_it_stands_in_a_place_is_told_in_words(line, words):
    known = {"conversation": "c_1", "label": "Telegram", **line}
    assert described(DeliveryLine.model_validate(known)) == words
