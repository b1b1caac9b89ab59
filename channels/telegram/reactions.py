"""Emoji as Telegram takes them on messages: a bot has one, of a list that is Telegram's own.

So a mark of the bridge's and what people gave elsewhere, which is shown on the same message, are in
each other's way. The rules:

- That work goes on is shown in any case; also that it failed.
- Once it is done, what people gave takes the place of that mark, and is not written over by it.
- What is no more there leaves the message to the other.

Source: https://core.telegram.org/bots/api#reactiontypeemoji
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.domain.errors import ChangeRefused, RateLimited, Rejected
from bridge.domain.ids import MessageId
from bridge.domain.reactions import EMOJI_OF, MARKS
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


OPEN = frozenset({EMOJI_OF["seen"], EMOJI_OF["working"], EMOJI_OF["failed"]})
MOST_KEPT = 1000
"""Messages whose reactions are kept in mind."""

Given = dict[bool, tuple[str, ...]]
"""What is to be on a message: of the marks (True), and of what people gave."""


def prevailing(given: Given) -> Sequence[str]:
    """Return what is shown where only one can be."""
    marks, people = given.get(True, ()), given.get(False, ())
    return marks if OPEN.intersection(marks) or not people else people


@dataclass(slots=True)
class Reactions:
    client: Client
    clock: Clock
    _budget: Budget = field(init=False)
    _given: dict[tuple[str, MessageId], Given] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._budget = Budget(self.clock, REACTIONS, REACTIONS_IN_CHAT)

    async def show(
        self, place: str, message: MessageId, emoji: Sequence[str], gone: Sequence[str]
    ) -> None:
        """Let the last of what prevails be the bot's one reaction."""
        if not message.isdecimal():
            raise ChangeRefused("it is no message", code=NOT_FOUND)
        reaction(emoji)  # what Telegram does not have is refused, whatever else is there
        given = self._kept(place, message)
        is_mark = set(emoji) | set(gone) <= set(MARKS)
        chosen = reaction(prevailing(given | {is_mark: tuple(emoji)}))
        self._budget.spend(place, "final")
        try:
            async with self.client.open() as bot:
                await bot.set_message_reaction(Target.of(place).chat, int(message), chosen)
        except RateLimited as error:
            self._budget.block(error.until, place)
            raise
        given[is_mark] = tuple(emoji)

    def _kept(self, place: str, message: MessageId) -> Given:
        """Return what is on a message, as far as it is kept in mind."""
        if (place, message) not in self._given and len(self._given) >= MOST_KEPT:
            del self._given[next(iter(self._given))]
        return self._given.setdefault((place, message), {})
