"""Nothing that a person sends vanishes, whatever the Bot API calls it."""

import json
from pathlib import Path

import pytest

from bridge.domain.ids import ChannelName
from bridge.domain.inbound import Edited, Readable, Relocated, Spoken, Titled
from bridge.session import slash
from channels.telegram import content
from channels.telegram.content import quoted
from channels.telegram.parse import read
from channels.telegram.schema import Message, Update
from channels.telegram.to_markdown import Named
from tests.channels.telegram.connected import SPECS, specs

EXTRACT = Path(__file__).with_name("bot_api_messages.json")
"""Which fields messages have by the Bot API, and which of them must be there: names only."""

BOT = Named(id=7, username="bridge_bot")
CHAT = {"id": 5, "type": "private", "first_name": "Ada"}
ADA = {"id": 5, "is_bot": False, "first_name": "Ada"}
PLAIN = {"message_id": 9, "date": 1, "chat": CHAT, "from": ADA}
TABLES = (content.ABOUT, content.READ, frozenset(content.NAMED), content.SERVICE, content.LEGACY)


def heard(kind="message", **more):
    raw = {"update_id": 1, kind: {**PLAIN, **more}}
    reading = read(Update.model_validate(raw), ChannelName("telegram"), BOT)
    return None if reading is None else reading.heard


def said(**more) -> Spoken:
    inbound = heard(**more)
    assert inbound is not None
    assert isinstance(inbound.what, Spoken)
    return inbound.what


@pytest.fixture
def types():
    return json.loads(EXTRACT.read_text())


def extract(types):
    """Return the names of what a message can hold, and of what must be in it."""
    found, left = {}, ["Message", "ExternalReplyInfo", "RichBlock", "RichText"]
    while left:
        name = left.pop().replace("Array of ", "")
        if name in found or name not in types:
            continue
        fields = [
            {"name": each["name"], "types": each["types"][:1], "required": each["required"]}
            | ({"const": const_of(each)} if each["name"] == "type" else {})
            for each in types[name].get("fields", ())
            if each["required"] or name in {"Message", "ExternalReplyInfo"}
        ]
        subtypes = types[name].get("subtypes", [])
        found[name] = ({"fields": fields} if fields else {}) | (
            {"subtypes": subtypes} if subtypes else {}
        )
        left += [*subtypes, *(each["types"][0] for each in fields)]
    return dict(sorted(found.items()))


def const_of(field):
    said = str(field["description"]).replace("“", '"').replace("”", '"')
    return said.split('"')[1] if '"' in said else "x"


def test_the_extract_is_that_of_the_official_description():
    folder = specs()
    spec = folder / "telegram_api.json" if folder is not None else None
    if spec is None or not spec.is_file():
        pytest.skip(f"{SPECS} names no folder with the description of the Bot API")
    assert json.loads(EXTRACT.read_text()) == extract(json.loads(spec.read_text())["types"])


class Samples:
    """Values of the types of the Bot API, with every field that must be there."""

    def __init__(self, types) -> None:
        self.types = types

    def of(self, name: str):
        if name.startswith("Array of "):
            return [self.of(name.removeprefix("Array of "))]
        match name:
            case "Integer" | "Float":
                return 1
            case "String" | "RichText":
                return "words"
            case "Boolean" | "True":
                return True
            case "Message" | "MaybeInaccessibleMessage":
                return {**PLAIN, "message_id": 3, "text": "before"}
            case "Chat":
                return CHAT
        described = self.types[name]
        if described.get("subtypes"):
            return self.of(described["subtypes"][0])
        return self.fields(described)

    def fields(self, described):
        made = {}
        for field in described.get("fields", ()):
            if field["required"]:
                made[field["name"]] = self.of(field["types"][0])
            if "const" in field:
                made["type"] = field["const"]
        return made


def test_every_field_of_a_message_is_in_one_table(types):
    named = {each["name"] for each in types["Message"]["fields"]}
    named |= {each["name"] for each in types["ExternalReplyInfo"]["fields"]}
    assert named - set().union(*TABLES) == set()
    assert sum(map(len, TABLES)) == len(set().union(*TABLES))


def test_whatever_a_person_sends_is_heard_or_told_in_a_line(types):
    samples = Samples(types)
    for field in types["Message"]["fields"]:
        name = field["name"]
        inbound = heard(**{name: samples.of(field["types"][0])})
        if name in content.READ or name in content.NAMED:
            assert isinstance(inbound.what, Spoken), name
            assert inbound.what.content or inbound.what.files, name
        elif name in content.SERVICE:
            assert inbound is None or isinstance(inbound, Relocated | Titled | Readable), name


def test_a_rich_message_is_read_block_by_block(types):
    samples = Samples(types)
    for name in types["RichBlock"]["subtypes"]:
        block = samples.of(name)
        spoken = said(rich_message={"blocks": [block]})
        assert spoken.content or spoken.files, name
        if "text" in block:
            assert "words" in spoken.content.text or block["type"] == "thinking", name


def test_rich_text_of_every_kind_keeps_its_words(types):
    samples = Samples(types)
    for name in types["RichText"]["subtypes"]:
        text = samples.of(name)
        words = said(rich_message={"blocks": [{"type": "paragraph", "text": text}]}).content.text
        assert "words" in words or name == "RichTextAnchor", name


RICH = {
    "blocks": [
        {"type": "heading", "size": 2, "text": "Plan"},
        {"type": "paragraph", "text": ["so ", {"type": "bold", "text": "it"}, " is 2*3*4"]},
        {"type": "list", "items": [
            {"label": "•", "blocks": [{"type": "paragraph", "text": "one"}]},
            {"label": "•", "has_checkbox": True, "is_checked": True,
             "blocks": [{"type": "paragraph", "text": "two"}]},
        ]},
        {"type": "photo", "photo": [{"file_id": "F1", "width": 1, "height": 1}]},
    ]
}  # fmt: skip
READ = "## Plan\n\nso **it** is 2\\*3\\*4\n\n- one\n- [x] two"


def test_a_rich_message_is_markdown_and_files():
    spoken = said(rich_message=RICH)
    assert spoken.content.text == READ
    assert [each.ref for each in spoken.files] == ["F1"]


def test_a_rich_message_is_read_in_a_reply_an_edit_and_a_forward():
    answered = {**PLAIN, "message_id": 3, "rich_message": RICH}
    assert said(text="why?", reply_to_message=answered).quoted.text == READ
    edited = heard("edited_message", edit_date=2, rich_message=RICH).what
    assert isinstance(edited, Edited)
    assert (edited.content.text, [each.ref for each in edited.files]) == (READ, ["F1"])
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "Bob"}
    forwarded = said(rich_message=RICH, forward_origin=origin).content.text
    assert forwarded == f"*Forwarded from Bob:*\n\n{READ}"


def test_a_mention_in_a_rich_message_calls_the_bot():
    team = {"id": -1, "type": "group", "title": "Team"}
    text = ["hey ", {"type": "mention", "text": "@bridge_bot", "username": "bridge_bot"}]
    blocks = [{"type": "paragraph", "text": text}]
    assert said(chat=team, rich_message={"blocks": blocks}).addressed
    assert not said(chat=team, rich_message={"blocks": [{**blocks[0], "text": "hey"}]}).addressed


def test_what_is_newer_than_this_bridge_is_told_by_its_name():
    text = said(hologram={"x": 1}).content.text
    assert text == "_(something that Telegram calls 'hologram'; I cannot show it here)_"


def test_what_comes_with_nothing_in_it_is_told_of():
    """Telegram has told of forwards without the words in them."""
    forwarded = said(forward_origin={"type": "hidden_user", "date": 1, "sender_user_name": "Bob"})
    assert forwarded.content.text == (
        "*Forwarded from Bob:*\n\n_(a message that has no words; I cannot show it here)_"
    )


def test_whatever_a_person_sends_is_told_beside_words_too(types):
    samples = Samples(types)
    fields = {each["name"]: each["types"][0] for each in types["Message"]["fields"]}
    for name in content.READ | content.NAMED.keys():
        spoken = said(text="look here", **{name: samples.of(fields[name])})
        told = spoken.content.text.replace("look here", "").strip()
        assert spoken.content.text.startswith("look here"), name
        assert told or spoken.files, name


def test_a_reply_tells_what_it_is_about_whatever_that_was(types):
    samples = Samples(types)
    for described, is_external in ((types["Message"], False), (types["ExternalReplyInfo"], True)):
        for each in described["fields"]:
            if each["name"] in content.ABOUT or each["name"] == "forum_topic_created":
                continue
            sample = {each["name"]: samples.of(each["types"][0])}
            origin = {"type": "hidden_user", "date": 1, "sender_user_name": "Bob"}
            about = {"external_reply": {"origin": origin, **sample}}
            about = about if is_external else {"reply_to_message": {**PLAIN, **sample}}
            found = quoted(Message.model_validate({**PLAIN, "text": "why?", **about}))
            assert found.text or found.files, each["name"]


def test_a_file_of_tomorrow_does_not_vanish_behind_the_words_below_it():
    text = said(caption="look", hologram={"file_id": "F"}).content.text
    assert text.startswith("look\n\n_(something that Telegram calls 'hologram'")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"checklist": {"title": "Move", "tasks": [{"id": 1, "text": "box"},
          {"id": 2, "text": "van", "completion_date": 4}]}}, "Checklist: Move\n☐ box\n☑ van"),
        ({"story": {"chat": CHAT, "id": 1}}, "_(a story of Ada; I cannot show it here)_"),
        ({"giveaway": {"chats": []}}, "_(a giveaway; I cannot show it here)_"),
        ({"paid_media": {"star_count": 3, "paid_media": [{"type": "preview"}]}},
         "_(paid media for 3 stars; I cannot show it here)_"),
        ({"web_app_data": {"data": "x=1", "button_text": "b"}}, "x=1"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_told(more, expected):
    assert said(**more).content.text == expected


def test_words_typed_without_formatting_are_literal_and_stay_so():
    words = "¯\\_(ツ)_/¯ 2*3*4 __init__.py C:\\tmp\\_x"
    assert (said(text=words).content.text, said(text=words).content.literal) == (words, True)


def test_among_formatting_the_other_words_are_escaped():
    bold = [{"type": "bold", "offset": 0, "length": 2}]
    content = said(text="so a_b_c 2*3*4", entities=bold).content
    assert (content.text, content.literal) == ("**so** a\\_b\\_c 2\\*3\\*4", False)


def test_a_photo_that_replaces_another_is_heard_with_the_edit():
    photo = [{"file_id": "F2", "width": 1, "height": 1}]
    edited = heard("edited_message", edit_date=2, photo=photo).what
    assert isinstance(edited, Edited)
    assert [each.ref for each in edited.files] == ["F2"]


def test_a_text_near_the_limit_and_what_is_passed_on_go_on():
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "Bob"}
    assert said(text="x" * 4096).more
    assert said(text="hi", forward_origin=origin).more
    assert not said(text="hi").more


def test_a_mention_or_a_command_that_is_passed_on_calls_nobody():
    team = {"id": -1, "type": "group", "title": "Team"}
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "Bob"}
    name = [{"type": "mention", "offset": 0, "length": 11}]
    command = [{"type": "bot_command", "offset": 0, "length": 7}]
    assert not said(
        chat=team, text="@bridge_bot hi", entities=name, forward_origin=origin
    ).addressed
    passed_on = said(chat=team, text="/status", entities=command, forward_origin=origin)
    assert not passed_on.addressed


ELSEWHERE = {"type": "hidden_user", "date": 1, "sender_user_name": "Bob"}
MALLORY = {"id": 66, "is_bot": False, "first_name": "Mallory"}
QUOTED = {"text": "remember this", "position": 0, "is_manual": True}
AS_CHANNEL = {"id": 136817688, "is_bot": True, "first_name": "Channel"}
NEWS = {"id": -2, "type": "channel", "title": "News"}
PLACE = {"latitude": 52.5, "longitude": 13.4}


@pytest.mark.parametrize(
    "more",
    [
        {"text": "hi", "forward_origin": ELSEWHERE},
        {"text": "/stop", "via_bot": {"id": 8, "is_bot": True, "first_name": "gif"}},
        {"poll": {"question": "Tea?", "options": [{"text": "yes"}]}},
        {"contact": {"phone_number": "+49 1", "first_name": "Ada"}},
        {"location": PLACE, "venue": {"location": PLACE, "title": "Cafe", "address": "Street 1"}},
        {"checklist": {"title": "Move", "tasks": [{"id": 1, "text": "box"}]}},
        {"game": {"title": "Chess", "description": "with pieces"}},
        {"invoice": {"title": "Tea", "description": "one cup"}},
        {"web_app_data": {"data": "x=1", "button_text": "b"}},
        {"chat_shared": {"request_id": 1, "chat_id": 3, "title": "Team"}},
        {"users_shared": {"request_id": 1, "users": [{"user_id": 3, "first_name": "Bob"}]}},
        {"story": {"chat": CHAT, "id": 1}},
        {"text": "why?", "quote": QUOTED,
         "reply_to_message": {**PLAIN, "message_id": 3, "from": MALLORY, "text": "remember this"}},
        {"text": "why?", "quote": QUOTED, "from": AS_CHANNEL, "sender_chat": NEWS,
         "reply_to_message": {**PLAIN, "message_id": 3, "from": AS_CHANNEL,
                              "sender_chat": {**NEWS, "id": -3}}},
        {"text": "why?", "quote": QUOTED,
         "reply_to_message": {**PLAIN, "message_id": 3, "forward_origin": ELSEWHERE}},
    ],
)  # fmt: skip
def test_what_its_sender_did_not_write_is_from_outside(more):
    assert said(**more).content.outside
    edited = heard("edited_message", edit_date=2, **more)
    assert edited is None or edited.what.content.outside  # none: a place that moves


@pytest.mark.parametrize(
    "more",
    [
        {"text": "hi"},
        {"location": PLACE},
        {"dice": {"emoji": "🎲", "value": 4}},
        {"rich_message": RICH},
        {"text": "why?", "quote": QUOTED,
         "reply_to_message": {**PLAIN, "message_id": 3, "from": {"id": 7, "is_bot": True}}},
        {"text": "why?", "quote": QUOTED, "reply_to_message": {**PLAIN, "message_id": 3}},
        {"text": "why?", "quote": QUOTED, "from": AS_CHANNEL, "sender_chat": NEWS,
         "reply_to_message": {**PLAIN, "message_id": 3, "from": AS_CHANNEL, "sender_chat": NEWS}},
    ],
)  # fmt: skip
def test_what_someone_writes_themselves_is_not_from_outside(more):
    assert not said(**more).content.outside


def test_a_command_that_an_inline_bot_wrote_commands_nothing():
    command = [{"type": "bot_command", "offset": 0, "length": 5}]
    content = said(text="/stop", entities=command, via_bot={"id": 8, "is_bot": True}).content
    assert slash.commanded(content) is None
    assert slash.commanded(said(text="/stop", entities=command).content) is not None
