"""What a notification says, and what can be done from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import texts
from bridge.delivery.push_payload import (
    MOST_BODY,
    MOST_LABEL,
    MOST_LINES,
    MOST_TITLE,
    Deed,
    Words,
    notification,
    tag_of,
    urgency,
)
from bridge.domain.content import Attachment
from bridge.domain.ids import ConversationId, MediaId, PartId, SessionId
from bridge.domain.parts import Button, Part, Span
from tests.playbook import ADA

S = SessionId("s_1")


def part(text="look", **fields):
    known = {"id": PartId("7:0"), "source": 7, "upto": 7, "span": Span(start=0, end=len(text))}
    place = {"session": S, "conversation": ConversationId("browser_1")}
    return Part(text=text, **{**known, **place, **fields})


def told(shown, words=None, title="Main", *, whole=True):
    sealed = []

    def seal(deed):
        sealed.append(deed)
        return f"sealed {len(sealed)}"

    words = Words(text=shown.text if words is None else words, whole=whole)
    found = notification(shown, words, title=title, browser="b_1", who=ADA, seal=seal)
    return found, sealed


def buttons(*labels):
    return tuple(Button(value=f"a:7:{n}:x", label=each) for n, each in enumerate(labels))


def test_it_names_the_session_and_says_the_words():
    found, _ = told(part())
    assert (found["title"], found["body"], found["session"], found["seq"]) == (
        "Main",
        "look",
        S,
        7,
    )
    assert found["lang"] == "en"


def test_words_of_somebody_name_them():
    assert told(part(speaker="Ada · browser"))[0]["title"] == "Ada · browser · Main"


def test_a_session_without_a_title_is_the_bridges():
    assert told(part(), title="")[0]["title"] == "Bridgehead"


def test_a_title_is_one_line():
    assert told(part(), title="a\nb   c")[0]["title"] == "a b c"


def test_files_alone_are_named_and_nothing_at_all_is_something_new():
    file = Attachment(kind="file", name="a.pdf", mime="application/pdf", size=1, media=MediaId("m"))
    assert told(part("", attachments=(file,)))[0]["body"] == "a.pdf"
    assert told(part(""))[0]["body"] == texts.PUSH_NEWS


def test_to_what_asks_nothing_one_may_reply():
    found, sealed = told(part())
    (action,) = found["actions"]
    assert (action["action"], action["type"], action["title"]) == ("reply", "text", "Reply")
    assert sealed == [Deed(browser="b_1", who=ADA, session=S, seq=7, epoch="", value="")]


def test_of_three_answers_the_first_two_are_offered_each_with_a_deed_of_its_own():
    found, sealed = told(part(buttons=buttons("Approve", "Deny", "Always")))
    assert [each["title"] for each in found["actions"]] == ["Approve", "Deny"]
    assert [each.value for each in sealed][:2] == ["a:7:0:x", "a:7:1:x"]
    assert [each["deed"] for each in found["actions"]] == ["sealed 1", "sealed 2"]


def test_of_more_answers_none_is_offered_for_the_page_has_them_all():
    assert told(part(buttons=buttons("a", "b", "c", "d")))[0]["actions"] == []


@pytest.mark.parametrize("length", [MOST_BODY, MOST_BODY + 1])
def test_nothing_can_be_done_about_what_is_not_told_whole(length):
    found, _ = told(part("x" * length, buttons=buttons("Approve", "Deny")))
    assert bool(found["actions"]) == (length == MOST_BODY)
    assert found["body"].endswith("…") == (length > MOST_BODY)


@pytest.mark.parametrize(
    "hidden",
    [
        {"text": "Run `ls`" + "\n" * MOST_LINES + "and delete everything"},
        {"text": "Run \u202efr- mr\u202c?"},
        {"text": "Run it?", "whole": False},
        {
            "text": "Sign it?",
            "attachments": (
                Attachment(
                    kind="file", name="a.pdf", mime="application/pdf", size=1, media=MediaId("m")
                ),
            ),
        },
    ],
    ids=["below", "reordered", "behind a link", "in a file"],
)
def test_nothing_is_let_run_that_a_notification_does_not_show(hidden):
    """Line breaks push it out of sight, letters are turned round, a link or a file holds it."""
    whole = hidden.pop("whole", True)
    text = hidden.pop("text")
    assert told(part(text, buttons=buttons("Approve"), **hidden), whole=whole)[0]["actions"] == []
    assert told(part("Run it?", buttons=buttons("Approve")))[0]["actions"] != []


def test_no_title_and_no_name_is_read_in_another_order():
    found, _ = told(part(speaker="Ada \u202e"), title="\u2067Main\nof us")
    assert found["title"] == "Ada · Main of us"


def test_a_repeat_says_what_the_first_one_said():
    again = part(f"look\n\n{texts.REPEATED}", repeat=True)
    words = f"look\n{texts.REPEATED.strip('_')}"
    assert told(again, words)[0]["body"] == "look"
    assert told(part("look"), words)[0]["body"] != "look"


def test_all_that_is_sent_of_one_event_has_one_tag_and_nothing_else_has_it():
    first = tag_of(part())
    assert tag_of(part(id=PartId("ring:7"), text="You have not seen this yet")) == first
    others = {
        tag_of(part(source=8)),
        tag_of(part(session=SessionId("s_2"))),
        tag_of(part(epoch="1234567890123456")),
    }
    assert first not in others
    assert len(others) == 3
    assert len(first) == 32
    assert first.isascii()
    assert first.isalnum()


def test_a_question_wakes_a_phone():
    assert urgency(part(priority="question")) == "high"
    assert urgency(part()) == "normal"


@given(text=st.text(max_size=2_000), title=st.text(max_size=300), label=st.text(max_size=200))
def test_whatever_is_said_it_is_short(text, title, label):
    found, _ = told(part(text, buttons=buttons(label)), title=title)
    assert len(found["body"]) <= MOST_BODY
    assert len(found["title"]) <= MOST_TITLE
    assert all(len(each["title"]) <= MOST_LABEL for each in found["actions"])
    assert found["body"]
