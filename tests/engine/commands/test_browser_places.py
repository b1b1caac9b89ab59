"""Browsers are their people's places, as long as a token holds."""

from bridge.domain.ids import SessionId
from bridge.domain.records import replace
from bridge.engine.commands.browser_places import MOST_SESSIONS, PREFIX
from bridge.ports.push import Subscription
from bridge.session.routing import SHARED
from tests.engine.rig import OWNER, Bridge, bridge


async def named(b: Bridge, number: str = "b_1", token: str = "t") -> Subscription:
    await b.store.issue_token(token, OWNER, label="t", at=b.clock.now())
    browser = Subscription(
        id=number,
        who=OWNER,
        endpoint=f"https://push.example/{number}",
        p256dh="p",
        auth="a",
        token=token,
        since=b.clock.now().isoformat(),
    )
    await b.core.sessions.browser_places.subscribe(browser)
    return browser


async def test_a_browser_follows_each_session_that_is_opened_in_it() -> None:
    async with bridge() as b:
        places = b.core.sessions.browser_places
        await named(b)
        other = SessionId("s_other")
        await b.core.sessions.create(other, title="Other", owner=OWNER)
        for session in (SHARED, other, SHARED):
            await places.follow("b_1", session)
        known = await places.of("b_1")
        assert known is not None
        assert known.sessions == (SHARED, other)
        assert await places.title(other) == "Other"
        for session in (SHARED, other):
            (place,) = (await b.core.sessions.fold(session)).conversations
            assert place == await places.place("b_1", session)
            assert place.startswith(f"{PREFIX}_")


async def test_of_many_sessions_those_opened_last_ring() -> None:
    async with bridge() as b:
        places = b.core.sessions.browser_places
        await named(b)
        sessions = [SessionId(f"s_{n}") for n in range(MOST_SESSIONS + 1)]
        for each in sessions:
            await b.core.sessions.create(each, title="", owner=OWNER)
            await places.follow("b_1", each)
        assert await places.place("b_1", sessions[0]) is None
        assert await places.place("b_1", sessions[-1]) is not None
        known = await places.of("b_1")
        assert known is not None
        assert known.sessions == tuple(reversed(sessions[1:]))


async def test_named_again_it_keeps_its_sessions_and_has_its_new_keys() -> None:
    async with bridge() as b:
        places = b.core.sessions.browser_places
        browser = await named(b)
        await places.follow("b_1", SHARED)
        await places.subscribe(replace(browser, p256dh="new"))
        known = await places.of("b_1")
        assert known is not None
        assert (known.p256dh, known.sessions) == ("new", (SHARED,))


async def test_what_is_not_known_follows_nothing_and_is_dropped_with_success() -> None:
    async with bridge() as b:
        places = b.core.sessions.browser_places
        await places.follow("b_9", SHARED)
        await places.drop("b_9")
        assert await places.of("b_9") is None
        assert (await b.core.sessions.fold(SHARED)).conversations == {}


async def test_those_of_void_tokens_go_when_another_one_is_named() -> None:
    async with bridge() as b:
        await named(b, "b_1", "first")
        await b.store.revoke_tokens(OWNER, label=None)
        await named(b, "b_2", "second")
        assert sorted(await b.store.facts("browsers")) == ["b_2"]


async def test_after_a_restart_it_rings_on() -> None:
    async with bridge() as b:
        await named(b)
        await b.core.sessions.browser_places.follow("b_1", SHARED)
        await b.restart()
        assert await b.core.sessions.browser_places.place("b_1", SHARED) is not None


async def test_it_is_spoken_to_in_the_bridges_own_language_where_it_accepts_that() -> None:
    """Also where that is no other than what the bridge speaks anyway, which is kept nowhere."""
    async with bridge() as b:
        b.core.sessions.languages._own = "de"
        await named(b)
        places = b.core.sessions.browser_places
        await places.follow("b_1", SHARED, "de")
        place = await places.place("b_1", SHARED)
        assert place is not None
        lane = await b.store.conversation(place)
        assert lane is not None
        fold = await b.core.sessions.fold(SHARED)
        b.clock.forward(1)
        spoken = await b.core.sessions.languages.spoken(fold, lane)
        assert spoken.at(b.clock.now()).code == "de"
