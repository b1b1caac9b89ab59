"""What is refused where it is typed is refused by every other way too, and does nothing there."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.domain.commands import (
    Change,
    ChangeRole,
    Join,
    Push,
    RunSchedule,
    Say,
    SetSchedule,
    Trigger,
)
from bridge.domain.content import Content, Option
from bridge.domain.errors import Refused
from bridge.domain.events import Every, Pushed, SettingChanged, Source
from bridge.domain.ids import ConversationId, MessageId, ParticipantId, ScheduleId
from bridge.domain.inbound import Edited, Pressed, Reaction
from bridge.engine.access.pairing_codes import PairingCodes
from bridge.session.admission import Account
from bridge.session.invitations import Inviting, typed_invitation
from bridge.session.routing import SHARED, push_button
from tests.engine.doorway import CHAT, MAIL, Doorway
from tests.engine.rig import NINE, OWNER
from tests.stores import opened as stored

NOBODY = Account(allow=frozenset())
API = Source(kind="api")
TEAM = {"place": "team", "room": True, "title": "Team"}


async def person(door: Doorway, user: str) -> ParticipantId:
    who = await door.store.identify(realm=CHAT, user=user)
    assert who is not None
    return who


# -- what decides for everybody -------------------------------------------------------------------

FOR_ALL = [
    "/model big",
    "/mode interrupt",
    "/agent echo",
    "/may mode members",
    "/may model members",
]


async def typed(door: Doorway, bob: ParticipantId, words: str) -> None:
    for spelt in (words, f"  {words}", words.upper(), words.replace(" ", "@bridge ", 1)):
        await door.say(spelt, "bob")
        await door.say(spelt, "bob", **TEAM)


async def corrected(door: Doorway, bob: ParticipantId, words: str) -> None:
    await door.say("hello", "bob", message="m_bob")
    await door.hear(Edited(message=MessageId("m_bob"), content=Content(text=words)), "bob")


async def pressed(door: Doorway, bob: ParticipantId, words: str) -> None:
    for value in (f"s:{words}", words, f"u:{words}", f"a:{words}:0"):
        await door.hear(Pressed(value=value), "bob")


async def as_a_button_of_a_program(door: Doorway, bob: ParticipantId, words: str) -> None:
    """Somebody's program offers it, and an owner of the bridge presses it."""
    buttons = (Option(id=words, label=words),)
    push = Push(source=API, content=Content(text="Well?"), buttons=buttons, by=bob)
    (event,) = (await door.dispatcher.submit(SHARED, push)).events
    assert isinstance(event.body, Pushed)
    await door.hear(Pressed(value=push_button(SHARED, event.seq, event.body, 0)), "olga")


async def by_a_program(door: Doorway, bob: ParticipantId, words: str) -> None:
    submit = door.dispatcher.submit
    await submit(SHARED, Push(source=API, content=Content(text=words), by=bob))
    await submit(SHARED, Trigger(source=API, prompt=words, by=bob))
    for source in (Source(kind="webhook", name="github"), Source(kind="schedule", name="daily")):
        await submit(SHARED, Push(source=source, content=Content(text=words)))
        await submit(SHARED, Trigger(source=source, prompt=words))


async def planned(door: Doorway, bob: ParticipantId, words: str) -> None:
    """He lets it be said and asked later, and now."""
    for number, action in enumerate(("say", "ask")):
        name = ScheduleId(f"s_{number}")
        plan = SetSchedule(
            schedule=name,
            rule=Every(seconds=3600, start=NINE),
            action=action,  # type: ignore[arg-type]
            text=words,
            by=bob,
        )
        await door.dispatcher.submit(SHARED, plan)
        await door.dispatcher.submit(SHARED, RunSchedule(schedule=name, by=bob))


async def over_http(door: Doorway, bob: ParticipantId, words: str) -> None:
    for place in ("http:web", "http:terminal", "http:api"):
        said = Say(by=bob, conversation=ConversationId(place), content=Content(text=words))
        for take in (door.dispatcher.hear, door.dispatcher.submit):
            with suppress(Refused):
                await take(SHARED, said)


async def as_a_command(door: Doorway, bob: ParticipantId, words: str) -> None:
    """Whatever the name of the setting: one that nobody knows as well."""
    name, _, value = words.removeprefix("/").partition(" ")
    for each in (name, f"{name} ", name.upper(), f"may:{name}", f"always:{name}"):
        for scope in ("session", "participant", "conversation"):
            change = Change(scope=scope, name=each, value=value, by=bob)  # type: ignore[arg-type]
            with pytest.raises(Refused):
                await door.dispatcher.submit(SHARED, change)


async def as_a_title(door: Doorway, bob: ParticipantId, words: str) -> None:
    await door.say(f"/title {words}", "bob")
    await door.hear(Reaction(message=MessageId("m_bob"), emoji="👍"), "bob")


WAYS = [
    typed, corrected, pressed, as_a_button_of_a_program, by_a_program, planned, over_http,
    as_a_command, as_a_title,
]  # fmt: skip


@pytest.mark.parametrize("words", FOR_ALL)
@pytest.mark.parametrize("way", WAYS, ids=lambda each: each.__name__)
async def test_by_no_way_does_a_member_change_what_decides_for_everybody(way, words: str) -> None:
    door = await Doorway().open()
    for user in ("bob", "olga"):
        await door.say("hello", user, place=user)
    bob, olga = await person(door, "bob"), await person(door, "olga")
    await door.dispatcher.submit(SHARED, ChangeRole(by=None, participant=olga, role="owner"))
    await door.say("hello", "bob")
    await way(door, bob, words)
    changed = [each for each in await door.log() if isinstance(each, SettingChanged)]
    assert [each for each in changed if each.name != "title"] == []


# -- which session a room follows -----------------------------------------------------------------


def invitation() -> Inviting:
    found = typed_invitation("uses 5")
    assert isinstance(found, Inviting)
    return found


@pytest.mark.parametrize("kind", ["link", "invite", "owner"])
@pytest.mark.parametrize("user", ["ada", "eve"])
@pytest.mark.parametrize(
    "way", ["{}", "/link {}", "/start {}", "s:{}", "s:/link {}", "edit {}", "edit /link {}"]
)
async def test_no_code_moves_a_room_whoever_sends_it_and_however(kind, user, way) -> None:
    """Ada owns the shared session and the room's, Eve is heard there: the code is void for both."""
    door = await Doorway().open()
    await door.say("hello", "ada", **TEAM)
    ada = await person(door, "ada")
    await door.dispatcher.submit(SHARED, Join(participant=ada, role="owner"))
    own = (await door.there("team")).session
    codes = PairingCodes(door.store, door.clock)
    made = {
        "link": lambda: codes.link(OWNER, SHARED),
        "invite": lambda: codes.invite(OWNER, SHARED, invitation()),
        "owner": lambda: codes.owner(OWNER),
    }
    code = await made[kind]()
    text = way.removeprefix("edit ").format(code)
    if way.startswith("edit "):
        await door.say("hello", user, message="m_1", **TEAM)
        await door.hear(Edited(message=MessageId("m_1"), content=Content(text=text)), user, **TEAM)
    elif text.startswith("s:"):
        await door.hear(Pressed(value=text), user, **TEAM)
    else:
        await door.say(text, user, **TEAM)
    assert (await door.there("team")).session == own
    assert not (await door.dispatcher.admission.book()).grants
    if not text.startswith("s:"):
        found = await codes.find(code)
        assert found is not None
        assert found.invitation.void


@pytest.mark.parametrize(
    "words", ["/switch main", "/switch Main", "/new Other", "/follow main yes", "/invite", "/admit"]
)
@pytest.mark.parametrize("way", ["typed", "pressed", "corrected", "overheard"])
async def test_no_button_edit_or_word_in_passing_moves_a_room(words: str, way: str) -> None:
    """Ada owns both sessions: `/follow` alone asks, and only her next words in the room count."""
    door = await Doorway().open()
    await door.say("hello", "ada", message="m_1", **TEAM)
    ada = await person(door, "ada")
    await door.dispatcher.submit(SHARED, Join(participant=ada, role="owner"))
    own = (await door.there("team")).session
    match way:
        case "typed":
            await door.say(words, "ada", **TEAM)
        case "pressed":
            await door.hear(Pressed(value=f"s:{words}"), "ada", **TEAM)
        case "corrected":
            edit = Edited(message=MessageId("m_1"), content=Content(text=words))
            await door.hear(edit, "ada", **TEAM)
        case _:
            await door.say(words, "ada", addressed=False, **TEAM)
    assert (await door.there("team")).session == own
    assert "team" not in str(await door.store.conversations(SHARED))


# -- codes that two processes are sent at once ----------------------------------------------------


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("what", ["link", "invite", "owner"])
async def test_of_two_processes_that_are_sent_a_code_at_once_one_grants_it(
    kind: str, what: str, tmp_path: Path
) -> None:
    """Nothing of a process's own keeps them apart: what is taken is taken in the store."""
    async with stored(kind, tmp_path) as store:
        doors = [
            await Doorway(mail=NOBODY, store=store).open()  # type: ignore[arg-type]
            for _ in range(2)
        ]
        codes = PairingCodes(store, doors[0].clock)
        once = typed_invitation("uses 1")
        assert isinstance(once, Inviting)
        made = {
            "link": lambda: codes.link(OWNER, SHARED),
            "invite": lambda: codes.invite(OWNER, SHARED, once),
            "owner": lambda: codes.owner(OWNER),
        }
        code = await made[what]()
        sent = (
            door.say(f"/link {code}", user, channel=MAIL, place=user, key=f"k_{user}")
            for door, user in zip(doors * 3, ("a", "b", "c", "d", "e", "f"), strict=True)
        )
        replies = await asyncio.gather(*sent)
        assert len([each for each in replies if each is not None and not each.refused]) == 1
        assert len(await store.facts("grants")) == 1
        found = [await store.identify(realm=MAIL, user=user) for user in "abcdef"]
        assert len([each for each in found if each is not None]) == 1
