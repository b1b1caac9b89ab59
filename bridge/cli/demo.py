"""`bridge demo`: four chat apps on one page, without any account."""

import sys
from importlib import import_module

from bridge import logs
from bridge.config.model import LogSection


def demo(port: int, *, once: bool) -> None:
    """Serve the demo until Ctrl-C, or play its scene once and end."""
    logs.configure(LogSection(level="error"), secrets=())
    _print("Starting four platforms and a bridge …\n")
    page = import_module("bridge.demo.page")  # its platforms are loaded for this command alone
    if once:
        page.play(port, lambda line: _print(f"{line}\n"))
    else:
        page.serve(port, _announce)


def _announce(url: str) -> None:
    _print(
        f"\nOne session in four chat apps, all on this machine:\n\n  {url}\n\n"
        "Write in any of them. Ctrl-C stops it.\n"
    )


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
