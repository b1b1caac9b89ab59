"""The command `bridge`: its commands and options. What a command needs is imported when it runs."""

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.exits import FAILED, INTERRUPTED, MISUSED, CommandError

app = typer.Typer(
    name="bridge",
    help="One durable session between an agent and its people, in every chat app at once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
session_commands = typer.Typer(no_args_is_help=True, help="List, show and read sessions.")
app.add_typer(session_commands, name="sessions")
people_commands = typer.Typer(no_args_is_help=True, help="See who is let in where; put people out.")
app.add_typer(people_commands, name="people")

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The configuration. [$BRIDGE_CONFIG, ./config.yaml, config.yaml of the data folder]",
        show_default=False,
    ),
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="The bridge's address. [$BRIDGE_URL, else the one running here]"),
]
TokenOption = Annotated[
    Path | None,
    typer.Option("--token-file", help="The token. [$BRIDGE_TOKEN, else the owner's of this data]"),
]
DeepOption = Annotated[bool, typer.Option("--deep", help="Ask each model for one word, too.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SessionArgument = Annotated[
    str | None,
    typer.Argument(help="Its id, the beginning of one, or its title. [the last one used]"),
]


@app.command()
def run(
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option(help="Listen here instead of http.host.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Listen here instead of http.port.", min=0, max=65_535)
    ] = None,
) -> None:
    """Start the bridge."""
    from bridge.cli.run import run as start

    start(config, os.environ, host=host, port=port)


@app.command()
def chat(
    session: SessionArgument = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Chat in a session. In a pipe: say each line, print each answer."""
    from bridge.cli.chat import chat as start
    from bridge.cli.server import Where, find

    start(find(Where(config=config, url=url, token_file=token_file), os.environ), session)


@session_commands.command("list")
def list_(
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the sessions, the last touched first."""
    from bridge.cli.server import Where, find
    from bridge.cli.sessions import show_list

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    show_list(server, as_json=as_json)


@session_commands.command()
def show(
    session: SessionArgument = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who is in a session, where it is shown and what is going on."""
    from bridge.cli.server import Where, find
    from bridge.cli.sessions import show_one

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    show_one(server, session, as_json=as_json)


@session_commands.command()
def tail(
    session: SessionArgument = None,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, help="How many to begin with.")
    ] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print what comes, too.")] = False,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the last events of a session; with --json all of them as they are, one per line."""
    from bridge.cli.server import Where, find
    from bridge.cli.sessions import tail as read

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    read(server, session, lines=lines, on=follow, as_json=as_json)


@people_commands.command("list")
def people_list(
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List everyone, with their accounts, what lets them in, and their sessions."""
    from bridge.cli.people import show_people
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    show_people(find(where, os.environ), as_json=as_json)


@people_commands.command("remove")
def people_remove(
    person: Annotated[str, typer.Argument(help="Their id; `bridge people list` shows it.")],
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Put someone out of every session, and let them in nowhere any more."""
    from bridge.cli.people import remove
    from bridge.cli.server import Where, find

    remove(find(Where(config=config, url=url, token_file=token_file), os.environ), person)


@people_commands.command("allow")
def people_allow(
    person: Annotated[str, typer.Argument(help="Their id.")],
    session: Annotated[
        str | None, typer.Option("--session", "-s", help="Its id. [every one they were put out of]")
    ] = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Let someone in again who was removed."""
    from bridge.cli.people import allow
    from bridge.cli.server import Where, find

    allow(find(Where(config=config, url=url, token_file=token_file), os.environ), person, session)


@people_commands.command("unlink")
def people_unlink(
    number: Annotated[str, typer.Argument(help="The code's number; the list shows it.")],
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Undo that someone joined as someone else by a code."""
    from bridge.cli.people import unlink
    from bridge.cli.server import Where, find

    unlink(find(Where(config=config, url=url, token_file=token_file), os.environ), number)


@people_commands.command("code")
def people_code(
    config: ConfigOption = None, url: UrlOption = None, token_file: TokenOption = None
) -> None:
    """Print a new owner's code; the one before works no more."""
    from bridge.cli.people import code
    from bridge.cli.server import Where, find

    code(find(Where(config=config, url=url, token_file=token_file), os.environ))


@app.command()
def send(
    text: Annotated[str, typer.Argument(help="What to say; - reads it from the input.")] = "",
    file: Annotated[
        list[Path] | None, typer.Option("--file", "-f", help="Send this file, too; up to ten.")
    ] = None,
    session: Annotated[
        str | None, typer.Option("--session", "-s", help="Where. [the last one used]")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Said once, however often it is sent with this key.")
    ] = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Push a message, files or both into a session, as they are, to everyone who follows it."""
    if not text and not file:
        raise typer.BadParameter("say something, or name a --file")
    from bridge.cli.push import push
    from bridge.cli.server import Where, find

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    push(server, text, file or (), session=session, key=key, as_json=as_json)


@app.command()
def add(
    platform: Annotated[str, typer.Argument(help="telegram, discord, slack, whatsapp, model, …")],
    name: Annotated[str | None, typer.Option(help="The account's name. [the platform's]")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Answer a question, or set another key."),
    ] = None,
    answers: Annotated[
        bool | None,
        typer.Option("--answers/--no-answers", help="The model answers from now on, or waits."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Add a chat app or a model: ask for its keys, try them, write the configuration."""
    from bridge.cli.add import add as add_account
    from bridge.cli.add import settings

    given = settings(setting or ())
    add_account(platform, name=name, file=config, given=given, environ=os.environ, answers=answers)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Serve the page here.", min=0, max=65_535)] = 8790,
    once: Annotated[
        bool, typer.Option("--once", help="Ask one question, print what each app shows, and end.")
    ] = False,
) -> None:
    """Show one session in four chat apps on one page, without any account."""
    from bridge.cli.demo import demo as show_all

    show_all(port, once=once)


@app.command("check-config")
def check_config(
    config: ConfigOption = None, as_json: JsonOption = False, deep: DeepOption = False
) -> None:
    """Check the configuration; tell every problem at once."""
    from bridge.cli.check import check

    if not check(config, os.environ, as_json=as_json, deep=deep):
        raise typer.Exit(MISUSED)


@app.command()
def doctor(
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    deep: DeepOption = False,
) -> None:
    """Tell what works, what does not, and what to do about it."""
    from bridge.cli.doctor import doctor as examine
    from bridge.cli.server import Where

    where = Where(config=config, url=url, token_file=token_file)
    if not examine(where, os.environ, as_json=as_json, deep=deep):
        raise typer.Exit(FAILED)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to put it.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Copy the database of the running bridge into a file."""
    from bridge.cli.backup import backup as keep
    from bridge.cli.server import Where, find

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    keep(server, file, force=force)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")], config: ConfigOption = None
) -> None:
    """Put a backup in place of the database; the bridge must be stopped."""
    from bridge.cli.backup import restore as put_back
    from bridge.cli.server import Where

    put_back(Where(config=config), file, os.environ)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    python = ".".join(map(str, sys.version_info[:3]))
    sys.stdout.write(f"bridgehead {installed('bridgehead')} (Python {python})\n")


def main() -> None:
    """Run the command line; every error ends as one message and an exit code."""
    from bridge.errors import BridgeError, ConfigError

    _tolerate_odd_characters()
    try:
        app()
    except CommandError as error:
        _fail(str(error), error.code)
    except ConfigError as error:
        _fail(str(error), MISUSED)
    except BrokenPipeError:
        # whoever read our output has seen enough; nothing more can be written, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except (BridgeError, OSError) as error:
        _fail(str(error), FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _tolerate_odd_characters() -> None:
    """Let a terminal without UTF-8, or input that is none, lose a character but not the command."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _fail(message: str, code: int) -> None:
    sys.stderr.write(f"bridge: {message}\n")
    sys.exit(code)
