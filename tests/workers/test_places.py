"""Who speaks and where; how places come to follow sessions is seen in test_intake, test_door."""

from bridge.ids import ParticipantId
from bridge.inbound import Sender
from bridge.workers.places import Places
from tests.workers.doorway import Doorway


async def test_a_person_is_known_by_one_identity_for_good() -> None:
    door = await Doorway().open()
    places = Places(door.store, door.desks, door.clock)
    ada = Sender(realm="chat", user="ada", name="Ada")
    assert await places.known(ada) is None
    who = await places.identify(ada)
    assert await places.identify(ada) == await places.known(ada) == who


async def test_another_account_can_be_the_same_person() -> None:
    door = await Doorway().open()
    places = Places(door.store, door.desks, door.clock)
    ada = ParticipantId("p_ada")
    for realm in ("chat", "mail"):
        sender = Sender(realm=realm, user="ada", name="Ada")
        assert await places.identify(sender, as_who=ada) == ada
