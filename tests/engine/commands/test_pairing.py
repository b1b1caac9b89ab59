"""What codes do: the owner's and those of /link, where they are void, and undoing them."""

import asyncio
import itertools
import random
from datetime import timedelta
from pathlib import Path

import pytest

from bridge import admission_texts, texts
from bridge.domain.commands import ChangeRole, EndRun, Push, Record, Say, StartRun
from bridge.domain.content import Content
from bridge.domain.display_names import clean_name
from bridge.domain.epoch import Epoch
from bridge.domain.events import MessageReceived, Pushed, RoleChanged, Source
from bridge.domain.ids import (
    CallId,
    ChannelName,
    ConversationId,
    MessageId,
    ParticipantId,
    RunId,
    SessionId,
)
from bridge.domain.inbound import (
    Added,
    Deleted,
    Edited,
    Inbound,
    Pressed,
    Quoted,
    Readable,
    RemoteFile,
    Sender,
    Spoken,
    Titled,
)
from bridge.domain.parts import Address, Button
from bridge.domain.run_output import Calling, Returned
from bridge.engine.access import pairing_codes
from bridge.engine.access.admission import MAX_TRIES
from bridge.engine.access.pairing_codes import PairingCodes
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from storage.memory import MemoryStore
from tests.engine.doorway import CHAT, MAIL, Doorway, refused
from tests.engine.rig import OWNER
from tests.stores import opened

NOBODY = Account(allow=frozenset())
ONLY_ADA = Account(allow=frozenset({"ada"}))
BOTH = Account(allow=frozenset({"ada", "bob"}))
SECRET = "WRONG-CODES"
WEB = ConversationId("http:web")


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
    (grant,) = (await door.dispatcher.admission.book()).grants.values()
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
    assert await door.say(code, "eve", place="eve") == refused(texts.UNKNOWN_SENDER)
    assert await door.say(f"/link {code}", "eve", place="eve") == refused(texts.BAD_CODE)
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
    assert reply.text.startswith(texts.linked("Main"))
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
    await door.dispatcher.submit(SHARED, ChangeRole(by=OWNER, participant=ada, role="viewer"))
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
    assert reply.text.startswith(texts.CODE_SEEN if room else texts.linked("Main"))


async def test_the_owners_code_is_void_in_a_room_too_and_the_next_start_makes_another() -> None:
    door = await Doorway(chat=NOBODY).open()
    code = await owner_code(door)
    assert await door.say(code, "ada", place="team", room=True) == refused(texts.CODE_SEEN)
    assert await told(door, OWNER) == [admission_texts.code_was_seen("Ada", "Chat")]
    assert await door.say(f"/link {code}", "ada") == refused(texts.BAD_CODE)
    assert not await door.dispatcher.pairing.codes.is_owned()
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
    assert reply.text.startswith(texts.linked("Main"))


# -- who becomes whom -----------------------------------------------------------------------------


async def test_the_issuer_is_told_at_once_who_joined_as_them() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    ada = await known(door, "ada")
    await redeem(door, await link_code(door))
    grant = await grant_of(door)
    assert await told(door, ada) == [admission_texts.joined_as_you("A B", "a@b", "Mail", grant)]
    (push,) = [each for each in await door.log() if isinstance(each, Pushed)]
    assert [(each.id, each.label) for each in push.buttons] == [(f"u:{grant}", "Undo")]


async def test_whoever_becomes_somebody_by_a_code_reads_whom_and_can_undo_it() -> None:
    """The code may be another's, behind a link that looks like the way to the bot."""
    door = await Doorway(chat=ONLY_ADA, mail=Account(allow=frozenset({"bob@c"}))).open()
    ada = await known(door, "ada")
    reply = await redeem(door, await link_code(door), "bob@c")
    grant = await grant_of(door)
    assert reply is not None
    assert reply.text == texts.linked_as("Ada", "Main", grant)
    assert reply.buttons == (Button(value=f"u:{grant}", label="Undo"),)
    await door.say(f"/unlink {grant}", "bob@c", channel=MAIL, place="inbox of bob@c")
    await door.say("hello", "bob@c", channel=MAIL, place="inbox of bob@c")
    assert await door.store.identify(realm=MAIL, user="bob@c") not in {ada, None}


async def test_nobody_gets_a_second_identity_in_an_app() -> None:
    """Mallory who saw the code would be Ada beside Ada."""
    door = await Doorway(chat=ONLY_ADA).open()
    ada, code = await known(door, "ada"), await link_code(door)
    reply = await door.say(f"/link {code}", "mallory", place="dm of mallory")
    assert reply == refused(texts.ISSUER_IS_HERE)
    assert await door.store.identify(realm=CHAT, user="mallory") is None
    assert await told(door, ada) == [admission_texts.code_was_refused("Mallory", "mallory", "Chat")]
    again = await door.say(f"/link {code}", "mallory", place="dm of mallory")
    assert again == refused(texts.BAD_CODE)


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


@pytest.mark.parametrize("owners", [False, True])
async def test_one_id_that_sends_two_peoples_codes_at_once_is_one_of_them(owners: bool) -> None:  # noqa: FBT001
    door = await Doorway(chat=BOTH, mail=NOBODY).open()
    codes = [await link_code(door, user, place=user) for user in ("ada", "bob")]
    people = [await door.store.identify(realm=CHAT, user=user) for user in ("ada", "bob")]
    if owners:
        codes[0] = await owner_code(door)
        people[0] = OWNER
    await asyncio.gather(*(redeem(door, code) for code in codes))
    who = await door.store.identify(realm=MAIL, user="a@b")
    assert who in people
    book = await door.dispatcher.admission.book()
    assert {each.who for each in book.grants.values()} == {who}
    identities = [each for person in people for each in await door.store.identities(person)]
    assert len(identities) == len(people) + 1, "each had one"


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
    found = await door.dispatcher.pairing.codes.find(code)
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
    assert reply.text == admission_texts.undone("A B", "Mail")


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
    for text in (admission_texts.undone("A B", "Mail"), texts.UNDONE_ALREADY):
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
    assert await door.dispatcher.admission.is_owner(bob)
    assert await told(door, OWNER) == [
        admission_texts.became_owner("Bob", "bob", "Chat", await grant_of(door))
    ]
    assert await door.dispatcher.pairing.undoing.undo(
        await grant_of(door), OWNER
    ) == admission_texts.undone("Bob", "Chat", known=True, still_in=True)
    assert not await door.dispatcher.admission.is_owner(bob)
    assert (await door.dispatcher.fold(SHARED)).participants[bob] == "member"


async def test_a_bare_unlink_says_what_it_wants() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    await door.say("hello", "ada")
    reply = await door.say("/unlink", "ada")
    assert reply is not None
    assert reply.text == texts.UNLINK_WHAT


# -- what a red team tried ------------------------------------------------------------------------


@pytest.mark.parametrize("spelt", ["{a} {b}", "**{a}**-{b}", "{a}\n{b}", "{a}\u200b-\u200b{b}"])
async def test_a_code_is_void_in_a_room_however_it_is_spelt(spelt: str) -> None:
    """What would be taken in private is void once others could read and copy it."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    a, b = (await link_code(door)).split("-")
    reply = await door.say(spelt.format(a=a, b=b), place="team", room=True)
    assert reply == refused(texts.CODE_SEEN)
    assert await redeem(door, f"/link {a}{b}") == refused(texts.BAD_CODE)


async def test_undoing_ends_the_codes_that_whoever_joined_asked_for() -> None:
    """Neither a code they used themselves, nor one they kept, makes them the issuer again."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await redeem(door, await link_code(door), "mallory")
    there = {"channel": MAIL, "place": "inbox of mallory"}
    grant = await grant_of(door)
    used, kept = [await link_code(door, "mallory", **there) for _ in range(2)]
    await redeem(door, used, "mallory")
    await door.say(f"/unlink {grant}")
    for code in (used, kept):
        assert await redeem(door, f"/link {code}", "mallory") == refused(texts.BAD_CODE)
    assert await door.store.identify(realm=MAIL, user="mallory") is None


@pytest.mark.parametrize("back", [timedelta(0), timedelta(days=1)])
async def test_undoing_takes_back_what_whoever_joined_gave_in_turn(back) -> None:
    """However the clock was set meanwhile."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await redeem(door, await link_code(door), "mallory")
    grant = await grant_of(door)
    door.clock.set_back(back)
    code = await link_code(door, "mallory", channel=MAIL, place="inbox of mallory")
    await door.say(code, "mallory2", channel=MAIL, place="elsewhere", realm="third")
    assert await door.store.identify(realm="third", user="mallory2") is not None
    await door.say(f"/unlink {grant}")
    assert await door.store.identify(realm="third", user="mallory2") is None
    assert not (await door.dispatcher.admission.book()).grants


async def test_names_in_what_the_issuer_is_told_are_names() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    ada = await known(door, "ada")
    evil = "Bob** [x](https://evil.example)\nAda · Chat"
    inbound = Inbound(
        external_id="x",
        address=Address(channel=MAIL, place="inbox"),
        sender=Sender(realm=MAIL, user="m", name=evil),
        what=Spoken(message=MessageId("1"), content=Content(text=await link_code(door))),
    )
    await door.intake(inbound)
    (line,) = await told(door, ada)
    assert line.startswith(f"**{clean_name(evil)}** (m, Mail) joined as you.")


async def test_words_that_read_like_codes_use_up_nobodys_tries() -> None:
    door = await Doorway(chat=BOTH, mail=NOBODY).open()
    for _ in range(MAX_TRIES + 1):
        assert await door.say("statements", "bob") is None
    assert await door.say("/link ABCDE-FGHJK", "bob") == refused(texts.BAD_CODE)


async def test_a_code_is_kept_nowhere_as_it_is_shown() -> None:
    door = await Doorway(chat=ONLY_ADA).open()
    code = await link_code(door, key="x")
    again = await door.say("/link", key="x")
    assert again is not None
    assert again.text == texts.LINK_CODE_SHOWN
    assert code not in again.text


async def test_a_private_place_that_became_a_room_begins_anew() -> None:
    """It keeps neither the session of the private place nor what is shown in private only."""
    door = await Doorway(chat=ONLY_ADA).open()
    await door.say("hello", place="dm")
    reply = await door.say("/link", place="dm", room=True)
    assert reply == refused(texts.LINK_IN_PRIVATE)
    assert await door.store.conversation_at(Address(channel=CHAT, place="dm")) is None
    await door.say("hello", place="dm", room=True)
    there = await door.there("dm")
    assert there.room
    assert there.session != SHARED
    assert not (await door.dispatcher.fold(SHARED)).conversations


@pytest.mark.parametrize("when", ["note_realm", "enrolled"])
async def test_undoing_while_the_place_is_being_linked_leaves_nothing_of_it(
    when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever presses Undo at once is quicker than the link; the link then goes too."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    code, pairing = await link_code(door), door.dispatcher.pairing
    real = door.dispatcher.places.register

    async def undone_meanwhile(inbound: Inbound):
        place = await real(inbound)
        if inbound.address.channel == MAIL:
            await pairing.undoing.undo(await grant_of(door), None)
        return place

    async def undone_before(sender: Sender, *, as_who: ParticipantId | None = None):
        await pairing.undoing.undo(await grant_of(door), None)
        return await identify(sender, as_who=as_who)

    identify = door.dispatcher.places.identify
    if when == "enrolled":
        monkeypatch.setattr(door.dispatcher.places, "identify", undone_before)
    else:
        monkeypatch.setattr(door.dispatcher.places, "register", undone_meanwhile)
    assert await redeem(door, code, "mallory") == refused(texts.BAD_CODE)
    monkeypatch.undo()
    assert await door.store.identify(realm=MAIL, user="mallory") is None
    there = await door.there("inbox of mallory", MAIL)
    assert there.id not in (await door.dispatcher.fold(SHARED)).conversations


@pytest.mark.parametrize("text", ["{}", "/link {}", "/start {}"])
async def test_a_code_that_was_sent_before_a_restore_gives_nothing_anew(text: str) -> None:
    """It may have been used and undone since the copy was made; it is void by now."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    code = await link_code(door)
    before = door.clock.now()
    door.store._epoch = Epoch(id="1" * 16, began=before, heard=before)
    inbound = Inbound(
        external_id="x",
        address=Address(channel=MAIL, place="inbox"),
        sender=Sender(realm=MAIL, user="m", name="M"),
        what=Spoken(message=MessageId("1"), content=Content(text=text.format(code))),
        at=before - timedelta(minutes=1),
    )
    await door.intake(inbound)
    assert await door.store.identify(realm=MAIL, user="m") is None
    assert await redeem(door, f"/link {code}", "m") == refused(texts.BAD_CODE)


# -- where a code could be used nowhere -----------------------------------------------------------


async def test_with_no_app_at_all_a_client_is_told_what_to_do_and_gets_no_code() -> None:
    door = await Doorway(accounts={}).open()
    asked = Say(by=OWNER, conversation=WEB, content=Content(text="/link"))
    reply = (await door.dispatcher.hear(SHARED, asked)).reply
    assert reply == refused(texts.NO_APP_FOR_CODES)
    assert await door.store.facts("codes") == {}


async def hop(door: Doorway, user: str, account, place: str, *, via: tuple) -> str:
    """Let someone join in another app by a code that is asked for from `via`; return the grant."""
    giver, channel, inbox, realm = via
    code = await link_code(door, giver, channel=channel, place=inbox, realm=realm)
    before = {each.id for each in (await door.dispatcher.admission.book()).grants.values()}
    reply = await door.say(code, user, channel=account, place=place, realm=f"realm of {user}")
    assert reply is not None
    assert not reply.refused
    (grant,) = {e.id for e in (await door.dispatcher.admission.book()).grants.values()} - {*before}
    return grant


async def test_undoing_takes_back_whatever_it_led_to_however_far() -> None:
    """Who joined by a stolen code goes on to a third and a fourth app; the first is undone."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    first = await hop(door, "m2", MAIL, "p2", via=("ada", CHAT, "dm", CHAT))
    await hop(door, "m3", CHAT, "p3", via=("m2", MAIL, "p2", "realm of m2"))
    await hop(door, "m4", MAIL, "p4", via=("m3", CHAT, "p3", "realm of m3"))
    await door.say(f"/unlink {first}", "ada")
    for user in ("m2", "m3", "m4"):
        assert await door.store.identify(realm=f"realm of {user}", user=user) is None
    assert await door.store.facts("grants") == {}
    assert await door.store.facts("paired") == {}


async def test_undoing_takes_back_the_rooms_that_were_brought_along() -> None:
    """Whoever joined as the owner let a room of their own follow, to read along for good."""
    door = await Doorway(chat=ONLY_ADA, mail=Account(allow=frozenset({"bob"}))).open()
    await door.say(await owner_code(door), "ada")
    await door.say("hello", "bob", channel=MAIL, place="inbox of bob")
    grant = await hop(door, "mallory", MAIL, "p2", via=("ada", CHAT, "dm", CHAT))
    den = {"channel": MAIL, "place": "den", "room": True, "title": "Den"}
    for text in ("hello", "/follow", "/follow yes"):
        await door.say(text, "mallory", realm="realm of mallory", **den)
    assert (await door.there("den", MAIL)).session == SHARED
    await door.say(f"/unlink {grant}", "ada")
    assert (await door.there("den", MAIL)).session is None
    await door.say("anyone?", "bob", **den)
    assert (await door.there("den", MAIL)).session not in {None, SHARED}


async def test_a_code_is_worth_nothing_once_its_issuer_is_not_known_where_they_asked_for_it() -> (
    None
):
    """Its giver was undone while they asked for it."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    ada, _ = await joined(door)
    code = await PairingCodes(door.store, door.clock).link(ada, SHARED, via=MAIL)
    await door.say(f"/unlink {await grant_of(door)}", "ada")
    code = await PairingCodes(door.store, door.clock).link(ada, SHARED, via=MAIL)
    refusal = await door.say(f"/link {code}", "m3", place="p3", realm="third")
    assert refusal == refused(texts.BAD_CODE)
    assert await door.store.identify(realm="third", user="m3") is None


IN_OTHER_WAYS = {
    "quoted": lambda code: {"quoted": Quoted(author="Bridge", text=f"`/link {code}`")},
    "the name of a file": lambda code: {"files": (named(f"{code}.png"),)},
    "the name of a quoted file": lambda code: {
        "quoted": Quoted(author="Ada", text="", files=(named(f"my {code}.png"),))
    },
}


def named(name: str) -> RemoteFile:
    return RemoteFile(kind="image", name=name, mime="image/png", ref="a")


@pytest.mark.parametrize("way", IN_OTHER_WAYS.values(), ids=IN_OTHER_WAYS)
@pytest.mark.parametrize("user", ["ada", "eve"])
async def test_a_code_that_a_room_reads_beside_the_words_is_void_too(way, user: str) -> None:
    """A reply in a group can quote what the bridge wrote in private."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    code = await link_code(door)
    reply = await door.say("look", user, place="team", room=True, **way(code))
    assert reply == refused(texts.CODE_SEEN)
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)


SEEMING = str.maketrans("ABCEHKMPTXY", "АВСЕНКМРТХУ")  # noqa: RUF001 - Cyrillic
WIDE = {ord(each): ord(each) + 0xFEE0 for each in "ABCDEFGHJKMNPQRSTVWXYZ23456789"}


@pytest.mark.parametrize("dress", [SEEMING, WIDE], ids=["Cyrillic", "full width"])
@pytest.mark.parametrize("user", ["ada", "eve"])
async def test_a_code_in_letters_that_look_like_its_own_is_void_in_a_room(dress, user) -> None:
    """Whoever reads it would type the ones that they know. It is not stored either."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    code = await link_code(door)
    reply = await door.say(f"ok {code.translate(dress)}", user, place="team", room=True)
    assert reply == refused(texts.CODE_SEEN)
    assert await door.store.conversation_at(Address(channel=CHAT, place="team")) is None
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)


async def test_a_code_that_a_room_reads_from_right_to_left_is_void() -> None:
    door = await Doorway(chat=BOTH, mail=NOBODY).open()
    code = await link_code(door)
    turned = f"\u202e{code[::-1]}\u202c"
    await door.say(turned, "bob", room=True, place="room", addressed=False)
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)


async def test_a_code_in_the_name_of_whom_a_reply_is_about_is_void() -> None:
    door = await Doorway(chat=BOTH, mail=NOBODY).open()
    code = await link_code(door)
    about = Quoted(author=code, text="tea")
    await door.say("why?", "bob", place="bobs", reply_to=MessageId("gone"), quoted=about)
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)


@pytest.mark.parametrize("most", [0, 1_000_000], ids=["beside the loop", "at once"])
async def test_a_code_behind_thousands_of_others_is_void(most, monkeypatch) -> None:
    """In a room by a stranger, and in a session by somebody of it."""
    monkeypatch.setattr(pairing_codes, "MOST_AT_ONCE", most)
    decoys = " ".join(f"ABCDE-FGHJ{each}" for each in "ABCDEFGHJK" * 300)
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    for user, more in (("eve", {"place": "team", "room": True}), ("ada", {})):
        code = await link_code(door)
        await door.say(f"{decoys} A B C {decoys} {code}", user, **more)
        assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)


def in_a_room(what, beside: str, user: str = "eve", *, room: bool = True) -> Inbound:
    return Inbound(
        external_id="beside",
        address=Address(channel=CHAT, place="team" if room else user),
        sender=Sender(realm=CHAT, user=user, name=user),
        what=what,
        room=room,
        beside=beside,
    )


@pytest.mark.parametrize("user", ["ada", "eve"])
@pytest.mark.parametrize("what", [Spoken, Edited], ids=["said", "edited"])
async def test_a_code_that_a_room_reads_where_nobody_else_is_told_of_it_is_void(what, user) -> None:
    """It is in the title of a file, or in the explanation of a quiz."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    code = await link_code(door)
    said = what(message=MessageId("m"), content=Content(text="look"))
    reply = await door.intake(in_a_room(said, f"holiday.png\n{code}", user))
    assert reply == refused(texts.CODE_SEEN)
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)


async def test_a_code_beside_a_press_in_a_room_is_void_and_in_private_it_is_good() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    code = await link_code(door)
    await door.intake(in_a_room(Pressed(value="x"), code, "ada", room=False))
    assert await redeem(door, f"/link {code}") != refused(texts.BAD_CODE)
    code = await link_code(door)
    await door.intake(in_a_room(Pressed(value="x"), code, "ada"))
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)


async def test_a_code_that_a_room_reads_though_nobody_said_it_is_void_and_its_issuer_is_told() -> (
    None
):
    """What the room is about, what another bot wrote, the preview of a link."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    code = await link_code(door)
    await door.intake(Readable(address=Address(channel=CHAT, place="team"), words=f"see {code}."))
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)
    told = [each.content.text for each in await door.log() if isinstance(each, Pushed)]
    assert told[-1] == admission_texts.code_is_shown("Chat")


@pytest.mark.parametrize("where", ["name", "title"])
async def test_a_code_in_the_name_of_a_sender_or_of_a_room_is_void(where: str) -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    code = await link_code(door)
    inbound = Inbound(
        external_id="n1",
        address=Address(channel=CHAT, place="team"),
        sender=Sender(realm=CHAT, user="eve", name=code if where == "name" else "Eve"),
        what=Spoken(message=MessageId("n1"), content=Content(text="hi")),
        room=True,
        title=code if where == "title" else "Team",
    )
    await door.intake(inbound)
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)


WAYS_OF_BEING_THERE = {
    "overheard": Spoken(message=MessageId("m"), content=Content(text="hi"), addressed=False),
    "edited": Edited(message=MessageId("m"), content=Content(text="hi")),
    "deleted": Deleted(message=MessageId("m")),
    "pressed": Pressed(value="x"),
    "added": Added(),
}


@pytest.mark.parametrize("room", [True, False], ids=["room", "private"])
@pytest.mark.parametrize("where", ["name", "title"])
@pytest.mark.parametrize("what", WAYS_OF_BEING_THERE.values(), ids=WAYS_OF_BEING_THERE)
@pytest.mark.parametrize("user", ["ada", "eve"])
async def test_a_code_that_a_name_or_a_title_is_changed_to_is_void(user, what, where, room) -> None:
    """Whatever they do with it there; in private a name is read by others too."""
    if where == "title" and not room:
        return  # a private chat is called as its person is
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    await door.say("hello", user, place="team", room=True)
    code = await link_code(door)
    inbound = Inbound(
        external_id="later",
        address=Address(channel=CHAT, place="team" if room else user),
        sender=Sender(realm=CHAT, user=user, name=code if where == "name" else user),
        what=what,
        room=room,
        title=code if where == "title" else "Team",
    )
    await door.intake(inbound)
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)


async def test_a_code_that_a_room_is_called_is_void_and_its_issuer_is_told() -> None:
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    code = await link_code(door)
    await door.intake(Titled(address=Address(channel=CHAT, place="team"), title=f"is {code}?"))
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)
    told = [each.content.text for each in await door.log() if isinstance(each, Pushed)]
    assert told[-1] == admission_texts.code_is_a_title("Chat")


async def test_a_code_that_someone_would_be_called_is_void() -> None:
    """Everyone who is there reads what people are called."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    ada = await known(door, "ada")
    code = await link_code(door)
    await door.say(f"/me {code}", "ada")
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)
    assert any("said your code" in each for each in await told(door, ada))


async def disguised(door: Doorway, code: str) -> None:
    await door.say(f"my code is {code.translate(SEEMING)}", "ada")


async def said(door: Doorway, code: str) -> None:
    await door.say(f"my code is {code}", "ada")


async def corrected(door: Doorway, code: str) -> None:
    await door.say("hm", "ada", message="m77")
    edited = Edited(message=MessageId("m77"), content=Content(text=f"it is {code}"))
    await door.hear(edited, "ada")


async def on_the_page(door: Doorway, code: str) -> None:
    words = Content(text=code.lower())
    saying = Say(by=OWNER, conversation=ConversationId("http:web"), content=words)
    await door.dispatcher.hear(SHARED, saying)


async def pushed(door: Doorway, code: str) -> None:
    push = Push(source=Source(kind="api"), content=Content(text=f"/link {code}"), by=OWNER)
    await door.dispatcher.submit(SHARED, push)


async def by_an_agent(door: Doorway, code: str) -> None:
    head = await door.store.head(SHARED)
    await door.dispatcher.submit(SHARED, StartRun(run=RunId("r_1"), agent="echo", node="n"))
    answer = Content(text=f"The file holds {code}.")
    await door.dispatcher.submit(SHARED, EndRun(run=RunId("r_1"), upto=head, content=answer))


async def in_a_call(door: Doorway, code: str) -> None:
    run, call = RunId("r_1"), CallId("k_1")
    await door.dispatcher.submit(SHARED, StartRun(run=run, agent="echo", node="n"))
    calling = Calling(call=call, name="look", arguments=f'{{"for": "{code}"}}')
    await door.dispatcher.submit(SHARED, Record(run=run, said=calling))


async def in_a_result(door: Doorway, code: str) -> None:
    run, call = RunId("r_1"), CallId("k_1")
    await door.dispatcher.submit(SHARED, StartRun(run=run, agent="echo", node="n"))
    calling = Calling(call=call, name="look", arguments="{}")
    await door.dispatcher.submit(SHARED, Record(run=run, said=calling))
    result = Returned(call=call, result=f"It says {code}.")
    await door.dispatcher.submit(SHARED, Record(run=run, said=result))


WAYS_TO_SAY = [said, disguised, corrected, on_the_page, pushed, by_an_agent, in_a_call, in_a_result]


@pytest.mark.parametrize("way", WAYS_TO_SAY)
@pytest.mark.parametrize("kind", ["link", "owner"])
async def test_a_code_that_is_said_where_others_read_along_is_void(way, kind: str) -> None:
    """What is said in private is shown in every place of the session, a room that follows too."""
    door = await Doorway(chat=BOTH, mail=NOBODY).open()
    ada = await known(door, "ada")
    await door.say("hello", "bob", place="dm of bob")
    code = await (link_code(door) if kind == "link" else owner_code(door))
    await way(door, code)
    title = admission_texts.code_was_said("X", "Main").partition(" said ")[2]
    assert [each for each in await told(door, ada if kind == "link" else OWNER) if title in each]
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)


async def test_a_code_that_is_said_where_nobody_else_reads_yet_is_void_too() -> None:
    """The log is for good: whoever comes into the session later reads it."""
    alone = Account(allow=frozenset({"ada"}), sessions="per_person")
    door = await Doorway(chat=alone, mail=NOBODY).open()
    await known(door, "ada")
    code = await link_code(door)
    await door.say(f"my code is {code}", "ada")
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)


@pytest.mark.parametrize("kind", ["link", "owner"])
async def test_a_restore_brings_no_code_back(kind: str) -> None:
    """It may have been used since the copy was made, and shown to anyone since then."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await known(door, "ada")
    code = await (link_code(door) if kind == "link" else owner_code(door))
    codes = PairingCodes(door.store, door.clock)
    await codes.begin(Epoch(id="1"))
    assert (await codes.find(code)) is not None
    for _ in range(2):
        await codes.begin(Epoch(id="2", began=door.clock.now(), heard=door.clock.now()))
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)
    fresh = await link_code(door)
    await codes.begin(Epoch(id="2", began=door.clock.now(), heard=door.clock.now()))
    reply = await redeem(door, fresh)
    assert reply is not None
    assert not reply.refused, "a code of after the restore is good, however often it is started"


async def test_undoing_an_owner_takes_back_the_rooms_that_they_let_follow() -> None:
    """A member who got hold of the owner's code is a member again, and their rooms read nothing."""
    door = await Doorway(chat=BOTH).open()
    await known(door, "ada")
    await door.say("hello", "bob", place="dm of bob")
    await door.say(await owner_code(door), "bob", place="dm of bob")
    grant = await grant_of(door)
    den = {"place": "den", "room": True, "title": "Den"}
    for text in ("hello", "/follow", "/follow yes"):
        await door.say(text, "bob", **den)
    own = await door.store.facts("own session")
    assert (await door.there("den")).session == SHARED
    await door.dispatcher.people.unlink(grant)
    assert (await door.there("den")).session is None
    await door.say("and now?", "bob", **den)
    assert [(await door.there("den")).session] == [*own.values()]


class Jittery(MemoryStore):
    """A store whose calls take a little, never the same; so that others come in between."""

    def __init__(self) -> None:
        super().__init__()
        self.chance = random.Random(0)
        self.is_slow = False

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name.startswith("_") or not asyncio.iscoroutinefunction(found):
            return found

        async def slow(*args, **kwargs):
            await idle(self.chance, 4 if self.is_slow else 1)
            done = await found(*args, **kwargs)
            await idle(self.chance, 4 if self.is_slow else 1)
            return done

        return slow


async def idle(chance: random.Random, most: int) -> None:
    for _ in range(chance.randrange(most)):
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(60))
async def test_whatever_is_under_way_while_it_is_undone_nothing_of_it_is_left(seed: int) -> None:
    """Who is undone speaks, asks for a code and has one taken at that very moment."""
    store, chance = Jittery(), random.Random(seed)
    store.chance = chance
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY, store=store).open()
    await known(door, "ada")
    first = await hop(door, "m2", MAIL, "p2", via=("ada", CHAT, "dm", CHAT))
    m2 = {"channel": MAIL, "realm": "realm of m2"}
    code = await link_code(door, "m2", place="p2", **m2)
    store.is_slow = True

    async def later(what) -> None:
        await idle(chance, 60)
        await what

    async def ask_and_pass_on() -> None:
        reply = await door.say("/link", "m2", place="p2", **m2)
        if reply is not None and "`/link " in reply.text:
            fresh = reply.text.split("/link ")[1].split("`")[0]
            await door.say(fresh, "m4", place="p4", realm="realm of m4")

    await asyncio.gather(
        later(door.say(f"/unlink {first}", "ada")),
        later(door.say(code, "m3", place="p3", realm="realm of m3")),
        later(ask_and_pass_on()),
        later(door.say("hello", "m2", place="p2", **m2)),
        later(door.say("hello", "m2", place="another", **m2)),
    )
    for user in ("m2", "m3", "m4"):
        assert await store.identify(realm=f"realm of {user}", user=user) is None
    assert await store.facts("grants") == {}
    assert {each.address.place for each in await store.conversations(SHARED)} <= {"dm"}


async def test_in_the_only_app_a_code_says_that_there_is_no_other_yet() -> None:
    door = await Doorway(accounts={CHAT: ONLY_ADA}).open()
    reply = await door.say("/link")
    assert reply is not None
    assert reply.text.startswith("No chat app except Chat is connected")
    assert "`bridge add`" in reply.text


async def test_a_client_gets_a_code_for_the_only_app() -> None:
    """Whoever signed in in a browser or terminal is not in that app by that."""
    door = await Doorway(accounts={CHAT: ONLY_ADA}).open()
    asked = Say(by=OWNER, conversation=WEB, content=Content(text="/link"))
    reply = (await door.dispatcher.hear(SHARED, asked)).reply
    assert reply is not None
    assert reply.text.startswith("To continue in Chat, ")


async def test_a_code_says_in_which_apps_it_can_be_used() -> None:
    accounts = dict.fromkeys(map(ChannelName, ("chat", "mail", "news")), ONLY_ADA)
    door = await Doorway(accounts=accounts).open()
    reply = await door.say("/link")
    assert reply is not None
    assert reply.text.startswith("To continue in Mail or news, ")


@pytest.mark.parametrize("code_of", [owner_code, link_code])
async def test_what_is_known_as_a_room_is_one_though_a_message_says_otherwise(code_of) -> None:
    door = await Doorway().open()
    await door.say("hello", "ada")
    code = await code_of(door)
    await door.say("hello all", "mallory", channel=MAIL, place="team", room=True)
    said = await door.say(code, "eve", channel=MAIL, place="team")
    assert said == refused(texts.CODE_SEEN)
    assert (await door.there("team", MAIL)).session != SHARED
    assert await redeem(door, f"/link {code}") == refused(texts.BAD_CODE)
