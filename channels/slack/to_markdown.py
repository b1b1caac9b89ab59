"""What people write at Slack, `mrkdwn`, as Markdown.

Code stays as it is. Mentions become names, links become links, and what Slack escaped is itself
again. Words without any formatting are literal; among formatting they are escaped. Source: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterator, Mapping

from bridge.domain import literal
from bridge.domain.content import Content

TICKS = re.compile("`+")
CODE = re.compile(r"```(?P<block>.*?)```|`(?P<span>[^`\n]+)`", re.DOTALL)
ANGLE = re.compile(r"<(?P<what>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")

BOLD = re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])")
STRUCK = re.compile(r"(?<![\w~\\])~(?=[^\s~])([^~\n]*[^\s~])~(?![\w~])")
SLANTED = re.compile(r"(?<![\w_\\])_(?=[^\s_])([^_\n]*[^\s_])_(?![\w_])")
QUOTED = re.compile(r"^[ \t]*&gt;[ \t]?", re.MULTILINE)
BULLET = re.compile(r"^(?P<indent>[ \t]*)[•◦▪][\ufe0e\ufe0f]?[ \t]*", re.MULTILINE)
QUOTE = re.compile(r"^&gt;&gt;&gt;[ \t]*(?P<rest>.*)", re.MULTILINE | re.DOTALL)
HELD = re.compile("\ue000(\\d+)\ue001")
"""Stands for what is in angle brackets while the text around it is looked at."""

SIGNS = {"\ue002": "**", "\ue003": "~~", "\ue004": "_", "\ue005": "- ", "\ue006": "> "}
"""What stands for our own marks while the words around them are escaped."""

ESCAPE = re.compile(r"\\(.)")
STAND_INS = re.compile("[\ue002-\ue006]")
BOLDLY, STRIKING, SLANTING, LISTED, QUOTING = SIGNS

BULLET_INDENT = 4
"""Spaces that Slack writes before each level of a list; Markdown wants two."""

SPACES = re.compile(" *")
WRITTEN_CODE = re.compile(r"(?<![\\`])(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
"""Code in the Markdown that is made."""


def people(text: str) -> frozenset[str]:
    """Return the ids of the people who are mentioned."""
    return frozenset(PERSON.findall(text))


def calls(text: str) -> frozenset[str]:
    """Return the ids of the people who are spoken to: not those in code, or in a quote."""
    prose = QUOTE.sub("", CODE.sub("", text))
    return people("\n".join(line for line in prose.split("\n") if not QUOTED.match(line)))


def content(text: str, names: Mapping[str, str]) -> Content:
    """Return a text: to the letter where nothing is formatted, else as Markdown."""
    if not _is_formatted(text):
        return Content(
            text=unescaped(ANGLE.sub(lambda each: _raw(each, names), text)).strip(), literal=True
        )
    return Content(text=markdown(text, names))


def _is_formatted(text: str) -> bool:
    marks = (CODE, BOLD, STRUCK, SLANTED, BULLET, QUOTED)
    return any(mark.search(text) for mark in marks) or any(
        _is_labelled(each) for each in ANGLE.finditer(text)
    )


def _is_labelled(angle: re.Match[str]) -> bool:
    return (
        angle["what"][:1] not in {"@", "#", "!"}
        and _link(angle["what"], angle["label"] or "")[:1] == "["
    )


def markdown(text: str, names: Mapping[str, str]) -> str:
    """Return a text as Markdown; `names` are those of the people mentioned."""
    return literal.laid_out("".join(_parts(text, names)).strip(), WRITTEN_CODE)


def _parts(text: str, names: Mapping[str, str]) -> Iterator[str]:
    end = 0
    for code in CODE.finditer(text):
        yield _prose(text[end : code.start()], names)
        yield _code(code)
        end = code.end()
        if code["block"] is not None:  # what follows it in its line begins one of its own
            end = SPACES.match(text, end).end()  # type: ignore[union-attr]
    yield _prose(text[end:], names)


def _code(code: re.Match[str]) -> str:
    block = code["block"]
    if block is None:
        return f"`{_plain(code['span'])}`"
    inside = _plain(block).strip("\n")
    begins = code.start() == 0 or code.string[code.start() - 1] == "\n"
    ends = code.end() == len(code.string) or code.string[code.end()] == "\n"
    fence = ticks(inside, least=3)
    return f"{'' if begins else chr(10)}{fence}\n{inside}\n{fence}{'' if ends else chr(10)}"


def ticks(code: str, *, least: int) -> str:
    """Return the signs that code stands between: more than are together anywhere in it."""
    return "`" * max(least, 1 + max(map(len, TICKS.findall(code)), default=0))


def _plain(code: str) -> str:
    """Return code without the links that Slack makes even there."""
    return unescaped(ANGLE.sub(lambda found: found["label"] or found["what"], code))


def _prose(text: str, names: Mapping[str, str]) -> str:
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(_angle(found, names))
        return f"\ue000{len(held) - 1}\ue001"

    text = ANGLE.sub(hold, STAND_INS.sub("", HELD.sub("", text)))
    text = QUOTED.sub(QUOTING, QUOTE.sub(_quote, text))
    text = BULLET.sub(_bullet, text)
    for mark, sign in ((BOLD, BOLDLY), (STRUCK, STRIKING), (SLANTED, SLANTING)):
        text = mark.sub(rf"{sign}\1{sign}", text)
    text = STAND_INS.sub(lambda each: SIGNS[each[0]], literal.escaped(unescaped(text)))
    return HELD.sub(lambda found: held[int(found[1])], text)


def _quote(found: re.Match[str]) -> str:
    return f"{QUOTING}{found['rest'].strip()}".replace("\n", f"\n{QUOTING}")


def _bullet(found: re.Match[str]) -> str:
    level = len(found["indent"].expandtabs(BULLET_INDENT)) // BULLET_INDENT
    return f"{'  ' * level}{LISTED}"


def _angle(found: re.Match[str], names: Mapping[str, str]) -> str:
    """Return what stands in angle brackets as Markdown."""
    what, label = found["what"], unescaped(found["label"] or "")
    if what[:1] in {"@", "#", "!"}:
        return literal.escaped(unescaped(_raw(found, names)))
    return _link(what, literal.escaped(label).replace("[", "&#91;"))


def _raw(found: re.Match[str], names: Mapping[str, str]) -> str:
    """Return what stands in angle brackets as people see it."""
    what, label = found["what"], found["label"] or ""
    match what[:1]:
        case "@":
            return f"@{names.get(what[1:]) or unescaped(label) or what[1:]}"
        case "#":
            return f"#{unescaped(label) or what[1:]}"
        case "!":
            return _special(what[1:], label)
        case _:
            return _link(what, label)


def _special(what: str, label: str) -> str:
    """Return `<!here>`, `<!subteam^S1|@team>` and `<!date^…|fallback>` as people see them."""
    name, _, _ = what.partition("^")
    if name == "date":
        return unescaped(label)
    return unescaped(label) or f"@{name}"


def _link(address: str, label: str) -> str:
    address = unescaped(address)
    plain = ESCAPE.sub(r"\1", label)
    bare = address.removeprefix("mailto:").removeprefix("tel:")
    if not address:
        return "<>"
    if not label or plain in {address, bare} or f"http://{plain}" == address:
        return bare
    return f"[{label}]({address})"


def unescaped(text: str) -> str:
    """Return a text with Slack's three escapes undone."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


# -- the bot's own name ---------------------------------------------------------------------------


def mentions(text: str, user: str) -> bool:
    return user in calls(text)


def first_mentioned(text: str) -> str:
    """Return who is spoken to first, where a message begins with a mention."""
    found = PERSON.match(text.lstrip())
    return found[1] if found else ""


def without(text: str, user: str) -> str:
    """Return a text without the mentions of this user at its beginning and end."""
    name = rf"<@{re.escape(user)}(?:\|[^<>]*)?>"
    text = re.sub(rf"\A(?:\s*+{name}\s*+[:,]?)+\s*", "", text)
    said = text.rstrip()
    words = said[:-1].rstrip() if said[-1:] in {".", "!", "?"} else said
    first = len(words)
    while (at := words.rfind("<@", 0, first)) >= 0 and re.fullmatch(name, words[at:first]):
        first = at
        while first and words[first - 1].isspace():
            first -= 1
    return text if first == len(words) else words[:first] + text[len(words) :]
