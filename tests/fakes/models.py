"""Models on this machine, in the shapes of three providers, that answer what a test tells them to.

`FakeModels.replies` are given one after the other, whatever the shape; without one left it says
"Hello!". Each request is kept in `asked`. A reply can be a function of the request. Where `rules`
are set (`providers`), what they refuse is refused before any reply is taken.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.providers import Refused, Rules, signature
from tests.waiting import until


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came in. `shape` is openai, anthropic, ollama or transcription.

    `port` is the caller's: the same for what came over one connection.
    """

    shape: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    port: int = 0

    @property
    def model(self) -> str:
        return self.body["model"]

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        return self.body["messages"]

    @property
    def tools(self) -> set[str]:
        offered = self.body.get("tools") or ()
        return {(each.get("function") or each)["name"] for each in offered}

    def text(self) -> str:
        """Everything the model is shown, as one text."""
        return json.dumps([self.body.get("system", ""), *self.messages], ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model says: `words` come one by one. `calls` are names with their arguments.

    `status` other than 200 is an error, with `error` as its message. `cut_off`: the stream ends
    without saying why; `stalls`: it neither ends nor goes on; `garbage`: it is no JSON. `lingers`
    are the seconds from the last word that counts to the end of the response. `deltas` are sent as
    they are instead of words and calls (OpenAI only); `body`, of the type `kind`, instead of all,
    also of an error.
    """

    text: str = ""
    calls: tuple[tuple[str, str | Mapping[str, Any]], ...] = ()
    finish: str = ""
    status: int = 200
    error: str = "something is wrong"
    retry_after: str = ""
    cut_off: bool = False
    stalls: bool = False
    lingers: float = 0
    garbage: bool = False
    thinking: str = ""
    deltas: tuple[Mapping[str, Any], ...] = ()
    body: str = ""
    kind: str = "application/json"

    @property
    def written(self) -> list[tuple[str, str]]:
        return [
            (name, arguments if isinstance(arguments, str) else json.dumps(arguments))
            for name, arguments in self.calls
        ]


Reply = Answers | Callable[[Asked], Answers]


def calls(*named: str, saying: str = "", **arguments: Any) -> Answers:
    """Answer with a call of each tool named, all with the same arguments."""
    return Answers(text=saying, calls=tuple((name, arguments) for name in named))


@dataclass
class FakeModels:
    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    hung_up: int = 0
    url: str = ""
    rules: Rules | None = None
    _runner: web.AppRunner | None = None

    async def start(self) -> "FakeModels":
        app = web.Application(client_max_size=50_000_000)
        app.router.add_post("/openai/chat/completions", self._openai)
        app.router.add_post("/openai/v1/chat/completions", self._openai)
        app.router.add_post("/openai/audio/transcriptions", self._transcription)
        app.router.add_post("/anthropic/v1/messages", self._anthropic)
        app.router.add_post("/ollama/api/chat", self._ollama)
        app.router.add_post("/gemini{model:.*}", self._gemini)
        app.router.add_get("/api/tags", self._tags)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        await self._runner.cleanup()

    def base(self, shape: str) -> str:
        return f"{self.url}/{shape}"

    async def until(self, holds: Callable[[], object]) -> None:
        await until(holds)

    # -- what every shape has in common

    async def _reply(self, shape: str, request: web.Request) -> Answers:
        body = await request.json()
        port = request.transport.get_extra_info("peername")[1] if request.transport else 0
        asked = Asked(shape=shape, body=body, headers=dict(request.headers), port=port)
        self.asked.append(asked)
        if self.rules is not None:
            try:
                self.rules(body, await request.text())
            except Refused as refused:
                return Answers(status=refused.status, error=refused.error, body=refused.body)
        reply = self.replies.pop(0) if self.replies else Answers(text="Hello!")
        return reply if isinstance(reply, Answers) else reply(asked)

    async def _send(
        self, request: web.Request, reply: Answers, kind: str, lines: Sequence[str]
    ) -> web.StreamResponse:
        if reply.status != 200:
            headers = {"retry-after": reply.retry_after} if reply.retry_after else {}
            problem = {"error": {"type": "error", "code": "error", "message": reply.error}}
            written = reply.body or json.dumps(problem)
            kind = "text/html" if written.startswith("<") else "application/json"
            return web.Response(
                text=written, content_type=kind, status=reply.status, headers=headers
            )
        if reply.body:
            return web.Response(text=reply.body, content_type=reply.kind)
        response = web.StreamResponse(headers={"content-type": kind})
        await response.prepare(request)
        try:
            for line in lines:
                await response.write(line.encode())
                await asyncio.sleep(0)
            if reply.garbage:
                await response.write(b"data: {not json at all\n\n")
            await asyncio.sleep(60 if reply.stalls else reply.lingers)
        except (asyncio.CancelledError, ConnectionError):
            self.hung_up += 1
            raise
        await response.write_eof()
        return response

    # -- OpenAI

    async def _openai(self, request: web.Request) -> web.StreamResponse:
        reply = await self._reply("openai", request)
        deltas: list[Mapping[str, Any]] = [{"role": "assistant", "content": ""}]
        if reply.thinking:
            deltas.append({"reasoning_content": reply.thinking})
        deltas += [{"content": word} for word in _words(reply.text)]
        for index, (name, arguments) in enumerate(reply.written):
            first = {"index": index, "id": f"call_{index}", "type": "function"}
            deltas.append({"tool_calls": [{**first, "function": {"name": name, "arguments": ""}}]})
            deltas += [
                {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
                for piece in _halves(arguments)
            ]
        deltas = list(reply.deltas) or deltas
        lines = [_sse(_chunk({"delta": delta, "finish_reason": None})) for delta in deltas]
        if not _is_broken(reply):
            finish = reply.finish or ("tool_calls" if reply.calls else "stop")
            lines.append(_sse(_chunk({"delta": {}, "finish_reason": finish})))
            usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
            lines += [_sse(_chunk(None, usage=usage)), "data: [DONE]\n\n"]
        return await self._send(request, reply, "text/event-stream", lines)

    async def _transcription(self, request: web.Request) -> web.Response:
        form = await request.post()
        file = form["file"]
        body = {"model": form["model"], "name": file.filename, "bytes": file.file.read()}
        self.asked.append(Asked(shape="transcription", body=body, headers=dict(request.headers)))
        reply = self.replies.pop(0) if self.replies else Answers(text="spoken words")
        if reply.status != 200:
            return web.json_response({"error": {"message": reply.error}}, status=reply.status)
        return web.json_response(text=reply.body or json.dumps({"text": reply.text}))

    # -- Anthropic

    async def _anthropic(self, request: web.Request) -> web.StreamResponse:
        reply = await self._reply("anthropic", request)
        usage = {"input_tokens": 1000, "output_tokens": 1}
        begun = {"id": "m", "type": "message", "role": "assistant", "content": [], "usage": usage}
        events: list[Mapping[str, Any]] = [
            {"type": "message_start", "message": {**begun, "model": "claude"}}
        ]
        blocks: list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]] = []
        if reply.thinking:
            thought = [
                {"type": "thinking_delta", "thinking": word} for word in _words(reply.thinking)
            ]
            signed = {"type": "signature_delta", "signature": signature(reply.thinking)}
            begun_thinking = {"type": "thinking", "thinking": "", "signature": ""}
            blocks.append((begun_thinking, [*thought, signed]))
        if reply.text:
            said = [{"type": "text_delta", "text": word} for word in _words(reply.text)]
            blocks.append(({"type": "text", "text": ""}, said))
        for index, (name, arguments) in enumerate(reply.written):
            block = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
            pieces = [
                {"type": "input_json_delta", "partial_json": piece} for piece in _halves(arguments)
            ]
            blocks.append((block, pieces))
        for index, (block, deltas) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            events += [
                {"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas
            ]
            events.append({"type": "content_block_stop", "index": index})
        if not _is_broken(reply):
            stop = reply.finish or ("tool_use" if reply.calls else "end_turn")
            ended = {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}}
            events += [{**ended, "usage": {"output_tokens": 100}}, {"type": "message_stop"}]
        lines = [f"event: {each['type']}\n{_sse(each)}" for each in events]
        return await self._send(request, reply, "text/event-stream", lines)

    # -- Ollama

    async def _ollama(self, request: web.Request) -> web.StreamResponse:
        reply = await self._reply("ollama", request)
        messages: list[Mapping[str, Any]] = [{"content": word} for word in _words(reply.text)]
        messages += [
            {"content": "", "tool_calls": [{"function": {"name": name, "arguments": arguments}}]}
            for name, arguments in reply.calls
        ]
        lines = [
            json.dumps({"model": "m", "message": {"role": "assistant", **each}, "done": False})
            for each in messages
        ]
        if not _is_broken(reply):
            done = {"done": True, "done_reason": "stop", "prompt_eval_count": 9, "eval_count": 5}
            said = {"role": "assistant", "content": ""}
            lines.append(json.dumps({"model": "m", "message": said, **done}))
        written = [line + "\n" for line in lines]
        return await self._send(request, reply, "application/x-ndjson", written)

    # -- Gemini

    async def _gemini(self, request: web.Request) -> web.StreamResponse:
        """Send what the reply has for a body."""
        return await self._send(request, await self._reply("gemini", request), "", [])

    async def _tags(self, request: web.Request) -> web.Response:
        return web.json_response({"models": [{"name": "qwen3:8b", "size": 5_000_000_000}]})


def _is_broken(reply: Answers) -> bool:
    return reply.cut_off or reply.stalls or reply.garbage


def _words(text: str) -> list[str]:
    return [word + " " for word in text.split(" ")[:-1]] + text.split(" ")[-1:] if text else []


def _halves(text: str) -> list[str]:
    half = len(text) // 2
    return [text[:half], text[half:]]


def _chunk(choice: Mapping[str, Any] | None, **more: Any) -> Mapping[str, Any]:
    choices = [] if choice is None else [{"index": 0, **choice}]
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini"}
    return {**chunk, "choices": choices, **more}


def _sse(event: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(event)}\n\n"
