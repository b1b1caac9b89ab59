"""An answer as it is being written, as Slack streams it: one message, which becomes the answer.

The rules:

- Slack streams into threads only, and in rooms to whoever asked. Where that is not known, or Slack
  refuses, the preview is a message that is changed, as it is outside of threads.
- Text can only be added to a stream. What does not begin with what is there already ends it; so
  does whatever the message is to be in the end, which is then changed like any other message.
- A stream takes no metadata. So a message of ours that carries none, and shows no file, is one
  whose answer was not shown: after a death the preview is found by that.
- Slack ends a stream after about five minutes. Ending it again is a success. Slack says with its
  end how far the agent is, so it is told what was said of that last.
- Whoever is asked to wait has added nothing: the stream goes on later, from where it was.

Source: https://docs.slack.dev/reference/methods/chat.startStream, ….appendStream, ….stopStream
"""

import re
from dataclasses import dataclass, field

from bridge.domain.errors import ChannelError, Gone, RateLimited, Rejected, Unauthorized
from bridge.domain.ids import MessageId
from bridge.domain.parts import Part
from bridge.ports.clock import Clock
from channels.limits import Budget
from channels.slack import from_markdown
from channels.slack.agent_sessions import NOT_FOR_THE_APP, AgentSessions
from channels.slack.client import Web
from channels.slack.conversation_ids import Spot
from channels.slack.limits import MAX_CHARS, MOST_RECENT, STREAMS, STREAMS_IN_ROOM

MARK = re.compile(r"[^\w\s.,;:!?'\"()-]")
FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)

OVER = frozenset({"message_not_in_streaming_state", "stopped_by_user", "streaming_state_conflict"})
"""The stream is at its end already."""


@dataclass(slots=True)
class Streams:
    """`team`: of the people that are streamed to; `me`: who says it; once they are known."""

    web: Web
    clock: Clock
    agent: AgentSessions
    team: str = ""
    me: str = ""
    _budget: Budget = field(init=False)
    _open: dict[tuple[str, MessageId], str] = field(init=False, default_factory=dict)
    """What is in each stream that is open."""
    _askers: dict[Spot, str] = field(init=False, default_factory=dict)
    _refusing: set[Spot] = field(init=False, default_factory=set)
    _is_able: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        self._budget = Budget(self.clock, STREAMS, STREAMS_IN_ROOM)

    def heard(self, there: Spot, user: str) -> None:
        """Keep in mind who spoke last in a thread: that is who is answered."""
        if there.thread:
            self._askers.pop(there, None)
            if len(self._askers) >= MOST_RECENT:
                del self._askers[next(iter(self._askers))]
            self._askers[there] = user

    async def start(self, there: Spot, part: Part) -> MessageId | None:
        """Begin to stream a preview; None where it cannot be, and nothing was shown."""
        asker = self._askers.get(there)
        if not asker or not self._is_able or there in self._refusing or not is_streamed(part):
            return None
        text = _streamed(part)
        if text is None:
            return None
        try:
            self._budget.spend(there.room, part.priority)
            answer = await self.web.ask(
                self.web.client.chat_startStream(
                    channel=there.room,
                    thread_ts=there.thread,
                    markdown_text=text or None,
                    recipient_user_id=asker,
                    recipient_team_id=self.team or None,
                )
            )
        except RateLimited as error:
            self._budget.block(error.until)
            return None
        except (Rejected, Unauthorized, Gone) as error:
            self._refuse(there, error)
            return None
        message = MessageId(str(answer["ts"]))
        self._open[there.room, message] = text
        return message

    def _refuse(self, there: Spot, error: ChannelError) -> None:
        """Do without from now on, wherever that is. Raises what concerns the whole account."""
        if error.code in NOT_FOR_THE_APP:
            self._is_able = False
            self.web.log.warning("streams not for this app", code=error.code)
        elif isinstance(error, Unauthorized):
            raise error
        else:
            self._refusing.add(there)
            self.web.log.info("not streamed", place=f"{there}", code=error.code)

    async def append(self, there: Spot, message: MessageId, part: Part) -> bool:
        """Add what is new of a preview; False where the message is no stream, or none any more."""
        known = self._open.get((there.room, message))
        if known is None:
            return False
        text = _streamed(part) if is_streamed(part) else None
        if text is None or not text.startswith(known):
            await self.stop(there, message)
            return False
        if text == known:
            return True
        call = self.web.client.chat_appendStream(
            channel=there.room, ts=message, markdown_text=text[len(known) :]
        )
        try:
            await self.web.ask(call)
        except RateLimited:
            raise
        except Rejected as error:
            self._open.pop((there.room, message), None)
            if error.code not in OVER:
                raise
            return False
        except ChannelError:  # it may have been added: it is not added again
            await self.stop(there, message)
            return False
        self._open[there.room, message] = text
        return True

    def is_open(self, there: Spot, message: MessageId) -> bool:
        return (there.room, message) in self._open

    async def stop(self, there: Spot, message: MessageId) -> None:
        """End a stream. Raises a `ChannelError`."""
        self._open.pop((there.room, message), None)
        call = self.web.client.chat_stopStream(
            channel=there.room, ts=message, session_status=self.agent.said_in(there)
        )
        try:
            await self.web.ask(call)
        except Rejected as error:
            if error.code not in OVER:
                raise


def is_streamed(part: Part) -> bool:
    """Say whether a part is text that is being written, and nothing else."""
    return part.priority == "preview" and not (part.speaker or part.is_plain or part.attachments)


def _streamed(part: Part) -> str | None:
    """Return what of a preview goes into a stream; None where that is not text alone."""
    pieces = list(from_markdown.pieces(settled(part.text)))
    text = "".join(each for each in pieces if isinstance(each, str)).rstrip()
    is_text = all(isinstance(each, str) for each in pieces)
    return text if is_text and len(text) <= MAX_CHARS else None


def settled(text: str) -> str:
    """Return as much of a text as will look the same whatever follows: no half mark, no half code.

    >>> settled("One **two** three **fo")
    'One '
    """
    before, newline, last = text.rpartition("\n")
    if (found := MARK.search(last)) is not None:
        last = last[: found.start()]
    words = last[: last.rfind(" ") + 1]
    text = f"{before}{newline}{words}"
    fences = list(FENCE.finditer(text))
    return text[: fences[-1].start()] if len(fences) % 2 else text
