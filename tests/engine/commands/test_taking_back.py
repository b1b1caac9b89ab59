"""What someone arranged in another's name goes with it; what cannot be told apart is said."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bridge import texts
from bridge.domain.commands import Answer, Change, ChangeRole, EndRun, Record, Say, StartRun
from bridge.domain.content import Content
from bridge.domain.events import Pushed
from bridge.domain.ids import ParticipantId, RunId, SessionId
from bridge.domain.parts import Reply
from bridge.domain.run_output import Delegating
from bridge.engine.access.pairing_codes import PairingCodes
from bridge.engine.commands.taking_back import BEFORE
from bridge.session.admission import Account
from bridge.session.background import child_of, running
from bridge.session.permissions import opened
from bridge.session.routing import SHARED
from bridge.session.tool_grants import YES, always_allowed, setting
from tests.engine.doorway import CHAT, MAIL, Doorway
from tests.engine.rig import OWNER
from tests.playbook import Q1

ONLY_ADA = Account(allow=frozenset({"ada"}))
ONLY_MALLORY = Account(allow=frozenset({"mallory"}))
AGENT = "echo"
Before = Callable[[Doorway, ParticipantId], Awaitable[None]]
MALLORYS = {"channel": MAIL, "place": "inbox of mallory"}


async def who(door: Doorway, user: str, realm: str = CHAT) -> ParticipantId:
    found = await door.store.identify(realm=realm, user=user)
    assert found is not None
    return found


async def joined(before: Before | None = None, **parts) -> tuple[Doorway, str]:
    """Let Mallory become Ada, who owns the shared session, by her code; return the grant.

    `before` is done before Mallory comes.
    """
    door = await Doorway(**{"chat": ONLY_ADA, "mail": ONLY_MALLORY, **parts}).open()
    await door.say("hello", "ada")
    ada = await who(door, "ada")
    await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=ada, role="owner"))
    await allow(door, ada, "saw")
    await door.say("/may mode members")
    if before is not None:
        await before(door, ada)
    code = await PairingCodes(door.store, door.clock).link(ada, SHARED, via=CHAT)
    await door.say(code, "mallory", **MALLORYS)
    assert await who(door, "mallory", MAIL) == ada
    (grant,) = (await door.dispatcher.admission.book()).grants.values()
    return door, grant.id


async def allow(door: Doorway, by: ParticipantId, tool: str, session: SessionId = SHARED) -> None:
    """Do what the answer Always does."""
    change = Change(scope="session", of=AGENT, name=setting(tool), value=YES, by=by)
    await door.dispatcher.submit(session, change)


async def undo(door: Doorway, grant: str) -> str:
    reply = await door.say(f"/unlink {grant}")
    assert reply is not None
    return reply.text


@pytest.mark.parametrize("back", [timedelta(0), timedelta(days=1)])
async def test_what_was_allowed_in_someones_name_since_is_allowed_no_more(back) -> None:
    """Always and /may hold for good, so they must not outlive the wrong identity."""
    door, grant = await joined()
    door.clock.set_back(back)
    await allow(door, await who(door, "ada"), "drill")
    for words in ("/may agent members", "/model gpt"):
        await door.say(words, "mallory", **MALLORYS)
    fold = await door.dispatcher.fold(SHARED)
    assert (set(always_allowed(fold, AGENT)), opened(fold)) == ({"drill", "saw"}, {"agent", "mode"})
    told = await undo(door, grant)
    fold = await door.dispatcher.fold(SHARED)
    assert (set(always_allowed(fold, AGENT)), opened(fold)) == ({"saw"}, {"mode"}), (
        "as it was before"
    )
    for words in ("I do not know", "*Always* for `drill`", "may change the agent", "model"):
        assert words in told
    assert "saw" not in told
    assert await undo(door, grant) == texts.UNDONE_ALREADY


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=-1)])
async def test_a_clock_that_jumps_changes_nothing_of_what_an_undo_takes_back(ahead) -> None:
    """In other sessions too: neither what was allowed since is left, nor what was before taken."""
    plans, later = SessionId("s_plans"), SessionId("s_later")

    async def before(door: Doorway, ada: ParticipantId) -> None:
        await door.dispatcher.create(plans, title="Plans", owner=ada)
        await allow(door, ada, "saw", plans)
        door.clock.set_back(ahead)

    door, grant = await joined(before)
    door.clock.set_back(ahead)
    ada = await who(door, "ada")
    await door.dispatcher.create(later, title="Later", owner=ada)
    for session in (plans, later):
        await allow(door, ada, "drill", session)
    told = await undo(door, grant)
    assert told.count("drill") == 2
    for session, left in ((plans, {"saw"}), (later, set())):
        assert set(always_allowed(await door.dispatcher.fold(session), AGENT)) == left


@pytest.mark.parametrize("how", ["undone", "removed"])
async def test_what_there_was_before_is_kept_with_the_grant_and_of_ones_own_sessions(how) -> None:
    async def before(door: Doorway, _: ParticipantId) -> None:
        await door.dispatcher.create(SessionId("s_other"), title="Other", owner=OWNER)

    door, grant = await joined(before)
    kept = await door.store.facts(BEFORE)
    assert {key: list(json.loads(body)["heads"]) for key, body in kept.items()} == {grant: [SHARED]}
    if how == "undone":
        await undo(door, grant)
    else:
        await door.dispatcher.people.remove(await who(door, "ada"), OWNER)
    assert await door.store.facts(BEFORE) == {}


async def test_what_was_taken_back_already_is_not_told() -> None:
    door, grant = await joined()
    for words in ("/may agent members", "/may agent owners"):
        await door.say(words, "mallory", **MALLORYS)
    assert "taken back" not in await undo(door, grant)


async def test_rooms_that_were_let_follow_from_there_go_back_and_no_others() -> None:
    door, grant = await joined()
    for user, channel in (("ada", CHAT), ("mallory", MAIL)):
        room = {"channel": channel, "place": f"room of {user}", "room": True, "title": user}
        for text in ("hello", "/follow", "/follow yes"):
            await door.say(text, user, **room)
        assert (await door.there(f"room of {user}", channel)).session == SHARED
    await undo(door, grant)
    assert (await door.there("room of mallory", MAIL)).session != SHARED
    assert (await door.there("room of ada")).session == SHARED


async def test_how_many_questions_were_answered_from_there_is_told() -> None:
    door, grant = await joined()
    await door.let_ask()
    there = (await door.there(MALLORYS["place"], MAIL)).id
    by = await who(door, "ada")
    answer = Answer(by=by, question=Q1, answer="t", conversation=there)
    await door.dispatcher.submit(SHARED, answer)
    assert "1 question" in await undo(door, grant)


async def test_what_a_false_owner_opened_is_closed_with_their_role() -> None:
    """Who is no owner any more keeps nothing open; and they are told of by their own name."""
    door = await Doorway(chat=ONLY_ADA).open()
    await door.say("hello", "ada")
    await door.say(await PairingCodes(door.store, door.clock).owner(OWNER), "ada")
    await door.say("/may agent members")
    (grant,) = (await door.dispatcher.admission.book()).grants.values()
    await door.dispatcher.pairing.undoing.undo(grant.id, OWNER)
    assert opened(await door.dispatcher.fold(SHARED)) == set()


async def test_nobody_is_told_anew_who_joined() -> None:
    door, grant = await joined()
    await undo(door, grant)
    told = [each for each in await door.log() if isinstance(each, Pushed) and each.buttons]
    assert len(told) == 1
    assert await door.say("still there?", "mallory", **MALLORYS) is None, "as a person of their own"
    assert await who(door, "mallory", MAIL) != await who(door, "ada")
    assert await door.say(f"/unlink {grant}") == Reply(text=texts.UNDONE_ALREADY)


# -- what goes on by itself, and who was made an owner --------------------------------------------


async def planned(door: Doorway) -> list[tuple[str, bool]]:
    fold = await door.dispatcher.fold(SHARED)
    return sorted((each.text, each.paused) for each in fold.schedules.values())


async def test_what_was_planned_in_someones_name_since_rests() -> None:
    """It would go on asking the agent, in the name of whoever never planned it."""

    async def before(door: Doorway, _: ParticipantId) -> None:
        await door.say("/every day 9:00 sum up the news")

    door, grant = await joined(before)
    await door.say("/every day 10:00 send me the secrets", "mallory", **MALLORYS)
    assert await planned(door) == [("send me the secrets", False), ("sum up the news", False)]
    told = await undo(door, grant)
    assert await planned(door) == [("send me the secrets", True), ("sum up the news", False)]
    assert "a schedule, which is paused now (`send me the secrets`)" in told


async def test_what_was_begun_in_the_background_in_someones_name_since_is_stopped() -> None:
    """What was begun before goes on."""

    async def begin(door: Doorway, work: str, by: ParticipantId) -> None:
        said = Say(by=by, conversation=(await door.there()).id, content=Content(text="go"))
        await door.dispatcher.submit(SHARED, said)
        run = RunId(f"r_{work}")
        await door.dispatcher.submit(SHARED, StartRun(run=run, agent=AGENT, node="n"))
        begun = Delegating(work=work, task="Send me the `secrets`.")
        await door.dispatcher.submit(SHARED, Record(run=run, said=begun))
        await door.dispatcher.submit(SHARED, EndRun(run=run, upto=0))

    async def before(door: Doorway, ada: ParticipantId) -> None:
        await begin(door, "mine", ada)

    door, grant = await joined(before)
    await begin(door, "theirs", await who(door, "mallory", MAIL))
    told = await undo(door, grant)
    assert running(await door.dispatcher.fold(SHARED)) == (child_of(SHARED, "mine"),)
    assert "work in the background, which is stopped now" in told


async def test_whoever_was_made_an_owner_in_someones_name_since_is_none() -> None:
    door, grant = await joined(chat=Account(allow=frozenset({"ada", "eve", "zoe", "bob"})))
    for user in ("eve", "zoe", "bob"):
        await door.say("hello", user, place=user)
    people = {each: await who(door, each) for each in ("eve", "zoe", "bob")}
    await door.dispatcher.submit(
        SHARED, ChangeRole(by=None, participant=people["zoe"], role="owner")
    )
    for words in ("/role Eve owner", "/role Bob viewer"):
        await door.say(words, "mallory", **MALLORYS)
    told = await undo(door, grant)
    roles = (await door.dispatcher.fold(SHARED)).participants
    assert {each: roles[who] for each, who in people.items()} == {
        "eve": "member",
        "zoe": "owner",
        "bob": "viewer",
    }
    assert "that **Eve** is an owner" in told
    assert "the role of **Bob**" in told
    assert "Zoe" not in told
