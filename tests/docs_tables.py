"""The tables of the documents that are made from the code: `python -m tests.docs_tables`.

Each stands between two marks in its page. A test holds the pages to what is made here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bridge import schedule_texts
from bridge.domain.wording import LANGUAGES
from bridge.session import phrases, slash
from bridge.session.permission_table import RULES, Kind, Rule, rule_for
from bridge.session.permissions import OPENABLE
from bridge.session.slash import SlashCommand

DOCS = Path(__file__).parent.parent / "docs"
A_DAY = datetime(2026, 11, 30, 12, tzinfo=UTC)
"""A Monday, by which phrases are read."""


def permissions() -> str:
    """Return the table of permissions."""
    rows = ((each.what, _asked(each), _who(each), each.where) for each in RULES)
    return _table(("what", "command", "weakest role", "where"), rows)


def slash_commands() -> str:
    """Return the table of slash commands."""
    rows = (
        (f"`{_usage(each)}`", each.text, _who_sends(each), rule_for(each.act).where)
        for each in slash.COMMANDS
    )
    return _table(("command", "what it does", "who may", "where"), rows)


def languages() -> str:
    """Return the table of the languages there are."""
    rows = ((name, f"`{code}`") for code, name in LANGUAGES.items())
    return _table(("language", "code"), rows)


def phrases_read() -> str:
    """Return the phrases that `/every` and `/once` read."""
    rows = [("every", each) for each in phrases.EVERY] + [("once", each) for each in phrases.ONCE]
    return _table(
        ("write", "what it is"),
        ((f"`/{name} {each} …`", _meant(name, each)) for name, each in rows),
    )


def _meant(name: str, written: str) -> str:
    read = phrases.every if name == "every" else phrases.once
    understood = read(f"{written} …", A_DAY, "UTC")
    when = schedule_texts.when(understood.rule, "")
    said = [] if name == "once" else [when]
    if name == "once":
        said += [f"once, {phrases.local(understood.rule.at, understood.zone)} ({understood.zone})"]
    if understood.until is not None:
        said += [f"until {phrases.local(understood.until, understood.zone)}"]
    said += [f"{understood.times} times"] if understood.times is not None else []
    said += (
        ["times that came while the bridge was down are left out"]
        if understood.late == "skip"
        else []
    )
    return "; ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a command is called in a kind of place of an app; `{}` is its name.

    The test of a cell is `tests/test_command_ways.py`, by the way's name.
    """

    name: str
    app: str
    where: Kind
    written: str


WAYS = (
    Way(name="telegram", app="Telegram", where="private", written="menu, or `/{}`"),
    Way(name="telegram_group", app="Telegram", where="room", written="menu, or `/{}@your_bot`"),
    Way(name="discord", app="Discord", where="private", written="menu, or `/{}`"),
    Way(name="discord_room", app="Discord", where="room", written="menu, or `@Bridge /{}`"),
    Way(name="slack", app="Slack", where="private", written="`/bridge {}`"),
    Way(name="slack_room", app="Slack", where="room", written="`/bridge {}`"),
    Way(name="slack_thread", app="Slack", where="room", written="in a thread `@bridge /{}`"),
    Way(name="whatsapp", app="WhatsApp", where="private", written="`/{}`"),
    Way(name="email", app="e-mail", where="private", written="reply `/{}`"),
    Way(name="page", app="page, terminal, HTTP", where="private", written="`/{}`"),
)
"""How commands are called. Each has a test of its name."""


def ways() -> str:
    """Return the table of how each command is called in each app, and by which test that holds."""
    apps = list(dict.fromkeys(each.app for each in WAYS))
    rows = [(f"`/{each.name}`", *(_called(each, app) for app in apps)) for each in slash.COMMANDS]
    held = [", ".join(f"`{each.name}`" for each in WAYS if each.app == app) for app in apps]
    return _table(("command", *apps), [*rows, ("held by the test", *held)])


def _called(command: SlashCommand, app: str) -> str:
    """Return how a command is called in an app, in each kind of place where it may be."""
    where = rule_for(command.act).where
    fit = [each for each in WAYS if each.app == app and where in {"anywhere", each.where}]
    private = [each.written for each in fit if each.where == "private"]
    rooms = [each.written for each in fit if each.where == "room" and each.written not in private]
    named = [f"in rooms {each}" if private and "thread" not in each else each for each in rooms]
    return "; ".join(each.format(command.name) for each in (*private, *named)) or "no"


TABLES: Mapping[str, tuple[Path, Callable[[], str]]] = {
    "languages": (DOCS / "languages.md", languages),
    "phrases": (DOCS / "schedules.md", phrases_read),
    "permissions": (DOCS / "security.md", permissions),
    "slash commands": (DOCS / "slash-commands.md", slash_commands),
    "how to call commands": (DOCS / "team.md", ways),
}


def made(name: str, page: str) -> str:
    """Return a page with a table as it has to be. Raises `ValueError` where it has no marks."""
    _, table = TABLES[name]
    begin, end = f"<!-- {name}: made by tests/docs_tables.py -->\n\n", f"\n\n<!-- {name}: end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        message = f"no place for the table of {name}"
        raise ValueError(message)
    return f"{before}{begin}{table()}{end}{after}"


def _asked(rule: Rule) -> str:
    """Name what asks for something: the command of a session, and slash commands."""
    kind = rule.of if isinstance(rule.act, str) else rule.act
    typed = [f"`/{each.name}`" for each in slash.COMMANDS if each.act == rule.act]
    return ", ".join([*([f"`{kind.__name__}`"] if kind is not None else []), *typed])


def _who(rule: Rule) -> str:
    if rule.needs is None:
        return rule.note or "everyone let in"
    return f"{rule.needs} ({rule.note})" if rule.note else rule.needs


def _who_sends(command: SlashCommand) -> str:
    opened = ", member once an owner opens it" if command.name in OPENABLE else ""
    return f"{_who(rule_for(command.act))}{opened}"


def _usage(command: SlashCommand) -> str:
    return f"/{command.name} {command.argument}".strip()


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *([re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in row] for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    for each, (path, _) in TABLES.items():
        path.write_text(made(each, path.read_text(encoding="utf-8")), encoding="utf-8")
