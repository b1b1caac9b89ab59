"""Every word of a payload is looked at, whatever the platform calls the field that it is in."""

from hypothesis import given
from hypothesis import strategies as st

from channels.visible_words import visible_words

NAME = st.sampled_from(["title", "topic", "a_field_of_tomorrow", "text", "url", "alt_txt"])
PAYLOADS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAME, inner, max_size=4),
    max_leaves=20,
)


def strings(payload):
    match payload:
        case str():
            return [payload]
        case dict():
            return [each for value in payload.values() for each in strings(value)]
        case list():
            return [each for value in payload for each in strings(value)]
        case _:
            return []


@given(PAYLOADS)
def test_no_string_of_a_payload_is_left_out_and_none_comes_twice(payload):
    found = list(dict.fromkeys(filter(None, strings(payload))))
    assert visible_words(payload) == "\n".join(found)


def test_what_the_platform_calls_things_is_no_word_of_anyone():
    """A number of its own would be looked up as a code with each message."""
    payload = {"id": "A", "file_id": "B", "thread_ts": "C", "type": "D", "text": "E", "ids": ["F"]}
    assert visible_words(payload) == "E\nF"


def test_words_as_deep_as_json_can_be_are_found():
    payload = "here"
    for _ in range(100_000):
        payload = [payload]
    assert visible_words(payload) == "here"
