"""What providers say when they do not answer, by their own words: a table, with its sources.

litellm's classes are too coarse: a `BadRequestError` may be a conversation that is too long, a
picture that cannot be read, a tool that a model cannot take, or a wrong setting. Each of these is
dealt with in another way, so each is known by the words that its provider uses. The first row that
matches decides.

A 413 without a word that is known is a request with too many bytes: of a picture, or of words.

Patterns are matched without regard to case against the whole text of an error.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.domain.numerals import number_of

Kind = Literal["busy", "garbage", "overflow", "refused", "unusable", "unfit"]
Piece = Literal["", "files", "tools", "thoughts", "reasoning"]
"""What of a request a provider does not take; empty where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`sources` names the providers and servers that say it.

    `with_any`: it counts with every status; else only with one that blames the request. `every`:
    nothing of the kind is taken.
    """

    kind: Kind
    words: str
    sources: str
    piece: Piece = ""
    with_any: bool = False
    every: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What a text means. `names` is a tool's name, `number` its place, `most` how many fit."""

    kind: Kind
    piece: Piece = ""
    every: bool = False
    names: str = ""
    number: int | None = None
    most: int | None = None


NO_MONEY = (
    Row(
        kind="unusable",
        words=r"insufficient_quota"
        r"|exceeded your current quota(?!.*(retry in|retry_?delay|generativelanguage|exhausted))",
        sources="OpenAI, Azure: 429; Gemini says the same of a busy minute, with when to try again",
        with_any=True,
    ),
    Row(
        kind="unusable",
        words=r"insufficient balance|balance is too low|credit balance|exceeded_current_quota"
        r"|billing (hard|not active)|billing_not_active|account is not active|insufficient credits"
        r"|requires more credits|more credits are required|payment required|spending limit"
        r"|specified api usage limits|arrearage",
        sources="DeepSeek 402, Moonshot 429, Anthropic 400, OpenRouter 402, xAI 403 and 429;"
        " Alibaba 400",
        with_any=True,
    ),
)
TOO_LONG = (
    Row(
        kind="overflow",
        words=r"context_length_exceeded|maximum context length|model'?s? context (length|window)",
        sources="OpenAI, Azure, DeepSeek, Mistral, Moonshot, OpenRouter, vLLM: 400",
        with_any=True,
    ),
    Row(
        kind="overflow",
        words=r"request too large\b|request_too_large|tokens_limit_reached"
        r"|request body too large for|max(imum)? size: \d+ tokens",
        sources="OpenAI and Groq 429 'Request too large for … on tokens per min (TPM)', Anthropic"
        " 413, GitHub Models 413",
        with_any=True,
    ),
    Row(
        kind="overflow",
        words=r"prompt is too long|input length and `?max_tokens`? exceed",
        sources="Anthropic 400",
    ),
    Row(
        kind="overflow",
        words=r"maximum prompt length|prompt length is \d+ but",
        sources="xAI 400 'This model's maximum prompt length is … but the request contains …'",
    ),
    Row(
        kind="overflow",
        words=r"input token count.{0,40}exceeds|exceeds the maximum number of (input )?tokens",
        sources="Gemini 400, also at its OpenAI endpoint",
    ),
    Row(
        kind="overflow",
        words=r"prompt.{0,60}longer than the maximum|max_model_len|reduce the length of"
        r"|input (prompt )?\(\d+ tokens\) is too long",
        sources="vLLM 400, SGLang 400",
    ),
    Row(
        kind="overflow",
        words=r"tokens to keep from the initial prompt|greater than the context length"
        r"|exceeds the available context size|exceed_context_size"
        r"|context (size|length|window|limit|overflow)|\bn_ctx\b|\bn_keep\b",
        sources="LM Studio 400, llama.cpp 400 and 500, Ollama",
        with_any=True,
    ),
    Row(
        kind="overflow",
        words=r"too many (input )?tokens|input is too long"
        r"|tokens.{0,10}max_new_tokens|exceed\w* .{0,30}context|input length|too large for model"
        r"|(?<!daily )(?<!monthly )tokens? limit exceeded|`inputs` must have less than"
        r"|string too long|string_above_max_length|exceed max message tokens",
        sources="Bedrock, Cohere, TGI 422, OpenAI 400, Alibaba 400, Mistral 400, OpenRouter 402,"
        " Volcengine 400",
    ),
    Row(
        kind="overflow",
        words=r"exceeded model token limit|total message size.{0,40}exceed"
        r"|prompt token count.{0,40}exceed|max_prompt_tokens_exceeded"
        r"|prompt exceeds max(imum)? length|current length is.{0,40}limit is"
        r"|input tokens exceed",
        sources="Kimi 400 'Your request exceeded model token limit: 262144', Moonshot 400 'total"
        " message size … exceeds limit', Copilot 400 'prompt token count of … exceeds the limit of"
        " …', Zhipu 400 'Prompt exceeds max length', Cerebras 400, OpenAI 400",
    ),
)
REFUSED = (
    Row(
        kind="unfit",
        piece="files",
        words=r"(image|picture|file).{0,80}(safety system|content polic|moderation)",
        sources="OpenAI 400 'Your input image may contain content … by our safety system'",
    ),
    Row(
        kind="refused",
        words=r"content management policy|content_filter|content_policy|responsibleaipolicy"
        r"|content exists risk|considered high risk|data_inspection_failed|prohibited_content"
        r"|inappropriate content|flagged.{0,60}(usage policy|moderation)|sensitive_words"
        r"|blocked by.{0,40}(safety|content filter)|unsafe or sensitive|不安全或敏感",
        sources="Azure, DeepSeek, Moonshot, Alibaba, Gemini, Anthropic: 400; OpenRouter 403; Zhipu",
    ),
)
THOUGHTS = (
    Row(
        kind="unfit",
        piece="reasoning",
        words=r"reasoning_content.{0,60}(missing|must be passed|required)"
        r"|missing.{0,10}reasoning_content",
        sources="DeepSeek 400, Moonshot 400 'reasoning_content is missing in assistant tool call'",
    ),
    Row(
        kind="unfit",
        piece="thoughts",
        words=r"reasoning_content|reasoning_details",
        sources="Groq 400 'property reasoning_content is unsupported', Mistral 422",
    ),
    Row(
        kind="unfit",
        piece="thoughts",
        words=r"expected `?thinking|thinking.? blocks?|invalid `?signature|thought.?signature"
        r"|cannot contain `?thinking",
        sources="Anthropic 400, Bedrock 400, Gemini 400",
    ),
)
TOOLS = (
    Row(
        kind="unfit",
        piece="tools",
        words=r"'tools': array too long.{0,80}maximum length (?P<most>\d+)"
        r"|'tools' ?: maximum number of items is (?P<most2>\d+)"
        r"|maximum number of (?:tools|functions|function declarations).{0,40}?(?P<most3>\d+)"
        r"|more than (?P<most4>\d+) tools",
        sources="OpenAI and Azure 400 (128), Groq 400, Copilot 400",
    ),
    Row(
        kind="unfit",
        piece="tools",
        words=r"invalid schema for function '(?P<names>[^']+)'",
        sources="OpenAI, Azure, DeepSeek, xAI: 400",
    ),
    Row(
        kind="unfit",
        piece="tools",
        words=r"'tools\[(?P<number>\d+)\]|\btools\.(?P<number2>\d+)\."
        r"|function_declarations\[(?P<number3>\d+)\]|\btools\[(?P<number4>\d+)\](?!\.function_decl)",
        sources="OpenAI 400 (names), Anthropic 400 'tools.3.custom.input_schema: …', Gemini 400",
    ),
    Row(
        kind="unfit",
        piece="tools",
        words=r"tools?( use| calling| choice)?`? (is|are) not supported|enable-auto-tool-choice"
        r"|not support(ed)?.{0,20}\b(tool|function)|support (tool use|tools|function calling)",
        sources="Ollama 400 'does not support tools', vLLM 400, Groq 400, Bedrock 400, OpenRouter"
        " 404 'No endpoints found that support tool use'",
        every=True,
    ),
    Row(
        kind="unfit",
        piece="tools",
        words=r"input_schema|tool.{0,20}schema|function.{0,20}parameters|tool names must be unique"
        r"|duplicate (function|tool)|function name \S+ is duplicated",
        sources="Anthropic 400, OpenAI 400, vLLM 400, Gemini 400, Kimi 400",
    ),
)
FILES = (
    Row(
        kind="unfit",
        piece="files",
        words=r"support image input|mmproj|image input is not supported",
        sources="OpenRouter 404 'No endpoints found that support image input', llama.cpp 500",
        with_any=True,
        every=True,
    ),
    Row(
        kind="unfit",
        piece="files",
        words=r"\b(image|vision|multi-?modal|document|file|pdf)s? (input|content|support|type)?s?"
        r".{0,30}(not support|unsupported|not allowed)"
        r"|n[o']t support.{0,30}\b(image|vision|multi-?modal|document|pdf|file)"
        r"|not a (vision|multimodal) model|unknown variant `image_url`"
        r"|missing data required for image input|content\.type.{0,40}allowed values: \['text'\]",
        sources="DeepSeek, Mistral, vLLM, Cohere, Bedrock, Ollama: 400",
        every=True,
    ),
    Row(
        kind="unfit",
        piece="files",
        words=r"invalid_image|image_parse_error|invalid image|could not process image"
        r"|unable to process input image|unsupported image|image\.source|image_url"
        r"|image (exceeds|dimensions|size|was specified|data|url|media type|is too)"
        r"|failed to (decode|load|process).{0,20}(image|file)|invalid base64|base64 decoding failed"
        r"|cannot identify image|image file is truncated|at most \d+ image|too many images",
        sources="OpenAI, Gemini, vLLM, Groq, DeepSeek: 400; Anthropic 400"
        " 'messages.0.content.1.image.source.base64: …'",
    ),
    Row(
        kind="unfit",
        piece="files",
        words=r"\bpdf\b.{0,60}(not valid|invalid|password|encrypted|pages|could not)"
        r"|document has no pages|could not process (document|pdf)|file_data|unsupported.file",
        sources="Anthropic 400, Gemini 400 'The document has no pages', OpenAI 400",
    ),
)

ROWS: Sequence[Row] = (*NO_MONEY, *TOO_LONG, *REFUSED, *THOUGHTS, *TOOLS, *FILES)

_READ = [(row, re.compile(row.words, re.IGNORECASE)) for row in ROWS]

OF_THE_REQUEST = frozenset({400, 402, 403, 404, 413, 415, 422})
"""Statuses with which a provider may mean something in what it was sent."""

TOO_LARGE = 413

LONGEST_READ = 4000
"""Characters of an error that are looked at."""


def known(text: str, status: int | None) -> Diagnosis | None:
    """Return what a provider means by a text, None where it says nothing that is known."""
    for row, words in _READ:
        if not row.with_any and status not in OF_THE_REQUEST:
            continue
        if found := words.search(text[:LONGEST_READ]):
            return _meaning(row, found.groupdict())
    return None


def too_large(status: int | None) -> Diagnosis | None:
    """Return what a bare 413 means, as a proxy before a model says it."""
    return Diagnosis(kind="overflow", piece="files") if status == TOO_LARGE else None


def _meaning(row: Row, said: dict[str, str | None]) -> Diagnosis:
    return Diagnosis(
        kind=row.kind,
        piece=row.piece,
        every=row.every,
        names=said.get("names") or "",
        number=_number(said, "number"),
        most=_number(said, "most"),
    )


def _number(said: dict[str, str | None], name: str) -> int | None:
    found = next((value for key, value in said.items() if key.startswith(name) and value), None)
    return number_of(found) if found else None


# -- why an answer ended --------------------------------------------------------------------------

WHOLE = frozenset({
    "stop", "tool_calls", "function_call", "end_turn", "stop_sequence", "tool_use", "tool_call",
    "eos", "eos_token", "complete", "completed", "done", "end",
})  # fmt: skip
CUT = frozenset({
    "length", "max_tokens", "model_length", "model_context_window_exceeded", "max_output_tokens",
    "max_new_tokens", "continuation", "pause_turn", "token_limit", "context_length",
})  # fmt: skip
"""Mistral says `model_length`, Anthropic `model_context_window_exceeded` and `pause_turn`."""

FILTERED = frozenset({
    "content_filter", "content_filtered", "refusal", "safety", "recitation", "sensitive",
    "blocklist", "prohibited_content", "spii", "guardrail_intervened", "error_toxic",
    "image_safety", "language",
})  # fmt: skip
BROKEN = frozenset({
    "network_error", "error", "abort", "aborted", "cancelled", "canceled", "failed", "timeout",
    "malformed_function_call", "malformed_response", "unexpected_tool_call", "other",
    "insufficient_system_resource", "finish_reason_unspecified", "too_many_tool_calls",
    "missing_thought_signature",
})  # fmt: skip
"""Zhipu says `network_error`, DeepSeek `insufficient_system_resource`, OpenRouter `error`, vLLM
`abort`, Gemini `MALFORMED_FUNCTION_CALL` and its like."""

Ending = Literal["whole", "cut", "filtered", "broken", "odd"]


def ending(finish: str) -> Ending:
    """Return what a provider's reason for the end of an answer means."""
    said = finish.strip().lower()
    if said in WHOLE:
        return "whole"
    if said in CUT:
        return "cut"
    if said in FILTERED:
        return "filtered"
    return "broken" if said in BROKEN else "odd"
