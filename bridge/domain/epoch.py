"""The epoch of a log: which of its lives it is in.

The rules:

- A log that was put back to an earlier copy goes on counting from where the copy ended, so the
  same numbers come to mean other things. Whatever names something by a number outside of the log
  (to a platform, to a reader) names the epoch as well.
- A new epoch begins with a restore. What came before is not all known to it: what people said
  between the copy and the restore was heard, perhaps answered, by a log that is gone.
- So what was said up to `heard` and is delivered again is context until someone asks, and what
  stands in the log from before `began` and is shown now may be a repeat.
- A restore that is yet to come, by the clock as it is now, was made while the clock was ahead.
  Until that has caught up nobody knows what is old: to answer twice is better than to be silent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

AHEAD = timedelta(minutes=5)
"""How far ahead of the present a restore may be before the clock of then is not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """`id` is 16 digits, or "" for a log that is older than epochs.

    `began` is when the log was restored, None where it never was. `heard` is until when people may
    have been heard already.
    """

    id: str = ""
    began: datetime | None = None
    heard: datetime | None = None

    def may_have_heard(self, said: datetime | None) -> bool:
        """Say whether what was said then may have been heard in an earlier epoch."""
        return said is not None and self.heard is not None and said <= self.heard

    def is_older(self, at: datetime) -> bool:
        """Say whether what was appended then is of an earlier epoch."""
        return self.began is not None and at < self.began

    def was_ahead(self, now: datetime) -> bool:
        """Say whether the clock was ahead when the log was restored."""
        return any(each is not None and each - now > AHEAD for each in (self.began, self.heard))


FIRST = Epoch()
