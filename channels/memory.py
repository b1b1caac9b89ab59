"""The reference channel: an account on a platform in memory, for tests, demos and benchmarks."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Literal

from pydantic import Field

from bridge.domain.errors import OutcomeUnknown, Rejected, Unauthorized
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound, Inbox, Sender
from bridge.domain.parts import Address, AgentStatus, Capabilities, Part, Reply, Sent
from bridge.domain.records import replace
from bridge.plugins import ChannelPlugin, Section
from bridge.ports.feed import Item, OpensFeed
from bridge.ports.surroundings import ChannelSurroundings
from channels.memory_platform import Deed, MemoryPlatform

REALM = "memory"
AGAIN_SECONDS = 0.02
"""After this long, what could not be handed in is handed in again."""

MAX_BUTTON_BYTES = 64

EVERYTHING = Capabilities(
    edits=True,
    deletes=True,
    buttons=True,
    previews=True,
    silent=True,
    typing=True,
    resolves=True,
    reacts=True,
    preview_interval=timedelta(milliseconds=50),
)
"""What a place can show when nothing is left out."""


class MemoryChannel:
    """An account with every ability. What `capabilities` leaves out it refuses, or does without."""

    def __init__(
        self,
        name: ChannelName,
        platform: MemoryPlatform,
        feed: OpensFeed,
        capabilities: Capabilities = EVERYTHING,
    ) -> None:
        self.name = name
        self.platform = platform
        self._capabilities = capabilities
        # It remembers nothing: what the platform brings again is for the log to know.
        self._feed = feed(again=AGAIN_SECONDS, remember=0)
        self._handed_in: set[str] = set()

    def capabilities(self, address: Address) -> Capabilities:  # noqa: ARG002
        return self._capabilities

    # -- hearing

    async def listen(self, inbox: Inbox) -> None:
        self._handed_in.clear()
        await self._feed.run(inbox, self._look)

    async def _look(self) -> None:
        """Put what is first in each place; the next one once that is acknowledged."""
        while True:
            connected = self._connected()
            for place in self.platform.waiting() if connected else ():
                if place not in self._handed_in:
                    self._put(place)
            await self.platform.called.wait(None if connected else AGAIN_SECONDS)

    def _put(self, place: str) -> None:
        deed = self.platform.first(place)
        if deed is not None:
            self._handed_in.add(place)
            item = Item(key=deed.external_id, place=place, what=self._inbound(place, deed))
            self._feed.put(item).add_done_callback(partial(self._acknowledge, place))

    def _acknowledge(self, place: str, stored: "asyncio.Future[Reply | None]") -> None:
        if stored.exception() is None:
            self.platform.acknowledge(place, stored.result())
            self._handed_in.discard(place)
            self.platform.called.ring()

    def _connected(self) -> bool:
        """Say whether the platform lets us listen. Raises `Unauthorized`."""
        fault = self.platform.fault("listen")
        if fault is not None and isinstance(fault.error, Unauthorized):
            raise fault.error
        return fault is None

    def _inbound(self, place: str, deed: Deed) -> Inbound:
        there = self.platform.open(place)
        return Inbound(
            external_id=deed.external_id,
            address=Address(channel=self.name, place=place),
            sender=Sender(realm=REALM, user=deed.user, name=deed.user),
            what=deed.what,
            room=there.room,
            title=there.title,
            at=deed.at,
        )

    # -- showing

    async def send(self, to: Address, part: Part) -> Sent:
        part = self._fit(part)
        message = await self.platform.call(
            "send", to.place, lambda: self.platform.show(to.place, part)
        )
        return Sent(message=message)

    async def edit(self, to: Address, message: MessageId, part: Part) -> None:
        part = self._fit(part)
        await self.platform.call(
            "edit", to.place, lambda: self.platform.change(to.place, message, part)
        )

    async def delete(self, to: Address, message: MessageId) -> None:
        await self.platform.call(
            "delete", to.place, lambda: self.platform.take_back(to.place, message)
        )

    async def typing(self, to: Address) -> None:
        await self.platform.call("typing", to.place, lambda: self.platform.type(to.place))

    async def react(
        self, to: Address, message: MessageId, emoji: Sequence[str], gone: Sequence[str]
    ) -> None:
        await self.platform.call(
            "react", to.place, lambda: self.platform.react(to.place, message, emoji, gone)
        )

    async def tell_status(self, to: Address, status: AgentStatus, title: str) -> timedelta | None:
        await self.platform.call(
            "status", to.place, lambda: self.platform.tell(to.place, status, title)
        )
        return self.platform.status_stays

    async def preview(self, to: Address, part: Part) -> None:
        text = self._fit(part).text
        await self.platform.call("preview", to.place, lambda: self.platform.write(to.place, text))

    async def resolve(self, to: Address, part: Part) -> Sent | None:
        """Find a part by its nonce. Raises `OutcomeUnknown` where capabilities do not say so."""
        if not self._capabilities.resolves:
            raise OutcomeUnknown("nothing can be found out here")
        message = await self.platform.call(
            "resolve", to.place, lambda: self.platform.find(to.place, part)
        )
        return Sent(message=message) if message is not None else None

    def _fit(self, part: Part) -> Part:
        """Return the part as this place can show it. Raises `Rejected` like a real platform."""
        limits = self._capabilities
        if len(part.text) > limits.max_chars:
            raise Rejected(f"longer than {limits.max_chars} characters", code="too_long")
        if not part.text.strip() and not part.attachments:
            raise Rejected("there is nothing to show", code="empty")
        if any(len(button.value.encode()) > MAX_BUTTON_BYTES for button in part.buttons):
            raise Rejected("a button says too much", code="button_value")
        return replace(
            part,
            buttons=part.buttons if limits.buttons else (),
            silent=part.silent and limits.silent,
        )


# -- the plugin -----------------------------------------------------------------------------------

Ability = Literal[
    "edits", "deletes", "buttons", "previews", "silent", "typing", "resolves", "reacts"
]  # fmt: skip

platforms: dict[str, MemoryPlatform] = {}
"""Platforms that a config can name, so that they outlive the bridge that is built from it."""


class MemoryConfig(Section):
    """`platform`: a name in `platforms`, made if it is new; empty: one that nobody shares.

    `without`: abilities to leave out. `preview_interval`: seconds.
    """

    platform: str = ""
    max_chars: int = Field(default=EVERYTHING.max_chars, ge=1)
    preview_interval: float = Field(default=0.05, ge=0)
    without: frozenset[Ability] = frozenset()


def create(
    name: ChannelName,
    config: MemoryConfig,
    surroundings: ChannelSurroundings,
) -> MemoryChannel:
    platform = MemoryPlatform()
    if config.platform:
        platform = platforms.setdefault(config.platform, platform)
    capabilities = Capabilities(
        max_chars=config.max_chars,
        preview_interval=timedelta(seconds=config.preview_interval),
        edits="edits" not in config.without,
        deletes="deletes" not in config.without,
        buttons="buttons" not in config.without,
        previews="previews" not in config.without,
        silent="silent" not in config.without,
        typing="typing" not in config.without,
        resolves="resolves" not in config.without,
        reacts="reacts" not in config.without,
    )
    return MemoryChannel(name, platform, surroundings.feed, capabilities)


plugin = ChannelPlugin(title="Memory", config=MemoryConfig, create=create)
