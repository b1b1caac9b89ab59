"""The command `bridge`: its commands and options. What a command needs is imported when it runs."""

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.exits import FAILED, INTERRUPTED, MISUSED, UNREACHED, CommandError

app = typer.Typer(
    name="bridge",
    help="One durable session between an agent and its people, in every chat app at once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
session_commands = typer.Typer(no_args_is_help=True, help="List, show and read sessions.")
app.add_typer(session_commands, name="sessions")
people_commands = typer.Typer(no_args_is_help=True, help="See who is let in, and remove people.")
app.add_typer(people_commands, name="people")
schedule_commands = typer.Typer(no_args_is_help=True, help="See what is planned, and plan it.")
app.add_typer(schedule_commands, name="schedules")
background_commands = typer.Typer(
    no_args_is_help=True, help="See what works in the background of a session, and stop it."
)
app.add_typer(background_commands, name="background")
hook_commands = typer.Typer(
    no_args_is_help=True, help="See what services outside call, and try it."
)
app.add_typer(hook_commands, name="hooks")
subscription_commands = typer.Typer(
    no_args_is_help=True, help="Have events sent to an address, and see what is owed there."
)
app.add_typer(subscription_commands, name="subscriptions")
delivery_commands = typer.Typer(
    invoke_without_command=True, help="See what places are owed and why; retry it, or drop it."
)
app.add_typer(delivery_commands, name="deliveries")


def _print_version(asked: bool) -> None:  # noqa: FBT001 - typer's signature
    if asked:
        version()
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version, and exit."
        ),
    ] = False,
) -> None:
    """One durable session between an agent and its people, in every chat app at once."""


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
def onboard(
    config: ConfigOption = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KIND.KEY=VALUE",
            help="Answer a question before it is asked, as with `bridge add`: telegram.token=@FILE",
        ),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Listen here instead of http.host.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Listen here instead of http.port.", min=0, max=65_535)
    ] = None,
) -> None:
    """Set everything up, step by step: your name, a model, a chat app, your phone."""
    from bridge.cli.onboard import onboard as begin

    where = (("--host", host), ("--port", str(port) if port is not None else None))
    arguments = tuple(part for name, value in where if value is not None for part in (name, value))
    begin(config, os.environ, given=setting or (), arguments=arguments)


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
    """List the sessions; the one used last comes first."""
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
        int, typer.Option("--last", "--lines", "-n", min=0, help="How many events to print.")
    ] = 20,
    before: Annotated[
        int | None, typer.Option("--before", min=1, help="The last ones before this number.")
    ] = None,
    after: Annotated[
        int | None, typer.Option("--after", min=0, help="Instead: all that follow this number.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Also print what comes next.")
    ] = False,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the last events of a session; with --json as they are in the log, one on each line."""
    from bridge.cli.server import Where, find
    from bridge.cli.sessions import Tailing
    from bridge.cli.sessions import tail as read

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    asked = Tailing(lines=lines, before=before, after=after, on=follow, as_json=as_json)
    read(server, session, asked)


@session_commands.command()
def trace(
    session: Annotated[str, typer.Argument(help="As above; or SESSION#NUMBER, as in the log.")],
    number: Annotated[
        int | None, typer.Argument(help="The event's number in the session.", min=1)
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", "-m", help="Instead: the platform's id of a message.")
    ] = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what became of a message: who read it, what answered, what each place was shown."""
    from bridge.cli.server import Where, find
    from bridge.cli.sessions import show_trace

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    show_trace(server, session, number=number, message=message, as_json=as_json)


@session_commands.command()
def export(
    session: SessionArgument = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to put it. [it is printed]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="What you may read of it, for people to read.")
    ] = False,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Write a whole session, with its files, as JSON lines."""
    from bridge.cli.server import Where, find
    from bridge.cli.session_file import export as write

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    write(server, session, out, force=force, markdown=markdown)


@session_commands.command()
def retention(
    session: Annotated[str, typer.Argument(help="Its title or id.")],
    keep: Annotated[
        str | None, typer.Argument(help="As 30d; forever; or default. [it is printed]")
    ] = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Say or change how long a session keeps what was said; what is older goes for good."""
    from bridge.cli.server import Where, find
    from bridge.cli.session_file import keep_for

    keep_for(find(Where(config=config, url=url, token_file=token_file), os.environ), session, keep)


@session_commands.command("import")
def import_session(
    file: Annotated[Path, typer.Argument(help="What `bridge sessions export` wrote.")],
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Let nobody in, you neither: it is only kept.")
    ] = False,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Read a whole session, with its files, as a new one of yours."""
    from bridge.cli.server import Where, find
    from bridge.cli.session_file import bring

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    bring(server, file, as_is=as_is)


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
    """Remove someone from every session, and let them in nowhere."""
    from bridge.cli.people import remove
    from bridge.cli.server import Where, find

    remove(find(Where(config=config, url=url, token_file=token_file), os.environ), person)


@people_commands.command("export")
def people_export(
    person: Annotated[str, typer.Argument(help="Their id; `bridge people list` shows it.")],
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Print all that is kept of someone, as JSON."""
    from bridge.cli.people import export
    from bridge.cli.server import Where, find

    export(find(Where(config=config, url=url, token_file=token_file), os.environ), person)


@app.command("forget")
def forget_person(
    person: Annotated[str, typer.Argument(help="Their id; `bridge people list` shows it.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Remove someone, and keep nothing of their words; it cannot be undone."""
    from bridge.cli.people import forget
    from bridge.cli.server import Where, find

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    if not yes:
        typer.confirm(f"Forget {person} for good", abort=True)
    forget(server, person)


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


@people_commands.command("requests")
def people_requests(
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who asks to be let in."""
    from bridge.cli.people import show_requests
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    show_requests(find(where, os.environ), as_json=as_json)


@people_commands.command("admit")
def people_admit(
    number: Annotated[str, typer.Argument(help="`bridge people requests` shows it.")],
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Let someone in who asks to be."""
    from bridge.cli.people import answer_request
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    answer_request(find(where, os.environ), number, allow=True)


@people_commands.command("deny")
def people_deny(
    number: Annotated[str, typer.Argument(help="`bridge people requests` shows it.")],
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Do not let in someone who asks; they are not told."""
    from bridge.cli.people import answer_request
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    answer_request(find(where, os.environ), number, allow=False)


@people_commands.command("invite")
def people_invite(
    session: Annotated[str, typer.Argument(help="Into which session.")] = "main",
    *,
    web: Annotated[bool, typer.Option("--web", help="By a link into the browser.")] = False,
    viewer: Annotated[bool, typer.Option("--viewer", help="To read only.")] = False,
    history: Annotated[bool, typer.Option("--history", help="To what was said before.")] = False,
    uses: Annotated[int, typer.Option(help="How many people may come.")] = 1,
    life: Annotated[str, typer.Option("--for", help="How long: 45m, 12h or 7d.")] = "1d",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Invite people into a session: print a code for them, or a link."""
    from bridge.cli.people import invite
    from bridge.cli.server import Where, find

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    role = "viewer" if viewer else "member"
    invite(server, session, browser=web, role=role, history=history, uses=uses, life=life)


WhichSession = Annotated[str, typer.Argument(help="Its id; `bridge sessions list` shows it.")]
PersonArgument = Annotated[str, typer.Argument(help="Their id; `bridge people who` shows it.")]


@people_commands.command("who")
def people_who(
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who is in one session, in which role, and from which apps."""
    from bridge.cli.people import show_members
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    show_members(find(where, os.environ), session, as_json=as_json)


@people_commands.command("role")
def people_role(
    person: PersonArgument,
    role: Annotated[str, typer.Argument(help="owner, member or viewer.")],
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Change what someone may do in one session."""
    from bridge.cli.people import give_role
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    give_role(find(where, os.environ), session, person, role)


@people_commands.command("kick")
def people_kick(
    person: PersonArgument,
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Remove someone from one session."""
    from bridge.cli.people import kick
    from bridge.cli.server import Where, find

    kick(find(Where(config=config, url=url, token_file=token_file), os.environ), session, person)


ScheduleArgument = Annotated[str, typer.Argument(help="`bridge schedules list` shows it.")]


@schedule_commands.command("list")
def schedules_list(
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is planned in a session."""
    from bridge.cli.schedules import show
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    show(find(where, os.environ), session, as_json=as_json)


@schedule_commands.command("add")
def schedules_add(
    when: Annotated[str, typer.Argument(help="`every weekday 9:00`, `once tomorrow 9:00`.")],
    text: Annotated[str, typer.Argument(help="What is asked of the agent, or said.")],
    session: WhichSession = "main",
    *,
    say: Annotated[bool, typer.Option("--say", help="Say the words as they are.")] = False,
    zone: Annotated[str, typer.Option(help="The time zone, such as Europe/Berlin.")] = "",
    late: Annotated[
        str | None, typer.Option(help="once, all or skip: of times while the bridge was down.")
    ] = None,
    times: Annotated[int | None, typer.Option(help="How often; without end if left out.")] = None,
    key: Annotated[str, typer.Option(help="The same key plans no second one.")] = "",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Plan something: ask the agent, or say something, later or again and again."""
    from bridge.cli.schedules import add
    from bridge.cli.server import Where, find

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    action = "say" if say else "ask"
    wanted = {"when": when, "text": text, "zone": zone, "late": late, "times": times, "key": key}
    add(server, session, action=action, **wanted)


@schedule_commands.command("pause")
def schedules_pause(
    schedule: ScheduleArgument,
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Let a schedule rest."""
    from bridge.cli.schedules import pause
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    pause(find(where, os.environ), session, schedule, paused=True)


@schedule_commands.command("resume")
def schedules_resume(
    schedule: ScheduleArgument,
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Let a paused schedule go on."""
    from bridge.cli.schedules import pause
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    pause(find(where, os.environ), session, schedule, paused=False)


@background_commands.command("list")
def background_list(
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what works in the background of a session, and what it costs."""
    from bridge.cli.background import show
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    show(find(where, os.environ), session, as_json=as_json)


@background_commands.command("stop")
def background_stop(
    work: Annotated[str, typer.Argument(help="`bridge background list` shows it.")],
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Stop what works in the background; it reports nothing."""
    from bridge.cli.background import stop
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    stop(find(where, os.environ), session, work)


@schedule_commands.command("run")
def schedules_run(
    schedule: ScheduleArgument,
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Do now what a schedule does; when it is due stays as it is."""
    from bridge.cli.schedules import run
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    run(find(where, os.environ), session, schedule)


@schedule_commands.command("remove")
def schedules_remove(
    schedule: ScheduleArgument,
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Remove a schedule."""
    from bridge.cli.schedules import remove
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    remove(find(where, os.environ), session, schedule)


@people_commands.command("invites")
def people_invites(
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the open invitations into a session; a code is shown once and never again."""
    from bridge.cli.people import show_invitations
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    show_invitations(find(where, os.environ), session, as_json=as_json)


@people_commands.command("revoke")
def people_revoke(
    number: Annotated[str, typer.Argument(help="`bridge people invites` shows it.")],
    session: WhichSession = "main",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """End an invitation; whoever came by it stays."""
    from bridge.cli.people import revoke
    from bridge.cli.server import Where, find

    revoke(find(Where(config=config, url=url, token_file=token_file), os.environ), session, number)


@people_commands.command("unlink")
def people_unlink(
    number: Annotated[str, typer.Argument(help="The code's number; the list shows it.")],
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Undo that someone joined as another person by a code."""
    from bridge.cli.people import unlink
    from bridge.cli.server import Where, find

    unlink(find(Where(config=config, url=url, token_file=token_file), os.environ), number)


@people_commands.command("code")
def people_code(
    config: ConfigOption = None, url: UrlOption = None, token_file: TokenOption = None
) -> None:
    """Print a new owner's code; the old one no longer works."""
    from bridge.cli.people import code
    from bridge.cli.server import Where, find

    code(find(Where(config=config, url=url, token_file=token_file), os.environ))


HookArgument = Annotated[str, typer.Argument(help="Its name; `bridge hooks list` shows it.")]


@hook_commands.command("list")
def hooks_list(
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the hooks, with the address where each is called."""
    from bridge.cli.hooks import show_hooks
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    show_hooks(find(where, os.environ), as_json=as_json)


@hook_commands.command("add")
def hooks_add(
    name: Annotated[str, typer.Argument(help="What it is called; a part of its address.")],
    verify: Annotated[
        str,
        typer.Option(help="github, gitlab, slack, stripe, standard, hmac or bearer."),
    ],
    *,
    session: Annotated[str, typer.Option("--session", "-s", help="Its id.")] = "main",
    message: Annotated[
        bool, typer.Option("--message", help="Tell people, instead of asking the agent.")
    ] = False,
    ask: Annotated[str, typer.Option(help="What the agent is asked, before the words.")] = "",
    template: Annotated[str, typer.Option(help="A name, a template, or @FILE.")] = "",
    event: Annotated[list[str] | None, typer.Option(help="Only this event counts.")] = None,
    when: Annotated[str, typer.Option(help="Only calls of which this holds count.")] = "",
    given: Annotated[
        bool, typer.Option("--secret", help="Read the secret that the service gave.")
    ] = False,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Make a hook that needs no configuration; print its address and, once, its secret."""
    from bridge.cli.hooks import add, template_of
    from bridge.cli.server import Where, find

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    wanted = {"verify": verify, "session": session, "as": "message" if message else "prompt"}
    more = {"ask": ask, "template": template_of(template), "when": when, "events": event or []}
    secret = {"secret": typer.prompt("secret", hide_input=True)} if given else {}
    add(server, name, {**wanted, **more, **secret})


@hook_commands.command("remove")
def hooks_remove(
    name: HookArgument,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Remove a hook that `bridge hooks add` made."""
    from bridge.cli.hooks import remove
    from bridge.cli.server import Where, find

    remove(find(Where(config=config, url=url, token_file=token_file), os.environ), name)


@hook_commands.command("calls")
def hooks_calls(
    name: HookArgument,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the last calls of a hook: what each became, or why it was refused."""
    from bridge.cli.hooks import show_calls
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    show_calls(find(where, os.environ), name, as_json=as_json)


@hook_commands.command("test")
def hooks_test(
    name: HookArgument,
    payload: Annotated[Path, typer.Argument(help="A file with JSON; - reads it from the input.")],
    *,
    event: Annotated[str, typer.Option(help="What the service would call the event.")] = "",
    dry: Annotated[bool, typer.Option("--dry", help="Only show what would be said.")] = False,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Sign a payload with the secret of a hook and play it, as if the service had called."""
    from bridge.cli.hooks import try_payload
    from bridge.cli.server import Where, find

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    try_payload(server, name, payload, event=event, dry=dry)


@hook_commands.command("replay")
def hooks_replay(
    name: HookArgument,
    number: Annotated[int, typer.Argument(help="`bridge hooks calls` shows it.", min=1)],
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Play one of the last calls again, by the configuration as it is now."""
    from bridge.cli.hooks import replay
    from bridge.cli.server import Where, find

    replay(find(Where(config=config, url=url, token_file=token_file), os.environ), name, number)


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
        str | None,
        typer.Option(help="Messages with the same key are said only once."),
    ] = None,
    to_person: Annotated[
        str | None, typer.Option(help="To one person of the session alone: a name or an id.")
    ] = None,
    to_place: Annotated[
        str | None, typer.Option(help="In one place alone: what it is called, or its id.")
    ] = None,
    button: Annotated[
        list[str] | None, typer.Option(help="Offer a button, which says what is on it; up to ten.")
    ] = None,
    priority: Annotated[
        str, typer.Option(help="high: rings in quiet hours, too; low: never rings; normal.")
    ] = "normal",
    wait: Annotated[
        str | None,
        typer.Option(metavar="shown|settled", help="Wait, and print what each place has of it."),
    ] = None,
    timeout: Annotated[str, typer.Option(help="How long to wait.")] = "30s",
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Push a message, files or both into a session, as they are, to everyone who follows it."""
    if not text and not file:
        raise typer.BadParameter("say something, or name a --file")
    if wait not in {None, "shown", "settled"}:
        raise typer.BadParameter("wait for shown or settled", param_hint="--wait")
    if priority not in {"normal", "high", "low"}:
        raise typer.BadParameter("normal, high or low", param_hint="--priority")
    from bridge.cli.durations import seconds
    from bridge.cli.push import Wanted, push
    from bridge.cli.server import Where, find

    wanted = Wanted(
        session=session,
        person=to_person,
        place=to_place,
        priority=priority,
        buttons=button or (),
        until=wait,
        seconds=seconds(timeout),
    )
    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    if not push(server, text, file or (), wanted=wanted, key=key, as_json=as_json):
        raise typer.Exit(UNREACHED)


SubscriptionArgument = Annotated[
    str, typer.Argument(help="Its id; `bridge subscriptions list` shows it.")
]


@subscription_commands.command("list")
def subscriptions_list(
    *,
    everybody: Annotated[bool, typer.Option("--all", help="Those of everybody.")] = False,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List where events are sent, and how each stands."""
    from bridge.cli.server import Where, find
    from bridge.cli.subscriptions import show_all

    where = Where(config=config, url=url, token_file=token_file)
    show_all(find(where, os.environ), everybody=everybody, as_json=as_json)


@subscription_commands.command("add")
def subscriptions_add(
    address: Annotated[str, typer.Argument(help="Where events are sent, by https.")],
    *,
    session: Annotated[
        str | None, typer.Option("--session", "-s", help="Its id. [all that you are in]")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only events of this kind; more than once. [all]")
    ] = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Have events sent to an address from now on; print its id and, once, its secret."""
    from bridge.cli.server import Where, find
    from bridge.cli.subscriptions import add

    where = Where(config=config, url=url, token_file=token_file)
    add(find(where, os.environ), address, session=session, kinds=kind or [])


@subscription_commands.command("show")
def subscriptions_show(
    number: SubscriptionArgument,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is owed, and what was given up and why."""
    from bridge.cli.server import Where, find
    from bridge.cli.subscriptions import show

    where = Where(config=config, url=url, token_file=token_file)
    show(find(where, os.environ), number, as_json=as_json)


@subscription_commands.command("remove")
def subscriptions_remove(
    number: SubscriptionArgument,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Send nothing more there."""
    from bridge.cli.server import Where, find
    from bridge.cli.subscriptions import remove

    where = Where(config=config, url=url, token_file=token_file)
    remove(find(where, os.environ), number)


@subscription_commands.command("rotate")
def subscriptions_rotate(
    number: SubscriptionArgument,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Give it another secret; for a day the one before signs too."""
    from bridge.cli.server import Where, find
    from bridge.cli.subscriptions import rotate

    where = Where(config=config, url=url, token_file=token_file)
    rotate(find(where, os.environ), number)


@subscription_commands.command("retry")
def subscriptions_retry(
    number: SubscriptionArgument,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Send now what is owed, and first what was given up."""
    from bridge.cli.server import Where, find
    from bridge.cli.subscriptions import retry

    where = Where(config=config, url=url, token_file=token_file)
    retry(find(where, os.environ), number)


@subscription_commands.command("drop")
def subscriptions_drop(
    number: SubscriptionArgument,
    upto: Annotated[
        int | None, typer.Option(min=1, help="The last event that is dropped. [the last there is]")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it: it cannot be undone.")] = False,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Send nothing of what is owed by now."""
    from bridge.cli.server import Where, find
    from bridge.cli.subscriptions import drop

    where = Where(config=config, url=url, token_file=token_file)
    drop(find(where, os.environ), number, upto=upto, sure=yes)


@delivery_commands.callback()
def deliveries(
    context: typer.Context,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """See what places are owed and why; retry it, or drop it."""
    if context.invoked_subcommand is not None:
        return
    from bridge.cli.deliveries import show
    from bridge.cli.server import Where, find

    show(find(Where(config=config, url=url, token_file=token_file), os.environ), as_json=as_json)


@delivery_commands.command("retry")
def retry_delivery(
    place: Annotated[str, typer.Argument(help="The id of the place.")],
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Try now whatever a place is owed, also where it was given up until somebody writes there."""
    from bridge.cli.deliveries import retry
    from bridge.cli.server import Where, find

    retry(find(Where(config=config, url=url, token_file=token_file), os.environ), place)


@delivery_commands.command("drop")
def drop_delivery(
    place: Annotated[str, typer.Argument(help="The id of the place.")],
    upto: Annotated[
        int | None,
        typer.Option(min=1, help="The last event that is dropped, as listed. [the last there is]"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it: it cannot be undone.")] = False,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Let a place be owed nothing from before now; what was said stays in its session."""
    from bridge.cli.deliveries import drop
    from bridge.cli.server import Where, find

    server = find(Where(config=config, url=url, token_file=token_file), os.environ)
    drop(server, place, upto=upto, sure=yes)


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="What to ask; - reads it from the input.")],
    to: Annotated[
        str | None, typer.Option("--to", help="In which session. [the last one used]")
    ] = None,
    options: Annotated[
        str, typer.Option(help="The answers, by commas. Without: answered in words, as a reply.")
    ] = "",
    person: Annotated[
        list[str] | None, typer.Option(help="Who may answer: a name or an id; up to ten.")
    ] = None,
    timeout: Annotated[
        str | None, typer.Option(help="How long to wait: 10m, 2h, 3d. [until it is answered]")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="With the same key it is the same question, asked once.")
    ] = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask people something, wait, and print the answer.

    Ends with 0 for the first option, 11 for the second, 12 for the third…; 5 if nobody answered in
    time; 6 if it was taken back.
    """
    from bridge.cli.durations import seconds
    from bridge.cli.question import question
    from bridge.cli.server import Where, find

    where = Where(config=config, url=url, token_file=token_file)
    code = question(
        lambda: find(where, os.environ),
        text,
        [each.strip() for each in options.split(",") if each.strip()],
        session=to,
        people=person or (),
        seconds=seconds(timeout) if timeout is not None else None,
        key=key,
        as_json=as_json,
    )
    if code:
        raise typer.Exit(code)


@app.command()
def add(
    platform: Annotated[
        str, typer.Argument(help="telegram, discord, slack, whatsapp, email, model, …")
    ],
    name: Annotated[str | None, typer.Option(help="The account's name. [the platform's]")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Answer a question (a secret: @FILE, @- or ${VARIABLE}), or set a key.",
        ),
    ] = None,
    answers: Annotated[
        bool | None,
        typer.Option("--answers/--no-answers", help="The model answers from now on, or not yet."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Add a chat app or a model: ask for its keys, try them, write the configuration."""
    from bridge.cli.add import add as add_account
    from bridge.cli.add import next_step, settings, told

    given = settings(setting or ())
    added = add_account(
        platform, name=name, file=config, given=given, environ=os.environ, answers=answers
    )
    sys.stdout.write(told(added) + next_step(added))


@app.command("list")
def list_parts(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the chat apps and agents of the configuration."""
    from bridge.cli.remove import show

    show(config, os.environ, as_json=as_json)


@app.command()
def remove(
    name: Annotated[
        str, typer.Argument(help="As `bridge list` shows it; agents.NAME where two have one name.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: ConfigOption = None,
) -> None:
    """Remove a chat app or an agent from the configuration, with the secrets that `add` kept."""
    from bridge.cli.remove import remove as take_out

    take_out(name, file=config, environ=os.environ, asked=not yes)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Serve the page here.", min=0, max=65_535)] = 8790,
    once: Annotated[
        bool, typer.Option("--once", help="Ask one question, print what each app shows, and end.")
    ] = False,
) -> None:
    """Show one session in four chat apps on one page, without any account."""
    from bridge.cli.run import demo as show_all

    show_all(port, once=once)


@app.command("check-config")
def check_config(
    config: ConfigOption = None, as_json: JsonOption = False, deep: DeepOption = False
) -> None:
    """Check the configuration, and name every problem."""
    from bridge.cli.doctor import check

    if not check(config, os.environ, as_json=as_json, deep=deep):
        raise typer.Exit(MISUSED)


@app.command()
def doctor(
    config: ConfigOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    deep: DeepOption = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what can be mended here, and say what was done.")
    ] = False,
) -> None:
    """Say what works, what does not, and what to do about it."""
    from bridge.cli.doctor import doctor as examine
    from bridge.cli.server import Where

    where = Where(config=config, url=url, token_file=token_file)
    if not examine(where, os.environ, as_json=as_json, deep=deep, fix=fix):
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
def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh, fish, powershell or pwsh.")],
) -> None:
    """Print what lets the Tab key complete commands and options in a shell."""
    shells = ("bash", "zsh", "fish", "powershell", "pwsh")
    if shell not in shells:
        raise typer.BadParameter(f"one of {', '.join(shells)}", param_hint="SHELL")
    os.environ["_BRIDGE_COMPLETE"] = f"source_{shell}"  # what a shell itself asks for it by
    app(args=[], prog_name="bridge")


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    python = ".".join(map(str, sys.version_info[:3]))
    sys.stdout.write(f"bridgehead {installed('bridgehead')} (Python {python})\n")


def main() -> None:
    """Run the command line; every error ends as one message and an exit code."""
    from bridge.domain.errors import BridgeError, ConfigError

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
