"""What a library would take along is left out while it is imported, and only then."""

import gc
import importlib
import sys

import pytest

from bridge.imports import for_good, without

SPARE = "colorsys"


@pytest.fixture
def fresh(monkeypatch):
    monkeypatch.delitem(sys.modules, SPARE, raising=False)


@pytest.fixture
def collector():
    gc.enable()
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("fresh")
def test_what_is_left_out_is_missing_in_there_and_there_afterwards():
    with without(SPARE), pytest.raises(ImportError):
        importlib.import_module(SPARE)
    assert importlib.import_module(SPARE).rgb_to_hsv(0, 0, 0) == (0, 0, 0)


@pytest.mark.usefixtures("fresh")
def test_after_an_error_it_is_there_too():
    with pytest.raises(KeyError), without(SPARE):
        raise KeyError
    assert importlib.import_module(SPARE)


def test_what_was_imported_before_stays():
    import json

    with without("json"):
        assert importlib.import_module("json") is json


@pytest.mark.usefixtures("collector")
def test_what_is_imported_for_good_is_not_searched_for_garbage():
    with for_good():
        assert not gc.isenabled()
        importlib.import_module(SPARE)
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


@pytest.mark.usefixtures("collector")
def test_a_collector_that_was_off_stays_off():
    gc.disable()
    with for_good():
        pass
    assert not gc.isenabled()
