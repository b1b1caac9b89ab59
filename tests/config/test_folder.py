"""The data folder is its owner's alone."""

import stat

import pytest

from bridge.config.folder import private_folder


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_closed_and_what_it_stands_in_is_as_usual(tmp_path):
    private_folder(tmp_path / "a" / "data")
    assert mode(tmp_path / "a" / "data") == 0o700
    assert mode(tmp_path / "a") != 0o700


@pytest.mark.parametrize("before", [0o755, 0o770, 0o701])
def test_one_that_others_could_enter_is_closed(tmp_path, before):
    tmp_path.chmod(before)
    private_folder(tmp_path)
    assert mode(tmp_path) == 0o700


def test_one_that_is_everyones_stays_so(tmp_path):
    tmp_path.chmod(0o1777)
    private_folder(tmp_path)
    assert mode(tmp_path) == 0o1777
