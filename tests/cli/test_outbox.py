"""What was typed and not yet taken survives, in order, under its number."""

import json
import stat

import pytest

from bridge.cli.exits import CommandError
from bridge.cli.outbox import outbox
from bridge.ids import SessionId

S = SessionId("s")
URL = "http://there"


def test_inputs_leave_in_the_order_they_came_under_dense_numbers(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "one"})
        box.add({"text": "two"})
        first = box.first()
        assert (first.seq, first.input) == (0, {"text": "one"})
        box.answered(first)
        assert (box.first().seq, box.first().input) == (1, {"text": "two"})
        assert box.first().producer == first.producer


def test_what_waits_is_told_with_the_names_of_its_files(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "look", "attachments": [{"name": "a.png"}, {"name": "b.png"}]})
        box.add({"text": "", "attachments": [{"name": "c.png"}]})
        assert box.texts() == ["look a.png, b.png", "c.png"]


def test_what_a_terminal_left_behind_is_sent_by_the_next_under_the_same_number(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "one"})
        left = box.first()
    with outbox(tmp_path, URL, S) as box:
        assert box.first() == left
        box.answered(left)
        box.add({"text": "two"})
        assert box.first().seq == 1
    with outbox(tmp_path, URL, S) as box:
        assert len(box) == 1


def test_two_terminals_at_once_do_not_share(tmp_path):
    with outbox(tmp_path, URL, S) as one, outbox(tmp_path, URL, S) as other:
        one.add({"text": "mine"})
        assert other.first() is None
        other.add({"text": "also mine"})
        assert one.first().producer != other.first().producer


def test_sessions_and_bridges_do_not_share(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "mine"})
    with outbox(tmp_path, URL, SessionId("t")) as other, outbox(tmp_path, "http://x", S) as third:
        assert (len(other), len(third)) == (0, 0)


def test_a_producer_the_bridge_does_not_know_begins_anew_with_what_is_left(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        for text in ("taken", "left", "left too"):
            box.add({"text": text})
        before = box.first()
        box.answered(before)
        box.renumber()
        assert box.first().producer != before.producer
        assert (box.first().seq, box.first().input) == (0, {"text": "left"})
        box.answered(box.first())
        assert box.first().seq == 1


def test_only_its_owner_can_read_what_was_typed(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "secret"})
    for path in (tmp_path / "terminal", *(tmp_path / "terminal").iterdir()):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_a_damaged_outbox_is_named_and_left_alone(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        box.add({"text": "one"})
    (file,) = (tmp_path / "terminal").glob("*.json")
    file.write_text('{"producer": "p", "waiting"')
    with pytest.raises(CommandError, match="is damaged"), outbox(tmp_path, URL, S):
        pass
    assert file.read_text().endswith('"waiting"')


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "terminal").write_text("a file")
    with pytest.raises(CommandError, match="cannot be written"), outbox(tmp_path, URL, S):
        pass


def test_a_file_on_disk_is_whole_json_at_any_time(tmp_path):
    with outbox(tmp_path, URL, S) as box:
        for number in range(3):
            box.add({"text": str(number)})
            (file,) = (tmp_path / "terminal").glob("*.json")
            assert len(json.loads(file.read_text())["waiting"]) == number + 1
