"""Emoji on messages: Slack names them by words, and keeps one of each that somebody gave.

Names: https://docs.slack.dev/reference/methods/reactions.add; their emoji:
https://github.com/iamcal/emoji-data, the list that Slack uses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.domain.errors import ChangeRefused, RateLimited, Rejected, Unauthorized
from bridge.domain.ids import MessageId
from bridge.ports.clock import Clock
from channels.limits import Budget
from channels.slack.client import Web
from channels.slack.conversation_ids import Spot
from channels.slack.files import FILE
from channels.slack.limits import REACTIONS, REACTIONS_IN_ROOM

NAMES = {
    "👍": "thumbsup", "👎": "thumbsdown", "👀": "eyes", "⏳": "hourglass_flowing_sand",
    "✅": "white_check_mark", "❌": "x", "✔": "heavy_check_mark", "❤": "heart", "🔥": "fire",
    "🎉": "tada", "🙏": "pray", "👏": "clap", "🚀": "rocket", "😂": "joy",
    "🤣": "rolling_on_the_floor_laughing", "😄": "smile", "😁": "grin",
    "🙂": "slightly_smiling_face", "😍": "heart_eyes", "😢": "cry", "😭": "sob",
    "😮": "open_mouth", "😱": "scream", "😡": "rage", "🤔": "thinking_face", "💯": "100",
    "👌": "ok_hand", "✍": "writing_hand", "💔": "broken_heart", "🤝": "handshake",
    "🫡": "saluting_face", "🤷": "shrug", "🙌": "raised_hands", "👋": "wave", "💪": "muscle",
    "⚡": "zap", "🏆": "trophy", "⭐": "star",
    "❓": "question", "❗": "exclamation",
}  # fmt: skip

ALSO = {"+1": "👍", "-1": "👎"}
EMOJI = {name: each for each, name in NAMES.items()} | ALSO

DONE = frozenset({"already_reacted", "no_reaction"})
"""It is so already."""

NO_MESSAGE = frozenset(
    {"bad_timestamp", "no_item_specified", "message_not_found", "too_many_emoji"}
)


def emoji_named(name: str) -> str:
    """Return the emoji of a name, whatever tone of skin it has; "" where it is not known."""
    return EMOJI.get(name.split("::", 1)[0], "")


@dataclass(slots=True)
class Reactions:
    web: Web
    clock: Clock
    _budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self._budget = Budget(self.clock, REACTIONS, REACTIONS_IN_ROOM)

    async def show(
        self, there: Spot, message: MessageId, emoji: Sequence[str], gone: Sequence[str]
    ) -> None:
        """Add what is to be there first, so that a message is never without a mark."""
        if message.startswith(FILE):
            raise ChangeRefused("the message of a file is not known", code="file")
        added = [NAMES[each] for each in emoji if each in NAMES]
        removed = [NAMES[each] for each in gone if each in NAMES and each not in emoji]
        self._budget.spend(there.room, "final", calls=len(added) + len(removed))
        for name in added:
            await self._change(self.web.client.reactions_add, there, message, name)
        for name in removed:
            await self._change(self.web.client.reactions_remove, there, message, name)

    async def _change(
        self, call: Callable[..., Any], there: Spot, message: MessageId, name: str
    ) -> None:
        try:
            await self.web.ask(call(channel=there.room, timestamp=message, name=name))
        except RateLimited as error:
            self._budget.block(error.until)
            raise
        except Rejected as error:
            if error.code in DONE:
                return
            if error.code in NO_MESSAGE:
                raise ChangeRefused(str(error), code=error.code) from error
            raise
        except Unauthorized as error:
            if error.code != "missing_scope":
                raise
            raise Rejected(str(error), code=error.code) from error
