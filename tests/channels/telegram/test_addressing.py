"""Whom a message is meant for: what `test_parse` does not tell already."""

import pytest

from bridge.demo.telegram.world import automatic
from channels.telegram.parse import content_of, is_addressed, is_for_another, reply_to
from channels.telegram.schema import Message
from channels.telegram.to_markdown import Named

BOT = Named(id=7, username="bridge_bot")
GROUP = {"id": -1, "type": "group", "title": "Team"}


def message(**more):
    return Message.model_validate({"message_id": 5, "chat": GROUP, **more})


def captioned(words):
    return message(caption=words, caption_entities=automatic(words))


def test_a_caption_calls_the_bot_as_a_text_does():
    assert is_addressed(captioned("@bridge_bot what is this?"), BOT)
    assert content_of(captioned("@bridge_bot what is this?"), BOT).text == "what is this?"
    assert not is_addressed(captioned("what is this?"), BOT)


def test_a_forwarded_command_is_something_said_and_no_command():
    words = "/stop"
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "Bob"}
    forwarded = message(text=words, entities=automatic(words), forward_origin=origin)
    assert content_of(forwarded, BOT).text == "*Forwarded from Bob:*\n\n/stop"


@pytest.mark.parametrize("field", ["via_bot", "sender_business_bot"])
@pytest.mark.parametrize("words", ["/stop", "@bridge_bot approve", "2"])
def test_what_another_bot_wrote_for_somebody_commands_answers_and_calls_nothing(words, field):
    """Whoever picks what an inline bot offers is not shown the words that are sent as theirs."""
    cats = {"id": 9, "is_bot": True, "first_name": "Cats", "username": "cats_bot"}
    sent = message(text=words, entities=automatic(words), **{field: cats})
    said = content_of(sent, BOT).text
    assert said.startswith("*Through Cats:*\n\n")
    assert not is_addressed(sent, BOT)


def test_the_bots_name_is_compared_without_case():
    assert not is_for_another(
        message(text="/x@Bridge_BOT", entities=automatic("/x@Bridge_BOT")), BOT
    )
    assert is_for_another(message(text="/x@spam_bot", entities=automatic("/x@spam_bot")), BOT)


def test_a_reply_to_the_beginning_of_a_topic_that_the_bot_opened_is_not_meant_for_it():
    begun = {
        "message_id": 3,
        "chat": GROUP,
        "from": {"id": 7, "is_bot": True, "first_name": "Bridge"},
        "forum_topic_created": {"name": "Plans", "icon_color": 1},
    }
    said = message(text="hi", reply_to_message=begun)
    assert reply_to(said) is None
    assert not is_addressed(said, BOT)


def test_a_command_in_a_caption_is_for_the_bot_that_it_names():
    assert is_for_another(captioned("/imagine@other_bot a cat"), BOT)
    assert not is_for_another(captioned("/imagine@bridge_bot a cat"), BOT)
