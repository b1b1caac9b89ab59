"""What a chat app has not shown whole cannot be approved from there, by no button or word."""

from dataclasses import replace

import pytest

from bridge import texts
from bridge.domain.commands import Answer, Link, Say
from bridge.domain.content import Content, Option
from bridge.domain.events import PlannedCall
from bridge.domain.ids import CallId, ChannelName, ConversationId, PartId
from bridge.domain.parts import Address, Receipt, Span
from bridge.domain.run_output import Asking
from storage.memory import MemoryStore
from tests.engine.test_dispatcher import bodies, let_ask, opened
from tests.playbook import ADA, AT, HERE, Q1

CHAT = ConversationId("c_chat")
OPTIONS = tuple(Option(id=each.lower(), label=each) for each in ("Approve", "Deny", "Always"))


def about(arguments='{"a": 1}') -> Asking:
    call = PlannedCall(call=CallId("k"), name="rm", arguments=arguments)
    return Asking(question=Q1, kind="approval", text="May I?", options=OPTIONS, call=call)


class World:
    """Ada's place in a chat app, which follows a session with one open approval."""

    @classmethod
    async def made(cls, asking: Asking) -> "World":
        world = cls()
        world.store = MemoryStore()
        world.dispatcher = await opened(world.store)
        address = Address(channel=ChannelName("chat"), place="dm")
        await world.store.register(CHAT, address, room=False, title="", at=AT)
        world.where = CHAT
        await world.dispatcher.submit(HERE, Link(conversation=CHAT, by=ADA))
        await let_ask(world.dispatcher, asking)
        world.asked = (await world.dispatcher.fold(HERE)).questions[Q1].asked
        return world

    async def show(self, *states: str, upto: bool = True) -> None:
        for number, state in enumerate(states):
            await self.store.record(
                Receipt(
                    session=HERE, conversation=self.where, part=PartId(f"{self.asked}:{number}"),
                    source=self.asked, upto=self.asked, span=Span(start=number, end=number + 1),
                    state=state, at=AT,
                )
            )  # fmt: skip
        if upto:
            await self.store.advance(HERE, self.where, self.asked)

    async def type(self, words: str):
        said = Say(by=ADA, conversation=self.where, content=Content(text=words))
        return await self.dispatcher.hear(HERE, said)

    async def press(self, answer: str, where: ConversationId | None = None):
        where = self.where if where is None else where
        given = Answer(by=ADA, question=Q1, answer=answer, conversation=where)
        return await self.dispatcher.submit(HERE, given)


@pytest.mark.parametrize("words", ["1", "approve", "Always"])
async def test_a_typed_approval_counts_only_once_the_call_was_shown_there(words):
    world = await World.made(about())
    refused = await world.type(words)
    assert (refused.reply.text, refused.reply.refused) == (texts.CALL_NOT_SHOWN, True)
    await world.show("sent", upto=False)
    assert (await world.type(words)).reply.refused
    await world.show("sent", "delivered")
    assert (await world.type(words)).reply is None
    assert not (await world.dispatcher.fold(HERE)).questions


@pytest.mark.parametrize("states", [(), ("sent", "failed"), ("unknown", "sent"), ("skipped",)])
async def test_a_button_of_a_call_that_was_not_shown_whole_approves_nothing(states):
    world = await World.made(about())
    await world.show(*states)
    assert (await world.press("approve")).reply.refused
    assert (await world.press("always")).reply.refused
    assert (await world.dispatcher.fold(HERE)).questions


async def test_a_call_that_is_too_long_for_a_chat_app_is_approved_only_where_it_is_whole():
    world = await World.made(about('{"a": "%s"}' % ("y" * 30_000)))
    await world.show("sent")
    assert (await world.press("approve")).reply.refused
    assert (await world.press("approve", where=ConversationId("http:browser"))).reply is None
    assert not (await world.dispatcher.fold(HERE)).questions


@pytest.mark.parametrize("words", ["2", "deny"])
async def test_a_call_can_be_denied_unread(words):
    world = await World.made(about())
    assert (await world.type(words)).reply is None
    assert not (await world.dispatcher.fold(HERE)).questions


async def test_other_questions_are_answered_as_ever():
    world = await World.made(replace(about(), call=None))
    assert (await world.type("1")).reply is None
    assert not (await world.dispatcher.fold(HERE)).questions


async def test_what_is_no_answer_is_said():
    world = await World.made(about())
    assert len(bodies(await world.type("what does it do?"))) == 1


@pytest.mark.parametrize("client", ["web", "terminal", "api"])
@pytest.mark.parametrize("words", ["1", "approve", "Always"])
async def test_words_of_a_client_approve_only_as_a_reply_to_the_question(client, words):
    """They may have been on their way, or in an outbox, when the question came."""
    world = await World.made(about())
    world.where = ConversationId(f"http:{client}")
    refused = await world.type(words)
    assert (refused.reply.text, refused.reply.refused) == (texts.CALL_MEANWHILE, True)
    said = Say(by=ADA, conversation=world.where, content=Content(text=words), reply_to=world.asked)
    assert (await world.dispatcher.hear(HERE, said)).reply is None
    assert not (await world.dispatcher.fold(HERE)).questions
