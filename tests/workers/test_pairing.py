"""What codes do: the owner's and those of /link, where they are void, and undoing them."""

import asyncio
import itertools
from pathlib import Path

import pytest

from bridge import admission_texts, texts
from bridge.admission import Account
from bridge.commands import ChangeRole
from bridge.content import Content
from bridge.events import MessageReceived, Pushed, RoleChanged
from bridge.ids import MessageId, ParticipantId, SessionId
from bridge.inbound import Edited, Pressed, RemoteFile
from bridge.routing import SHARED
from bridge.workers.admission import MAX_TRIES
from bridge.workers.pairing_codes import PairingCodes
from storage.memory import MemoryStore
from tests.stores import opened
from tests.workers.doorway import CHAT, MAIL, Doorway, refused
from tests.workers.rig import OWNER

NOBODY = Account(allow=frozenset())
ONLY_ADA = Account(allow=frozenset({"ada"}))
BOTH = Account(allow=frozenset({"ada", "bob"}))
SECRET = "WRONG-CODES"


async def owner_code(door: Doorway) -> str:
    return await PairingCodes(door.store, door.clock).owner(OWNER)


async def link_code(door: Doorway, user: str = "ada", **more) -> str:
    """Ask for a code in a chat and return it."""
    reply = await door.say("/link", user, **more)
    assert reply is not None
    return reply.text.split("/link ")[1].split("`")[0]


async def known(door: Doorway, user: str, realm: str = CHAT) -> ParticipantId:
    """Let someone say hello, and return who they are."""
    await door.say("hello", user)
    who = await door.store.identify(realm=realm, user=user)
    assert who is not None
    return who


async def redeem(door: Doorway, code: str, user: str = "a@b", **more):
    return await door.say(code, user, channel=MAIL, place=f"inbox of {user}", **more)


async def told(door: Doorway, who: ParticipantId, session: SessionId = SHARED) -> list[str]:
    """Return what the bridge told someone in the log."""
    pushes = [each for each in await door.log(session) if isinstance(each, Pushed)]
    return [each.content.text for each in pushes if each.to == (who,)]


async def grant_of(door: Doorway) -> str:
    (grant,) = (await door.desks.admission.book()).grants.values()
    return grant.id


# -- the owner's code -----------------------------------------------------------------------------


async def test_whoever_sends_the_owners_code_is_the_owner_and_is_let_in_for_good() -> None:
    door = await Doorway(chat=NOBODY).open()
    reply = await door.say(await owner_code(door), "ada")
    assert reply is not None
    assert reply.text == texts.you_own_it("Main")
    assert await door.say("hello", "ada") is None
    heard = await door.last()
    assert isinstance(heard, MessageReceived)
    assert heard.participant == OWNER


async def test_a_message_with_the_code_is_not_said_in_the_session() -> None:
    door = await Doorway(chat=NOBODY).open()
    await door.say(await owner_code(door), "ada")
    assert not [each for each in await door.log() if isinstance(each, MessageReceived)]


async def test_the_owners_code_is_good_once() -> None:
    door = await Doorway(chat=NOBODY).open()
    code = await owner_code(door)
    await door.say(code, "ada")
    assert await door.say(code, "eve") == refused(texts.UNKNOWN_SENDER)
    assert await door.say(f"/link {code}", "eve") == refused(texts.BAD_CODE)
    assert await door.store.identify(realm=CHAT, user="eve") is None


async def test_a_code_that_is_delivered_twice_gets_the_same_reply() -> None:
    door = await Doorway(chat=NOBODY).open()
    code = await owner_code(door)
    first = await door.say(code, "ada", key="x")
    assert await door.say(code, "ada", key="x") == first


async def test_someone_who_was_known_already_becomes_an_owner_too() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    await door.say("hello", "ada")
    await door.say(await owner_code(door), "ada")
    changed = await door.last()
    assert isinstance(changed, RoleChanged)
    assert changed.role == "owner"


async def test_an_owners_code_is_replaced_by_the_next_one() -> None:
    door = await Doorway(chat=NOBODY).open()
    old = await owner_code(door)
    await owner_code(door)
    assert await door.say(old, "eve") == refused(texts.UNKNOWN_SENDER)


async def test_the_owner_is_let_in_after_a_restart() -> None:
    door = await Doorway(chat=NOBODY).open()
    await door.say(await owner_code(door), "ada")
    again = await Doorway(chat=NOBODY, store=door.store).open()
    assert await again.say("hello", "ada") is None


# -- codes of /link -------------------------------------------------------------------------------


async def test_a_code_makes_another_app_follow_the_session_as_the_same_person() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    code = await link_code(door)
    reply = await door.say(f"/link {code}", "a@b", channel=MAIL, place="inbox")
    assert reply is not None
    assert reply.text == texts.linked("Main")
    await door.say("me again", "a@b", channel=MAIL, place="inbox")
    ada = await door.store.identify(realm=CHAT, user="ada")
    assert (await door.last()).participant == ada
    assert (await door.there("inbox", MAIL)).session == SHARED


@pytest.mark.parametrize("typed", ["{}", "/link {}", "/start {}", "/link@bot {}"])
async def test_codes_are_typed_in_any_case_and_with_or_without_their_dash(typed: str) -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    code = (await link_code(door)).replace("-", "").lower()
    await door.say(typed.format(code), "a@b", channel=MAIL, place="inbox")
    assert (await door.there("inbox", MAIL)).session == SHARED


async def test_a_code_is_good_for_ten_minutes() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    code = await link_code(door)
    door.clock.forward(601)
    assert await door.say(f"/link {code}", "a@b", channel=MAIL) == refused(texts.BAD_CODE)


async def test_codes_cannot_be_guessed_one_after_the_other() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    for _ in range(MAX_TRIES):
        assert await door.say(f"/link {SECRET}", "eve", channel=MAIL) == refused(texts.BAD_CODE)
    code = await link_code(door)
    turned_away = await door.say(f"/link {code}", "eve", channel=MAIL)
    assert turned_away == refused(texts.TOO_MANY_CODES)
    door.clock.forward(3600)
    assert await door.say(f"/link {SECRET}", "eve", channel=MAIL) == refused(texts.BAD_CODE)


async def test_words_that_only_look_like_a_code_are_said() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    await door.say(SECRET, "ada")
    assert (await door.last()).content.text == SECRET


async def test_codes_are_not_kept_as_they_are() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    code = await link_code(door)
    kept = await door.store.facts("codes")
    assert code.replace("-", "") not in repr(kept)


async def test_a_viewer_gets_no_code() -> None:
    """A code lets others in to write."""
    door = await Doorway(chat=ONLY_ADA).open()
    ada = await known(door, "ada")
    await door.desks.submit(SHARED, ChangeRole(by=OWNER, participant=ada, role="viewer"))
    reply = await door.say("/link", "ada")
    assert reply is not None
    assert reply.text == texts.READ_ONLY


# -- only where one person reads ------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["/link", "/link@bot", "/link  "])
async def test_no_code_is_shown_in_a_room(asked: str) -> None:
    """Whoever reads it could be the owner."""
    door = await Doorway(chat=ONLY_ADA).open()
    reply = await door.say(asked, "ada", place="team", room=True)
    assert reply == refused(texts.LINK_IN_PRIVATE)
    assert await door.store.facts("codes") == {}


SAID_IN_A_ROOM = [
    "{}",
    "/link {}",
    "/start {}",
    "@bridge {}",
    "my code is {}, do not tell",
    "`/link {}`",
    "{}.",
]


@pytest.mark.parametrize("text", SAID_IN_A_ROOM)
@pytest.mark.parametrize("addressed", [True, False])
@pytest.mark.parametrize("user", ["ada", "eve"])
async def test_a_code_that_a_room_can_read_is_void_whoever_typed_it(
    text: str,
    addressed: bool,  # noqa: FBT001
    user: str,
) -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    ada, code = await known(door, "ada"), await link_code(door)
    said = text.format(code if addressed else code.replace("-", "").lower())
    reply = await door.say(said, user, place="team", room=True, addressed=addressed)
    assert reply == refused(texts.CODE_SEEN)
    assert await told(door, ada) == [admission_texts.code_was_seen(user.title(), "Chat")]
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)
    assert await door.store.identify(realm=MAIL, user="a@b") is None
    assert await door.store.facts("grants") == {}


@pytest.mark.parametrize("user", ["ada", "eve"])
async def test_a_code_that_comes_into_a_room_by_an_edit_is_void(user: str) -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    code = await link_code(door)
    edited = Edited(message=MessageId("m1"), content=Content(text=f"it is {code}"))
    assert await door.hear(edited, user, place="team", room=True) == refused(texts.CODE_SEEN)
    assert await redeem(door, code) == refused(texts.UNKNOWN_SENDER)


@pytest.mark.parametrize("room", [True, False])
async def test_a_code_may_stand_beside_a_file_which_is_never_fetched(room: bool) -> None:  # noqa: FBT001
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    file = RemoteFile(kind="image", name="a.png", mime="image/png", ref="a")
    code = await link_code(door)
    reply = await redeem(door, code, files=(file,), room=room)
    assert reply is not None
    assert reply.text == (texts.CODE_SEEN if room else texts.linked("Main"))


async def test_the_owners_code_is_void_in_a_room_too_and_the_next_start_makes_another() -> None:
    door = await Doorway(chat=NOBODY).open()
    code = await owner_code(door)
    assert await door.say(code, "ada", place="team", room=True) == refused(texts.CODE_SEEN)
    assert await told(door, OWNER) == [admission_texts.code_was_seen("Ada", "Chat")]
    assert await door.say(f"/link {code}", "ada") == refused(texts.BAD_CODE)
    assert not await door.desks.pairing.codes.is_owned()
    reply = await door.say(await owner_code(door), "ada")
    assert reply is not None
    assert not reply.refused


async def test_a_void_code_that_is_delivered_again_is_told_of_once() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    ada, code = await known(door, "ada"), await link_code(door)
    for _ in range(2):
        reply = await door.say(code, "eve", place="team", room=True, key="x")
        assert reply == refused(texts.CODE_SEEN)
    assert len(await told(door, ada)) == 1


async def test_strangers_cannot_void_a_code_they_do_not_know() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    code = await link_code(door)
    for number in range(10):
        await door.say(f"ABCDE-{number:05}".replace("0", "Z").replace("1", "Y"), "eve", room=True)
    reply = await redeem(door, code)
    assert reply is not None
    assert reply.text == texts.linked("Main")


# -- who becomes whom -----------------------------------------------------------------------------


async def test_the_issuer_is_told_at_once_who_joined_as_them() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    ada = await known(door, "ada")
    await redeem(door, await link_code(door))
    grant = await grant_of(door)
    assert await told(door, ada) == [admission_texts.joined_as_you("A@B", "a@b", "Mail", grant)]
    (push,) = [each for each in await door.log() if isinstance(each, Pushed)]
    assert [(each.id, each.label) for each in push.buttons] == [(f"u:{grant}", "Undo")]


async def test_nobody_gets_a_second_identity_in_an_app() -> None:
    """Mallory who saw the code would be Ada beside Ada."""
    door = await Doorway(chat=ONLY_ADA).open()
    ada, code = await known(door, "ada"), await link_code(door)
    reply = await door.say(f"/link {code}", "mallory", place="dm of mallory")
    assert reply == refused(texts.ISSUER_IS_HERE)
    assert await door.store.identify(realm=CHAT, user="mallory") is None
    assert await told(door, ada) == [admission_texts.code_was_refused("Mallory", "mallory", "Chat")]
    assert await door.say(f"/link {code}", "mallory") == refused(texts.BAD_CODE)


async def test_whoever_is_known_already_stays_who_they_are() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=Account(allow=frozenset({"bob"}))).open()
    ada = await known(door, "ada")
    await door.say("hello", "bob", channel=MAIL, place="inbox of bob")
    bob = await door.store.identify(realm=MAIL, user="bob")
    code = await link_code(door)
    assert await redeem(door, f"/link {code}", "bob") == refused(admission_texts.known_as("Bob"))
    assert await door.store.identify(realm=MAIL, user="bob") == bob
    assert await told(door, ada) == [admission_texts.code_was_refused("Bob", "bob", "Mail")]


async def test_ones_own_place_goes_to_the_session_of_the_code() -> None:
    own = Account(allow=frozenset({"ada"}), sessions="per_place")
    door = await Doorway(chat=own).open()
    await door.say("hello", "ada", place="one")
    await door.say("hello", "ada", place="two")
    code = await link_code(door, place="one")
    reply = await door.say(code, "ada", place="two")
    assert reply is not None
    assert not reply.refused
    assert (await door.there("two")).session == (await door.there("one")).session
    ada = await door.store.identify(realm=CHAT, user="ada")
    assert ada is not None
    session = (await door.there("one")).session
    assert session is not None
    assert await told(door, ada, session) == []


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("first", ["a@b", "c@d", "e@f"])
async def test_of_many_who_send_a_code_at_once_exactly_one_has_it(
    kind: str, first: str, tmp_path: Path
) -> None:
    async with opened(kind, tmp_path) as store:
        door = await Doorway(chat=ONLY_ADA, mail=NOBODY, store=store).open()  # type: ignore[arg-type]
        ada, code = await known(door, "ada"), await link_code(door)
        users = [first, *({"a@b", "c@d", "e@f"} - {first})]
        await asyncio.gather(*(redeem(door, f"/link {code}", each) for each in users))
        became = [await store.identify(realm=MAIL, user=each) for each in users]
        assert sorted(became, key=str) == sorted([ada, None, None], key=str)
        assert len(await store.facts("grants")) == 1


async def test_two_codes_of_one_person_make_one_identity_of_an_app() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    codes = [await link_code(door) for _ in range(2)]
    await asyncio.gather(
        *(redeem(door, code, user) for code, user in zip(codes, ("a@b", "c@d"), strict=True))
    )
    became = [await door.store.identify(realm=MAIL, user=each) for each in ("a@b", "c@d")]
    assert became.count(None) == 1


class Dying(MemoryStore):
    """A store whose process dies before one of its calls, counted from when it is told to."""

    left = 10_000

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name.startswith("_") or not asyncio.iscoroutinefunction(found):
            return found

        async def counted(*args, **kwargs):
            self.left -= 1
            if self.left < 0:
                raise asyncio.CancelledError
            return await found(*args, **kwargs)

        return counted


async def test_a_death_anywhere_while_a_code_is_taken_is_mended_by_its_next_delivery() -> None:
    finished = False
    for deaths in itertools.count(1):
        store = Dying()
        door = await Doorway(chat=ONLY_ADA, mail=NOBODY, store=store).open()
        ada, code = await known(door, "ada"), await link_code(door)
        store.left = deaths
        try:
            await asyncio.create_task(redeem(door, code, key="k"))
            finished = True
        except asyncio.CancelledError:
            pass
        store.left = 10_000
        again = await Doorway(chat=ONLY_ADA, mail=NOBODY, store=store).open()
        reply = await redeem(again, code, key="k")
        if reply is not None and not reply.refused:
            assert await store.identify(realm=MAIL, user="a@b") == ada
            assert (await again.there("inbox of a@b", MAIL)).session == SHARED
            assert len(await told(again, ada)) == 1
        if finished:
            break
    assert deaths > 10


async def test_whoever_died_out_on_the_way_does_not_keep_others_from_being_linked() -> None:
    """A code was taken, and its sender never came again: after a while that is over."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    ada, code = await known(door, "ada"), await link_code(door)
    found = await door.desks.pairing.codes.find(code)
    assert found is not None
    await redeem(door, code)
    await door.store.forget_identity(realm=MAIL, user="a@b")  # as if it had never been given
    again = await Doorway(chat=ONLY_ADA, mail=NOBODY, store=door.store).open()
    again.heard = 50
    second = await link_code(again)
    assert await redeem(again, f"/link {second}", "c@d") == refused(texts.ISSUER_IS_HERE)
    again.clock.forward(601)
    third = await link_code(again)
    reply = await redeem(again, third, "c@d")
    assert reply is not None
    assert await door.store.identify(realm=MAIL, user="c@d") == ada


async def test_undo_works_from_a_place_that_follows_nothing() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    _, grant = await joined(door)
    reply = await door.hear(Pressed(value=f"u:{grant}"), "ada", place="a new chat")
    assert reply is not None
    assert reply.text == admission_texts.undone("A@B", "Mail")


# -- undoing --------------------------------------------------------------------------------------


async def joined(door: Doorway) -> tuple[ParticipantId, str]:
    """Let mail be Ada's by a code; return her and the grant."""
    ada = await known(door, "ada")
    await redeem(door, await link_code(door))
    await redeem(door, "I am Ada")
    return ada, await grant_of(door)


@pytest.mark.parametrize("way", ["button", "typed", "typed small"])
async def test_undoing_takes_identity_grant_and_place_back(way: str) -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    _, grant = await joined(door)
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY, store=door.store).open()  # also later
    spelt = grant.lower() if way == "typed small" else grant
    for text in (admission_texts.undone("A@B", "Mail"), texts.UNDONE_ALREADY):
        if way == "button":
            reply = await door.hear(Pressed(value=f"u:{grant}"), "ada", key=text)
        else:
            reply = await door.say(f"/unlink {spelt}", "ada", key=text)
        assert reply is not None
        assert reply.text == text
    assert await door.store.identify(realm=MAIL, user="a@b") is None
    assert (await door.there("inbox of a@b", MAIL)).session is None
    assert await door.store.facts("grants") == {}
    assert await redeem(door, "still there?") == refused(texts.UNKNOWN_SENDER)


async def test_what_was_undone_cannot_be_had_by_the_same_code_again() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    code = await link_code(door)
    await redeem(door, code, key="k")
    await door.say(f"/unlink {await grant_of(door)}", "ada")
    assert await redeem(door, code, key="k") == refused(texts.BAD_CODE)
    assert await door.store.identify(realm=MAIL, user="a@b") is None


async def test_after_undoing_someone_else_can_be_linked() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    ada, grant = await joined(door)
    await door.say(f"/unlink {grant}", "ada")
    await redeem(door, await link_code(door), "ada@home")
    assert await door.store.identify(realm=MAIL, user="ada@home") == ada


async def test_only_whoever_made_the_code_can_undo_it() -> None:
    door = await Doorway(chat=BOTH, mail=NOBODY).open()
    ada, grant = await joined(door)
    await door.say("hello", "bob", place="bob")
    reply = await door.hear(Pressed(value=f"u:{grant}"), "bob", place="bob")
    assert reply == refused(texts.NOT_YOURS_TO_UNDO)
    assert await door.say(f"/unlink {grant}", "bob", place="bob") == refused(
        texts.NOT_YOURS_TO_UNDO
    )
    assert await door.store.identify(realm=MAIL, user="a@b") == ada


async def test_an_owner_by_a_code_can_be_undone_too() -> None:
    door = await Doorway(chat=BOTH).open()
    bob = await known(door, "bob")
    await door.say(await owner_code(door), "bob")
    assert await door.desks.admission.is_owner(bob)
    assert await told(door, OWNER) == [
        admission_texts.became_owner("Bob", "bob", "Chat", await grant_of(door))
    ]
    assert await door.desks.pairing.undo(await grant_of(door), OWNER) == admission_texts.undone(
        "Bob", "Chat"
    )
    assert not await door.desks.admission.is_owner(bob)
    assert (await door.desks.fold(SHARED)).participants[bob] == "member"


async def test_a_bare_unlink_says_what_it_wants() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    reply = await door.say("/unlink", "ada")
    assert reply is not None
    assert reply.text == texts.UNLINK_WHAT
