"""Whoever is forgotten: none of their words is in a byte that is kept, and the log goes on."""

import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from agents.log_index import LogIndex
from bridge import admission_texts, texts
from bridge.caches import stale
from bridge.delivery.notify import Wish
from bridge.delivery.subscription import Cursor, Subscription, scope_of
from bridge.domain.codec import kind_of
from bridge.domain.commands import Forget, Stop
from bridge.domain.content import Attachment, Content
from bridge.domain.errors import NotFound, Refused, StoreUnavailable
from bridge.domain.events import (
    Body,
    Draft,
    Event,
    HistoryCompacted,
    MessageComposed,
    MessageReceived,
    NoteKept,
    NoteRemoved,
    Once,
    ParticipantMerged,
    PlannedCall,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    Redacted,
    RunFinished,
    RunStarted,
    ScheduleSet,
    Source,
    ToolCalled,
    ToolReturned,
    Triggered,
)
from bridge.domain.ids import (
    START,
    CallId,
    ConversationId,
    MessageId,
    NoteId,
    ParticipantId,
    PartId,
    QuestionId,
    RunId,
    ScheduleId,
    Seq,
    SessionId,
)
from bridge.domain.inbound import Edited
from bridge.domain.parts import Receipt, Span
from bridge.engine.commands import forgetting as commands
from bridge.ports.store import Store
from bridge.session import forgetting
from bridge.session.admission import Account
from bridge.session.fold import Session
from bridge.session.fold import fold as folded
from bridge.session.forgetting import GONE
from bridge.session.invitations import Inviting
from bridge.session.routing import SHARED
from bridge.session.snapshot import thaw
from storage.memory_blobs import MemoryBlobs
from tests.conformance.conftest import KINDS, empty_database, postgres_url
from tests.engine.commands.test_access_requests import doorway
from tests.engine.doorway import YES_NO, Doorway, refused
from tests.engine.rig import ANYONE, OWNER, bridge
from tests.stores import opened

__all__ = ["empty_database", "postgres_url"]

MARK = "zaphod4711"
"""What she is called, her id in the app, and what she says."""

LATER = datetime(2040, 1, 1, tzinfo=UTC)
WORD = "tulips"
"""A short word that names nobody: by it alone nothing of hers is found."""

R1, R2, R3, C1, C2 = RunId("r1"), RunId("r2"), RunId("r3"), CallId("c1"), CallId("c2")
Q1, N1 = QuestionId("q1"), NoteId("n1")


@pytest.fixture(params=KINDS)
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Doorway]:
    kind = str(request.param)
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else ""
    async with opened(kind, tmp_path, url) as store:
        door = await doorway(chat=ANYONE, store=store)
        door.kept = lambda: _kept(kind, store, tmp_path, url)  # type: ignore[attr-defined]
        yield door


async def _kept(kind: str, store: Store, folder: Path, url: str) -> bytes:
    """Return every byte that a store keeps; of a server, every row."""
    if kind == "sqlite":
        return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())
    if kind == "memory":
        return repr({name: _plain(value) for name, value in vars(store).items()}).encode()
    connection = await asyncpg.connect(url)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [await connection.fetch(f'SELECT * FROM "{each[0]}"') for each in tables]
    await connection.close()
    return repr(rows).encode()


def _plain(value: object) -> object:
    """Return an object as it can be printed, with what it holds."""
    if isinstance(value, dict):
        return {repr(key): _plain(each) for key, each in value.items()}
    return _plain(vars(value)) if hasattr(value, "__dict__") else value


async def _one(text: bytes) -> AsyncIterator[bytes]:
    yield text


async def append(door: Doorway, *bodies: Body) -> None:
    drafts = [Draft(body=each) for each in bodies]
    await door.store.append(SHARED, drafts, at=door.clock.now())
    stale()


async def events(door: Doorway) -> list[Event]:
    return list(await door.store.read(SHARED, after=START, limit=999))


async def she(door: Doorway) -> ParticipantId:
    who = await door.store.identify(realm="chat", user=MARK)
    assert who is not None
    return who


async def forget(door: Doorway, who: ParticipantId):
    return await door.dispatcher.people.forget(who, OWNER, door.blobs)


async def has_lived(door: Doorway) -> ParticipantId:
    """Let her, and what answers her, leave her mark everywhere."""
    await door.say("the others talk", "bob", place="bobs")
    await door.say(f"I am {MARK}", MARK, place=f"{MARK}s", message="m1", key=f"{MARK}s:1")
    who = await she(door)
    await door.hear(
        Edited(message=MessageId("m1"), content=Content(text=f"I was {MARK}")),
        MARK,
        place=f"{MARK}s",
    )
    await door.say(
        f"/me {MARK.title()} the second", MARK, place=f"{MARK}s", key=f"press:C1:17:{MARK}"
    )
    await door.say(f"/title {MARK}'s", MARK, place=f"{MARK}s")
    blob = await door.blobs.put(_one(MARK.encode()))
    file = Attachment(kind="file", name=f"{MARK}.txt", mime="text/plain", size=9, media=blob.media)
    place = ConversationId("http:web")
    call = PlannedCall(call=C1, name="look", arguments=json.dumps({"of": MARK}))
    await append(
        door,
        MessageReceived(
            participant=who, conversation=place, content=Content(text=MARK, attachments=(file,))
        ),
        RunStarted(run=R1, agent="echo", upto=1, node="n"),
        ToolCalled(run=R1, call=C1, name="look", arguments=call.arguments),
        ToolReturned(call=C1, result=WORD),
        QuestionAsked(question=Q1, run=R1, kind="approval", text=MARK, call=call),
        QuestionClosed(question=Q1, asked=1, outcome="answered", answer="allow", by=who),
        MessageComposed(run=R1, agent="echo", content=Content(text=f"as you say, {WORD}")),
        NoteKept(note=N1, text=f"likes {WORD}", about=who, run=R1, by=who),
        RunFinished(run=R1, outcome="completed", upto=1, agent="echo", asker=who),
        ScheduleSet(
            schedule=ScheduleId("d"),
            rule=Once(at=LATER),
            action="ask",
            text=WORD,
            first=LATER,
            by=who,
        ),
        Triggered(source=Source(kind="api"), prompt=WORD, by=who),
        RunStarted(run=R3, agent="echo", upto=1, node="n"),
        ToolCalled(run=R3, call=C2, name="look", arguments=json.dumps({"of": WORD})),
        RunFinished(run=R3, outcome="cancelled", upto=1, agent="echo"),
        HistoryCompacted(upto=3, summary=f"{WORD} again"),
        Pushed(source=Source(kind="background"), content=Content(text=f"{MARK} came")),
        RunStarted(run=R2, agent="echo", upto=1, node="n"),
        MessageComposed(run=R2, agent="echo", content=Content(text="to Bob alone")),
        RunFinished(run=R2, outcome="completed", upto=1, agent="echo", asker=OWNER),
    )
    await door.store.keep_snapshot(SHARED, 3, json.dumps({"title": MARK}))
    await door.store.keep_fact("hook calls", "work", json.dumps([{"number": 1, "event": MARK}]))
    for number, told in enumerate(
        (MARK, json.dumps([MARK]), f"payload=%7B%22a%22%3A%22{MARK}%22%7D")
    ):
        await door.store.keep_fact("hook bodies", f"work/{number}", told)
    await door.dispatcher.languages.choose(who, "de")
    await door.dispatcher.wishes.choose(who, Wish(mode="mute"))
    return who


async def test_none_of_their_words_is_in_a_byte_that_is_kept(door: Doorway) -> None:
    """Nor their name, their id in the app, their files; the rest is as it was."""
    who = await has_lived(door)
    before = await events(door)
    assert MARK.encode() in (await door.kept()).lower()
    done = await forget(door, who)
    kept = await door.kept()
    assert kept.lower().count(MARK.encode()) == 0
    assert WORD.encode() not in kept
    assert not door.blobs._files
    assert (done.sessions, done.files) == (1, 1)
    after = await events(door)
    same = after[: len(before)]
    assert [(e.seq, e.at, kind_of(e.body), e.key) for e in same] == [
        (e.seq, e.at, kind_of(e.body), e.key) for e in before
    ]
    said = [each.body.content.text for each in after if isinstance(each.body, MessageComposed)]
    assert said == [GONE, "to Bob alone"]
    heard = [each.body.content.text for each in after if isinstance(each.body, MessageReceived)]
    assert heard[0] == "the others talk"
    assert set(heard[1:]) == {GONE}
    assert await door.store.fact("language", who) is None
    assert await door.store.fact("notify", who) is None


async def test_events_are_sent_nowhere_any_more_for_who_is_forgotten(door: Doorway) -> None:
    who = await has_lived(door)
    bobs = Subscription(id="sub_2", by=ParticipantId("p_bob"), url="https://b", secret="s", made="")
    for each in (replace(bobs, id="sub_1", by=who), bobs):
        await door.store.keep_fact("subscriptions", each.id, each.written())
        failing = Cursor(seq=Seq(3), error=f"{MARK}.example cannot be found")
        await door.store.keep_fact(scope_of(each.id), SHARED, failing.written())
    await forget(door, who)
    assert await door.store.facts(scope_of("sub_1")) == {}
    assert len(await door.store.facts(scope_of("sub_2"))) == 1
    assert [*await door.store.facts("subscriptions")] == ["sub_2"]
    assert Subscription.read((await door.store.facts("subscriptions"))["sub_2"]) == bobs


async def test_the_log_is_read_folded_and_gone_on_with(door: Doorway) -> None:
    """Everyone is told what is gone, once; notes are removed, summaries stand for nothing."""
    who = await has_lived(door)
    before = await door.dispatcher.fold(SHARED)
    assert before.summed_up > START
    assert before.schedules
    await forget(door, who)
    await forget(door, who)
    log = await events(door)
    gone = [each.body.target for each in log if isinstance(each.body, Redacted)]
    assert len(gone) == len(set(gone)) > 0
    assert [e.body.note for e in log if isinstance(e.body, NoteRemoved)] == [N1]
    fold = await door.dispatcher.fold(SHARED)
    assert fold == folded(Session(id=SHARED), log)
    assert not fold.schedules
    kept = await door.store.snapshot(SHARED)
    assert kept is not None
    assert MARK not in kept[1]
    assert thaw(kept[1]).summed_up == START
    assert (fold.title, who in fold.participants, fold.head) == ("", False, log[-1].seq)
    index = LogIndex(agent="echo")
    index.take(log)
    assert index.summary is not None
    assert (index.summary.upto, index.notes) == (START, {})
    assert await door.say("hello again", "bob", place="bobs") is None
    assert (await door.store.session(SHARED)).title == ""
    assert await door.say("who am I?", MARK, place=f"{MARK}s") is None
    assert await she(door) != who


@pytest.mark.parametrize("door", ["memory"], indirect=True)
async def test_all_that_is_kept_of_somebody_is_handed_out_until_they_are_forgotten(
    door: Doorway,
) -> None:
    who = await has_lived(door)
    export = door.dispatcher.people.forgetting.export
    kept = await export(who)
    assert (kept.name.lower(), kept.language, kept.wish.mode) == (
        f"{MARK} the second",
        "de",
        "mute",
    )
    assert [each.user for each in kept.identities] == [MARK]
    assert [each.address.place for each in kept.places] == [f"{MARK}s"]
    (session,) = kept.sessions
    assert session.role == "member"
    kinds = {kind_of(each.body) for each in session.events}
    assert {"message_received", "tool_called", "note_kept", "history_compacted"} <= kinds
    assert "the others talk" not in repr(session)
    await forget(door, who)
    after = await export(who)
    assert (after.name, after.identities, after.places, after.grants) == ("", [], [], [])
    assert MARK not in repr(after).lower()
    with pytest.raises(NotFound):
        await export(ParticipantId("p_nobody"))


@pytest.mark.parametrize("door", ["memory"], indirect=True)
async def test_what_cannot_be_taken_back_is_told(door: Doorway) -> None:
    """Copies in places whose app cannot delete, in their own chat, and others who name them."""
    await door.say("all of us", "bob", place="team", room=True, title="Team")
    who = await has_lived(door)
    await door.say(f"{MARK.title()} the second is gone?", "bob", place="bobs")
    done = await forget(door, who)
    assert admission_texts.copies_left("Chat", "") in done.left
    assert done.left[-1] == admission_texts.named_by_others(1)
    door.dispatcher.people.forgetting.deletes = lambda _: timedelta.max
    assert len((await forget(door, who)).left) < len(done.left)


@pytest.mark.parametrize("door", ["memory"], indirect=True)
async def test_it_is_refused_for_owners_for_nobody_and_while_an_agent_works_on_it(
    door: Doorway,
) -> None:
    who = await has_lived(door)
    with pytest.raises(Refused, match="owner"):
        await forget(door, OWNER)
    with pytest.raises(NotFound):
        await forget(door, ParticipantId("p_nobody"))
    await append(door, RunStarted(run=RunId("r3"), agent="echo", upto=1, node="n"))
    with pytest.raises(Refused, match="/stop"):
        await forget(door, who)
    assert who in (await door.dispatcher.fold(SHARED)).participants
    await door.dispatcher.submit(SHARED, Stop(by=OWNER))
    assert (await forget(door, who)).events > 0


async def test_who_asked_to_be_let_in_is_forgotten_with_their_request() -> None:
    door = await doorway()
    await door.say("/ask it is me", "eve-of-old", place="eves")
    assert len(await door.dispatcher.access_requests.waiting()) == 1
    eve = ParticipantId("p_eve")
    await door.store.enrol(eve, name="Eve", realm="chat", user="eve-of-old", at=door.clock.now())
    await forget(door, eve)
    assert await door.dispatcher.access_requests.waiting() == []


async def test_a_line_of_the_configuration_that_names_them_is_told() -> None:
    door = await doorway(chat=Account(allow=frozenset({"zora"})))
    await door.say("hello", "zora", place="zoras")
    who = await door.store.identify(realm="chat", user="zora")
    assert who is not None
    line = admission_texts.let_in_by_list("chat", '"zora"')
    assert (await forget(door, who)).left[-1] == admission_texts.listed_still(line)


async def test_places_take_their_copies_back() -> None:
    """What others were shown goes by itself where the app can delete; what they said stays."""
    async with bridge() as b:
        await b.gather("eve", "bob")
        b.platform.say("eve", "eve", "the code is 4711")
        await b.until_shown("bob", "the code is 4711")
        b.platform.say("bob", "bob", "and mine is 1234")
        await b.until_shown("eve", "and mine is 1234")
        await b.until_at_rest()
        who = await b.store.identify(realm="memory", user="eve")
        assert who is not None
        done = await b.core.sessions.people.forget(who, OWNER, MemoryBlobs(clock=b.clock))
        await b.until_at_rest()
        assert not [each for each in b.shown("bob") if "4711" in each]
        assert [each for each in b.shown("eve") if "1234" in each]
        assert len(done.left) == 1  # her own chat


# -- what it must not do to others ----------------------------------------------------------------

LONG = "tulips at dawn, and never a word to anybody"


async def other(door: Doorway, *bodies: Body) -> SessionId:
    """Begin another session, of others, in which this happened."""
    session = SessionId("s_other")
    await door.dispatcher.create(session, title="Other", owner=OWNER)
    drafts = [Draft(body=each) for each in bodies]
    await door.store.append(session, drafts, at=door.clock.now())
    stale()
    return session


def answer(text: str) -> tuple[Body, ...]:
    """Return a run that answers somebody else so."""
    return (
        RunStarted(run=R2, agent="echo", upto=1, node="n"),
        MessageComposed(run=R2, agent="echo", content=Content(text=text)),
        RunFinished(run=R2, outcome="completed", upto=1, agent="echo", asker=OWNER),
    )


@pytest.fixture
async def here() -> Doorway:
    """Return a doorway over a store in memory."""
    return await doorway(chat=ANYONE)


async def test_what_a_hook_brought_of_her_goes_and_of_others_stays(here: Doorway) -> None:
    await here.say(LONG, MARK, place=f"{MARK}s")
    calls = [{"number": 1, "event": "push"}, {"number": 2, "event": MARK}, {"number": 3}]
    await here.store.keep_fact("hook calls", "work", json.dumps(calls))
    brought = {
        "her id": json.dumps({"user": {"id": MARK}}),
        "her words": json.dumps({"body": f"she wrote:\n\n{LONG}\u2026"}),
        "a form": str(httpx.QueryParams({"payload": json.dumps({"by": LONG})})),
        "others": json.dumps([{"user": "bob"}, "hello"]),
        "words": "no JSON; no form",
    }
    for name, body in brought.items():
        await here.store.keep_fact("hook bodies", name, body)
    await forget(here, await she(here))
    assert (await here.store.facts("hook bodies")).keys() == {"others", "words"}
    assert json.loads(await here.store.fact("hook calls", "work") or "") == [calls[0], calls[2]]


async def test_a_file_that_somebody_else_sent_too_stays_in_any_session(here: Doorway) -> None:
    blob = await here.blobs.put(_one(b"a logo"))
    file = Attachment(kind="file", name="l.png", mime="image/png", size=6, media=blob.media)
    content = Content(text="look", attachments=(file,))
    await here.say("hello", MARK, place=f"{MARK}s")
    who = await she(here)
    place = ConversationId("http:web")
    sent = MessageReceived(participant=OWNER, conversation=place, content=content)
    await other(here, sent)
    await append(here, MessageReceived(participant=who, conversation=place, content=content))
    done = await forget(here, who)
    assert done.files == 0
    assert await here.blobs.size(blob.media) == 6


async def test_an_agent_that_repeats_her_in_another_session_is_found(here: Doorway) -> None:
    await here.say(LONG, MARK, place=f"{MARK}s")
    session = await other(here, *answer(LONG))
    await forget(here, await she(here))
    log = await here.store.read(session, after=START, limit=99)
    assert LONG not in repr(log)
    (said,) = [each.seq for each in log if isinstance(each.body, MessageComposed)]
    assert [e.body.target for e in log if isinstance(e.body, Redacted)] == [said]


async def test_what_an_agent_says_of_her_meanwhile_goes_too(here: Doorway) -> None:
    await here.say(LONG, MARK, place=f"{MARK}s")
    who, rewrite = await she(here), here.store.rewrite
    late = [answer(f"so: {LONG}")]

    async def meanwhile(session: SessionId, bodies, *, expect=None) -> None:
        if late:
            await append(here, *late.pop())
        await rewrite(session, bodies, expect=expect)

    here.store.rewrite = meanwhile  # type: ignore[method-assign]
    await forget(here, who)
    log = await events(here)
    assert LONG not in repr(log)
    said = [each.seq for each in log if isinstance(each.body, MessageComposed)]
    assert {*said} < {each.body.target for each in log if isinstance(each.body, Redacted)}


async def test_whoever_asks_again_after_a_failure_has_all_of_it_told(here: Doorway) -> None:
    """What was found by its words is found again, as is what hangs on it."""
    await here.say(LONG, MARK, place=f"{MARK}s")
    who, rewrite = await she(here), here.store.rewrite
    await append(
        here,
        RunStarted(run=R2, agent="echo", upto=1, node="n"),
        MessageComposed(run=R2, agent="echo", content=Content(text=f"so: {LONG}")),
        NoteKept(note=N1, text=f"said: {LONG}", run=R2, by=OWNER),
        RunFinished(run=R2, outcome="completed", upto=1, agent="echo", asker=OWNER),
    )
    (said,) = [e.seq for e in await events(here) if isinstance(e.body, MessageComposed)]

    async def dies(session: SessionId, bodies, *, expect=None) -> None:
        here.store.rewrite = rewrite  # type: ignore[method-assign]
        await rewrite(session, bodies, expect=expect)
        raise StoreUnavailable("it died")

    here.store.rewrite = dies  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await forget(here, who)
    await forget(here, who)
    log = await events(here)
    assert said in [e.body.target for e in log if isinstance(e.body, Redacted)]
    assert [e.body.note for e in log if isinstance(e.body, NoteRemoved)] == [N1]


async def test_the_loop_goes_on_while_logs_are_looked_through(
    here: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is told, and rewritten, is so in pages."""
    for number in range(7):
        await here.say(f"{LONG} {number}", MARK, place=f"{MARK}s")
    who, looked, asked = await she(here), forgetting.forgotten, list[int]()
    threads, submit = set[int](), here.dispatcher.submit

    def looking(*args):
        threads.add(threading.get_ident())
        return looked(*args)

    async def submitted(session, command, **more):
        asked.append(len(command.targets) if isinstance(command, Forget) else 0)
        return await submit(session, command, **more)

    monkeypatch.setattr(forgetting, "forgotten", looking)
    monkeypatch.setattr(commands, "PAGE", 3)
    monkeypatch.setattr(here.dispatcher, "submit", submitted)
    await forget(here, who)
    assert threads
    assert threading.get_ident() not in threads
    assert max(asked) == 3
    gone = [e.body.target for e in await events(here) if isinstance(e.body, Redacted)]
    assert len(gone) == 7


async def test_an_invitation_of_somebody_else_stays_open_and_her_use_stays_counted(
    here: Doorway,
) -> None:
    codes = here.dispatcher.pairing.codes
    code = await codes.invite(OWNER, SHARED, Inviting(uses=5))
    await here.say("hello", MARK, place=f"{MARK}s")
    found = await codes.find(code)
    assert found is not None
    takers = {f"chat:{MARK}": "g1", "chat:carol": "g2"}
    assert await here.store.change_facts([found.change(takers=takers)])
    await forget(here, await she(here))
    (kept,) = await codes.invitations()
    assert kept.invitation.takers["chat:carol"] == "g2"
    assert len(kept.invitation.takers) == 2
    assert MARK not in kept.body


async def test_who_became_her_is_nameless_as_well(here: Doorway) -> None:
    old = ParticipantId("p_old")
    await here.store.enrol(old, name="Ada Old 77", realm="mail", user="x", at=here.clock.now())
    await here.say("hello", MARK, place=f"{MARK}s")
    who = await she(here)
    await append(
        here,
        ParticipantMerged(participant=old, into=who),
        *answer("as Ada Old 77 said"),
    )
    await forget(here, who)
    assert (await here.store.participants([old]))[old].name == ""
    assert "Ada Old 77" not in repr(await events(here))


async def test_places_whose_copies_are_too_old_to_be_deleted_are_told(here: Doorway) -> None:
    await here.say("all of us", "bob", place="team", room=True, title="Team")
    await here.say("hello", MARK, place="team", room=True, title="Team")
    team = await here.there("team")
    assert team.session is not None
    head = await here.store.head(team.session)
    here.dispatcher.people.forgetting.deletes = lambda _: timedelta(hours=48)
    who, told = await she(here), admission_texts.copies_left("Chat", "Team")
    receipt = Receipt(
        session=team.session,
        conversation=team.id,
        source=head,
        upto=head,
        part=PartId(f"{head}:0"),
        state="sent",
        span=Span(start=0, end=5),
        at=here.clock.now(),
        message=MessageId("m9"),
        tries=1,
    )
    await here.store.record(receipt)
    assert told not in (await forget(here, who)).left
    here.clock.elapsed += timedelta(hours=49)
    assert told in (await forget(here, who)).left


@pytest.mark.parametrize("call", ["", json.dumps({"command": LONG})], ids=["choice", "approval"])
async def test_a_card_of_words_that_are_gone_says_that_it_is_closed_and_answers_nothing(
    here: Doorway, call: str
) -> None:
    """It is a card of this very session, and nobody is forgotten while it waits."""
    await here.say(LONG, MARK, place=f"{MARK}s")
    who = await she(here)
    await here.say("hello")
    asked = QuestionAsked(question=Q1, run=R1, kind="choice", text=LONG, options=YES_NO)
    if call:
        planned = PlannedCall(call=C1, name="look", arguments=call)
        asked = replace(asked, kind="approval", call=planned)
    await append(
        here,
        RunStarted(run=R1, agent="echo", upto=1, node="n"),
        asked,
        RunFinished(run=R1, outcome="completed", upto=1, agent="echo", asker=OWNER),
        QuestionClosed(question=Q1, asked=1, outcome="answered", answer="approve", by=OWNER),
    )
    card = await here.card(0)
    await forget(here, who)
    stale()
    before = await events(here)
    assert await here.hear(card) == refused(texts.QUESTION_OVER)
    assert await events(here) == before
