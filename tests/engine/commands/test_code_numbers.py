"""Codes are named by numbers and kept under digests; nothing but the code itself uses one."""

from hashlib import sha256

import pytest

from bridge.domain.errors import BridgeError
from bridge.domain.inbound import Pressed
from bridge.engine.access.pairing_codes import SCOPE, PairingCodes
from bridge.session.admission import Account
from bridge.session.invitations import Inviting, typed_invitation
from bridge.session.routing import SHARED, bare_code, request_button
from tests.engine.doorway import CHAT, MAIL, Doorway
from tests.engine.rig import OWNER

ONLY_ADA = Account(allow=frozenset({"ada"}))
NOBODY = Account(allow=frozenset(), strangers="ask")

TYPED = [
    *("{}", "/link {}", "/start {}", "/unlink {}", "/admit {}", "/deny {}", "/switch {}"),
    *("/follow {}", "/invite {}", "/invites revoke {}", "/invite revoke {}", "{0}-{0}"),
]
PRESSED = ["u:{}", "s:/link {}", "s:{}", "a:{}:0", "q:{}:0", "{}"]


def invitation(argument: str) -> Inviting:
    found = typed_invitation(argument)
    assert isinstance(found, Inviting)
    return found


async def opened() -> tuple[Doorway, list[str]]:
    """Return a doorway with every kind of code, and these."""
    door = await Doorway(chat=ONLY_ADA, mail=NOBODY).open()
    await door.say("hello", "ada")
    codes = PairingCodes(door.store, door.clock)
    made = [
        await codes.link(OWNER, SHARED),
        await codes.invite(OWNER, SHARED, invitation("uses 5")),
        await codes.invite(OWNER, SHARED, invitation("web uses 5")),
        await codes.owner(OWNER),
    ]
    return door, made


async def ids(door: Doorway) -> list[str]:
    """Return everything by which codes are found, named or kept, in whole and in part."""
    found = await PairingCodes(door.store, door.clock)._all()
    keys = list(await door.store.facts(SCOPE))
    cut = [key[:length] for key in keys for length in (6, 8, 10, 16)]
    return list(dict.fromkeys([*keys, *cut, *(each.number for each in found)]))


async def facts(door: Doorway) -> object:
    scopes = (SCOPE, "grants", "owners", "paired")
    return [await door.store.facts(each) for each in scopes]


async def test_no_id_of_a_code_leads_to_its_use_in_a_chat() -> None:
    """However it is typed, and by whatever button: by as many strangers as there are ways."""
    door, _ = await opened()
    before, tried = await facts(door), 0
    for name in await ids(door):
        for spelt in (name, name.upper()):
            for way in TYPED:
                tried += 1
                place = f"of stranger {tried}"
                await door.say(way.format(spelt), f"u{tried}", channel=MAIL, place=place)
            presses = [each.format(spelt) for each in PRESSED]
            for value in (*presses, request_button(spelt[:6], "allow")):
                tried += 1
                place = f"of stranger {tried}"
                await door.hear(Pressed(value=value[:64]), f"u{tried}", channel=MAIL, place=place)
    assert await facts(door) == before
    assert not (await door.dispatcher.admission.book()).grants


async def test_no_id_of_a_code_signs_a_browser_in() -> None:
    door, _ = await opened()
    guests = door.dispatcher.people.browser_guests
    before = await facts(door)
    for number, name in enumerate(await ids(door)):
        for spelt in (name, name.upper()):
            with pytest.raises(BridgeError):
                await guests.sign_in(spelt, f"Eve {number}", f"{number:064}")
    assert await facts(door) == before


async def test_nothing_of_an_invitation_can_be_found_out_by_its_number() -> None:
    """It is shown to every owner of the session, who may be none by the time it is used."""
    door, (_, invited, web, _) = await opened()
    for code in (invited, web):
        found = await PairingCodes(door.store, door.clock).find(code)
        assert found is not None
        digest = sha256(bare_code(code).encode()).hexdigest().upper()
        assert found.number not in digest
        assert found.number not in bare_code(code)


async def test_the_codes_themselves_are_good_still() -> None:
    door, (link, invited, _, owner) = await opened()
    for user, code, app in (("bob", link, MAIL), ("carl", invited, MAIL), ("dora", owner, CHAT)):
        reply = await door.say(code, user, channel=app, place=user)
        assert reply is not None
        assert not reply.refused, code
