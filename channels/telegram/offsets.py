"""Which updates are in, and from where Telegram has to be asked next. Sans I/O.

Telegram forgets an update when it is asked for a later one. So each question begins at the first
update that is not in yet; what comes once more because of that is known here. Numbers are not
compared: after a quiet week they begin anew anywhere.
"""

from collections.abc import Iterable


class Offsets:
    """Updates in the order they came. Those that are in are forgotten with the next question."""

    def __init__(self) -> None:
        self._is_in: dict[int, bool] = {}
        self._next: int | None = None

    def ask(self) -> int | None:
        """Return the update to begin with: all before it are in. None: whatever is there."""
        for update in tuple(self._is_in):
            if not self._is_in[update]:
                return update
            del self._is_in[update]
            self._next = update + 1
        return self._next

    def is_waiting(self) -> bool:
        """Say whether an update is not in yet."""
        return not all(self._is_in.values())

    def fresh(self, updates: Iterable[int]) -> list[int]:
        """Note what Telegram answered; returns the updates not known yet, in their order."""
        found = [update for update in updates if update not in self._is_in]
        self._is_in.update(dict.fromkeys(found, False))
        return found

    def done(self, update: int) -> None:
        """Note that an update is in."""
        self._is_in[update] = True
