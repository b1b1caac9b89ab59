"""Whether a wait is over, although a clock may have been set back meanwhile. Pure."""

from datetime import datetime, timedelta


def is_over(
    until: datetime,
    *,
    now: datetime,
    since: datetime | None = None,
    longest: timedelta | None = None,
) -> bool:
    """Say whether a wait is over that was to end at `until`.

    It is too when it began in what is now the future, or is to last longer than it ever can: then
    the clock was set back meanwhile, and how much of it has passed nobody knows.
    """
    if until <= now or (since is not None and since > now):
        return True
    return longest is not None and until - now > longest
