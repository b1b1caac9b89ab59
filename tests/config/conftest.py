"""A package outside the tree, found by its entry points like any other."""

from pathlib import Path

import pytest

OUTSIDE = """
from contextlib import asynccontextmanager
from pydantic import BaseModel, SecretStr
from bridge.plugins import AgentPlugin, ChannelPlugin, Section, StorePlugin

class Proxy(BaseModel):
    model_config = {"extra": "forbid"}
    password: SecretStr

class Chat(Section):
    token: SecretStr
    poll_seconds: int = 30
    mirrors: tuple[SecretStr, ...] = ()
    proxy: Proxy | None = None

class Bot(Section):
    model: str = "small"

class Shelf(Section):
    url: SecretStr | None = None

chat = ChannelPlugin(title="Outside Chat", config=Chat, create=lambda *_: None)
bot = AgentPlugin(config=Bot, create=lambda *_: None)
shelf = StorePlugin(config=Shelf, open=lambda *_: None)
"""

POINTS = """
[bridgehead.channels]
outside = bridge_outside:chat
broken = bridge_outside_broken:plugin
[bridgehead.agents]
outside = bridge_outside:bot
[bridgehead.stores]
outside = bridge_outside:shelf
"""


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a channel, an agent and a store called `outside`; return their folder."""
    site = tmp_path / "site"
    about = site / "bridge_outside-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "bridge_outside.py").write_text(OUTSIDE)
    (site / "bridge_outside_broken.py").write_text("import surely_not_installed\n")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bridge-outside\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.chdir(tmp_path)
    return site
