"""Forms: what people write into a window that Discord opens for them.

The rules:

- A window is opened at once, before anything is kept: nothing has happened yet. What is written
  into it comes as an interaction of its own, which names what it is about.
- *Ask about this* stands in the menu of every message. The message is told along as what somebody
  said, and is nothing that was said to the bridge: it commands nothing and answers no question.
- The button of an open question opens one too. What is written there is a reply to the card.
- A message is kept in mind as Discord told it when the window was opened, for it shows more of it
  than may be asked for. After a restart it is asked for. What comes back names the message, and may
  be anybody's invention: so it is told of in the place where it stands, and nowhere else.
- What was whispered to one person is not kept: whoever is there would read it.

Source: https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, cast

from bridge import texts
from bridge.catalogs import code_of, language
from bridge.domain.content import Content
from bridge.domain.errors import ChannelError
from bridge.domain.ids import MessageId
from bridge.domain.inbound import Inbound, Quoted, Spoken
from bridge.domain.records import replace
from bridge.domain.wording import Language, _
from bridge.ports.clock import Clock
from bridge.session.routing import WRITES
from bridge.unseen import note
from channels.discord import parse
from channels.discord.client import Wire
from channels.discord.errors import translated
from channels.discord.limits import MAX_FORM_LABEL, MAX_FORM_TEXT
from channels.discord.parse import Scene
from channels.discord.render import EPHEMERAL
from channels.discord.schema import Interaction

ASK_ABOUT = _("Ask about this")
"""What the entry in the menu of a message is called."""

MESSAGE_COMMAND, ROW, WRITTEN_LINES = 3, 1, 4
COMMAND, COMPONENT, FORM = 2, 3, 5
OPEN = 9
"""The type of the answer that opens a window."""

ABOUT, REPLY = "about:", "reply:"
"""What the name of a form begins with; the message that it is about follows."""

MOST_KEPT = 200


@dataclass(slots=True)
class Forms:
    wire: Wire
    clock: Clock
    _quotes: OrderedDict[tuple[str, str], Quoted] = field(init=False, default_factory=OrderedDict)

    def opened(self, interaction: Interaction, scene: Scene) -> dict[str, Any] | None:
        """Return the answer that opens a window; None where none is asked for."""
        data = cast("dict[str, Any]", interaction.get("data") or {})
        spoken = _language(interaction)
        if interaction["type"] == COMMAND and data.get("type") == MESSAGE_COMMAND:
            message = self._kept(data, scene)
            return _form(f"{ABOUT}{message}", ASK_ABOUT, texts.YOUR_QUESTION, spoken, least=0)
        if interaction["type"] == COMPONENT and str(data.get("custom_id")).startswith(WRITES):
            below = cast("dict[str, Any]", interaction.get("message") or {})
            name = f"{REPLY}{below.get('id')}"
            return _form(name, texts.ANSWER_IN_WORDS, texts.YOUR_ANSWER, spoken, least=1)
        return None

    def _kept(self, data: dict[str, Any], scene: Scene) -> str:
        number = str(data["target_id"])
        message = ((data.get("resolved") or {}).get("messages") or {}).get(number)
        if message is not None and not int(message.get("flags") or 0) & EPHEMERAL:
            self._quotes[scene.place, number] = parse.quote(message, scene)
            if len(self._quotes) > MOST_KEPT:
                self._quotes.popitem(last=False)
        return number

    def written(self, interaction: Interaction, scene: Scene) -> "Written | None":
        """Return what was written into a window, None if it is none of ours."""
        if interaction["type"] != FORM:
            return None
        data = cast("dict[str, Any]", interaction.get("data") or {})
        name, words = str(data.get("custom_id") or ""), _words(data).strip()
        if name.startswith(ABOUT):
            about = name.removeprefix(ABOUT)
            text = words or _language(interaction).says(texts.ABOUT_THIS)
            spoken = Spoken(
                message=MessageId(str(interaction["id"])),
                content=Content(text=text),
                reply_to=MessageId(name),  # nothing that the log has: it answers no question
            )
            heard = parse.asked_by(interaction, spoken, scene)
            return Written(forms=self, heard=heard, about=about, scene=scene)
        if name.startswith(REPLY) and words:
            spoken = Spoken(
                message=MessageId(str(interaction["id"])),
                content=Content(text=words),
                reply_to=MessageId(name.removeprefix(REPLY)),
            )
            heard = parse.asked_by(interaction, spoken, scene)
            return Written(forms=self, heard=heard, about="", scene=scene)
        return None

    async def quoted(self, message: str, scene: Scene) -> Quoted:
        """Return what a message says, which may be gone by now."""
        known = self._quotes.get((scene.place, message))
        if known is not None:
            return known
        try:
            with translated(self.clock.now()):
                found = await self.wire.get_message(int(scene.place), int(message))
            return parse.quote(found, scene)
        except Exception as error:  # noqa: BLE001 - anybody, and any app, may have written it
            why = error.code if isinstance(error, ChannelError) else type(error).__name__
            note("unreadable", account=scene.account, place=scene.place, error=why)
            return Quoted(author="", text=texts.unreadable("a message"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What somebody wrote into a window; calling it looks up what that is about."""

    forms: Forms
    heard: Inbound
    about: str
    scene: Scene

    async def __call__(self) -> Inbound:
        if not self.about or not isinstance(self.heard.what, Spoken):
            return self.heard
        quoted = await self.forms.quoted(self.about, self.scene)
        return replace(self.heard, what=replace(self.heard.what, quoted=quoted))


def _form(name: str, title: str, label: str, spoken: Language, *, least: int) -> dict[str, Any]:
    lines = {
        "type": WRITTEN_LINES,
        "custom_id": "words",
        "style": 2,
        "label": spoken.says(label)[:MAX_FORM_LABEL],
        "required": least > 0,
        "min_length": least,
        "max_length": MAX_FORM_TEXT,
    }
    rows = [{"type": ROW, "components": [lines]}]
    title = spoken.says(title)[:MAX_FORM_LABEL]
    return {"type": OPEN, "data": {"custom_id": name, "title": title, "components": rows}}


def _words(data: dict[str, Any]) -> str:
    """Return what was written; rows hold the fields, or a label holds one."""
    for row in data.get("components") or ():
        for each in (*(row.get("components") or ()), row.get("component") or {}):
            if "value" in each:
                return str(each["value"])
    return ""


def _language(interaction: Interaction) -> Language:
    return language(code_of(str(interaction.get("locale") or "")))
