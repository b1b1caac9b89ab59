"""What people write at Slack, `mrkdwn`, as Markdown.

Code stays as it is. Mentions become names, links become links, and what Slack escaped is itself
again. Source: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterator, Mapping

CODE = re.compile(r"```(?P<block>.*?)```|`(?P<span>[^`\n]+)`", re.DOTALL)
ANGLE = re.compile(r"<(?P<what>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")

BOLD = re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])")
STRUCK = re.compile(r"(?<![\w~\\])~(?=[^\s~])([^~\n]*[^\s~])~(?![\w~])")
BULLET = re.compile(r"^(?P<indent>[ \t]*)[•◦▪][\ufe0e\ufe0f]?[ \t]*", re.MULTILINE)
QUOTE = re.compile(r"^&gt;&gt;&gt;[ \t]*(?P<rest>.*)", re.MULTILINE | re.DOTALL)
HELD = re.compile("\ue000(\\d+)\ue001")
"""Stands for what is in angle brackets while the text around it is looked at."""

BULLET_INDENT = 4
"""Spaces that Slack writes before each level of a list; Markdown wants two."""


def people(text: str) -> frozenset[str]:
    """Return the ids of the people who are mentioned."""
    return frozenset(PERSON.findall(text))


def markdown(text: str, names: Mapping[str, str]) -> str:
    """Return a text as Markdown; `names` are those of the people mentioned."""
    return "".join(_parts(text, names)).strip()


def _parts(text: str, names: Mapping[str, str]) -> Iterator[str]:
    end = 0
    for code in CODE.finditer(text):
        yield _prose(text[end : code.start()], names)
        yield _code(code)
        end = code.end()
    yield _prose(text[end:], names)


def _code(code: re.Match[str]) -> str:
    block = code["block"]
    if block is None:
        return f"`{_plain(code['span'])}`"
    inside = _plain(block).strip("\n")
    begins = code.start() == 0 or code.string[code.start() - 1] == "\n"
    ends = code.end() == len(code.string) or code.string[code.end()] == "\n"
    return f"{'' if begins else chr(10)}```\n{inside}\n```{'' if ends else chr(10)}"


def _plain(code: str) -> str:
    """Return code without the links that Slack makes even there."""
    return unescaped(ANGLE.sub(lambda found: found["label"] or found["what"], code))


def _prose(text: str, names: Mapping[str, str]) -> str:
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(_angle(found, names))
        return f"\ue000{len(held) - 1}\ue001"

    text = ANGLE.sub(hold, HELD.sub("", text))
    text = QUOTE.sub(_quote, text)
    text = BOLD.sub(r"**\1**", text)
    text = STRUCK.sub(r"~~\1~~", text)
    text = BULLET.sub(_bullet, text)
    return HELD.sub(lambda found: held[int(found[1])], unescaped(text))


def _quote(found: re.Match[str]) -> str:
    return f"&gt; {found['rest'].strip()}".replace("\n", "\n&gt; ")


def _bullet(found: re.Match[str]) -> str:
    level = len(found["indent"].expandtabs(BULLET_INDENT)) // BULLET_INDENT
    return f"{'  ' * level}- "


def _angle(found: re.Match[str], names: Mapping[str, str]) -> str:
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
    address, label = unescaped(address), unescaped(label)
    bare = address.removeprefix("mailto:").removeprefix("tel:")
    if not address:
        return "<>"
    if not label or label in {address, bare} or f"http://{label}" == address:
        return bare
    return f"[{label}]({address})"


def unescaped(text: str) -> str:
    """Return a text with Slack's three escapes undone."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


# -- the bot's own name ---------------------------------------------------------------------------


def mentions(text: str, user: str) -> bool:
    return user in people(text)


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
    first = words
    while (at := first.rfind("<@")) >= 0 and re.fullmatch(name, first[at:]):
        first = first[:at].rstrip()
    return text if first == words else first + text[len(words) :]
