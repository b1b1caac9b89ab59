"""What a part of the bridge says of itself when it is asked whether it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What `bridge doctor` found of one thing; `fix` says what to do when it is not `ok`."""

    name: str
    ok: bool
    detail: str = ""
    fix: str = ""
