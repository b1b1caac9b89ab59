"""Nothing that anyone says, or is called, runs or loads anything in the page."""

import json

import pytest
from playwright.sync_api import Page, expect

from bridge.domain.content import Content
from bridge.domain.display_names import clean_name
from bridge.domain.events import (
    HistoryCompacted,
    MessageReceived,
    Pushed,
    QuestionAsked,
    Source,
    Triggered,
)
from bridge.domain.ids import ConversationId, QuestionId, RunId
from tests.web.rig import ADA, Bridge, Pages, of_each, token_of

pytestmark = pytest.mark.browser

CORPUS = (
    "<script>window.pwned = 1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg/onload=window.pwned=1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<a href='javascript:window.pwned=1'>click</a>",
    "[click](javascript:window.pwned=1)",
    "[click](JaVaScRiPt:window.pwned=1)",
    "[click](  java\nscript:window.pwned=1)",
    "[click](data:text/html,<script>window.pwned=1</script>)",
    "[click](vbscript:msgbox)",
    "[click](//evil.invalid/x)",
    "[click](/v1/me)",
    "<javascript:window.pwned=1>",
    "![img](http://evil.invalid/pixel.png)",
    '![x](http://evil.invalid/"onerror="window.pwned=1)',
    "![x][ref]\n\n[ref]: http://evil.invalid/ref.png 'onerror=window.pwned=1'",
    "```<img src=x onerror=window.pwned=1>\ncode\n```",
    '```" onmouseover="window.pwned=1\ncode\n```',
    "| a |\n|:-:|\n| <b onclick=window.pwned=1>x</b> |",
    "<style>*{display:none}</style>",
    "<form action=http://evil.invalid><button>go</button></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.pwned=1>",
    "http://evil.invalid/<img src=x onerror=window.pwned=1>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "\u202egnp.exe",
    "[a](java&#x09;script:window.pwned=1)",
    "[a](JAVASCRIPT&colon;window.pwned=1)",
    "[a](https://a.invalid 'x\" onmouseover=window.pwned=1')",
    '<noscript><p title="</noscript><img src=x onerror=window.pwned=1>">',
    "<svg><style><img src=x onerror=window.pwned=1></style>",
    "x<br onclick=window.pwned=1>",
    "<a id=rows></a><form id=composer><input name=action>",
    "```__proto__\nq\n```",
    "$$\\href{javascript:window.pwned=1}{x}$$",
)
FORBIDDEN = "#rows :is(script, img, iframe, object, embed, form, style, link, base, meta, math)"


def assert_inert(page: Page) -> None:
    assert page.evaluate("window.pwned") is None
    assert page.locator(FORBIDDEN).count() == 0
    for href in of_each(page, "#rows a", "a => a.href"):
        assert href.startswith(("http://", "https://", "mailto:", "tel:"))
    for attributes in of_each(page, "#rows *", "e => e.getAttributeNames()"):
        assert [name for name in attributes if name.startswith("on") or name == "style"] == []


def test_untrusted_markdown_is_inert(bridge: Bridge, pages: Pages):
    """No script, no handler, no remote image, no address but web, mail and phone."""
    page = pages.open(bridge.link())
    for text in CORPUS:
        bridge.push(text)
    expect(page.locator(".pushed")).to_have_count(len(CORPUS))
    page.mouse.move(600, 400)
    assert_inert(page)


def test_images_become_links(bridge: Bridge, pages: Pages):
    """Loading an image would tell its host who reads; the reader decides."""
    page = pages.open(bridge.link())
    bridge.push("![a chart](https://evil.invalid/chart.png)")
    link = page.get_by_role("link", name="a chart")
    expect(link).to_have_attribute("href", "https://evil.invalid/chart.png")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")
    assert [url for url in pages.requests if "evil" in url] == []


def test_names_are_text_and_cannot_reorder_what_stands_beside_them(bridge: Bridge, pages: Pages):
    """A name with markup or direction controls is shown as plain letters, cleaned as everywhere."""
    chosen = "\u202e<img src=x onerror=window.pwned=1>Eve\u2066"
    bridge.enrol("p_eve", chosen)
    page, eve = pages.open(bridge.link()), pages.open(bridge.link("p_eve"))
    eve.get_by_label("Message", exact=True).fill("hello")
    eve.keyboard.press("Enter")
    expect(page.locator(".said .name")).to_have_text(clean_name(chosen))
    expect(page.locator("#announcer")).to_contain_text(clean_name(chosen))
    page.locator("#who").click()
    assert "\u202e" not in page.locator("body").inner_text()
    assert_inert(page)


def test_hidden_controls_in_code_are_made_visible(bridge: Bridge, pages: Pages):
    """Code reads as it runs: a control that would reorder it is written out."""
    page = pages.open(bridge.link())
    bridge.push("```py\nif admin:\u202e pass\n```")
    expect(page.locator(".pushed code")).to_contain_text("if admin:\\u202e pass")


OTHER_SITE = """async bridge => {
  const seen = [];
  const ask = (path, options) => fetch(bridge + path, options).then(
    async answer => seen.push(answer.type === "opaque" ? "opaque" : await answer.text()),
    () => seen.push("blocked"));
  const json = JSON.stringify({title: "forged"});
  await ask("/v1/sessions", {method: "POST", mode: "no-cors", body: json});
  await ask("/v1/sessions", {method: "POST", body: json,
    headers: {"content-type": "application/json", authorization: "Bearer TOKEN"}});
  await ask("/v1/me", {headers: {authorization: "Bearer TOKEN"}});
  await ask("/readyz");
  return seen;
}"""


def test_another_site_neither_frames_nor_reads_nor_writes_anything(bridge: Bridge, pages: Pages):
    """Not even one that knows a token, nor one whose name leads to this machine since a moment."""
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    other = page.context.new_page()
    frame = f"<iframe src='{bridge.url}/'></iframe><object data='{bridge.url}/'></object>"
    other.route(
        "http://evil.invalid/*", lambda route: route.fulfill(body=frame, content_type="text/html")
    )
    other.goto("http://evil.invalid/")
    asked = OTHER_SITE.replace("TOKEN", token_of(ADA))
    sent, *read = other.evaluate(asked, bridge.url)
    assert sent in {"opaque", "blocked"}, "it may be sent; nothing comes of it"
    assert read == ["blocked", "blocked", "blocked"]
    assert [each.url for each in other.frames if each.url.startswith(bridge.url)] == []
    rebound = page.context.new_page()
    rebound.goto(f"{bridge.url.replace('127.0.0.1', 'localhost')}/")
    expect(rebound.locator("#gate")).to_be_visible()
    page.reload()
    expect(page.locator("#sessions li")).to_have_count(1)


def test_a_title_is_text(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    bridge.rename("<b onclick=window.pwned=1>x</b>")
    expect(page.locator("#title")).to_have_text("<b onclick=window.pwned=1>x</b>")
    assert_inert(page)


def test_an_unknown_event_is_passed_over(bridge: Bridge, pages: Pages):
    """A newer bridge may say things this page does not know: the rest goes on."""
    page = pages.open(bridge.link())
    unknown = [{"seq": 1, "at": "2026-01-01T00:00:00Z", "type": "constructor"}]
    later = [{"seq": 2, "at": "2026-01-01T00:00:00Z", "type": "pushed", "content": {"text": "on"}}]
    kinds = page.evaluate(
        """async events => {
          const {emptyLog, fold} = await import("/web/js/log.js");
          return fold(emptyLog(), events).items.map(item => item.text);
        }""",
        json.loads(json.dumps(unknown + later)),
    )
    assert kinds == ["on"]


def test_a_link_that_pretends_shows_where_it_leads(bridge: Bridge, pages: Pages):
    page = pages.open(bridge.link())
    bridge.push("[paypal.com](https://evil.invalid/login) or [the docs](https://example.invalid/)")
    expect(page.locator("#rows a").first).to_have_text("paypal.com (evil.invalid)")
    expect(page.locator("#rows a").last).to_have_text("the docs")


def test_plain_words_are_shown_to_the_letter_and_their_addresses_are_links(
    bridge: Bridge, pages: Pages
):
    page = pages.open(bridge.link())
    html = page.evaluate(
        """async text => {
          const {words} = await import("/web/js/view/parts.js");
          return words(text).innerHTML;
        }""",
        "2*3*4 <b>x</b> [a](javascript:x) https://a.example/b_c_d",
    )
    assert html.startswith("2*3*4 &lt;b&gt;x&lt;/b&gt; [a](javascript:x) <a ")
    assert html.endswith(">https://a.example/b_c_d</a>")
    assert 'rel="noopener noreferrer"' in html


PRETENDING = (
    "[paypal.com](https://evil.invalid/a)",
    "[pay\u200bpal.com](https://evil.invalid/b)",
    "[**paypal**.com](https://evil.invalid/c)",
    "[pаypal.com](https://evil.invalid/d)",  # noqa: RUF001 - a Cyrillic letter
    "[paypal&period;com](https://evil.invalid/e)",
    "[https://paypal.com/login](https://evil.invalid/f)",
    "[paypal.com]( https://paypal.com@evil.invalid/g )",
    "![paypal.com](https://evil.invalid/h)",
    "[paypal.com][x]\n\n[x]: https://evil.invalid/i",
    "[paypal\u2024com](https://evil.invalid/j)",
    "[paypal\u3002com](https://evil.invalid/k)",
)


def test_wherever_a_link_stands_that_pretends_it_shows_where_it_leads(bridge: Bridge, pages: Pages):
    """In words of people and of agents, in what is pushed, asked and answered, and in summaries."""
    page = pages.open(bridge.link())
    expect(page.locator("#my-name")).to_have_text("Ada")
    text = "\n\n".join(PRETENDING)
    pushed = Pushed(source=Source(kind="webhook", name="github"), content=Content(text=text))
    asking = {"run": RunId("ask"), "by": ADA}
    bodies = (
        MessageReceived(
            participant=ADA, conversation=ConversationId("http:api"), content=Content(text=text)
        ),
        pushed,
        QuestionAsked(question=QuestionId("q_1"), kind="open", text=text, **asking),
        Triggered(source=Source(kind="api"), prompt=text),
        HistoryCompacted(upto=1, summary=text),
    )
    bridge.append(*bodies)
    bridge.push(text)
    expect(page.locator("#rows .pushed")).to_have_count(2)
    page.evaluate("for (const each of document.querySelectorAll('#rows details')) each.open = true")
    links = of_each(page, "#rows a", "a => [a.href, a.textContent]")
    evil = [(href, shown) for href, shown in links if "evil.invalid" in href]
    assert len(evil) >= 3 * (len(PRETENDING) - 1)
    assert [each for each in evil if "evil.invalid" not in each[1]] == []
