"""What providers say is known by their own words, and means one thing."""

# ruff: noqa: E501 - what they say is quoted as it is

import pytest

from agents.litellm.errors import ROWS, Known, ending, known

SAID: list[tuple[int, str, str, str]] = [
    (429, "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs", "unusable", ""),
    (429, "{'error': {'code': 'insufficient_quota'}}", "unusable", ""),
    (402, "Insufficient Balance", "unusable", ""),
    (400, "Your credit balance is too low to access the Anthropic API.", "unusable", ""),
    (400, "This model's maximum context length is 8192 tokens.", "overflow", ""),
    (429, "Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 48027.", "overflow", ""),
    (413, "Request too large for model `llama` on tokens per minute (TPM): Limit 6000", "overflow", ""),
    (413, "request_too_large: Request exceeds the maximum size", "overflow", ""),
    (400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens.", "overflow", ""),
    (413, "Request body too large for gpt-4o model. Max size: 8000 tokens.", "overflow", ""),
    (400, "The decoder prompt (length 9000) is longer than the maximum model length of 8192.", "overflow", ""),
    (400, "The number of tokens to keep from the initial prompt is greater than the context length", "overflow", ""),
    (500, "the request exceeds the available context size, try increasing it", "overflow", ""),
    (400, "The input token count (1194822) exceeds the maximum number of tokens allowed (1048575).", "overflow", ""),
    (400, "input length and `max_tokens` exceed context limit: 199000 + 20000 > 200000", "overflow", ""),
    (400, "Content Exists Risk", "refused", ""),
    (400, "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", "refused", ""),
    (400, "Missing `reasoning_content` field in the assistant message at message index 1.", "unfit", "reasoning"),
    (400, "thinking is enabled but reasoning_content is missing in assistant tool call message", "unfit", "reasoning"),
    (400, "property 'reasoning_content' is unsupported", "unfit", "thoughts"),
    (400, "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`", "unfit", "thoughts"),
    (400, "messages.1.content.0: Invalid `signature` in `thinking` block", "unfit", "thoughts"),
    (400, "registry.ollama.ai/library/gemma:2b does not support tools", "unfit", "tools"),
    (404, "No endpoints found that support tool use.", "unfit", "tools"),
    (404, "No endpoints found that support image input", "unfit", "files"),
    (500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj", "unfit", "files"),
    (400, "messages[1]: unknown variant `image_url`, expected `text`", "unfit", "files"),
    (400, "messages.0.content.1.image.source.base64: image exceeds 5 MB maximum", "unfit", "files"),
    (400, "messages.0.content.1.image.source.base64.data: Could not process image", "unfit", "files"),
    (400, "You uploaded an unsupported image.", "unfit", "files"),
    (400, "The PDF specified was not valid.", "unfit", "files"),
    (400, "The document has no pages.", "unfit", "files"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "text", "kind", "piece"), SAID)
def test_each_text_of_a_provider_means_one_thing(status, text, kind, piece):
    found = known(text, status)
    assert found is not None
    assert (found.kind, found.piece) == (kind, piece)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (429, "Rate limit reached for images per minute. Please try again in 6s."),
        (429, "Too many tokens, please wait before trying again."),
        (429, "This request would exceed your organization's rate limit of 30,000 input tokens."),
        (
            429,
            "You exceeded your current quota, please check your plan and billing details. Please retry in 34.07s. RESOURCE_EXHAUSTED",
        ),
        (503, "The model is overloaded."),
        (400, "temperature must be between 0 and 2"),
    ],
)
def test_what_only_says_to_wait_or_names_a_setting_is_none_of_these(status, text):
    assert known(text, status) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 150 instead.",
            {"most": 128},
        ),
        ("Invalid schema for function 'far__pick': schema must have type 'object'", {"names": "far__pick"}),
        ("tools.3.custom.input_schema: input_schema does not support oneOf", {"number": 3}),
        ("GenerateContentRequest.tools[0].function_declarations[5].name: Invalid", {"number": 5}),
        ("Invalid 'tools[2].function.name': string does not match pattern.", {"number": 2}),
    ],
)  # fmt: skip
def test_a_tool_is_known_by_its_name_or_its_place(text, meant):
    assert known(text, 400) == Known(kind="unfit", piece="tools", **meant)


def test_every_row_says_where_it_comes_from():
    assert all(row.sources for row in ROWS)


@pytest.mark.parametrize(
    ("finish", "meant"),
    [
        ("stop", "whole"), ("tool_calls", "whole"), ("STOP", "whole"), ("length", "cut"),
        ("model_length", "cut"), ("network_error", "broken"), ("MALFORMED_FUNCTION_CALL", "broken"),
        ("content_filter", "filtered"), ("weird", "odd"),
    ],
)  # fmt: skip
def test_each_reason_for_an_end_means_one_thing(finish, meant):
    assert ending(finish) == meant
