"""The checker of the fake: it finds what does not fit."""

import pytest

from bridge.demo.telegram.checking import Uploaded, own

USER = {"id": 1, "is_bot": False, "first_name": "Ada"}
CHAT = {"id": 1, "type": "private"}
MESSAGE = {"message_id": 1, "date": 1, "chat": CHAT, "from": USER}


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"chat_id": 1}, "sendMessage.text: is missing"),
        ({"chat_id": 1, "text": 5}, "sendMessage.text: 5 is no String"),
        ({"chat_id": True, "text": "a"}, "sendMessage.chat_id: True is no"),
        ({"chat_id": 1, "text": "a", "silent": True}, "sendMessage.silent: there is no such"),
        ({"chat_id": 1, "text": "a", "entities": [{"type": "bold", "offset": 0}]},
         "sendMessage.entities[0].length: is missing"),
        ({"chat_id": 1, "text": "a", "entities": {}}, "is no array"),
        ({"chat_id": 1, "text": "a", "reply_markup": {"inline_keyboard": [{"text": "a"}]}},
         "is no array"),
    ],
)  # fmt: skip
def test_a_request_that_does_not_fit(asked, problem):
    checker = own()
    checker.request("sendMessage", asked)
    assert problem in checker.problems[0]


def test_a_method_that_there_is_not():
    checker = own()
    checker.request("sendMessages", {})
    assert checker.problems == ["sendMessages: there is no such method"]


def test_requests_that_fit_are_counted():
    checker = own()
    checker.request("sendMessage", {"chat_id": 1, "text": "a"})
    checker.request("sendPhoto", {"chat_id": "@a", "photo": Uploaded(b"x")})
    checker.request("getMe", {})
    assert checker.problems == []
    assert checker.checked.total() == 3


@pytest.mark.parametrize(
    ("update", "problem"),
    [
        ({"message": MESSAGE}, "update_id: is missing"),
        ({"update_id": 1, "message": {**MESSAGE, "chat": {"id": 1}}}, "chat.type: is missing"),
        ({"update_id": 1, "message": {**MESSAGE, "txt": "a"}}, "txt: there is no such field"),
        ({"update_id": 1, "callback_query": {"id": "1", "from": USER, "chat_instance": "1",
                                             "message": {"chat": CHAT}}}, "is missing"),
    ],
)  # fmt: skip
def test_an_object_that_does_not_fit(update, problem):
    checker = own()
    checker.answer("getUpdates", [update])
    assert problem in checker.problems[0]


def test_objects_that_fit():
    checker = own()
    checker.answer("getUpdates", [{"update_id": 1, "message": MESSAGE}])
    checker.answer("sendMessage", MESSAGE)
    checker.answer("deleteMessage", value=True)
    assert checker.problems == []
