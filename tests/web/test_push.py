"""Notifications in a real browser: turned on by a click, shown by its worker, clicked, and done.

No push service of a browser vendor is reached from here. The page's `PushManager` is ours, on the
loopback address; what comes for it is handed to the real service worker as the browser would.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, Worker, expect

from bridge import texts
from bridge.domain.commands import Ask
from bridge.domain.content import Option
from bridge.domain.events import MessageReceived, QuestionClosed
from bridge.domain.ids import QuestionId
from bridge.engine.clock import SystemClock
from bridge.http.browser_push import seal
from bridge.http.links import Links
from bridge.http.web_push import Signing, WebPush
from bridge.session.routing import SHARED
from tests.http.receiver import LOOPBACK
from tests.push_service import Browser, PushService
from tests.web.rig import ADA, BOB, HIDE, Bridge, Loop, Pages, say, until
from tests.web.test_axe import violations

pytestmark = pytest.mark.browser

MANAGER = """subscription => {
  const key = "test.subscribed";
  const bytes = text => Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")), each => each.charCodeAt(0)).buffer;
  const made = () => ({
    endpoint: subscription.endpoint,
    options: {applicationServerKey: bytes(localStorage[key])},
    toJSON: () => ({...subscription, expirationTime: null}),
    unsubscribe: async () => { delete localStorage[key]; return true; },
  });
  PushManager.prototype.getSubscription = async () => localStorage[key] ? made() : null;
  PushManager.prototype.subscribe = async options => {
    if (!options.userVisibleOnly) throw new Error("it is to be visible");
    localStorage[key] = options.applicationServerKey;
    return made();
  };
}"""
"""A push manager that subscribes at once; everything else of the browser is as it is."""

FOCUSED = "() => { WindowClient.prototype.focus = async function () { return this; } }"
"""Only a click of a person's lets a worker do so."""


@pytest.fixture
def service(loop: Loop) -> Iterator[PushService]:
    service = PushService()
    loop.run(service.start())
    yield service
    loop.run(service.stop())


@pytest.fixture
def bridge(loop: Loop, tmp_path: Path) -> Iterator[Bridge]:
    clock = SystemClock()
    links = Links(b"key", base=None, clock=clock)
    push = WebPush(
        Signing(tmp_path / "push-key", "mailto:a@b.example"),
        seal=lambda deed: seal(links, deed),
        clock=clock,
        networks=LOOPBACK,
    )
    bridge = Bridge(loop, links=links, web_push=push)
    bridge.start()
    yield bridge
    bridge.stop()


class Phone:
    """One browser, in which notifications may be allowed, and what comes for it."""

    def __init__(self, browser: Chromium, pages: Pages, bridge: Bridge, mine: Browser) -> None:
        self.bridge, self.mine, self.pages = bridge, mine, pages
        self.context: BrowserContext = browser.new_context()
        self.context.grant_permissions(["notifications"], origin=bridge.url)
        self.context.add_init_script(f"({MANAGER})({json.dumps(mine.subscription)})")

    def open(self, link: str) -> Page:
        page = self.pages.tab(self.context, link)
        expect(page.locator("#connection")).to_have_text("Connected")
        return page

    @property
    def worker(self) -> Worker:
        until(lambda: bool(self.context.service_workers))
        return self.context.service_workers[0]

    def deliver(self, page: Page, body: str) -> None:
        """Hand a push to the worker, as the browser does once its service brings it."""
        session = self.context.new_cdp_session(page)
        session.send("ServiceWorker.enable")
        session.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self.bridge.url,
                "registrationId": self._registration(session, page),
                "data": body,
            },
        )

    def _registration(self, session: Any, page: Page) -> str:
        found: list[str] = []
        session.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: found.extend(
                each["registrationId"] for each in event["registrations"] if not each["isDeleted"]
            ),
        )
        session.send("ServiceWorker.disable")
        session.send("ServiceWorker.enable")
        until(lambda: page.evaluate("0") == 0 and bool(found))  # events come with an answer
        return found[-1]

    def shown(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.worker.evaluate(
            """async () => (await registration.getNotifications()).map(each => ({
              title: each.title, body: each.body, tag: each.tag, lang: each.lang,
              actions: each.actions.map(({action, title}) => ({action, title})),
              data: each.data}))"""
        )
        return found

    def click(self, action: str = "", reply: str = "") -> None:
        """Click in the notification, or on one of its buttons."""
        self.worker.evaluate(
            """async ([action, reply]) => {
              const [notification] = await registration.getNotifications();
              const event = new NotificationEvent("notificationclick", {notification, action});
              if (reply) Object.defineProperty(event, "reply", {value: reply});
              dispatchEvent(event);
            }""",
            [action, reply],
        )


@pytest.fixture
def phone(browser: Chromium, pages: Pages, bridge: Bridge, service: PushService) -> Phone:
    return Phone(browser, pages, bridge, service.browser("phone"))


def turn_on(phone: Phone) -> Page:
    page = phone.open(phone.bridge.link())
    page.locator("#who").click()
    page.locator("#people-open").click()
    page.locator("#push-toggle").click()
    expect(page.locator("#push-state")).to_contain_text("What is for you rings here")
    page.locator("#people-close").click()
    return page


def pushed(phone: Phone, service: PushService, count: int = 1) -> str:
    """Return what the browser is told, once it is."""
    until(lambda: len(service.told(phone.mine)) >= count)
    return json.dumps(service.told(phone.mine)[-1])


def test_the_page_is_installable(phone: Phone, bridge: Bridge) -> None:
    page = phone.open(bridge.link())
    session = phone.context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert json.loads(manifest["data"])["display"] == "standalone"
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # each test has a profile of its own, in which nothing at all can be installed
    assert {each["errorId"] for each in errors} <= {"in-incognito"}


def test_nobody_is_asked_before_a_click_and_nothing_is_read_that_it_takes(
    browser: Chromium, pages: Pages, bridge: Bridge
) -> None:
    context = browser.new_context()
    context.add_init_script(
        "Notification.requestPermission = async () => { window.wasAsked = true; return 'denied'; }"
    )
    page = pages.tab(context, bridge.link())
    expect(page.locator("#connection")).to_have_text("Connected")
    say(page, "hello")
    expect(page.locator(".composed")).to_contain_text("hello")
    assert page.evaluate("window.wasAsked") is None
    assert context.service_workers == []
    assert not [each for each in pages.requests if each.endswith(("sw.js", "offline.html"))]


def test_after_the_first_answer_it_is_offered_and_asked_for_once(
    phone: Phone, bridge: Bridge, service: PushService
) -> None:
    phone.context.add_init_script(
        """Object.defineProperty(
          Notification, "permission", {get: () => localStorage.allowed ?? "default"});
        Notification.requestPermission = async () => localStorage.allowed = "granted";"""
    )
    page = phone.open(bridge.link())
    expect(page.locator("#push-offer")).to_be_hidden()
    say(page, "hello")
    expect(page.locator("#push-offer")).to_be_visible()
    page.locator("#push-yes").click()
    expect(page.locator("#push-offer")).to_be_hidden()
    until(lambda: bool(bridge.loop.run(bridge.store.facts("browsers"))))
    say(page, "again")
    expect(page.locator(".composed").last).to_contain_text("again")
    expect(page.locator("#push-offer")).to_be_hidden()
    assert service.pushed == [], "the page is looked at"


def test_what_rings_is_shown_and_a_click_opens_the_page_at_it(
    phone: Phone, bridge: Bridge, service: PushService
) -> None:
    page = turn_on(phone)
    page.evaluate(HIDE, "hidden")
    until(lambda: not bridge.core.live.looking.looks(SHARED, ADA))
    bridge.push("a <b>parcel</b> came")
    phone.deliver(page, pushed(phone, service))
    until(lambda: len(phone.shown()) == 1)
    (told,) = phone.shown()
    assert (told["title"], told["body"]) == ("Main", "a <b>parcel</b> came")
    phone.worker.evaluate(
        "() => { WindowClient.prototype.focus = async function () { return this; } }"
    )
    seq = bridge.log()[-1].seq
    phone.click()
    expect(page.locator(f'[data-seq="{seq}"]')).to_be_in_viewport()
    assert "at=" not in page.url
    until(lambda: phone.shown() == [])


def test_a_click_opens_the_page_where_it_is_closed(
    phone: Phone, bridge: Bridge, service: PushService
) -> None:
    page = turn_on(phone)
    other = phone.context.new_page()
    other.goto(f"{bridge.url}/web/mark.svg")
    page.evaluate(HIDE, "hidden")
    until(lambda: not bridge.core.live.looking.looks(SHARED, ADA))
    bridge.push("a parcel came")
    body = pushed(phone, service)
    phone.deliver(page, body)
    until(lambda: len(phone.shown()) == 1)
    phone.worker.evaluate(
        """() => { clients.matchAll = async () => [];
                   clients.openWindow = async url => { self.opened = url; return null; } }"""
    )
    phone.click()
    until(lambda: bool(phone.worker.evaluate("self.opened")))
    address = phone.worker.evaluate("self.opened")
    fresh = phone.open(f"{bridge.url}{address}")
    expect(fresh.locator(f'[data-seq="{json.loads(body)["seq"]}"]')).to_be_in_viewport()


def test_a_click_leaves_alone_what_is_not_the_page(
    phone: Phone, bridge: Bridge, service: PushService
) -> None:
    """A picture that is open in a tab of its own shows no session."""
    page = turn_on(phone)
    page.evaluate(HIDE, "hidden")
    until(lambda: not bridge.core.live.looking.looks(SHARED, ADA))
    bridge.push("a parcel came")
    phone.deliver(page, pushed(phone, service))
    until(lambda: len(phone.shown()) == 1)
    page.goto(f"{bridge.url}/web/mark.svg")
    phone.worker.evaluate(FOCUSED)
    phone.worker.evaluate(
        "() => { clients.openWindow = async url => { self.opened = url; return null; } }"
    )
    phone.click()
    until(lambda: bool(phone.worker.evaluate("self.opened")))
    assert phone.worker.evaluate("self.opened").startswith("/#session=")


def ask(bridge: Bridge) -> None:
    options = (Option(id="yes", label="Yes"), Option(id="no", label="No"))
    question = Ask(by=ADA, question=QuestionId("ask_1"), text="Deploy it?", options=options)
    bridge.loop.run(bridge.core.sessions.submit(SHARED, question))


def test_a_question_is_answered_from_its_notification(
    phone: Phone, bridge: Bridge, service: PushService
) -> None:
    page = turn_on(phone)
    page.evaluate(HIDE, "hidden")
    until(lambda: not bridge.core.live.looking.looks(SHARED, ADA))
    ask(bridge)
    phone.deliver(page, pushed(phone, service))
    until(lambda: len(phone.shown()) == 1)
    assert [each["title"] for each in phone.shown()[0]["actions"]] == ["Yes", "No"]
    phone.click("0")
    until(lambda: any(isinstance(each.body, QuestionClosed) for each in bridge.log()))
    closed = next(each.body for each in bridge.log() if isinstance(each.body, QuestionClosed))
    assert (closed.answer, closed.by) == ("yes", ADA)
    until(lambda: phone.shown() == [])


def test_what_was_not_done_is_said(phone: Phone, bridge: Bridge, service: PushService) -> None:
    page = turn_on(phone)
    page.evaluate(HIDE, "hidden")
    until(lambda: not bridge.core.live.looking.looks(SHARED, ADA))
    ask(bridge)
    body = json.loads(pushed(phone, service))
    body["actions"][0]["deed"] = "A" * 40
    phone.deliver(page, json.dumps(body))
    until(lambda: len(phone.shown()) == 1)
    phone.click("0")
    until(lambda: [each["body"] for each in phone.shown()] == [texts.PUSH_OVER])


def test_one_replies_from_a_notification(
    phone: Phone, bridge: Bridge, service: PushService
) -> None:
    page = turn_on(phone)
    page.evaluate(HIDE, "hidden")
    until(lambda: not bridge.core.live.looking.looks(SHARED, ADA))
    bridge.push("a parcel came")
    phone.deliver(page, pushed(phone, service))
    until(lambda: len(phone.shown()) == 1)
    phone.click("reply", "put it *there*")
    until(lambda: any(isinstance(each.body, MessageReceived) for each in bridge.log()))
    said = next(each.body for each in bridge.log() if isinstance(each.body, MessageReceived))
    assert said.participant == ADA


def test_what_the_page_shows_is_told_no_more(
    phone: Phone, bridge: Bridge, service: PushService
) -> None:
    page = turn_on(phone)
    page.evaluate(HIDE, "hidden")
    until(lambda: not bridge.core.live.looking.looks(SHARED, ADA))
    bridge.push("a parcel came")
    phone.deliver(page, pushed(phone, service))
    until(lambda: len(phone.shown()) == 1)
    page.evaluate(HIDE, "")
    until(lambda: phone.shown() == [])


def test_turned_off_nothing_of_the_browser_is_kept(phone: Phone, bridge: Bridge) -> None:
    page = turn_on(phone)
    assert len(bridge.loop.run(bridge.store.facts("browsers"))) == 1
    page.locator("#who").click()
    page.locator("#people-open").click()
    page.locator("#push-toggle").click()
    expect(page.locator("#push-state")).to_have_text("Off.")
    until(lambda: bridge.loop.run(bridge.store.facts("browsers")) == {})
    assert page.evaluate("localStorage['test.subscribed']") is None


def test_without_a_connection_the_page_says_so_and_nothing_private_is_kept(
    phone: Phone, bridge: Bridge
) -> None:
    page = turn_on(phone)
    bridge.push("a parcel came")
    expect(page.locator(".pushed")).to_contain_text("a parcel came")
    until(lambda: phone.worker.evaluate("async () => (await caches.keys()).length") == 1)
    kept = phone.worker.evaluate(
        """async () => {
          const cache = await caches.open((await caches.keys())[0]);
          return (await cache.keys()).map(each => new URL(each.url).pathname);
        }"""
    )
    assert sorted(kept) == ["/web/css/base.css", "/web/mark.svg", "/web/offline.html"]
    phone.context.set_offline(offline=True)
    fresh = phone.context.new_page()
    fresh.goto(f"{bridge.url}/")
    expect(fresh.locator("p[lang=en]")).to_contain_text("cannot be reached just now")
    phone.context.set_offline(offline=False)


def test_axe_finds_nothing_wrong_in_what_is_offered(phone: Phone, bridge: Bridge) -> None:
    phone.context.add_init_script(
        """Object.defineProperty(Notification, "permission", {get: () => "default"});"""
    )
    page = phone.open(bridge.link())
    say(page, "hello")
    expect(page.locator("#push-offer")).to_be_visible()
    assert violations(page) == []
    page.locator("#who").click()
    page.locator("#people-open").click()
    expect(page.locator("#push-state")).to_have_text("Off.")
    page.locator("#push-toggle").scroll_into_view_if_needed()
    assert violations(page) == []


def test_in_a_browser_that_somebody_else_signed_in_to_they_are_off(
    phone: Phone, bridge: Bridge
) -> None:
    page = turn_on(phone)
    page.close()
    fresh = phone.pages.tab(phone.context, bridge.link(BOB), agreeing=True)
    expect(fresh.locator("#connection")).to_have_text("Connected")
    until(lambda: fresh.evaluate("localStorage['bridgehead.push'] ?? ''") == "")
    assert fresh.evaluate("localStorage['test.subscribed'] ?? ''") == ""
    fold = bridge.loop.run(bridge.core.sessions.fold(SHARED))
    assert BOB not in fold.conversations.values()
