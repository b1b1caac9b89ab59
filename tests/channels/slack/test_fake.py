"""The fake is no judge of its own: what it takes and emits is what Slack documents."""

import pytest

from bridge.demo.slack.fields import METHODS, OBJECTS, Checks, block_problems
from bridge.demo.slack.methods import OTHER_SCOPES
from bridge.demo.slack.server import FakeSlack
from bridge.domain.parts import Button
from tests.channels.slack.rig import (
    Ear,
    MemoryBlobs,
    MemoryFacts,
    address,
    connected,
    listening,
    opened,
    part,
    until,
)
from tests.fakes.slack import specs


async def lived(fake: FakeSlack) -> None:
    """Do everything that can be done, so that every method is called and every event is emitted."""
    facts, blobs = MemoryFacts(), MemoryBlobs()
    channel = opened(fake, facts=facts, blobs=blobs, starters=("What is new?",))
    ear = Ear()
    ada, bot = fake.person("Ada"), fake.workspace.bot_user
    room, new = fake.room("general", ada), fake.room("new", ada, bot=False)
    async with listening(channel, ear):
        await connected(fake)
        begun = ada.says(room, f"<@{bot}> hello")
        ada.sends(fake.dm(ada), "a.txt", "text/plain", b"words", "look")
        ada.edits(begun, f"<@{bot}> hello!")
        ada.deletes(ada.says(room, "oops"))
        ada.invites(new)
        ada.types(room, "status")
        await until(lambda: len(ear.heard) == 7)
        there = address(room, begun.ts)
        buttons = (Button(value="a", label="b"),)
        sent = await channel.send(there, part("**hello**", speaker="Bob · Web", buttons=buttons))
        ada.presses(fake.shown(room, begun.ts)[0])
        await channel.edit(there, sent.message, part("hello", 2))
        await channel.resolve(there, part("hello", 2))
        await channel.resolve(address(room), part("lost", 3))
        await channel.delete(there, sent.message)
        await channel.send(there, part("", 4, attachments=(blobs.add("a.txt", b"words"),)))
        fake.methods.lazy_shares = True
        file = await channel.send(there, part("", 5, attachments=(blobs.add("b.txt", b"words"),)))
        await channel.delete(there, file.message)
        await until(lambda: len(ear.heard) == 8)
        ada.reacts(begun, "+1")
        ada.reacts(begun, "+1", gone=True)
        await until(lambda: len(ear.heard) == 10)
        await an_agent(fake, channel, ada, ear)
    await channel.diagnose()


async def an_agent(fake, channel, ada, ear):
    room = fake.room("agents", ada)
    begun = ada.says(room, f"<@{fake.workspace.bot_user}> hello")
    await until(lambda: len(ear.heard) == 11)
    there = address(room, begun.ts)
    written = part("hello and ", 6, priority="preview")
    sent = await channel.send(there, written)
    await channel.edit(there, sent.message, part("hello and good ", 6, priority="preview"))
    await channel.edit(there, sent.message, part("hello and good bye", 7))
    for title in ("Greetings", "Farewells"):
        await channel.tell_status(there, "working", title)
    fake.methods.is_agent = False
    await channel.tell_status(there, "working", "")
    ada.opens_messages()
    fake.workspace.begin_assistant_thread(ada.person)
    ada.stops(room, begun.ts)
    await until(lambda: len(ear.heard) == 12)
    await until(lambda: len(fake.called("assistant.threads.setSuggestedPrompts")) == 2)


async def test_everything_asked_and_emitted_is_as_slack_documents_it():
    async with FakeSlack() as fake:
        await lived(fake)
    counts = fake.checks.counts
    for what, count in sorted(counts.items()):
        print(f"{count:5} {what}")  # noqa: T201 - shown with -s, or when it fails
    never = (set(METHODS) | set(OBJECTS)) - set(counts) - {"chat.postEphemeral", *OTHER_SCOPES}
    assert never == set(), "a table that nothing is held against proves nothing"
    assert fake.checks.problems == []


async def test_slacks_own_schemas_hold_for_what_is_emitted():
    if specs.folder() is None:
        pytest.skip("Slack's schemas are not here: BRIDGE_SPECS names no folder that has them")
    async with FakeSlack() as fake:
        await lived(fake)
    held = {what: count for what, count in fake.checks.counts.items() if what.startswith("spec")}
    print(held)  # noqa: T201 - the count of validations
    assert min(held.values()) > 0
    assert fake.checks.problems == []


@pytest.mark.parametrize(
    ("method", "given", "problem"),
    [
        ("chat.postMessage", {"text": "x"}, "channel is missing"),
        ("chat.postMessage", {"channel": "#general", "text": "x"}, "channel is '#general'"),
        ("chat.postMessage", {"channel": "C01", "silent": True}, "there is no silent"),
        ("chat.postMessage", {"channel": "C01", "thread_ts": "12"}, "thread_ts is '12'"),
        (
            "chat.update",
            {"channel": "C01", "ts": "1700000000.000001", "text": "x" * 4001},
            "longer",
        ),
        ("chat.meMessage", {}, "in no table"),
    ],
)
def test_a_request_that_slack_does_not_know_is_noticed(method, given, problem):
    checks = Checks()
    checks.request(method, given)
    assert problem in checks.problems[0]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "markdown", "text": ""},
        {"type": "markdown", "text": "x" * 12_001},
        {"type": "video"},
        {"type": "actions", "elements": []},
        {
            "type": "actions",
            "elements": [{"type": "button", "text": {"type": "mrkdwn", "text": "x"}}],
        },
        {
            "type": "actions",
            "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x" * 76}}],
        },
    ],
)
def test_a_block_that_slack_would_refuse_is_refused(block):
    assert [*block_problems(block)]
