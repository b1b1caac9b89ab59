"""Places, texts and buttons in the client library's words."""

import pytest
from telegram.error import BadRequest

from bridge.domain.errors import Gone
from bridge.domain.parts import Button
from channels.telegram.from_markdown import Entity, Formatted
from channels.telegram.outbound import Target, entities, keyboard, plain_if_need_be

BOLD = Formatted(text="bold", entities=(Entity(kind="bold", offset=0, length=4),))


def test_a_place_is_a_chat_and_maybe_a_topic():
    assert Target.of("-1001/7") == Target(chat=-1001, thread=7)
    assert Target.of("12") == Target(chat=12, thread=None)


@pytest.mark.parametrize("place", ["", "ada", "1/x", "1/2/3"])
def test_what_is_no_place_of_telegrams_is_gone(place):
    with pytest.raises(Gone):
        Target.of(place)


def test_entities_hold_no_empty_fields():
    link = Entity(kind="text_link", offset=0, length=4, url="https://a.example")
    code = Entity(kind="pre", offset=0, length=4, language="python")
    given = entities(Formatted(text="text", entities=(link, code)))
    assert [each.to_dict() for each in given] == [
        {"type": "text_link", "offset": 0, "length": 4, "url": "https://a.example"},
        {"type": "pre", "offset": 0, "length": 4, "language": "python"},
    ]


def test_without_buttons_there_is_no_keyboard():
    assert keyboard(()) is None
    assert keyboard([Button(value="v", label="Yes")]) is not None


async def test_a_text_is_tried_plainly_once_and_only_if_its_entities_are_refused():
    tried = []

    async def refuse(text):
        tried.append(text)
        raise BadRequest("Bad Request: can't parse entities")

    with pytest.raises(BadRequest):
        await plain_if_need_be(refuse, BOLD)
    assert tried == [BOLD, Formatted(text="bold", entities=())]

    async def refuse_otherwise(text):
        tried.append(text)
        raise BadRequest("Bad Request: chat not found")

    with pytest.raises(BadRequest):
        await plain_if_need_be(refuse_otherwise, BOLD)
    assert len(tried) == 3
