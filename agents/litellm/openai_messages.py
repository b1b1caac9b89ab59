"""The lines of a transcript as the messages that litellm takes: OpenAI's shape. Pure.

- What people say one after the other is one message, for some providers want turns to take turns.
- A call is named by nine letters and digits, made of our id: that is all that Mistral takes, and
  every other provider takes it too.
- Whatever a log holds, from whatever model or program, goes out as every provider takes it: names
  of letters, digits, `_` and `-`; arguments that are a JSON object; whole characters.
- What a model thought goes back to that model alone, and only while it is asked to go on.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from agents.characters import whole
from agents.litellm.prompt import visible
from agents.tools.json_schema import fit_schema
from agents.tools.tool import Malformed, Tool, fit_name, parse
from agents.transcript import Got, Line, Told, Wrote
from bridge.domain.events import PlannedCall
from bridge.domain.ids import CallId, MediaId

Message = Mapping[str, Any]
Part = Mapping[str, Any]

CONTINUE = "[The conversation goes on.]"
"""Stands where a provider wants someone to have spoken first, or last."""

LONGEST_DESCRIPTION = 8000
"""Characters; some servers of tools write whole manuals."""

LOST = " "
"""Stands for thoughts that are lost, where a provider wants some: the least that it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """What `model` thought before a call: its words, what it signed, what came with the call."""

    model: str
    words: str = ""
    blocks: Sequence[Any] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Thoughts:
    """What a provider wants to see again within a run; it is kept nowhere else."""

    by_call: dict[CallId, Thought] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a model is told the past.

    `thoughts`: with what it thought; `blank`: with `LOST` where that is lost; `plain`: with its
    calls told as words.
    """

    model: str = ""
    thoughts: bool = True
    blank: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is shown beside the words: files, and pictures by the call that brought them."""

    files: dict[MediaId, Part] = field(default_factory=dict)
    pictures: Mapping[CallId, Sequence[Part]] = field(default_factory=dict)


def messages(
    system: str, lines: Sequence[Line], beside: Beside, thoughts: Thoughts, manner: Manner
) -> list[Message]:
    """Return the messages that tell a model the past."""
    found: list[Message] = [{"role": "system", "content": whole(system)}]
    beside = replace(beside, files=dict(beside.files))  # each is taken out where it is shown
    for is_result, group in groupby(lines, lambda line: isinstance(line, Got)):
        some = list(group)
        for line in some:
            _put(found, _message(line, beside, thoughts, manner))
        if is_result:
            for parts in _pictures(some, beside):
                _put(found, {"role": "user", "content": parts})
    if len(found) == 1 or found[1]["role"] != "user":
        found.insert(1, {"role": "user", "content": CONTINUE})
    if found[-1]["role"] == "assistant":
        found.append({"role": "user", "content": CONTINUE})
    return found


def _message(line: Line, beside: Beside, thoughts: Thoughts, manner: Manner) -> Message:
    match line:
        case Told():
            return _told(line, beside.files)
        case Wrote():
            return _wrote(line, thoughts, manner)
        case Got():
            return _got(line, manner)


def _pictures(lines: Iterable[Line], beside: Beside) -> Iterator[Sequence[Part]]:
    """Yield what calls brought beside words: to most models only people may show pictures."""
    for line in lines:
        if isinstance(line, Got) and (shown := beside.pictures.get(line.call)):
            yield [_text(f"(What {fit_name(line.name)} brought:)"), *shown]


def _put(found: list[Message], message: Message) -> None:
    """Add a message; what people say goes on in one of theirs."""
    last = found[-1]
    if message["role"] != "user" or last["role"] != "user":
        found.append(message)
        return
    before, after = last["content"], message["content"]
    if isinstance(before, str) and isinstance(after, str):
        found[-1] = {"role": "user", "content": f"{before}\n\n{after}"}
    else:
        found[-1] = {"role": "user", "content": _run_together([*_parts(before), *_parts(after)])}


def _run_together(parts: Sequence[Part]) -> str | Sequence[Part]:
    """Return parts with texts that follow each other made one: some put nothing between two."""
    found: list[Part] = []
    for part in parts:
        if found and part["type"] == found[-1]["type"] == "text":
            found[-1] = _text(f"{found[-1]['text']}\n\n{part['text']}")
        else:
            found.append(part)
    return str(found[0]["text"]) if len(found) == 1 and found[0]["type"] == "text" else found


def _parts(content: str | Sequence[Part]) -> Sequence[Part]:
    return [_text(content)] if isinstance(content, str) else content


def _told(line: Told, files: dict[MediaId, Part]) -> Message:
    """Return what was told; words alone are a text: every provider takes that.

    A file is shown where it came first, and not again.
    """
    parts = [_bare(files.pop(each.media)) for each in line.files if each.media in files]
    text = _seen(line.text) or "(…)"
    return {"role": "user", "content": _run_together([_text(text), *parts])}


def _bare(part: Part) -> Part:
    """Return a part without what is ours: how many pages it has."""
    return {key: value for key, value in part.items() if key != "pages"}


def _text(text: str) -> Part:
    return {"type": "text", "text": whole(text)}


def _seen(text: str) -> str:
    """Return a text of whole characters; nothing where there is nothing to be seen in it.

    Anthropic and Bedrock refuse a text that is blank, and would refuse it in every later run.
    """
    return whole(text) if text.strip() else ""


def _got(line: Got, manner: Manner) -> Message:
    text = _seen(line.text) or "(nothing)"
    if manner.plain:
        return {"role": "user", "content": f"[{fit_name(line.name)} returned:]\n{text}"}
    return {"role": "tool", "tool_call_id": wire_id(line.call), "content": text}


def _wrote(line: Wrote, thoughts: Thoughts, manner: Manner) -> dict[str, Any]:
    text = _seen(visible(line.text))
    if manner.plain and line.calls:
        used = [f"(I called {fit_name(c.name)} with {_arguments(c.arguments)})" for c in line.calls]
        return {"role": "assistant", "content": "\n".join([*([text] if text else []), *used])}
    message: dict[str, Any] = {
        "role": "assistant",
        "content": text or ("" if line.calls else "(…)"),
    }
    thought = _thought(line, thoughts, manner)
    if line.calls:
        message["tool_calls"] = [_called(each, thoughts, manner) for each in line.calls]
    if thought is not None and thought.blocks:
        message["thinking_blocks"] = list(thought.blocks)
    elif thought is not None and thought.words:
        message["reasoning_content"] = whole(thought.words)
    elif manner.blank:
        message["reasoning_content"] = LOST
    return message


def _thought(line: Wrote, thoughts: Thoughts, manner: Manner) -> Thought | None:
    if not line.calls or not manner.thoughts:
        return None
    thought = thoughts.by_call.get(line.calls[0].call)
    return thought if thought is not None and thought.model == manner.model else None


def _called(planned: PlannedCall, thoughts: Thoughts, manner: Manner) -> Mapping[str, Any]:
    called: dict[str, Any] = {
        "id": wire_id(planned.call),
        "type": "function",
        "function": {"name": fit_name(planned.name), "arguments": _arguments(planned.arguments)},
    }
    thought = thoughts.by_call.get(planned.call)
    if manner.thoughts and thought is not None and thought.model == manner.model and thought.extra:
        called["provider_specific_fields"] = dict(thought.extra)
    return called


def _arguments(written: str) -> str:
    """Return arguments as the JSON object that every provider wants them to be."""
    try:
        parse(written)
    except Malformed:
        return json.dumps({"malformed": whole(written)}, ensure_ascii=False)
    return whole(written) or "{}"


def wire_id(call: CallId) -> str:
    digest = hashlib.sha256(call.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:9]


def offered(tools: Iterable[Tool]) -> list[Mapping[str, Any]]:
    """Return tools as a model is offered them."""
    return [
        {
            "type": "function",
            "function": {
                "name": fit_name(tool.name),
                "description": whole(tool.description)[:LONGEST_DESCRIPTION],
                "parameters": fit_schema(tool.schema),
            },
        }
        for tool in tools
    ]
