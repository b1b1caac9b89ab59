"""What is asked once more, and what is said of it, tells nobody what was said before they came."""

from bridge.domain.commands import Delete, Edit, FailRun, Say, StartRun
from bridge.domain.content import Content
from bridge.domain.events import MessageComposed, MessageReceived
from bridge.domain.ids import ConversationId, ParticipantId, RunId, Seq
from bridge.engine.runs.given_up import GivenUp
from bridge.session.routing import SHARED
from bridge.session.visible import hidden_upto, readable
from tests.engine.doorway import Doorway

R1, R2 = RunId("r_1"), RunId("r_2")
SECRET = "between us: hunter2"


async def known(door: Doorway, user: str) -> ParticipantId:
    found = await door.store.identify(realm="chat", user=user)
    assert found is not None
    return found


async def told_a_secret() -> tuple[Doorway, Seq]:
    """Return a session in which Ada said something, and where."""
    door = await Doorway().open()
    await door.say(SECRET)
    return door, Seq((await door.dispatcher.fold(SHARED)).head)


async def fail(door: Doorway, run: RunId = R1, *, start: bool = True) -> None:
    if start:
        await door.dispatcher.submit(SHARED, StartRun(run=run, agent="echo", node="n"))
    fold = await door.dispatcher.fold(SHARED)
    names = door.dispatcher.people.names
    ending = FailRun(run=run, reason="no", retry=False)
    await door.dispatcher.submit(SHARED, await GivenUp(door.store, names).naming(fold, ending))


async def asked_about(door: Doorway, user: str, seq: Seq) -> None:
    """Let somebody ask about an event by its number, in vain, and once more."""
    by = await known(door, user)
    say = Say(
        by=by,
        conversation=ConversationId("http:api"),
        content=Content(text="?"),
        reply_to=seq,
    )
    await door.dispatcher.submit(SHARED, say)
    await fail(door)
    await door.say("/retry", user, place="dm" if user == "ada" else f"{user}s")


async def read_by(door: Doorway, user: str) -> str:
    """Return all that somebody may read of the session."""
    fold = await door.dispatcher.fold(SHARED)
    hidden = hidden_upto(fold, await known(door, user))
    events = await door.store.read(SHARED, after=hidden, limit=999)
    return repr([readable(each, hidden).body for each in events])


async def quotes(door: Doorway) -> list[str | None]:
    heard = [each for each in await door.log() if isinstance(each, MessageReceived) and each.again]
    return [each.quote and each.quote.text for each in heard]


async def test_whoever_came_later_reads_no_earlier_message_by_asking_about_it_again() -> None:
    door, secret = await told_a_secret()
    await door.say("hi", "bob", place="bobs")
    await asked_about(door, "bob", secret)
    assert await quotes(door) == [None, None]
    assert "hunter2" not in await read_by(door, "bob")


async def test_what_was_taken_back_is_not_quoted_by_asking_about_it_again() -> None:
    door, secret = await told_a_secret()
    await door.dispatcher.submit(SHARED, Delete(by=await known(door, "ada"), target=secret))
    await asked_about(door, "ada", secret)
    assert await quotes(door) == [None]


async def test_what_was_edited_is_quoted_as_it_stands_now() -> None:
    door, secret = await told_a_secret()
    edit = Edit(by=await known(door, "ada"), target=secret, content=Content(text="nothing"))
    await door.dispatcher.submit(SHARED, edit)
    await asked_about(door, "ada", secret)
    assert await quotes(door) == [None, "nothing"]


async def test_the_notice_that_a_run_is_given_up_tells_whoever_came_meanwhile_no_words() -> None:
    door, _ = await told_a_secret()
    await door.dispatcher.submit(SHARED, StartRun(run=R1, agent="echo", node="n"))
    await door.say("hi", "bob", place="bobs")
    await fail(door, start=False)
    notices = [each for each in await door.log() if isinstance(each, MessageComposed)]
    assert len(notices) == 1
    assert "hunter2" not in await read_by(door, "bob")


async def test_what_an_owner_asks_again_and_again_stays_hidden_from_whoever_came_later() -> None:
    door, _ = await told_a_secret()
    await fail(door)
    await door.say("hi", "bob", place="bobs")
    await door.say("/retry")
    await fail(door, R2)
    for user, place in (("bob", "bobs"), ("ada", "dm")):
        await door.say("/retry", user, place=place)
    assert "hunter2" not in await read_by(door, "bob")
    assert (await read_by(door, "ada")).count("hunter2") >= 3
