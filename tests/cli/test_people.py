"""`bridge people`: who is let in where, putting people out and letting them in again."""

import json

from bridge.cli import people
from bridge.cli.server import Server


def test_everyone_is_listed(run):
    done = run("people", "list", "--json")
    assert done.code == 0
    (owner,) = [each for each in json.loads(done.out)["people"] if each["owner"]]
    assert owner["let_in"] == ["owner of the bridge"]
    assert owner["id"] in run("people", "list").out.split()


def test_where_a_table_is_too_wide_each_person_stands_below_the_other_and_no_word_is_cut(run):
    listed = run("people", "list", COLUMNS="50").out
    (owner,) = [line.split()[1] for line in listed.splitlines() if line.startswith("id ")]
    assert owner in run("people", "list", "--json").out
    assert "let in by  owner of the bridge" in listed
    assert "…" not in listed


def test_the_owner_cannot_be_removed(run):
    done = run("people", "list", "--json")
    (owner,) = [each["id"] for each in json.loads(done.out)["people"] if each["owner"]]
    done = run("people", "remove", owner)
    assert done.code != 0
    assert "cannot be removed" in done.err


def test_whoever_is_forgotten_is_asked_about_and_the_owner_stays(run):
    owners = json.loads(run("people", "list", "--json").out)["people"]
    (owner,) = [each["id"] for each in owners if each["owner"]]
    assert run("forget", owner).code != 0  # nobody said yes
    assert "cannot be forgotten" in run("forget", owner, "--yes").err


def test_all_that_is_kept_of_somebody_is_printed(run):
    owners = json.loads(run("people", "list", "--json").out)["people"]
    (owner,) = [each["id"] for each in owners if each["owner"]]
    kept = json.loads(run("people", "export", owner).out)
    assert (kept["id"], kept["sessions"][0]["role"]) == (owner, "owner")


def test_what_is_left_of_the_forgotten_is_printed(monkeypatch, capsys, tmp_path):
    done = {"sessions": 1, "events": 2, "files": 3, "left": ["Chat: delete it\x1b[2J there"]}
    monkeypatch.setattr(people, "ask", lambda *_, **__: done)
    people.forget(Server(url="http://127.0.0.1:1", token="", data=tmp_path), "p_eve")
    said, left, others = capsys.readouterr().out.splitlines()
    assert said == "p_eve is forgotten: 2 events of 1 sessions, 3 files."
    assert ("\x1b" in left, "Backups" in others) == (False, True)


def test_nobody_is_told_as_such(run):
    for arguments in (("remove", "p_nobody"), ("allow", "p_nobody")):
        done = run("people", *arguments)
        assert done.code != 0
        assert "no such person" in done.err


def test_without_a_chat_app_there_is_no_code_but_what_to_do(run):
    done = run("people", "code")
    assert (done.code, done.out) == (1, "")
    assert "no chat app is connected" in done.err
    assert "bridge add" in done.err


def test_a_new_owners_code_is_printed(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(people, "ask", lambda *_, **__: {"code": "ABCDE-FGHJK"})
    people.code(Server(url="http://127.0.0.1:1", token="", data=tmp_path))
    assert capsys.readouterr().out.startswith("ABCDE-FGHJK works once: whoever sends it")


def test_undoing_what_is_undone_says_so(run):
    done = run("people", "unlink", "ABCDEF")
    assert (done.code, done.out) == (0, "This was undone already, or the number is wrong.\n")


def test_nobody_asks_to_be_let_in(run):
    assert run("people", "requests").out == "Nobody is asking to be let in.\n"
    assert json.loads(run("people", "requests", "--json").out) == {"requests": []}
    for command in ("admit", "deny"):
        done = run("people", command, "ABCDEF")
        assert done.code != 0
        assert "no such request" in done.err


def test_who_asks_is_printed_in_one_line_each_whatever_they_are_called(
    monkeypatch, capsys, tmp_path
):
    nasty = "[red]Eve\x1b[2J\nAda"
    row = {"number": "ABCDEF", "name": nasty, "user": "17", "app": "Chat", "words": nasty}
    asked = {"requests": [{**row, "at": "2030-01-01T00:00:00+00:00", "room": "Team"}]}
    monkeypatch.setattr(people, "ask", lambda *_, **__: asked)
    server = Server(url="http://127.0.0.1:1", token="", data=tmp_path)
    people.show_requests(server, as_json=False)
    shown = capsys.readouterr().out
    assert "\x1b[2J" not in shown
    assert "[red]Eve" in shown
    monkeypatch.setattr(people, "ask", lambda *_, **__: {"text": "**Eve** was let in."})
    people.answer_request(server, "ABCDEF", allow=True)
    assert capsys.readouterr().out == "Eve was let in.\n"


def test_an_invitation_into_the_browser_is_printed(run):
    done = run("people", "invite", "--web", "--viewer", "--history", "--for", "7d")
    assert done.code == 0
    link, until = done.out.splitlines()
    assert "/#invite=" in link
    assert "shown once" in until


def test_an_invitation_that_cannot_be_is_refused_in_words(run):
    done = run("people", "invite", "--web", "--for", "1y")
    assert (done.code, done.out) == (1, "")
    assert "30 days" in done.err
    assert "No chat app is connected" in run("people", "invite").err


def test_nothing_that_another_bridge_says_controls_the_terminal(monkeypatch, capsys, tmp_path):
    """`--url` may name any server."""
    evil = "\x1b]52;c;cm0gLXJm\x07\x1b[2Jx\u202ey"
    person = {
        "id": evil, "name": evil, "owner": False, "out": False, "let_in": [evil],
        "identities": [{"realm": evil, "user": evil}],
        "sessions": [{"session": evil, "title": evil, "role": evil}],
    }  # fmt: skip
    monkeypatch.setattr(people, "ask", lambda *_, **__: {"people": [person], "code": evil})
    server = Server(url="http://127.0.0.1:1", token="", data=tmp_path)
    people.show_people(server, as_json=False)
    people.code(server)
    shown = capsys.readouterr().out
    assert "xy" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def test_an_invitation_is_listed_without_its_code_and_revoked(run):
    for line in json.loads(run("people", "invites", "--json").out)["invitations"]:
        run("people", "revoke", line["number"])  # those of other tests
    run("people", "invite", "--web")
    (line,) = json.loads(run("people", "invites", "--json").out)["invitations"]
    assert line["number"] in run("people", "invites").out
    done = run("people", "revoke", line["number"])
    assert (done.code, done.out[:15]) == (0, "This invitation")
    assert run("people", "invites").out.startswith("There are no open invitations")
    done = run("people", "revoke", line["number"])
    assert done.code != 0
    assert "no such open invitation" in done.err


def test_who_is_in_a_session_is_listed_and_its_last_owner_stays(run):
    (owner,) = json.loads(run("people", "who", "--json").out)["people"]
    assert owner["role"] == "owner"
    assert owner["id"] in run("people", "who").out.split()
    for arguments in (("role", owner["id"], "viewer"), ("kick", owner["id"])):
        done = run("people", *arguments)
        assert done.code != 0
        assert "owner" in done.err
