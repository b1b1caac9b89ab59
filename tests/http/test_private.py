"""Small files for the bridge's own user; what they are used for is tested with their users."""

import stat
from pathlib import Path

import pytest

from bridge.domain.errors import ConfigError
from bridge.http import private


def test_what_is_written_is_read_and_nobody_else_can(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret"
    private.write(file, "it", "words")
    assert private.read(file, "it") == "words"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["secret"]


def test_reading_closes_it_to_others(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("words")
    file.chmod(0o644)
    private.read(file, "it")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_file_is_nothing(tmp_path: Path) -> None:
    assert private.read(tmp_path / "secret", "it") is None


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    with pytest.raises(ConfigError, match="secret: it cannot be read"):
        private.read(tmp_path / "secret", "it")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="secret: it cannot be written"):
        private.write(tmp_path / "file" / "secret", "it", "words")
