"""Any model that litellm can reach. The library itself is not imported here."""

from agents.litellm.agent import create
from agents.litellm.config import LitellmConfig
from agents.litellm.examine import examine
from agents.litellm.setup import setup, suggest
from bridge.plugins import AgentPlugin

plugin = AgentPlugin(
    config=LitellmConfig, create=create, setup=setup, suggest=suggest, examine=examine
)
