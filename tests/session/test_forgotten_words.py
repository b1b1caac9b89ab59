"""What names somebody, repeats them or quotes them, and what does not."""

from bridge.session.forgotten_words import Sought

LONG = "the long story of my life, all of it"


def test_a_long_text_is_found_wherever_it_stands_and_a_short_one_is_not():
    sought = Sought((), [LONG, f"{LONG}, told again", "yes"])
    assert sought.repeats(f"so: {LONG}.")
    assert sought.repeats(LONG.replace(" ", "\n", 1))
    assert not sought.repeats(LONG[:-1])
    assert not sought.repeats("yes")


def test_a_name_that_may_be_a_word_is_looked_for_only_where_its_person_was():
    sought = Sought(["members", "Eve Adams", "4711", "Al"], [])
    assert sought.name("the members", here=True)
    assert not sought.name("the members", here=False)
    assert not sought.name("remembers", here=True)
    assert sought.name("by Eve Adams", here=False)
    assert sought.name("by 4711", here=False)
    assert not sought.name("Al", here=True)


def test_what_begins_a_text_is_a_quotation_of_it_however_short_or_cut():
    sought = Sought((), ["I am  pregnant, and glad"])
    assert sought.begins("I am pregnant")
    assert sought.begins("I am preg…")
    assert not sought.begins("pregnant")
    assert not sought.begins("")


def test_all_that_a_value_says_is_looked_at():
    sought = Sought(["Eve Adams"], [])
    assert sought.within({"a": ["x", ("by Eve Adams",)]}, here=False)
    assert not sought.within({"a": 1}, here=False)
