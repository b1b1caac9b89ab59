"""An answer is put together from pieces, whatever way a provider cuts it."""

import pytest

from agents.litellm.stream_parser import Answer, CallPiece, Metered, Piece


def put_together(*pieces):
    answer = Answer()
    for piece in pieces:
        answer.add(piece)
    return answer


def made(answer):
    return [(call.name, call.arguments) for call in answer.calls]


def one(index, **how):
    return Piece(calls=(CallPiece(index=index, **how),))


def test_words_are_added_up():
    answer = put_together(Piece(text="Hel"), Piece(text="lo"), Piece(finish="stop"))
    assert (answer.text, answer.finish, answer.is_whole) == ("Hello", "stop", True)


def test_without_a_reason_to_end_it_is_not_whole():
    assert not put_together(Piece(text="Hel")).is_whole


def test_pieces_of_calls_may_be_mixed():
    answer = put_together(
        one(0, id="a", name="read"), one(1, id="b", name="write"),
        one(0, arguments='{"x"'), one(1, arguments="{}"), one(0, arguments=": 1}"),
    )  # fmt: skip
    assert made(answer) == [("read", '{"x": 1}'), ("write", "{}")]


def test_a_new_id_at_a_known_index_is_another_call():
    answer = put_together(one(0, id="a", name="read"), one(0, id="b", name="write"))
    assert made(answer) == [("read", ""), ("write", "")]


def test_a_new_name_without_an_id_is_another_call():
    """Ollama numbers every call 0, gives none an id, and sends each whole."""
    answer = put_together(
        one(0, name="read", arguments="{}"), one(0, name="read", arguments='{"x": 1}')
    )
    assert made(answer) == [("read", "{}"), ("read", '{"x": 1}')]


def test_an_id_and_name_that_are_repeated_are_the_same_call():
    answer = put_together(one(0, id="a", name="read"), one(0, id="a", name="read", arguments="{}"))
    assert made(answer) == [("read", "{}")]


def test_every_call_has_an_id_of_ours():
    answer = put_together(one(0, id="a", name="x"), one(1, id="a", name="y"))
    assert len({call.call for call in answer.calls}) == 2


def test_what_was_used_and_thought_is_kept():
    answer = put_together(
        Piece(thoughts=({"type": "thinking", "thinking": "so"},)),
        Piece(metered=Metered(input_tokens=1)),
        one(0, id="a", name="x", extra={"signature": "s"}),
    )
    assert answer.thoughts == [{"type": "thinking", "thinking": "so"}]
    assert answer.metered == Metered(input_tokens=1)
    assert answer.calls[0].extra == {"signature": "s"}


def test_a_name_that_comes_with_every_piece_is_one_call():
    answer = put_together(
        one(0, name="read", arguments='{"x"'), one(0, name="read", arguments=": 1}")
    )
    assert made(answer) == [("read", '{"x": 1}')]


def test_an_id_that_is_another_with_every_piece_is_one_call():
    answer = put_together(
        one(0, id="a", name="read"),
        one(0, id="b", arguments='{"x"'),
        one(0, id="c", name="read", arguments=": 1}"),
    )
    assert made(answer) == [("read", '{"x": 1}')]


def test_whole_calls_at_one_place_are_so_many_calls():
    whole = one(0, id="a", name="read", arguments="{}")
    answer = put_together(whole, one(0, id="b", name="read", arguments='{"x": 1}'))
    assert made(answer) == [("read", "{}"), ("read", '{"x": 1}')]
    answer = put_together(one(0, id="a", name="read"), one(0, id="b", name="read"))
    assert made(answer) == [("read", ""), ("read", "")]


def test_half_a_character_is_joined_with_its_other_half_or_replaced():
    halves = (Piece(text="Hi \ud83d"), Piece(text="\ude00!"))
    assert put_together(*halves).text == "Hi \U0001f600!"
    assert put_together(halves[0]).text == "Hi ", "while it is written"
    assert put_together(halves[0], Piece(finish="stop")).text == "Hi \ufffd"


def test_a_block_of_thoughts_has_its_words_and_its_signature():
    answer = put_together(
        Piece(thoughts=({"type": "thinking", "thinking": "Let me "},)),
        Piece(thoughts=({"type": "thinking", "thinking": "see.", "signature": None},)),
        Piece(thoughts=({"type": "thinking", "thinking": "", "signature": "s"},)),
        Piece(thoughts=({"type": "redacted_thinking", "data": "x"},)),
        Piece(thoughts=({"type": "thinking", "thinking": "More."},)),
    )
    assert answer.thoughts == [
        {"type": "thinking", "thinking": "Let me see.", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "thinking", "thinking": "More."},
    ]


@pytest.mark.parametrize(
    "pieces",
    [
        (one(0, id="a", name="glob"), one(0, arguments='{"x": 1}'), one(0, arguments='{"y": 2}')),
        (one(0, id="a", name="glob", arguments='{"x": 1}{"y": 2}'),),
        (one(0, name="glob", arguments='{"x": 1} {"y"'), one(0, arguments=": 2}\n")),
    ],
)
def test_calls_that_come_at_one_index_and_are_told_apart_by_nothing_are_each_made(pieces):
    """Gemini and LiteLLM's own bridge stream calls made side by side so."""
    answer = put_together(*pieces)
    answer.seal()
    assert made(answer) == [("glob", '{"x": 1}'), ("glob", '{"y": 2}')]
    assert len({call.call for call in answer.calls}) == 2


@pytest.mark.parametrize(
    "written", ['{"x": 1}{"y"', '{"x": 1} and more', '{"x": 1}[2]', "[1][2]", "", "{" * 99_999]
)
def test_arguments_that_are_not_of_objects_alone_stay_one_call(written):
    answer = put_together(one(0, name="glob", arguments=written))
    answer.seal()
    assert made(answer) == [("glob", written)]
