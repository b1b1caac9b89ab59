"""An agent that says everything backwards."""

from collections.abc import AsyncGenerator, Sequence

from bridge.domain.content import Content
from bridge.domain.events import Event, MessageReceived, Preview, RunFinished, Triggered
from bridge.plugins import AgentPlugin, Section
from bridge.ports.agent import Ended, Said, Turn
from bridge.ports.clock import Clock
from bridge.ports.surroundings import Surroundings


class BackwardsConfig(Section):
    """`delay`: seconds between two letters."""

    delay: float = 0.01


class Backwards:
    help = "I say everything backwards."

    def __init__(self, config: BackwardsConfig, clock: Clock) -> None:
        self._delay = config.delay
        self._clock = clock

    async def run(self, turn: Turn) -> AsyncGenerator[Preview | Said]:
        answer = "\n\n".join(words[::-1] for words in _new_words(await turn.history()))
        for length in range(1, len(answer) + 1):
            yield Preview(run=turn.run, revision=length, text=answer[:length])
            await self._clock.sleep(self._delay)
        yield Ended(content=Content(text=answer) if answer else None)


def _new_words(history: Sequence[Event]) -> Sequence[str]:
    """Return what was asked since the last run; how far that one got, the log says itself."""
    ends = [event.body.upto for event in history if isinstance(event.body, RunFinished)]
    words = []
    for event in history:
        if event.seq > max(ends, default=0):
            match event.body:
                case MessageReceived(addressed=True, content=content):
                    words.append(content.text)
                case Triggered(prompt=prompt):
                    words.append(prompt)
                case _:
                    pass
    return words


def create(name: str, config: BackwardsConfig, surroundings: Surroundings) -> Backwards:
    return Backwards(config, surroundings.clock)


plugin = AgentPlugin(config=BackwardsConfig, create=create)
