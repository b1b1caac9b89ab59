"""Whether a line of the log would be written, asked before it is made.

structlog makes a logger anew for each line, also for one that is not written. What is said of every
message and every place asks here first, which costs a hundredth of that.
"""

import logging
from functools import lru_cache
from typing import Any

import structlog


def is_written(level: int = logging.INFO) -> bool:
    """Say whether lines of a level are written, by how logging is set up now."""
    return level >= _least(structlog.get_config()["wrapper_class"])


@lru_cache(maxsize=8)
def _least(_: Any) -> int:
    """Return the lowest level that is written, which is fixed in the class of the loggers."""
    least: int = structlog.get_logger().bind().get_effective_level()
    return least
