"""What litellm reads wrongly, put right as it is imported.

Each repair wraps one function of the library, and does no more than is said beside it. A newer
release that has none of these functions fails at its import, and the tests say which is gone.
"""

import math
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

from agents.litellm.errors import ending

MOST_TOKENS = 1_000_000_000
"""Of one answer: no server that says more is believed."""

COUNTS = ("_tokens", "_requests", "_count", "Count")
GROUPS = ("_details", "server_tool_use", "cache_creation", "Details")
"""How what is a count of something is called, and what is a group of counts."""


def put_right() -> None:
    """Repair the library, which has been imported."""
    _keep_endings()
    _keep_refusals()
    _keep_unprocessed()
    _keep_usage()
    _keep_usage_of_others()
    _keep_what_was_spoken()


class _Endings(dict[str, str]):
    """litellm's table of reasons why an answer ended, without a word that it makes up.

    Of a reason that it does not know, and of some that are failures, it says that all is well.
    """

    def get(self, reason: str, default: Any = None) -> Any:  # noqa: ARG002 - as a dict has it
        known = super().get(reason)
        return reason if known is None or (known == "stop" and ending(reason) != "whole") else known


def _keep_endings() -> None:
    core: Any = import_module("litellm.litellm_core_utils.core_helpers")
    core._FINISH_REASON_MAP = _Endings(core._FINISH_REASON_MAP)  # noqa: SLF001 - there is no other way


def _keep_refusals() -> None:
    """Have a refusal read as the words that it is.

    OpenAI's models write it in a field of its own, and litellm drops what comes in there alone.
    """
    core: Any = import_module("litellm.litellm_core_utils.streaming_handler")
    stream = core.CustomStreamWrapper
    read = stream.chunk_creator

    def reads(self: Any, chunk: Any) -> Any:
        for choice in getattr(chunk, "choices", None) or ():
            delta = getattr(choice, "delta", None)
            if delta is not None and (words := getattr(delta, "refusal", None)):
                delta.content = (delta.content or "") + words
        return read(self, chunk)

    stream.chunk_creator = reads


OF_THE_ASKED = frozenset({"messages", "model", "tools", "stream"})
"""What is never left out of a request as a setting that a server does not know."""


class _Fewer(dict[str, Any]):
    """A request that some settings were left out of."""


def _keep_unprocessed() -> None:
    """Have a request that cannot be processed (422) say why.

    litellm takes each for one with a setting too many, asks once more without what it can make out
    as such, and returns nothing at all where that does not help. Here it asks once more only
    without settings that were named.
    """
    openai: Any = import_module("litellm.llms.openai.openai")
    drop = openai.drop_params_from_unprocessable_entity_error

    def dropped(error: Exception, data: Mapping[str, Any], *args: Any, **how: Any) -> _Fewer:
        fewer = drop(error, data, *args, **how)
        gone = data.keys() - fewer.keys()
        if not gone or gone & OF_THE_ASKED or isinstance(data, _Fewer):
            raise error
        return _Fewer(fewer)

    openai.drop_params_from_unprocessable_entity_error = dropped


def _keep_usage() -> None:
    """Have no count of tokens spoil the words that came with it.

    Servers count in fractions, in words, or beyond all numbers, some of them in every chunk of an
    answer; litellm refuses to read such a chunk, and the answer with it.
    """
    types: Any = import_module("litellm.types.utils")
    core: Any = import_module("litellm.litellm_core_utils.streaming_handler")
    anthropic: Any = import_module("litellm.llms.anthropic.chat.handler")
    make, read = types.Usage.__init__, core.CustomStreamWrapper.chunk_creator
    handle = anthropic.ModelResponseIterator._handle_usage  # noqa: SLF001 - there is no other way

    def makes(self: Any, **said: Any) -> None:
        make(self, **sound(said))

    def reads(self: Any, chunk: Any) -> Any:
        used = getattr(chunk, "usage", None)
        if used is not None and not isinstance(used, types.Usage):
            chunk.usage = types.Usage(**_as_told(used))
        return read(self, chunk)

    def handles(self: Any, anthropic_usage_chunk: Any) -> Any:
        return handle(self, anthropic_usage_chunk=sound(_as_told(anthropic_usage_chunk)))

    types.Usage.__init__ = makes
    core.CustomStreamWrapper.chunk_creator = reads
    anthropic.ModelResponseIterator._handle_usage = handles  # noqa: SLF001


def _keep_usage_of_others() -> None:
    """Have no count spoil a chunk of a provider whose chunks litellm reads by itself."""
    base: Any = import_module("litellm.llms.base_llm.base_model_iterator")
    vertex: Any = import_module("litellm.llms.vertex_ai.gemini.vertex_and_google_ai_studio_gemini")
    read = base.BaseModelResponseIterator._string_to_dict_parser  # noqa: SLF001 - there is no other way
    parse = vertex.ModelResponseIterator.chunk_parser

    def reads(str_line: str) -> Any:
        return _metered(read(str_line))

    def parses(self: Any, chunk: Any) -> Any:
        return parse(self, chunk=_metered(chunk))

    base.BaseModelResponseIterator._string_to_dict_parser = staticmethod(reads)  # noqa: SLF001
    vertex.ModelResponseIterator.chunk_parser = parses


USED = ("usage", "usageMetadata")
"""The fields of a chunk that say what was used: OpenAI's and those like it, Gemini's."""


def _metered(chunk: Any) -> Any:
    """Return a chunk in which every count is a number that may be so."""
    if not isinstance(chunk, dict):
        return chunk
    told = {**chunk}
    for name in USED:
        said = told.get(name)
        if isinstance(said, Mapping):
            told[name] = sound(said)
        elif said is not None:
            del told[name]
    return told


def _keep_what_was_spoken() -> None:
    """Have what was spoken read whatever is said of its usage, which nobody looks at."""
    spoken: Any = import_module("litellm.llms.openai.transcriptions.handler")
    convert = spoken.convert_to_model_response_object

    def converts(*args: Any, response_object: Any = None, **how: Any) -> Any:
        told = response_object
        if isinstance(told, dict):
            told = {name: value for name, value in told.items() if name != "usage"}
        return convert(*args, response_object=told, **how)

    spoken.convert_to_model_response_object = converts


def _as_told(used: Any) -> Mapping[str, Any]:
    """Return what was used by its names, as it came; nothing where it has none."""
    if isinstance(used, Mapping):
        return used
    fields = getattr(used, "__dict__", None) or {}
    return {**fields, **(getattr(used, "model_extra", None) or {})}


def sound(used: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was used with every count as a number that may be so.

    Of groups of counts those that are none are left out; so is a price that is no number.
    """
    told: dict[str, Any] = {}
    for name, said in used.items():
        if said is None:
            if not name.endswith("Count"):  # Gemini's are added up as they are
                told[name] = None
        elif name.endswith(COUNTS):
            told[name] = count(said)
        elif _is_group(said):
            told[name] = sound(_as_told(said))
        elif name.endswith("Details") and isinstance(said, list):
            told[name] = [sound(each) for each in said if isinstance(each, Mapping)]
        elif not name.endswith(GROUPS) and (name != "cost" or isinstance(said, int | float)):
            told[name] = said
    return told


def _is_group(said: Any) -> bool:
    return isinstance(said, Mapping) or hasattr(said, "model_extra")


def count(said: Any) -> int:
    """Return a number of tokens that may be so, whatever a server says."""
    if isinstance(said, str):
        with suppress(ValueError):
            said = float(said)
    if isinstance(said, int):  # it may be more than a float can be
        return 0 if isinstance(said, bool) else min(max(said, 0), MOST_TOKENS)
    if not isinstance(said, float) or math.isnan(said):
        return 0
    return int(min(max(said, 0), MOST_TOKENS))
