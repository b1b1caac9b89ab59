"""What is exported of a session is what every kind of store has of it."""

import json
import re
from collections.abc import AsyncIterator
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import cast

from bridge.domain.codec import decode, rfc3339
from bridge.domain.content import Attachment, Content
from bridge.domain.events import (
    BackgroundStarted,
    ConversationLinked,
    Draft,
    Event,
    Every,
    MessageReceived,
    ParticipantJoined,
    RunFinished,
    ScheduleSet,
    SettingChanged,
)
from bridge.domain.ids import ParticipantId, ScheduleId, SessionId
from bridge.domain.session_file import PIECE, Seal
from bridge.exports import PAGE, lines
from bridge.http.dependencies import Reach
from bridge.http.session_imports import Imported, taken_in
from bridge.ports.store import Store
from bridge.session.fold import Idle, Session, fold, next_step
from storage.memory_blobs import MemoryBlobs
from tests.stores import (
    ADA,
    AT,
    BOB,
    C1,
    R1,
    S1,
    S2,
    StillClock,
    finished,
    later,
    linked,
    log_of,
    pushed,
    put,
    said,
    started,
)


async def exported(store: Store) -> list[bytes]:
    return [line async for line in lines(store, MemoryBlobs(clock=StillClock()), S1, at=later(9))]


def events_of(file: list[bytes]) -> list[Event]:
    """Read the events as an import would."""
    told = [json.loads(line) for line in file]
    assert all(rfc3339(AT) == each["at"] for each in told if each["type"] == "event")
    return [
        Event(
            session=S1,
            seq=each["seq"],
            at=AT,
            body=decode(json.dumps(each["body"], ensure_ascii=False, separators=(",", ":"))),
            key=each["key"],
        )
        for each in told
        if each["type"] == "event"
    ]


async def test_a_session_is_exported_as_its_log_is_also_what_was_forgotten(lived_in: Store):
    await lived_in.enrol(ADA, name="Ada\x1b[2J\u202e", realm="telegram", user="1", at=AT)
    joined = Draft(body=ParticipantJoined(participant=BOB, role="member", earlier=False))
    first = [said("secret", key="k"), linked(), joined, started(), finished(), pushed("ü\u2028\n")]
    await put(lived_in, S1, *first, *[said(f"{n}") for n in range(PAGE + 5)])
    body = MessageReceived(participant=ADA, conversation=C1, content=Content())
    await lived_in.rewrite(S1, {1: body})
    file = await exported(lived_in)
    Seal().check(iter(file))
    assert events_of(file) == list(await log_of(lived_in))
    assert not any(b"secret" in line for line in file)
    (ada,) = [json.loads(line) for line in file if line.startswith(b'{"type":"participant"')]
    assert (ada["id"], ada["since"]) == (ADA, rfc3339(AT))


async def test_what_is_said_meanwhile_is_not_in_the_file(lived_in: Store):
    await put(lived_in, S1, *[said(f"{n}") for n in range(PAGE + 1)])
    file: list[bytes] = []
    async for line in lines(lived_in, MemoryBlobs(clock=StillClock()), S1, at=later(9)):
        file.append(line)
        if len(file) == 1:
            await put(lived_in, S1, said("late"))
    assert json.loads(file[0])["events"] == len(events_of(file)) == PAGE + 1
    Seal().check(iter(file))


async def brought(store: Store, blobs: MemoryBlobs, file: list[bytes]) -> Imported:
    with TemporaryFile() as kept:
        kept.writelines(file)
        reach = SimpleNamespace(store=store, blobs=blobs, clock=StillClock())
        return await taken_in(cast("Reach", reach), kept, as_is=True)


def under_one_name(file: list[bytes]) -> list[bytes]:
    """Return the lines with ids as they come first, without what differs by the time and the seal.

    That is the last line, and of the first one the session's epoch and when it was exported.
    """
    ids: dict[bytes, bytes] = {}

    def one(found: re.Match[bytes]) -> bytes:
        return ids.setdefault(found[0], b"id%d" % len(ids))

    head = {**json.loads(file[0]), "epoch": "", "exported_at": ""}
    lines = [json.dumps(head).encode(), *file[1:-1]]
    return [re.sub(rb"\b[spc]_[0-9a-z]+", one, each) for each in lines]


async def test_what_was_exported_is_imported_and_exported_again_to_the_byte(lived_in: Store):
    """But for the ids of sessions, people and places, which are others."""
    blobs = MemoryBlobs(clock=StillClock(), max_bytes=1_000_000)

    async def content() -> AsyncIterator[bytes]:
        yield b"\x00\xff" * (PIECE - 1)

    blob = await blobs.put(content())
    await lived_in.enrol(ADA, name="Ada", realm="telegram", user="1", at=AT)
    file = Attachment(
        kind="file", name="ü.txt", mime="text/plain", size=blob.size, media=blob.media
    )
    shown = MessageReceived(
        participant=ADA, conversation=C1, content=Content(text="look \u2028", attachments=(file,))
    )
    title = SettingChanged(scope="session", name="title", value="Taxes")
    joined = Draft(body=ParticipantJoined(participant=BOB, role="member", earlier=False))
    wish = SettingChanged(scope="participant", name="x", value="y", of=ADA)
    drafts = [said("one", key="k"), Draft(body=title), joined, pushed("ü")]
    drafts += [Draft(body=shown), Draft(body=wish), started()]
    answered = RunFinished(run=R1, outcome="completed", upto=len(drafts))
    await put(lived_in, S1, *drafts, Draft(body=answered))
    first = [line async for line in lines(lived_in, blobs, S1, at=later(9))]

    there = await brought(lived_in, blobs, first)
    assert (there.repeated, there.events) == (False, len(drafts) + 1)
    name = SessionId(there.session)
    second = [line async for line in lines(lived_in, blobs, name, at=later(99))]
    Seal().check(iter(second))
    assert under_one_name(second) == under_one_name(first)
    assert (await lived_in.session(name)).title == "Taxes"
    assert (await brought(lived_in, blobs, first)).repeated

    third = SessionId((await brought(lived_in, blobs, second)).session)
    again = [line async for line in lines(lived_in, blobs, third, at=later(999))]
    assert under_one_name(again) == under_one_name(first)
    assert await lived_in.identities(ParticipantId(_people(second)[0])) == []


def _people(file: list[bytes]) -> list[str]:
    told = [json.loads(each) for each in file]
    return [each["id"] for each in told if each["type"] == "participant"]


async def test_what_went_on_in_a_file_is_over_where_it_is_imported(lived_in: Store):
    """What is added for that stands behind the file's own events, once."""
    blobs = MemoryBlobs(clock=StillClock())
    rule = Every(seconds=60, start=AT)
    due = ScheduleSet(schedule=ScheduleId("z"), rule=rule, action="say", text="t", first=AT)
    child = BackgroundStarted(child=S2, task="dig")
    bodies = [ConversationLinked(conversation=C1, by=ADA), due, child]
    await put(lived_in, S1, said("hi"), started(), *[Draft(body=each) for each in bodies])
    first = [line async for line in lines(lived_in, blobs, S1, at=later(9))]
    name = SessionId((await brought(lived_in, blobs, first)).session)
    log = await log_of(lived_in, name)
    session = fold(Session(id=name), log)
    assert next_step(session, now=later(9_999)) == Idle()
    assert (session.conversations, session.schedules, session.background) == ({}, {}, {})
    assert await lived_in.next_slot() == AT  # of the first one alone
    second = [line async for line in lines(lived_in, blobs, name, at=later(99))]
    there = await brought(lived_in, blobs, second)
    assert there.events == len(log)
    assert S2 not in repr(log)
