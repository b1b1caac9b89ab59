"""The `Directory` port, sentence by sentence."""

import asyncio
from hashlib import sha256

import pytest

from bridge.domain.errors import Refused
from bridge.domain.ids import ConversationId, ParticipantId, SessionId
from bridge.domain.inbound import Identity
from bridge.ports.store import Participant, SessionMark, SessionRow, Store
from tests.stores import ADA, AT, BOB, C1, C2, S1, S2, address, later, linked, put, said

C3 = ConversationId("c_3")
DIGEST = sha256(b"token").hexdigest()


# -- sessions -------------------------------------------------------------------------------------


async def test_a_new_session_is_empty(store: Store):
    assert await store.create_session(S1, at=AT)
    assert await store.session(S1) == SessionRow(
        id=S1, head=0, title="", archived=False, created_at=AT, touched_at=AT
    )


async def test_making_a_session_again_changes_nothing(store: Store):
    await store.create_session(S1, at=AT)
    await put(store, S1, said("a"))
    assert not await store.create_session(S1, at=later(9))
    row = await store.session(S1)
    assert row is not None
    assert (row.head, row.created_at) == (1, AT)


async def test_of_concurrent_makings_of_a_session_one_is_the_first(store: Store):
    made = await asyncio.gather(*[store.create_session(S1, at=AT) for _ in range(10)])
    assert sum(made) == 1


async def test_an_unknown_session_is_none(store: Store):
    assert await store.session(S1) is None


async def test_sessions_are_listed_with_the_last_touched_first(store: Store):
    for n in range(4):
        await store.create_session(SessionId(f"s_{n}"), at=later(n))
    await store.append(SessionId("s_1"), [said("a")], at=later(60))
    listed = [row.id for row in await store.sessions()]
    assert listed == ["s_1", "s_3", "s_2", "s_0"]
    assert [row.id for row in await store.sessions(limit=2)] == ["s_1", "s_3"]


async def test_the_list_of_sessions_goes_on_where_a_page_ended(store: Store):
    """Pages of any size show each session once, also where several were touched at one time."""
    for n in range(10):
        await store.create_session(SessionId(f"s_{n}"), at=later(n // 3))
    whole = list(await store.sessions())
    for size in (1, 2, 3, 4, 7, 10):
        paged, mark = [], None
        while page := await store.sessions(limit=size, after=mark):
            paged += page
            mark = SessionMark(touched_at=page[-1].touched_at, id=page[-1].id)
        assert paged == whole


async def test_a_session_is_touched_at_the_time_of_its_last_event(store: Store):
    await store.create_session(S1, at=AT)
    await store.append(S1, [said("a")], at=later(7))
    await store.append(S1, [], at=later(9))
    row = await store.session(S1)
    assert row is not None
    assert (row.created_at, row.touched_at) == (AT, later(7))


# -- people ---------------------------------------------------------------------------------------


async def enrol(store: Store, who: ParticipantId, name: str, user: str) -> ParticipantId:
    return await store.enrol(who, name=name, realm="telegram", user=user, at=AT)


async def test_an_identity_of_nobody_is_none(store: Store):
    assert await store.identify(realm="telegram", user="1") is None


async def test_an_enrolled_identity_names_its_participant(store: Store):
    assert await enrol(store, ADA, "Ada", "1") == ADA
    assert await store.identify(realm="telegram", user="1") == ADA
    assert await store.identify(realm="slack", user="1") is None


async def test_a_taken_identity_stays_whose_it_is(store: Store):
    await enrol(store, ADA, "Ada", "1")
    assert await enrol(store, BOB, "Bob", "1") == ADA
    assert await store.identify(realm="telegram", user="1") == ADA
    assert await store.participants([ADA, BOB]) == {ADA: Participant(id=ADA, name="Ada")}


async def test_a_participant_may_have_many_identities_and_one_name(store: Store):
    await enrol(store, ADA, "Ada", "1")
    assert await enrol(store, ADA, "ada@work", "2") == ADA
    assert await store.identify(realm="telegram", user="2") == ADA
    assert await store.participants([ADA]) == {ADA: Participant(id=ADA, name="Ada")}


async def test_of_concurrent_enrolments_of_one_identity_one_stands(store: Store):
    names = [ParticipantId(f"p_{n}") for n in range(10)]
    owners = await asyncio.gather(*[enrol(store, each, each, "1") for each in names])
    assert len(set(owners)) == 1
    assert list(await store.participants(names)) == [owners[0]]


async def test_names_of_every_script_are_kept(store: Store):
    await enrol(store, ADA, "Ада Ловлейс 🎩", "1")
    assert (await store.participants([ADA]))[ADA].name == "Ада Ловлейс 🎩"


async def test_unknown_participants_are_left_out(store: Store):
    assert await store.participants([ADA]) == {}
    assert await store.participants([]) == {}


# -- places ---------------------------------------------------------------------------------------


async def test_a_registered_place_is_found_by_id_and_by_address(store: Store):
    made = await store.register(C1, address("1"), room=True, title="Room", at=AT)
    assert (made.id, made.address, made.room, made.title) == (C1, address("1"), True, "Room")
    assert await store.conversation(C1) == made
    assert await store.conversation_at(address("1")) == made


async def test_a_place_that_is_registered_already_keeps_its_id(lived_in: Store):
    await put(lived_in, S1, linked(C1))
    again = await lived_in.register(C3, address("1"), room=True, title="Other", at=AT)
    assert (again.id, again.title, again.session, again.cursor) == (C1, "Ada", S1, 1)
    assert await lived_in.conversation(C3) is None


async def test_an_id_that_is_registered_already_keeps_its_place(lived_in: Store):
    again = await lived_in.register(C1, address("99"), room=False, title="", at=AT)
    assert (again.id, again.address) == (C1, address("1"))
    assert await lived_in.conversation_at(address("99")) is None


async def test_of_concurrent_registrations_of_one_place_one_stands(store: Store):
    ids = [ConversationId(f"c_{n}") for n in range(10)]
    made = await asyncio.gather(
        *[store.register(each, address("1"), room=False, title="", at=AT) for each in ids]
    )
    assert len({each.id for each in made}) == 1


async def test_a_place_nobody_registered_is_none(lived_in: Store):
    assert await lived_in.conversation_at(address("99")) is None


async def test_the_conversations_of_a_session_are_those_that_follow_it(lived_in: Store):
    await put(lived_in, S1, linked(C2), linked(C1))
    assert [each.id for each in await lived_in.conversations(S1)] == [C1, C2]
    assert list(await lived_in.conversations(S2)) == []


async def test_a_conversation_moves_with_all_it_has(lived_in: Store):
    await put(lived_in, S1, linked(C1))
    await lived_in.move(C1, place="new")
    moved = await lived_in.conversation_at(address("new"))
    assert moved is not None
    assert (moved.id, moved.session, moved.cursor) == (C1, S1, 1)
    assert await lived_in.conversation_at(address("1")) is None


async def test_a_place_that_is_forgotten_is_unknown_with_all_that_it_was_shown(lived_in: Store):
    await put(lived_in, S1, linked(C1))
    await lived_in.forget_place(C1)
    await lived_in.forget_place(C1)
    assert await lived_in.conversation(C1) is None
    assert await lived_in.conversation_at(address("1")) is None
    assert await lived_in.conversations(S1) == []


async def test_moving_again_or_moving_what_is_unknown_changes_nothing(lived_in: Store):
    await lived_in.move(C1, place="new")
    await lived_in.move(C1, place="new")
    await lived_in.move(C3, place="new")
    moved = await lived_in.conversation_at(address("new"))
    assert moved is not None
    assert moved.id == C1


async def test_a_place_that_follows_nothing_gives_way_to_who_moves_there(lived_in: Store):
    await put(lived_in, S1, linked(C1))
    await lived_in.move(C1, place="2")
    moved = await lived_in.conversation_at(address("2"))
    assert moved is not None
    assert (moved.id, moved.session) == (C1, S1)
    assert await lived_in.conversation(C2) is None


async def test_a_place_that_follows_a_session_gives_way_to_nobody(lived_in: Store):
    await put(lived_in, S1, linked(C1), linked(C2))
    with pytest.raises(Refused):
        await lived_in.move(C1, place="2")
    assert [each.address.place for each in await lived_in.conversations(S1)] == ["1", "2"]


# -- tokens ---------------------------------------------------------------------------------------


async def test_a_token_names_its_participant(store: Store):
    assert await store.bearer(DIGEST) is None
    await store.issue_token(DIGEST, ADA, label="owner", at=AT)
    assert await store.bearer(DIGEST) == ADA


async def test_issuing_a_token_again_changes_nothing(store: Store):
    await store.issue_token(DIGEST, ADA, label="owner", at=AT)
    await store.issue_token(DIGEST, BOB, label="owner", at=AT)
    assert await store.bearer(DIGEST) == ADA


async def test_tokens_are_revoked_by_whose_they_are_and_by_label(store: Store):
    await store.issue_token("1" * 64, ADA, label="owner", at=AT)
    await store.issue_token("2" * 64, ADA, label="owner", at=AT)
    await store.issue_token("3" * 64, ADA, label="phone", at=AT)
    await store.issue_token("4" * 64, BOB, label="owner", at=AT)
    await store.revoke_tokens(ADA, label="owner")
    await store.revoke_tokens(ADA, label="owner")
    found = [await store.bearer(digit * 64) for digit in "1234"]
    assert found == [None, None, ADA, BOB]


async def test_all_tokens_of_someone_are_revoked_at_once(store: Store):
    await store.issue_token("1" * 64, ADA, label="owner", at=AT)
    await store.issue_token("2" * 64, ADA, label="phone", at=AT)
    await store.issue_token("3" * 64, BOB, label="phone", at=AT)
    await store.revoke_tokens(ADA, label=None)
    assert [await store.bearer(digit * 64) for digit in "123"] == [None, None, BOB]


# -- identities -----------------------------------------------------------------------------------


async def test_a_participant_has_the_identities_they_were_given(store: Store):
    await store.enrol(ADA, name="Ada", realm="telegram", user="7", at=AT)
    await store.enrol(ADA, name="Ada", realm="slack", user="U1", at=AT)
    await store.enrol(BOB, name="Bob", realm="telegram", user="8", at=AT)
    mine = [Identity(realm="slack", user="U1"), Identity(realm="telegram", user="7")]
    assert await store.identities(ADA) == mine
    assert await store.identities(ParticipantId("p_nobody")) == []


async def test_a_participant_is_called_otherwise_if_they_are_still_called_so(store: Store):
    await store.enrol(ADA, name="someone", realm="telegram", user="7", at=AT)
    await store.rename(ADA, was="someone", name="Ada")
    await store.rename(ADA, was="someone", name="Owner")
    await store.rename(BOB, was="", name="Bob")
    assert {who: each.name for who, each in (await store.participants([ADA, BOB])).items()} == {
        ADA: "Ada"
    }


async def test_an_identity_that_is_forgotten_is_nobodys_and_may_be_anothers(store: Store):
    await store.enrol(ADA, name="Ada", realm="telegram", user="7", at=AT)
    assert await store.identify(realm="telegram", user="7") == ADA
    for _ in range(2):
        await store.forget_identity(realm="telegram", user="7")
    assert await store.identify(realm="telegram", user="7") is None
    assert await store.identities(ADA) == []
    assert (await store.participants([ADA]))[ADA].name == "Ada"
    assert await store.enrol(BOB, name="Bob", realm="telegram", user="7", at=AT) == BOB


async def test_an_identity_read_while_it_is_forgotten_is_not_remembered(store: Store):
    for _ in range(20):
        await store.enrol(ADA, name="Ada", realm="telegram", user="7", at=AT)
        await asyncio.gather(
            store.identify(realm="telegram", user="7"),
            store.forget_identity(realm="telegram", user="7"),
            store.identify(realm="telegram", user="7"),
        )
        assert await store.identify(realm="telegram", user="7") is None


async def test_everyone_is_listed(store: Store):
    await store.enrol(BOB, name="Bob", realm="telegram", user="8", at=AT)
    await store.enrol(ADA, name="Ada", realm="telegram", user="7", at=AT)
    assert [each.name for each in await store.people()] == ["Ada", "Bob"]
