"""Whether a line is written is known before it is made."""

import io
import logging

import pytest
import structlog
from structlog.testing import capture_logs

from bridge import logs
from bridge.config.model import LogSection
from bridge.log_level import is_written


@pytest.fixture(autouse=True)
def _set_up_as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.setLogRecordFactory(logging.LogRecord)
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_what_is_said_to_be_written_is_written(level):
    """Also when logging was set up in another way before."""
    for each in ("error", "debug", level):
        out = io.StringIO()
        logs.configure(LogSection(level=each), stream=out)
    for name in ("debug", "info", "warning", "error"):
        structlog.get_logger().log(getattr(logging, name.upper()), f"a line of {name}")
        assert is_written(getattr(logging, name.upper())) == (f"a line of {name}" in out.getvalue())


def test_lines_that_a_test_collects_are_written():
    structlog.reset_defaults()
    with capture_logs():
        assert is_written(logging.DEBUG)
