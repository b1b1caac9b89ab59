"""`bridge people`: who is let in where, putting people out and letting them in again."""

import json


def test_everyone_is_listed(run):
    done = run("people", "list", "--json")
    assert done.code == 0
    (owner,) = [each for each in json.loads(done.out)["people"] if each["owner"]]
    assert owner["let_in"] == ["owner of the bridge"]
    table = run("people", "list")
    assert owner["id"] in table.out.replace("\n", "")


def test_the_owner_cannot_be_removed(run):
    done = run("people", "list", "--json")
    (owner,) = [each["id"] for each in json.loads(done.out)["people"] if each["owner"]]
    done = run("people", "remove", owner)
    assert done.code != 0
    assert "cannot be removed" in done.err


def test_nobody_is_told_as_such(run):
    for arguments in (("remove", "p_nobody"), ("allow", "p_nobody")):
        done = run("people", *arguments)
        assert done.code != 0
        assert "no such person" in done.err


def test_a_new_owners_code_is_printed(run):
    done = run("people", "code")
    assert done.code == 0
    assert "makes whoever sends it" in done.out


def test_undoing_what_is_undone_says_so(run):
    done = run("people", "unlink", "ABCDEF")
    assert (done.code, done.out) == (0, "This was undone already.\n")
