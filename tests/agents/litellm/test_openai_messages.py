"""Lines become messages that every provider takes."""

from agents.litellm.openai_messages import (
    CONTINUE,
    Beside,
    Manner,
    Thought,
    Thoughts,
    messages,
    offered,
    wire_id,
)
from agents.tools.functions import tool_of
from agents.transcript import Got, Told, Wrote
from bridge.domain.content import Attachment
from bridge.domain.events import PlannedCall
from bridge.domain.ids import CallId, MediaId

CALL = CallId("k_0123456789abcdef")
PLANNED = PlannedCall(call=CALL, name="look", arguments="{}")
PICTURE = Attachment(kind="image", name="x", mime="image/png", size=1, media=MediaId("m"))


def made(*lines, files=None, thoughts=None, **manner):
    beside = Beside(files=files or {})
    how = Manner(model="m", **manner)
    return messages("Be kind.", lines, beside, thoughts or Thoughts(), how)[1:]


def test_peoples_lines_that_follow_each_other_are_one_message():
    assert made(Told(text="A"), Told(text="B")) == [{"role": "user", "content": "A\n\nB"}]


def test_a_call_and_its_result_carry_one_name_of_nine_letters_and_digits():
    asked, said, got = made(
        Told(text="A"), Wrote(calls=(PLANNED,)), Got(call=CALL, name="look", text="saw")
    )
    assert asked["role"] == "user"
    name = said["tool_calls"][0]["id"]
    assert name == got["tool_call_id"] == wire_id(CALL)
    assert len(name) == 9
    assert name.isalnum()
    assert wire_id(CallId("k_other")) != name


def test_someone_has_spoken_first_and_last():
    spoken = made(Wrote(text="Hello."))
    assert [each["role"] for each in spoken] == ["user", "assistant", "user"]
    assert spoken[0]["content"] == spoken[2]["content"] == CONTINUE
    assert [each["role"] for each in made()] == ["user"]


def test_a_file_is_shown_beside_the_words_that_came_with_it():
    part = {"type": "image_url", "image_url": {"url": "data:"}}
    (message,) = made(Told(text="See.", files=(PICTURE,)), files={PICTURE.media: part})
    assert message["content"] == [{"type": "text", "text": "See."}, part]
    assert made(Told(text="See.", files=(PICTURE,))) == [{"role": "user", "content": "See."}]


def test_what_a_provider_wants_to_see_again_is_shown_again():
    thought = Thought(model="m", blocks=["hm"], extra={"signature": "s"})
    thoughts = Thoughts(by_call={CALL: thought})
    said = made(Told(text="A"), Wrote(calls=(PLANNED,)), thoughts=thoughts)[1]
    assert said["thinking_blocks"] == ["hm"]
    assert said["tool_calls"][0]["provider_specific_fields"] == {"signature": "s"}


def test_a_result_that_says_nothing_says_so():
    assert made(Told(text="A"), Got(call=CALL, name="x", text=""))[1]["content"] == "(nothing)"


def test_a_tool_is_offered_with_its_schema():
    def look(at: str) -> str:
        """Look."""
        return at

    (tool,) = offered([tool_of(look)])
    assert tool["function"]["name"] == "look"
    assert tool["function"]["description"] == "Look."
    assert tool["function"]["parameters"]["required"] == ["at"]


def test_nothing_that_is_blank_is_sent():
    """Anthropic and Bedrock refuse it, and would in every later run."""
    asked, said, got, last = made(
        Told(text="\n"), Wrote(text="\n\n", calls=(PLANNED,)), Got(call=CALL, name="x", text=" \n"),
        Wrote(text="\t"),
    )[:4]  # fmt: skip
    assert [each["content"] for each in (asked, said, got, last)] == ["(…)", "", "(nothing)", "(…)"]
