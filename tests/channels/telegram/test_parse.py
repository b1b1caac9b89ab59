"""Updates of the Bot API, as what the bridge hears."""

import pytest

from bridge.demo.telegram.world import World
from bridge.domain.ids import ChannelName
from bridge.domain.inbound import (
    Added,
    Edited,
    Pressed,
    Readable,
    Relocated,
    Sender,
    Spoken,
    Titled,
)
from bridge.domain.parts import Address
from channels.telegram.parse import chat_of, joined, place_of, read, unserved
from channels.telegram.schema import Update
from channels.telegram.to_markdown import Named

CHANNEL = ChannelName("telegram")


class Scene:
    """A bot without privacy, so that it is told of everything, and two people."""

    def __init__(self) -> None:
        self.world = World()
        self.bot = self.world.bot("bridge_bot", privacy=False)
        self.other = self.world.bot("other_bot", privacy=False)
        self.named = Named(id=self.bot.id, username="bridge_bot")
        self.ada = self.world.person("Ada", "Lovelace", username="ada")
        self.dm = self.bot.dm(self.ada)
        self.team = self.world.group("Team", self.bot)

    def readings(self):
        found = [
            read(Update.model_validate(each), CHANNEL, self.named) for each in self.bot.updates
        ]
        self.bot.updates.clear()
        return found

    def reading(self):
        (only,) = self.readings()
        return only

    def heard(self):
        return self.reading().heard

    def shown(self):
        """Return the words of the only update, which is not heard, but which others read."""
        heard = self.heard()
        assert isinstance(heard, Readable)
        return heard.words


@pytest.fixture
def scene():
    return Scene()


def test_a_message_and_a_press_tell_the_language_of_the_app(scene):
    scene.ada.language = "zh-hans"
    scene.ada.says(scene.dm, "hello")
    assert scene.heard().sender.language == "zh-hans"


def test_a_private_message_is_meant_for_the_agent(scene):
    message = scene.ada.says(scene.dm, "hello")
    heard = scene.heard()
    assert heard.external_id == f"{scene.ada.id}:{message.id}"
    assert heard.address == Address(channel=CHANNEL, place=str(scene.ada.id))
    assert heard.sender == Sender(realm="telegram", user=str(scene.ada.id), name="Ada Lovelace")
    assert not heard.room
    assert heard.title == "Ada Lovelace"
    assert heard.what.message == str(message.id)
    assert heard.what.content.text == "hello"
    assert heard.what.addressed


@pytest.mark.parametrize(
    ("text", "addressed", "heard"),
    [
        ("so what do we do", False, "so what do we do"),
        ("@bridge_bot what do we do", True, "what do we do"),
        ("/status", True, "/status"),
        ("/status@bridge_bot", True, "/status@bridge_bot"),
        ("@other_bot what do we do", False, "@other_bot what do we do"),
    ],
)
def test_in_a_group_it_takes_a_mention_or_a_command(scene, text, addressed, heard):
    scene.ada.says(scene.team, text)
    inbound = scene.heard()
    assert inbound.room
    assert inbound.title == "Team"
    assert inbound.what.addressed is addressed
    assert inbound.what.content.text == heard


def test_in_a_group_a_reply_to_the_bot_is_meant_for_it_and_one_to_a_person_is_not(scene):
    ours = scene.team.add(scene.bot, text="Shall I?")
    scene.ada.says(scene.team, "yes", reply_to=ours)
    first = scene.ada.says(scene.team, "well")
    scene.ada.says(scene.team, "or not", reply_to=first)
    yes, _, no = (each.heard.what for each in scene.readings())
    assert (yes.addressed, yes.reply_to) == (True, str(ours.id))
    assert (yes.by_reply, no.by_reply) == (True, False)
    assert (no.addressed, no.reply_to) == (False, str(first.id))


def test_a_reply_that_calls_the_bot_as_well_is_for_it_whatever_it_replies_to(scene):
    ours = scene.team.add(scene.bot, text="Ada: look")
    scene.ada.says(scene.team, "@bridge_bot what is it?", reply_to=ours)
    (heard,) = (each.heard.what for each in scene.readings())
    assert (heard.addressed, heard.by_reply) == (True, False)


def test_a_command_for_another_bot_is_not_heard(scene):
    scene.ada.says(scene.team, "/stop@other_bot")
    assert "/stop@other_bot" in scene.shown()


def test_bots_are_not_heard(scene):
    scene.team.hear(scene.team.add(scene.other, text="@bridge_bot hello"))
    assert "@bridge_bot hello" in scene.shown()


def test_what_the_bot_said_itself_is_nothing(scene):
    scene.team.hear(scene.team.add(scene.bot, text="hello"))
    assert [each for each in scene.readings() if each is not None] == []


def test_what_is_not_heard_in_private_is_nothing(scene):
    """The bridge shows codes there."""
    scene.dm.hear(scene.dm.add(scene.other, text="hello"))
    assert scene.reading() is None


@pytest.mark.parametrize(
    "beside",
    [
        {"poll": {"question": "a", "options": [], "description": "CODE"}},
        {"poll": {"question": "a", "options": [], "explanation": "CODE"}},
        {"audio": {"file_id": "1", "file_name": "a", "title": "CODE"}},
        {"audio": {"file_id": "1", "title": "a", "performer": "CODE"}},
        {"reply_to_message": {"audio": {"file_id": "1", "performer": "CODE"}}},
        {"a_field_of_tomorrow": [{"title": "CODE"}]},
    ],
    ids=str,
)
def test_all_that_people_see_beside_a_message_is_told_along(scene, beside):
    if "reply_to_message" in beside:
        beside["reply_to_message"] |= {"message_id": 1, "chat": scene.team.json()}
    scene.ada.says(scene.team, "look", **beside)
    heard = scene.heard()
    assert "CODE" in heard.beside
    assert "CODE" not in heard.what.content.text


def test_all_that_people_see_beside_the_pictures_of_an_album_is_told_along(scene):
    for title in ("ONE", "TWO"):
        scene.ada.says(scene.team, "a", media_group_id="7", new_field=title)
    beside = joined(scene.readings()).beside
    assert "ONE" in beside
    assert "TWO" in beside


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("/start", "/start"),
        ("/start ab_cd-12", "/link ab_cd-12"),
        ("/start@bridge_bot ab_cd-12", "/link ab_cd-12"),
        ("/started ab", "/started ab"),
        ("/link a_b*c*d", "/link a_b*c*d"),
    ],
)
def test_a_link_with_a_code_becomes_link_and_commands_stay_to_the_letter(scene, text, heard):
    scene.ada.says(scene.dm, text)
    assert scene.heard().what.content.text == heard


def test_a_topic_is_a_place_of_its_own_and_its_beginning_is_no_reply(scene):
    forum = scene.world.group("Forum", scene.bot, forum=True)
    thread = forum.topic("Plans", scene.ada)
    scene.ada.says(forum, "in general")
    scene.ada.says(forum, "in the topic", thread=thread)
    begun, general, topic = scene.readings()
    assert begun.heard == Titled(address=topic.heard.address, title="Plans")
    assert general.heard.address.place == str(forum.id)
    assert topic.heard.address.place == f"{forum.id}/{thread}"
    assert topic.heard.what.reply_to is None
    assert not topic.heard.what.addressed


def test_a_thread_of_replies_is_no_topic(scene):
    scene.ada.says(scene.team, "well", message_thread_id=5)
    assert scene.heard().address.place == str(scene.team.id)


def test_an_edit_is_known_by_its_time_and_what_it_says(scene):
    message = scene.ada.says(scene.dm, "helo")
    scene.ada.corrects(message, "hello")
    scene.ada.corrects(message, "hello!")
    _, first, second = scene.readings()
    assert first.heard.what == Edited(message=str(message.id), content=first.heard.what.content)
    assert first.heard.what.content.text == "hello"
    assert first.heard.external_id.startswith(f"{scene.ada.id}:{message.id}@")
    assert first.heard.external_id != second.heard.external_id


def test_a_location_that_moves_is_not_heard_again_and_again(scene):
    where = {"location": {"latitude": 1.0, "longitude": 2.0}}
    message = scene.ada.sends_something(scene.dm, **where)
    scene.ada.corrects(message, "")
    told, moved = scene.readings()
    assert told.heard.what.content.text.startswith("Location: 1.0")
    assert moved is None


def test_a_press_is_heard_where_the_button_is(scene):
    keyboard = [[{"text": "Yes", "callback_data": "q:1"}]]
    scene.dm.add(scene.bot, text="Shall I?", keyboard=keyboard)
    query = scene.ada.presses(scene.dm, "Yes")
    reading = scene.reading()
    assert reading.press == query
    assert reading.heard.what == Pressed(value="q:1")
    assert reading.heard.external_id == f"press:{query}"
    assert reading.heard.address.place == str(scene.ada.id)


def test_a_press_below_a_message_too_old_to_be_had_is_heard_too(scene):
    keyboard = [[{"text": "Yes", "callback_data": "q:1"}]]
    scene.dm.add(scene.bot, text="Shall I?", keyboard=keyboard)
    scene.ada.presses(scene.dm, "Yes", too_old=True)
    assert scene.heard().what == Pressed(value="q:1")


def test_a_press_in_a_forum_below_a_message_that_is_gone_is_in_none_of_its_topics(scene):
    """Telegram does not tell in which one: what is pressed there is not done in another."""
    forum = scene.world.group("Forum", scene.bot, forum=True)
    thread = forum.topic("Plans", scene.ada)
    keyboard = [[{"text": "Yes", "callback_data": "q:1"}]]
    forum.add(scene.bot, text="Archive this?", keyboard=keyboard, thread=thread)
    scene.ada.presses(forum, "Yes", too_old=True)
    scene.ada.presses(forum, "Yes")
    _, gone, there = scene.readings()
    assert gone.press
    assert gone.heard.address.place not in {str(forum.id), f"{forum.id}/{thread}"}
    assert there.heard.address.place == f"{forum.id}/{thread}"


def test_a_press_of_what_is_no_button_of_ours_is_of_no_concern(scene):
    scene.bot.push(
        "callback_query", {"id": "1", "from": scene.ada.json(), "chat_instance": "1", "data": "x"}
    )
    assert scene.reading() is None


def test_whoever_brings_the_bot_into_a_group_is_known(scene):
    room = scene.world.group("New")
    scene.ada.adds(scene.bot, room)
    heard = scene.heard()
    assert heard.what == Added()
    assert heard.sender.name == "Ada Lovelace"
    assert heard.room
    scene.ada.removes(scene.bot, room)
    assert scene.reading() is None


def test_blocking_a_bot_says_nothing(scene):
    scene.ada.blocks(scene.bot)
    assert scene.reading() is None


def test_a_group_that_moves_says_so_in_both_places(scene):
    group = scene.world.group("Old", scene.bot, kind="group")
    new = group.upgrade()
    address = Address(channel=CHANNEL, place=str(group.id))
    first, second = scene.readings()
    assert first.heard == second.heard == Relocated(address=address, place=str(new.id))
    assert first.lane == second.lane == str(group.id)


def test_who_speaks_as_a_chat_is_that_chat_and_may_be_any_of_its_administrators(scene):
    as_group = {"sender_chat": scene.team.json(), "author_signature": "admin"}
    scene.ada.says(scene.team, "as the group", **as_group)
    group = str(scene.team.id)
    sender = Sender(realm="telegram", user=group, name="admin", proven=False)
    assert scene.heard().sender == sender


def test_what_people_write_to_a_channel_in_private_is_not_heard(scene):
    """Telegram calls all these chats one group."""
    chat = {**scene.team.json(), "is_direct_messages": True}
    scene.ada.says(scene.team, "between us", chat=chat, direct_messages_topic={"topic_id": 5})
    assert "between us" in scene.shown()
    raw = {"message_id": 1, "date": 1, "chat": chat}
    assert unserved(Update.model_validate({"update_id": 1, "message": raw})) == str(scene.team.id)


def test_what_a_channel_forwards_by_itself_is_not_heard(scene):
    scene.ada.says(scene.team, "news", sender_chat=scene.team.json(), is_automatic_forward=True)
    assert "news" in scene.shown()


def test_a_service_message_is_not_heard(scene):
    scene.ada.sends_something(scene.team, delete_chat_photo=True)
    scene.shown()


@pytest.mark.parametrize(
    "news",
    [
        {"new_chat_title": "Plans"},
        {"forum_topic_created": {"name": "Plans", "icon_color": 1}},
        {"forum_topic_edited": {"name": "Plans"}},
    ],
    ids=str,
)
def test_what_a_group_or_a_topic_is_called_from_now_on_is_read(scene, news):
    scene.ada.sends_something(scene.team, **news)
    reading = scene.reading()
    assert reading.heard == Titled(
        address=Address(channel="telegram", place=str(scene.team.id)), title="Plans"
    )


def test_an_album_is_one_message_with_the_first_ones_id_and_every_file(scene):
    sent = scene.ada.sends(scene.dm, ("photo", b"1"), ("photo", b"2"), caption="look")
    readings = scene.readings()
    assert {each.album for each in readings} == {sent[0].album}
    whole = joined(list(reversed(readings)))
    assert whole.external_id == f"{scene.ada.id}:{sent[0].id}"
    assert whole.what.message == str(sent[0].id)
    assert whole.what.content.text == "look"
    assert [file.ref for file in whole.what.files] == [each.file.id for each in sent]
    assert isinstance(whole.what, Spoken)


def test_a_place_is_its_chat_and_its_topic():
    assert chat_of(place_of(-100, 5)) == (-100, 5)
    assert chat_of(place_of(12)) == (12, None)


def test_every_caption_of_an_album_is_heard(scene):
    scene.ada.sends(scene.dm, ("photo", b"1"), ("photo", b"2"), caption="before")
    for update, caption in zip(scene.bot.updates, ("before", "after"), strict=True):
        update["message"]["caption"] = caption
    assert joined(scene.readings()).what.content.text == "before\n\nafter"
