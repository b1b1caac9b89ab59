"""WhatsApp's formatting as Markdown; what has none is literal.

What is in code stays as it is; among formatting the other words are escaped.
Source: https://faq.whatsapp.com/539178204879377
"""

import re

from bridge.domain import literal
from bridge.domain.content import Content

CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
STYLED = r"(?<![\w{0}\\])\{0}(?=\S)([^{0}\n]*?\S)\{0}(?![\w{0}])"
STYLES = {"*": "**", "_": "_", "~": "~~"}
LINE = re.compile(r"^(?P<mark>[*-] |\d{1,3}\. |> )", re.MULTILINE)

FIRST = 0xE100
"""What stands for a mark of ours while the words around it are escaped begins here."""

MARKS = (*STYLES.values(), "* ", "- ", "> ", ". ")
STAND_INS = {chr(FIRST + number): mark for number, mark in enumerate(MARKS)}
STAND_IN = re.compile(f"[{''.join(STAND_INS)}]")
BY_MARK = {mark: stand_in for stand_in, mark in STAND_INS.items()}
STYLE = {sign: re.compile(STYLED.format(sign)) for sign in STYLES}


def content(text: str) -> Content:
    """Return what someone wrote."""
    if not is_formatted(text):
        return Content(text=text, literal=bool(text))
    pieces = CODE.split(text)
    pieces[::2] = [_prose(each) for each in pieces[::2]]
    return Content(text=literal.laid_out("".join(pieces), CODE))


def is_formatted(text: str) -> bool:
    marks = (CODE, LINE, *STYLE.values())
    return any(mark.search(text) for mark in marks)


def _prose(text: str) -> str:
    text = LINE.sub(_line, STAND_IN.sub("", text))
    for sign, mark in STYLES.items():
        text = STYLE[sign].sub(rf"{BY_MARK[mark]}\1{BY_MARK[mark]}", text)
    return STAND_IN.sub(lambda found: STAND_INS[found[0]], literal.escaped(text))


def _line(found: re.Match[str]) -> str:
    mark = found["mark"]
    if mark in BY_MARK:
        return BY_MARK[mark]
    return f"{mark.removesuffix('. ')}{BY_MARK['. ']}"
