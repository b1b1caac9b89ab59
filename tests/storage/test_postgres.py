"""PostgreSQL: who may write, what is said when it cannot be used, what a lost connection costs."""

import asyncio
import gc
import os
import re
import socket
from contextlib import suppress
from urllib.parse import quote

import asyncpg
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bridge.domain.errors import BridgeError, ConfigError, Refused, StoreUnavailable
from bridge.ports.store import Store
from storage.sql import postgres as module
from storage.sql.postgres import PostgresDatabase, parsed
from storage.sql.store import PostgresSection, postgres
from tests.postgres import empty_database, postgres_url, server
from tests.stores import AT, S1, log_of, opened, put, said, surroundings, texts
from tests.waiting import soon, until

__all__ = ["empty_database", "postgres_url"]

SECRET = "open sesame"


async def refusal(url: str, tmp_path) -> BridgeError:
    with pytest.raises(BridgeError) as caught:
        async with opened("postgres", tmp_path, url):
            pass
    assert SECRET not in str(caught.value)
    assert quote(SECRET) not in str(caught.value)
    return caught.value


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


CUT_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

# -- urls -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+asyncpg", "postgresql+psycopg"])
def test_every_postgresql_url_goes_through_asyncpg(scheme):
    url = parsed(f"{scheme}://ada@host:5433/bridge")
    assert url.drivername == "postgresql+asyncpg"
    assert (url.username, url.host, url.port, url.database) == ("ada", "host", 5433, "bridge")


def test_the_ssl_mode_is_said_in_the_words_of_the_driver():
    assert dict(parsed("postgresql://host/bridge?sslmode=require").query) == {"ssl": "require"}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"mysql://ada:{SECRET}@host/bridge", "mysql:// is not PostgreSQL's"),
        (f"ada {SECRET}", "not a database URL"),
        ("", "not a database URL"),
        (f"postgresql://ada:{SECRET}@host:port/bridge", "not a database URL"),
        ("postgresql+nonsense://host/bridge?ssl=require", None),
    ],
)
async def test_a_wrong_url_is_said_to_be_wrong(tmp_path, url, why):
    if why is None:
        assert parsed(url).drivername == "postgresql+asyncpg"
        return
    error = await refusal(url, tmp_path)
    assert isinstance(error, ConfigError)
    assert why in str(error)


@pytest.mark.parametrize("option", ["nonsense=1", "sslmode=perhaps"])
async def test_an_option_the_driver_does_not_know_is_said_to_be_wrong(tmp_path, option):
    error = await refusal(f"postgresql://ada:{SECRET}@127.0.0.1:1/x?{option}", tmp_path)
    assert isinstance(error, ConfigError)
    assert "the url of 127.0.0.1:1/x has a wrong option" in str(error)


async def test_a_server_that_is_not_there_cannot_be_reached(tmp_path):
    error = await refusal(f"postgresql://ada:{quote(SECRET)}@127.0.0.1:1/bridge", tmp_path)
    assert isinstance(error, StoreUnavailable)
    assert "127.0.0.1:1/bridge cannot be reached: see that the server runs" in str(error)


async def test_a_server_that_lets_in_and_says_nothing_does_not_answer(tmp_path, monkeypatch):
    """What the driver gives up by itself is no failure of another kind."""
    monkeypatch.setattr(module, "_CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at = f"127.0.0.1:{silent.getsockname()[1]}/bridge"
        error = await refusal(f"postgresql://ada:{quote(SECRET)}@{at}", tmp_path)
    assert isinstance(error, StoreUnavailable)
    assert str(error) == f"{at} does not answer: see that the server works"


# -- the server's refusals ------------------------------------------------------------------------


@pytest.mark.postgres
async def test_a_wrong_password_is_said_to_be_wrong(tmp_path):
    url = server()
    if "TEST_DATABASE_URL" in os.environ:
        pytest.skip("that server may not ask for passwords")
    wrong = re.sub(r"postgres:[^@]*@", f"postgres:{quote(SECRET)}@", url)
    error = await refusal(wrong, tmp_path)
    assert isinstance(error, ConfigError)
    assert "refuses the user or the password: correct the url" in str(error)


@pytest.mark.postgres
async def test_a_database_that_is_not_there_is_named(tmp_path):
    error = await refusal(server().rsplit("/", 1)[0] + "/nowhere", tmp_path)
    assert isinstance(error, ConfigError)
    assert re.search(r"there is no database \S+:\d+/nowhere: create it", str(error))


@pytest.mark.postgres
async def test_a_second_process_is_told_who_uses_the_database(tmp_path, postgres_url):
    async with opened("postgres", tmp_path, postgres_url):
        error = await refusal(postgres_url, tmp_path)
    assert isinstance(error, ConfigError)
    pattern = rf"is in use by bridge process {os.getpid()} on \S+ \(started [-\d]+ [:\d]+ UTC\)"
    assert re.search(pattern, str(error))
    async with opened("postgres", tmp_path, postgres_url):
        pass


@pytest.mark.postgres
async def test_a_backup_is_left_to_the_servers_own_tool(tmp_path, postgres_url):
    async with opened("postgres", tmp_path, postgres_url) as store:
        with pytest.raises(Refused, match="pg_dump"):
            await store.backup(tmp_path / "copy")


# -- another database under it --------------------------------------------------------------------


@pytest.mark.postgres
async def test_a_database_that_was_dropped_and_made_anew_takes_nothing_in(tmp_path, empty_database):
    """A fresh log with the same name is not the one that was opened."""
    name = empty_database.rpartition("/")[2]
    async with opened("postgres", tmp_path / "a", empty_database) as store:
        await store.create_session(S1, at=AT)
        await execute(server(), f"DROP DATABASE {name} WITH (FORCE)")
        with pytest.raises(StoreUnavailable):
            await put(store, S1, said("lost"))
        with pytest.raises(StoreUnavailable, match="there is no database"):
            await put(store, S1, said("lost"))
        with pytest.raises(StoreUnavailable, match="there is no database"):
            await store.check()
        await execute(server(), f"CREATE DATABASE {name}")
        with pytest.raises(StoreUnavailable, match="its tables are gone"):
            await put(store, S1, said("lost"))
        with pytest.raises(StoreUnavailable):
            await store.check()
    async with opened("postgres", tmp_path / "b", empty_database) as other:
        assert await other.sessions() == []


@pytest.mark.postgres
async def test_a_database_that_was_restored_under_it_takes_nothing_in(tmp_path, postgres_url):
    """An older copy that was put back while it is open has counted less."""
    async with opened("postgres", tmp_path, postgres_url) as store:
        await store.create_session(S1, at=AT)
        await execute(postgres_url, "UPDATE facts SET value = '0' WHERE key = 'count'")
        with pytest.raises(StoreUnavailable, match="was restored or made anew"):
            await put(store, S1, said("lost"))
        with pytest.raises(StoreUnavailable, match="was restored or made anew"):
            await store.check()


@pytest.mark.postgres
async def test_an_older_database_is_another_epoch(tmp_path, empty_database):
    """What `pg_restore` puts back while the bridge is off is known by its mark."""
    async with opened("postgres", tmp_path, empty_database) as store:
        first = await store.epoch()
    async with opened("postgres", tmp_path, empty_database) as store:
        assert await store.epoch() == first
    await execute(empty_database, "UPDATE facts SET value = '1' WHERE key = 'count'")
    async with opened("postgres", tmp_path, empty_database) as store:
        assert (await store.epoch()).id != first.id
        assert (await store.epoch()).began == AT


# -- lost connections -----------------------------------------------------------------------------


@pytest.mark.postgres
async def test_after_a_lost_connection_the_store_goes_on(tmp_path, postgres_url):
    async with opened("postgres", tmp_path, postgres_url) as store:
        await store.create_session(S1, at=AT)
        await put(store, S1, said("a"))
        assert await store.session(S1) is not None
        await execute(postgres_url, CUT_OTHERS)
        assert await store.session(S1) is not None
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            await put(store, S1, said("b"))
        await put(store, S1, said("c"))
        await store.check()
        assert texts(await log_of(store)) == ["a", "c"]


@pytest.mark.postgres
async def test_who_lost_the_database_to_another_process_writes_no_more(tmp_path, postgres_url):
    async with opened("postgres", tmp_path, postgres_url) as store:
        await store.create_session(S1, at=AT)
        await execute(postgres_url, CUT_OTHERS)
        async with opened("postgres", tmp_path, postgres_url) as other:
            for _ in range(2):
                with pytest.raises(StoreUnavailable):
                    await put(store, S1, said("a"))
            await put(other, S1, said("b"))
        assert texts(await store.read(S1, after=0, limit=9)) == ["b"]


@pytest.mark.postgres
async def test_of_many_callers_cut_off_each_is_told(tmp_path, postgres_url):
    async with opened("postgres", tmp_path, postgres_url) as store:
        await store.create_session(S1, at=AT)
        await execute(postgres_url, CUT_OTHERS)
        calls = [put(store, S1, said(str(n))) for n in range(20)]
        results = await soon(asyncio.gather(*calls, return_exceptions=True))
        assert {type(each).__mro__[1] for each in results} == {StoreUnavailable}
        assert await log_of(store) == []


async def test_connecting_that_is_given_up_leaves_a_line_and_no_traceback(caplog):
    """As a probe does that waits no longer for a server which is just starting again."""
    accepted: list[asyncio.StreamWriter] = []

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)

    silent = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    database = PostgresDatabase(parsed(f"postgresql://ada:x@127.0.0.1:{port}/bridge"))
    locking = asyncio.create_task(database.lock())
    with capture_logs() as logged:
        for turns in range(60):
            connecting = asyncio.create_task(database.look())
            for _ in range(turns):
                await asyncio.sleep(0)
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            await asyncio.sleep(0.001)
        gc.collect()
    assert {each["event"] for each in logged} == {"connection given up"}
    assert [each for each in caplog.records if each.name == "asyncio"] == []
    locking.cancel()
    await asyncio.gather(locking, return_exceptions=True)
    for writer in accepted:
        writer.close()
    silent.close()


@pytest.mark.postgres
async def test_what_is_not_answered_in_time_fails_and_costs_nobody_else_the_store(
    tmp_path, postgres_url, monkeypatch
):
    """Somebody holds the table, as a server does that stalls; afterwards everything goes on."""
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
    async with opened("postgres", tmp_path, postgres_url) as store:
        await store.create_session(S1, at=AT)
        await put(store, S1, said("a"))
        other = await asyncpg.connect(postgres_url)
        transaction = other.transaction()
        await transaction.start()
        await other.execute("LOCK TABLE events, sessions IN ACCESS EXCLUSIVE MODE")
        calls = [put(store, S1, said("lost")), *(store.sessions() for _ in range(9))]
        results = await soon(asyncio.gather(*calls, return_exceptions=True))
        assert all(isinstance(each, StoreUnavailable) for each in results), results
        assert {"does not answer" in str(each) for each in results} == {True}
        await transaction.rollback()
        await other.close()
        await until(lambda: is_well(store))
        await put(store, S1, said("b"))
        assert texts(await log_of(store)) == ["a", "b"]
        assert await store.sessions()


async def is_well(store: Store) -> bool:
    with suppress(StoreUnavailable):
        await store.check()
        return True
    return False


@pytest.mark.postgres
async def test_ids_with_what_no_database_takes_are_just_unknown(tmp_path, postgres_url):
    section = PostgresSection(url=SecretStr(postgres_url))
    async with postgres.open(section, surroundings(tmp_path)) as store:
        assert await store.session("s\x00\ud800") is None
        assert await store.bearer("\x00") is None
        assert await store.identify(realm="\x00", user="\ud800") is None
