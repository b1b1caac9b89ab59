"""A config is checked without the library, and its secret stays one."""

import subprocess
import sys

from bridge.plugins import load
from channels.discord.config import API_URL


def test_by_default_it_is_the_real_discord():
    config = load("channels", "discord").config.model_validate({"token": "x"})
    assert config.api_url == API_URL
    assert "x" not in repr(config.token)


def test_a_config_is_checked_without_the_library():
    code = (
        "import sys; from bridge.plugins import load;"
        "load('channels', 'discord').config.model_validate({'token': 'x'});"
        "print('discord' in sys.modules, 'aiohttp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
