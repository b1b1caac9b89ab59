"""The litellm library: imported when the first run needs it, in a thread where all of it stays.

Nothing else imports it, and nothing of it goes further than here: what comes in is parsed into
`Piece`s, what goes wrong is told as `Unanswered`. See `aside` for why it has its own thread.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from importlib import import_module
from threading import Event
from typing import Any

import structlog

from agents.litellm.config import ModelSection
from agents.litellm.failure import Trouble, Unanswered, trouble
from agents.litellm.look import HELLO, what_comes_back
from agents.litellm.openai_messages import Message
from agents.litellm.repairs import count, put_right
from agents.litellm.stream_parser import CallPiece, Metered, Piece
from agents.litellm.thread_loop import ThreadLoop
from bridge.imports import for_good

FAMILY_LIMIT = 128_000
"""Tokens a model is shown at most where the config does not say: more costs more than it brings."""

UNKNOWN_CONTEXT, LOCAL_CONTEXT = 32_000, 16_000
"""Tokens; of a model that litellm does not know, and of a local one."""

MOST_COST = 100_000.0
"""US dollars for one answer: no server that says more is believed."""

READ_OUT = 1.0
"""Seconds a provider gets to end a connection over which its answer has come."""

NO_WORD = "what came back holds no answer: is the address right?"

LOCAL = ("ollama/", "ollama_chat/")

SETTINGS = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else the import fetches prices from the internet
    "LITELLM_MODE": "PRODUCTION",  # else it reads a .env file
    "LITELLM_TELEMETRY": "False",
}


@cache
def _imported() -> Any:
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    with for_good():
        library: Any = import_module("litellm")
    library.suppress_debug_info = True
    library.drop_params = True  # a reasoning effort is nothing to a model that knows none
    library.modify_params = True
    put_right()
    return library


Now = Callable[[], datetime]

_aside = ThreadLoop("litellm")
_prepared_already = Event()


async def prepare() -> None:
    """Import the library, and what it imports itself when it first answers; once is enough."""
    if not _prepared_already.is_set():
        await _aside.call(_prepared)


async def _prepared() -> None:
    said = [{"role": "user", "content": "hello"}]
    library = _imported()
    library.disable_token_counter = True  # a tokenizer takes half a second, and is seldom needed
    with for_good(), suppress(Exception):  # whatever is wrong, the first run will say it
        async for _ in await library.acompletion(
            model="openai/gpt-4o", messages=said, mock_response="hello", stream=True
        ):
            pass
    library.disable_token_counter = False
    _prepared_already.set()


async def _library() -> Any:
    """Return the library; where it is not imported yet, the import is awaited."""
    if not _imported.cache_info().currsize:
        await _aside.call(_ready)
    return _imported()


async def _ready() -> None:
    _imported()


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a model takes. Tokens."""

    context: int
    images: bool
    documents: bool


async def abilities(section: ModelSection) -> Abilities:
    known = _entry(await _library(), section.model)
    return Abilities(
        context=section.context_tokens or _context(section.model, known),
        images=bool(known.get("supports_vision")) if section.images is None else section.images,
        documents=bool(known.get("supports_pdf_input")),
    )


def _entry(found: Any, model: str) -> Mapping[str, Any]:
    """Return what litellm knows of a model, without asking anyone."""
    bare = model.rpartition("/")[2]
    entry: Mapping[str, Any] = found.model_cost.get(model) or found.model_cost.get(bare) or {}
    return entry


def _context(model: str, known: Mapping[str, Any]) -> int:
    if model.startswith(LOCAL):
        return LOCAL_CONTEXT
    most = known.get("max_input_tokens") or known.get("max_tokens") or UNKNOWN_CONTEXT
    return min(int(most), FAMILY_LIMIT)


# -- asking a model -------------------------------------------------------------------------------


async def ask(
    section: ModelSection,
    messages: Sequence[Message],
    tools: Sequence[Mapping[str, Any]],
    *,
    stall_seconds: float,
    now: Now,
) -> AsyncGenerator[list[Piece]]:
    """Yield what the model answers, as it comes. Closing it closes the connection.

    Raises `Unanswered`, also when nothing comes for `stall_seconds`.
    """
    await _library()
    make = partial(_asked, section, messages, tools, stall_seconds, now)
    try:
        async with aclosing(_aside.stream(make, stall_seconds=stall_seconds)) as batches:
            async for batch in batches:
                yield batch
    except TimeoutError as error:
        reason = f"it said nothing for {stall_seconds:g} s"
        raise Unanswered(Trouble(kind="busy", reason=reason)) from error


async def _asked(
    section: ModelSection,
    messages: Sequence[Message],
    tools: Sequence[Mapping[str, Any]],
    stall_seconds: float,
    now: Now,
) -> AsyncGenerator[Piece]:
    stream: Any = None
    try:
        settings = _settings(section, tools, stall_seconds)
        stream = await _imported().acompletion(messages=list(messages), **settings)
        async for piece in _until_metered(stream, section):
            yield piece
    except Exception as error:
        raise Unanswered(_trouble(error, section, now)) from error
    finally:
        if stream is not None:
            with suppress(Exception):
                await stream.aclose()


async def _until_metered(stream: Any, section: ModelSection) -> AsyncGenerator[Piece]:
    """Yield the pieces up to what they used, which comes last.

    To read on would let litellm put its own record of the answer together, which takes longer the
    longer the conversation is, and which nobody looks at. An answer that is whole is not lost for
    what comes after it.
    """
    if stream is None:
        raise ValueError(NO_WORD)
    whole = False
    chunks = aiter(stream)
    while True:
        try:
            piece = _piece(await anext(chunks), section)
        except StopAsyncIteration:
            return
        except Exception as error:
            if not whole:
                raise
            told = type(error).__name__
            structlog.get_logger().info("model.usage_unreadable", model=section.model, error=told)
            return
        yield piece
        whole = whole or bool(piece.finish)
        if whole and piece.metered is not None:
            await _read_out(stream)
            return


async def _read_out(stream: Any) -> None:
    """Read past litellm to the end of the response: only then can its connection be used again."""
    rest = getattr(stream, "completion_stream", None)
    if isinstance(rest, AsyncIterable):
        with suppress(Exception):
            async with asyncio.timeout(READ_OUT):
                async for _ in rest:
                    pass


def _settings(
    section: ModelSection, tools: Sequence[Mapping[str, Any]], stall_seconds: float
) -> Mapping[str, Any]:
    """Return what litellm is asked with. Retrying and falling back are ours."""
    settings: dict[str, Any] = {
        "model": section.model,
        "api_base": section.api_base,
        "api_key": section.api_key,
        "tools": list(tools) or None,
        "max_tokens": section.max_output_tokens,
        "reasoning_effort": section.reasoning_effort,
        "temperature": section.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
        "timeout": stall_seconds,
        "num_retries": 0,
        "max_retries": 0,
    }
    if section.model.startswith(LOCAL):
        settings["num_ctx"] = section.context_tokens or LOCAL_CONTEXT
    return {name: value for name, value in settings.items() if value is not None} | dict(
        section.extra
    )


def _trouble(error: Exception, section: ModelSection, now: Now) -> Trouble:
    return trouble(error, now=now(), secrets=_secrets(section))


def _secrets(section: ModelSection) -> Sequence[str]:
    return [section.api_key] if section.api_key else []


def _piece(chunk: Any, section: ModelSection) -> Piece:
    usage = getattr(chunk, "usage", None)
    metered = _meter(section, usage) if usage is not None else None
    choice = chunk.choices[0] if chunk.choices else None
    if choice is None:
        return Piece(metered=metered)
    delta = choice.delta
    return Piece(
        text=delta.content or "",
        thinking=getattr(delta, "reasoning_content", None) or "",
        calls=tuple(_call(each) for each in delta.tool_calls or ()),
        finish=choice.finish_reason or "",
        thoughts=tuple(getattr(delta, "thinking_blocks", None) or ()),
        metered=metered,
    )


def _call(call: Any) -> CallPiece:
    return CallPiece(
        index=call.index or 0,
        id=call.id or "",
        name=call.function.name or "",
        arguments=call.function.arguments or "",
        extra=getattr(call, "provider_specific_fields", None) or {},
    )


def _meter(section: ModelSection, usage: Any) -> Metered:
    """Return what was used, and its price where litellm knows one."""
    cost: float | None = None
    with suppress(Exception):  # a model without a price is no error
        prompt, completion = _imported().cost_per_token(model=section.model, usage_object=usage)
        cost = prompt + completion
    return Metered(
        input_tokens=count(getattr(usage, "prompt_tokens", None)),
        output_tokens=count(getattr(usage, "completion_tokens", None)),
        cost=cost if cost is not None and 0 <= cost <= MOST_COST else None,
    )


async def try_out(section: ModelSection, *, seconds: float, now: Now) -> None:
    """Let a model say one word. Raises `Unanswered`, also when it says none."""
    words = ""
    async with aclosing(ask(section, HELLO, (), stall_seconds=seconds, now=now)) as batches:
        async for batch in batches:
            words += "".join(piece.text + piece.thinking for piece in batch)
    if not words.strip():
        came = await what_comes_back(section)
        raise Unanswered(
            Trouble(kind="unusable", reason=f"it answered nothing; {came}".rstrip("; "))
        )


# -- hearing --------------------------------------------------------------------------------------


async def transcribe(
    section: ModelSection, name: str, body: bytes, mime: str, *, seconds: float, now: Now
) -> str:
    """Return what is spoken in a recording. Raises `Unanswered`."""
    make = partial(_transcribed, section, name, body, mime)
    try:
        async with asyncio.timeout(seconds):
            return await _aside.call(make)
    except Exception as error:
        raise Unanswered(_trouble(error, section, now)) from error


async def _transcribed(section: ModelSection, name: str, body: bytes, mime: str) -> str:
    heard = await _imported().atranscription(
        model=section.model,
        file=(name, body, mime),
        api_base=section.api_base,
        api_key=section.api_key,
        max_retries=0,
        **section.extra,
    )
    return str(heard.text or "").strip()
