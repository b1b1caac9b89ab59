"""What the bridge says can be said in other languages, and people's words never are."""

import copy
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.codec import decode, encode
from bridge.domain.content import Content, ours
from bridge.domain.errors import Refused
from bridge.domain.events import Pushed, Source
from bridge.domain.wording import (
    ENGLISH,
    Language,
    SpokenLanguages,
    Words,
    _,
    _n,
    composed,
    first_clause,
    together,
    wording_of,
)

PATTERNS = {
    "{name} joined.": "{name} ist da.",
    "Hello": "Hallo",
    "{name} has {apples}.": "{name} hat {apples}.",
}
MANY = {"{count} apple": ("{count} Apfel", "{count} Äpfel")}
GERMAN = Language(
    "de",
    lambda pattern: PATTERNS.get(pattern, pattern),
    lambda one, many, count: MANY.get(one, (one, many))[count != 1],
)
START = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_a_text_is_plain_english_and_can_be_said_in_another_language():
    text = _("{name} joined.", name="Ada")
    assert text == "Ada joined."
    assert isinstance(text, str)
    assert GERMAN.says(text) == "Ada ist da."
    assert ENGLISH.says(text) == "Ada joined."


def test_a_text_that_nobody_wrapped_stays_as_it_is():
    assert GERMAN.says("Ada joined.") == "Ada joined."
    assert wording_of("Ada joined.") is None


def test_a_text_without_a_translation_is_said_in_english():
    assert GERMAN.says(_("Nobody translated this.")) == "Nobody translated this."


def test_some_of_something_has_the_form_that_the_number_asks_for():
    assert [GERMAN.says(_n("{count} apple", "{count} apples", each)) for each in (1, 2)] == [
        "1 Apfel",
        "2 Äpfel",
    ]
    assert _n("{count} apple", "{count} apples", 1200) == "1,200 apples"


def test_texts_within_texts_are_said_in_the_same_language():
    apples = _n("{count} apple", "{count} apples", 2)
    text = together("\n", [_("Hello"), composed("> {said}", said=apples), "plain"])
    assert text == "Hello\n> 2 apples\nplain"
    assert GERMAN.says(text) == "Hallo\n> 2 Äpfel\nplain"
    assert GERMAN.says(_("{name} has {apples}.", name="Ada", apples=apples)) == "Ada hat 2 Äpfel."


@given(st.text())
def test_nothing_that_people_write_is_taken_for_a_pattern(words):
    assert GERMAN.says(_("{name} joined.", name=words)) == f"{words} ist da."


@pytest.mark.parametrize(
    "name", ["{name}", "{0}", "{name.__class__}", "{}", "%s", "Hello", "{count}"]
)
def test_a_name_that_looks_like_a_pattern_is_a_name(name):
    assert _("{name} joined.", name=name) == f"{name} joined."
    assert GERMAN.says(_("{name} joined.", name=name)) == f"{name} ist da."


def test_an_error_and_a_copy_keep_how_to_say_it():
    text = _("{name} joined.", name="Ada")
    assert GERMAN.says(str(Refused(text))) == "Ada ist da."
    for each in (copy.copy(text), copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert isinstance(each, Words)
        assert GERMAN.says(each) == "Ada ist da."


def test_what_is_kept_of_a_notice_is_english_with_how_to_say_it():
    text = together(" ", [_("{name} joined.", name="{evil}"), _n("{count} apple", "-", 1)])
    pushed = Pushed(source=Source(kind="background"), content=ours(text))
    kept = decode(encode(pushed))
    assert isinstance(kept, Pushed)
    assert type(kept.content.text) is str
    assert kept.content.text == "{evil} joined. 1 apple"
    said = GERMAN.says_kept(kept.content.text, kept.content.wording)
    assert said == "{evil} ist da. 1 Apfel"


def test_what_people_say_is_kept_without_and_never_said_otherwise():
    pushed = Pushed(source=Source(kind="api"), content=Content(text="Hello"))
    assert "wording" not in encode(pushed)
    assert GERMAN.says_kept(pushed.content.text, pushed.content.wording) == "Hello"


def test_what_was_said_before_stays_in_its_language():
    spoken = SpokenLanguages(((START, ENGLISH), (START + timedelta(hours=1), GERMAN)))
    assert spoken.at(START - timedelta(days=1)) == ENGLISH
    assert spoken.at(START + timedelta(minutes=59)) == ENGLISH
    assert spoken.at(START + timedelta(hours=1)) == GERMAN
    assert SpokenLanguages().at(START) is ENGLISH


def test_a_language_is_its_code():
    again = Language("de", GERMAN.one, GERMAN.some)
    assert (again, hash(again), repr(again)) == (GERMAN, hash(GERMAN), "Language('de')")
    assert GERMAN != ENGLISH
    assert together(", ", []) == ""


def test_the_first_clause_of_a_text_is_that_in_any_language():
    chinese = Language("zh", lambda _: "\u6709\u54ea\u4e9b\uff1b\u52a0\u4e0a", lambda one, *_: one)
    text = first_clause(_("which there are; with a name, choose"))
    assert text == "which there are"
    assert chinese.says(text) == "\u6709\u54ea\u4e9b"
    assert first_clause("plain; words") == "plain"
