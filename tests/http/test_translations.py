"""What the bridge says in a log goes over the wire in every language; what others say as it is."""

from datetime import UTC, datetime

import pytest

from bridge import admission_texts, catalogs, texts
from bridge.delivery.rendering import BRIDGE
from bridge.domain.content import Content, Option, ours
from bridge.domain.events import Body, Event, MessageComposed, PushClosed, Pushed, Source
from bridge.domain.ids import RunId, Seq
from bridge.domain.wording import LANGUAGES, Words, wording_of
from bridge.http import translations
from bridge.http.pages import shown
from bridge.session.routing import SHARED

OWN = Source(kind="background", name=BRIDGE)
NOTICE = texts.schedules_ended(2, "Eve {name}")
OTHERS = {code for code in LANGUAGES if code != "en"}


def event(body: Body) -> Event:
    return Event(session=SHARED, seq=Seq(1), at=datetime(2026, 1, 1, tzinfo=UTC), body=body)


def notice(content: Content) -> MessageComposed:
    return MessageComposed(run=RunId("r"), agent="echo", content=content, kind="notice")


@pytest.mark.parametrize("body", [notice(ours(NOTICE)), Pushed(source=OWN, content=ours(NOTICE))])
def test_a_notice_is_there_in_every_language(body: Body) -> None:
    assert translations.is_ours(event(body))
    content = shown(event(body))["content"]
    assert content["text"] == NOTICE
    assert set(content["said"]) == OTHERS
    assert all("Eve {name}" in text for text in content["said"].values())
    assert content["said"]["de"] == catalogs.language("de").says(NOTICE) != NOTICE


def test_so_is_what_became_of_a_card() -> None:
    assert isinstance(NOTICE, Words)
    closed = event(PushClosed(push=Seq(1), text=NOTICE, wording=wording_of(NOTICE)))
    assert translations.is_ours(closed)
    assert shown(closed)["said"]["fr"] == catalogs.language("fr").says(NOTICE)


def test_the_buttons_of_the_bridge_are_and_those_of_a_program_are_not() -> None:
    """Even where they are called the same."""
    undo = Option(id="u:ABCDEF", label=admission_texts.UNDO)
    card = event(Pushed(source=OWN, content=Content(text="Eve"), buttons=(undo,)))
    german = catalogs.language("de").says(admission_texts.UNDO)
    assert translations.is_ours(card)
    assert shown(card)["buttons"][0]["said"]["de"] == german != admission_texts.UNDO
    assert "said" not in shown(card)["content"]
    program = event(Pushed(source=Source(kind="api"), content=Content(text="x"), buttons=(undo,)))
    assert not translations.is_ours(program)
    assert "said" not in shown(program)["buttons"][0]


@pytest.mark.parametrize(
    "body",
    [notice(Content(text=str.__str__(NOTICE))), PushClosed(push=Seq(1), text="over")],
)
def test_what_nobody_but_an_agent_or_a_program_said_is_as_it_is(body: Body) -> None:
    assert not translations.is_ours(event(body))
    assert "said" not in str(shown(event(body)))
