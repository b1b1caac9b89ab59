"""An agent that lives elsewhere: the bridge posts the turn to it, and it answers, now or later.

The rules (docs/http-agents.md is the contract):

- The turn is signed with a secret that both sides know. The agent answers with lines: in the
  response, or (202) in reports to the bridge, which carry a token of its own.
- An agent that cannot be reached surely has not got the turn: it is posted again for a while,
  under the same run. Whatever fails later fails the run; the next one has an id of its own.
- While a run waits, it is open. When the bridge dies the run is abandoned and the turn is given to
  a new one; who still reports for the old one is told that it is over.
- A redirect is not followed, and a response has a bound in size and time: whoever runs the agent
  is trusted with the session, not with the bridge.
"""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from ssl import SSLContext
from typing import Annotated, Literal

import httpx
import structlog
from pydantic import Field, SecretStr, field_validator

from agents import present
from agents.http.report_inbox import Mailbox, Parcel, ReportInbox
from agents.http.responses import Away, lines_of
from agents.lines.output_reader import OutputReader
from agents.lines.output_schema import (
    LEVELS,
    EndedLine,
    FailedLine,
    FileInput,
    FileLine,
    LogLine,
    NewsLine,
    PreviewLine,
    Spoken,
    read_all,
)
from agents.lines.turn_writer import Json, TurnWriter, encode, recorded
from agents.process.run_folder import known
from bridge.domain.content import Attachment
from bridge.domain.errors import AgentError, AgentFailed, AgentUnavailable, RunOver
from bridge.domain.events import Preview
from bridge.domain.ids import RunId
from bridge.plugins import AgentPlugin, Section
from bridge.ports.agent import Ended, Said, Turn
from bridge.ports.blobs import Blobs
from bridge.ports.health import Check
from bridge.ports.surroundings import AgentSurroundings

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two tries to reach the agent; they double."""

WAITING = "waiting for the agent to come back"
NOT_HERE = "over HTTP a file is fetched from its address, and news are asked for in a report"

Url = Annotated[str, Field(pattern=r"^https?://[^\s#]+$")]
Secret = Annotated[SecretStr, Field(min_length=20, max_length=200)]

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")


class HttpConfig(Section):
    """`secret` signs what the bridge sends; `token` is what the agent sends. Times in seconds.

    `connect` to the agent, `first` to the beginning of its response, `limit` to its last line;
    `patience` is how long one that is away is waited for. `bridge` is where the agent reaches the
    bridge, if not at `http.public_url`.
    """

    url: Url
    secret: Secret
    token: Secret | None = None
    bridge: Url | None = None
    connect: Annotated[float, Field(gt=0)] = 10
    first: Annotated[float, Field(gt=0)] = 60
    limit: Annotated[float, Field(gt=0)] = 3600
    patience: Annotated[float, Field(ge=0)] = 60
    history: Annotated[int, Field(ge=0)] = 200
    help: str = ""

    @field_validator("token")
    @classmethod
    def _fits_a_header(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not _TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError("a token is of letters, digits, - and _")
        return token


def sign(secret: str, body: bytes, *, at: datetime) -> Mapping[str, str]:
    """Return the headers that prove who sends a body, and when."""
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return {"Bridge-Timestamp": timestamp, "Bridge-Signature": f"v1={digest.hexdigest()}"}


class Http:
    """Posts turns to the address that the config names. It is also `AgentReceiving`."""

    def __init__(self, name: str, config: HttpConfig, surroundings: AgentSurroundings) -> None:
        self.help = config.help
        self._name, self._config = name, config
        self._base = (config.bridge or surroundings.public_url or "").rstrip("/")
        self._mailroom = ReportInbox()

    # -- what the agent sends of itself

    def admits(self, token: str) -> bool:
        """Say whether this is the agent's own token."""
        own = self._config.token.get_secret_value() if self._config.token else ""
        return bool(own) and hmac.compare_digest(own.encode(), token.encode())

    async def report(self, run: RunId, body: bytes, *, key: str) -> bytes:
        answers = await self._mailroom.take(run, lambda: read_all(body), key=key)
        return json.dumps({"answers": answers}, ensure_ascii=False).encode()

    # -- one run

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        telling = TurnWriter(turn=turn, most=self._config.history)
        opening = {**await telling.opening(), "urls": self._urls(turn)}
        with self._mailroom.open(turn.run) as mailbox:
            conversation = _Conversation(
                turn=turn,
                mailbox=mailbox,
                telling=telling,
                hearing=OutputReader(run=turn.run, clock=turn.clock, files=_Known(turn.blobs)),
                limit=self._config.limit,
                until=asyncio.get_running_loop().time() + self._config.limit,
            )
            posting = asyncio.create_task(self._post(turn, encode(opening), mailbox))
            try:
                while True:
                    said, parcel = await conversation.next()
                    try:
                        yield said
                    except GeneratorExit:
                        if isinstance(said, Ended):
                            parcel.answer()  # closed because it is at its end
                        raise
                    conversation.taken(said, parcel)
                    if isinstance(said, Ended):
                        return
            finally:
                posting.cancel()
                await asyncio.wait({posting})

    def _urls(self, turn: Turn) -> Json | None:
        """Return where the agent can call; paths only where nothing says what is before them."""
        if self._config.token is None:
            return None
        own = f"{self._base}/v1/agents/{self._name}"
        return {
            "report": f"{own}/runs/{turn.run}",
            "session": f"{own}/sessions/{turn.session}",
            "media": f"{own}/media",
        }

    # -- posting

    async def _post(self, turn: Turn, body: bytes, mailbox: Mailbox) -> None:
        """Post the turn and hand in what comes back, or what the run fails with."""
        try:
            with suppress(RunOver):
                await self._deliver(turn, body, mailbox)
        except AgentError as error:
            mailbox.fail(error)
        except Exception:
            log.exception("agent.post_failed", agent=self._name, run=turn.run)
            mailbox.fail(AgentUnavailable("the agent could not be asked"))

    async def _deliver(self, turn: Turn, body: bytes, mailbox: Mailbox) -> None:
        waited, pause = 0.0, FIRST_PAUSE
        while True:
            try:
                await self._exchange(turn, body, mailbox)
            except Away as away:
                wait = max(pause, away.seconds)
                if waited + wait > self._config.patience:
                    raise AgentUnavailable(str(away)) from None
                log.info("agent.away", agent=self._name, run=turn.run, text=str(away), wait=wait)
            else:
                return
            await mailbox.put(PreviewLine(type="preview", activity=WAITING))
            await turn.clock.sleep(wait)
            waited, pause = waited + wait, min(pause * 2, LONGEST_PAUSE)

    async def _exchange(self, turn: Turn, body: bytes, mailbox: Mailbox) -> None:
        secret = self._config.secret.get_secret_value()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/x-ndjson, application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "Bridgehead",
            "Bridge-Run": turn.run,
            **sign(secret, body, at=turn.clock.now()),
        }
        timeout = httpx.Timeout(None, connect=self._config.connect)
        async with httpx.AsyncClient(verify=self._tls, timeout=timeout) as client:
            request = client.build_request("POST", self._config.url, content=body, headers=headers)
            response = await self._sent(client, request)
            try:
                await self._hand_in(response, mailbox)
            except httpx.HTTPError as error:
                why = "the connection to the agent broke in mid-answer"
                raise AgentUnavailable(why) from error
            finally:
                await response.aclose()

    async def _sent(self, client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        """Return the response once it begins. Raises `Away` if the agent surely has nothing."""
        try:
            async with asyncio.timeout(self._config.first):
                return await client.send(request, stream=True)
        except TimeoutError:
            why = f"the agent did not begin to answer for {self._config.first:g} s"
            raise AgentUnavailable(why) from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Away("the agent cannot be reached") from error
        except httpx.HTTPError as error:
            raise AgentUnavailable("the connection to the agent broke") from error

    async def _hand_in(self, response: httpx.Response, mailbox: Mailbox) -> None:
        async with aclosing(lines_of(response)) as lines:
            async for line in lines:
                if isinstance(line, NewsLine | FileLine):
                    raise AgentFailed(NOT_HERE)
                await mailbox.put(line)
                if isinstance(line, EndedLine | FailedLine):
                    return
        if response.status_code != httpx.codes.ACCEPTED:
            raise AgentUnavailable("the agent stopped in mid-answer")
        if self._config.token is None:
            raise AgentFailed("the agent answers later, but the config gives it no token to do so")

    @cached_property
    def _tls(self) -> SSLContext | Literal[False]:
        """Made once: it reads all the certificates there are."""
        encrypted = self._config.url.startswith("https:")
        return httpx.create_ssl_context() if encrypted else False


@dataclass(frozen=True, slots=True)
class _Known:
    """The files of an agent that lives elsewhere: those that are kept here already."""

    blobs: Blobs

    async def attach(self, given: FileInput) -> Attachment:
        return await known(self.blobs, given)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conversation:
    """One run's lines, whichever way they come."""

    turn: Turn
    mailbox: Mailbox
    telling: TurnWriter
    hearing: OutputReader
    limit: float
    until: float

    async def next(self) -> tuple[Preview | Said, Parcel]:
        """Return what the agent says next, and the parcel it came in."""
        while True:
            parcel = await self._in_time()
            said = await self._read(parcel)
            if said is not None:
                return said, parcel

    def taken(self, said: Preview | Said, parcel: Parcel) -> None:
        """Tell whoever brought it that it is in the log."""
        parcel.answer(recorded(said))

    async def _in_time(self) -> Parcel:
        try:
            async with asyncio.timeout_at(self.until):
                return await self.mailbox.next()
        except TimeoutError:
            raise AgentFailed(f"the agent was not done after {self.limit:g} s") from None

    async def _read(self, parcel: Parcel) -> Preview | Said | None:
        match parcel.line:
            case NewsLine():
                parcel.answer(await self.telling.news())
            case FileLine():
                parcel.refuse(AgentFailed(NOT_HERE))
            case LogLine(level=level, text=text):
                log.log(LEVELS[level], "agent.log", agent=self.turn.agent, text=text)
                parcel.answer()
            case line:
                return await self._heard(line, parcel)
        return None

    async def _heard(self, line: Spoken, parcel: Parcel) -> Preview | Said | None:
        try:
            said = await self.hearing.hear(line)
        except AgentError as error:
            if isinstance(line, FailedLine):
                parcel.answer()
                raise
            parcel.refuse(error)
            return None
        if said is None:
            parcel.answer()
        return said


def create(name: str, config: HttpConfig, surroundings: AgentSurroundings) -> Http:
    return Http(name, config, surroundings)


async def examine(config: HttpConfig, environ: Mapping[str, str], *, deep: bool) -> Sequence[Check]:
    """Look whether something listens at the address; it is asked nothing, however `deep`."""
    del environ, deep
    fault = await present.address(config.url)
    return [] if fault is None else [fault]


plugin = AgentPlugin(config=HttpConfig, create=create, examine=examine)
