"""What the bridge itself says in a log, in the other languages that there are.

The log is English, and a page of it is the same for all who read it. So each text of the bridge's
own goes over the wire in every language, and whoever shows it takes that of its reader.
"""

from typing import Any

from bridge.catalogs import others
from bridge.delivery.rendering import BRIDGE
from bridge.domain.content import Content
from bridge.domain.events import Event, Pushed
from bridge.domain.wording import Wording


def is_ours(event: Event) -> bool:
    """Say whether something in an event is the bridge's to say."""
    return any((_of_content(event), _of_body(event), _buttons(event)))


def add(json: dict[str, Any], event: Event) -> None:
    """Put `said`, texts by the codes of languages, beside each text that is the bridge's."""
    if (wording := _of_content(event)) is not None:
        json["content"]["said"] = _said(wording)
    if (wording := _of_body(event)) is not None:
        json["said"] = _said(wording)
    for number, label in enumerate(_buttons(event)):
        json["buttons"][number]["said"] = _said(label)


def _of_content(event: Event) -> Wording | None:
    content = getattr(event.body, "content", None)
    return content.wording if isinstance(content, Content) else None


def _of_body(event: Event) -> Wording | None:
    wording = getattr(event.body, "wording", None)
    return wording if isinstance(wording, Wording) else None


def _buttons(event: Event) -> tuple[Wording, ...]:
    """Return the labels of buttons, where they are the bridge's own."""
    body = event.body
    if not isinstance(body, Pushed) or (body.source.kind, body.source.name) != (
        "background",
        BRIDGE,
    ):
        return ()
    return tuple(Wording(pattern=option.label) for option in body.buttons)


def _said(wording: Wording) -> dict[str, str]:
    return {language.code: language.written(wording) for language in others()}
