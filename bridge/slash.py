"""Slash commands: the same in every chat. Parsed once, here.

A text is a command when it is `/name`, alone or followed by a space; `/name@bot` is `/name`, as
group chats write it; `/start`, with which some apps begin a chat, is `/help`. Anything else that
begins with a slash (`/etc/hosts`) is something said.
"""

import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

Name = Literal[
    "agent",
    "follow",
    "help",
    "kick",
    "link",
    "may",
    "mode",
    "model",
    "retry",
    "revoke",
    "status",
    "stop",
    "unfollow",
    "unlink",
    "usage",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand:
    """A command and the line that /help shows for it."""

    name: Name
    text: str


COMMANDS = (
    SlashCommand(name="help", text="what you can do here"),
    SlashCommand(name="agent", text="which agents there are; with a name, who answers here"),
    SlashCommand(name="follow", text="in a room: let it follow one of your sessions"),
    SlashCommand(name="kick", text="remove someone from this session, by name or id"),
    SlashCommand(name="link", text="go on in another app: get a code, and type it there"),
    SlashCommand(name="may", text="who may change the agent, the model and the mode here"),
    SlashCommand(
        name="mode", text="what your words do to an answer under way: steer, queue or interrupt"
    ),
    SlashCommand(name="model", text="which model answers here; with a name, choose another"),
    SlashCommand(name="retry", text="try once more to answer what I gave up"),
    SlashCommand(
        name="revoke", text="which tools may always run here; with a name, be asked about it again"
    ),
    SlashCommand(name="status", text="what is going on, who is here and where it is shown"),
    SlashCommand(name="stop", text="stop the answer being worked on"),
    SlashCommand(name="unfollow", text="in a room: give it a session of its own again"),
    SlashCommand(name="unlink", text="undo that someone joined as you, by its number"),
    SlashCommand(name="usage", text="how much was used here, in all, today and this month"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slash:
    name: Name
    argument: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownSlash:
    name: str


START = "start"

_SHAPE = re.compile(r"/([a-z][a-z0-9_]{0,31})(?:@\w+)?(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)


def parse(text: str) -> Slash | UnknownSlash | None:
    """Return the command a text is, or None when it is something said."""
    shape = _SHAPE.fullmatch(text.strip())
    if shape is None:
        return None
    name, argument = shape[1].lower(), (shape[2] or "").strip()
    if name == START:
        return Slash(name="help", argument=argument)
    if name not in get_args(Name):
        return UnknownSlash(name=name)
    return Slash(name=cast("Name", name), argument=argument)
