"""What a chat at a terminal says: one whole text each, in every language."""

import pytest

from bridge import catalogs
from bridge.cli import chat_texts

MADE = {
    "is_working": chat_texts.is_working("echo"),
    "present": chat_texts.present("Ada"),
    "saved": chat_texts.saved("a.png"),
    "to_be_sent": chat_texts.to_be_sent("hi"),
    "not_sent": chat_texts.not_sent("no"),
    "not_saved": chat_texts.not_saved("no"),
    "not_stopped": chat_texts.not_stopped("no"),
    "sending": chat_texts.sending("a.png"),
    "earlier": chat_texts.earlier("bridge"),
    "asks": chat_texts.asks("push", "go"),
    "follows": chat_texts.follows("Slack"),
    "changed": chat_texts.changed("Ada", "hi"),
}


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("code", ["de", "es", "fr", "zh"])
def test_each_text_is_said_in_each_language(name, code):
    assert catalogs.language(code).says(MADE[name]) != MADE[name]


def test_the_help_lists_each_command_in_the_language_of_the_reader():
    said = catalogs.language("de").says(chat_texts.HELP)
    assert said.startswith("Außerdem in diesem Terminal:\n  /file eine Datei senden")
    assert len(said.splitlines()) == len(chat_texts.COMMANDS) + 2


def test_how_many_there_are_is_said_by_the_forms_of_the_language():
    german = catalogs.language("de").says
    assert german(chat_texts.are_typing(["Ada"])) == "Ada tippt …"
    assert german(chat_texts.are_typing(["Ada", "Bob"])) == "Ada, Bob tippen …"
    assert german(chat_texts.waiting(1)) == "1 wartet auf das Senden"
    assert "werden noch gesendet" in german(chat_texts.still_sending(["a", "b"]))


def test_an_answer_that_failed_says_why_if_that_is_known():
    assert chat_texts.failed("") == "_The answer failed. It is tried again._"
    assert chat_texts.failed("no model") == "_The answer failed: no model. It is tried again._"
