"""Reading the log in pages and by long-polling."""

import asyncio
import json
from dataclasses import replace
from itertools import chain

import httpx
import pytest

from bridge.domain.commands import Edit, Join
from bridge.domain.content import Content
from bridge.http import streams
from bridge.http.pages import offset
from tests.http.rig import (
    ADA,
    BOB,
    MAIN,
    QUICK,
    STREAM,
    Bridge,
    following,
    open_flows,
    seqs,
    serving,
    texts,
)
from tests.waiting import soon, until


async def test_catch_up_returns_the_whole_log_and_where_it_ends(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    await bridge.say("hello")
    answer = await ada.get(STREAM)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["stream-next-offset"] == offset(3)
    assert answer.headers["stream-up-to-date"] == "true"
    assert answer.headers["cache-control"] == "private, no-store"
    events = answer.json()
    assert seqs(events) == [1, 2, 3]
    assert events[2] == {
        "seq": 3,
        "at": events[2]["at"],
        "type": "message_received",
        "participant": "p_ada",
        "conversation": "http:terminal",
        "content": {"text": "hello"},
    }
    assert events[2]["at"].endswith("Z")


async def test_reading_on_from_an_offset_gives_only_what_came_after(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    first = await ada.get(STREAM)
    await bridge.say("news")
    answer = await ada.get(STREAM, params={"offset": first.headers["stream-next-offset"]})
    assert texts(answer.json()) == ["news"]


async def test_at_the_end_there_is_an_empty_page(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    answer = await ada.get(STREAM, params={"offset": "now"})
    assert (answer.status_code, answer.json()) == (200, [])
    assert answer.headers["stream-up-to-date"] == "true"
    assert "etag" not in answer.headers


async def test_a_long_log_comes_in_pages_without_gap_or_repeat() -> None:
    async with serving(replace(QUICK, page_events=20)) as bridge, bridge.client() as ada:
        for number in range(50):
            await bridge.say(f"{number}")
        pages, at = [], "-1"
        while True:
            answer = await ada.get(STREAM, params={"offset": at})
            pages.append(seqs(answer.json()))
            at = answer.headers["stream-next-offset"]
            if "stream-up-to-date" in answer.headers:
                break
        assert [len(page) for page in pages] == [20, 20, 12]
        assert list(chain(*pages)) == list(range(1, 53))


async def test_a_page_is_bounded_in_bytes_but_holds_one_event_however_large() -> None:
    async with serving(replace(QUICK, page=3000)) as bridge, bridge.client() as ada:
        for size in (1000, 1000, 5000, 10):
            await bridge.say("x" * size)
        read, at = [], "now"
        at = offset(2)
        for _ in range(3):
            answer = await ada.get(STREAM, params={"offset": at})
            read.append([len(text) for text in texts(answer.json())])
            at = answer.headers["stream-next-offset"]
        assert read == [[1000, 1000], [5000], [10]]
        assert answer.headers["stream-up-to-date"] == "true"


async def test_what_the_client_has_already_is_not_sent_again(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    first = await ada.get(STREAM)
    known = {"If-None-Match": f'"other", {first.headers["etag"]}'}
    repeat = await ada.get(STREAM, headers=known)
    assert (repeat.status_code, repeat.content) == (304, b"")
    assert repeat.headers["stream-next-offset"] == first.headers["stream-next-offset"]
    await bridge.say("news")
    assert (await ada.get(STREAM, headers=known)).status_code == 200


async def test_a_full_page_has_another_tag_once_it_is_not_the_last() -> None:
    async with serving(replace(QUICK, page_events=3)) as bridge, bridge.client() as ada:
        await bridge.say("the third event")
        at_tail = await ada.get(STREAM, params={"offset": offset(1)})
        await bridge.say("four")
        await bridge.say("five")
        full = await ada.get(STREAM, params={"offset": offset(1)})
        assert full.headers["etag"] != at_tail.headers["etag"]


async def test_head_says_where_the_log_ends(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    answer = await ada.head(STREAM)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["stream-next-offset"] == offset(2)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_the_log_cannot_be_written_through_its_stream(
    ada: httpx.AsyncClient, method: str
) -> None:
    answer = await ada.request(method, STREAM)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.json()["error"]["code"] == "method_not_allowed"


# -- long-poll ------------------------------------------------------------------------------------


async def test_a_long_poll_answers_at_once_with_what_is_there(ada: httpx.AsyncClient) -> None:
    answer = await ada.get(STREAM, params={"offset": "-1", "live": "long-poll"})
    assert seqs(answer.json()) == [1, 2]
    assert answer.headers["stream-up-to-date"] == "true"
    assert answer.headers["stream-cursor"].isdigit()


async def test_a_long_poll_answers_as_soon_as_something_is_said(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    polling = asyncio.create_task(ada.get(STREAM, params={"offset": "now", "live": "long-poll"}))
    await until(lambda: open_flows(bridge))
    await bridge.say("now")
    assert texts((await soon(polling)).json()) == ["now"]


async def test_a_long_poll_without_news_ends_empty(ada: httpx.AsyncClient) -> None:
    cursor = (await ada.get(STREAM, params={"offset": "now", "live": "long-poll"})).headers[
        "stream-cursor"
    ]
    answer = await ada.get(STREAM, params={"offset": "now", "live": "long-poll", "cursor": cursor})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["stream-next-offset"] == offset(2)
    assert answer.headers["stream-up-to-date"] == "true"
    assert int(answer.headers["stream-cursor"]) > int(cursor)


async def test_whoever_is_removed_while_polling_reads_nothing_more(bridge: Bridge) -> None:
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob:
        polling = asyncio.create_task(
            bob.get(STREAM, params={"offset": "now", "live": "long-poll"})
        )
        await until(lambda: open_flows(bridge))
        await bridge.leave(BOB)
        answer = await polling
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


# -- offsets that are none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("offset=", 400),
        ("offset=abc", 400),
        ("offset=-1&offset=-1", 400),
        ("offset=0000000000000001_0000000000000009", 410),
        ("offset=0000000000000099_0000000000000000", 410),
        ("live=long-poll", 400),
        ("live=sse", 400),
        ("offset=-1&live=forever", 400),
    ],
)
async def test_an_offset_that_cannot_be_read_from_is_an_error(
    ada: httpx.AsyncClient, query: str, status: int
) -> None:
    answer = await ada.get(f"{STREAM}?{query}")
    assert answer.status_code == status
    assert "offset" in answer.json()["error"]["message"] or "live" in query


async def test_a_log_put_back_behind_a_reader_tells_it_to_reload(
    bridge: Bridge, ada: httpx.AsyncClient
) -> None:
    seen = await bridge.say("kept by the reader alone")
    bridge.store._events[MAIN].pop()
    bridge.store._ledgers[MAIN].head = seen - 1
    answer = await ada.get(STREAM, params={"offset": offset(seen)})
    assert answer.status_code == 410
    assert "-1" in answer.json()["error"]["message"]


async def test_whoever_came_later_reads_from_their_coming_on_wherever_they_begin(
    bridge: Bridge,
) -> None:
    await bridge.say("between us")
    await bridge.join(BOB)
    await bridge.say("welcome")
    async with bridge.client(BOB) as bob:
        for at in ("-1", offset(0), offset(1), offset(3)):
            answer = await bob.get(STREAM, params={"offset": at})
            assert seqs(answer.json()) == [4, 5]
            assert texts(answer.json()) == ["welcome"]
            polled = await bob.get(STREAM, params={"offset": at, "live": "long-poll"})
            assert seqs(polled.json()) == [4, 5]
            async with following(bob, offset=at) as frames:
                assert seqs((await anext(frames)).data) == [4, 5]
        answer = await bob.get(STREAM, params={"offset": offset(4)})
        assert seqs(answer.json()) == [5]


async def test_whoever_came_later_is_not_told_earlier_words_by_what_repeats_them(
    bridge: Bridge,
) -> None:
    said = await bridge.say("secret")
    await bridge.join(BOB)
    edit = Edit(by=ADA, target=said, content=Content(text="secret!"))
    await bridge.sessions.submit(MAIN, edit)
    async with bridge.client(BOB) as bob, bridge.client() as ada:
        for follow in (False, True):
            if follow:
                async with following(bob) as frames:
                    read = json.dumps((await anext(frames)).data)
            else:
                read = (await bob.get(STREAM)).text
            assert "message_edited" in read
            assert "secret" not in read
        assert "secret!" in (await ada.get(STREAM)).text


async def test_who_leaves_and_comes_back_is_not_shown_what_was_said_meanwhile(
    bridge: Bridge,
) -> None:
    await bridge.join(BOB)
    async with bridge.client(BOB) as bob, following(bob) as frames:
        assert seqs((await anext(frames)).data) == [3]
        await bridge.leave(BOB)
        await bridge.say("between us")
        await bridge.sessions.submit(MAIN, Join(participant=BOB, role="member", again=True))
        shown = [frame.data async for frame in frames]
        assert "between us" not in json.dumps(shown)
        read = await bob.get(STREAM, params={"offset": offset(3)})
        assert seqs(read.json()) == [6]


@pytest.mark.parametrize("again", [False, True])
async def test_whoever_is_put_out_while_a_page_is_read_is_not_told_it(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, *, again: bool
) -> None:
    """Neither where they are back by then: what is hidden from them now was not."""
    await bridge.join(BOB)
    await bridge.say("between us")
    read = streams._read

    async def slowly(*given):
        page = await read(*given)
        await bridge.leave(BOB)
        if again:
            await bridge.sessions.submit(MAIN, Join(participant=BOB, role="member", again=True))
        return page

    monkeypatch.setattr(streams, "_read", slowly)
    async with bridge.client(BOB) as bob:
        answer = await bob.get(STREAM)
    assert answer.status_code == 404
    assert "between us" not in answer.text
