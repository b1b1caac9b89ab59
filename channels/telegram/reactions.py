"""Emoji as Telegram takes them on messages: a bot has one, of a list that is Telegram's own.

Source: https://core.telegram.org/bots/api#reactiontypeemoji
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.domain.errors import ChangeRefused, RateLimited, Rejected
from bridge.domain.ids import MessageId
from bridge.ports.clock import Clock
from channels.limits import Budget
from channels.telegram.client import Client
from channels.telegram.errors import NOT_FOUND
from channels.telegram.limits import REACTIONS, REACTIONS_IN_CHAT
from channels.telegram.outbound import Target

ALLOWED = frozenset({
    "👍", "👎", "❤", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🤬", "😢", "🎉", "🤩", "🤮",
    "💩", "🙏", "👌", "🕊", "🤡", "🥱", "🥴", "😍", "🐳", "❤\u200d🔥", "🌚", "🌭", "💯", "🤣",
    "⚡", "🍌", "🏆", "💔", "🤨", "😐", "🍓", "🍾", "💋", "🖕", "😈", "😴", "😭", "🤓", "👻",
    "👨\u200d💻", "👀", "🎃", "🙈", "😇", "😨", "🤝", "✍", "🤗", "🫡", "🎅", "🎄", "☃", "💅",
    "🤪", "🗿", "🆒", "💘", "🙉", "🦄", "😘", "💊", "🙊", "😎", "👾", "🤷\u200d♂", "🤷",
    "🤷\u200d♀", "😡",
})  # fmt: skip

INSTEAD = {"⏳": "✍", "✅": "👌", "❌": "💔", "😂": "🤣", "😄": "😁", "🚀": "🔥", "✔": "👌"}
"""What stands for an emoji that Telegram does not have on messages."""


def reaction(emoji: Sequence[str]) -> str | None:
    """Return the one to be shown, None for none. Raises `Rejected` where none of them is there."""
    known = [each for each in (INSTEAD.get(one, one) for one in emoji) if each in ALLOWED]
    if emoji and not known:
        raise Rejected("Telegram has no such reaction", code="reaction_invalid")
    return known[-1] if known else None


@dataclass(slots=True)
class Reactions:
    client: Client
    clock: Clock
    _budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self._budget = Budget(self.clock, REACTIONS, REACTIONS_IN_CHAT)

    async def show(
        self, place: str, message: MessageId, emoji: Sequence[str], gone: Sequence[str]
    ) -> None:
        """Let the last of `emoji` be the bot's one reaction: it takes the place of any other."""
        del gone
        chosen = reaction(emoji)
        if not message.isdecimal():
            raise ChangeRefused("it is no message", code=NOT_FOUND)
        self._budget.spend(place, "final")
        try:
            async with self.client.open() as bot:
                await bot.set_message_reaction(Target.of(place).chat, int(message), chosen)
        except RateLimited as error:
            self._budget.block(error.until, place)
            raise
