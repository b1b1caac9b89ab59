"""The shape of the tree: which way imports go, how long things get, what is written nowhere."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from bridge.domain.codec import TYPES
from bridge.domain.events import BODIES

ROOT = Path(__file__).parent.parent
PACKAGES = ("bridge", "channels", "agents", "storage")

LONGEST_FUNCTION = 60
SHORT, MEDIUM = 7, 25
"""Half of the functions are at most short, nine in ten at most medium."""

LONGEST_CLASS, MOST_METHODS = 200, 15
"""Lines, and methods beside those that Python itself calls (`__init__` and its like)."""

AS_WIDE_AS_ITS_PORT: dict[str, str] = {
    "channels/discord/inbound.py:Listener": "the gateway's `Events`",
    "channels/memory.py:MemoryChannel": "the port `Channel` and its abilities",
    "channels/memory_platform.py:MemoryPlatform": "a platform, made up as those of the demo are",
    "channels/telegram/channel.py:TelegramChannel": "the port `Channel` and its abilities",
    "storage/memory.py:MemoryStore": "the port `Store`",
    "storage/sql/sql_store.py:SqlStore": "the port `Store`",
    "bridge/http/server.py:_Protocol": "what uvicorn calls of a connection",
}
"""Classes with as many methods as what they implement has, and what that is."""

STILL_TOO_LARGE: frozenset[str] = frozenset(
    {
        "bridge/delivery/plan.py:_Planner",
        "bridge/engine/access/pairing_codes.py:PairingCodes",
        "bridge/engine/access/admission.py:Admission",
        "bridge/engine/inbound/intake.py:Intake",
        "bridge/engine/outbound/courier.py:Courier",
    }
)
"""Classes that are still to be divided. Only ever take one out."""

MOST_SINGLE_IMPORTERS = 28.2
"""Percent of the modules that only one other imports. A goal of 20; only ever lower it."""

LONGEST_TOGETHER = 400
"""Lines. What would be longer than this in one file has a reason to be two."""

ALONE_FOR: dict[str, str] = {
    "agents.litellm.agent": "what the package is for; only it is imported by the plug-in",
    "agents.litellm.completion": "the model's part of a step",
    "agents.litellm.setup": "what `bridge add model` asks",
    "agents.litellm.voice": "what was spoken, in a step",
    "agents.tools.fetch": "a tool with an attack surface of its own",
    "bridge.cli.mend": "it changes what the doctor only looks at",
    "bridge.cli.reached": "what this machine's network says: nothing of what is printed",
    "bridge.cli.main": "the program; `python -m bridge` runs it too",
    "bridge.demo.telegram.fields": "made from the Bot API's description",
    "bridge.engine.commands.open_invitations": "what any owner sees and ends, not its maker alone",
    "bridge.engine.commands.pairing_leaks": "a code that was seen by others is void",
    "bridge.engine.commands.session_people": "what is done with one session's people",
    "bridge.engine.commands.taking_back": "what goes with a grant",
    "bridge.engine.outbound.deliveries": "what is asked of the courier, not what it does",
    "bridge.engine.runs.upkeep": "what agents do while nobody waits",
    "bridge.engine.scheduler": "a worker",
    "bridge.engine.supervisor": "what keeps workers running",
    "bridge.http.agents": "one of the routers",
    "bridge.http.api": "one of the routers",
    "bridge.http.assets": "one of the routers",
    "bridge.http.background": "one of the routers",
    "bridge.hooks.library": "what services send: nothing of configurations",
    "bridge.http.hooks": "one of the routers",
    "bridge.http.invitations": "one of the routers",
    "bridge.http.compatible": "one of the routers",
    "bridge.http.metrics": "one of the routers",
    "bridge.http.questions": "one of the routers",
    "bridge.http.members": "one of the routers",
    "bridge.http.people": "one of the routers",
    "bridge.http.platform_callbacks": "one of the routers",
    "bridge.http.pushes": "one of the routers",
    "bridge.http.session_files": "one of the routers",
    "bridge.http.subscriptions": "one of the routers",
    "bridge.http.session_imports": "one of the routers",
    "bridge.http.retention": "one of the routers",
    "bridge.http.traces": "one of the routers",
    "bridge.session.decide_membership": "one of the themes of commands",
    "bridge.session.decide_messages": "one of the themes of commands",
    "bridge.session.schedule": "when a rule is due: nothing of sessions",
    "bridge.testing.turns": "what every agent has to do",
    "channels.email.automatic": "which mails no person wrote: nothing of what a mail says",
    "channels.email.quoting": "a mail's own words: nothing of its parts and charsets",
    "channels.whatsapp.poll": "one of two ways to hear",
    "channels.whatsapp.webhook": "one of two ways to hear",
    "storage.sql.forgetting": "the one change of events",
    "storage.sql.sqlite": "one of two drivers",
}
"""Modules that only one other imports, and why they are modules all the same.

No reason has to be given where it can be seen: a module is pure and its importer is not; it is
imported only when it is used; it is called as in every platform's folder; with its importer it
would be longer than `LONGEST_TOGETHER`.
"""

NAMES_ON_EVERY_PLATFORM = frozenset(
    {
        "__init__", "channel", "client", "config", "content", "conversation_ids", "doctor",
        "errors", "files", "from_markdown", "history", "inbound", "interactions", "limits",
        "outbound", "parse", "reactions", "read_marks", "render", "schema", "setup", "to_markdown",
    }
)  # fmt: skip
"""What a file in a platform's folder is called; docs/architecture.md says what is in each."""

NAMES_OF_ONE_PLATFORM: dict[str, frozenset[str]] = {
    "telegram": frozenset({"rich"}),
    "discord": frozenset({"commands", "forms", "gateway"}),
    "email": frozenset(
        {"addresses", "authentication", "automatic", "html_text", "quoting"}
        | {"senders", "smtp", "threads"}
    ),
    "slack": frozenset({"agent_sessions", "blocks", "manifest", "names", "socket", "streams"}),
    "whatsapp": frozenset(
        {"aliases", "counters", "part_key", "poll", "service_window", "transport", "webhook"}
    ),
}  # fmt: skip
"""What no other platform has. Only add one for what would be in none of the files above."""

MOST_IMPORT_LINES = 8.0
"""Percent of all lines. A goal of 7; only ever lower it."""

NO_CODE = "types and names only: every test uses them"
TESTED_ELSEWHERE: dict[str, str] = {
    "agents.names": "tests/agents/litellm/test_working_log.py",
    "bridge.domain.run_output": NO_CODE,
    "bridge.__main__": "tests/cli/test_main.py",
    "bridge.cli.exits": "tests/cli/test_main.py",
    "bridge.exports": "tests/engine/commands/test_exporting.py",
    "bridge.http.app": "tests/http/test_openapi.py",
    "bridge.engine.outbound.progress": "tests/engine/outbound/test_deliveries.py",
    "bridge.engine.outbound.subscriptions": "tests/http/test_subscriptions.py",
    "bridge.engine.outbound.lane_drops": "tests/http/test_deliveries.py",
    "bridge.http.metrics": "tests/http/test_deliveries.py",
    "bridge.http.middleware": "tests/http/test_bad_input.py",
    "bridge.http.errors": "tests/http/test_bad_input.py",
    "bridge.http.hook_calls": "tests/http/test_hooks.py",
    "bridge.http.hook_desk": "tests/http/test_hooks.py",
    "bridge.http.limits": NO_CODE,
    "bridge.http.admin": "tests/http/test_api.py",
    "bridge.http.dependencies": "tests/http/test_auth.py",
    "bridge.http.streams": "tests/http/test_catch_up.py",
    "bridge.http.validators": NO_CODE,
    "bridge.session.state": NO_CODE,
    "bridge.engine.runs.run_recorder": "tests/engine/runs/test_runner.py",
    "bridge.engine.commands.open_invitations": "tests/engine/commands/test_invitations.py",
    "bridge.engine.commands.session_people": "tests/http/test_members.py",
    "bridge.engine.commands.pairing_leaks": "tests/engine/commands/test_pairing.py",
    "bridge.engine.commands.pairing_notices": "tests/engine/commands/test_pairing.py",
}
"""Modules whose test is not called after them: where it is, or why there is none."""

FAMILIES = {
    "bridge.ports.": "tests/conformance",
    "bridge.demo.": "tests/demo",
    "bridge.testing.": "tests/conformance",
    "storage.": "tests/conformance",
    "channels.markdown.": "tests/channels/markdown",
    "channels.discord.": "tests/channels/discord",
    "channels.email.": "tests/channels/email",
    "channels.whatsapp.": "tests/channels/whatsapp",
}
"""Whole packages that one suite tests: what they have to do is the port's contract."""


def tracked(*patterns: str) -> list[Path]:
    """Return the files of this tree that git knows or would add."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    done = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def sources() -> list[Path]:
    return [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in PACKAGES]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# -- which way imports go -------------------------------------------------------------------------


def lint_imports(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    script = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", script, "--no-cache", *arguments]
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)


def test_imports_go_down_only():
    done = lint_imports()
    assert done.returncode == 0, done.stdout


def test_the_rule_for_pure_modules_can_be_broken(tmp_path):
    """The contract sees the standard library: the real clock would break it."""
    config = (ROOT / "pyproject.toml").read_text()
    impure = config.replace(
        '    "bridge.texts",\n    "agents', '    "bridge.engine.clock",\n    "agents'
    )
    assert impure != config
    (tmp_path / "impure.toml").write_text(impure)
    done = lint_imports("--config", str(tmp_path / "impure.toml"))
    assert done.returncode == 1
    assert "bridge.engine.clock -> asyncio" in done.stdout


def test_every_module_of_the_core_has_its_layer():
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = " ".join(linter["contracts"][0]["layers"])
    modules = {name_of(path) for path in sources() if path.is_relative_to(ROOT / "bridge")}
    top = {".".join(name.split(".")[:2]) for name in modules} - {"bridge", "bridge.__main__"}
    assert top == set(re.findall(r"bridge\.\w+", layers))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_itself_imports_nothing_and_is_ours(package):
    assert (ROOT / package / "__init__.py").read_bytes() == b""
    assert Path(__import__(package).__file__ or "").parent == ROOT / package


STARTED_TWICE = """
import asyncio, sys
from pathlib import Path
from bridge.app import running
from bridge.config import load
file = Path(sys.argv[1])
async def start():
    async with running(load(file, {})):
        print(*sorted(sys.modules))
asyncio.run(start())
"""


def test_starting_imports_nothing_that_is_not_configured(tmp_path):
    """Not alembic on a current schema, no other database's driver, no platform's SDK."""
    (tmp_path / "config.yaml").write_text("data: kept\nhttp: {port: 0}\n")
    for _ in range(2):
        command = [sys.executable, "-c", STARTED_TWICE, str(tmp_path / "config.yaml")]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    imported = {name.split(".")[0] for name in done.stdout.split()}
    assert "sqlalchemy" in imported
    platforms = {
        "channels",
        "telegram",
        "discord",
        "slack_sdk",
        "slack_bolt",
        "twilio",
        "imapclient",
    }
    clients = {"typer", "prompt_toolkit", "httpx", "litellm"}
    assert imported & {"alembic", "asyncpg", *platforms, *clients} == set()


def test_the_version_is_told_without_importing_the_bridge():
    script = "import sys; from bridge.cli.main import app; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )
    imported = set(done.stdout.split())
    assert not imported & {"httpx", "sqlalchemy", "fastapi", "rich.console", "prompt_toolkit"}


# -- nothing goes round in circles -----------------------------------------------------------------


def graph() -> dict[str, set[str]]:
    """Return what each module imports of ours: at once, in a function, or for its types."""
    paths = {name_of(path): path for path in sources()}
    return {name: imported_by(path, paths) for name, path in paths.items()}


def circle(graph: Mapping[str, Iterable[str]]) -> Sequence[str]:
    """Return one circle of a graph, from its beginning to its beginning again; empty if none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def within(package: str, modules: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """Return which of what is directly in a package imports which other, by what is in these."""
    found: dict[str, set[str]] = defaultdict(set)
    for module, imported in modules.items():
        for each in imported:
            if module.startswith(f"{package}.") and each.startswith(f"{package}."):
                mine, other = (name[len(package) + 1 :].split(".")[0] for name in (module, each))
                if mine != other:
                    found[mine].add(other)
    return found


def test_no_module_imports_itself_through_others_not_even_late():
    assert circle(graph()) == []


def test_no_package_imports_itself_through_others():
    """Of what is directly in a package, module or package, none needs another that needs it."""
    modules = graph()
    packages = {name for name in modules if any(each.startswith(f"{name}.") for each in modules)}
    assert len(packages) > 20
    circles = {each: circle(within(each, modules)) for each in packages}
    assert {name: found for name, found in circles.items() if found} == {}


def test_a_circle_is_seen():
    modules = {
        "a.x.one": {"a.y.two"},
        "a.y.three": {"a.x.four"},
        "a.y.two": set(),
        "b": {"a.x.one"},
    }
    assert circle(modules) == []
    assert set(circle(within("a", modules))) == {"x", "y"}


# -- how long things get --------------------------------------------------------------------------


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_functions_stay_short():
    """Migrations are records of what was done, not code that is read again."""
    kept = [path for path in sources() if "migrations" not in path.parts]
    lengths = dict(each for path in kept for each in functions(path))
    assert not {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION}
    ordered = sorted(lengths.values())
    assert ordered[len(ordered) // 2] <= SHORT
    assert ordered[len(ordered) * 9 // 10] <= MEDIUM


def classes(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield each class with its lines and its methods."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            methods = [
                each.name
                for each in node.body
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                and not each.name.startswith("__")
            ]
            name = f"{path.relative_to(ROOT)}:{node.name}"
            yield name, (node.end_lineno or 0) - node.lineno + 1, len(methods)


def test_classes_stay_small():
    """The platforms that the demo makes up are as wide as the real ones."""
    kept = [path for path in sources() if not path.is_relative_to(ROOT / "bridge" / "demo")]
    large = {
        name
        for path in kept
        for name, lines, methods in classes(path)
        if lines > LONGEST_CLASS or methods > MOST_METHODS
    }
    excused = STILL_TOO_LARGE | AS_WIDE_AS_ITS_PORT.keys()
    assert large - excused == set()
    assert excused - large == set(), "these are small by now"


# -- how many rooms there are ---------------------------------------------------------------------


def imports(path: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def imported_by(path: Path, modules: Iterable[str]) -> set[str]:
    """Return which of these modules a file imports, itself or something of them."""
    named: set[str] = set()
    for node in imports(path):
        if isinstance(node, ast.Import):
            named |= {each.name for each in node.names}
        else:
            names = {f"{node.module}.{each.name}" for each in node.names}
            named |= names & set(modules) or {node.module or ""}
    return (named & set(modules)) - {name_of(path)}


def only_importers() -> dict[str, str]:
    """Return the modules that exactly one other imports, with which that is."""
    paths = sources()
    modules = {name_of(path) for path in paths if path.name != "__init__.py"}
    importers = defaultdict(list)
    for path in paths:
        for each in imported_by(path, modules):
            importers[each].append(name_of(path))
    return {name: found[0] for name, found in importers.items() if len(found) == 1}


def test_a_module_that_one_other_imports_is_the_exception():
    single = only_importers()
    modules = [path for path in sources() if path.name != "__init__.py"]
    assert len(single) * 100 <= MOST_SINGLE_IMPORTERS * len(modules), sorted(single)


def is_pure(module: str) -> bool:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (pure,) = (each for each in linter["contracts"] if each["name"].startswith("Pure modules"))
    return any(module == each or module.startswith(f"{each}.") for each in pure["source_modules"])


def is_imported_at_once(module: str, path: Path) -> bool:
    """Say whether a file imports a module when it is itself imported, not when that is used."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            if module in {node.module, *(f"{node.module}.{each.name}" for each in node.names)}:
                return True
        elif isinstance(node, ast.Import) and module in {each.name for each in node.names}:
            return True
    return False


def is_called_as_everywhere(module: str) -> bool:
    package, *_, name = module.split(".")
    return package == "channels" and name in NAMES_ON_EVERY_PLATFORM


def lines_of(*paths: Path) -> int:
    return sum(len(path.read_text().splitlines()) for path in paths)


def test_a_module_that_one_other_imports_has_a_reason_to_be_one():
    """Else its importer is its place: a reader opens one file less."""
    paths = {name_of(path): path for path in sources()}
    without_reason = {
        module: importer
        for module, importer in only_importers().items()
        if is_imported_at_once(module, paths[importer])
        and not (is_pure(module) and not is_pure(importer))
        and not is_called_as_everywhere(module)
        and lines_of(paths[module], paths[importer]) <= LONGEST_TOGETHER
        and module not in ALONE_FOR
    }
    assert without_reason == {}, "merge it, or say why it is a module in ALONE_FOR"
    assert ALONE_FOR.keys() <= paths.keys(), "these are gone"


def test_the_files_of_every_platform_have_the_same_names():
    folders = {path.parent for path in tracked("channels/*/config.py")}
    assert {folder.name for folder in folders} == NAMES_OF_ONE_PLATFORM.keys()
    for folder in folders:
        names = {path.stem for path in folder.glob("*.py")}
        assert names - NAMES_ON_EVERY_PLATFORM - NAMES_OF_ONE_PLATFORM[folder.name] == set()


PLATFORMS = re.compile(
    r"(?i:telegram|discord|slack|whatsapp|twilio|\bimap|\bsmtp)"
    r"|(?<!from )(?<!import )\b[Ee]mail\b"  # Python has a module of this name
)

NAMES_PLATFORMS: dict[str, str] = {
    "agents/litellm/config.py": "its error for people gives an account as an example",
    "bridge/cli/main.py": "the help of `bridge add` names what can be added",
    "bridge/hooks/verification.py": "its way to sign a call is one of those that others have",
    "bridge/demo/apps.py": "the demo is about these four: it puts their fakes together",
    "bridge/demo/page.html": "the demo's page: each app has its colour",
    "bridge/demo/page.py": "the demo's story: what was said in which app",
    "channels/markdown/safe.py": "the schemes of links that open an app",
}
"""Files outside of a platform's folders that name one, and why they have to."""


def is_a_platforms_own(path: Path) -> bool:
    """Say whether a file is in the folder of a platform, or in that of its fake."""
    inside = path.relative_to(ROOT).as_posix()
    return bool(re.match(rf"(channels|bridge/demo)/({PLATFORMS.pattern})/", inside))


def test_nothing_outside_of_its_folder_names_a_platform():
    """No identifier, no text, no docstring: what is so on one platform may be so on the next."""
    kept = [path for path in tracked(*PACKAGES) if not is_a_platforms_own(path)]
    assert len(kept) > 300
    naming = {
        str(path.relative_to(ROOT))
        for path in kept
        if PLATFORMS.search(path.read_bytes().decode(errors="replace"))
    }
    assert naming - NAMES_PLATFORMS.keys() == set(), "say it without the name, or in its folder"
    assert NAMES_PLATFORMS.keys() - naming == set(), "these name none any more"


def test_each_platform_is_one_of_those_that_are_looked_for():
    folders = {path.parent.name for path in tracked("channels/*/config.py")}
    assert not [name for name in folders if not PLATFORMS.fullmatch(name)]


def test_few_lines_are_imports():
    paths = sources()
    lines = sum(len(path.read_text().splitlines()) for path in paths)
    taken = sum(
        (node.end_lineno or 0) - node.lineno + 1 for path in paths for node in imports(path)
    )
    assert taken * 100 <= MOST_IMPORT_LINES * lines


# -- what has to be there -------------------------------------------------------------------------


def own_tests(path: Path) -> list[Path]:
    """Return where a module's test may be: the same place in the mirror that tests/ is."""
    *folders, name = path.relative_to(ROOT).with_suffix("").parts
    mirror = ROOT.joinpath("tests", *(folders[1:] if folders[0] == "bridge" else folders))
    return [mirror / f"test_{name}.py", mirror / f"test_{folders[-1]}_{name}.py"]


def test_every_module_has_its_own_test():
    modules = {name_of(path): path for path in sources() if path.name != "__init__.py"}
    untested = {
        name
        for name, path in modules.items()
        if not any(test.exists() for test in own_tests(path))
        and not name.startswith(tuple(FAMILIES))
    }
    assert untested - TESTED_ELSEWHERE.keys() == set()
    assert TESTED_ELSEWHERE.keys() - untested == set(), "these have a test of their own by now"


def test_what_is_said_to_be_tested_elsewhere_is_there():
    for place in {*TESTED_ELSEWHERE.values(), *FAMILIES.values()}:
        if place.startswith("tests/"):
            assert (ROOT / place).exists(), place


def test_every_event_is_in_the_page_about_events():
    page = (ROOT / "docs" / "events.md").read_text()
    assert not [body.__name__ for body in BODIES if f"`{body.__name__}`" not in page]


# -- who decides by an event decides for each -----------------------------------------------------

BODY_NAMES = {body.__name__ for body in BODIES}


def matches(path: Path) -> Iterator[tuple[str, ast.Match]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Match):
            yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def is_on_events(match: ast.Match) -> bool:
    """Say whether a match is on the bodies of events: by what it is called, or by its cases."""
    patterns = (node for case in match.cases for node in ast.walk(case.pattern))
    classes = {ast.unparse(each.cls) for each in patterns if isinstance(each, ast.MatchClass)}
    return ast.unparse(match.subject).endswith(".body") or bool(classes & BODY_NAMES)


def says_what_is_left(last: ast.match_case) -> bool:
    """Say whether a last case names what it takes, or hands on what is left to who decides."""
    if not isinstance(last.pattern, ast.MatchAs) or last.pattern.pattern is not None:
        return True
    names = {each.id for line in last.body for each in ast.walk(line) if isinstance(each, ast.Name)}
    return last.pattern.name in names or "assert_never" in names


def test_every_match_on_events_says_what_it_ignores():
    """It ends in `assert_never` or `assert_type(rest, <alias>)`; a bare `case _` forgets what is
    added to the events later."""
    found = [each for path in sources() for each in matches(path) if is_on_events(each[1])]
    assert len(found) > 30
    assert not [where for where, match in found if not says_what_is_left(match.cases[-1])]


IGNORED_BY_THE_PAGE = {
    "note_removed",
    "history_compacted",
    "usage_reported",
    "reacted",
    "background_begun",
}


def test_the_page_decides_by_each_event_or_it_is_said_that_it_ignores_it():
    """No type checker sees that: the page folds the log in its own language."""
    page = (ROOT / "bridge" / "http" / "web" / "js" / "log.js").read_text()
    folds = re.search(r"^const FOLDS = \{$(.*?)^\};$", page, re.MULTILINE | re.DOTALL)
    assert folds is not None
    folded = set(re.findall(r"^  (\w+)\(log, event\) \{$", folds[1], re.MULTILINE))
    assert folded | IGNORED_BY_THE_PAGE == TYPES.keys()
    assert not folded & IGNORED_BY_THE_PAGE


def test_whoever_adds_an_event_finds_each_of_these_places_in_the_page():
    page = (ROOT / "docs" / "architecture.md").read_text()
    places = page[page.index("What stops at a new event:") :]
    found = {
        str(path.relative_to(ROOT))
        for path in sources()
        if any(is_on_events(match) for _, match in matches(path))
    }
    found.remove("agents/echo.py")  # it matches what the index made of events
    assert not [path for path in sorted(found) if f"`{path}`" not in places]


def test_no_match_ends_in_a_case_that_may_not_apply():
    """The type checker takes a match that ends in a guarded case for exhaustive."""
    found = [each for path in sources() if "demo" not in path.parts for each in matches(path)]
    assert not [where for where, match in found if match.cases[-1].guard]


FORGETFUL = """
from dataclasses import dataclass
from typing import assert_never, assert_type

@dataclass
class Said: ...
@dataclass
class Shown: ...
@dataclass
class Added: ...

Ignored = Shown

def named(body: Said | Shown | Added) -> None:
    match body:
        case Said():
            pass
        case rest:
            assert_type(rest, Ignored)

def told_apart(body: Said | Shown | Added) -> None:
    match body:
        case Said() | Shown():
            pass
        case _:
            assert_never(body)

def spelled_out(body: Said | Shown | Added) -> None:
    match body:
        case Said() | Shown():
            pass

def stale(body: Said | Added) -> None:
    match body:
        case Said() | Added():
            pass
        case rest:
            assert_type(rest, Ignored)
"""


def test_a_match_that_forgets_an_event_fails_type_checking(tmp_path):
    """So does one that names what there is no more."""
    (tmp_path / "forgetful.py").write_text(FORGETFUL)
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    command += ["--cache-dir", str(tmp_path / "cache"), "forgetful.py"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    codes = re.findall(r"error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE)
    assert codes == ["assert-type", "arg-type", "exhaustive-match", "unreachable"], done.stdout


# -- what is written nowhere ----------------------------------------------------------------------

REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted",
    "npm" + "js.",
    "unp" + "kg.com",
    "js" + "delivr",
    "cdn" + "js.",
    "docker" + ".io",
    "ghcr" + ".io",
    "quay" + ".io",
    "proxy.golang" + ".org",
    "crates" + ".io",
)


def test_no_package_registry_is_named_anywhere():
    found = []
    for path in tracked():
        text = path.read_bytes().decode(errors="replace").lower()
        found += [(str(path.relative_to(ROOT)), host) for host in REGISTRIES if host in text]
    assert not found


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_what_is_installed_is_pinned_by_hash_and_from_nowhere_in_particular(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE), "no options, no indexes"
    packages = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert len(packages) > 20
    for package in packages:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", package), package
        assert "--hash=sha256:" in package, package


def test_both_locks_pin_the_same():
    def pins(lock: str) -> dict[str, str]:
        pin = re.compile(r"^([a-z0-9._-]+)\S*==(\S+)", re.MULTILINE)
        return dict(pin.findall((ROOT / lock).read_text()))

    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert run.items() <= dev.items()
    assert "hatchling" in run, "the tree is installed without build isolation"
