"""A look at what a server sends that answers nothing: its address may be that of something else."""

from importlib import import_module
from typing import Any

from agents.litellm.config import ModelSection

SECONDS, LONGEST, SHOWN = 5.0, 2000, 120
"""How long a look may take, how many bytes are read, and how many characters of them are shown."""

HELLO = [{"role": "user", "content": "Say one word."}]


async def what_comes_back(section: ModelSection) -> str:
    """Return what the server of a model sends when it is asked like OpenAI, for people to read.

    Empty where the config does not say where the server is, or it cannot be reached.
    """
    if not section.api_base:
        return ""
    httpx: Any = import_module("httpx")
    url = section.api_base.rstrip("/") + "/chat/completions"
    asked = {"model": section.model.partition("/")[2], "messages": HELLO}
    headers = {"authorization": f"Bearer {section.api_key}"} if section.api_key else {}
    try:
        async with (
            httpx.AsyncClient(timeout=SECONDS) as client,
            client.stream("POST", url, json=asked, headers=headers) as response,
        ):
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LONGEST:
                    break
    except (httpx.HTTPError, ValueError):
        return ""
    kind = response.headers.get("content-type", "").partition(";")[0] or "no type"
    begun = " ".join(body[:LONGEST].decode(errors="replace").split())[:SHOWN]
    if section.api_key:
        begun = begun.replace(section.api_key, "…")
    return f"{url} answers {response.status_code}, {kind}: {begun or 'nothing'}"
