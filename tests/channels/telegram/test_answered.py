"""What a reply is about is told along: the log may not have it."""

import pytest

from channels.telegram.content import quoted
from channels.telegram.schema import Message

TEAM = {"id": -1, "type": "supergroup", "title": "Team"}
BOB = {"id": 6, "is_bot": False, "first_name": "Bob", "last_name": "B"}
PHOTO = [{"file_id": "F1", "width": 1, "height": 1}]


def message(**more):
    return Message.model_validate({"message_id": 5, "chat": TEAM, "text": "why?", **more})


def answered(**more):
    return message(reply_to_message={"message_id": 3, "chat": TEAM, "from": BOB, **more})


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"text": "the build is red"}, "the build is red"),
        ({"caption": "look", "photo": PHOTO}, "look"),
        ({"poll": {"question": "Tea?", "options": [{"text": "yes"}]}}, "Poll: Tea?\n- yes"),
        ({"photo": PHOTO}, ""),
        ({"gift": {"gift": {}}}, "(a gift)"),
        ({"new_chat_members": [BOB]}, "(a notice of the chat)"),
        ({"hologram": {}}, "(something that Telegram calls 'hologram')"),
    ],
)
def test_a_reply_tells_who_said_what_it_is_about(more, text):
    about = quoted(answered(**more))
    assert (about.author, about.text) == ("Bob B", text)
    assert [each.ref for each in about.files] == (["F1"] if "photo" in more else [])


def test_a_reply_to_another_chat_tells_what_was_chosen_of_it():
    origin = {"type": "user", "date": 1, "sender_user": BOB}
    external = {"origin": origin, "photo": PHOTO}
    about = quoted(message(external_reply=external, quote={"text": "is red", "position": 0}))
    assert (about.author, about.text, about.files[0].ref) == ("Bob B", "is red", "F1")
    bare = quoted(message(external_reply={"origin": origin, "dice": {"emoji": "🎲", "value": 2}}))
    assert bare.text == "🎲 2"
    assert quoted(message(external_reply={"origin": origin})).text == "(a message of another chat)"


def test_a_reply_to_a_story_tells_whose_it_is():
    about = quoted(message(reply_to_story={"chat": TEAM, "id": 1}))
    assert (about.author, about.text) == ("Team", "(a story)")


def test_the_beginning_of_a_topic_is_not_what_its_messages_are_about():
    assert quoted(answered(forum_topic_created={"name": "Plans", "icon_color": 1})) is None
    assert quoted(message()) is None
