"""Invitations into the browser, beside what HTTP asks of them: deaths, other apps, chains."""

import asyncio

import pytest

from bridge import admission_texts, texts
from bridge.domain.errors import Refused
from bridge.domain.ids import ParticipantId
from bridge.engine.commands.browser_guests import DIGITS, BrowserGuests
from bridge.session.admission import BROWSERS, Account
from bridge.session.invitations import Inviting
from bridge.session.routing import SHARED
from tests.engine.commands.test_access_requests import doorway
from tests.engine.doorway import Doorway
from tests.engine.rig import OWNER

NOBODY = Account(allow=frozenset())
TOKEN, OTHER = "a" * 64, "b" * 64


async def invited(door: Doorway, **wanted) -> tuple[BrowserGuests, str]:
    """Return who invites, and the code of a new link of the owner's."""
    guests = door.dispatcher.people.browser_guests
    guests.page = "https://bridge.example"
    fold = await door.dispatcher.fold(SHARED)
    made = await guests.invite(fold, OWNER, Inviting(browser=True, **wanted))
    assert made.links == (f"https://bridge.example/#invite={made.code}",)
    return guests, made.code


async def guest_of(door: Doorway, digest: str = TOKEN) -> ParticipantId | None:
    return await door.store.bearer(digest)


async def test_a_link_is_no_code_in_an_app_and_stays_good() -> None:
    door = await doorway(chat=NOBODY)
    guests, code = await invited(door)
    told = await door.say(code, "eve", place="eves")
    assert told.text == admission_texts.IN_THE_BROWSER
    assert await guests.sign_in(code, "Eva", TOKEN) == SHARED


async def test_a_code_for_an_app_signs_no_browser_in() -> None:
    door = await doorway(chat=NOBODY)
    guests, _ = await invited(door)
    fold = await door.dispatcher.fold(SHARED)
    code = (await guests.invite(fold, OWNER, Inviting())).code
    with pytest.raises(Refused, match="does not work any more"):
        await guests.sign_in(code, "Eva", TOKEN)


async def test_without_a_page_there_is_no_link() -> None:
    door = await doorway(chat=NOBODY)
    guests, _ = await invited(door)
    guests.page = ""
    with pytest.raises(Refused, match="not known yet"):
        await guests.invite(await door.dispatcher.fold(SHARED), OWNER, Inviting(browser=True))


@pytest.mark.parametrize("step", ["enrol", "issue_token", "append"])
async def test_who_dies_before_they_are_in_comes_in_by_asking_again(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = await doorway(chat=NOBODY)
    guests, code = await invited(door, role="viewer")

    async def died(*_, **__) -> None:
        raise RuntimeError

    with monkeypatch.context() as dying:
        dying.setattr(type(door.store), step, died)
        with pytest.raises((RuntimeError, Exception)):
            await guests.sign_in(code, "Eva", TOKEN)
    with pytest.raises(Refused):
        await guests.sign_in(code, "Eve", OTHER)
    assert await guests.sign_in(code, "Eva", TOKEN) == SHARED
    who = await guest_of(door)
    assert (await door.dispatcher.fold(SHARED)).participants[who] == "viewer"
    assert (await door.store.participants([who]))[who].name == "Eva"


async def test_what_a_guest_gave_ends_with_their_grant() -> None:
    """They go on in an app by a code, as themselves; once they are undone, that is over too."""
    door = await doorway(chat=NOBODY)
    guests, code = await invited(door)
    await guests.sign_in(code, "Eva", TOKEN)
    who = await guest_of(door)
    via = await door.dispatcher.admission.over_http(who)
    assert via == BROWSERS
    link = await door.dispatcher.pairing.codes.link(who, SHARED, via=via)
    assert not (await door.say(f"/link {link}", "evas", place="evas")).refused
    assert await door.say("hello", "evas", place="evas") is None
    assert not await guests.may_begin(who)
    (grant,) = [
        each
        for each in (await door.dispatcher.admission.book()).grants.values()
        if each.account == BROWSERS
    ]
    await door.dispatcher.pairing.undoing.undo(grant.id, OWNER)
    assert (await door.say("hello?", "evas", place="evas")).refused
    assert await guest_of(door) is None
    assert who not in (await door.dispatcher.fold(SHARED)).participants


async def test_whoever_may_not_invite_any_more_keeps_nobody_in() -> None:
    door = await doorway(chat=Account(allow=frozenset({"bob"})))
    guests, _ = await invited(door)
    await door.say("hello", "bob", place="bobs")
    bob = await door.store.identify(realm="chat", user="bob")
    await door.say("/role Bob owner", "olga", place="home")
    code = (await door.say("/invite web", "bob", place="bobs")).text
    code = code.partition("#invite=")[2].partition("`")[0]
    await guests.sign_in(code, "Eva", TOKEN)
    who, fold = await guest_of(door), await door.dispatcher.fold(SHARED)
    assert await guests.may_read(who, fold)
    door.dispatcher.admission._accounts = {"chat": NOBODY}
    await door.dispatcher.admission.changed()
    assert bob in fold.participants
    assert not await guests.may_read(who, fold)


async def test_of_two_who_sign_in_at_once_under_one_name_one_is_called_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door = await doorway(chat=NOBODY)
    (guests, one), (_, other) = await invited(door), await invited(door)
    people = type(door.store).people

    async def slowly(store):
        found = await people(store)
        for _ in range(50):
            await asyncio.sleep(0)
        return found

    monkeypatch.setattr(type(door.store), "people", slowly)
    signing = [guests.sign_in(one, "Eva", TOKEN), guests.sign_in(other, "Eva", OTHER)]
    first, second = await asyncio.gather(*signing, return_exceptions=True)
    assert (first, type(second)) == (SHARED, Refused)
    assert [each.name for each in await people(door.store)].count("Eva") == 1
    assert await guests.sign_in(other, "Eve", OTHER) == SHARED, "the link is still good"


async def test_whose_name_somebody_got_in_another_process_meanwhile_is_called_no_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door = await doorway(chat=NOBODY)
    guests, code = await invited(door)
    enrol = type(door.store).enrol

    async def later(store, who, **named):
        first = ParticipantId("p_first")
        await enrol(store, first, **{**named, "user": "elsewhere"})
        return await enrol(store, who, **named)

    monkeypatch.setattr(type(door.store), "enrol", later)
    assert await guests.sign_in(code, "Eva", TOKEN) == SHARED
    names = {each.id: each.name for each in await door.store.people()}
    assert names["p_first"] == "Eva"
    assert names[await guest_of(door)] == texts.someone(TOKEN[:DIGITS])


async def test_who_asks_again_after_a_death_gets_nobody_elses_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door = await doorway(chat=Account(allow=frozenset({"bob"})))
    await door.say("hello", "bob", place="bobs")
    guests, code = await invited(door)

    async def died(*_, **__) -> None:
        raise RuntimeError

    with monkeypatch.context() as dying:
        dying.setattr(type(door.store), "enrol", died)
        with pytest.raises((RuntimeError, Exception)):
            await guests.sign_in(code, "Eva", TOKEN)
    with pytest.raises(Refused, match="Bob"):
        await guests.sign_in(code, "Bob", TOKEN)
    await guests.sign_in(code, "Eva", TOKEN)
    names = [each.name for each in await door.store.people()]
    assert sorted(names).count("Bob") == 1


@pytest.mark.parametrize("how", ["kicked", "removed"])
async def test_whom_somebody_invited_goes_with_them(how: str) -> None:
    door = await doorway(chat=Account(allow=frozenset({"bob"})))
    guests, _ = await invited(door)
    await door.say("hello", "bob", place="bobs")
    bob = await door.store.identify(realm="chat", user="bob")
    await door.say("/role Bob owner", "olga", place="home")
    code = (await door.say("/invite web", "bob", place="bobs")).text
    code = code.partition("#invite=")[2].partition("`")[0]
    await guests.sign_in(code, "Eva", TOKEN)
    eva = await guest_of(door)
    if how == "kicked":
        await door.say("/kick Bob", "olga", place="home")
    else:
        await door.dispatcher.people.remove(bob, OWNER)
    fold = await door.dispatcher.fold(SHARED)
    assert bob not in fold.participants
    assert eva not in fold.participants
    assert await guest_of(door) is None
