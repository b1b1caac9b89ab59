"""Whom a message is meant for: what `test_parse` does not tell already."""

from bridge.demo.telegram.world import automatic
from channels.telegram.entities import Named
from channels.telegram.meant import content, is_addressed, is_for_another, reply_to
from channels.telegram.wire import Message

BOT = Named(id=7, username="bridge_bot")
GROUP = {"id": -1, "type": "group", "title": "Team"}


def message(**more):
    return Message.model_validate({"message_id": 5, "chat": GROUP, **more})


def captioned(words):
    return message(caption=words, caption_entities=automatic(words))


def test_a_caption_calls_the_bot_as_a_text_does():
    assert is_addressed(captioned("@bridge_bot what is this?"), BOT)
    assert content(captioned("@bridge_bot what is this?"), BOT).text == "what is this?"
    assert not is_addressed(captioned("what is this?"), BOT)


def test_a_forwarded_command_is_something_said_and_no_command():
    words = "/stop"
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "Bob"}
    forwarded = message(text=words, entities=automatic(words), forward_origin=origin)
    assert content(forwarded, BOT).text == "*Forwarded from Bob:*\n\n/stop"


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
