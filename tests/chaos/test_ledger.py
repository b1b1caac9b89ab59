"""The ledger finds what is broken: each invariant is broken on purpose, and must be found."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.ledger import BROKEN, Entry, Log, Message, Place, Recap, Seen, Word, judge

MARK = "\n\n(may be a repeat)"
PLACES = ("phone", "office")


def world(words: int = 3) -> Seen:
    """Two places follow one session; everything went well."""
    said = [Word(number=number, place=PLACES[number % 2]) for number in range(1, words + 1)]
    entries, shown = [], {name: [] for name in PLACES}
    for word in said:
        text = f"w{word.number:05} hello"
        for what in (
            Entry(session="s", seq=len(entries) + 1, kind="word", text=text, place=word.place),
            Entry(
                session="s", seq=len(entries) + 2, kind="answer", text=f"a{word.number:05} heard"
            ),
        ):
            entries.append(what)
            for name in PLACES:
                if what.kind != "word" or name != word.place:
                    shown[name].append(Message(text=what.text))
    places = [Place(name=name, session="s", messages=shown[name]) for name in PLACES]
    seqs = list(range(1, len(entries) + 1))
    return Seen(
        words=said,
        entries=entries,
        logs=[Log(session="s", head=len(entries), seqs=seqs)],
        places=places,
        effects=["call-1", "call-2"],
    )


def broken(seen: Seen) -> dict[str, int]:
    verdict = judge(seen)
    found = {name: verdict.counts[name] for name in BROKEN if verdict.counts[name]}
    assert bool(found) == bool(verdict.faults)
    return found


def with_place(seen: Seen, name: str, **changes) -> Seen:
    places = [replace(each, **changes) if each.name == name else each for each in seen.places]
    return replace(seen, places=places)


def messages(seen: Seen, name: str) -> list[Message]:
    return list(next(each for each in seen.places if each.name == name).messages)


def test_where_all_went_well_nothing_is_broken():
    verdict = judge(world())
    assert verdict.faults == []
    counts = {name: verdict.counts[name] for name in ("heard", "answered", "due", "shown")}
    assert counts == {"heard": 3, "answered": 3, "due": 9, "shown": 9}


def test_a_word_that_is_not_in_the_log_is_found():
    seen = world()
    entries = [replace(seen.entries[0], text="nothing"), *seen.entries[1:]]
    assert broken(replace(seen, entries=entries))["not heard"] == 1


def test_a_word_that_was_heard_in_another_place_is_found():
    seen = world()
    entries = [replace(seen.entries[0], place="phone"), *seen.entries[1:]]
    assert broken(replace(seen, entries=entries))["not heard"] == 1


def test_a_word_that_is_twice_in_the_log_is_found():
    seen = world()
    entries = [*seen.entries, replace(seen.entries[0], seq=7)]
    assert broken(replace(seen, entries=entries)) == {"heard twice": 1}


def test_a_word_that_nobody_answers_is_found():
    seen = world()
    entries = [each for each in seen.entries if each.text != "a00003 heard"]
    assert broken(replace(seen, entries=entries)) == {"not answered": 1}


def test_an_overheard_word_needs_no_answer():
    seen = world()
    entries = [each for each in seen.entries if each.text != "a00003 heard"]
    words = [replace(each, wants=each.number != 3) for each in seen.words]
    assert broken(replace(seen, entries=entries, words=words)) == {}


def test_an_answer_that_is_twice_in_the_log_is_found():
    seen = world()
    entries = [*seen.entries, replace(seen.entries[1], seq=7)]
    assert broken(replace(seen, entries=entries)) == {"answered twice": 1}


@pytest.mark.parametrize(
    ("notice", "found"),
    [
        ("I could not answer this: w00003 hello", {}),
        ("I could not answer this", {"given up unnamed": 1}),
    ],
)
def test_what_is_given_up_has_to_be_named(notice, found):
    seen = world()
    entries = [each for each in seen.entries if each.text != "a00003 heard"]
    entries.append(Entry(session="s", seq=7, kind="notice", text=notice))
    assert broken(replace(seen, entries=entries)) == found


@pytest.mark.parametrize("name", PLACES)
def test_an_answer_that_a_place_does_not_show_is_found(name):
    seen = world()
    left = [each for each in messages(seen, name) if "a00002" not in each.text]
    assert broken(with_place(seen, name, messages=left)) == {"lost": 1}


def test_a_word_from_elsewhere_that_a_place_does_not_show_is_found():
    seen = world()
    left = [each for each in messages(seen, "phone") if "w00001" not in each.text]
    assert broken(with_place(seen, "phone", messages=left)) == {"lost": 1}


def test_a_card_that_a_place_does_not_show_is_found():
    seen = world()
    card = Entry(session="s", seq=7, kind="card", text="May I count? q00003")
    phone = [*messages(seen, "phone"), Message(text=card.text)]
    seen = with_place(replace(seen, entries=[*seen.entries, card]), "phone", messages=phone)
    assert broken(seen) == {"lost": 1}


def test_a_second_copy_without_a_mark_is_found():
    seen = world()
    more = [*messages(seen, "phone"), Message(text="a00002 heard")]
    assert broken(with_place(seen, "phone", messages=more)) == {"doubled": 1}


@pytest.mark.parametrize("before", [(), ("a00002 heard" + MARK,)])
def test_a_second_copy_with_a_mark_is_counted(before):
    """Also when the mark went away as the message was edited."""
    seen = world()
    text = "a00002 heard" if before else "a00002 heard" + MARK
    more = [*messages(seen, "phone"), Message(text=text, before=before)]
    verdict = judge(with_place(seen, "phone", messages=more))
    assert verdict.faults == []
    assert verdict.counts["marked repeats"] == 1


def test_a_recap_stands_for_what_it_covers_and_for_nothing_else():
    seen = world()
    recap = Message(text="While you were away: 1 message, 2 answers. The latest: a00001 heard")
    left = [recap, *(each for each in messages(seen, "phone") if "00003" in each.text)]
    covered = with_place(seen, "phone", messages=left, recaps=[Recap(first=1, upto=4)])
    assert broken(covered) == {}
    assert judge(covered).counts["summed up"] == 3
    short = with_place(seen, "phone", messages=left, recaps=[Recap(first=1, upto=2)])
    assert broken(short) == {"lost": 1}


def test_a_recap_that_is_only_in_the_receipts_is_found():
    seen = with_place(world(), "phone", recaps=[Recap(first=1, upto=4)])
    assert broken(seen) == {"lost": 1}


def test_a_second_recap_without_a_mark_is_found():
    seen = world()
    recap = Message(text="While you were away: 1 message")
    more = [*messages(seen, "phone"), recap, recap]
    seen = with_place(seen, "phone", messages=more, recaps=[Recap(first=1, upto=4)])
    assert broken(seen) == {"doubled": 1}


def test_what_was_said_before_a_place_came_is_not_due_there():
    seen = with_place(world(), "phone", messages=[], since=6)
    assert broken(seen) == {}


def test_work_that_was_done_twice_is_found():
    assert broken(replace(world(), effects=["call-1", "call-1"])) == {"effects twice": 1}


@pytest.mark.parametrize(
    ("log", "found"),
    [
        (Log(session="s", head=6, seqs=[1, 2, 4, 5, 6]), {"gaps": 1}),
        (Log(session="s", head=6, seqs=[1, 2, 3, 4, 5]), {"gaps": 1}),
        (Log(session="s", head=6, seqs=[2, 3, 4, 5, 6]), {"gaps": 1}),
        (Log(session="s", head=6, seqs=range(1, 8)), {"gaps": 1}),
        (Log(session="s", head=6, seqs=range(1, 7), open_run="r1"), {"open runs": 1}),
    ],
)
def test_a_log_that_is_not_whole_is_found(log, found):
    assert broken(replace(world(), logs=[log])) == found


def test_a_lane_with_something_left_is_found():
    assert broken(with_place(world(), "office", left="3 behind")) == {"lanes not empty": 1}


@given(words=st.integers(1, 12), data=st.data())
def test_whatever_message_is_taken_away_or_doubled_is_found(words, data):
    seen = world(words)
    name = data.draw(st.sampled_from([each.name for each in seen.places if each.messages]))
    shown = messages(seen, name)
    which = data.draw(st.integers(0, len(shown) - 1))
    assert broken(with_place(seen, name, messages=shown[:which] + shown[which + 1 :])) == {
        "lost": 1
    }
    assert broken(with_place(seen, name, messages=[*shown, shown[which]])) == {"doubled": 1}


@given(words=st.integers(1, 12), data=st.data())
def test_whatever_event_is_taken_out_of_a_log_is_found(words, data):
    seen = world(words)
    gone = data.draw(st.integers(1, 2 * words))
    seqs = [each for each in seen.logs[0].seqs if each != gone]
    log = replace(seen.logs[0], seqs=seqs)
    assert broken(replace(seen, logs=[log])) == {"gaps": 1}


def test_a_line_that_quotes_what_may_be_missing_is_no_copy_of_it():
    """With it alone a place was told of a message, and not shown it."""
    seen = world()
    line = Message(text="A message may be missing here. It begins: a00001 heard")
    shown = [*messages(seen, "phone"), line]
    assert judge(with_place(seen, "phone", messages=shown)).faults == []
    only = [each for each in shown if each is line or "a00001" not in each.text]
    verdict = judge(with_place(seen, "phone", messages=only))
    assert (verdict.faults, verdict.counts["told of"]) == ([], 1)
