"""What providers refuse, in their own words: each takes a request and says what is wrong with it.

They are stricter than the real ones rather than kinder. `status` and `error` are what comes back.
The sources are named in agents/litellm/errors.py.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
GEMINI_NAME = re.compile(r"^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$")
MOST_TOOLS = 128
TOP = ("anyOf", "oneOf", "allOf", "enum", "not")
FORBIDDEN = "forbidden fruit"
"""Words that a content filter stops."""

POISON = "poison pill"
"""Words that make a provider refuse, and not say why."""


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """`body` is sent as it is instead of what OpenAI would make of the error."""

    status: int
    error: str
    body: str = ""


Rules = Callable[[Mapping[str, Any], str], None]
"""Takes a request, and its raw text; raises `Refused`."""


def signature(thinking: str) -> str:
    return hashlib.sha256(thinking.encode()).hexdigest()[:20]


def openai(body: Mapping[str, Any], raw: str, *, thinks: bool = False) -> None:
    _sound(raw)
    tools = body.get("tools") or []
    if len(tools) > MOST_TOOLS:
        raise Refused(
            400,
            f"Invalid 'tools': array too long. Expected an array with maximum length"
            f" {MOST_TOOLS}, but got an array with length {len(tools)} instead.",
        )
    for number, tool in enumerate(tools):
        function = tool["function"]
        if not NAME.match(function["name"]):
            raise Refused(
                400,
                f"Invalid 'tools[{number}].function.name': string does not match"
                " pattern. Expected '^[a-zA-Z0-9_-]+$'.",
            )
        _schema(
            function,
            f"Invalid schema for function '{function['name']}': schema must have type"
            " 'object' and not have 'oneOf'/'anyOf' at the top level.",
        )
    _names(body)
    _paired(body["messages"])
    for message in body["messages"]:
        if "reasoning_content" in message and not thinks:
            raise Refused(400, "property 'reasoning_content' is unsupported")
        for part in _parts(message):
            _openai_part(part)
    _filtered(raw)


def deepseek(body: Mapping[str, Any], raw: str) -> None:
    """A model that thinks, and wants to see its thoughts beside its calls; it sees no pictures."""
    for number, message in enumerate(body["messages"]):
        if message.get("tool_calls") and not message.get("reasoning_content"):
            raise Refused(
                400,
                "Missing `reasoning_content` field in the assistant message at message"
                f" index {number}.",
            )
        for part in _parts(message):
            if part["type"] == "image_url":
                raise Refused(
                    400,
                    "Failed to deserialize the JSON body into the target type:"
                    f" messages[{number}]: unknown variant `image_url`, expected `text`",
                )
    openai(body, raw, thinks=True)


def moonshot(body: Mapping[str, Any], raw: str) -> None:
    for number, message in enumerate(body["messages"]):
        if message.get("tool_calls") and not message.get("reasoning_content"):
            raise Refused(
                400,
                "thinking is enabled but reasoning_content is missing in assistant tool"
                f" call message at index {number}",
            )
    openai(body, raw, thinks=True)


def mistral(body: Mapping[str, Any], raw: str) -> None:
    """Takes ids of nine letters and digits, and nobody's words after a result."""
    last = ""
    for message in body["messages"]:
        for each in message.get("tool_calls") or []:
            if not re.match(r"^[a-zA-Z0-9]{9}$", each["id"]):
                raise Refused(
                    400,
                    f"Tool call id was {each['id']} but must be a-z, A-Z, 0-9, with a length of 9.",
                )
        if last == "tool" and message["role"] == "user":
            raise Refused(400, "Unexpected role 'user' after role 'tool'")
        last = message["role"]
    openai(body, raw)


def gemini(body: Mapping[str, Any], raw: str) -> None:
    for number, tool in enumerate(body.get("tools") or []):
        if not GEMINI_NAME.match(tool["function"]["name"]):
            raise Refused(
                400,
                "GenerateContentRequest.tools[0].function_declarations"
                f"[{number}].name: Invalid function name.",
            )
    openai(body, raw)


def anthropic(body: Mapping[str, Any], raw: str) -> None:
    _sound(raw)
    for number, tool in enumerate(body.get("tools") or []):
        if not NAME.match(tool["name"]):
            raise Refused(
                400, f"tools.{number}.custom.name: String should match pattern '{NAME.pattern}'"
            )
        _schema(
            {"parameters": tool["input_schema"]},
            f"tools.{number}.custom.input_schema: input_schema"
            " does not support oneOf, allOf, or anyOf at the top level",
        )
    messages = body["messages"]
    if not messages or messages[0]["role"] != "user":
        raise Refused(400, 'messages: first message must use the "user" role')
    for number, message in enumerate(messages):
        blocks = _parts(message)
        for place, block in enumerate(blocks):
            _anthropic_block(block, f"messages.{number}.content.{place}", blocks)
        used = [block["id"] for block in blocks if block["type"] == "tool_use"]
        after = _parts(messages[number + 1]) if number + 1 < len(messages) else []
        got = {block["tool_use_id"] for block in after if block["type"] == "tool_result"}
        if set(used) - got:
            raise Refused(
                400,
                f"messages.{number}: `tool_use` ids were found without `tool_result`"
                " blocks immediately after",
            )
    if body.get("thinking"):
        _thinking(messages)
    _filtered(raw)


def sees_nothing(body: Mapping[str, Any], raw: str) -> None:
    """A model without eyes behind llama.cpp, which fails instead of refusing."""
    if any(part["type"] == "image_url" for message in body["messages"] for part in _parts(message)):
        raise Refused(
            500,
            "image input is not supported - hint: if this is unexpected, you may need"
            " to provide the mmproj",
        )
    openai(body, raw)


def uses_nothing(body: Mapping[str, Any], raw: str) -> None:
    """A model without tools behind OpenRouter."""
    if body.get("tools"):
        raise Refused(
            404,
            "No endpoints found that support tool use. To learn more about provider"
            " routing, visit the documentation",
        )
    openai(body, raw)


def mute(body: Mapping[str, Any], raw: str) -> None:
    """A server that refuses what OpenAI refuses, and never says why."""
    try:
        openai(body, raw)
    except Refused as refused:
        raise Refused(400, "Bad Request") from refused


def small(tokens: int, says: str, *, status: int = 400, shape: "Shape | None" = None) -> Rules:
    """A model with a small window. `says` is what it says of more, sent as `shape` makes it."""

    def rules(body: Mapping[str, Any], raw: str) -> None:
        openai(body, raw)
        if len(_readable(body)) // 4 > tokens:
            raise Refused(status, says, shape(says) if shape else "")

    return rules


# -- servers that tell it as what cannot be processed, each in a shape of its own ------------------

Shape = Callable[[str], str]


def tgi_shape(says: str) -> str:
    return json.dumps({"error": f"Input validation error: {says}", "error_type": "validation"})


def vllm_shape(says: str) -> str:
    return json.dumps({"object": "error", "message": says, "type": "Invalid", "code": 422})


def mistral_shape(says: str) -> str:
    detail = [{"type": "value_error", "loc": ["body", "messages"], "msg": says}]
    return json.dumps({"object": "error", "message": {"detail": detail}, "code": None})


def page_shape(says: str) -> str:
    """What a proxy before the model's server sends."""
    return f"<html>\r\n<head><title>{says}</title></head>\r\n<body>{says}</body></html>"


def narrow(most: int, page: str) -> Rules:
    """A model behind a proxy that lets no more bytes through."""

    def rules(body: Mapping[str, Any], raw: str) -> None:
        if len(raw) > most:
            raise Refused(413, page, page)
        openai(body, raw)

    return rules


def unprocessable(rules: Rules, shape: Shape) -> Rules:
    """The same rules, told with status 422."""

    def told(body: Mapping[str, Any], raw: str) -> None:
        try:
            rules(body, raw)
        except Refused as refused:
            raise Refused(422, refused.error, shape(refused.error)) from refused

    return told


# -- what is looked at ----------------------------------------------------------------------------


def _sound(raw: str) -> None:
    """What is sent is JSON of whole characters, which Python's own reader does not insist on."""
    try:
        json.loads(raw, parse_constant=_no_number)
        json.dumps(json.loads(raw), ensure_ascii=False).encode()
    except ValueError as error:
        raise Refused(400, f"We could not parse the JSON body of your request: {error}") from error


def _no_number(written: str) -> float:
    raise ValueError(f"{written} is no number")


def _schema(function: Mapping[str, Any], why: str) -> None:
    schema = function.get("parameters") or {}
    if schema.get("type") != "object" or any(key in schema for key in TOP):
        raise Refused(400, why)


def _names(body: Mapping[str, Any]) -> None:
    for number, message in enumerate(body["messages"]):
        for place, call in enumerate(message.get("tool_calls") or []):
            at = f"messages[{number}].tool_calls[{place}].function"
            if not NAME.match(call["function"]["name"]):
                raise Refused(400, f"Invalid '{at}.name': string does not match pattern.")
            try:
                arguments = json.loads(call["function"]["arguments"], parse_constant=_no_number)
            except ValueError as error:
                raise Refused(400, f"Invalid '{at}.arguments': no valid JSON") from error
            if not isinstance(arguments, dict):
                raise Refused(400, f"Invalid '{at}.arguments': expected an object")


def _paired(messages: list[Mapping[str, Any]]) -> None:
    open_calls: list[str] = []
    for number, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                raise Refused(
                    400,
                    f"Invalid parameter: messages with role 'tool' must be a response to"
                    f" a preceding message with 'tool_calls'. [{number}]",
                )
            open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            raise Refused(
                400,
                "An assistant message with 'tool_calls' must be followed by tool messages"
                f" responding to each 'tool_call_id'. {open_calls}",
            )
        open_calls = [each["id"] for each in message.get("tool_calls") or []]
    if open_calls:
        raise Refused(
            400, "An assistant message with 'tool_calls' must be followed by tool messages"
        )


def _parts(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content")
    return content if isinstance(content, list) else [{"type": "text", "text": content or "x"}]


def _openai_part(part: Mapping[str, Any]) -> None:
    if part["type"] == "image_url":
        kind, _, data = part["image_url"]["url"].removeprefix("data:").partition(";base64,")
        if not _is_picture(kind, data):
            raise Refused(
                400,
                "You uploaded an unsupported image. Please make sure your image has of one"
                " the following formats: ['png', 'jpeg', 'gif', 'webp'].",
            )
    if part["type"] == "file" and b"%%EOF" not in _decoded(
        part["file"]["file_data"].partition(",")[2]
    ):
        raise Refused(400, "Invalid file data: 'file_data'. The PDF could not be read.")


def _anthropic_block(block: Mapping[str, Any], at: str, blocks: list[Mapping[str, Any]]) -> None:
    match block["type"]:
        case "text" if not block["text"].strip():
            raise Refused(400, "messages: text content blocks must contain non-whitespace text")
        case "tool_use" if not NAME.match(block["name"]):
            raise Refused(400, f"{at}.tool_use.name: String should match pattern '{NAME.pattern}'")
        case "tool_use" if not isinstance(block["input"], dict):
            raise Refused(400, f"{at}.tool_use.input: Input should be a valid dictionary")
        case "image":
            _anthropic_image(block["source"], at)
        case "document":
            _anthropic_document(_decoded(block["source"].get("data", "")), at)
        case "thinking" if block.get("signature") != signature(block.get("thinking", "")):
            raise Refused(400, f"{at}: Invalid `signature` in `thinking` block")
        case "tool_result" if not any(each["type"] == "tool_result" for each in blocks[:1]):
            raise Refused(400, f"{at}: `tool_result` blocks must come first")
        case "tool_result":
            for part in _parts(block):
                _anthropic_block(part, f"{at}.content", [])
        case _:
            pass


def _anthropic_image(source: Mapping[str, Any], at: str) -> None:
    if len(source["data"]) > 5 * 1024 * 1024:
        raise Refused(
            400,
            f"{at}.image.source.base64: image exceeds 5 MB maximum:"
            f" {len(source['data'])} bytes > 5242880 bytes",
        )
    if not _is_picture(source["media_type"], source["data"]):
        raise Refused(400, f"{at}.image.source.base64.data: Could not process image")
    if max(_sides(source["data"])) > 8000:
        raise Refused(
            400,
            f"{at}.image.source.base64.data: At least one of the image dimensions exceed"
            " max allowed size: 8000 pixels",
        )


def _anthropic_document(body: bytes, at: str) -> None:
    if b"%%EOF" not in body:
        raise Refused(400, f"{at}.document.source.base64.data: The PDF specified was not valid.")
    pages = re.search(rb"/Count (\d+)", body)
    if pages is not None and int(pages[1]) > 100:
        raise Refused(
            400, f"{at}.pdf.source.base64.data: A maximum of 100 PDF pages may be provided."
        )


def _thinking(messages: list[Mapping[str, Any]]) -> None:
    for number, message in enumerate(messages):
        kinds = [block["type"] for block in _parts(message)]
        if (
            message["role"] == "assistant"
            and "tool_use" in kinds
            and kinds[0]
            not in {
                "thinking",
                "redacted_thinking",
            }
        ):
            raise Refused(
                400,
                f"messages.{number}.content.0.type: Expected `thinking` or"
                f" `redacted_thinking`, but found `{kinds[0]}`.",
            )


def _sides(data: str) -> tuple[int, int]:
    """Return width and height of a PNG; of others nobody asks here."""
    body = _decoded(data)
    if not body.startswith(b"\x89PNG"):
        return 0, 0
    return int.from_bytes(body[16:20]), int.from_bytes(body[20:24])


def _is_picture(kind: str, data: str) -> bool:
    body = _decoded(data)
    match kind:
        case "image/png":
            return body.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in body[-16:]
        case "image/jpeg":
            return body.startswith(b"\xff\xd8\xff") and body.endswith(b"\xff\xd9")
        case "image/gif":
            return body.startswith(b"GIF8")
        case "image/webp":
            return body[8:12] == b"WEBP"
        case _:
            return False


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _filtered(raw: str) -> None:
    if FORBIDDEN in raw:
        raise Refused(
            400,
            "The response was filtered due to the prompt triggering Azure OpenAI's"
            " content management policy. Please modify your prompt and retry.",
        )
    if POISON in raw:
        raise Refused(400, "Bad Request")


def _readable(value: Any) -> str:
    return "".join(_texts(value))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str() if not value.startswith("data:"):
            yield value
        case Mapping():
            for each in value.values():
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)
