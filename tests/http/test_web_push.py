"""Browsers that ring: what a push service is sent, and what becomes of what it answers."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bridge import texts
from bridge.delivery.push_payload import Deed
from bridge.domain.commands import Ask, Leave, Push, Say
from bridge.domain.content import Content, Option
from bridge.domain.errors import ConfigError, Refused, Rejected, Unreachable
from bridge.domain.events import MessageReceived, PushPriority, QuestionClosed, Source
from bridge.domain.ids import ConversationId, ParticipantId, QuestionId
from bridge.engine.clock import SystemClock
from bridge.http.auth import digest
from bridge.http.browser_push import opened, seal
from bridge.http.links import Links
from bridge.http.web_push import PADDED_TO, Signing, WebPush, is_installed, plain
from bridge.ports.push import PAGE, Subscription
from bridge.session.routing import SHARED
from tests.engine.rig import OWNER, Bridge
from tests.http.receiver import LOOPBACK
from tests.push_service import Browser, PushService, push_service

TOKEN = "token-of-the-owner-0123456789"
LINKS = Links(b"k" * 32, base=None, clock=SystemClock())
TEN = 601.0


@dataclass
class Scene:
    """The owner's bridge, a push service, and the browsers in which notifications are on."""

    b: Bridge
    service: PushService
    browsers: list[Browser] = field(default_factory=list)

    async def turn_on(
        self,
        name: str,
        who: ParticipantId = OWNER,
        token: str = TOKEN,
        *,
        accepts: str = "",
    ) -> Browser:
        browser = self.service.browser(name)
        self.browsers.append(browser)
        await self.name(browser, who, token, accepts=accepts)
        return browser

    async def name(
        self,
        browser: Browser,
        who: ParticipantId = OWNER,
        token: str = TOKEN,
        *,
        accepts: str = "",
    ) -> None:
        told, places = browser.subscription, self.b.core.sessions.browser_places
        self.b.clock.forward(1)
        await places.subscribe(
            Subscription(
                id=f"b_{browser.name}",
                who=who,
                endpoint=told["endpoint"],
                **told["keys"],
                token=digest(token),
                since=self.b.clock.now().isoformat(),
            )
        )
        await places.follow(f"b_{browser.name}", SHARED, accepts)

    def rang(self) -> list[str]:
        """Return what rang, in the order in which it did."""
        by_path = {f"/push/{each.name}": each for each in self.browsers}
        return [
            f"{by_path[each.path].name}: {by_path[each.path].read(each.body)['body']}"
            for each in self.service.pushed
        ]

    async def push(self, text: str, priority: PushPriority = "normal", *buttons: str) -> None:
        offered = tuple(Option(id=str(n), label=each) for n, each in enumerate(buttons))
        push = Push(
            source=Source(kind="api"),
            content=Content(text=text),
            priority=priority,
            buttons=offered,
        )
        await self.b.core.sessions.submit(SHARED, push)

    async def ask(self, text: str, *options: str) -> None:
        choices = tuple(Option(id=f"o{n}", label=each) for n, each in enumerate(options))
        ask = Ask(by=OWNER, question=QuestionId("ask_1"), text=text, options=choices)
        await self.b.core.sessions.submit(SHARED, ask)

    async def says(self, text: str, place: ConversationId = PAGE) -> None:
        say = Say(by=OWNER, conversation=place, content=Content(text=text), addressed=False)
        await self.b.core.sessions.hear(SHARED, say)
        await self.b.until_at_rest()

    async def until(self, true: Callable[[], Any]) -> None:
        await self.b.until(true)

    async def rests(self) -> None:
        await self.b.until_at_rest()

    async def lane_of(self, browser: Browser) -> ConversationId | None:
        return await self.b.core.sessions.browser_places.place(f"b_{browser.name}", SHARED)


def channel(path: Path, clock: Any, **more: Any) -> WebPush:
    signing = Signing(path / "push-key", "https://bridge.example")
    return WebPush(
        signing, seal=lambda deed: seal(LINKS, deed), clock=clock, **{"networks": LOOPBACK, **more}
    )


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene_in(tmp_path) as made:
        yield made


@asynccontextmanager
async def scene_in(path: Path) -> AsyncIterator[Scene]:
    async with push_service() as service:
        made = Bridge()
        made.pushes = [channel(path, made.clock)]
        await made.start()
        now = made.clock.now()
        await made.store.issue_token(digest(TOKEN), OWNER, label="owner", at=now)
        try:
            yield Scene(made, service)
        finally:
            await made.core.stop(0)


# -- what is told ----------------------------------------------------------------------------------


async def test_what_rings_is_told_to_the_browser_and_to_nobody_in_between(scene: Scene) -> None:
    phone = await scene.turn_on("phone")
    await scene.push("the **backup** failed")
    await scene.until(lambda: scene.service.pushed)
    (pushed,) = scene.service.pushed
    (told,) = scene.service.told(phone)
    assert (told["title"], told["body"]) == ("Main", "the backup failed")
    assert told["session"] == SHARED
    assert told["tag"] == pushed.headers["topic"]
    assert b"backup" not in pushed.body
    assert pushed.headers["content-encoding"] == "aes128gcm"
    assert (pushed.headers["ttl"], pushed.headers["urgency"]) == ("86400", "normal")
    assert pushed.claims["sub"] == "https://bridge.example"
    expires = pushed.claims["exp"] - scene.b.clock.now().timestamp()
    assert 0 < expires <= 24 * 3600
    await scene.rests()
    assert len(scene.service.pushed) == 1


async def test_the_size_of_a_push_tells_little(scene: Scene) -> None:
    await scene.turn_on("phone")
    await scene.push("no")
    await scene.push("a few more words")
    await scene.until(lambda: len(scene.service.pushed) == 2)
    first, second = (len(each.body) for each in scene.service.pushed)
    assert first == second or abs(first - second) % PADDED_TO == 0


async def test_what_is_silent_costs_no_push(scene: Scene) -> None:
    await scene.turn_on("phone")
    await scene.push("psst", "low")
    await scene.says("just thinking")
    await scene.rests()
    assert scene.service.pushed == []


async def test_long_words_are_cut_and_nothing_can_be_done_that_was_not_read(scene: Scene) -> None:
    phone = await scene.turn_on("phone")
    await scene.ask("x" * 2000, "Yes", "No")
    await scene.until(lambda: scene.service.pushed)
    (told,) = scene.service.told(phone)
    assert told["body"].endswith("…")
    assert told["actions"] == []


async def test_wide_letters_fit_too(scene: Scene) -> None:
    phone = await scene.turn_on("phone")
    wide = "\N{GRINNING FACE}"
    await scene.ask(wide * 470, wide * 38, f"{wide * 37}!")
    await scene.until(lambda: scene.service.pushed)
    assert len(scene.service.pushed[0].body) <= 4096
    assert scene.service.told(phone)[0]["body"].startswith(wide)


async def test_it_is_said_in_the_language_of_the_browser_or_of_its_person(scene: Scene) -> None:
    phone = await scene.turn_on("phone", accepts="de-CH,en;q=0.5")
    await scene.push("look")
    await scene.until(lambda: scene.service.pushed)
    assert scene.service.told(phone)[0]["lang"] == "de"
    assert [each["title"] for each in scene.service.told(phone)[0]["actions"]] == ["Antworten"]
    await scene.b.core.sessions.languages.choose(OWNER, "fr")
    scene.b.clock.forward(1)
    await scene.push("again")
    await scene.until(lambda: len(scene.service.pushed) == 2)
    assert scene.service.told(phone)[1]["lang"] == "fr"


# -- one ring --------------------------------------------------------------------------------------


async def test_of_two_browsers_one_rings_and_the_other_ten_minutes_later(scene: Scene) -> None:
    await scene.turn_on("desk")
    await scene.turn_on("phone")
    await scene.push("look")
    await scene.until(lambda: scene.service.pushed)
    await scene.rests()
    assert scene.rang() == ["phone: look"]
    scene.b.clock.forward(TEN)
    await scene.until(lambda: len(scene.service.pushed) == 2)
    assert scene.rang()[1].startswith("desk: You have not seen this yet in")
    scene.b.clock.forward(TEN)
    await scene.rests()
    assert len(scene.service.pushed) == 2


async def test_a_reminder_takes_the_place_of_what_it_reminds_of(scene: Scene) -> None:
    await scene.turn_on("desk")
    await scene.turn_on("phone")
    await scene.push("look")
    await scene.until(lambda: scene.service.pushed)
    scene.b.clock.forward(TEN)
    await scene.until(lambda: len(scene.service.pushed) == 2)
    first, second = scene.service.pushed
    assert first.headers["topic"] == second.headers["topic"]


async def test_whoever_looks_is_told_nothing_and_later_only_if_they_did_not_see_it(
    scene: Scene,
) -> None:
    await scene.turn_on("phone")
    looking = scene.b.core.live.looking
    looking.note(SHARED, OWNER, "page", visible=True, seen=0)
    await scene.push("look")
    await scene.rests()
    looking.note(SHARED, OWNER, "page", visible=True, seen=100)
    scene.b.clock.forward(TEN)
    await scene.rests()
    assert scene.service.pushed == []


@pytest.mark.parametrize("where", ["page", "chat"])
async def test_it_rings_where_one_last_spoke_in_the_page_or_in_a_chat(
    scene: Scene, where: str
) -> None:
    await scene.turn_on("phone")
    await scene.b.place("desk", user="ada")
    ada = await scene.b.store.identify(realm="memory", user="ada")
    assert ada is not None
    token = "token-of-ada-0123456789"
    await scene.b.store.issue_token(digest(token), ada, label="t", at=scene.b.clock.now())
    await scene.turn_on("adas", ada, token)
    chat = (await scene.b.lane("desk")).id
    for place in (chat, PAGE) if where == "page" else (PAGE, chat):
        say = Say(by=ada, conversation=place, content=Content(text="hm"), addressed=False)
        await scene.b.core.sessions.hear(SHARED, say)
    push = Push(source=Source(kind="api"), content=Content(text="look"), to=(ada,))
    await scene.b.core.sessions.submit(SHARED, push)
    await scene.rests()
    await scene.b.until_shown("desk", "look")
    loud = [each.text for each in scene.b.platform.seen("desk") if not each.silent]
    assert (scene.rang(), "look" in loud) == (
        (["adas: look"], False) if where == "page" else ([], True)
    )


# -- what push services answer ---------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_its_service_knows_no_more_is_dropped(
    scene: Scene, status: int
) -> None:
    phone = await scene.turn_on("phone")
    scene.service.answers = [(status, {})]
    await scene.push("one")
    await scene.until(lambda: scene.service.pushed)
    await scene.rests()
    places = scene.b.core.sessions.browser_places
    assert await places.of("b_phone") is None
    assert await scene.lane_of(phone) is None
    await scene.push("two")
    await scene.rests()
    assert len(scene.service.pushed) == 1


async def test_a_service_that_is_busy_or_down_is_asked_again_and_nothing_is_lost(
    scene: Scene,
) -> None:
    await scene.turn_on("phone")
    scene.service.answers = [(429, {"Retry-After": "30"}), (503, {}), (500, {})]
    await scene.push("look")
    await scene.until(lambda: len(scene.service.pushed) == 1)
    scene.b.clock.forward(29)
    await asyncio.sleep(0)
    assert len(scene.service.pushed) == 1
    await scene.b.until(lambda: len(scene.service.pushed) == 4, each=1)
    assert {each.headers["topic"] for each in scene.service.pushed} == {
        scene.service.pushed[0].headers["topic"]
    }
    assert set(scene.rang()) == {"phone: look"}


async def test_a_service_that_refuses_our_signature_is_asked_again_once_the_page_was_opened(
    scene: Scene,
) -> None:
    phone = await scene.turn_on("phone")
    scene.service.answers = [(403, {})]
    await scene.push("one")
    await scene.until(lambda: scene.service.pushed)
    await scene.push("two")
    await scene.rests()
    assert len(scene.service.pushed) == 1
    await scene.name(phone)
    await scene.until(lambda: len(scene.service.pushed) > 1)


async def test_a_redirect_is_followed_nowhere(scene: Scene) -> None:
    await scene.turn_on("phone")
    scene.service.answers = [(302, {"Location": f"{scene.service.url}/elsewhere"})] * 9
    await scene.push("look")
    await scene.rests()
    assert {each.path for each in scene.service.pushed} == {"/push/phone"}


# -- as long as somebody is signed in --------------------------------------------------------------


async def test_a_browser_rings_as_long_as_its_token_is_good(scene: Scene) -> None:
    phone = await scene.turn_on("phone")
    await scene.b.store.revoke_tokens(OWNER, label="owner")
    await scene.push("look")
    await scene.rests()
    assert scene.service.pushed == []
    assert await scene.lane_of(phone) is None
    assert await scene.b.store.facts("browsers") == {}


async def bob(scene: Scene) -> ParticipantId:
    await scene.b.place("bobs", user="bob")
    who = await scene.b.store.identify(realm="memory", user="bob")
    assert who is not None
    now = scene.b.clock.now()
    await scene.b.store.issue_token(digest("token-of-bob-0123456789"), who, label="t", at=now)
    return who


async def test_whoever_leaves_a_session_is_told_nothing_more_of_it(scene: Scene) -> None:
    who = await bob(scene)
    await scene.turn_on("bobs", who, "token-of-bob-0123456789")
    await scene.b.core.sessions.people.members.put_out(
        SHARED, Leave(participant=who, by=OWNER, called="bob")
    )
    await scene.push("secret")
    await scene.rests()
    assert scene.service.pushed == []


async def test_nothing_is_kept_of_the_browsers_of_whoever_is_removed(scene: Scene) -> None:
    who = await bob(scene)
    await scene.turn_on("bobs", who, "token-of-bob-0123456789")
    assert len(await scene.b.store.facts("browsers")) == 1
    await scene.b.core.sessions.people.remove(who, OWNER)
    assert await scene.b.store.facts("browsers") == {}


async def test_whoever_signs_in_to_a_browser_next_takes_it_over(scene: Scene) -> None:
    phone = await scene.turn_on("phone")
    before = await scene.lane_of(phone)
    who = await bob(scene)
    await scene.name(phone, who, "token-of-bob-0123456789")
    fold = await scene.b.core.sessions.fold(SHARED)
    assert before is not None
    assert {fold.conversations[before]} == {who}
    push = Push(source=Source(kind="api"), content=Content(text="for the owner"), to=(OWNER,))
    await scene.b.core.sessions.submit(SHARED, push)
    await scene.rests()
    assert scene.service.pushed == []


async def test_of_too_many_browsers_the_oldest_goes(scene: Scene) -> None:
    for number in range(10):
        await scene.turn_on(f"n{number}")
    known = await scene.b.store.facts("browsers")
    assert sorted(known) == [f"b_n{number}" for number in range(2, 10)]


# -- what is done from a notification --------------------------------------------------------------


async def told(scene: Scene, browser: Browser) -> dict[str, Any]:
    await scene.until(lambda: scene.service.told(browser))
    await scene.rests()
    return scene.service.told(browser)[-1]


def deed(of: dict[str, Any], number: int = 0) -> Deed:
    found = opened(LINKS, of["actions"][number]["deed"])
    assert found is not None
    return found


async def test_a_question_is_answered_once_from_its_notification(scene: Scene) -> None:
    phone = await scene.turn_on("phone")
    await scene.ask("Go on?", "Yes", "No")
    card = await told(scene, phone)
    assert [each["title"] for each in card["actions"]] == ["Yes", "No"]
    for _ in range(2):
        await scene.b.core.browser_deeds.do(deed(card, 1), "")
    (closed,) = await scene.b.bodies(QuestionClosed)
    assert (closed.answer, closed.by) == ("o1", OWNER)
    assert closed.conversation == await scene.lane_of(phone)


async def test_one_replies_from_a_notification_once(scene: Scene) -> None:
    phone = await scene.turn_on("phone")
    await scene.push("the *backup* failed")
    card = await told(scene, phone)
    (action,) = card["actions"]
    assert (action["action"], action["type"]) == ("reply", "text")
    for _ in range(2):
        await scene.b.core.browser_deeds.do(deed(card), "try *again*")
    said = [each for each in await scene.b.bodies(MessageReceived) if each.participant == OWNER]
    assert [each.reply_to for each in said] == [card["seq"]]


async def test_a_deed_is_void_where_its_browser_is(scene: Scene) -> None:
    phone = await scene.turn_on("phone")
    await scene.ask("Go on?", "Yes", "No")
    card = await told(scene, phone)
    await scene.b.core.sessions.browser_places.drop("b_phone")
    with pytest.raises(Refused, match=str(texts.PUSH_OVER)):
        await scene.b.core.browser_deeds.do(deed(card), "")
    assert await scene.b.bodies(QuestionClosed) == []


def test_nobody_makes_a_deed_but_the_bridge() -> None:
    made = Deed(browser="b_1", who=OWNER, session=SHARED, seq=3, epoch="", value="a:3:0:x")
    sealed = seal(LINKS, made)
    assert opened(LINKS, sealed) == made
    assert opened(LINKS, sealed[:-1] + ("A" if sealed[-1] != "A" else "B")) is None
    assert opened(LINKS, LINKS.sealed(json.dumps(["page", 3]))) is None


# -- where push services are -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "ip", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"]
)
async def test_nothing_inside_the_network_is_called(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ip: str
) -> None:
    """Whatever a name means: it is looked at when the connection is made."""

    async def found(*_: Any) -> Sequence[str]:
        return ["93.184.216.34", ip]

    monkeypatch.setattr("bridge.guarded_network.resolve", found)
    inside = channel(tmp_path, scene.b.clock, networks=())
    with pytest.raises(Rejected) as refused:
        await inside._post("https://push.example/x", {}, b"")
    assert refused.value.code == "not_public"


async def test_only_https_is_called(scene: Scene, tmp_path: Path) -> None:
    strict = channel(tmp_path, scene.b.clock, networks=())
    with pytest.raises(Rejected) as refused:
        await strict._post(f"{scene.service.url}/x", {}, b"")
    assert refused.value.code == "not_public"
    assert scene.service.pushed == []


async def test_names_that_nobody_answers_for_hold_up_nothing_else(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are looked up in threads of their own, which are not those of all other work."""
    held, names = threading.Event(), set[str]()

    def nobody(host: str, *_: Any, **__: Any) -> Sequence[Any]:
        names.add(threading.current_thread().name)
        held.wait(20)
        raise OSError(host)

    monkeypatch.setattr("bridge.guarded_network.getaddrinfo", nobody)
    inside = channel(tmp_path, scene.b.clock, networks=())
    calls = [
        asyncio.ensure_future(inside._post(f"https://n{number}.example/x", {}, b""))
        for number in range(80)
    ]
    try:
        await scene.until(lambda: names)
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "done"), 10) == "done"
    finally:
        held.set()
        found = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(each) for each in found} == {Unreachable}
    assert all(each.startswith("guarded-names") for each in names)


async def test_a_service_that_is_not_there_took_nothing(scene: Scene) -> None:
    gone = scene.b.pushes[0]
    with pytest.raises(Unreachable):
        await gone._post("http://127.0.0.1:1/x", {}, b"")


# -- small -----------------------------------------------------------------------------------------


async def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "push-key"
    first = await Signing(path, "mailto:a@b.example").public_key()
    assert await Signing(path, "mailto:a@b.example").public_key() == first
    assert len(first) == 87
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("not a key\n")
    with pytest.raises(ConfigError):
        await Signing(path, "mailto:a@b.example").public_key()


def test_what_it_takes_is_installed_here() -> None:
    assert is_installed()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("**bold** and `code`", "bold and code"),
        ("one\n\ntwo", "one\ntwo"),
        ("```\nrm -rf /\n```", "rm -rf /"),
        ("a \\* b", "a * b"),
        ("- one\n- two", "one\ntwo"),
        ("[here](https://x.example)", "here"),
        ("<b>x</b>", "<b>x</b>"),
        ("line\nbreak", "line\nbreak"),
    ],
)
def test_words_are_told_without_their_markup(text: str, said: str) -> None:
    assert plain(text).text == said


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("**bold** `code`\n\n```sh\nls\n```", True),
        ("<https://x.example>", True),
        ("[https://x.example](https://x.example)", True),
        ("[x.example](https://y.example)", False),
        ("![look](https://y.example/x.png)", False),
        ("go\n\n[on]: https://y.example", False),
        ("```sh rm -rf\nls\n```", False),
        ("x" * 20_000, False),
        ("> " * 5_000 + "x", False),
    ],
)
def test_it_is_known_whether_words_are_all_that_markup_says(text: str, *, whole: bool) -> None:
    assert plain(text).whole == whole


async def test_a_very_long_text_is_not_read_to_its_end(scene: Scene) -> None:
    phone = await scene.turn_on("phone")
    await scene.push("look " * 100_000)
    await scene.until(lambda: scene.service.pushed)
    assert scene.service.told(phone)[0]["body"].startswith("look look")
