"""Whoever is put out comes back by an owner's act and by nothing else, whatever they try."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.commands import ChangeRole
from bridge.domain.content import Content
from bridge.domain.ids import MessageId, ParticipantId
from bridge.domain.inbound import Edited, Pressed
from bridge.session.admission import Account
from bridge.session.routing import SHARED, UNDO
from tests.engine.doorway import CHAT, MAIL, Doorway
from tests.engine.rig import OWNER

TEAM = {"place": "team", "room": True, "title": "Team"}
DEN = {"place": "den", "room": True, "title": "Den"}
INBOX = {"place": "inbox", "channel": MAIL}
CODE = re.compile(r"/link ([A-Z0-9]{5}-[A-Z0-9]{5})")


@dataclass
class Story:
    """Ada owns the session, which the room Team follows too. Bob is let in to the app by a list."""

    door: Doorway
    ada: ParticipantId = field(init=False)
    bob: ParticipantId = field(init=False)
    codes: list[str] = field(default_factory=list)
    out: bool = False

    async def begin(self) -> None:
        for user in ("ada", "bob"):
            await self.door.say("hello", user, place=user)
        self.ada, self.bob = [
            ParticipantId(str(await self.door.store.identify(realm=CHAT, user=each)))
            for each in ("ada", "bob")
        ]
        owner = ChangeRole(by=None, participant=self.ada, role="owner")
        await self.door.dispatcher.submit(SHARED, owner)
        for text in ("hello", "/follow main", "/follow main yes"):
            await self.door.say(text, "ada", **TEAM)
        assert (await self.door.there("team")).session == SHARED
        await self.asks_for_a_code()
        assert self.codes

    # -- what owners do

    async def is_kicked(self) -> None:
        fold = await self.door.dispatcher.fold(SHARED)
        kicked = await self.door.say(f"/kick {self.bob}", "ada", place="ada")
        assert kicked is not None
        if self.bob in fold.participants:
            assert not kicked.refused
            self.out = True

    async def is_let_in_again(self) -> None:
        await self.door.dispatcher.people.allow(self.bob, SHARED)
        self.out = False

    async def is_removed(self) -> None:
        was_in = self.bob in (await self.door.dispatcher.fold(SHARED)).participants
        await self.door.dispatcher.people.remove(self.bob, OWNER)
        self.out = self.out or was_in

    # -- what Bob does

    async def asks_for_a_code(self) -> None:
        for place in ({"place": "bob"}, INBOX):
            reply = await self.door.say("/link", self.user(place), **place)
            self.codes += CODE.findall(reply.text if reply is not None else "")

    async def sends_codes(self) -> None:
        for code in self.codes:
            await self.door.say(f"/link {code}", "bob@b", **INBOX)

    async def sends_codes_from_where_he_is_known(self) -> None:
        for code in self.codes:
            await self.door.say(code, "bob", place="bob")

    async def sends_codes_in_a_room(self) -> None:
        for code in self.codes:
            await self.door.say(code, "bob", **TEAM)

    async def speaks(self) -> None:
        for place in ({"place": "bob"}, {"place": "bob 2"}, INBOX, TEAM, DEN):
            await self.door.say("hello", self.user(place), **place)

    async def is_overheard(self) -> None:
        for place in (TEAM, DEN):
            await self.door.say("nice day", "bob", addressed=False, **place)

    async def commands(self) -> None:
        for text in ("/switch main", "/new Mine", "/switch main", "/leave", "/stop", "/status"):
            await self.door.say(text, "bob", place="bob")
            await self.door.say(text, "bob", **TEAM)

    async def brings_a_room(self) -> None:
        for text in ("hello", "/follow main", "/follow main yes"):
            await self.door.say(text, "bob", **DEN)

    async def corrects_and_presses(self) -> None:
        edited = Edited(message=MessageId("m1"), content=Content(text="hello again"))
        for place in ({"place": "bob"}, TEAM):
            await self.door.hear(edited, "bob", **place)
            await self.door.hear(Pressed(value="s:/switch main"), "bob", **place)
            await self.door.hear(Pressed(value="a:q_1:0"), "bob", **place)

    async def undoes_his_link(self) -> None:
        for grant in (await self.door.dispatcher.admission.book()).grants.values():
            press = Pressed(value=f"{UNDO}{grant.id}")
            await self.door.hear(press, "bob", place="bob")

    @staticmethod
    def user(place: dict) -> str:
        return "bob@b" if place is INBOX else "bob"

    # -- what holds

    async def check(self) -> None:
        fold = await self.door.dispatcher.fold(SHARED)
        assert not (self.out and self.bob in fold.participants)
        assert not (self.out and self.bob in fold.conversations.values())
        if not self.out:
            return
        for lane in await self.door.store.conversations(SHARED):
            person = fold.conversations.get(lane.id)
            shown = await self.door.dispatcher.admission.may_show(lane, fold)
            assert not shown or person == self.ada


STEPS: list[Callable[[Story], Awaitable[None]]] = [
    Story.is_kicked,
    Story.is_let_in_again,
    Story.is_removed,
    Story.asks_for_a_code,
    Story.sends_codes,
    Story.sends_codes_from_where_he_is_known,
    Story.sends_codes_in_a_room,
    Story.speaks,
    Story.is_overheard,
    Story.commands,
    Story.brings_a_room,
    Story.corrects_and_presses,
    Story.undoes_his_link,
]


async def lived(steps: list[Callable[[Story], Awaitable[None]]]) -> None:
    door = Doorway(chat=Account(allow=frozenset({"ada", "bob"})), mail=Account(allow=frozenset()))
    story = Story(await door.open())
    await story.begin()
    for step in steps:
        await step(story)
        await story.check()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=12))
def test_nobody_comes_back_but_by_an_owners_act(steps) -> None:
    asyncio.run(lived(steps))


@settings(max_examples=40, deadline=None)
@given(st.permutations(STEPS[3:]), st.sampled_from([Story.is_kicked, Story.is_removed]))
def test_whatever_was_begun_before_nothing_of_it_leads_back(steps, out) -> None:
    """All that can be tried, once before and once after."""
    asyncio.run(lived([*steps, out, *steps]))
