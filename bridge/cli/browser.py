"""Links are opened where there is a browser to be seen; elsewhere they are read and typed."""

import re
import sys
import webbrowser
from collections.abc import Mapping

import typer

LINK = re.compile(r"https://[^\s)>`\"']+[^\s)>`\"'.,:;]")


def first_link(text: str) -> str:
    """Return the first link of a text; "" if there is none."""
    found = LINK.search(text)
    return found[0] if found else ""


def is_seen(environ: Mapping[str, str], platform: str) -> bool:
    """Say whether whoever types here would see a browser that is opened here.

    One that runs inside a terminal would take this one away.
    """
    if environ.get("BROWSER"):
        return True
    if environ.get("SSH_CONNECTION"):
        return False
    return platform == "darwin" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def offer(link: str, environ: Mapping[str, str]) -> None:
    """Ask whether to open a link, where that can be done and somebody is asked anyway."""
    if not link or not sys.stdin.isatty() or not is_seen(environ, sys.platform):
        return
    if typer.confirm(f"Open {link} in your browser", default=True) and not webbrowser.open(link):
        sys.stdout.write("No browser opened.\n")
