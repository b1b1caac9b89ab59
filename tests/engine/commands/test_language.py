"""/me language, and who is answered in which language."""

import pytest

from bridge import session_texts, texts
from bridge.catalogs import language
from bridge.domain.content import Content
from bridge.domain.events import Pushed
from bridge.domain.ids import MessageId
from bridge.domain.inbound import Inbound, Sender, Spoken
from bridge.domain.parts import Address
from bridge.domain.wording import LANGUAGES
from tests.engine.commands.test_members import opened, told, who
from tests.engine.doorway import CHAT, Doorway

GERMAN = language("de")


async def heard(door: Doorway, text: str, tag: str, number: str = "1", user: str = "eve"):
    spoken = Spoken(message=MessageId(number), content=Content(text=text))
    sender = Sender(realm="chat", user=user, name=user.title(), language=tag)
    address = Address(channel=CHAT, place=user)
    inbound = Inbound(external_id=number, address=address, sender=sender, what=spoken)
    return await door.intake(inbound)


async def test_the_languages_are_listed_with_buttons_that_say_the_command() -> None:
    door = await opened()
    reply = await door.say("/me language", "bob", place="bob")
    assert reply.text == session_texts.languages(LANGUAGES, "")
    assert [each.label for each in reply.buttons] == list(LANGUAGES.values())
    assert reply.buttons[1].value.endswith("/me language de")


@pytest.mark.parametrize("wanted", ["de", "DE", "Deutsch", "german", "de-AT"])
async def test_a_language_is_chosen_by_its_code_or_its_name(wanted: str) -> None:
    door = await opened()
    reply = await told(door, f"/me language {wanted}", "bob")
    assert reply == GERMAN.says(session_texts.language_chosen("Deutsch"))
    assert await door.dispatcher.languages.chosen(await who(door, "bob")) == "de"
    assert await told(door, "/retry", "bob") == "Es gibt nichts zu wiederholen."
    assert await told(door, "/retry", "ada") == texts.NOTHING_TO_RETRY
    listed = await told(door, "/me language", "bob")
    assert "- **Deutsch** (gewählt): `de`" in listed
    assert await told(door, "/me language default", "bob") == session_texts.LANGUAGE_OF_APP
    assert await told(door, "/retry", "bob") == texts.NOTHING_TO_RETRY


async def test_what_is_no_language_is_refused_and_a_name_stays_a_name() -> None:
    door = await opened()
    reply = await told(door, "/me language Klingon", "bob")
    assert reply == session_texts.no_such_language("Klingon", LANGUAGES)
    assert "Language Smith" in await told(door, "/me Language Smith II", "bob")


async def test_who_is_not_let_in_is_told_so_in_the_language_of_their_app() -> None:
    door = await opened()
    reply = await heard(door, "hello", "de-DE")
    assert reply is not None
    assert reply.text.startswith("Ich rede nur mit Leuten, die ich kenne.")
    assert reply.language == GERMAN


async def test_a_repeat_gets_the_reply_in_the_same_language() -> None:
    door = await opened()
    first = await heard(door, "/retry", "fr", "7", user="bob")
    again = await heard(door, "/retry", "fr", "7", user="bob")
    assert first is not None
    assert again is not None
    assert first.text == again.text == "Il n'y a rien à réessayer."


async def test_what_is_kept_in_the_log_is_english_whatever_its_people_read() -> None:
    door = await opened()
    await told(door, "/me language zh", "bob")
    await told(door, "/me language zh", "ada")
    await door.dispatcher.notices.unread.__self__._tell("main", texts.out_of_reach("Eve"), "k")
    kept = [each for each in await door.log() if isinstance(each, Pushed)][-1]
    assert kept.content.text == texts.out_of_reach("Eve")
    assert type(kept.content.wording).__name__ == "Wording"


async def test_help_is_in_the_language_of_whoever_asks_and_cut_where_they_may_only_ask() -> None:
    door = await opened()
    await told(door, "/me language de", "bob")
    lines = (await told(door, "/help", "bob")).split("\n")
    assert "- `/help` was du hier tun kannst" in lines
    assert "- `/model` welches Modell hier antwortet" in lines, "only an owner chooses another"
