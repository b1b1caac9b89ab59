"""A fold as text and back, so that opening an old session need not read all of its log.

A snapshot of another shape is worth nothing and is ignored: the log is the truth.
"""

from functools import cache

from pydantic import TypeAdapter, ValidationError

from bridge.session.fold import Session

SHAPE = 19
"""Raised whenever the fold changes its meaning, so that older snapshots are folded anew."""


@cache
def _adapter() -> TypeAdapter[tuple[int, Session]]:
    return TypeAdapter(tuple[int, Session])


def freeze(session: Session) -> str:
    return _adapter().dump_json((SHAPE, session)).decode()


def thaw(text: str) -> Session | None:
    """Return the fold, or None when it is of another shape."""
    try:
        shape, session = _adapter().validate_json(text)
    except ValidationError:
        return None
    return session if shape == SHAPE else None
