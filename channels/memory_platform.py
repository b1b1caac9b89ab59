"""The world of the reference channel: a chat platform in memory, which outlives any bridge.

The rules:

- What people do in a place stays pending, in its order, until the channel acknowledges it; until
  then it is handed in again to whoever listens.
- A fault is arranged beforehand and happens to the next calls that it fits.
- The bridge's own messages can be changed and taken back; a repeat changes nothing more.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from bridge.domain.content import Attachment, Content
from bridge.domain.errors import ChangeRefused, ChannelError, Gone, Moved, OutcomeUnknown
from bridge.domain.ids import MessageId
from bridge.domain.inbound import Deleted, Edited, Pressed, Reaction, Spoken
from bridge.domain.parts import Button, Part, Reply

PATIENCE_SECONDS = 5.0
POLL_SECONDS = 0.05
"""A condition may also hang on what is not of this world, so it is looked at this often."""

Operation = Literal[
    "listen", "send", "edit", "delete", "typing", "preview", "resolve", "react", "status"
]
T = TypeVar("T")

# -- what there is in the world -------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Message:
    """A message as people see it. `author` is empty for the bridge's own; `marks` are its emoji."""

    id: MessageId
    author: str
    text: str
    speaker: str = ""
    attachments: tuple[Attachment, ...] = ()
    buttons: tuple[Button, ...] = ()
    reply_to: MessageId | None = None
    silent: bool = False
    edits: int = 0
    deleted: bool = False
    marks: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.speaker}: {self.text}" if self.speaker else self.text


@dataclass(slots=True, kw_only=True)
class Deed:
    """Something a person did, as the platform hands it in."""

    external_id: str
    user: str
    what: Spoken | Edited | Deleted | Pressed | Reaction
    at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Place:
    """`notes` are what the bridge told one person alone."""

    room: bool = False
    title: str = ""
    obstacle: ChannelError | None = None
    typed: int = 0
    draft: str = ""
    deeds: int = 0
    messages: dict[MessageId, Message] = field(default_factory=dict)
    notes: list[Reply] = field(default_factory=list)
    pending: deque[Deed] = field(default_factory=deque)

    def visible(self) -> list[Message]:
        return [each for each in self.messages.values() if not each.deleted]

    def add(self, message: Message) -> None:
        self.messages[message.id] = message

    def next_id(self) -> MessageId:
        return MessageId(f"m{len(self.messages) + 1}")


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next calls. `times` None: until `recover`. `applied`: it was done."""

    error: ChannelError
    on: Operation | None
    place: str | None
    times: int | None
    applied: bool

    def fits(self, operation: Operation, place: str | None) -> bool:
        return self.on in {None, operation} and self.place in {None, place} and self.times != 0


class Bell:
    """Wakes whoever waits for the next ring."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def wait(self, seconds: float | None = None) -> None:
        """Return at the next ring, or after so many seconds."""
        event = self._event
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return


# -- the world ------------------------------------------------------------------------------------


class MemoryPlatform:
    """`delay`: seconds that every call takes. `counts`: what was done, by operation.

    `called` rings when there may be something to hear. `clock` tells when something was said; None
    for a platform that does not say.
    """

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.delay = 0.0
        self.clock: Callable[[], datetime] | None = None
        self.counts: Counter[str] = Counter()
        self.acknowledged: list[str] = []
        self.statuses: dict[str, list[str]] = {}
        self.titles: dict[str, str] = {}
        self.status_stays: timedelta | None = None
        self._faults: list[Fault] = []
        self._nonces: dict[tuple[str, ...], MessageId] = {}
        self._past: dict[str, tuple[str, Deed]] = {}
        self._waiting: dict[str, None] = {}
        self._changed = Bell()
        self.called = Bell()

    # -- what people do

    def open(self, place: str, *, room: bool = False, title: str = "") -> Place:
        """Make a place, or find it."""
        return self.places.setdefault(place, Place(room=room, title=title))

    def say(
        self,
        place: str,
        user: str,
        text: str,
        *,
        addressed: bool = True,
        reply_to: MessageId | None = None,
        by_reply: bool = False,
        attachments: tuple[Attachment, ...] = (),
        more: bool = False,
    ) -> str:
        """Say something; returns its external id. It reopens a place that was gone."""
        there = self.open(place)
        if isinstance(there.obstacle, Gone):
            there.obstacle = None
        message = Message(
            id=there.next_id(),
            author=user,
            text=text,
            reply_to=reply_to,
            attachments=attachments,
        )
        there.add(message)
        content = Content(text=text, attachments=attachments)
        spoken = Spoken(
            message=message.id,
            content=content,
            addressed=addressed,
            by_reply=by_reply,
            reply_to=reply_to,
            more=more,
        )
        return self._did(place, user, spoken, message.id)

    def correct(
        self,
        place: str,
        message: MessageId,
        text: str,
        attachments: tuple[Attachment, ...] | None = None,
    ) -> str:
        """Change what a person said, or its files; returns the change's external id."""
        said = self.places[place].messages[message]
        said.text, said.edits = text, said.edits + 1
        if attachments is not None:
            said.attachments = attachments
        edited = Edited(message=message, content=Content(text=text, attachments=said.attachments))
        return self._did(place, said.author, edited, f"{message}@{said.edits}")

    def unsay(self, place: str, message: MessageId) -> str:
        """Take back what a person said; returns the external id of that."""
        said = self.places[place].messages[message]
        said.deleted = True
        return self._did(place, said.author, Deleted(message=message), f"{message}@deleted")

    def press(self, place: str, user: str, label: str) -> str:
        """Press the newest button of this label; returns the external id of that."""
        there = self.open(place)
        buttons = [button for each in there.visible() for button in each.buttons]
        found = [button for button in buttons if button.label == label]
        if not found:
            known = ", ".join(button.label for button in buttons) or "none"
            raise LookupError(f"there is no button {label!r} in {place}; there are: {known}")
        there.deeds += 1
        return self._did(place, user, Pressed(value=found[-1].value), f"press{there.deeds}")

    def give(
        self, place: str, user: str, message: MessageId, emoji: str = "", *, gone: str = ""
    ) -> str:
        """Put an emoji on a message, or take one off; returns the external id of that."""
        there = self.open(place)
        there.deeds += 1
        reaction = Reaction(message=message, emoji=emoji, gone=gone)
        return self._did(place, user, reaction, f"emoji{there.deeds}")

    def redeliver(self, external_id: str) -> None:
        """Hand something in once more although it was acknowledged, as platforms do."""
        place, deed = self._past[external_id]
        self._pend(place, deed)

    # -- what people see

    def shown(self, place: str) -> list[str]:
        """Return what the bridge shows in a place, oldest first."""
        return [str(each) for each in self.open(place).visible() if not each.author]

    def seen(self, place: str) -> list[Message]:
        """Return every message that is visible in a place, oldest first."""
        return self.open(place).visible()

    def notes(self, place: str) -> list[str]:
        """Return what the bridge told single people in a place, apart from its messages."""
        return [note.text for note in self.open(place).notes]

    async def until(
        self, condition: Callable[[], object], *, within: float = PATIENCE_SECONDS
    ) -> None:
        """Wait until the condition holds. Raises `TimeoutError` that says what was shown."""
        try:
            async with asyncio.timeout(within):
                while not condition():
                    await self._changed.wait(POLL_SECONDS)
        except TimeoutError:
            shown = {place: self.shown(place) for place in self.places}
            raise TimeoutError(f"not within {within:g} s; shown: {shown}") from None

    # -- what goes wrong

    def refuse(
        self,
        error: ChannelError,
        *,
        on: Operation | None = "send",
        place: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Answer the next calls with an error. `on` None: whatever is asked."""
        self._faults.append(Fault(error=error, on=on, place=place, times=times, applied=False))
        self.called.ring()

    def hang_up(
        self, *, on: Operation = "send", place: str | None = None, times: int | None = 1
    ) -> None:
        """Do what the next calls ask, but never answer them."""
        error = OutcomeUnknown("the connection broke")
        self._faults.append(Fault(error=error, on=on, place=place, times=times, applied=True))

    def recover(self) -> None:
        """Let everything work again."""
        self._faults.clear()
        self.called.ring()

    def close(self, place: str) -> None:
        """Shut the bridge out of a place, until someone speaks there."""
        self.open(place).obstacle = Gone("the bridge was removed from this place")

    def move(self, place: str, to: str) -> None:
        """Give a place a new address. What is pending is still heard from the old one."""
        there = self.places[to] = self.open(place)
        obstacle = Moved("this place has moved", place=to)
        self.places[place] = Place(room=there.room, obstacle=obstacle, pending=there.pending)
        there.pending = deque()

    # -- what a channel asks

    async def call(self, operation: Operation, place: str, effect: Callable[[], T]) -> T:
        """Do something in a place. Raises what was arranged, or what is in the way there."""
        await asyncio.sleep(self.delay)
        there = self.open(place)
        fault = self.fault(operation, place)
        if fault is not None and not fault.applied:
            raise fault.error
        if there.obstacle is not None:
            raise there.obstacle
        result = effect()
        self.counts[operation] += 1
        self._changed.ring()
        if fault is not None:
            raise fault.error
        return result

    def fault(self, operation: Operation, place: str | None = None) -> Fault | None:
        """Return the fault that happens now, and count it."""
        for fault in self._faults:
            if fault.fits(operation, place):
                fault.times = None if fault.times is None else fault.times - 1
                return fault
        return None

    def show(self, place: str, part: Part) -> MessageId:
        """Show a part as a new message; returns its id."""
        there = self.open(place)
        message = Message(
            id=there.next_id(),
            author="",
            text=part.text,
            speaker=part.speaker,
            attachments=part.attachments,
            buttons=part.buttons,
            reply_to=part.reply_to,
            silent=part.silent,
        )
        there.add(message)
        there.draft = ""
        self._nonces[place, *part.names] = message.id
        return message.id

    def change(self, place: str, message: MessageId, part: Part) -> None:
        """Make a message show a part. Raises `ChangeRefused` when it is gone."""
        known = self.open(place).messages.get(message)
        if known is None or known.deleted:
            raise ChangeRefused("there is no such message", code="vanished")
        if (known.text, known.buttons) != (part.text, part.buttons):
            known.edits += 1
        known.text, known.speaker, known.buttons = part.text, part.speaker, part.buttons
        known.attachments = part.attachments
        self._nonces[place, *part.names] = message

    def take_back(self, place: str, message: MessageId) -> None:
        known = self.open(place).messages.get(message)
        if known is not None:
            known.deleted = True

    def react(
        self, place: str, message: MessageId, emoji: Sequence[str], gone: Sequence[str]
    ) -> None:
        """Put emoji of the bridge's own on a message. Raises `ChangeRefused` when it is gone."""
        known = self.open(place).messages.get(message)
        if known is None or known.deleted:
            raise ChangeRefused("there is no such message", code="vanished")
        left = [each for each in known.marks if each not in {*emoji, *gone}]
        known.marks = (*left, *emoji)

    def tell(self, place: str, status: str, title: str) -> None:
        """Let a place say how far the agent is; `titles` has what its session is called."""
        self.statuses.setdefault(place, []).append(status)
        self.titles[place] = title

    def find(self, place: str, part: Part) -> MessageId | None:
        """Return the message that shows a part, by the nonce it was sent with."""
        known = self._nonces.get((place, *part.names))
        if known is None or self.places[place].messages[known].deleted:
            return None
        return known

    def waiting(self) -> Sequence[str]:
        """Return the places where something is pending."""
        return tuple(self._waiting)

    def first(self, place: str) -> Deed | None:
        """Return what is to be handed in next."""
        pending = self.places[place].pending
        return pending[0] if pending else None

    def acknowledge(self, place: str, reply: Reply | None) -> None:
        """Forget what is first in a place, and show the reply to the one who asked."""
        there = self.places[place]
        deed = there.pending.popleft()
        if not there.pending:
            del self._waiting[place]
        if reply is not None:
            there.notes.append(reply)
        self._past[deed.external_id] = (place, deed)
        self.acknowledged.append(deed.external_id)
        self._changed.ring()

    def write(self, place: str, text: str) -> None:
        """Show what is being written, without a message, until the next message."""
        self.open(place).draft = text

    def type(self, place: str) -> None:
        self.open(place).typed += 1

    def _did(
        self, place: str, user: str, what: Spoken | Edited | Deleted | Pressed | Reaction, key: str
    ) -> str:
        at = self.clock() if self.clock is not None else None
        deed = Deed(external_id=f"{place}/{key}", user=user, what=what, at=at)
        self._pend(place, deed)
        return deed.external_id

    def _pend(self, place: str, deed: Deed) -> None:
        self.places[place].pending.append(deed)
        self._waiting[place] = None
        self._changed.ring()
        self.called.ring()
