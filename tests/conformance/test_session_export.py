"""What is exported of a session is what every kind of store has of it."""

import json

from bridge.domain.codec import decode, rfc3339
from bridge.domain.content import Content
from bridge.domain.events import Draft, Event, MessageReceived, ParticipantJoined
from bridge.domain.session_file import Seal
from bridge.http.session_files import PAGE, lines
from bridge.ports.store import Store
from storage.memory_blobs import MemoryBlobs
from tests.stores import (
    ADA,
    AT,
    BOB,
    C1,
    S1,
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
