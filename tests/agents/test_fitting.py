"""What a model is shown fits, whatever it is."""

import json

from hypothesis import given
from hypothesis import strategies as st

from agents.fitting import LEFT_OUT, fitted, tokens, within, words
from agents.transcript import Got, Told, Wrote
from bridge.domain.events import PlannedCall
from bridge.domain.ids import CallId


def turn(number, *, told="Do it.", arguments="{}", got="Done."):
    call = CallId(f"k_{number}")
    wrote = Wrote(text="Yes.", calls=(PlannedCall(call=call, name="do", arguments=arguments),))
    return [Told(text=told), wrote, Got(call=call, name="do", text=got)]


def test_what_fits_is_left_as_it_is():
    lines = turn(1)
    assert fitted(lines, 1000) is lines


def test_the_longest_gives_way_and_the_short_ones_stay_whole():
    lines = [*turn(1, got="x" * 90_000), Told(text="And now?")]
    found = fitted(lines, 2000)
    assert words(found) <= 2000
    assert [line for line in found if not isinstance(line, Got)] == [*lines[:2], lines[3]]
    (got,) = [line for line in found if isinstance(line, Got)]
    assert "characters are left out here" in got.text
    assert words(found) > 1500, "no more is cut than has to be"


def test_arguments_that_are_cut_are_still_json():
    written = json.dumps({"text": "x" * 90_000})
    found = fitted(turn(1, arguments=written), 1000)
    assert "shortened" in json.loads(found[1].calls[0].arguments)


def test_of_many_lines_the_oldest_are_left_out_and_no_result_is_without_its_call():
    lines = [line for number in range(500) for line in turn(number, got="x" * 300)]
    found = fitted(lines, 3000)
    assert words(found) <= 3000
    assert found[0] == Told(text=LEFT_OUT)
    assert found[-2] == lines[-2]
    calls = {each.call for line in found if isinstance(line, Wrote) for each in line.calls}
    assert {line.call for line in found if isinstance(line, Got)} == calls


def test_what_was_asked_stays_however_much_was_done_about_it():
    lines = [Told(text="Count them all."), *(each for n in range(300) for each in turn(n)[1:])]
    assert Told(text="Count them all.") in fitted(lines, 2000)


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.sampled_from(["a", "é", "😀"])), max_size=40),
    st.integers(700, 4000),
)
def test_whatever_was_said_it_fits(sizes, budget):
    lines = [
        line
        for number, (size, sign) in enumerate(sizes)
        for line in turn(number, told=sign * size, got=sign * (size // 2))
    ]
    assert words(fitted(lines, budget)) <= budget


def test_of_several_things_those_that_fit_are_taken_the_first_ones_first():
    assert within([5, 9, 4, 1], 10) == [True, False, True, True]
    assert tokens("") == 1
