"""What a platform refuses is shown in less, sans I/O.

The rules:

- A refused part is tried once more plain: bare text, without buttons or a reply; what could be
  pressed is listed in words. Then without its files, each of them named. Where the platform says
  that it is the files, they go at once and the form stays.
- What is refused even so has failed. A line in its place says so (`bridge.delivery.plan`); where no
  text may be written at all there is none.
- Each step is a receipt: `owed`, with the step as its `why` and the platform's code. So a process
  that starts anew goes on from there, and a step is never taken twice.
"""

from bridge import texts
from bridge.domain.parts import Button, Capabilities, Part, Why
from bridge.domain.records import replace
from bridge.session.routing import AnswerPress, UnboundPress, pressed


def lesser(part: Part, less: Why, limits: Capabilities) -> Part:
    """Return a part in less."""
    match less:
        case "plain":
            return _plain(part, limits)
        case "without_file":
            return _without_files(part, limits)
        case "bare":
            return replace(_plain(_without_files(part, limits), limits), less="bare")
        case _:
            return part


def _plain(part: Part, limits: Capabilities) -> Part:
    """Return a part without buttons. A question is never cut for the sake of its options."""
    both = f"{part.text}\n\n{part.language.says(_choices(part.buttons))}"
    fits = bool(part.buttons) and limits.size(both) <= limits.max_chars
    return replace(part, text=both if fits else part.text, buttons=(), reply_to=None, less="plain")


def _choices(buttons: tuple[Button, ...]) -> str:
    """List what could be pressed, by the numbers that an answer goes by."""
    asked = [
        (press.option + 1, each.label)
        for each in buttons
        if isinstance(press := pressed(each.value), AnswerPress | UnboundPress)
    ]
    return texts.choices(asked) if asked else texts.sayings([each.label for each in buttons])


def _without_files(part: Part, limits: Capabilities) -> Part:
    """Return a part with its files named below its text, which is never cut for their sake."""
    if not part.attachments:
        return replace(part, less="without_file")
    says = part.language.says
    named = "\n".join(says(texts.file_refused(each.name, each.size)) for each in part.attachments)
    text = "\n\n".join(each for each in (part.text, named) if each.strip())
    if limits.size(text) > limits.max_chars:
        files = says(texts.FILES_REFUSED)
        text = "\n\n".join(each for each in (part.text, files) if each.strip())
    return replace(part, text=text, attachments=(), less="without_file")
