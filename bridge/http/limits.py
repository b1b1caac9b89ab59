"""What the HTTP side allows, in one place; tests shorten the times."""

from dataclasses import dataclass

MIB = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times are in seconds, sizes in bytes.

    `keepalive` and `stream` stay below the 60 s after which common proxies cut an idle or old
    connection, `long_poll` below the 30 s of the strictest. `drain`: how long a client may leave
    what was sent to it unread. `linger`: how long someone who left is still shown as present, since
    they may be about to come back. `frame` bounds what one slow reader holds in memory.
    `body_time`: how long a body that is no file may take; `held`: what all bodies from platforms,
    which come without a token, may take in memory at once, and as much again all those with one,
    of which one person's take a quarter at most.
    `webhook`: how long a channel may take to answer its platform, of which none waits 15 s.
    """

    body: int = MIB
    page: int = MIB
    page_events: int = 1000
    frame: int = 65_536
    long_poll: float = 25.0
    keepalive: float = 15.0
    stream: float = 60.0
    drain: float = 30.0
    live_interval: float = 0.04
    linger: float = 2.0
    recheck: float = 0.05
    token_memory: float = 1.0
    webhook: float = 14.0
    body_time: float = 60.0
    held: int = 32 * MIB
