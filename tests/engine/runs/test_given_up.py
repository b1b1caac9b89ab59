"""What was given up is asked once more as it stands now, with what it was about."""

from dataclasses import replace

import pytest

from bridge.domain.commands import AskedAgain
from bridge.domain.content import LONGEST_QUOTE, Content, Quote
from bridge.domain.events import (
    Body,
    Event,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
)
from bridge.domain.ids import Seq
from bridge.engine.names import DisplayNames
from bridge.engine.runs.given_up import GivenUp
from bridge.session.fold import Session
from storage.memory import MemoryStore
from tests.playbook import ADA, AT, BOB, DM, HERE, R1

ELSEWHERE = Quote(author="Grace", text="the lights went out")


class Log:
    """A log of these events, the first of them number 1."""

    def __init__(self, *bodies: Body) -> None:
        self.events = [
            Event(session=HERE, seq=number, at=AT, body=body)
            for number, body in enumerate(bodies, start=1)
        ]

    async def read(self, _session, *, after: Seq, limit: int):
        return [each for each in self.events if each.seq > after][:limit]


def said(text: str, **more) -> MessageReceived:
    return MessageReceived(participant=ADA, conversation=DM, content=Content(text=text), **more)


async def asked_again(*bodies: Body, given_up: tuple[Seq, ...]) -> tuple[AskedAgain, ...]:
    store = MemoryStore()
    for who, name in ((ADA, "Ada"), (BOB, "Bob")):
        await store.enrol(who, name=name, realm="chat", user=name, at=AT)
    session = replace(Session(id=HERE), given_up=given_up)
    return await GivenUp(Log(*bodies), DisplayNames(store, {})).said(session)


async def test_what_was_said_outside_of_the_log_comes_with_it():
    (again,) = await asked_again(said("why?", quote=ELSEWHERE), given_up=(1,))
    assert again == AskedAgain(seq=1, content=Content(text="why?"), quote=ELSEWHERE)


@pytest.mark.parametrize(
    ("body", "author"),
    [
        (replace(said("It rains."), participant=BOB), "Bob"),
        (
            MessageComposed(run=R1, agent="echo", content=Content(text="It rains."), kind="final"),
            "echo",
        ),
    ],
)
async def test_what_the_log_has_comes_with_it_too(body, author):
    """Whoever asks again replies to the words that were given up, which do not say it."""
    (again,) = await asked_again(body, said("why?", reply_to=1), given_up=(2,))
    assert again.quote == Quote(author=author, text="It rains.")


async def test_an_edit_changes_the_words_and_not_what_they_are_about():
    edit = MessageEdited(participant=ADA, target=1, content=Content(text="why so?"))
    (again,) = await asked_again(said("why?", quote=ELSEWHERE), edit, given_up=(1,))
    assert (again.content.text, again.quote) == ("why so?", ELSEWHERE)


async def test_what_was_taken_back_is_not_asked_again():
    deleted = MessageDeleted(participant=ADA, target=1)
    assert await asked_again(said("why?"), deleted, given_up=(1,)) == ()


async def test_what_was_asked_again_before_keeps_what_it_is_about():
    again = said("why?", reply_to=1, again=1, quote=ELSEWHERE)
    (once_more,) = await asked_again(said("why?"), again, given_up=(2,))
    assert once_more.quote == ELSEWHERE
    (bare,) = await asked_again(said("go"), said("go", reply_to=1, again=1), given_up=(2,))
    assert bare.quote is None


async def test_no_more_is_kept_than_of_any_quote():
    (again,) = await asked_again(said("x" * 5000), said("why?", reply_to=1), given_up=(2,))
    assert len(again.quote.text) == LONGEST_QUOTE
