"""A config is checked without the library, and its secret stays one."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from bridge.plugins import load
from channels.discord.config import API_URL

TOKEN = f"{'a' * 24}.{'b' * 6}.{'c' * 38}"


def test_by_default_it_is_the_real_discord():
    config = load("channels", "discord").config.model_validate({"token": TOKEN})
    assert config.api_url == API_URL
    assert "aaa" not in repr(config.token)


def test_what_is_no_token_of_discords_is_no_configuration():
    """What stands in for Discord may have tokens of another form."""
    section = load("channels", "discord").config
    with pytest.raises(ValidationError, match="this is no bot token"):
        section.model_validate({"token": "nonsense"})
    section.model_validate({"token": "nonsense", "api_url": "http://127.0.0.1:1"})


def test_a_config_is_checked_without_the_library():
    code = (
        "import sys; from bridge.plugins import load;"
        f"load('channels', 'discord').config.model_validate({{'token': '{TOKEN}'}});"
        "print('discord' in sys.modules, 'aiohttp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
