"""Updates of the Bot API, as what the bridge hears."""

import pytest

from bridge.demo.telegram.world import World
from bridge.ids import ChannelName
from bridge.inbound import Added, Edited, Pressed, Relocated, Sender, Spoken
from bridge.parts import Address
from channels.telegram.entities import Named
from channels.telegram.parse import chat_of, joined, place_of, read
from channels.telegram.wire import Update

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


@pytest.fixture
def scene():
    return Scene()


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
    assert (no.addressed, no.reply_to) == (False, str(first.id))


def test_a_command_for_another_bot_is_not_heard(scene):
    scene.ada.says(scene.team, "/stop@other_bot")
    assert scene.reading() is None


def test_bots_are_not_heard(scene):
    scene.team.hear(scene.team.add(scene.other, text="@bridge_bot hello"))
    assert scene.reading() is None


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
    assert begun is None
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


def test_who_speaks_as_a_chat_is_that_chat(scene):
    as_group = {"sender_chat": scene.team.json(), "author_signature": "admin"}
    scene.ada.says(scene.team, "as the group", **as_group)
    assert scene.heard().sender == Sender(realm="telegram", user=str(scene.team.id), name="admin")


def test_what_a_channel_forwards_by_itself_is_not_heard(scene):
    scene.ada.says(scene.team, "news", sender_chat=scene.team.json(), is_automatic_forward=True)
    assert scene.reading() is None


def test_a_service_message_is_not_heard(scene):
    scene.ada.sends_something(scene.team, new_chat_title="Teams")
    assert scene.reading() is None


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
