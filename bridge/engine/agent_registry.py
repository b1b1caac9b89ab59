"""The configured agents, and which of them answers where."""

from collections.abc import Mapping, Sequence

from bridge import background_texts
from bridge.ports.agent import Agent
from bridge.ports.engine import Choosing
from bridge.session.fold import Session, setting_key

SETTING = "agent"


class AgentRegistry:
    """`default` answers where none was chosen, or one that is no longer configured."""

    def __init__(self, agents: Mapping[str, Agent], default: str) -> None:
        self._agents = agents
        self._default = default

    @property
    def names(self) -> Sequence[str]:
        return tuple(self._agents)

    def chosen(self, session: Session) -> str:
        """Return the name of the agent that answers in a session."""
        chosen = session.settings.get(setting_key("session", "", SETTING), self._default)
        return chosen if chosen in self._agents else self._default

    def gone(self, session: Session) -> str:
        """Return that whose a child is, is no longer configured; or "": no other works on it.

        People let that one do it, with its tools.
        """
        name = session.settings.get(setting_key("session", "", SETTING), self._default)
        is_gone = session.parent is not None and name not in self._agents
        return background_texts.AGENT_GONE if is_gone else ""

    def agent(self, name: str) -> Agent:
        return self._agents[name]

    def models(self, session: Session) -> Sequence[str]:
        """Return the models that can be chosen by name where this agent answers."""
        agent = self._agents.get(self.chosen(session))
        return agent.models if isinstance(agent, Choosing) else ()

    async def model_refusal(self, session: Session, model: str) -> str:
        """Return why this model cannot be had from whoever answers in a session, or ""."""
        agent = self._agents.get(self.chosen(session))
        return await agent.refusal(model) if isinstance(agent, Choosing) else ""

    def help(self, session: Session) -> str:
        return self._agents[self.chosen(session)].help if self._agents else ""
