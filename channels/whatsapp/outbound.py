"""Showing parts: whether a person may be told anything now, the call, and what became of it.

The rules:

- Outside a person's window nothing is sent but the template that asks them to write, once; the
  place is `Gone` until they do.
- A place with several addresses is told things at the one used last (`aliases`); never at a number
  that is somebody else's now.
- Every message carries its part's key in the address that Twilio reports to, so a message whose
  call was never answered is known by its first report. Else it is a message to the person with the
  same words, newer than the last one we know we sent.
- A call that was never answered may take effect for `SETTLING`; before that nobody can say that a
  message was not sent.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TypeVar

import structlog

from bridge.domain.errors import (
    ChannelError,
    Gone,
    Moved,
    OutcomeUnknown,
    RateLimited,
    StoreUnavailable,
    Unreachable,
)
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import PartKey, Reported
from bridge.domain.numerals import number_of
from bridge.domain.parts import Address, Part, Reply, Sent
from bridge.domain.waits import is_over
from bridge.ports.surroundings import ChannelSurroundings
from channels.limits import Budget
from channels.whatsapp import limits, part_key, render
from channels.whatsapp.aliases import Aliases
from channels.whatsapp.client import Api, Listed, Outgoing
from channels.whatsapp.config import Templates
from channels.whatsapp.counters import Sightings
from channels.whatsapp.errors import WINDOW_CLOSED
from channels.whatsapp.service_window import NEVER, Windows

log = structlog.get_logger()

SETTLING = timedelta(seconds=15)
REMEMBERED = 1000

BY_CALL = "outbound-api"

V = TypeVar("V")


class Sending:
    """One account's way out."""

    def __init__(
        self,
        channel: ChannelName,
        api: Api,
        windows: Windows,
        aliases: Aliases,
        surroundings: ChannelSurroundings,
        *,
        templates: Templates,
        sightings: Sightings,
    ) -> None:
        self._channel = channel
        self._api = api
        self._windows = windows
        self._aliases = aliases
        self._surroundings = surroundings
        self._clock = surroundings.clock
        self._templates = templates
        self._sightings = sightings
        is_sandbox = api.config.number == limits.SANDBOX
        account = limits.SANDBOX_ACCOUNT if is_sandbox else limits.ACCOUNT
        self._budget = Budget(self._clock, account, limits.PLACE)
        self._last: dict[str, MessageId] = {}
        self._unanswered: OrderedDict[PartKey, datetime] = OrderedDict()
        self._reports: OrderedDict[PartKey, MessageId] = OrderedDict()
        self._tried: OrderedDict[PartKey, datetime] = OrderedDict()

    async def send(self, to: Address, part: Part) -> Sent:
        key, place = part_key.key_of(part), to.place
        one = await _kept(self._aliases.place(place))
        if one != place:
            raise Moved("this is another name for a place", place=one, code="joined")
        message = render.message(part, self._templates, self._surroundings.link)
        if not await self._is_open(place):
            await self._ask_to_write(place)
            raise Gone("they have to write first: it is over a day ago", code=WINDOW_CLOSED)
        self._budget.spend(place, part.priority)
        callback = part_key.callback(self._surroundings.webhook_url, key)
        _remember(self._tried, key, self._api.now())
        try:
            sid = await self._call(place, message, callback)
        except OutcomeUnknown as error:
            # What Twilio answered at all has taken all the effect it will.
            if number_of(error.code) is None:
                _remember(self._unanswered, key, self._clock.now())
            raise
        self._last[place] = sid
        return Sent(message=sid, state="submitted")

    async def _is_open(self, place: str) -> bool:
        """Say whether someone may be told something.

        Nobody is left waiting because our clock is wrong: before it closes a window, Twilio is
        asked what time it is.
        """
        if await self._windows.is_open(place):
            return True
        if self._windows.is_shut(place):
            return False
        try:
            await self._api.account()  # whatever it answers, it is told with the time
        except OutcomeUnknown as error:
            raise Unreachable(str(error), code=error.code) from error  # nothing was sent yet
        return await self._windows.is_open(place)

    async def _call(self, place: str, message: Outgoing, callback: str = "") -> MessageId:
        try:
            address = await _kept(self._aliases.address(place))
            return await self._api.send(address, message, callback=callback)
        except RateLimited as error:
            self._budget.block(error.until)
            raise
        except ChannelError as error:
            self._sightings.codes[error.code] += 1
            raise

    async def reply(self, place: str, after: datetime, reply: Reply) -> None:
        """Show a reply to a message that was found, unless it was shown by who found it before."""
        shown = [each for each in await self._sent(place) if each.at >= after]
        for words in render.words(reply.text):
            if not any(_says(each, words) for each in shown):
                await self._call(place, Outgoing(body=words))

    # -- what became of it

    async def resolve(self, to: Address, part: Part) -> Sent | None:
        key = part_key.key_of(part)
        if key in self._reports:
            return Sent(message=self._reports[key], state="submitted")
        message = render.message(part, self._templates, self._surroundings.link)
        body, files = message.body or "".join(message.variables[:1]), bool(message.media)
        for each in await self._doubtful(to.place):
            if bool(each.files) == files and _says(each, body):
                self._last[to.place] = each.sid
                return Sent(message=each.sid, state="submitted")
        asked_at = self._unanswered.get(key)
        now = self._clock.now()
        if asked_at is not None and not is_over(asked_at + SETTLING, now=now, since=asked_at):
            raise OutcomeUnknown("Twilio may still be at it", code="settling")
        self._unanswered.pop(key, None)
        return None

    async def _doubtful(self, place: str) -> Sequence[Listed]:
        """Return the messages that an unanswered call may have made, newest first."""
        ours = [each for each in await self._sent(place) if each.direction == BY_CALL]
        if place not in self._last:
            return ours[:1]  # before a restart one was in doubt at most, and nothing came after it
        return list(takewhile(lambda each: each.sid != self._last[place], ours))

    async def _sent(self, place: str) -> Sequence[Listed]:
        return await self._api.sent(to=await _kept(self._aliases.address(place)))

    async def reported(self, reported: Reported) -> None:
        """Learn from what Twilio says became of a message."""
        if reported.key is not None:
            _remember(self._reports, reported.key, reported.message)
        if reported.state != "failed":
            return
        self._sightings.codes[reported.code] += 1
        place, tried_at = reported.address.place, self._tried_at(reported)
        if reported.code == WINDOW_CLOSED and self._windows.shut(place, tried_at):
            await self._ask_to_write(place)

    def _tried_at(self, reported: Reported) -> datetime:
        """Return when it was sent; of what was sent before a restart only that it is long ago."""
        return self._tried.get(reported.key, NEVER) if reported.key else NEVER

    async def _ask_to_write(self, place: str) -> None:
        """Send the template that asks the person to write, once for this closed window."""
        with suppress(StoreUnavailable):
            if not self._templates.reopen or not await self._windows.may_ask(place):
                return
            try:
                await self._call(place, Outgoing(template=self._templates.reopen))
            except ChannelError as error:
                log.warning("asking to write failed", channel=self._channel, code=error.code)
                if error.certain:
                    await self._windows.not_asked(place)


async def _kept(looking: Awaitable[str]) -> str:
    """Return what the store knows of a place; without it nothing is sent."""
    try:
        return await looking
    except StoreUnavailable as error:
        raise Unreachable("the store cannot be used just now", code="store") from error


def _says(listed: Listed, body: str) -> bool:
    return listed.body.split() == body.split()  # Twilio trims


def _remember(kept: OrderedDict[PartKey, V], key: PartKey, value: V) -> None:
    kept[key] = value
    if len(kept) > REMEMBERED:
        kept.popitem(last=False)
