"""Every error of the bridge, one class per way of handling it. The docstring is the message."""

from datetime import datetime


class BridgeError(Exception):
    """Something went wrong in the bridge."""

    def __str__(self) -> str:
        return super().__str__() or (type(self).__doc__ or "").strip()


class ConfigError(BridgeError):
    """The configuration cannot be used. Each problem names its file, its key and what would do."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Refused(BridgeError):
    """This is not allowed."""


class NotFound(Refused):
    """There is no such thing here."""


class TooLarge(Refused):
    """This file is too large to be kept here."""


class NoRoom(Refused):
    """There is no room left for files; whoever runs me has to make some."""


class RunOver(BridgeError):
    """The run was cancelled or replaced; nothing it says is accepted any more."""


class StoreError(BridgeError):
    """The store could not do what was asked."""


class Conflict(StoreError):
    """The log moved on since the decision was made: fold the new events and decide again."""


class StoreUnavailable(StoreError):
    """The store cannot be written just now; nothing acknowledged is lost. Try again."""


class UnknownSession(StoreError):
    """There is no session of this id."""


class ProducerFenced(StoreError):
    """A newer epoch of this producer has written; this one may not write any more."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch


class ProducerGap(StoreError):
    """A number of this producer is missing: send the expected one first."""

    def __init__(self, *, expected: int, received: int) -> None:
        super().__init__()
        self.expected = expected
        self.received = received


class ChannelError(BridgeError):
    """A platform did not take a message. `certain`: it surely did not."""

    certain = True

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Unreachable(ChannelError):
    """The platform could not be reached, so the message was not sent. Try again later."""


class RateLimited(ChannelError):
    """The platform asks to wait before the next call."""

    def __init__(self, message: str = "", *, until: datetime, code: str = "") -> None:
        super().__init__(message, code=code)
        self.until = until


class OutcomeUnknown(ChannelError):
    """The message may or may not have been sent."""

    certain = False


class Rejected(ChannelError):
    """The platform will never take this message; the next one may do. It does not say why."""


class FormRefused(Rejected):
    """The platform does not take the message in this form: its formatting, its buttons."""


class FileRefused(Rejected):
    """The platform does not take these files, or none in this place; the text may do."""


class TextRefused(Rejected):
    """No text may be written in this place; other things may be shown there."""


class ChangeRefused(Rejected):
    """This message cannot be changed, or not now; new ones may be sent."""


class Gone(ChannelError):
    """The place is gone or closed to us: stop sending there until someone speaks from it."""


class Moved(ChannelError):
    """The place has a new address in the channel's words."""

    def __init__(self, message: str = "", *, place: str, code: str = "") -> None:
        super().__init__(message, code=code)
        self.place = place


class Unauthorized(ChannelError):
    """The account's credentials are refused: stop this channel and tell the operator."""


class AgentError(BridgeError):
    """The agent did not answer."""


class AgentUnavailable(AgentError):
    """The agent cannot be reached just now. Try again later."""


class AgentFailed(AgentError):
    """The agent cannot answer this; trying again will not help."""
