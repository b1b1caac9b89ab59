"""Whether a model that someone asks for with `/model` can be had, before it is chosen.

The rules:

- What the config names is taken as it is.
- A name that litellm cannot read, or whose provider has no key here, is refused, with the names it
  resembles.
- Any other is asked for one word: providers bring out models faster than litellm lists them, and
  a listed one may be out of reach for this key.
"""

import asyncio
import os
from datetime import UTC, datetime

from agents.litellm.config import LitellmConfig
from agents.litellm.failure import Unanswered
from agents.litellm.library import try_out
from agents.litellm.models import named, section
from agents.litellm.providers import missing_key, suggestions, unknown

TRIED_SECONDS = 10.0


async def refusal(config: LitellmConfig, name: str) -> str:
    """Return why a model cannot be had, for people to read, or ""."""
    if name in named(config):
        return ""
    wanted = section(config, name)
    if why := await asyncio.to_thread(unknown, wanted):
        return why
    if variable := missing_key(wanted, os.environ):
        return f"it has no API key here: the owner has to set {variable}"
    try:
        async with asyncio.timeout(TRIED_SECONDS):
            await try_out(wanted, seconds=TRIED_SECONDS, now=lambda: datetime.now(UTC))
    except Unanswered as error:
        if error.trouble.kind == "busy":
            return f"it cannot be tried just now ({error.trouble.reason}); try again in a while"
        near = [each for each in await asyncio.to_thread(suggestions, name) if each != name]
        guess = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"it does not answer ({error.trouble.reason}){guess}"
    except TimeoutError:
        return f"it did not answer within {TRIED_SECONDS:g} s; try again in a while"
    return ""
