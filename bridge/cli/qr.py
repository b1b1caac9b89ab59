"""A link as a code that a phone's camera opens, drawn with the characters of a terminal."""

import io
from importlib import import_module


def drawn(link: str, indent: int = 4) -> str:
    """Return the rows of the code, each with its newline."""
    out = io.StringIO()
    segno = import_module("segno")  # where there is nothing to draw it is not needed
    segno.make(link, micro=False).terminal(out=out, border=2, compact=True)
    return "".join(f"{' ' * indent}{row}\n" for row in out.getvalue().splitlines())
