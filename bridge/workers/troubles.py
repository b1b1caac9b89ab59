"""Which accounts do not answer just now, as the courier's own calls tell.

The rules:

- A call that is open for longer than `LONG_SECONDS`, or one that nobody answered, is trouble.
- Whatever the platform answers, a refusal too, ends it.
- Kept by this process alone and lost with it: the next call tells anew.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from bridge import texts
from bridge.errors import ChannelError, OutcomeUnknown, Unreachable
from bridge.ids import ChannelName
from bridge.ports import Clock

LONG_SECONDS = 5.0


class Troubles:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[object, tuple[ChannelName, datetime]] = {}
        self._failed: dict[ChannelName, str] = {}

    @contextmanager
    def calling(self, channel: ChannelName) -> Iterator[None]:
        """Note what becomes of a call to an account's platform."""
        call = object()
        self._open[call] = channel, self._clock.now()
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
        now = self._clock.now()
        stalled = {
            channel: texts.NO_ANSWER
            for channel, since in self._open.values()
            if (now - since).total_seconds() >= LONG_SECONDS
        }
        return {**stalled, **self._failed}
