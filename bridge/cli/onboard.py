"""`bridge onboard`: from nothing to a phone that rings, in one go.

The rules:

- A step looks first whether it is done; then it asks only whether to do it again. Each can be
  skipped.
- Whatever is written is whole at every moment, as with `bridge add`, whose steps these are: Ctrl-C
  leaves what was done, and the next time goes on from there.
- Keys and tokens are asked for unseen, or read from where `--set` says, as `bridge add` does.
"""

import select
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from bridge import plugins, texts
from bridge.cli.add import MODEL, PLACEHOLDER, Added, add, settings, told
from bridge.cli.exits import INTERRUPTED, CommandError, MisusedError
from bridge.cli.own_bridge import OwnBridge
from bridge.cli.push import Wanted, push
from bridge.cli.qr import drawn
from bridge.cli.remove import Part, parts
from bridge.cli.safe import one_line
from bridge.cli.server import Server, ask
from bridge.config.document import read
from bridge.config.load import find
from bridge.domain.errors import ConfigError
from bridge.domain.ids import mint
from bridge.plugins import ChannelPlugin, Suggestion

SHARED = "main"
"""The session that everybody's first words go to."""

OURS = "bridge"
"""The realm of whoever runs it, which is no app."""

FIRST_PUSH = "Bridgehead is here. Whatever your agent has to tell you will ring like this."
PUSHED_SECONDS = 20.0
LOOK_SECONDS = 1.0
"""How often it is looked whether the code was used."""

BY_HAND = """\
`bridge onboard` asks, so it needs a terminal. Without one, in this order:
  bridge add model --set model=NAME --set 'api_key=${VARIABLE}' --set api_base=
  bridge add APP --set token=@FILE           # docs/channels says what each app asks for
  bridge run                                 # keeps your code for the app in the file owner-code
  bridge send "Bridgehead is here" --wait shown"""


class LeftError(CommandError):
    """Somebody left in the middle."""

    code = INTERRUPTED


@dataclass(slots=True, kw_only=True)
class Onboarding:
    """`given` answers what is asked, by what is added (`model`, or the app) and key."""

    file: Path | None
    environ: Mapping[str, str]
    bridge: OwnBridge
    given: Mapping[str, Mapping[str, str]]
    links: list[str] = field(default_factory=list)
    """To open first, of the apps that were added just now."""

    def go(self) -> None:
        """Go through all steps. Raises `CommandError` if there is no bridge to be had."""
        _say("Bridgehead: five steps. Enter takes what stands in brackets; Ctrl-C leaves.\n")
        server = self.bridge.begin()
        self._name(server)
        changed = self._model()
        changed = self._app() or changed
        if changed:
            server = self._renewed()
        if self._phone(server):
            self._push(server)

    # -- 1. the name

    def _name(self, server: Server) -> None:
        me = ask(server, "GET", "/v1/me")
        _head(1, "Your name")
        if me["name"] != texts.OWNER and not _again(f"You are called {one_line(me['name'])}."):
            return
        while True:
            name = _asked("What are you called in the chats", me["name"])
            if name == me["name"]:
                return
            try:
                ask(server, "PATCH", "/v1/me", json={"name": name})
            except CommandError as error:
                _say(f"{error}\n")
            else:
                return

    # -- 2. the model

    def _model(self) -> bool:
        _head(2, "A model")
        answering = next(each for each in self._parts("agents") if each.answers)
        if answering.type != PLACEHOLDER and not _again(f"{answering.name} answers."):
            return False
        found = plugins.suggested(self.environ)
        choices: list[tuple[str, Callable[[], Added | None]]] = []
        if found is not None:
            kind, suggestion = found
            choices.append((suggestion.why, lambda: self._take(kind, suggestion)))
        choices += [
            ("any model: type its name and its key", self._any_model),
            (f"go on with {answering.name}", lambda: None),
        ]
        default = 1 if found is not None else len(choices)
        return self._chosen(choices, default)

    def _take(self, kind: str, suggestion: Suggestion) -> Added:
        """Add the model that was found here."""
        options = {key: str(value) for key, value in suggestion.options.items()}
        for key, variable in suggestion.secrets.items():
            kept = f"Keep the key of {variable} in the data folder, so that it is there always"
            if typer.confirm(kept, default=True):
                options[key] = f"${{{variable}}}"
        setup = plugins.load("agents", kind).setup
        left = {each.key: "" for each in setup.asks} if setup else {}
        return self._added(kind, {**left, **options})

    def _any_model(self) -> Added:
        return self._added(MODEL, self.given.get("model", {}))

    # -- 3. a chat app

    def _app(self) -> bool:
        _head(3, "A chat app")
        connected = {each.type: each.name for each in self._parts("channels")}
        if connected and not _again(f"Connected: {', '.join(connected.values())}."):
            return False
        choices = [
            (title, lambda kind=kind: self._added(kind, self.given.get(kind, {})))
            for kind, title in _apps()
            if kind not in connected
        ]
        return self._chosen([*choices, ("none for now", lambda: None)], len(choices) + 1)

    # -- 4. the phone

    def _phone(self, server: Server) -> bool:
        """Wait until the owner has written from an app; return whether they have."""
        _head(4, "Your phone")
        if not self._parts("channels"):
            _say("No chat app is connected, so there is none to link.\n")
            return False
        known = _accounts(server)
        if known and not _again(f"You are known in {', '.join(sorted(known))}."):
            return True
        made = ask(server, "POST", f"/v1/sessions/{SHARED}/links", json={})
        for link in made["links"]:
            _say(f"\nPoint your phone's camera here, or open {one_line(link, 300)}\n")
            _say(drawn(link))
        for link in self.links if not made["links"] else ():
            _say(f"Open {one_line(link, 300)}\n")
        _say(f"\nOr write this to the bot, in private: /link {one_line(made['code'])}\n")
        _say("It is good for ten minutes. I wait until it is there; Enter skips this.\n")
        while (now := _accounts(server)) == known:
            if _entered(LOOK_SECONDS):
                return bool(known)
        _say(f"You are there: {', '.join(sorted(now - known))}.\n")
        return True

    # -- 5. a push

    def _push(self, server: Server) -> None:
        _head(5, "A first push")
        if not typer.confirm("Let it ring there now", default=True):
            return
        me = ask(server, "GET", "/v1/me")["participant"]
        wanted = Wanted(session=SHARED, person=me, until="shown", seconds=PUSHED_SECONDS)
        try:
            push(server, FIRST_PUSH, wanted=wanted, key=mint("onboard"), as_json=False)
        except CommandError as error:
            _say(f"{error}\n")

    # -- what steps share

    def _parts(self, part: str) -> list[Part]:
        file = self.file or find(self.environ)
        root = read(file).root if file is not None and file.exists() else {}
        return [each for each in parts(root) if each.part == part]

    def _added(self, kind: str, given: Mapping[str, str]) -> Added:
        _say("\n")
        return add(kind, name=None, file=self.file, given=given, environ=self.environ, answers=True)

    def _chosen(
        self, choices: Sequence[tuple[str, Callable[[], Added | None]]], default: int
    ) -> bool:
        """Do what is chosen until it works or is skipped; return whether anything was added."""
        while True:
            _say("".join(f"  {at}  {text}\n" for at, (text, _) in enumerate(choices, 1)))
            typed = _asked("Which", str(default))
            if typed not in map(str, range(1, len(choices) + 1)):
                _say(f"A number from 1 to {len(choices)}.\n")
                continue
            try:
                added = choices[int(typed) - 1][1]()
            except (ConfigError, MisusedError) as error:
                _say(f"\n{error}\n\n")
                default = len(choices)
                continue
            if added is None:
                return False
            self.links += [added.verified.link] if added.verified.link else []
            _say(told(added))
            return True

    def _renewed(self) -> Server:
        """Return the bridge once it runs with what was added."""
        _say("\nThe bridge begins anew with it …\n")
        before = self.bridge.process()
        renewed = self.bridge.renew()
        if renewed is not None:
            return renewed
        _say("It runs elsewhere: stop it there and start it again. I wait; Ctrl-C leaves.\n")
        while self.bridge.process() in {before, None} or (found := self.bridge.running()) is None:
            time.sleep(LOOK_SECONDS)
        return found


def onboard(
    file: Path | None,
    environ: Mapping[str, str],
    *,
    given: Sequence[str] = (),
    arguments: tuple[str, ...] = (),
) -> None:
    """Go through it at a terminal. `given`: KIND.KEY=VALUE; `arguments` are those of `bridge run`.

    Raises `MisusedError` where there is no terminal, `LeftError` when somebody leaves.
    """
    answers = settings_by_kind(given)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise MisusedError(BY_HAND)
    bridge = OwnBridge(file=file, environ=environ, arguments=arguments)
    for closing in (signal.SIGHUP, signal.SIGTERM):  # a window is closed: the bridge ends with it
        signal.signal(closing, signal.default_int_handler)
    try:
        Onboarding(file=file, environ=environ, bridge=bridge, given=answers).go()
        _say(_ready(bridge))
        bridge.wait()
    except (typer.Abort, KeyboardInterrupt):
        _say("\n")
        if bridge.is_own:
            _say("The bridge stops …\n")
        raise LeftError("what was done stays; `bridge onboard` goes on from there") from None
    finally:
        bridge.stop()


def settings_by_kind(given: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """Return answers by what they are for. Raises `MisusedError`."""
    found: dict[str, dict[str, str]] = {}
    for key, value in settings(given).items():
        kind, dot, name = key.partition(".")
        if not dot or not name:
            raise MisusedError(f"--set takes KIND.KEY=VALUE, such as model.api_key=@FILE: {key!r}")
        found.setdefault(kind, {})[name] = value
    return found


def _ready(bridge: OwnBridge) -> str:
    here = "Bridgehead runs here until you press Ctrl-C; then start it with `bridge run`.\n"
    return (
        "\nThat is all. `bridge chat` talks to it from a terminal, `bridge doctor` says what"
        " works.\n" + (here if bridge.is_own else "")
    )


def _apps() -> Iterable[tuple[str, str]]:
    """Return each chat app that can be added, with what people call it."""
    for kind in plugins.available("channels"):
        try:
            plugin: ChannelPlugin = plugins.load("channels", kind)
        except ConfigError as error:
            yield kind, f"{kind} ({error})"
        else:
            if plugin.setup is not None:
                yield kind, plugin.title


def _accounts(server: Server) -> set[str]:
    """Return in which apps the bridge's owner is known."""
    me = ask(server, "GET", "/v1/me")["participant"]
    people: Sequence[Mapping[str, Any]] = ask(server, "GET", "/v1/people")["people"]
    mine = (each["identities"] for each in people if each["id"] == me)
    return {one_line(each["realm"]) for found in mine for each in found} - {OURS}


def _entered(seconds: float) -> bool:
    """Wait; return whether Enter was pressed meanwhile."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    if ready and not sys.stdin.readline():
        raise typer.Abort  # Ctrl-D
    return bool(ready)


def _again(done: str) -> bool:
    _say(f"Done: {done}\n")
    return typer.confirm("Do it again", default=False)


def _asked(question: str, default: str) -> str:
    typed: str = typer.prompt(question, default=default)
    return typed.strip()


def _head(number: int, title: str) -> None:
    _say(f"\n{number}. {title}\n")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
