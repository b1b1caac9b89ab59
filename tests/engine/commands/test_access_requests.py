"""Strangers ask to be let in, and owners answer."""

import asyncio
from contextlib import suppress

import pytest

from bridge import admission_texts, texts
from bridge.domain.commands import ChangeRole
from bridge.domain.content import Content
from bridge.domain.events import ParticipantJoined, ParticipantLeft, PushClosed, Pushed
from bridge.domain.ids import MessageId, ParticipantId
from bridge.domain.inbound import Edited, Pressed
from bridge.domain.parts import Reply
from bridge.engine.commands import access_requests
from bridge.engine.commands.access_cards import SCOPE
from bridge.session.access_requests import LIFE, MOST, MOST_OF_ACCOUNT, load
from bridge.session.admission import Account
from bridge.session.routing import SHARED, request_button
from tests.engine.doorway import CHAT, MAIL, Doorway, refused
from tests.engine.rig import OWNER

ASKING = Account(allow=frozenset(), strangers="ask")
OF_THEIR_OWN = Account(allow=frozenset(), strangers="ask", sessions="per_person")
WITH_OTTO = Account(allow=frozenset({"otto"}), strangers="ask")
ONLY_ADA = Account(allow=frozenset({"ada"}), strangers="ask")
ASKED = Reply(text=admission_texts.ASKED)


async def doorway(**accounts: Account) -> Doorway:
    """Open a doorway in whose private place `home` the bridge's owner is `olga`."""
    door = await Doorway(**{"chat": ASKING, "mail": WITH_OTTO, **accounts}).open()
    code = await door.dispatcher.pairing.codes.owner(OWNER)
    told = await door.say(code, "olga", place="home")
    assert told is not None
    assert not told.refused
    return door


async def another_owner(door: Doorway) -> None:
    """Make Otto, whom the list lets in by mail, an owner too."""
    await door.say("hello", "otto", place="otto's", channel=MAIL)
    code = await door.dispatcher.pairing.codes.owner(OWNER)
    await door.say(code, "otto", place="otto's", channel=MAIL)


async def guests(door: Doorway) -> list[str]:
    """Return the names of those whom others let in."""
    grants = (await door.dispatcher.admission.book()).grants.values()
    return [each.name for each in grants if each.guest]


async def cards(door: Doorway) -> list[Pushed]:
    """Return the cards with buttons that owners were shown."""
    rows = await door.store.sessions()
    pushed = [b for row in rows for b in await door.log(row.id) if isinstance(b, Pushed)]
    return [each for each in pushed if any(one.id.startswith("r:") for one in each.buttons)]


async def number(door: Doorway) -> str:
    """Return the number of the only request that waits."""
    (waiting,) = await door.dispatcher.access_requests.waiting()
    return waiting.id


async def press(door: Doorway, value: str, user: str = "olga", place: str = "home", **more):
    return await door.hear(Pressed(value=value), user, place=place, **more)


async def kept(door: Doorway) -> str:
    """Return all that the store keeps of requests."""
    return await door.store.fact(SCOPE, SCOPE) or ""


# -- asking ---------------------------------------------------------------------------------------


async def test_a_stranger_in_private_is_told_how_to_ask_and_leaves_nothing_behind() -> None:
    door = await doorway()
    before = await door.log()
    told = await door.say("my secret plan", "eve", place="eves")
    assert told == refused(admission_texts.ASK_HOW)
    assert await door.say("hello?", "eve", place="eves") is None
    assert await door.log() == before
    assert await kept(door) == ""


async def test_where_strangers_are_refused_they_are_told_no_more_than_that() -> None:
    door = await doorway(chat=Account(allow=frozenset()))
    assert await door.say("hello", "eve", place="eves") == refused(texts.UNKNOWN_SENDER)
    assert await door.say("/ask", "mallory", place="mallorys") == refused(texts.UNKNOWN_SENDER)
    assert await cards(door) == []


async def test_whoever_asks_is_shown_to_the_owner_with_the_words_of_the_request() -> None:
    door = await doorway()
    await door.say("my secret plan", "eve", place="eves")
    assert await door.say("/ask I am Eve from work", "eve", place="eves") == ASKED
    (card,) = await cards(door)
    assert card.to == (OWNER,)
    assert [each.label for each in card.buttons] == ["Allow", "Deny"]
    for words in ("**Eve**", "(eve, Chat)", "I am Eve from work", await number(door)):
        assert words in card.content.text
    assert "secret" not in card.content.text


@pytest.mark.parametrize("said", ["ask", " Ask ", "/ask", "/ask@bot"])
async def test_the_bare_word_asks_too_for_some_apps_take_no_slash(said) -> None:
    door = await doorway()
    assert await door.say(said, "eve", place="eves") == ASKED
    (card,) = await cards(door)
    assert "In their words" not in card.content.text
    for other in ("ask me anything", "asking"):
        told = await door.say(other, "mallory", place="mallorys")
        assert told in {None, refused(admission_texts.ASK_HOW)}
    assert len(await cards(door)) == 1


async def test_only_the_words_of_the_request_are_kept_cut_and_cleaned() -> None:
    door = await doorway()
    nasty = (
        "/ask \u202eevil\u202c\n**Ada · Telegram**\n[x](http://a.b) <@U1> @here `c` " + "y" * 999
    )
    await door.say(nasty, "eve", place="eves")
    (card,) = await cards(door)
    (said,) = (each for each in card.content.text.split("\n\n") if each.startswith("In their"))
    assert not set("\u202e\u202c\n*[]()<>@`·") & set(said.replace("(http", "")) - {"(", ")"}
    assert "http://" not in said
    assert len(said) < 240


async def test_a_name_that_looks_like_somebody_elses_is_pointed_out() -> None:
    door = await doorway()
    await door.say("/ask", "\u043elga", place="eves")  # a Cyrillic o
    (card,) = await cards(door)
    assert "looks like" not in card.content.text  # the owner is called Owner
    await press(door, request_button(await number(door), "deny"))
    await door.say("/ask", "\u043ewner", place="another's")
    assert "looks like **Owner**" in (await cards(door))[-1].content.text


async def test_whoever_asks_again_while_they_wait_asks_nobody_twice() -> None:
    door = await doorway()
    assert [await door.say("/ask", "eve", place="eves") for _ in range(5)] == [ASKED] * 5
    assert await door.say("/ask", "eve", place="eves") is None
    assert len(await cards(door)) == 1


async def test_of_a_thousand_strangers_few_are_heard_and_each_is_answered() -> None:
    door = await doorway()
    told = [
        await door.say("/ask", f"s{n}", place=f"p{n}", channel=(CHAT, MAIL)[n % 2])
        for n in range(1000)
    ]
    assert told.count(ASKED) == 2 * MOST_OF_ACCOUNT
    assert told.count(Reply(text=admission_texts.ASK_LATER)) == 1000 - 2 * MOST_OF_ACCOUNT
    assert len(await cards(door)) == 2 * MOST_OF_ACCOUNT <= MOST
    assert len(load(await kept(door))) == 2 * MOST_OF_ACCOUNT


async def test_however_quickly_they_are_denied_no_day_brings_more_than_twenty() -> None:
    door = await doorway()
    for n in range(30):
        await door.say("/ask", f"s{n}", place=f"p{n}")
        for each in await door.dispatcher.access_requests.waiting():
            await press(door, request_button(each.id, "deny"))
    assert len(await cards(door)) == 20


async def test_what_is_edited_or_said_beside_the_bridge_asks_for_nothing() -> None:
    door = await doorway()
    edited = Edited(message=MessageId("m1"), content=Content(text="/ask"))
    assert await door.hear(edited, "eve", place="eves") is None
    assert await door.say("/ask", "eve", place="team", room=True, addressed=False) is None
    assert await cards(door) == []


async def test_whoever_is_let_in_needs_not_ask() -> None:
    door = await doorway(chat=ONLY_ADA)
    assert await door.say("/ask", "ada") == Reply(text=admission_texts.LET_IN_ALREADY)
    assert await cards(door) == []


async def test_under_an_id_that_nobody_vouches_for_nobody_asks() -> None:
    """Whoever takes the name later would be let in."""
    door = await doorway()
    told = await door.say("/ask", "eve", place="eves", proven=False)
    assert told == refused(texts.UNKNOWN_SENDER)
    assert await cards(door) == []


# -- answering ------------------------------------------------------------------------------------


async def test_whoever_is_let_in_is_told_at_once_and_takes_part_from_then_on() -> None:
    door = await doorway()
    await door.say("/ask", "eve", place="eves")
    name = await number(door)
    told = await press(door, request_button(name, "allow"))
    assert told == Reply(text=admission_texts.request_allowed("Eve", "Owner", name))
    fold = await door.dispatcher.fold(SHARED)
    place = await door.there("eves")
    eve = fold.conversations[place.id]
    assert fold.participants[eve] == "member"
    welcome = [each for each in await door.log() if isinstance(each, Pushed) and each.to == (eve,)]
    assert [each.content.text for each in welcome] == [admission_texts.YOU_ARE_IN]
    assert await door.say("good morning", "eve", place="eves") is None
    assert (await door.last()).content.text == "good morning"


async def test_they_are_shown_nothing_of_what_was_said_before() -> None:
    door = await doorway()
    await door.say("between us", "olga", place="home")
    await door.say("/ask", "eve", place="eves")
    await press(door, request_button(await number(door), "allow"))
    cursor = (await door.there("eves")).cursor
    said = [n for n, each in enumerate(await door.log(), 1) if "between us" in str(each)]
    assert cursor > max(said)


async def test_where_everyone_has_a_session_of_their_own_they_get_one_too() -> None:
    door = await doorway(chat=OF_THEIR_OWN)
    await door.say("/ask", "eve", place="eves")
    (card,) = await cards(door)
    assert admission_texts.INTO_THEIR_OWN in card.content.text
    await press(door, request_button(await number(door), "allow"))
    place = await door.there("eves")
    assert place.session not in {None, SHARED}
    assert set((await door.dispatcher.fold(place.session)).participants.values()) == {"owner"}
    assert await door.say("hello", "eve", place="eves") is None
    eve = (await door.dispatcher.fold(place.session)).conversations[place.id]
    assert eve not in (await door.dispatcher.fold(SHARED)).participants


async def test_whoever_is_denied_cannot_find_out_and_is_silent_for_a_week() -> None:
    door = await doorway()
    before = await door.say("/ask", "eve", place="eves")
    await press(door, request_button(await number(door), "deny"))
    assert await door.say("/ask please", "eve", place="eves") == before == ASKED
    assert len(await cards(door)) == 1
    assert "please" not in await kept(door)
    assert '"Eve"' not in await kept(door)
    door.clock.forward(LIFE.total_seconds() - 60)
    assert await door.say("/ask", "eve", place="eves") == ASKED
    assert len(await cards(door)) == 1
    door.clock.forward(3600)
    assert await door.say("/ask", "eve", place="eves") == ASKED
    assert len(await cards(door)) == 2


async def test_the_commands_do_what_the_buttons_do() -> None:
    door = await doorway()
    await door.say("/ask", "eve", place="eves")
    await door.say("/ask", "mallory", place="mallorys")
    eve, mallory = (each.id for each in await door.dispatcher.access_requests.waiting())
    listed = await door.say("/admit", "olga", place="home")
    assert eve in listed.text
    assert mallory in listed.text
    await door.say(f"/admit {eve.lower()}", "olga", place="home")
    await door.say(f"/deny {mallory}", "olga", place="home")
    assert await door.dispatcher.access_requests.waiting() == []
    assert await door.say("/admit", "olga", place="home") == Reply(text=admission_texts.NOBODY_ASKS)
    assert await door.say("hello", "eve", place="eves") is None
    assert (await door.say("hello", "mallory", place="mallorys")).refused


async def test_of_two_owners_at_once_one_decides_and_the_other_is_told_who() -> None:
    door = await doorway()
    await another_owner(door)
    await door.say("/ask", "eve", place="eves")
    name = await number(door)
    allow, deny = await asyncio.gather(
        press(door, request_button(name, "allow")),
        press(door, request_button(name, "deny"), "otto", "otto's", channel=MAIL),
    )
    texts_ = {allow.text, deny.text}
    assert len([each for each in texts_ if each.endswith("decided that already.")]) == 1
    assert len([each for each in await door.log() if isinstance(each, PushClosed)]) == 1


async def test_an_answer_given_twice_counts_once() -> None:
    door = await doorway()
    await door.say("/ask", "eve", place="eves")
    name = await number(door)
    await press(door, request_button(name, "deny"))
    before = await door.log()
    told = await press(door, request_button(name, "allow"))
    assert told == Reply(text=admission_texts.decided_already("Owner"))
    assert await door.log() == before
    assert await guests(door) == []


async def test_every_card_says_who_decided() -> None:
    door = await doorway()
    await door.say("/ask", "eve", place="eves")
    await press(door, request_button(await number(door), "deny"))
    (closed,) = [each for each in await door.log() if isinstance(each, PushClosed)]
    assert closed.text == "_**Eve** was not let in: Owner decided so._"
    log = await door.log()
    assert isinstance(log[closed.push - 1], Pushed)


async def test_nobody_but_an_owner_answers_by_whatever_button_or_command() -> None:
    door = await doorway(chat=ONLY_ADA)
    await door.say("hello", "ada")
    await door.say("/ask", "eve", place="eves")
    name = await number(door)
    ada = (await door.dispatcher.fold(SHARED)).conversations[(await door.there()).id]
    for role in ("member", "viewer", "owner"):  # of the session, not of the bridge
        await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=ada, role=role))
        told = [
            await press(door, request_button(name, "allow"), "ada", "dm"),
            await door.say(f"/admit {name}", "ada"),
            await door.say("/admit", "ada"),
        ]
        assert told == [refused(admission_texts.REQUESTS_OWNER)] * 3
    assert [each.id for each in await door.dispatcher.access_requests.waiting()] == [name]


@pytest.mark.parametrize("value", ["r:ZZZZZZ:allow", "r::allow", "r:ZZZZZZ:owner", "r:ZZZZZZ:0"])
async def test_a_forged_button_lets_nobody_in(value) -> None:
    door = await doorway()
    await door.say("/ask", "eve", place="eves")
    told = await press(door, value)
    assert told.refused
    assert (await press(door, value, "eve", "eves")).refused
    assert await guests(door) == []


async def test_a_stranger_cannot_answer_for_themselves() -> None:
    door = await doorway()
    await door.say("/ask", "eve", place="eves")
    name = await number(door)
    await press(door, request_button(name, "allow"), "eve", "eves")
    await door.say(f"/admit {name}", "eve", place="eves")
    assert await number(door) == name


async def test_a_request_that_nobody_answers_is_over_after_a_week_and_says_so() -> None:
    door = await doorway()
    await door.say("/ask", "eve", place="eves")
    name = await number(door)
    door.clock.forward(LIFE.total_seconds() + 1)
    told = await press(door, request_button(name, "allow"))
    assert told == Reply(text=admission_texts.DECIDED_BY_NOBODY)
    (closed,) = [each for each in await door.log() if isinstance(each, PushClosed)]
    assert "nobody answered" in closed.text
    assert await guests(door) == []


# -- in a room ------------------------------------------------------------------------------------


async def test_in_a_room_a_stranger_is_not_told_how_but_may_ask_where_it_follows_a_session() -> (
    None
):
    door = await doorway(chat=ONLY_ADA)
    assert (await door.say("/ask", "eve", place="new", room=True)).text == texts.UNKNOWN_SENDER
    await door.say("hello", "ada", place="team", room=True, title="Team")
    told = await door.say("and me?", "mallory", place="team", room=True)
    assert told.text == texts.UNKNOWN_SENDER
    assert await door.say("/ask", "zoe", place="team", room=True, title="Team") == ASKED
    (card,) = await cards(door)
    assert [each.label for each in card.buttons] == ["Only this room", "Deny"]
    assert "**Team**" in card.content.text


async def test_whoever_is_let_in_to_a_room_is_let_in_there_alone() -> None:
    door = await doorway(chat=ONLY_ADA)
    await door.say("hello", "ada", place="team", room=True)
    await door.say("/ask", "eve", place="team", room=True)
    await press(door, request_button(await number(door), "allow"))
    assert await door.say("hello", "eve", place="team", room=True) is None
    room = (await door.there("team")).session
    assert (await door.log(room))[-1].content.text == "hello"
    assert (await door.say("hello", "eve", place="eves")).refused
    door.clock.forward(3600)
    assert (await door.say("hello", "eve", place="other", room=True)).refused
    assert "eves" not in {each.address.place for each in await door.store.conversations(room)}


async def test_what_they_plan_in_a_room_that_they_were_let_in_to_goes_on() -> None:
    """So does what they allowed there; until they are let in no more."""
    door = await doorway(chat=ONLY_ADA)
    await door.say("hello", "ada", place="team", room=True)
    await door.say("/ask", "eve", place="team", room=True)
    await press(door, request_button(await number(door), "allow"))
    await door.say("hello", "eve", place="team", room=True)
    eve = await door.store.identify(realm="chat", user="eve")
    room = (await door.there("team")).session
    assert eve is not None
    assert room is not None
    admission = door.dispatcher.admission
    assert await admission.lets_in(eve, await door.dispatcher.fold(room))
    assert not await admission.lets_in(eve, await door.dispatcher.fold(SHARED))
    (grant,) = [each for each in (await admission.book()).grants.values() if each.guest]
    await admission.instead(grant, None)
    assert not await admission.lets_in(eve, await door.dispatcher.fold(room))


async def test_a_room_that_follows_the_owners_session_opens_no_private_way_into_it() -> None:
    door = await doorway(chat=ONLY_ADA)
    await door.say("hello", "ada", place="team", room=True)
    team = await door.there("team")
    following = door.dispatcher.places
    await following.follow(team, SHARED, OWNER, welcome=False)
    await door.say("/ask", "eve", place="team", room=True)
    await press(door, request_button(await number(door), "allow"))
    assert await door.say("hello", "eve", place="team", room=True) is None
    assert (await door.say("hello", "eve", place="eves")).refused


async def test_a_place_that_became_a_room_since_they_asked_follows_nobody_elses_session() -> None:
    door = await doorway(chat=Account(allow=frozenset({"mallory"}), strangers="ask"))
    await door.say("/ask", "eve", place="p")
    await door.say("hello all", "mallory", place="p", room=True, title="Everyone")
    room = await door.there("p")
    told = await press(door, request_button(await number(door), "allow"))
    assert told == Reply(text=admission_texts.ASKED_IN_WHAT_IS_A_ROOM, refused=True)
    assert (await door.there("p")).session == room.session != SHARED
    assert await guests(door) == []
    await press(door, request_button(await number(door), "deny"))
    assert await door.dispatcher.access_requests.waiting() == []


# -- being put out again --------------------------------------------------------------------------


async def let_in(door: Doorway, user: str = "eve") -> str:
    await door.say("/ask", user, place=f"{user}s")
    name = await number(door)
    await press(door, request_button(name, "allow"))
    return name


async def test_undo_makes_them_a_stranger_again() -> None:
    door = await doorway()
    name = await let_in(door)
    told = await door.say(f"/unlink {name}", "olga", place="home")
    assert "Eve" in told.text
    assert (await door.say("hello", "eve", place="eves")).refused
    assert (await door.there("eves")).session is None
    fold = await door.dispatcher.fold(SHARED)
    assert set(fold.participants) == {OWNER}
    assert await guests(door) == []
    assert await door.say("/ask", "eve", place="eves") == ASKED  # and may ask once more
    await press(door, request_button(await number(door), "allow"))
    assert await door.say("hello again", "eve", place="eves") is None


async def test_another_owner_undoes_it_too_and_nobody_else() -> None:
    door = await doorway(chat=ONLY_ADA)
    await another_owner(door)
    await door.say("hello", "ada")
    name = await let_in(door)
    assert (await door.say(f"/unlink {name}", "ada")).text == texts.NOT_YOURS_TO_UNDO
    told = await door.say(f"/unlink {name}", "otto", place="otto's", channel=MAIL)
    assert not told.refused
    assert (await door.say("hello", "eve", place="eves")).refused


async def test_kick_works_as_for_everyone_and_whoever_was_kicked_does_not_ask_again() -> None:
    door = await doorway()
    await let_in(door)
    await door.say("/kick Eve", "olga", place="home")
    assert (await door.say("hello", "eve", place="eves")).text == texts.PUT_OUT
    before = len(await cards(door))
    await door.say("/ask", "eve", place="eves")
    assert len(await cards(door)) == before


async def test_whoever_is_removed_from_the_bridge_asks_for_nothing() -> None:
    door = await doorway()
    await let_in(door)
    people = door.dispatcher.people
    (eve,) = [each.id for each in await people.everyone() if each.name == "Eve"]
    await people.remove(eve, OWNER)
    assert (await door.say("/ask", "eve", place="eves")) == refused(texts.PUT_OUT)
    assert await door.dispatcher.access_requests.waiting() == []


async def test_it_holds_only_while_whoever_let_them_in_is_an_owner() -> None:
    door = await doorway()
    await another_owner(door)
    await door.say("/ask", "eve", place="eves")
    told = await press(
        door, request_button(await number(door), "allow"), "otto", "otto's", channel=MAIL
    )
    assert not told.refused
    assert await door.say("hello", "eve", place="eves") is None
    otto = await door.store.identify(realm=MAIL, user="otto")
    await door.dispatcher.admission.put_out(otto, out=True)
    assert (await door.say("hello", "eve", place="eves")).refused


async def test_a_list_that_lets_a_former_owner_in_lets_in_nobody_else_by_them() -> None:
    door = await doorway(chat=WITH_OTTO)
    await door.say("hello", "otto", place="ottos")
    await door.say(await door.dispatcher.pairing.codes.owner(OWNER), "otto", place="ottos")
    await door.say("/ask", "eve", place="eves")
    await press(door, request_button(await number(door), "allow"), "otto", place="ottos")
    assert await door.say("hello", "eve", place="eves") is None
    (owns,) = [g for g in (await door.dispatcher.admission.book()).grants.values() if g.owner]
    await door.say(f"/unlink {owns.id}", "olga", place="home")
    assert await door.say("hello", "otto", place="ottos") is None
    assert (await door.say("hello", "eve", place="eves")).refused


# -- dying in between -----------------------------------------------------------------------------


class Died(Exception):
    """The process is gone."""


async def restarted(door: Doorway) -> Doorway:
    """Return a doorway of the next process over the same store."""
    new = await Doorway(
        chat=door.chat, mail=door.mail, store=door.store, clock=door.clock, heard=1000
    ).open()
    await new.dispatcher.access_requests.resume()
    return new


def dying_after(door: Doorway, writes: int) -> None:
    """Let the store take so many more writes, then none."""
    left = writes

    def guarded(name: str) -> None:
        real = getattr(door.store, name)

        async def write(*args, **more):
            nonlocal left
            if left == 0:
                raise Died
            left -= 1
            return await real(*args, **more)

        setattr(door.store, name, write)

    for name in ("append", "change_facts", "keep_fact", "drop_fact", "enrol", "register"):
        guarded(name)


@pytest.mark.parametrize("writes", range(8))
async def test_a_death_at_any_point_of_asking_loses_nothing_and_shows_one_card(writes) -> None:
    door = await doorway()
    real = dict(vars(door.store))
    dying_after(door, writes)
    with suppress(Exception):  # whatever a death looks like from here
        await door.say("/ask", "eve", place="eves", key="same")
    for name in set(vars(door.store)) - set(real):
        delattr(door.store, name)
    new = await restarted(door)
    assert await new.say("/ask", "eve", place="eves", key="same") == ASKED
    assert len(await cards(new)) == 1
    await press(new, request_button(await number(new), "allow"))
    closed = [each for each in await new.log() if isinstance(each, PushClosed)]
    assert len(closed) == 1


@pytest.mark.parametrize("writes", range(16))
async def test_a_death_at_any_point_of_answering_leaves_it_answered_once_or_open(writes) -> None:
    door = await doorway()
    await door.say("/ask", "eve", place="eves")
    name = await number(door)
    real = dict(vars(door.store))
    dying_after(door, writes)
    with suppress(Exception):  # whatever a death looks like from here
        await press(door, request_button(name, "allow"))
    for each in set(vars(door.store)) - set(real):
        delattr(door.store, each)
    new = await restarted(door)
    if await new.dispatcher.access_requests.waiting():
        await press(new, request_button(name, "allow"))
    log = await new.log()
    assert len([each for each in log if isinstance(each, PushClosed)]) == 1
    assert len([each for each in log if isinstance(each, ParticipantJoined)]) == 2
    in_ = [each for each in log if isinstance(each, Pushed)]
    assert [each.content.text for each in in_].count(admission_texts.YOU_ARE_IN) == 1
    assert not [each for each in log if isinstance(each, ParticipantLeft)]
    assert await new.say("hello", "eve", place="eves") is None


@pytest.mark.parametrize("name", ["owner", "BRIDGE", "echo", "The agent", "mia (2)", "MIA"])
async def test_a_strangers_name_that_reads_like_anothers_or_ours_is_pointed_out(name) -> None:
    door = await doorway()
    who = ParticipantId("p_mia")
    await door.store.enrol(who, name="Mia", realm="x", user="mia", at=door.clock.now())
    await door.say("/ask", name, place="eves")
    (card,) = await cards(door)
    assert "Take care: this name looks like **" in card.content.text


async def test_what_became_a_room_before_the_grant_was_carried_out_does_not_follow() -> None:
    door = await doorway(chat=Account(allow=frozenset({"mallory"}), strangers="ask"))
    await door.say("/ask", "eve", place="p")
    name, real = await number(door), dict(vars(door.store))
    dying_after(door, 1)
    with suppress(Exception):  # whatever a death looks like from here
        await press(door, request_button(name, "allow"))
    for each in set(vars(door.store)) - set(real):
        delattr(door.store, each)
    assert await guests(door) == ["Eve"]
    await door.say("hello all", "mallory", place="p", room=True, title="Everyone")
    new = await restarted(door)
    assert (await new.there("p")).session != SHARED
    assert await guests(new) == []
    told = [each for each in await new.log() if isinstance(each, Pushed)]
    assert [each.content.text for each in told].count(admission_texts.ASKED_IN_WHAT_IS_A_ROOM) == 1
    assert told[-1].to == (OWNER,)


async def test_the_owner_reads_the_truth_at_once_where_a_chat_became_a_room_meanwhile(
    monkeypatch,
) -> None:
    """Neither the answer nor a card says in between that somebody was let in."""
    door = await doorway()
    await door.say("/ask", "eve", place="p")
    await door.say("hello all", "mallory", place="p", room=True, title="Everyone")
    real, looks = access_requests._refuse_room, []

    async def look(*asked) -> None:
        looks.append(asked)
        if len(looks) > 1:  # it was none yet when the owner pressed
            await real(*asked)

    monkeypatch.setattr(access_requests, "_refuse_room", look)
    told = await press(door, request_button(await number(door), "allow"))
    assert told == Reply(text=admission_texts.ASKED_IN_WHAT_IS_A_ROOM, refused=True)
    closed = [each.text for each in await door.log() if isinstance(each, PushClosed)]
    assert closed == [f"_{admission_texts.not_let_in('Eve')}_"]
    assert await guests(door) == []
    assert not any("was let in by" in str(each) for each in await door.log())


async def test_a_room_in_which_only_strangers_speak_is_one_too() -> None:
    """Nothing is kept of what they say, but that the place is no private one any more."""
    door = await doorway()
    await door.say("/ask", "eve", place="p")
    await door.say("hello all", "mallory", place="p", room=True, title="Everyone")
    told = await press(door, request_button(await number(door), "allow"))
    assert told == Reply(text=admission_texts.ASKED_IN_WHAT_IS_A_ROOM, refused=True)
    assert "p" not in {each.address.place for each in await door.store.conversations(SHARED)}
    assert await guests(door) == []
