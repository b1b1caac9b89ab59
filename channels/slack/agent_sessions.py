"""Slack's agent sessions: a thread says that the agent works, and has a button to stop it.

The rules:

- A session is a thread, in a room or in a direct message; outside of threads there is none.
- Only an app that is declared as an agent has them. An older app may say in a line that it works
  (`assistant.threads.setStatus`), for two minutes at a time. What Slack says of the whole app is
  remembered until the next start, and logged once: nothing else is lost by it.
- A title is given as the session begins, and changed when it is called otherwise.

Source: https://docs.slack.dev/ai/agent-sessions, ….assistant.threads.setStatus
"""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bridge import texts
from bridge.domain.errors import ChannelError, Gone, Rejected, Unauthorized
from bridge.domain.parts import AgentStatus
from channels.slack.client import Answer, Web
from channels.slack.conversation_ids import Spot
from channels.slack.limits import (
    MAX_PROMPT_TITLE,
    MAX_PROMPTS,
    MAX_TITLE,
    MOST_RECENT,
    STATUS_STAYS,
)

STATUSES: dict[AgentStatus, str] = {
    "working": "processing",
    "waiting": "suspended",
    "idle": "active",
}

LINES: dict[AgentStatus, str] = {
    "working": texts.AGENT_WORKS,
    "waiting": texts.AGENT_WAITS,
    "idle": "",
}

NOT_FOR_THE_APP = frozenset(
    {
        "feature_disabled",
        "feature_not_enabled",
        "missing_scope",
        "not_allowed",
        "not_allowed_token_type",
        "not_an_agent",
        "unknown_method",
    }
)
"""Refusals that hold for all that the app does, wherever."""

NO_STOP_EVENT = "missing_agent_session_stopped_event_subscription"

Way = Literal["sessions", "line", "none"]
"""How a status is told: as a session's, as a line beside the input, or not at all."""


@dataclass(slots=True)
class AgentSessions:
    web: Web
    starters: Sequence[str] = ()
    _way: Way = field(init=False, default="sessions")
    _titles: dict[Spot, str] = field(init=False, default_factory=dict)
    _said: dict[Spot, str] = field(init=False, default_factory=dict)
    """What Slack was told of each session that does not rest."""
    _is_warned: bool = field(init=False, default=False)
    _prompts: bool = field(init=False, default=True)

    def tells(self, there: Spot) -> bool:
        return bool(there.thread) and self._way != "none"

    def said_in(self, there: Spot) -> str | None:
        """Return what Slack was told last of a session that does not rest."""
        return self._said.get(there)

    async def tell(self, there: Spot, status: AgentStatus, title: str) -> timedelta | None:
        """Tell a thread how far the agent is; return how long it stands, None: until changed."""
        if self._way == "sessions":
            try:
                await self._tell_session(there, status, title)
            except (Rejected, Unauthorized, Gone) as error:
                self._give_up(error, "line")
            else:
                return None
        if self._way == "line":
            try:
                await self._tell_line(there, status)
            except (Rejected, Unauthorized, Gone) as error:
                self._give_up(error, "none")
            else:
                return None if status == "idle" else STATUS_STAYS
        raise Rejected("this app shows no status", code="not_an_agent")

    async def stopped(self, there: Spot) -> None:
        """Let the button go: Slack leaves it, and whoever pressed it, until it is told."""
        if self.tells(there):
            try:
                await self.tell(there, "idle", "")
            except ChannelError as error:
                self.web.log.info("status not told", place=f"{there}", code=error.code)

    async def _tell_session(self, there: Spot, status: AgentStatus, title: str) -> None:
        short = title[:MAX_TITLE]
        answer = await self.web.ask(
            self.web.client.agents_sessions_setStatus(
                channel_id=there.room,
                thread_ts=there.thread,
                status=STATUSES[status],
                title=short or None,
            )
        )
        self._warn(answer)
        if status == "idle":
            self._said.pop(there, None)
        else:
            self._said[there] = STATUSES[status]
        known = self._titles.get(there, answer.get("title"))
        if short and known != short:
            if len(self._titles) >= MOST_RECENT:
                del self._titles[next(iter(self._titles))]
            self._titles[there] = short
            await self._rename(there, short)

    async def _rename(self, there: Spot, title: str) -> None:
        call = self.web.client.agents_sessions_rename(
            channel_id=there.room, thread_ts=there.thread, title=title
        )
        await self._by_the_way(call, "title not told", there)

    async def _tell_line(self, there: Spot, status: AgentStatus) -> None:
        await self.web.ask(
            self.web.client.assistant_threads_setStatus(
                channel_id=there.room,
                thread_ts=there.thread,
                status=LINES[status],
            )
        )

    def _give_up(self, error: ChannelError, way: Way) -> None:
        """Go another way where one is not for this app. Raises what is for one place alone."""
        if error.code not in NOT_FOR_THE_APP:
            if isinstance(error, Unauthorized):
                raise error
            raise Rejected(str(error), code=error.code) from error
        self._way = way
        self.web.log.warning("agent status not for this app", code=error.code, instead=way)

    def _warn(self, answer: Answer) -> None:
        warnings = (answer.get("response_metadata") or {}).get("warnings") or ()
        if not self._is_warned and NO_STOP_EVENT in {answer.get("warning"), *warnings}:
            self._is_warned = True
            self.web.log.warning("no stop button: the app hears no agent_session_stopped")

    # -- what may be asked

    async def offer(self, there: Spot) -> None:
        """Show what may be asked; the thread is given by apps that are no agents."""
        if not self.starters or not self._prompts:
            return
        call = self.web.client.assistant_threads_setSuggestedPrompts(
            channel_id=there.room,
            thread_ts=there.thread or None,
            prompts=[
                {"title": each[:MAX_PROMPT_TITLE], "message": each}
                for each in self.starters[:MAX_PROMPTS]
            ],
        )
        self._prompts = await self._by_the_way(call, "starters not shown", there)

    async def _by_the_way(
        self, call: Awaitable[AsyncSlackResponse], what: str, there: Spot
    ) -> bool:
        """Make a call whose failure is noted and left; False: it is not for this app."""
        try:
            await self.web.ask(call)
        except ChannelError as error:
            self.web.log.info(what, place=f"{there}", code=error.code)
            return error.code not in NOT_FOR_THE_APP
        return True
