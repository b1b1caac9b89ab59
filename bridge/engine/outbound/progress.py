"""Wakes whoever waits for something to become of what is owed to places."""

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from bridge.domain.ids import ConversationId


class Progress:
    """Kept by this process alone: who waits derives the state from the store each time."""

    def __init__(self) -> None:
        self._waiting: dict[ConversationId, set[asyncio.Event]] = {}
        self.told: Callable[[ConversationId], None] = lambda _: None
        """Is told of each place of which something became."""

    def moved(self, conversation: ConversationId) -> None:
        """Wake those who wait for this place."""
        self.told(conversation)
        for bell in self._waiting.get(conversation, ()):
            bell.set()

    @contextmanager
    def watching(self, conversations: Collection[ConversationId]) -> Iterator[asyncio.Event]:
        """Yield an event that is set whenever something became of what one of these is owed."""
        bell = asyncio.Event()
        for each in conversations:
            self._waiting.setdefault(each, set()).add(bell)
        try:
            yield bell
        finally:
            for each in conversations:
                known = self._waiting[each]
                known.discard(bell)
                if not known:
                    del self._waiting[each]
