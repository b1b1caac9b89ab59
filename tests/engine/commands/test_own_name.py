"""What people are called: /me, and the name that their app tells late."""

import asyncio

import pytest

from bridge import admission_texts, texts
from bridge.domain.commands import ChangeRole
from bridge.domain.content import Content
from bridge.domain.display_names import clean_name
from bridge.domain.ids import MessageId, ParticipantId
from bridge.domain.inbound import Inbound, Sender, Spoken
from bridge.domain.parts import Address
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from storage.memory import MemoryStore
from tests.engine.commands.test_access_requests import doorway
from tests.engine.commands.test_invitations import invited
from tests.engine.commands.test_members import BOTH, opened, told, who
from tests.engine.doorway import CHAT, Doorway
from tests.engine.rig import OWNER


async def called(door: Doorway, user: str) -> str:
    return await door.dispatcher.people.names.who(await who(door, user))


async def test_people_are_called_as_they_wish_in_every_place_at_once() -> None:
    door = await opened()
    assert await told(door, "/me", "bob") == admission_texts.you_are_called("Bob")
    assert await told(door, "/me Robert the 2nd", "bob") == admission_texts.called_now(
        "Robert the 2nd"
    )
    assert "**Robert the 2nd** (member)" in await told(door, "/who", "ada")
    await door.say("hello again", "bob", place="bob")
    assert await called(door, "bob") == "Robert the 2nd", "what the app says is older"


@pytest.mark.parametrize(
    "name",
    [
        *("Ada", "ADA", "\u0410da", "owner", "The agent", "Chat", "echo", "someone", "Bridgehead"),
        *("BRIDGE", "ECHO", "ian", "MIA", "A\u034fda\ufe0f"),
    ],
)
async def test_nobody_takes_a_name_that_reads_like_anothers_or_ours(name: str) -> None:
    door = await opened()
    for number, other in enumerate(("Ian", "Mia")):
        who = ParticipantId(f"p_{number}")
        await door.store.enrol(who, name=other, realm="x", user=other, at=door.clock.now())
    assert await told(door, f"/me {name}", "bob") == admission_texts.name_taken(clean_name(name))
    assert await called(door, "bob") == "Bob"


async def test_a_name_is_data_and_one_of_which_nothing_can_be_read_is_none() -> None:
    door = await opened()
    assert await told(door, "/me \u202e\u200b **", "bob") == admission_texts.NAME_UNREADABLE
    await told(door, "/me [Bob](https://evil.example) @everyone", "bob")
    assert not set("[]@*") & set(await called(door, "bob"))


async def test_ones_own_name_can_be_written_otherwise() -> None:
    door = await opened()
    assert await told(door, "/me BOB", "bob") == admission_texts.called_now("BOB")


async def test_a_viewer_may_and_whoever_is_not_in_the_session_may_not() -> None:
    door = await opened()
    viewer = ChangeRole(by=None, participant=await who(door, "bob"), role="viewer")
    await door.dispatcher.submit(SHARED, viewer)
    assert await told(door, "/me Robert", "bob") == admission_texts.called_now("Robert")
    assert await told(door, "/me Mallory", "eve") == texts.UNKNOWN_SENDER
    assert await door.store.identify(realm=CHAT, user="eve") is None


async def test_an_owner_who_has_no_name_yet_is_called_as_the_app_says() -> None:
    door = await opened()
    names = door.dispatcher.people.names
    assert await names.who(OWNER) == texts.OWNER
    await door.store.enrol(OWNER, name="", realm=CHAT, user="olga", at=door.clock.now())
    await door.say("hello", "olga", place="olga")
    assert await names.who(OWNER) == "Olga"


@pytest.mark.parametrize(
    "name",
    ["Ada (2)", "Ada (02)", "Ada \uff082\uff09", "Zed (2)", "Olga (owner)", "Zed (You)", "(2)"],
)
async def test_nobody_takes_a_name_that_ends_in_what_we_write_behind_one(name: str) -> None:
    door = await opened()
    assert await told(door, f"/me {name}", "bob") == admission_texts.name_marked(clean_name(name))
    assert await called(door, "bob") == "Bob"


async def test_of_two_who_choose_one_name_at_once_one_is_called_so() -> None:
    door = await Doorway(chat=BOTH, store=Slow()).open()
    for user in ("ada", "bob"):
        await door.say("hello", user, place=user)
    replies = await asyncio.gather(told(door, "/me Zed", "ada"), told(door, "/me zed", "bob"))
    assert sorted(each.startswith("I cannot") for each in replies) == [False, True]
    assert len([each for each in await door.store.people() if each.name.casefold() == "zed"]) == 1


async def test_of_two_who_choose_one_name_in_two_processes_never_both_are_called_so() -> None:
    store = Slow()
    one, other = [await Doorway(chat=BOTH, store=store).open() for _ in range(2)]
    await one.say("hello", "ada", place="ada")
    other.heard = 100
    await other.say("hello", "bob", place="bob")
    await asyncio.gather(told(one, "/me Zed", "ada"), told(other, "/me zed", "bob"))
    people = {each.name for each in await store.people()}
    assert len({each for each in people if each.casefold() == "zed"}) <= 1
    assert people & {"Ada", "Bob"}, "who did not get it is called as before"


class Slow(MemoryStore):
    """Lets others run before it says who there is."""

    async def people(self):
        found = await super().people()
        for _ in range(20):
            await asyncio.sleep(0)
        return found


# -- what apps tell


async def named(door: Doorway, name: str, user: str = "4915112345678") -> None:
    """Let someone write in private, whose app tells this name."""
    door.heard += 1
    inbound = Inbound(
        external_id=f"n{door.heard}",
        address=Address(channel=CHAT, place="w"),
        sender=Sender(realm=CHAT, user=user, name=name),
        what=Spoken(
            message=MessageId(f"n{door.heard}"), content=Content(text="hello"), addressed=True
        ),
    )
    await door.intake(inbound)


@pytest.mark.parametrize("name", ["echo", "Bridge", "OWNER", "\u043ewner", "Owner (2)", "Someone"])
async def test_a_name_that_is_told_late_and_reads_like_a_word_of_ours_is_not_learnt(name) -> None:
    door = await doorway(chat=Account(allow=frozenset({"*"})))
    await named(door, "4915112345678")
    await named(door, name)
    assert await called(door, "4915112345678") == "someone 5678"
    await named(door, "Zed")
    assert await called(door, "4915112345678") == "Zed"


@pytest.mark.parametrize("first", [[], ["4915112345678"]], ids=["at once", "late"])
async def test_a_code_in_the_name_that_an_app_tells_is_void(first: list[str]) -> None:
    door = await doorway(chat=Account(allow=frozenset({"*"})))
    code = await invited(door)
    for name in (*first, code):
        await named(door, name)
    found = await door.dispatcher.pairing.codes.find(code)
    assert found is not None
    assert found.invitation.void


async def test_a_number_or_a_role_behind_a_name_that_an_app_tells_is_dropped() -> None:
    door = await doorway(chat=Account(allow=frozenset({"*"})))
    await named(door, "Zed (2) (owner)")
    assert await called(door, "4915112345678") == "Zed"
