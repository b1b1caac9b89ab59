"""Words that are older than they are kept are in no byte any more, and the session goes on."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from agents.log_index import LogIndex
from bridge import session_texts
from bridge.caches import stale
from bridge.domain.content import Attachment, Content
from bridge.domain.errors import Refused, StoreUnavailable
from bridge.domain.events import (
    Body,
    Draft,
    HistoryCompacted,
    MessageComposed,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    Pushed,
    RunFinished,
    RunStarted,
    Source,
)
from bridge.domain.ids import START, ConversationId, NoteId, RunId
from bridge.domain.session_file import SessionHead
from bridge.engine.commands.retention import Retention
from bridge.exports import lines, markdown
from bridge.session.forgetting import GONE
from bridge.session.retention import TOLD
from bridge.session.routing import SHARED
from tests.conformance.conftest import KINDS, empty_database, postgres_url
from tests.engine.commands.test_access_requests import doorway
from tests.engine.commands.test_forgetting import _kept, _one
from tests.engine.doorway import Doorway
from tests.engine.rig import ANYONE
from tests.stores import opened

__all__ = ["empty_database", "postgres_url"]

MARK = "zaphod4711"
DAY = timedelta(days=1)


@pytest.fixture(params=KINDS)
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Doorway]:
    kind = str(request.param)
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else ""
    async with opened(kind, tmp_path, url) as store:
        door = await doorway(chat=ANYONE, store=store)
        door.kept = lambda: _kept(kind, store, tmp_path, url)  # type: ignore[attr-defined]
        yield door


async def append(door: Doorway, *bodies: Body) -> None:
    drafts = [Draft(body=each) for each in bodies]
    await door.store.append(SHARED, drafts, at=door.clock.now())
    stale()


def keeping(door: Doorway) -> Retention:
    return door.dispatcher.people.retention


async def look(door: Doorway) -> None:
    await keeping(door).look(door.blobs, door.clock.now())


async def old_words(door: Doorway) -> Attachment:
    """Let there be words, a file, a note and a summary, all answered, and forty days pass."""
    blob = await door.blobs.put(_one(MARK.encode()))
    file = Attachment(
        kind="file", name=f"{MARK}.txt", mime="text/plain", size=blob.size, media=blob.media
    )
    await door.say(f"I am {MARK}")
    who = (await door.last()).participant
    said = Content(text=f"this is {MARK}", attachments=(file,))
    there, upto = ConversationId("c_other"), await door.store.head(SHARED) + 1
    await append(
        door,
        MessageReceived(participant=who, conversation=there, content=said, addressed=False),
        RunStarted(run=RunId("r1"), agent="echo", upto=upto, node="n"),
        MessageComposed(run=RunId("r1"), agent="echo", content=Content(text=f"hello {MARK}")),
        NoteKept(note=NoteId("n1"), text=f"{MARK} likes tea", run=RunId("r1")),
        RunFinished(run=RunId("r1"), outcome="completed", upto=upto),
        HistoryCompacted(upto=3, summary=f"{MARK} came."),
        Pushed(source=Source(kind="api"), content=Content(text=MARK)),
    )
    head = await door.store.head(SHARED)
    for lane in await door.store.conversations(SHARED):
        await door.store.advance(SHARED, lane.id, head)
    door.clock.forward(40 * DAY.total_seconds())
    await append(door, Pushed(source=Source(kind="api"), content=Content(text="young words")))
    await door.dispatcher.refold(SHARED)
    return file


async def test_old_words_are_in_no_byte_any_more_and_the_log_goes_on(door: Doorway) -> None:
    file = await old_words(door)
    head = await door.store.head(SHARED)
    assert MARK.encode() in await door.kept()  # type: ignore[attr-defined]
    keeping(door).default = 30 * DAY
    await look(door)
    assert MARK.encode() not in await door.kept()  # type: ignore[attr-defined]
    assert await door.blobs.size(file.media) is None
    log = await door.store.read(SHARED, after=START, limit=999)
    assert [each.seq for each in log] == [*range(1, len(log) + 1)]
    assert [type(each.body) for each in log[head:]] == [NoteRemoved, HistoryCompacted]
    assert any("young words" in str(each.body) for each in log)
    known = LogIndex(agent="echo")
    known.take(log)
    assert known.summary is not None
    assert (known.summary.summary, known.notes) == (TOLD, {})
    assert (await door.dispatcher.fold(SHARED)).summed_up == known.summary.upto
    await look(door)
    assert await door.store.head(SHARED) == head + 2, "a second look changes nothing"
    await door.say("and now?")
    assert (await door.last()).content.text == "and now?"


async def test_kept_for_ever_everything_stays(door: Doorway) -> None:
    await old_words(door)
    await look(door)
    assert MARK.encode() in await door.kept()  # type: ignore[attr-defined]
    keeping(door).default = 30 * DAY
    await keeping(door).choose(SHARED, "forever")
    await look(door)
    assert MARK.encode() in await door.kept()  # type: ignore[attr-defined]


@pytest.mark.parametrize("step", ["rewrite", "scrub", "forget", "submit"])
async def test_after_a_death_at_any_step_the_next_look_does_the_rest(
    door: Doorway, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await old_words(door)
    keeping(door).default = 30 * DAY
    of = {"forget": door.blobs, "submit": door.dispatcher}.get(step, door.store)

    async def dies(*_: object, **__: object) -> None:
        raise StoreUnavailable("the process died")

    with monkeypatch.context() as patched:
        patched.setattr(of, step, dies)
        with pytest.raises(StoreUnavailable):
            await look(door)
    stale()
    await look(door)
    assert MARK.encode() not in await door.kept()  # type: ignore[attr-defined]


async def opened_door() -> Doorway:
    return await doorway(chat=ANYONE)


async def test_people_are_told_when_it_is_changed_and_nonsense_is_refused() -> None:
    door = await opened_door()
    await door.say("hello")
    with pytest.raises(Refused):
        await keeping(door).choose(SHARED, "soon")
    for wanted, told in (
        ("30d", session_texts.kept_for(30)),
        ("forever", session_texts.KEPT_FOREVER),
    ):
        await keeping(door).choose(SHARED, wanted)
        assert (await keeping(door).of(SHARED)).keep == wanted
        pushed = [each for each in await door.log(SHARED) if isinstance(each, Pushed)]
        assert pushed[-1].content.text == told
    await keeping(door).choose(SHARED, "default")
    known = await keeping(door).of(SHARED)
    assert (known.keep, known.own) == ("forever", False)


async def test_a_clock_that_jumps_ahead_does_not_take_what_is_not_due() -> None:
    door = await opened_door()
    await door.say(f"I am {MARK}")
    keeping(door).default = 30 * DAY
    await look(door)
    for hour in range(24):
        ahead = door.clock.now() + timedelta(days=3650, hours=hour)
        await keeping(door).look(door.blobs, ahead)
    assert (await door.last()).content.text == f"I am {MARK}"


async def test_what_is_unread_or_not_shown_in_a_place_stays() -> None:
    door = await opened_door()
    await door.say(f"I am {MARK}")
    door.clock.forward(60 * DAY.total_seconds())
    await append(door, Pushed(source=Source(kind="api"), content=Content(text="young words")))
    await door.dispatcher.refold(SHARED)
    keeping(door).default = 30 * DAY
    await look(door)
    assert MARK in str(await door.log(SHARED))


async def test_a_file_that_another_session_shows_stays() -> None:
    door = await opened_door()
    file = await old_words(door)
    await door.say("/new Own")
    own = (await door.there("dm")).session
    shown = Pushed(source=Source(kind="api"), content=Content(text="", attachments=(file,)))
    assert own is not None
    await door.store.append(own, [Draft(body=shown)], at=door.clock.now())
    keeping(door).default = 30 * DAY
    await look(door)
    assert (await keeping(door).of(SHARED)).erased > START
    assert await door.blobs.size(file.media) is not None


async def test_an_export_says_what_was_taken_out() -> None:
    door = await opened_door()
    await old_words(door)
    keeping(door).default = 30 * DAY
    await look(door)
    upto = (await keeping(door).of(SHARED)).erased
    at = door.clock.now()
    told = [each async for each in lines(door.store, door.blobs, SHARED, at=at)]
    assert SessionHead.model_validate_json(told[0]).erased == upto
    text = b"".join([each async for each in markdown(door.store, SHARED, at=at)]).decode()
    assert f"_{session_texts.erased_upto(upto)}_" in text
    assert (GONE in text, "young words" in text) == (False, True)
