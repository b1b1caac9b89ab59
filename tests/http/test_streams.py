"""Reading the log: catch-up and long-poll."""

import asyncio

import httpx
import pytest

from bridge.http.offsets import offset
from tests.http.rig import INBOX, LIVE, STREAM, Bridge, bearer, put, seqs, serving, texts, QUICK
from dataclasses import replace


async def test_catch_up_returns_the_whole_log_and_where_it_ends(bridge: Bridge, ada: httpx.AsyncClient) -> None:
    await bridge.say("hello")
    answer = await ada.get(STREAM)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    events = answer.json()
    assert [event["type"] for event in events] == [
        "participant_joined",
        "setting_changed",
        "message_received",
    ]
    assert seqs(events) == [1, 2, 3]
    assert events[2]["participant"] == "p_ada"
    assert events[2]["conversation"] == "http:api"
    assert answer.headers["stream-next-offset"] == offset(3)
    assert answer.headers["stream-up-to-date"] == "true"
    assert answer.headers["cache-control"] == "private, no-store"
