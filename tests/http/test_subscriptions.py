"""Events go out to addresses: signed, in order, none missing, and only to whoever may read them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from bridge.domain.commands import Delete, Say
from bridge.domain.content import Content
from bridge.domain.ids import ConversationId, SessionId
from tests.http.receiver import LOOPBACK, Receiver, receiving
from tests.http.rig import ADA, BOB, EVE, MAIN, Bridge, serving
from tests.waiting import until

SUBSCRIPTIONS = "/v1/subscriptions"
LEAST = timedelta(milliseconds=1)


@pytest.fixture
async def bridge() -> AsyncIterator[Bridge]:
    async with serving(networks=LOOPBACK) as running:
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


async def subscribed(client: httpx.AsyncClient, receiver: Receiver, **more) -> dict:
    made = await client.post(SUBSCRIPTIONS, json={"url": receiver.url, "session": MAIN, **more})
    assert made.status_code == 201, made.text
    receiver.secrets = [made.json()["secret"]]
    return made.json()


async def shown(client: httpx.AsyncClient, number: str) -> dict:
    return (await client.get(f"{SUBSCRIPTIONS}/{number}")).raise_for_status().json()


# -- what is sent ---------------------------------------------------------------------------------


async def test_what_is_said_from_then_on_is_sent_as_the_stream_has_it(bridge, ada, receiver):
    before = await bridge.say("before")
    made = await subscribed(ada, receiver)
    seq = await bridge.say("after")
    await receiver.has(1)
    (told,) = receiver.taken
    stream = (await ada.get(f"/v1/stream/sessions/{MAIN}?offset=-1")).json()
    assert told["data"] == next(each for each in stream if each["seq"] == seq)
    assert (told["type"], told["session"]) == ("message_received", MAIN)
    assert receiver.names == [f"{MAIN}:{seq}"]
    assert before not in receiver.seqs
    await until_drained(ada, made)


async def until_drained(client: httpx.AsyncClient, made: dict) -> None:
    async def owed() -> list:
        return (await shown(client, made["id"]))["owed"]

    while await owed():
        await asyncio.sleep(0.01)


async def test_only_the_kinds_that_are_wanted_are_sent(bridge, ada, receiver):
    await subscribed(ada, receiver, kinds=["participant_joined"])
    await bridge.say("nothing of this")
    await bridge.join(BOB)
    await receiver.has(1)
    assert [each["type"] for each in receiver.taken] == ["participant_joined"]


async def test_of_all_sessions_is_told_also_of_those_that_begin_later(bridge, ada, receiver):
    await subscribed(ada, receiver, session=None, kinds=["message_received"])
    later = SessionId("s_later")
    await bridge.sessions.create(later, title="Later", owner=ADA)
    await bridge.sessions.create(SessionId("s_bobs"), title="Bob's", owner=BOB)
    await bridge.say("here")
    for session, by in ((later, ADA), (SessionId("s_bobs"), BOB)):
        say = Say(by=by, conversation=ConversationId("http:api"), content=Content(text=session))
        await bridge.sessions.hear(session, say)
    await receiver.has(2)
    assert sorted(each["session"] for each in receiver.taken) == sorted([MAIN, later])
    assert sorted(receiver.texts) == ["here", "s_later"]


# -- none missing, in order -----------------------------------------------------------------------


async def test_what_happens_while_the_receiver_is_down_is_sent_in_order_once_it_is_back(
    bridge, ada, receiver
):
    made = await subscribed(ada, receiver)
    receiver.status = 503
    seqs = [await bridge.say(f"word {number}") for number in range(5)]
    await receiver.was_asked(2)
    receiver.status = 200
    await ada.post(f"{SUBSCRIPTIONS}/{made['id']}/retry")
    await receiver.has(5)
    assert receiver.seqs == seqs


async def test_who_cannot_be_reached_and_is_back_gets_everything_in_order(bridge, ada):
    async with receiving() as gone:
        made, port = await subscribed(ada, gone), int(gone.url.split(":")[2].split("/")[0])
        secrets = gone.secrets
    seqs = [await bridge.say(f"word {number}") for number in range(5)]
    while not (owed := (await shown(ada, made["id"]))["owed"]) or not owed[0]["error"]:
        await asyncio.sleep(0.01)
    assert "cannot be reached" in owed[0]["error"]
    async with receiving(port) as back:
        back.secrets = secrets
        await ada.post(f"{SUBSCRIPTIONS}/{made['id']}/retry")
        await back.has(5)
        assert back.seqs == seqs


async def test_what_nothing_woke_is_found_by_the_sweep(bridge, ada, receiver):
    """And what is not for them, or was taken, is not looked for again."""
    await subscribed(ada, receiver, session=None, kinds=["message_received"])
    bridge.sending.appended = lambda _: None  # type: ignore[method-assign]
    await bridge.sessions.create(SessionId("s_bobs"), title="Bob's", owner=BOB)
    await bridge.say("one")
    bridge.sending.sweep()
    await receiver.has(1)
    await until(lambda: len(bridge.book.outside) == 1 and len(bridge.book.passed) == 1)
    assert [key[1] for key in bridge.book.outside] == ["s_bobs"]


async def test_what_happens_where_one_is_not_costs_nothing_for_them(bridge, ada, receiver):
    """Neither when it happens, nor when it is looked for what nobody told of."""
    await subscribed(ada, receiver, session=None, kinds=["message_received"])
    await bridge.sessions.create(SessionId("s_bobs"), title="Bob's", owner=BOB)
    seq = await bridge.say("one")
    await receiver.has(1)
    bobs = await bridge.store.head(SessionId("s_bobs"))
    while {*bridge.book.outside.values(), *bridge.book.passed.values()} != {bobs, seq}:
        bridge.sending.sweep()
        await asyncio.sleep(0.01)
    woken, wake = [], bridge.sending.wake
    bridge.sending.wake = lambda each, session: (woken.append(session), wake(each, session))
    cursors, bridge.book.cursors = bridge.book.cursors, None
    try:
        await bridge.sending._wake_all()
    finally:
        bridge.book.cursors = cursors
    say = Say(by=BOB, conversation=ConversationId("http:api"), content=Content(text="hm"))
    await bridge.sessions.hear(SessionId("s_bobs"), say)
    await bridge.say("two")
    await receiver.has(2)
    assert set(woken) == {MAIN}


async def test_what_failed_long_ago_is_owed_however_many_sessions_were_touched_since(
    bridge, ada, receiver, monkeypatch
):
    made = await subscribed(ada, receiver, session=None, kinds=["message_received"])
    receiver.status = 500
    seq = await bridge.say("one")
    await receiver.was_asked(1)
    while not (await shown(ada, made["id"]))["owed"]:
        await asyncio.sleep(0.01)
    await bridge.sending.close(5)
    for module in ("subscriptions", "subscription_book"):
        monkeypatch.setattr(f"bridge.engine.outbound.{module}.MOST_SESSIONS", 1)
    bridge.sending = bridge.sender()
    await bridge.sessions.create(SessionId("s_later"), title="Later", owner=ADA)
    bridge.book.passed.clear()
    assert [each["behind"] for each in (await shown(ada, made["id"]))["owed"]] == [1]
    receiver.status = 200
    bridge.sending.sweep()
    await receiver.has(1)
    assert receiver.seqs == [seq]


async def test_what_is_owed_is_counted_for_whoever_watches(bridge, ada, receiver):
    await subscribed(ada, receiver)
    receiver.status = 500
    await bridge.say("one")
    await receiver.was_asked(1)
    while 'places_owed{account="events"} 1.0' not in (await ada.get("/metrics")).text:
        await asyncio.sleep(0.01)
    assert 'parts_total{account="events",outcome="retried"}' in (await ada.get("/metrics")).text


async def test_who_is_shut_down_between_the_call_and_the_cursor_sends_the_same_name_again(
    bridge, ada, receiver
):
    await subscribed(ada, receiver)
    moved, bridge.book.move = bridge.book.move, _dies  # type: ignore[method-assign]
    seq = await bridge.say("twice")
    await receiver.has(1)
    await bridge.sending.close(0)
    bridge.book.move = moved  # type: ignore[method-assign]
    bridge.book.forget()
    bridge.sending = bridge.sender()
    bridge.sending.sweep()
    await receiver.has(2)
    assert receiver.names == [f"{MAIN}:{seq}"] * 2


async def _dies(*_: object) -> None:
    await asyncio.Event().wait()


async def test_one_slow_receiver_holds_up_no_other(bridge, ada, receiver):
    async with receiving() as slow:
        slow.held.clear()
        await subscribed(ada, slow)
        await subscribed(ada, receiver)
        for number in range(5):
            await bridge.say(f"word {number}")
        await slow.was_asked(1)
        await receiver.has(5)
        assert slow.asked == 1
        assert slow.taken == []


# -- what is given up -----------------------------------------------------------------------------


async def test_what_is_refused_again_and_again_is_given_up_alone_and_can_be_tried_again(
    bridge, ada, receiver, monkeypatch
):
    monkeypatch.setattr("bridge.delivery.retry.pause", lambda *_: LEAST)
    made = await subscribed(ada, receiver)
    first = await bridge.say("no")
    receiver.refuses = {first}
    second = await bridge.say("yes")
    await receiver.has(1)
    assert receiver.seqs == [second]
    (owed,) = (await shown(ada, made["id"]))["owed"]
    assert owed["dead"] == [{"seq": first, "why": "it answered 422"}]
    report = (await ada.get("/v1/deliveries")).json()
    (row,) = [each for each in report["places"] if each["conversation"] == made["id"]]
    assert (row["state"], row["failed"], row["label"]) == ("failed", [first], "events: 127.0.0.1")
    receiver.refuses = set()
    answer = await ada.post(f"/v1/deliveries/{made['id']}/retry")
    assert answer.status_code == 204
    await receiver.has(2)
    assert receiver.seqs == [second, first]
    await until_drained(ada, made)


async def test_who_answers_that_it_is_gone_is_sent_nothing_more(bridge, ada, receiver):
    made = await subscribed(ada, receiver)
    receiver.status = 410
    await bridge.say("one")
    await until(lambda: receiver.asked == 1)
    while (await shown(ada, made["id"]))["state"] == "on":
        await asyncio.sleep(0.01)
    receiver.status = 200
    await bridge.say("two")
    again = await ada.post(f"{SUBSCRIPTIONS}/{made['id']}/retry")
    assert (await shown(ada, made["id"]))["state"] == "ended"
    assert again.status_code == 409
    assert receiver.asked == 1


async def test_who_asks_to_wait_is_waited_for(bridge, ada, receiver):
    made = await subscribed(ada, receiver)
    receiver.status, receiver.headers = 429, {"Retry-After": "1800"}
    await bridge.say("one")
    await receiver.was_asked(1)
    while not (owed := (await shown(ada, made["id"]))["owed"]) or not owed[0]["due_at"]:
        await asyncio.sleep(0.01)
    await bridge.say("two")
    (owed,) = (await shown(ada, made["id"]))["owed"]
    assert (owed["tries"], owed["behind"], receiver.asked) == (0, 2, 1)


async def test_after_days_without_success_it_is_parked_and_goes_on_when_somebody_tries_again(
    bridge, ada, receiver, monkeypatch
):
    monkeypatch.setattr("bridge.engine.outbound.subscriptions.LONGEST_OUTAGE", timedelta(-1))
    made = await subscribed(ada, receiver)
    receiver.status = 500
    first = await bridge.say("one")
    while (parked := await shown(ada, made["id"]))["state"] == "on":
        await asyncio.sleep(0.01)
    assert (parked["state"], parked["why"]) == ("parked", "it answered 500")
    second = await bridge.say("two")
    report = (await ada.get("/v1/deliveries")).json()["places"]
    assert [(each["state"], each["why"], each["behind"]) for each in report] == [
        ("parked", "closed", 2)
    ]
    receiver.status = 200
    await ada.post(f"{SUBSCRIPTIONS}/{made['id']}/retry")
    await receiver.has(2)
    assert receiver.seqs == [first, second]
    assert (await shown(ada, made["id"]))["state"] == "on"


async def test_what_is_dropped_is_not_sent_also_while_it_is_under_way(bridge, ada, receiver):
    made = await subscribed(ada, receiver)
    receiver.held.clear()
    for number in range(3):
        await bridge.say(f"word {number}")
    await receiver.was_asked(1)
    dropped = await ada.post(f"{SUBSCRIPTIONS}/{made['id']}/drop")
    assert dropped.json() == {"dropped": 3}
    receiver.held.set()
    await receiver.has(1)
    last = await bridge.say("after")
    await receiver.has(2)
    assert receiver.seqs[1] == last
    everything = await subscribed(ada, receiver, session=None)
    answer = await ada.post(f"{SUBSCRIPTIONS}/{everything['id']}/drop?upto=1")
    assert answer.status_code == 400


async def test_one_that_is_removed_while_it_is_called_stays_removed(bridge, ada, receiver):
    made = await subscribed(ada, receiver)
    receiver.held.clear()
    receiver.status = 410
    await bridge.say("one")
    await receiver.was_asked(1)
    await ada.delete(f"{SUBSCRIPTIONS}/{made['id']}")
    receiver.held.set()
    await bridge.say("two")
    await bridge.sending.close(5)
    assert await bridge.store.facts("subscriptions") == {}
    assert await bridge.store.facts(f"subscription cursors {made['id']}") == {}
    assert receiver.asked == 1


# -- who may have it ------------------------------------------------------------------------------


async def test_who_is_put_out_is_sent_nothing_more_also_of_before(bridge, ada, receiver):
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob:
        made = await subscribed(bob, receiver)
        receiver.held.clear()
        await bridge.say("one")
        await receiver.was_asked(1)
        await bridge.say("two")
        await bridge.leave(BOB)
        receiver.held.set()
        while (await shown(bob, made["id"]))["state"] == "on":
            await asyncio.sleep(0.01)
        assert receiver.texts == ["one"]
        assert (await shown(bob, made["id"]))["state"] == "ended"


async def test_what_was_deleted_before_it_could_be_sent_is_not_sent(bridge, ada, receiver):
    made = await subscribed(ada, receiver)
    receiver.status = 503
    seq = await bridge.say("a secret")
    await receiver.was_asked(1)
    await bridge.sessions.submit(MAIN, Delete(by=ADA, target=seq))
    receiver.status = 200
    await ada.post(f"{SUBSCRIPTIONS}/{made['id']}/retry")
    await receiver.has(2)
    assert [each["type"] for each in receiver.taken] == ["message_received", "message_deleted"]
    assert "a secret" not in str(receiver.taken)


async def test_nobody_sees_or_changes_what_another_made(bridge, ada, receiver):
    await bridge.join(BOB)
    made = await subscribed(ada, receiver)
    async with bridge.client(BOB) as bob:
        assert (await bob.get(SUBSCRIPTIONS)).json() == {"subscriptions": []}
        assert (await bob.get(f"{SUBSCRIPTIONS}?all=true")).status_code == 403
        for method, path in (
            ("GET", ""),
            ("DELETE", ""),
            ("POST", "/rotate"),
            ("POST", "/retry"),
            ("POST", "/drop"),
        ):
            answer = await bob.request(method, f"{SUBSCRIPTIONS}/{made['id']}{path}")
            assert answer.status_code == 404, path


async def test_who_is_not_in_a_session_subscribes_to_nothing_of_it(bridge, receiver):
    async with bridge.client(EVE) as eve:
        answer = await eve.post(SUBSCRIPTIONS, json={"url": receiver.url, "session": MAIN})
    assert answer.status_code == 404


async def test_no_more_than_so_many_are_kept_for_one_person(bridge, ada, receiver):
    for _ in range(20):
        await subscribed(ada, receiver)
    one_more = await ada.post(SUBSCRIPTIONS, json={"url": receiver.url, "session": MAIN})
    assert one_more.status_code == 403
    assert "20" in one_more.json()["error"]["message"]


# -- the secret -----------------------------------------------------------------------------------


async def test_the_secret_is_shown_once_and_what_another_signed_is_not_ours(bridge, ada, receiver):
    made = await subscribed(ada, receiver)
    kept = await shown(ada, made["id"])
    assert made["secret"].startswith("whsec_")
    assert made["secret"] not in str([kept, (await ada.get(SUBSCRIPTIONS)).json()])
    await bridge.say("one")
    await receiver.has(1)
    headers, body = receiver.raw[0]
    other = (await ada.post(SUBSCRIPTIONS, json={"url": receiver.url, "session": MAIN})).json()
    with pytest.raises(WebhookVerificationError):
        Webhook(other["secret"]).verify(body.decode(), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(body.decode().replace("one", "two"), headers)


async def test_the_secret_before_signs_too_for_a_while(bridge, ada, receiver):
    made = await subscribed(ada, receiver)
    new = (await ada.post(f"{SUBSCRIPTIONS}/{made['id']}/rotate")).json()["secret"]
    receiver.secrets = [made["secret"], new]
    await bridge.say("one")
    await receiver.has(1)
    assert new != made["secret"]
