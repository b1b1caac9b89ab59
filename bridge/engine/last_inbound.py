"""When someone last wrote from each place, as far as this process has heard.

A place that is closed to us is opened by whoever writes from it. What fails there may be told only
afterwards: of a message that was tried before they wrote, it says nothing any more.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from bridge.domain.ids import ConversationId
from bridge.ports.clock import Clock

LONG_AGO = datetime.min.replace(tzinfo=UTC)
MOST = 10_000
"""Places that are kept in mind; then all are forgotten, and a lane rather waits."""


class LastInbound:
    """Who suspends a lane looks here after that; who writes here looks at the lane after that.

    So whichever comes first, one of them sees the other. `came` hears of the place too.
    """

    def __init__(self, clock: Clock) -> None:
        self.came: Callable[[ConversationId], None] = lambda _: None
        self._clock = clock
        self._at: dict[ConversationId, datetime] = {}

    def note(self, conversation: ConversationId) -> None:
        """Note that someone wrote from this place just now."""
        if len(self._at) >= MOST:
            self._at.clear()
        self._at[conversation] = self._clock.now()
        self.came(conversation)

    def since(self, conversation: ConversationId, at: datetime) -> bool:
        """Say whether someone wrote from this place after that time.

        A time that is still to come was noted before the clock was set back: whoever wrote since
        this process began may have written after it.
        """
        known = self._at.get(conversation, LONG_AGO)
        return known > at or (conversation in self._at and at > self._clock.now())
