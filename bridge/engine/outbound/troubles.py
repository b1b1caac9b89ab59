"""Which accounts do not answer just now, as the courier's own calls tell.

The rules:

- A call that is open for longer than `LONG_SECONDS`, or one that nobody answered, is trouble.
- Whatever the platform answers, a refusal too, ends it.
- How long a call is open is measured by a time that nobody can set.
- Kept by this process alone and lost with it: the next call tells anew.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bridge import texts
from bridge.domain.errors import ChannelError, OutcomeUnknown, Unreachable
from bridge.domain.ids import ChannelName

LONG_SECONDS = 5.0


class Troubles:
    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._open: dict[object, tuple[ChannelName, float]] = {}
        self._failed: dict[ChannelName, str] = {}

    @contextmanager
    def calling(self, channel: ChannelName) -> Iterator[None]:
        """Note what becomes of a call to an account's platform."""
        call = object()
        self._open[call] = channel, self._seconds()
        try:
            yield
        except (Unreachable, OutcomeUnknown) as error:
            self._failed[channel] = str(error) or texts.NO_ANSWER
            raise
        except ChannelError:
            self._failed.pop(channel, None)
            raise
        else:
            self._failed.pop(channel, None)
        finally:
            del self._open[call]

    def faults(self) -> Mapping[ChannelName, str]:
        """Return the accounts in trouble, and what it is."""
        now = self._seconds()
        stalled = {
            channel: texts.NO_ANSWER
            for channel, since in self._open.values()
            if now - since >= LONG_SECONDS
        }
        return {**stalled, **self._failed}
