"""No input ends a session: whatever it was led through, the next word is answered.

Each provider here refuses as the real ones do (tests/fakes/providers.py), or stricter.
"""

import base64
import random
from functools import partial
from typing import Any

import pytest

from agents.litellm.asking import BEFORE_REFUSED
from agents.tools.tool import Done, Picture, Tool, ToolCall
from bridge.domain.commands import FailRun, Record
from bridge.domain.errors import AgentError, AgentUnavailable
from bridge.domain.events import MessageComposed
from bridge.domain.ids import CallId
from bridge.domain.run_output import Calling
from tests.agents.litellm.rig import Bench, told
from tests.fakes import providers
from tests.fakes.mcp_program import PIXEL
from tests.fakes.models import Answers

PROVIDERS: dict[str, tuple[str, str, providers.Rules]] = {
    "openai": ("openai", "openai/gpt-4o-mini", providers.openai),
    "anthropic": ("anthropic", "anthropic/claude-sonnet-4-5", providers.anthropic),
    "deepseek": ("openai", "deepseek/deepseek-reasoner", providers.deepseek),
    "moonshot": ("openai", "openai/kimi-k2-thinking", providers.moonshot),
    "mistral": ("openai", "openai/mistral-medium", providers.mistral),
    "gemini": ("openai", "openai/gemini-flash", providers.gemini),
    "llama.cpp": ("openai", "openai/local", providers.sees_nothing),
    "openrouter": ("openai", "openrouter/some/model", providers.uses_nothing),
    "mute": ("openai", "openai/mute", providers.mute),
    "tgi": (
        "openai",
        "openai/tgi",
        providers.unprocessable(providers.openai, providers.tgi_shape),
    ),
    "vllm": (
        "openai",
        "openai/vllm",
        providers.unprocessable(providers.openai, providers.vllm_shape),
    ),
    "mistral 422": (
        "openai",
        "mistral/mistral-medium",
        providers.unprocessable(providers.mistral, providers.mistral_shape),
    ),
}
OVERFLOWS = {
    "openai": (400, "This model's maximum context length is 8192 tokens; you sent 90000 tokens."),
    "openai tpm": (429, "Request too large for gpt-4o in organization org-x on tokens per min."),
    "anthropic": (400, "prompt is too long: 208310 tokens > 200000 maximum"),
    "anthropic 413": (413, "Request exceeds the maximum size: request_too_large"),
    "xai": (400, "This model's maximum prompt length is 131072 but the request contains 537812."),
    "github models": (413, "Request body too large for gpt-4o model. Max size: 8000 tokens."),
    "vllm": (400, "The decoder prompt (length 9000) is longer than the maximum model length."),
    "lm studio": (400, "The number of tokens to keep from the initial prompt is greater than …"),
    "llama.cpp": (400, "the request exceeds the available context size. try increasing it"),
    "gemini": (
        400,
        "The input token count (1194822) exceeds the maximum number of tokens allowed.",
    ),
    "kimi": (400, "Invalid request: Your request exceeded model token limit: 262144"),
    "moonshot": (400, "total message size 4195000 exceeds limit 4194304"),
    "copilot": (400, "prompt token count of 130412 exceeds the limit of 128000"),
    "zhipu": (400, "Prompt exceeds max length"),
    "bare": (413, "Payload Too Large"),
    "openai 422": (422, "This model's maximum context length is 8192 tokens."),
}
SHAPED: dict[str, tuple[int, str, providers.Shape]] = {
    "nginx": (413, "413 Request Entity Too Large", providers.page_shape),
    "tgi inputs": (
        422,
        "`inputs` must have less than 4096 tokens. Given: 90000",
        providers.tgi_shape,
    ),
    "tgi": (
        422,
        "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 90000 `inputs` tokens",
        providers.tgi_shape,
    ),
    "vllm": (422, "This model's maximum context length is 8192 tokens.", providers.vllm_shape),
    "mistral": (422, "Prompt is too long for model with 32768 context.", providers.mistral_shape),
}

PNG = base64.b64decode(PIXEL)
LARGE = PNG[:-12] + b"\0" * 4_200_000 + PNG[-12:]
DOCUMENT = ("application/pdf", "file")
TALL = PNG[:16] + (1440).to_bytes(4) + (8570).to_bytes(4) + PNG[24:]
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Page >>\nendobj\n%%EOF\n"
BOOK = PDF.replace(b"%%EOF", b"2 0 obj\n<< /Type /Pages /Count 125 >>\nendobj\n%%EOF")


class World:
    """A session under way, with a model that refuses as its provider does."""

    def __init__(self, bench: Bench, provider: str) -> None:
        shape, model, bench.models.rules = PROVIDERS[provider]
        self.bench, self.story = bench, told("Good morning.")
        tools = {"policy": [{"tool": "*", "do": "allow"}]}
        self.agent = bench.agent(shape, model=model, images=True, tools=tools)
        self.extra(simple("look"))

    def extra(self, *tools: Tool) -> None:
        toolbox = self.agent._kit.toolbox
        toolbox._functions = (*toolbox._functions, *tools)

    async def run(self, *replies: Any) -> None:
        """Let the model answer, saying what is given as far as it is asked."""
        left = list(replies)

        def reply(asked: Any) -> Answers:
            if "Sum up this conversation" in asked.text():
                return Answers(text="SUMMARY.")
            return left.pop(0) if left else Answers(text="Hello!")

        self.bench.models.replies = [reply] * 99
        turn = self.story.turn()
        turn.blobs = self.bench.blobs
        try:
            async for _ in self.story.let(self.agent, turn):
                pass
        except AgentError as error:
            retry = isinstance(error, AgentUnavailable)
            self.story.submit(FailRun(run=turn.run, reason=str(error), retry=retry))
        self.bench.models.replies = []

    async def send(self, body: bytes, name: str, mime: str, kind: str = "image") -> None:
        file = await self.bench.file(body, kind=kind, name=name, mime=mime)
        self.story.say("See.", file)
        await self.run()

    async def greeted(self) -> bool:
        """Say whether hello is answered, by the model itself."""
        self.story.say("Hello?")
        await self.run(Answers(text="Hello to you!"))
        finals = [
            event.body.content.text
            for event in self.story.events
            if isinstance(event.body, MessageComposed) and event.body.kind == "final"
        ]
        return bool(finals) and finals[-1] == "Hello to you!"


def simple(name: str, schema: Any = None, *, brings: tuple[Picture, ...] = ()) -> Tool:
    async def run(call: ToolCall) -> Done:
        return Done(text="half of it: \ud83d", pictures=brings)

    return Tool(name=name, description="Look.", schema=schema or {"type": "object"}, run=run)


# -- what a session may be led through ------------------------------------------------------------


async def called(world: World, name: str, arguments: str = "{}", **how: Any) -> None:
    world.story.say("Do it.")
    await world.run(Answers(text="Yes.", calls=((name, arguments),), **how), Answers(text="Done."))


async def words(world: World, text: str) -> None:
    world.story.say(text)
    await world.run(Answers(text="I see."))


async def heavy_texts(world: World) -> None:
    for name in ("a", "b", "c"):
        await world.send(b"word " * 6000, f"{name}.txt", "text/plain", "file")


async def foreign(world: World) -> None:
    """Calls of a program that had this agent's name before, and never returned."""
    world.story.say("Do it.")
    turn = world.story.turn()
    for name, arguments in (("web.search()", "[1]"), ("", "NaN"), ("x" * 200, "no json")):
        call = CallId(f"k_{len(world.story.events)}")
        world.story.submit(
            Record(run=turn.run, said=Calling(call=call, name=name, arguments=arguments))
        )
    world.story.abandon()


async def many_tools(world: World) -> None:
    world.extra(*(simple(f"tool_{number}") for number in range(150)))
    await words(world, "Now you have many tools.")


async def odd_tools(world: World) -> None:
    either = {"anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}}]}
    world.extra(
        simple("9 lives", either),
        simple("list", {"type": "array"}),
        simple("nothing", {"type": "object", "properties": None, "required": ["x"]}),
        simple("nan", {"type": "object", "properties": {"a": {"default": float("nan")}}}),
        simple("half", {"type": "object", "properties": {"\ud83d": {"description": "\ud83d"}}}),
    )
    await words(world, "Now you have odd tools.")


async def bringing(world: World) -> None:
    broken, fine = Picture(mime="image/png", body=b"\x89PNG"), Picture(mime="image/png", body=PNG)
    world.extra(simple("snap", brings=(broken, fine)))
    await called(world, "snap")


SPOILERS: dict[str, Any] = {
    "a tool of another model": partial(called, name="multi_tool_use.parallel"),
    "a tool without a name": partial(called, name=""),
    "a tool with a long name": partial(called, name="x" * 240),
    "arguments that are none": partial(called, name="look", arguments="{not json"),
    "no number": partial(called, name="look", arguments='{"a": NaN}'),
    "half a character": partial(called, name="look", arguments='{"a": "\\ud83d"}'),
    "a torn call": partial(called, name="look", arguments='{"a": ', finish="length"),
    "a call with thoughts": partial(called, name="look", thinking="Let me see."),
    "a call twice": lambda world: called(world, "look"),
    "half a character in words": partial(words, text="See \ud83d"),
    "a forbidden word": partial(words, text=f"Have a {providers.FORBIDDEN}."),
    "what nobody explains": partial(words, text=f"Take a {providers.POISON}."),
    "a long message": partial(words, text="word " * 40_000),
    "a message of nothing but signs": partial(words, text="\u200b"),
    "three long texts": heavy_texts,
    "a broken picture": lambda world: world.send(b"\x89PNG\r\n\x1a\n\0\0", "cat.png", "image/png"),
    "an empty picture": lambda world: world.send(b"", "none.png", "image/png"),
    "a picture by another name": lambda world: world.send(PNG, "cat.jpg", "image/jpeg"),
    "no picture at all": lambda world: world.send(b"<html>", "cat.gif", "image/gif"),
    "a large picture": lambda world: world.send(LARGE, "b.png", "image/png"),
    "a picture of a whole page": lambda world: world.send(TALL, "page.png", "image/png"),
    "a good picture": lambda world: world.send(PNG, "good.png", "image/png"),
    "a broken document": lambda world: world.send(PDF[:-9], "a.pdf", *DOCUMENT),
    "a document": lambda world: world.send(PDF, "a.pdf", *DOCUMENT),
    "a document of many pages": lambda world: world.send(BOOK, "book.pdf", *DOCUMENT),
    "calls of another program": foreign,
    "many tools": many_tools,
    "odd tools": odd_tools,
    "pictures of a tool": bringing,
}  # fmt: skip


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("spoiler", SPOILERS)
async def test_whatever_a_session_was_led_through_the_next_word_is_answered(
    bench, provider, spoiler
):
    world = World(bench, provider)
    await world.run()
    await SPOILERS[spoiler](world)
    assert await world.greeted()


@pytest.mark.parametrize("seed", range(36))
async def test_whatever_it_was_led_through_together_the_next_word_is_answered(bench, seed):
    chance = random.Random(seed)
    world = World(bench, list(PROVIDERS)[seed % len(PROVIDERS)])
    for spoiler in chance.sample(sorted(SPOILERS), 6):
        await SPOILERS[spoiler](world)
    assert await world.greeted()


@pytest.mark.parametrize("says", OVERFLOWS)
async def test_too_much_is_known_by_every_providers_words_and_made_to_fit(bench, says):
    status, error = OVERFLOWS[says]
    world = World(bench, "openai")
    bench.models.rules = providers.small(6000, error, status=status)
    await words(world, "word " * 40_000)
    assert await world.greeted()
    assert world.story.words()[-2] != error
    assert BEFORE_REFUSED not in world.story.words()
    assert len(bench.models.asked) < 10, "what is too much is made less, not looked for"


@pytest.mark.parametrize("says", SHAPED)
async def test_too_much_is_known_in_whatever_shape_it_is_told(bench, says):
    status, error, shape = SHAPED[says]
    world = World(bench, "openai")
    bench.models.rules = providers.small(6000, error, status=status, shape=shape)
    await words(world, "word " * 40_000)
    assert await world.greeted()
    assert len(bench.models.asked) < 10, "what is too much is made less, not looked for"
    assert "NoneType" not in " ".join(world.story.words())


async def test_too_much_in_words_that_nobody_knows_is_made_less_and_nothing_is_lost(bench):
    world = World(bench, "openai")
    bench.models.rules = providers.small(4000, "This is a riddle.")
    for number in range(6):
        await words(world, f"Fact {number}. " + "word " * 4000)
    assert await world.greeted()
    assert BEFORE_REFUSED not in world.story.words()
    taken = world.agent._kit.memory.of("openai/gpt-4o-mini")
    assert not any(each.startswith("line:") for each in taken.refused)
    assert taken.room < 1
    bench.models.asked.clear()
    assert await world.greeted()
    assert len(bench.models.asked) <= 2, "what was found out is remembered"


async def test_a_new_picture_that_a_proxy_finds_too_large_is_left_out_alone(bench):
    world = World(bench, "openai")
    bench.models.rules = providers.narrow(300_000, providers.page_shape("413 Too Large"))
    await words(world, "My name is Ada.")
    await world.send(PNG, "good.png", "image/png")
    await world.send(PNG[:-12] + b"\0" * 400_000 + PNG[-12:], "large.png", "image/png")
    assert "I could not look at large.png" in "\n".join(world.story.words())
    bench.models.asked.clear()
    assert await world.greeted()
    (asked,) = bench.models.asked
    assert "My name is Ada." in asked.text()
    assert base64.b64encode(PNG).decode() in asked.text()


async def test_a_picture_that_is_refused_is_named_and_left_out_from_then_on(bench):
    world = World(bench, "openai")
    await world.run()
    await SPOILERS["a good picture"](world)
    await SPOILERS["a broken picture"](world)
    assert "I could not look at cat.png" in "\n".join(world.story.words())
    bench.models.asked.clear()
    assert await world.greeted()
    (asked,) = bench.models.asked
    assert "cat.png cannot be shown to you" in asked.text()
    assert base64.b64encode(PNG).decode() in asked.text(), "the good one is still shown"


@pytest.mark.parametrize("kind", ["a picture of a whole page", "a document of many pages"])
async def test_what_is_too_large_for_a_provider_in_pages_or_pixels_is_named_and_left_out(
    bench, kind
):
    world = World(bench, "anthropic")
    await world.run()
    await SPOILERS[kind](world)
    name = "page.png" if "picture" in kind else "book.pdf"
    assert f"I could not look at {name}" in "\n".join(world.story.words())
    bench.models.asked.clear()
    assert await world.greeted()
    (asked,) = bench.models.asked
    assert f"{name} cannot be shown to you" in asked.text()


async def test_what_a_server_refuses_for_many_reasons_and_never_says_is_found_all_the_same(bench):
    world = World(bench, "mute")
    for spoiler in ("a picture by another name", "a forbidden word", "many tools"):
        await SPOILERS[spoiler](world)
    assert await world.greeted()
