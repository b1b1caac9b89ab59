"""What Discord tells becomes what was heard: live events and what is read back alike."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

import structlog

from bridge.ids import ChannelName
from bridge.inbound import Inbound, Sender
from bridge.parts import Reply
from bridge.ports import Clock
from channels.discord import answering, parse
from channels.discord.commands import DIRECT_MESSAGE
from channels.discord.config import Pace
from channels.discord.ears import Answer, Ears, Heard
from channels.discord.errors import translated
from channels.discord.known import Known
from channels.discord.limits import HISTORY_PAGE
from channels.discord.parse import Scene
from channels.discord.payloads import Guild, Interaction, Message
from channels.discord.seen import Seen
from channels.discord.wire import Wire

log = structlog.get_logger()

MOST_AUTHORS = 2000
"""Messages of people kept in mind by their author: Discord does not say whose a deleted one was."""

MOST_NONCES = 500

ROOM_TYPES = frozenset({0, 2, 5, 10, 11, 12, 13})
"""Rooms of a server in which messages are written: text, voice, announcements, threads, stages."""


class Hearing:
    """The `Events` and the `History` of one account."""

    def __init__(self, name: ChannelName, wire: Wire, seen: Seen, clock: Clock, pace: Pace) -> None:
        self._name = name
        self._wire = wire
        self._seen = seen
        self._clock = clock
        self._pace = pace
        self._authors: OrderedDict[str, Sender] = OrderedDict()
        self._own: OrderedDict[str, str] = OrderedDict()
        self.ears = Ears(seen, self, clock, pace)
        self.known = Known()

    def own(self, nonce: str) -> str | None:
        """Return our message that was sent with this nonce, if we saw it appear."""
        return self._own.get(nonce)

    # -- what happens

    def dialled(self) -> None:
        self.ears.cut()

    def ready(self) -> None:
        self.ears.cut()
        for place in tuple(self._seen.direct):
            self.ears.catch_up(place)

    def resumed(self) -> None:
        for place in self._seen.places():
            self.ears.catch_up(place)

    def guild(self, guild: Guild) -> None:
        joined = datetime.fromisoformat(str(cast("dict[str, Any]", guild)["joined_at"]))
        for room in _rooms(guild):
            place, newest = str(room["id"]), int(room.get("last_message_id") or 0)
            self._seen.joined(place, joined)
            if self._seen.is_behind(place, newest):
                self.ears.catch_up(place)
            else:
                self.ears.up_to_date(place)

    def created(self, message: Message) -> None:
        place = self._place(message["channel_id"], direct="guild_id" not in message)
        self.ears.hear(self._said(place, message))

    def updated(self, message: Message) -> None:
        place = self._place(message["channel_id"], direct="guild_id" not in message)
        inbound = parse.changed(message, self._scene(place))
        self._hear(place, inbound, None)

    def deleted(self, channel: str, messages: list[str]) -> None:
        for message in messages:
            author = self._authors.get(message)
            if author is not None:
                inbound = parse.deleted(message, author, self._scene(channel))
                self._hear(channel, inbound, None)

    def interacted(self, interaction: Interaction) -> None:
        place = self._place(interaction["channel_id"], direct=_is_direct(interaction))
        inbound = parse.interacted(interaction, self._scene(place))
        if inbound is None:
            return
        answer = answering.Interaction(
            self._wire,
            self._clock,
            self._pace,
            number=str(interaction["id"]),
            token=interaction["token"],
            app=str(interaction["application_id"]),
            press=interaction["type"] == parse.COMPONENT,
        )
        self.ears.start(answer.in_time)
        self._hear(place, inbound, answer.answer)

    # -- what is read back

    async def page(self, place: str, after: int) -> Sequence[Heard]:
        with translated(self._clock.now()):
            found = await self._wire.logs_from(int(place), HISTORY_PAGE, after=after)
        in_order = sorted(found, key=lambda each: int(each["id"]))
        return [self._said(place, message) for message in in_order]

    # -- from their words to ours

    def _hear(self, place: str, inbound: Inbound | None, answer: Answer | None) -> None:
        if inbound is not None:
            heard = Heard(place=place, key=inbound.external_id, inbound=inbound, answer=answer)
            self.ears.hear(heard)

    def _place(self, channel: int | str, *, direct: bool) -> str:
        place = str(channel)
        if direct:
            self._seen.direct.add(place)
        else:
            self._seen.direct.discard(place)
        return place

    def _said(self, place: str, message: Message) -> Heard:
        number = str(message["id"])
        try:
            inbound = parse.said(message, self._scene(place))
        except Exception:  # one message that is not understood must not hold up the place
            log.exception("message not understood", place=place, message=number)
            inbound = None
        self._remember(message, inbound)
        return Heard(
            place=place,
            key=number,
            message=int(number),
            inbound=inbound,
            answer=self._reply(place, number) if inbound is not None else None,
        )

    def _reply(self, place: str, message: str) -> Answer:
        async def answer(reply: Reply | None) -> None:
            await answering.reply_to(
                self._wire, self._clock, place=place, message=message, reply=reply
            )

        return answer

    def _remember(self, message: Message, inbound: Inbound | None) -> None:
        number = str(message["id"])
        if inbound is not None:
            self._authors[number] = inbound.sender
            if len(self._authors) > MOST_AUTHORS:
                self._authors.popitem(last=False)
        nonce = message.get("nonce")
        if nonce is not None and self.known.is_me(user=str(message["author"]["id"])):
            self._own[str(nonce)] = number
            if len(self._own) > MOST_NONCES:
                self._own.popitem(last=False)

    def _scene(self, place: str) -> Scene:
        return Scene(
            account=self._name,
            place=place,
            room=place not in self._seen.direct,
            title=self.known.title(place),
            known=self.known,
        )


def _is_direct(interaction: Any) -> bool:
    """Say whether one person used a command with us alone, and not in a group of their own."""
    return "guild_id" not in interaction and interaction.get("context") in {None, DIRECT_MESSAGE}


def _rooms(guild: Guild) -> Iterator[dict[str, Any]]:
    whole = cast("dict[str, Any]", guild)
    for room in (*whole.get("channels", ()), *whole.get("threads", ())):
        if room["type"] in ROOM_TYPES:
            yield room
