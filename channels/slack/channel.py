"""One Slack workspace as a channel."""

from collections.abc import AsyncIterator, Sequence

from bridge.ids import ChannelName, MessageId
from bridge.inbound import Inbox, RemoteFile
from bridge.parts import Address, Capabilities, Part, Sent
from bridge.ports import ChannelSurroundings, Check
from channels.markdown import slack as dialect
from channels.slack import doctor
from channels.slack.config import SlackConfig
from channels.slack.files import download
from channels.slack.hearing import Hearing
from channels.slack.limits import (
    MAX_CHARS,
    MAX_FILE_BYTES,
    MAX_FILES,
    PING_SECONDS,
    PREVIEW_INTERVAL,
)
from channels.slack.names import Names
from channels.slack.patience import patiently
from channels.slack.places import spot
from channels.slack.seen import Seen
from channels.slack.showing import Showing
from channels.slack.web import Account, Web

CAPABILITIES = Capabilities(
    max_chars=MAX_CHARS,
    size=dialect.size,
    edits=True,
    deletes=True,
    buttons=True,
    previews=True,
    silent=False,  # Slack has no message without a notification
    typing=False,  # outside of assistant threads a bot cannot say that it is writing
    resolves=True,
    preview_interval=PREVIEW_INTERVAL,
    max_files=MAX_FILES,
    max_file_bytes=MAX_FILE_BYTES,
    caption_chars=0,  # a text of its own can be changed, and found again
)


class SlackChannel:
    """The port's account. Hears through Socket Mode, shows through the Web API."""

    def __init__(
        self,
        name: ChannelName,
        config: SlackConfig,
        surroundings: ChannelSurroundings,
        *,
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        self.name = name
        self._config = config
        self._clock = surroundings.clock
        self._ping_seconds = ping_seconds
        self._web = Web(
            name, config.bot_token.get_secret_value(), config.api_url, surroundings.clock
        )
        self._seen = Seen(surroundings.facts, surroundings.clock)
        self._names = Names(self._web)
        self._showing = Showing(self._web, self._seen, surroundings.blobs, surroundings.clock)
        self._recent: dict[str, None] = {}
        self._account: Account | None = None

    def capabilities(self, address: Address) -> Capabilities:  # noqa: ARG002 - the same everywhere
        return CAPABILITIES

    async def listen(self, inbox: Inbox) -> None:
        async with self._web.connected(), self._seen.kept():
            self._account = await patiently(self._web.account, self._clock, self._web.log)
            while True:
                await self._hearing(self._account, inbox).until_broken(
                    self._config.app_token.get_secret_value()
                )

    def _hearing(self, account: Account, inbox: Inbox) -> Hearing:
        return Hearing(
            name=self.name,
            account=account,
            web=self._web,
            seen=self._seen,
            names=self._names,
            clock=self._clock,
            inbox=inbox,
            threads=self._config.threads,
            recent=self._recent,
            ping_seconds=self._ping_seconds,
        )

    # -- showing

    async def send(self, to: Address, part: Part) -> Sent:
        return await self._showing.send(spot(to.place), part)

    async def edit(self, to: Address, message: MessageId, part: Part) -> None:
        await self._showing.edit(spot(to.place), message, part)

    async def delete(self, to: Address, message: MessageId) -> None:
        await self._showing.delete(spot(to.place), message)

    async def resolve(self, to: Address, part: Part) -> Sent | None:
        scopes = self._account.scopes if self._account is not None else None
        return await self._showing.resolve(spot(to.place), part, scopes)

    async def count(self, address: Address) -> int | None:
        """Return how many members a room has besides the app."""
        return await self._names.members(spot(address.place).room)

    def download(self, file: RemoteFile) -> AsyncIterator[bytes]:
        return download(self._web, file)

    async def diagnose(self) -> Sequence[Check]:
        return await doctor.diagnose(
            self._web, self._config.app_token.get_secret_value(), self._seen
        )
