"""Which messages one part became: Telegram shows several files as a message each.

The part is known by the first one. The others are kept as facts, for as long as Telegram lets a bot
delete them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from bridge.ids import MessageId
from bridge.ports import Facts
from channels.telegram.limits import DELETABLE

PREFIX = "album:"


async def keep(facts: Facts, place: str, messages: Sequence[int], now: datetime) -> None:
    """Keep that these messages are one; forget those that are too old."""
    for key, value in (await facts.all()).items():
        if key.startswith(PREFIX) and now - _made_at(value) > DELETABLE:
            await facts.remove(key)
    first, *others = messages
    words = [str(int(now.timestamp())), *map(str, others)]
    await facts.put(f"{PREFIX}{place}:{first}", " ".join(words))


async def of(facts: Facts, place: str, message: MessageId) -> list[int]:
    """Return all messages that belong to this one, itself first."""
    known = await facts.get(f"{PREFIX}{place}:{message}")
    others = known.split()[1:] if known is not None else []
    return [int(message), *map(int, others)]


async def forget(facts: Facts, place: str, message: MessageId) -> None:
    await facts.remove(f"{PREFIX}{place}:{message}")


def _made_at(value: str) -> datetime:
    return datetime.fromtimestamp(int(value.split(maxsplit=1)[0]), UTC)
