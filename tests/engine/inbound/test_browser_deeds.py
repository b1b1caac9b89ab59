"""What is done from a notification is done for whom it was sealed, once, where it still may be."""

import pytest

from bridge import texts
from bridge.delivery.push_payload import Deed
from bridge.domain.commands import Leave, Push
from bridge.domain.content import Content, Option
from bridge.domain.errors import Refused
from bridge.domain.events import MessageReceived, Source
from bridge.domain.records import replace
from bridge.ports.push import Subscription
from bridge.session.routing import SHARED
from tests.engine.rig import OWNER, Bridge, bridge


async def ready(b: Bridge) -> Deed:
    """Let Ada's browser follow, and return what she may reply to a push."""
    await b.gather("ada")
    who = await b.store.identify(realm="memory", user="ada")
    assert who is not None
    await b.store.issue_token("t", who, label="t", at=b.clock.now())
    places = b.core.sessions.browser_places
    keys = {"endpoint": "https://push.example/1", "p256dh": "p", "auth": "a"}
    since = b.clock.now().isoformat()
    await places.subscribe(Subscription(id="b_1", who=who, token="t", since=since, **keys))
    await places.follow("b_1", SHARED)
    push = Push(
        source=Source(kind="api"),
        content=Content(text="well?"),
        buttons=(Option(id="0", label="On"),),
    )
    (event,) = (await b.core.sessions.submit(SHARED, push)).events
    return Deed(browser="b_1", who=who, session=SHARED, seq=event.seq, epoch="")


async def said(b: Bridge) -> list[str]:
    return [each.content.text for each in await b.bodies(MessageReceived)][1:]


async def test_a_reply_is_said_once_and_another_one_too() -> None:
    async with bridge() as b:
        deed = await ready(b)
        deed = replace(deed, epoch=(await b.store.epoch()).id)
        for words in ("on it", "on it", "done"):
            await b.core.browser_deeds.do(deed, words)
        assert await said(b) == ["on it", "done"]


@pytest.mark.parametrize("words", ["", "  \n"])
async def test_nothing_is_no_reply(words: str) -> None:
    async with bridge() as b:
        deed = replace(await ready(b), epoch=(await b.store.epoch()).id)
        with pytest.raises(Refused, match="was not done"):
            await b.core.browser_deeds.do(deed, words)


async def test_what_was_told_before_the_log_was_restored_is_void() -> None:
    async with bridge() as b:
        deed = replace(await ready(b), epoch="of another log")
        with pytest.raises(Refused, match="restored"):
            await b.core.browser_deeds.do(deed, "on it")


async def test_it_is_void_for_whoever_the_browser_is_not_theirs() -> None:
    async with bridge() as b:
        deed = replace(await ready(b), epoch=(await b.store.epoch()).id, who=OWNER)
        with pytest.raises(Refused, match="too old"):
            await b.core.browser_deeds.do(deed, "on it")


async def test_it_is_void_for_whoever_left() -> None:
    async with bridge() as b:
        deed = replace(await ready(b), epoch=(await b.store.epoch()).id)
        leave = Leave(participant=deed.who, by=OWNER, called="ada")
        await b.core.sessions.people.members.put_out(SHARED, leave)
        with pytest.raises(Refused, match="too old"):
            await b.core.browser_deeds.do(deed, "on it")
        assert await said(b) == []


async def test_a_button_that_means_nothing_does_nothing() -> None:
    async with bridge() as b:
        deed = replace(await ready(b), epoch=(await b.store.epoch()).id, value="u:grant")
        with pytest.raises(Refused, match=texts.BUTTON_UNKNOWN[:20]):
            await b.core.browser_deeds.do(deed, "")
        assert await said(b) == []
