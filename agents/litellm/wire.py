"""The lines of a transcript as the messages that litellm takes: OpenAI's shape. Pure.

People's lines that follow each other are one message, for some providers want turns to take turns.
A call is named by nine letters and digits, made of our id: that is all that Mistral takes, and
every other provider takes it too.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from agents.tools.tool import Tool
from agents.transcript import Got, Line, Told, Wrote
from bridge.events import PlannedCall
from bridge.ids import CallId, MediaId

Message = Mapping[str, Any]
Part = Mapping[str, Any]

CONTINUE = "[The conversation goes on.]"
"""Stands where a provider wants someone to have spoken first, or last."""


@dataclass(slots=True, kw_only=True)
class Thoughts:
    """What a provider wants to see again within a run; it is kept nowhere else.

    `blocks` go with the message whose first call is the key, `extras` with each call.
    """

    blocks: dict[CallId, Sequence[Any]] = field(default_factory=dict)
    extras: dict[CallId, Mapping[str, Any]] = field(default_factory=dict)


def messages(
    system: str, lines: Sequence[Line], files: Mapping[MediaId, Part], thoughts: Thoughts
) -> list[Message]:
    """Return the messages. `files` are the attachments that the model is shown themselves."""
    found: list[Message] = [{"role": "system", "content": system}]
    for are_told, group in groupby(lines, lambda line: isinstance(line, Told)):
        if are_told:
            found.append(_told([line for line in group if isinstance(line, Told)], files))
            continue
        for line in group:
            match line:
                case Wrote(text=text, calls=calls):
                    found.append(_wrote(text, calls, thoughts))
                case Got(call=call, text=text):
                    named = {"role": "tool", "tool_call_id": wire_id(call)}
                    found.append({**named, "content": text or "(nothing)"})
    if len(found) == 1 or found[1]["role"] != "user":
        found.insert(1, {"role": "user", "content": CONTINUE})
    if found[-1]["role"] == "assistant":
        found.append({"role": "user", "content": CONTINUE})
    return found


def _told(lines: Sequence[Told], files: Mapping[MediaId, Part]) -> Message:
    """Return what people said as one message; words alone are a text: every provider takes that."""
    if not any(each.media in files for line in lines for each in line.files):
        return {"role": "user", "content": "\n\n".join(line.text for line in lines)}
    parts: list[Part] = []
    for line in lines:
        parts.append(_text(line.text))
        parts += [files[each.media] for each in line.files if each.media in files]
    return {"role": "user", "content": parts}


def _text(text: str) -> Part:
    return {"type": "text", "text": text}


def _wrote(text: str, calls: Sequence[PlannedCall], thoughts: Thoughts) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text or ("" if calls else "(…)")}
    if calls:
        message["tool_calls"] = [_called(each, thoughts) for each in calls]
        if blocks := thoughts.blocks.get(calls[0].call):
            message["thinking_blocks"] = list(blocks)
    return message


def _called(planned: PlannedCall, thoughts: Thoughts) -> Mapping[str, Any]:
    called: dict[str, Any] = {
        "id": wire_id(planned.call),
        "type": "function",
        "function": {"name": planned.name, "arguments": planned.arguments},
    }
    if extra := thoughts.extras.get(planned.call):
        called["provider_specific_fields"] = dict(extra)
    return called


def wire_id(call: CallId) -> str:
    digest = hashlib.sha256(call.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:9]


def offered(tools: Iterable[Tool]) -> list[Mapping[str, Any]]:
    """Return tools as a model is offered them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": {"type": "object", "properties": {}, **tool.schema},
            },
        }
        for tool in tools
    ]
