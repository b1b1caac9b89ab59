"""What is read of the Bot API's objects."""

import pytest
from pydantic import ValidationError

from channels.telegram.schema import KINDS, Update

CHAT = {"id": 5, "type": "private"}


def test_everything_that_is_asked_for_can_be_read():
    assert set(KINDS) == Update.model_fields.keys() - {"update_id", "words"}


def test_what_telegram_adds_is_ignored():
    update = Update.model_validate(
        {
            "update_id": 1,
            "new_thing": {},
            "message": {"message_id": 1, "chat": {**CHAT, "new": 1}, "text": "hi", "new": [1]},
        }
    )
    assert update.message is not None
    assert update.message.text == "hi"


def test_what_is_not_as_it_has_to_be_is_refused():
    with pytest.raises(ValidationError):
        Update.model_validate({"update_id": 1, "message": {"message_id": "x", "chat": CHAT}})
