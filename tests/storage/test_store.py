"""The SQL plugins as the config finds them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bridge.plugins import available, load
from storage.sql.store import PostgresSection, SqliteSection, postgres, sqlite
from tests.stores import surroundings


def test_the_stores_are_installed_by_name():
    assert set(available("stores")) >= {"memory", "sqlite", "postgres"}
    assert load("stores", "sqlite") is sqlite
    assert load("stores", "postgres") is postgres


async def open_at(path: Path, folder: Path) -> None:
    async with sqlite.open(SqliteSection(path=path), surroundings(folder)) as store:
        await store.check()


async def test_without_a_path_the_database_is_in_the_bridges_folder(tmp_path):
    async with sqlite.open(SqliteSection(), surroundings(tmp_path)):
        assert (tmp_path / "bridge.db").exists()


async def test_a_relative_path_begins_in_the_bridges_folder(tmp_path):
    await open_at(Path("kept/here.db"), tmp_path)
    assert (tmp_path / "kept" / "here.db").exists()


async def test_an_absolute_path_is_taken_as_it_is(tmp_path):
    await open_at(tmp_path / "there.db", tmp_path / "elsewhere")
    assert (tmp_path / "there.db").exists()
    assert not (tmp_path / "elsewhere").exists()


async def test_a_path_with_signs_that_mean_something_in_urls_is_taken_as_it_is(tmp_path):
    await open_at(Path("50% off?#really.db"), tmp_path)
    assert (tmp_path / "50% off?#really.db").exists()


def test_the_url_of_a_server_is_required_and_is_a_secret():
    with pytest.raises(ValidationError):
        PostgresSection()
    section = PostgresSection(url="postgresql://ada:secret@host/bridge")
    assert "secret" not in repr(section)
    assert postgres.restore is None
