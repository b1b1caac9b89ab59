"""Whoever is put out is out, whatever somebody does at the very same moment."""

import asyncio
import re
from collections.abc import Sequence

import pytest

from bridge import admission_texts
from bridge.domain.commands import ChangeRole
from bridge.domain.ids import ParticipantId
from bridge.engine.access.admission import GRANTS
from bridge.ports.store import FactChange
from bridge.session.admission import Account
from bridge.session.routing import SHARED
from storage.memory import MemoryStore
from tests.engine.doorway import CHAT, MAIL, Doorway
from tests.engine.rig import OWNER

CODE = re.compile(r"[A-Z0-9]{5}-[A-Z0-9]{5}")


class Held(MemoryStore):
    """Lets a code be taken only once its issuer, or its taker, is about to be put out for good.

    `reached` is set by whoever puts out, `taken` once the code was taken.
    """

    def __init__(self, *, at_void: bool) -> None:
        super().__init__()
        self.at_void = at_void
        self.is_on = False
        self.checked = asyncio.Event()
        self.reached = asyncio.Event()
        self.taken = asyncio.Event()

    async def change_facts(self, changes: Sequence[FactChange]) -> bool:
        if not self.is_on:
            return await super().change_facts(changes)
        is_taking = any(each.scope == GRANTS and each.new is not None for each in changes)
        if is_taking and not self.taken.is_set():
            self.checked.set()
            await self.reached.wait()
            done = await super().change_facts(changes)
            self.taken.set()
            return done
        if self.at_void and '"void": true' in str(changes[0].new) and not self.reached.is_set():
            self.reached.set()
            await self.taken.wait()
        return await super().change_facts(changes)


async def _opened(store: MemoryStore) -> tuple[Doorway, ParticipantId]:
    """Return a session that Ada and Bob own, and who Bob is; carol is known to nobody."""
    chat = Account(allow=frozenset({"ada", "bob"}))
    door = Doorway(chat=chat, mail=Account(allow=frozenset()), store=store)
    await door.open()
    for user in ("ada", "bob"):
        await door.say("hello", user, place=user)
        who = await door.store.identify(realm=CHAT, user=user)
        owner = ChangeRole(by=None, participant=ParticipantId(str(who)), role="owner")
        await door.dispatcher.submit(SHARED, owner)
    return door, ParticipantId(str(await door.store.identify(realm=CHAT, user="bob")))


async def _invitation(door: Doorway, user: str) -> str:
    reply = await door.say("/invite", user, place=user)
    assert reply is not None
    found = CODE.search(reply.text)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("how", ["kicked", "removed"])
async def test_an_invitation_taken_while_its_issuer_is_put_out_lets_nobody_in(how: str) -> None:
    store = Held(at_void=True)
    door, bob = await _opened(store)
    code = await _invitation(door, "bob")
    store.is_on = True
    taking = asyncio.create_task(door.say(code, "carol", place="carol", channel=MAIL))
    await store.checked.wait()
    if how == "kicked":
        await door.say(f"/kick {bob}", "ada", place="ada")
    else:
        await door.dispatcher.people.remove(bob, OWNER)
    reply = await taking
    fold = await door.dispatcher.fold(SHARED)
    carol = await door.store.identify(realm=MAIL, user="carol")
    assert reply is not None
    assert reply.refused
    assert carol not in fold.participants
    assert not list((await door.dispatcher.admission.book()).grants.values())


async def test_whoever_takes_an_invitation_while_they_are_put_out_stays_out() -> None:
    store = Held(at_void=False)
    door, bob = await _opened(store)
    code = await _invitation(door, "ada")
    await door.say("/leave", "bob", place="bob")
    store.is_on = True
    taking = asyncio.create_task(door.say(code, "bob", place="bob"))
    await store.checked.wait()
    await door.say("hello", "bob", place="bob 2")  # so that there is somebody to put out
    kicked = await door.say(f"/kick {bob}", "ada", place="ada")
    assert kicked is not None
    assert not kicked.refused
    store.reached.set()
    reply = await taking
    fold = await door.dispatcher.fold(SHARED)
    assert bob in fold.put_out
    assert bob not in fold.participants
    assert reply is not None
    assert reply.text == admission_texts.INVITATION_OVER
    assert not list((await door.dispatcher.admission.book()).grants.values())
