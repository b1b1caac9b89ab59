"""The configuration: `load` finds, reads and checks it, and returns a `Config`."""

from bridge.config.load import data_folder, load
from bridge.config.model import AgentConfig, BlobsConfig, ChannelConfig, Config, StoreConfig

__all__ = [
    "AgentConfig",
    "BlobsConfig",
    "ChannelConfig",
    "Config",
    "StoreConfig",
    "data_folder",
    "load",
]
