"""Changing frozen records, sans I/O: what is done for every event and every part has to be cheap.

`dataclasses.replace` asks each field for its rules at each call. Ours have none: a record here is
frozen, has slots and no `__post_init__`, so that a copy is its values, some of them other ones.
What is frozen is slow to fill, so a copy is filled as one of a class of the same slots that is not,
and then made a record.
"""

from dataclasses import fields, make_dataclass
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["replace"]

Record = TypeVar("Record")

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from dataclasses import replace  # so that the fields are checked
else:

    def replace(record: Record, /, **changes: object) -> Record:
        """Return a copy of a frozen record with slots in which these fields are other ones.

        Raises `AttributeError` for a field that the record does not have.
        """
        cls = record.__class__
        values, open_class = _shape(cls)
        copy = open_class(*values(record))
        for name, value in changes.items():
            setattr(copy, name, value)
        copy.__class__ = cls
        return copy


@lru_cache(maxsize=256)
def _shape(cls: Any) -> tuple["Callable[[Any], Sequence[Any]]", type[Any]]:
    """Return what reads all fields of a class at once, and its like that is not frozen."""
    names = [field.name for field in fields(cls)]
    if len(names) < 2 or hasattr(cls, "__post_init__"):  # noqa: PLR2004 - a getter of two
        raise TypeError(f"{cls.__name__} cannot be copied by its values")
    open_class = make_dataclass(cls.__name__, names, slots=True, eq=False, repr=False)
    return attrgetter(*names), open_class
