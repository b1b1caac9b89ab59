"""What bridge chat and bridge sessions tail themselves say to whoever is at the terminal.

The rules for texts are those of bridge.texts. Help and errors of commands are for operators, and
stay English.
"""

from bridge.domain.wording import _, _n, composed, together

RESTORED = _("The bridge was restored from a backup. This is the end of what it knows now:")
UNREACHABLE = _("The bridge cannot be reached. What you type is kept, and sent later.")
HINT = _("Say something, or type /help")
WRITING = _("writing…")
NOT_CONNECTED = _("not connected")
STOPS = _("Ctrl-C stops the answer")
LEAVES = _("Ctrl-D leaves")
SESSION = _("session")
REMOVED = _("_A message was removed for good._")
RESTARTED = _("_The bridge restarted; the answer goes on._")
CUT_OFF = _("_The answer was cut off; it is tried again._")

SOMEONE = _("someone")
ELSEWHERE = _("elsewhere")
COMMANDS = (
    ("file", _("send a file: /file PATH, then a text if you like")),
    ("save", _("save a file that was sent: /save and its number, then a path if you like")),
    ("quit", _("leave, as /exit and Ctrl-D do")),
)
"""Those of the terminal itself: what each is called, and what it does."""

FILE_USAGE = _('write: /file PATH, with a text after it if you like; "quote it" if it has spaces')
SAVE_USAGE = _("write: /save and the number of the file, then a path if you like")

HELP = together(
    "\n",
    [
        _("Also in this terminal:"),
        *(composed("  /{name} {text}", name=name, text=text) for name, text in COMMANDS),
        composed(
            "  {text}",
            text=_("Alt-Enter or Ctrl-J begins a new line; what is pasted stays one message"),
        ),
    ],
)


def sending(path: str) -> str:
    return _("sending {path} …", path=path)


def saved(path: str) -> str:
    return _("saved as {path}", path=path)


def not_saved(why: str) -> str:
    return _("not saved: {why}", why=why)


def not_sent(why: str) -> str:
    return _("not sent: {why}", why=why)


def not_stopped(why: str) -> str:
    return _("not stopped: {why}", why=why)


def still_sending(paths: list[str]) -> str:
    return _n(
        "{paths} is still being sent: press Ctrl-D again to leave without it",
        "{paths} are still being sent: press Ctrl-D again to leave without them",
        len(paths),
        paths=", ".join(paths),
    )


def is_working(agent: str) -> str:
    return _("{agent} is working…", agent=agent)


def to_be_sent(text: str) -> str:
    return _("to be sent: {text}", text=text)


def are_typing(names: list[str]) -> str:
    return _n("{names} is typing…", "{names} are typing…", len(names), names=", ".join(names))


def present(names: str) -> str:
    return _("with {names}", names=names)


def waiting(count: int) -> str:
    return _n("{count} waiting to be sent", "{count} waiting to be sent", count)


def earlier(command: str) -> str:
    """Say how to read what was said before what is shown."""
    return _("Earlier: {command}", command=command)


def changed(name: str, text: str) -> str:
    return _("_{name} changed a message to:_ {text}", name=name, text=text)


def taken_back(name: str) -> str:
    return _("_{name} took a message back._", name=name)


def asks(source: str, prompt: str) -> str:
    return _("_{source} asks:_ {prompt}", source=source, prompt=prompt)


def follows(place: str) -> str:
    return _("_Also shown in {place} now._", place=place)


def called(title: str) -> str:
    return _("_This session is called {title} now._", title=title)


def failed(why: str) -> str:
    if not why:
        return _("_The answer failed. It is tried again._")
    return _("_The answer failed: {why}. It is tried again._", why=why)


def call_failed(result: str) -> str:
    return _("failed: {result}", result=result)
