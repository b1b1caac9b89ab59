"""What becomes of words that are said while an agent answers, sans I/O.

The session's setting `mode` says which:

- `steer`: the run takes them in at its next step.
- `queue`: they wait; the next run answers them.
- `interrupt`: an addressed message ends the run at once, unanswered, and the next run starts with
  everything. What is not addressed, and what no person says, ends nothing.
"""

from typing import Literal, get_args

from bridge.session.fold import Session, setting_key

Mode = Literal["steer", "queue", "interrupt"]
MODES: tuple[Mode, ...] = get_args(Mode)
DEFAULT: Mode = "steer"
SETTING = "mode"


def mode_of(session: Session) -> Mode:
    """Return the session's mode; a value that is none is the default."""
    chosen = session.settings.get(setting_key("session", "", SETTING), "")
    return next((mode for mode in MODES if mode == chosen), DEFAULT)
