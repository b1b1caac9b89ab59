"""What is kept in memory of what others may change has a name, and can be told it is stale."""

import asyncio
import gc
import re
from collections.abc import Callable
from pathlib import Path

from bridge.caches import cache, check, sizes, stale
from bridge.domain.events import Draft, RunFinished
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.records import replace
from bridge.engine.names import DisplayNames
from storage.memory import MemoryStore
from tests.engine.rig import NINE, bridge

ROOT = Path(__file__).parent.parent

CACHES = {
    "bridge/engine/command_queue.py": "sessions",
    "bridge/engine/dispatcher.py": "sessions",
    "bridge/engine/access/admission.py": "admission",  # but for how often strangers tried
    "bridge/engine/looking.py": "looking",
    "bridge/engine/names.py": "names",
    "bridge/engine/runs/background.py": "ended background work",
    "bridge/engine/runs/log_cache.py": "logs of runs",
    "bridge/engine/languages.py": "languages",
    "bridge/engine/outbound/subscription_book.py": "subscriptions",
    "bridge/engine/wishes.py": "notify",
    "agents/litellm/working_log.py": "readings of logs",
    "bridge/http/auth.py": "tokens",
    "channels/email/threads.py": "threads",
    "channels/whatsapp/aliases.py": "aliases",
    "channels/whatsapp/poll.py": "positions",
    "channels/whatsapp/service_window.py": "service windows",
    "storage/sql/caches.py": "store",
}
"""Modules that keep what they read of the store, and the name of their cache."""

OWN = {
    "agents/context_window.py": "one run's",
    "agents/echo.py": "its own run",
    "agents/http/report_inbox.py": "its open runs",
    "agents/lines/output_reader.py": "its own run",
    "agents/lines/turn_writer.py": "its own run",
    "agents/litellm/asking.py": "one step's",
    "agents/litellm/openai_messages.py": "one step's",
    "agents/litellm/refusals.py": "what its own calls found out about models",
    "agents/litellm/state.py": "its own run",
    "agents/litellm/stream_parser.py": "one answer's",
    "agents/log_index.py": "part of a reading, and of a run",
    "agents/names.py": "its own run",
    "agents/stderr_log.py": "what its own program wrote",
    "agents/tools/mcp.py": "its tasks",
    "agents/tools/mcp_wire.py": "its connection",
    "agents/tools/page.py": "one page's",
    "agents/transcript.py": "one run's",
    "bridge/engine/commands/browser_guests.py": "how often wrong codes were tried here",
    "bridge/engine/commands/compacting.py": "whom it is to tell",
    "bridge/engine/commands/taking_back.py": "one answer's",
    "bridge/engine/outbound/subscriptions.py": "what this process is sending",
    "bridge/engine/outbound/marking.py": "what this process marked",
    "bridge/engine/outbound/statuses.py": "what this process told",
    "bridge/engine/inbound/feed.py": "what this account's listener has heard and not stored",
    "bridge/engine/inbound/joining.py": "one look's",
    "bridge/engine/last_inbound.py": "what this process heard",
    "bridge/engine/inbound/read_marks.py": "how far this account's listener is",
    "bridge/engine/keyed_worker.py": "its tasks",
    "bridge/engine/lookups.py": "lookups that are under way",
    "bridge/engine/live.py": "what passes beside the log",
    "bridge/engine/outbound/courier.py": "how often its own calls failed",
    "bridge/engine/outbound/lane_waking.py": "places it is about to wake",
    "bridge/engine/outbound/lane_waits.py": "how long its own lanes wait",
    "bridge/engine/outbound/lane_drops.py": "what it was asked",
    "bridge/engine/outbound/progress.py": "who waits",
    "bridge/engine/outbound/previews.py": "the previews that it shows",
    "bridge/engine/outbound/ringing.py": "what it showed silently or held back itself",
    "bridge/engine/outbound/troubles.py": "its own calls",
    "bridge/engine/runs/run_recorder.py": "whose last run failed here",
    "bridge/engine/runs/runner.py": "its own runs",
    "bridge/engine/runs/upkeep.py": "its own work",
    "bridge/engine/runs/turn.py": "its own run",
    "bridge/engine/supervisor.py": "its tasks",
    "bridge/engine/traces.py": "what its log lines are about",
    "bridge/http/hook_desk.py": "how often it was called itself",
    "bridge/http/middleware.py": "bodies that are being read",
    "bridge/http/pages.py": "reads that are under way",
    "bridge/http/streaming.py": "its connections",
    "storage/memory.py": "the truth itself",
    "storage/memory_blobs.py": "the truth itself",
    "storage/receipts.py": "part of a store or of a cache",
    "storage/sql/bulk.py": "statements",
    "storage/sql/log.py": "one transaction's",
    "storage/sql/sqlite_files.py": "its open files",
    "storage/sql/writer.py": "what it is to write",
    "storage/waiters.py": "who waits",
    "channels/discord/channel.py": "its own calls",
    "channels/discord/client.py": "its own calls",
    "channels/discord/forms.py": "what it quoted in windows that it opened",
    "channels/discord/history.py": "which threads it has told of",
    "channels/discord/inbound.py": "what its platform told this connection",
    "channels/discord/read_marks.py": "how far this account's listener is",
    "channels/limits.py": "its own calls",
    "channels/markdown/inline.py": "one text's",
    "channels/memory.py": "what its own platform told it",
    "channels/memory_platform.py": "the truth itself",
    "channels/slack/agent_sessions.py": "what it told its platform",
    "channels/slack/files.py": "what its platform told this connection",
    "channels/slack/inbound.py": "what its platform told this connection",
    "channels/slack/names.py": "what its platform told this connection",
    "channels/slack/outbound.py": "its own calls",
    "channels/slack/read_marks.py": "how far this account's listener is",
    "channels/slack/socket.py": "its tasks",
    "channels/slack/streams.py": "its open streams",
    "channels/telegram/inbound.py": "what its platform told this connection",
    "channels/email/content.py": "one mail's",
    "channels/email/html_text.py": "one mail's",
    "channels/email/senders.py": "how often strangers wrote here",
    "channels/telegram/reactions.py": "what it put on messages itself",
    "channels/whatsapp/channel.py": "its own calls",
    "channels/whatsapp/history.py": "what it sent itself",
    "channels/whatsapp/inbound.py": "what its platform told this connection",
    "channels/whatsapp/outbound.py": "its own calls",
}
"""Modules whose memory is of the process's own work, and of what."""

_KIND = r"(?:dict|set|deque|OrderedDict|defaultdict|list)\["
_MEMORY = re.compile(rf"^ +self\._?\w+: {_KIND}.* = |^    _?\w+: {_KIND}.* = field\(", re.MULTILINE)


def memories() -> set[str]:
    """Return the modules that keep something in an object's field."""
    folders = ("bridge/engine", "bridge/http", "storage", "channels", "agents")
    paths = (path for folder in folders for path in ROOT.joinpath(folder).rglob("*.py"))
    return {str(path.relative_to(ROOT)) for path in paths if _MEMORY.search(path.read_text())}


def test_each_memory_is_a_cache_with_a_name_or_the_process_s_own_work() -> None:
    """Whoever adds a memory says here which it is."""
    found = memories()
    assert len(found) > 60
    known = (*CACHES, *OWN)
    assert not [each for each in found if not each.startswith(known)]
    assert not [each for each in known if not any(path.startswith(each) for path in found)]


def test_each_cache_is_registered_by_its_name() -> None:
    folders = ("bridge", "storage", "channels", "agents")
    texts = [path.read_text() for each in folders for path in (ROOT / each).rglob("*.py")]
    registered = {name for text in texts for name in re.findall(r'\bcache\("([^"]+)"', text)}
    assert registered == set(CACHES.values())


class Kept:
    def __init__(self, name: str) -> None:
        self.entries = [1, 2, 3]
        cache(name, forget=self.forget, size=self.size)

    def forget(self) -> None:
        self.entries.clear()

    def size(self) -> int:
        return len(self.entries)


def test_one_name_can_be_told_alone_and_the_doctor_says_the_sizes() -> None:
    one, other = Kept("one"), Kept("other")
    assert (sizes()["one"], sizes()["other"]) == (3, 3)
    assert "other 3" in check().detail
    stale("one")
    assert (one.entries, other.entries) == ([], [1, 2, 3])
    stale()
    assert other.entries == []


def test_a_registered_cache_is_held_by_nobody() -> None:
    kept = Kept("gone soon")
    assert "gone soon" in sizes()
    del kept
    gc.collect()
    assert "gone soon" not in sizes()


async def test_a_name_that_another_process_changed_is_read_once_the_cache_is_told() -> None:
    store, who = MemoryStore(), ParticipantId("p_ada")
    await store.enrol(who, name="Ada", realm="chat", user="ada", at=NINE)
    names = DisplayNames(store, {})
    assert await names.who(who) == "Ada"
    named = store._people._participants[who]
    store._people._participants[who] = replace(named, name="Ada Lovelace")
    assert await names.who(who) == "Ada"
    stale("names")
    assert await names.who(who) == "Ada Lovelace"


async def _told(between: Callable[[], None]) -> tuple[list[str], list[str], list[str]]:
    """Tell a short story in two places; return what the log and the places have at its end."""
    async with bridge() as b:
        await b.place("ada")
        await b.place("bob")
        for number, (who, words) in enumerate(
            [("ada", "hello"), ("bob", "and I"), ("ada", "/who"), ("bob", "more"), ("ada", "bye")]
        ):
            between()
            b.platform.say(who, who, words)
            between()
            await b.until(lambda: not b.platform.waiting())
            between()
            await b.until_at_rest(each=1.0)
            between()
            if number == 2:
                await b.push("a push")
        await b.until_at_rest(each=1.0)
        assert await b.bodies(RunFinished)
        kinds = [type(each.body).__name__ for each in await b.events()]
        return kinds, b.said("ada"), b.said("bob")


async def test_nothing_changes_for_people_when_every_cache_is_told_at_each_step() -> None:
    assert await _told(stale) == await _told(lambda: None)


async def test_nothing_changes_for_people_when_every_cache_is_told_all_the_time() -> None:
    """Between any two steps of the event loop, also in the middle of an append."""
    plain = await _told(lambda: None)

    async def for_ever() -> None:
        while True:
            stale()
            await asyncio.sleep(0)

    telling = asyncio.create_task(for_ever())
    try:
        assert await _told(lambda: None) == plain
    finally:
        telling.cancel()


async def test_a_session_that_grew_elsewhere_is_known_once_it_is_told() -> None:
    """Its events are read from where the fold stands."""
    async with bridge() as b:
        await b.push("one")
        before = (await b.core.sessions.fold(SessionId("main"))).head
        told = (await b.events())[-1].body
        draft = Draft(body=told)
        await b.store.append(SessionId("main"), [draft], at=NINE)
        stale("sessions")
        assert (await b.core.sessions.fold(SessionId("main"))).head == before + 1
