"""One Slack workspace as a channel."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbox, RemoteFile
from bridge.domain.parts import Address, AgentStatus, Capabilities, Part, Sent
from bridge.domain.records import replace
from bridge.ports.health import Check
from bridge.ports.surroundings import ChannelSurroundings
from channels.slack import doctor, from_markdown
from channels.slack.agent_sessions import AgentSessions
from channels.slack.client import BotUser, Web
from channels.slack.config import SlackConfig
from channels.slack.conversation_ids import spot
from channels.slack.files import download
from channels.slack.inbound import Listener
from channels.slack.limits import (
    GIVE_WAY_SECONDS,
    MAX_BUTTON_TEXT,
    MAX_CHARS,
    MAX_FILE_BYTES,
    MAX_FILES,
    MOST_RECENT,
    PAUSES,
    PING_SECONDS,
    PREVIEW_INTERVAL,
    STORE_PAUSE_SECONDS,
)
from channels.slack.names import UserNames
from channels.slack.outbound import Outbound
from channels.slack.reactions import Reactions
from channels.slack.read_marks import MARKING, Sources
from channels.slack.streams import Streams

CAPABILITIES = Capabilities(
    max_chars=MAX_CHARS,
    size=from_markdown.size,
    edits=True,
    deletes=True,
    buttons=True,
    previews=True,
    silent=False,  # Slack has no message without a notification
    typing=False,  # it says that it works for as long as it does, where it can: `TELLING`
    resolves=True,
    reacts=True,
    preview_interval=PREVIEW_INTERVAL,
    max_files=MAX_FILES,
    max_file_bytes=MAX_FILE_BYTES,
    caption_chars=0,  # a text of its own can be changed, and found again
    label_chars=MAX_BUTTON_TEXT,
)


TELLING = replace(CAPABILITIES, tells_status=True)
"""In threads, where the app is an agent."""


class SlackChannel:
    """The port's account. Hears through Socket Mode, shows through the Web API."""

    def __init__(
        self,
        name: ChannelName,
        config: SlackConfig,
        surroundings: ChannelSurroundings,
        *,
        ping_seconds: float = PING_SECONDS,
        patience: float = GIVE_WAY_SECONDS,
    ) -> None:
        self.name = name
        self._config = config
        self._clock = surroundings.clock
        self._ping_seconds = ping_seconds
        self._web = Web(
            name, config.bot_token.get_secret_value(), config.api_url, surroundings.clock
        )
        self._feed = surroundings.feed(
            marking=MARKING,
            again=STORE_PAUSE_SECONDS,
            pauses=PAUSES,
            remember=MOST_RECENT,
            patience=patience,
        )
        self._sources = Sources(self._feed.marks, surroundings.clock)
        self._names = UserNames(self._web, surroundings.clock)
        self._agent = AgentSessions(self._web, config.starters)
        self._streams = Streams(self._web, surroundings.clock, self._agent)
        self._showing = Outbound(
            self._web, self._sources, surroundings.blobs, surroundings.clock, self._streams
        )
        self._reactions = Reactions(self._web, surroundings.clock)
        self._account: BotUser | None = None

    def capabilities(self, address: Address) -> Capabilities:
        return TELLING if self._agent.tells(spot(address.place)) else CAPABILITIES

    async def listen(self, inbox: Inbox) -> None:
        app_token = self._config.app_token.get_secret_value()
        async with self._web.connected():
            await self._sources.load()
            self._account = await self._web.account(patiently=True)
            self._streams.team, self._streams.me = self._account.team, self._account.user
            listener = self._listener(self._account)
            await self._feed.run(
                inbox, lambda: listener.run(app_token), history=listener.history.of
            )

    def _listener(self, account: BotUser) -> Listener:
        return Listener(
            name=self.name,
            account=account,
            web=self._web,
            feed=self._feed,
            sources=self._sources,
            names=self._names,
            clock=self._clock,
            streams=self._streams,
            agent=self._agent,
            threads=self._config.threads,
            ping_seconds=self._ping_seconds,
        )

    # -- showing

    async def send(self, to: Address, part: Part) -> Sent:
        return await self._showing.send(spot(to.place), part)

    async def edit(self, to: Address, message: MessageId, part: Part) -> None:
        await self._showing.edit(spot(to.place), message, part)

    async def delete(self, to: Address, message: MessageId) -> None:
        await self._showing.delete(spot(to.place), message)

    async def react(
        self, to: Address, message: MessageId, emoji: Sequence[str], gone: Sequence[str]
    ) -> None:
        await self._reactions.show(spot(to.place), message, emoji, gone)

    async def tell_status(self, to: Address, status: AgentStatus, title: str) -> timedelta | None:
        return await self._agent.tell(spot(to.place), status, title)

    async def resolve(self, to: Address, part: Part) -> Sent | None:
        scopes = self._account.scopes if self._account is not None else None
        return await self._showing.resolve(spot(to.place), part, scopes)

    async def probe(self, to: Address) -> None:
        """Ask who this is: Slack shows nobody that a bot is writing."""
        del to
        await self._web.account()

    async def count(self, address: Address) -> int | None:
        """Return how many members a room has besides the app."""
        return await self._names.members(spot(address.place).room)

    def download(self, file: RemoteFile) -> AsyncIterator[bytes]:
        return download(self._web, file)

    async def diagnose(self) -> Sequence[Check]:
        return await doctor.diagnose(
            self._web, self._config.app_token.get_secret_value(), self._sources
        )

    async def trial(self) -> Check | None:
        _, bot = await doctor.bot_token(self._web)
        return None if bot.ok else bot
