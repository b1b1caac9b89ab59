"""Two people whom an app names as one account are one from then on, and neither gets more by it."""

from datetime import timedelta

import pytest

from bridge.delivery.subscription import Subscription
from bridge.domain.commands import Join, Leave, ReportUsage
from bridge.domain.content import Content
from bridge.domain.events import MessageDeleted, MessageEdited, ParticipantMerged, Usage
from bridge.domain.ids import MessageId, ParticipantId, RunId, SessionId
from bridge.domain.inbound import Deleted, Edited, Identity, Inbound, Pressed, Sender, Spoken
from bridge.domain.parts import Address, Reply
from bridge.domain.usage import Limit
from bridge.engine.access.pairing_codes import PairingCodes
from bridge.session.admission import Account
from bridge.session.budget import Budgets
from bridge.session.routing import SHARED
from storage.memory import MemoryStore
from tests.crashing import Dead
from tests.engine.doorway import CHAT, MAIL, Doorway
from tests.engine.rig import ANYONE, OWNER

REALM = "w"
NUMBER, HIDDEN = "+49", "US.1"


async def say(
    door: Doorway, user: str, *also: str, place: str = "", text: str = "hello", room: bool = False
):
    door.heard += 1
    message = MessageId(f"m{door.heard}")
    said = Spoken(message=message, content=Content(text=text))
    address = Address(channel=CHAT, place=place or user)
    sender = Sender(realm=REALM, user=user, name=f"Ada {user}", also=also)
    return await door.intake(
        Inbound(external_id=message, address=address, sender=sender, what=said, room=room)
    )


async def who(door: Doorway, user: str, realm: str = REALM) -> ParticipantId:
    found = await door.store.identify(realm=realm, user=user)
    assert found is not None
    return found


async def two(first: str = NUMBER, second: str = HIDDEN, **parts) -> Doorway:
    """Return a doorway in which two people have written, one after the other."""
    door = await Doorway(**parts).open()
    for user in (first, second):
        door.clock.forward(60)
        await say(door, user)
    assert await who(door, first) != await who(door, second)
    return door


@pytest.mark.parametrize("order", [(NUMBER, HIDDEN), (HIDDEN, NUMBER)])
async def test_who_was_heard_of_first_stays_and_has_both_ids_and_one_place(order) -> None:
    door = await two(*order)
    older, newer = [await who(door, user) for user in order]
    assert await say(door, NUMBER, HIDDEN, text="it is me") is None
    assert await who(door, NUMBER) == await who(door, HIDDEN) == older
    fold = await door.dispatcher.fold(SHARED)
    assert newer not in fold.participants
    assert older in fold.participants
    assert (await door.last()).participant == older
    merged = [each for each in await door.log() if isinstance(each, ParticipantMerged)]
    assert merged == [ParticipantMerged(participant=newer, into=older)]
    assert (await door.there(HIDDEN)).session is None, "else all would be sent there twice"
    assert (await door.there(NUMBER)).session == SHARED
    await say(door, NUMBER, HIDDEN, text="once more")
    merged = [each for each in await door.log() if isinstance(each, ParticipantMerged)]
    assert len(merged) == 1


@pytest.mark.parametrize("chooser", [NUMBER, HIDDEN])
async def test_what_either_chose_is_chosen_by_the_one_that_they_are(chooser) -> None:
    """Their language and what rings; what whoever stays chose themselves stays."""
    door = await two()
    await say(door, chooser, text="/me language de")
    await say(door, chooser, text="/notify questions")
    await say(door, NUMBER, text="/notify quiet 22-7 Europe/Berlin")
    await say(door, NUMBER, HIDDEN)
    stays, languages = await who(door, NUMBER), door.dispatcher.languages
    assert await languages.chosen(stays) == "de"
    wish = await door.dispatcher.wishes.wished(stays)
    assert (wish.mode, wish.quiet.zone) == ("questions", "Europe/Berlin")
    await say(door, NUMBER, HIDDEN, text="/me language default")
    await say(door, NUMBER, HIDDEN)
    assert not await languages.chosen(stays)


async def test_what_the_other_had_in_other_apps_and_sessions_goes_over() -> None:
    door = await two()
    older, newer = await who(door, NUMBER), await who(door, HIDDEN)
    await door.store.enrol(newer, name="Ada", realm="mail", user="a@b", at=door.clock.now())
    plans = SessionId("s_plans")
    await door.dispatcher.create(plans, title="Plans", owner=newer)
    await say(door, NUMBER, HIDDEN)
    assert await who(door, "a@b", "mail") == older
    assert (await door.dispatcher.fold(plans)).participants == {older: "owner"}


@pytest.mark.parametrize("listed", [NUMBER, HIDDEN])
async def test_neither_gets_in_by_the_other(listed: str) -> None:
    """Only one is on the list: the other one alone stays a stranger, as before."""
    door = await two(chat=Account(allow=frozenset({NUMBER, HIDDEN})))
    both = [await who(door, user) for user in (NUMBER, HIDDEN)]
    door.chat = Account(allow=frozenset({listed}))
    store = door.store
    door = await Doorway(chat=door.chat, store=store, clock=door.clock).open()
    door.heard = 100
    await say(door, NUMBER, HIDDEN)
    assert [await who(door, user) for user in (NUMBER, HIDDEN)] == both
    other = HIDDEN if listed == NUMBER else NUMBER
    reply = await say(door, other)
    assert isinstance(reply, Reply)
    assert reply.refused


async def test_a_grant_stays_the_ids_that_has_it() -> None:
    """A code let the hidden id in; the number is on the list of that account alone."""
    door = await two(chat=Account(allow=frozenset({NUMBER, HIDDEN})), mail=ANYONE)
    bob = ParticipantId("p_bob")
    await door.store.enrol(bob, name="Bob", realm="bridge", user="bob", at=door.clock.now())
    await door.dispatcher.submit(SHARED, Join(participant=bob, role="owner"))
    older = await who(door, NUMBER)
    newer = await who(door, HIDDEN)
    codes = PairingCodes(door.store, door.clock)
    code = await codes.link(newer, SHARED, via=CHAT)
    await door.say(code, "a@b", channel=MAIL, place="inbox", realm="mail")
    await say(door, NUMBER, HIDDEN)
    grants = (await door.dispatcher.admission.book()).grants.values()
    assert {(each.who, each.by, each.user) for each in grants} <= {(older, older, "a@b")}


async def test_what_either_has_sent_elsewhere_is_the_ones_who_stays() -> None:
    """Else nobody could see or end it: the tokens of whoever goes are revoked."""
    door = await two()
    older, newer = await who(door, NUMBER), await who(door, HIDDEN)
    bob = ParticipantId("p_bob")
    for number, by in (("sub_1", newer), ("sub_2", bob)):
        made = Subscription(id=number, by=by, url="https://a.example", secret="s", made="")
        await door.store.keep_fact("subscriptions", number, made.written())
    await say(door, NUMBER, HIDDEN)
    kept = (await door.store.facts("subscriptions")).values()
    assert {(each.id, each.by) for each in map(Subscription.read, kept)} == {
        ("sub_1", older),
        ("sub_2", bob),
    }


async def test_an_owner_of_the_bridge_is_joined_with_nobody_who_is_not() -> None:
    door = await two()
    hidden = await who(door, HIDDEN)
    await door.store.keep_fact("owners", hidden, "")
    await door.dispatcher.admission.changed()
    number = await who(door, NUMBER)
    await say(door, NUMBER, HIDDEN)
    assert (await who(door, NUMBER), await who(door, HIDDEN)) == (number, hidden)
    assert not await door.dispatcher.admission.is_owner(number)


async def test_whoever_was_put_out_does_not_come_back_by_another_id() -> None:
    door = await two()
    number, hidden = await who(door, NUMBER), await who(door, HIDDEN)
    plans = SessionId("s_plans")
    await door.dispatcher.create(plans, title="Plans", owner=OWNER)
    await door.dispatcher.submit(plans, Join(participant=number, role="member"))
    await door.dispatcher.submit(plans, Leave(participant=number, by=OWNER))
    await say(door, NUMBER, HIDDEN)
    assert (await who(door, NUMBER), await who(door, HIDDEN)) == (number, hidden)
    await say(door, NUMBER, HIDDEN)
    assert hidden not in (await door.dispatcher.fold(plans)).participants


async def test_what_one_gave_and_said_under_the_other_id_is_theirs_to_undo_and_correct() -> None:
    door = await two()
    newer = await who(door, HIDDEN)
    code = await PairingCodes(door.store, door.clock).link(newer, SHARED, via=CHAT)
    await door.say(code, "a@b", channel=MAIL, place="inbox", realm="mail")
    (grant,) = (await door.dispatcher.admission.book()).grants.values()
    await say(door, HIDDEN, place="team", text="helo", room=True)
    said = MessageId(f"m{door.heard}")
    await say(door, NUMBER, HIDDEN)
    sender = Sender(realm=REALM, user=NUMBER, name="Ada", also=(HIDDEN,))
    here = Address(channel=CHAT, place="team")
    for number, what in enumerate(
        (
            Edited(message=said, content=Content(text="hello")),
            Deleted(message=said),
            Pressed(value=f"u:{grant.id}"),
        )
    ):
        reply = await door.intake(
            Inbound(external_id=f"e{number}", address=here, sender=sender, what=what, room=True)
        )
        assert reply is None or not reply.refused
    room = (await door.there("team")).session
    assert room is not None
    kinds = [type(each) for each in await door.log(room)]
    assert MessageEdited in kinds
    assert MessageDeleted in kinds
    assert not (await door.dispatcher.admission.book()).grants
    assert await door.store.identify(realm="mail", user="a@b") is None


async def test_what_one_used_counts_against_the_day_of_both() -> None:
    """Else every other id of an account would be another day's money."""
    door = await two(budgets=Budgets(per_person_per_day=Limit(usd=1)))
    older, newer = await who(door, NUMBER), await who(door, HIDDEN)
    guard, used = door.dispatcher.budget_guard, Usage(model="m", cost=0.6)
    for number, asker in enumerate((older, newer)):
        run = RunId(f"r_{number}")
        report = ReportUsage(run=run, usage=used, agent="echo", asker=asker)
        await door.dispatcher.submit(SHARED, report)
    assert not await guard.refusal(older)
    await say(door, NUMBER, HIDDEN)
    assert await guard.refusal(older)
    assert await guard.refusal(newer), "a run of theirs may still be open"


async def test_a_token_of_whoever_is_nobody_any_more_opens_nothing() -> None:
    door = await two()
    older, newer = await who(door, NUMBER), await who(door, HIDDEN)
    for person in (older, newer):
        await door.store.issue_token(f"of {person}", person, label="x", at=door.clock.now())
    await say(door, NUMBER, HIDDEN)
    assert await door.store.bearer(f"of {older}") == older
    assert await door.store.bearer(f"of {newer}") is None


async def test_what_an_earlier_version_let_in_goes_over_with_its_id() -> None:
    door = await two(mail=Account(allow=frozenset()))
    older, newer = await who(door, NUMBER), await who(door, HIDDEN)
    await door.store.enrol(newer, name="Ada", realm="mail", user="a@b", at=door.clock.now())
    await door.store.keep_fact("admitted", "mail:a@b", newer)
    await door.dispatcher.admission.changed()
    await say(door, NUMBER, HIDDEN)
    assert await who(door, "a@b", "mail") == older
    book = await door.dispatcher.admission.book()
    assert book.legacy == {Identity(realm="mail", user="a@b"): older}


async def test_an_id_that_joined_by_a_code_frees_its_place_when_it_is_undone() -> None:
    """One is paired with one identity of an app: what is left of a pairing would bar the next."""
    door = await two(chat=ANYONE, mail=Account(allow=frozenset()))
    newer = await who(door, HIDDEN)
    code = await PairingCodes(door.store, door.clock).link(newer, SHARED, via=CHAT)
    await door.say(code, "a@b", channel=MAIL, place="inbox", realm="mail")
    (grant,) = (await door.dispatcher.admission.book()).grants.values()
    assert grant.enrolled
    await say(door, NUMBER, HIDDEN)
    older = await who(door, NUMBER)
    assert await door.store.facts("paired") == {f"{older} mail": grant.id}
    await door.dispatcher.people.unlink(grant.id)
    assert await door.store.facts("paired") == {}


async def test_a_grant_that_is_undone_meanwhile_does_not_come_back() -> None:
    class Slow(MemoryStore):
        async def fact(self, scope, key):
            if scope == "grants":
                await super().drop_fact(scope, key)  # whoever undoes it is just quicker
            return await super().fact(scope, key)

    door = await two(store=Slow(), mail=Account(allow=frozenset()))
    newer = await who(door, HIDDEN)
    code = await PairingCodes(door.store, door.clock).link(newer, SHARED, via=CHAT)
    await door.say(code, "a@b", channel=MAIL, place="inbox", realm="mail")
    await say(door, NUMBER, HIDDEN)
    assert await door.store.facts("grants") == {}


class Dying(MemoryStore):
    """A store that takes so many more changes, and then none."""

    left = 10**6

    def _spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Dead

    async def append(self, *args, **kwargs):
        self._spend()
        return await super().append(*args, **kwargs)

    async def enrol(self, *args, **kwargs):
        self._spend()
        return await super().enrol(*args, **kwargs)

    async def forget_identity(self, *args, **kwargs):
        self._spend()
        return await super().forget_identity(*args, **kwargs)

    async def change_facts(self, *args, **kwargs):
        self._spend()
        return await super().change_facts(*args, **kwargs)

    async def keep_fact(self, *args, **kwargs):
        self._spend()
        return await super().keep_fact(*args, **kwargs)

    async def drop_fact(self, *args, **kwargs):
        self._spend()
        return await super().drop_fact(*args, **kwargs)


async def test_a_death_anywhere_loses_nothing() -> None:
    """The next message finishes it: every id is the same person's, and so is every session."""
    for lives in range(1, 40):
        store = Dying()
        door = await two(store=store)
        older, newer = await who(door, NUMBER), await who(door, HIDDEN)
        await store.enrol(newer, name="Ada", realm="mail", user="a@b", at=door.clock.now())
        await door.dispatcher.create(SessionId("s_plans"), title="Plans", owner=newer)
        store.left = lives
        done = True
        try:
            await say(door, NUMBER, HIDDEN)
        except Dead:
            done = False
        store.left = 10**6
        door = await Doorway(store=store, clock=door.clock).open()
        door.heard = 100
        await say(door, NUMBER, HIDDEN)
        for user, realm in ((NUMBER, REALM), (HIDDEN, REALM), ("a@b", "mail")):
            assert await who(door, user, realm) == older, (lives, user)
        assert set((await door.dispatcher.fold(SessionId("s_plans"))).participants) == {older}
        if done:
            return
    pytest.fail("it never comes to an end")


async def test_age_is_told_by_when_someone_was_first_heard_of() -> None:
    door = await two()
    number, hidden = await who(door, NUMBER), await who(door, HIDDEN)
    people = await door.store.participants([number, hidden])
    assert people[hidden].since is not None
    assert people[number].since is not None
    assert people[hidden].since - people[number].since == timedelta(seconds=60)
