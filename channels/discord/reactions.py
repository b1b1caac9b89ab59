"""Emoji on messages: Discord takes any of Unicode's, and keeps one of each that somebody gave."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.domain.errors import RateLimited
from bridge.domain.ids import MessageId
from bridge.ports.clock import Clock
from channels.discord.client import Wire
from channels.discord.errors import ACCOUNT_WIDE, translated
from channels.discord.limits import ACCOUNT, REACTIONS_IN_PLACE
from channels.limits import Budget


@dataclass(slots=True)
class Reactions:
    wire: Wire
    clock: Clock
    _budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self._budget = Budget(self.clock, ACCOUNT, REACTIONS_IN_PLACE)

    async def show(
        self, place: str, message: MessageId, emoji: Sequence[str], gone: Sequence[str]
    ) -> None:
        """Add what is to be there first, so that a message is never without a mark."""
        left = [each for each in gone if each not in emoji]
        self._budget.spend(place, "final", calls=len(emoji) + len(left))
        for each in emoji:
            await self._change(place, message, each, is_added=True)
        for each in left:
            await self._change(place, message, each, is_added=False)

    async def _change(self, place: str, message: MessageId, emoji: str, *, is_added: bool) -> None:
        change = self.wire.add_reaction if is_added else self.wire.remove_own_reaction
        try:
            with translated(self.clock.now()):
                await change(int(place), int(message), emoji)
        except RateLimited as error:
            self._budget.block(error.until, None if error.code in ACCOUNT_WIDE else place)
            raise
