"""How the command ends: exit codes, and the errors that lead to them.

0 done · 1 failed · 2 the configuration or the command line is wrong · 3 no bridge is running ·
4 nobody was reached by what was sent · 5 nobody answered in time · 6 the question was taken back ·
11 and more another option than the first.
"""

FAILED = 1
MISUSED = 2
NOT_RUNNING = 3
UNREACHED = 4
EXPIRED = 5
WITHDRAWN = 6
OTHER_OPTION = 10
"""And the index of the option: 11 for the second."""

INTERRUPTED = 130


class CommandError(Exception):
    """What went wrong and what to do, for the person at the terminal."""

    code = FAILED


class NotRunningError(CommandError):
    """No bridge answers where it should be."""

    code = NOT_RUNNING


class DeniedError(CommandError):
    """The bridge does not accept the token, or not for this."""


class MisusedError(CommandError):
    """The command line asks for something that cannot be."""

    code = MISUSED
