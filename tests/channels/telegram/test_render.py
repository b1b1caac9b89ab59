"""Parts as Telegram takes them."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.content import Attachment
from bridge.domain.errors import Rejected
from bridge.domain.ids import MediaId, RunId
from bridge.domain.parts import Button
from channels.telegram.render import (
    alert,
    draft_id,
    formatted,
    rows,
    shown,
    size,
    uploads,
    way_of,
)
from tests.channels.telegram.connected import part


def attachment(kind, mime, size=10):
    return Attachment(kind=kind, name="x", mime=mime, size=size, media=MediaId("m"))


def marked(got):
    """Return which words each entity covers."""
    units = got.text.encode("utf-16-le")
    return [
        (each.kind, units[2 * each.offset : 2 * (each.offset + each.length)].decode("utf-16-le"))
        for each in got.entities
    ]


# -- texts ----------------------------------------------------------------------------------------


def test_the_speaker_stands_above_in_bold_and_moves_what_is_below():
    got = shown(part("so **bold** 😀 *thin*", speaker="Ada 😀 · Slack"))
    assert got.text == "Ada 😀 · Slack\nso bold 😀 thin"
    assert marked(got) == [("bold", "Ada 😀 · Slack"), ("bold", "bold"), ("italic", "thin")]


def test_the_speaker_of_files_alone_is_plain():
    got = shown(part("", speaker="Ada · Slack"))
    assert (got.text, got.entities) == ("Ada · Slack", ())


def test_there_are_never_more_entities_than_telegram_reads():
    got = shown(part(" ".join(["**b** x"] * 150), speaker="Ada"))
    assert len(got.entities) == 100
    assert marked(got)[0] == ("bold", "Ada")


def test_nobody_is_called_by_their_name():
    got = shown(part("ask @ada_l or **@bobby**, a@b.example", speaker="@eve99 · Slack"))
    assert got.text == "@eve99 · Slack\nask @ada_l or @bobby, a@b.example"
    assert marked(got) == [
        ("code", "@eve99"),
        ("bold", "· Slack"),
        ("code", "@ada_l"),
        ("code", "@bobby"),
    ]


def test_nobody_is_called_by_a_text_without_formatting_either():
    got = shown(replace(part("**ask** @ada_l", speaker="@eve99 · Slack"), less="plain"))
    assert got.text == "@eve99 · Slack\nask @ada_l"
    assert marked(got) == [("code", "@eve99"), ("code", "@ada_l")]


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/@MrBeast",
        "youtube.com/@MrBeast",
        "https://medium.com/@someone/post?by=@someone",
        "<https://mastodon.social/@someone>",
    ],
)
def test_an_address_stays_as_it_is(address):
    assert formatted(f"see {address}").text == f"see {address.strip('<>')}"


def test_a_package_is_code_and_stays_as_it_is():
    got = formatted("npm install @types/node @scope/name@1.2.3 now")
    assert got.text == "npm install @types/node @scope/name@1.2.3 now"
    assert marked(got) == [("code", "@types/node"), ("code", "@scope/name@1.2.3")]


def test_names_in_code_are_left_as_they_are():
    assert formatted("`@staticmethod` and\n\n```\n@property\n```").text == (
        "@staticmethod and\n\n@property"
    )


@given(st.text(alphabet="@ab_ *`😀\n", max_size=60))
def test_no_name_is_left_outside_of_code(text):
    got = formatted(text)
    code = "".join(words for kind, words in marked(got) if kind in {"code", "pre"})
    names = re.findall(r"(?<!\w)@[a-z]\w{2,31}", got.text)
    assert all(name in code for name in names)
    assert len(got.text) <= size(text)


def test_an_alert_is_plain_and_short():
    assert alert("**done**") == "done"
    assert alert("x" * 200) == "x" * 200
    assert alert("x" * 201) == "x" * 199 + "…"


# -- buttons --------------------------------------------------------------------------------------


def labels(*labels):
    buttons = [Button(value=str(number), label=label) for number, label in enumerate(labels)]
    return [[button.label for button in row] for row in rows(buttons)]


def test_short_buttons_share_a_row_and_long_ones_do_not():
    assert labels("Yes", "No") == [["Yes", "No"]]
    assert labels("Allow once", "Always allow this tool", "No") == [
        ["Allow once"],
        ["Always allow this tool", "No"],
    ]
    assert labels("1", "2", "3", "4", "5") == [["1", "2", "3", "4"], ["5"]]


def test_buttons_that_telegram_would_refuse_are_refused_before():
    with pytest.raises(Rejected, match="says too much"):
        rows([Button(value="é" * 33, label="x")])
    with pytest.raises(Rejected, match="more than 100"):
        rows([Button(value="x", label="x")] * 101)
    assert rows([Button(value="é" * 32, label="x")])


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "way"),
    [
        (attachment("image", "image/jpeg"), "photo"),
        (attachment("image", "image/jpeg", 10_000_001), "document"),
        (attachment("image", "image/svg+xml"), "document"),
        (attachment("voice", "audio/ogg"), "voice"),
        (attachment("voice", "audio/wav"), "document"),
        (attachment("audio", "audio/mpeg"), "audio"),
        (attachment("audio", "audio/flac"), "document"),
        (attachment("video", "video/mp4"), "video"),
        (attachment("video", "video/webm"), "document"),
        (attachment("file", "image/jpeg"), "document"),
    ],
)
def test_a_file_goes_natively_where_telegram_takes_its_type(given, way):
    assert way_of(given) == way


PHOTO, VIDEO = attachment("image", "image/png"), attachment("video", "video/mp4")
AUDIO, VOICE = attachment("audio", "audio/mpeg"), attachment("voice", "audio/ogg")


@pytest.mark.parametrize(
    ("files", "ways"),
    [
        ([PHOTO, VIDEO], ["photo", "video"]),
        ([AUDIO, AUDIO], ["audio", "audio"]),
        ([PHOTO, AUDIO], ["document", "document"]),
        ([VOICE, VOICE], ["document", "document"]),
        ([VOICE], ["voice"]),
    ],
)
def test_an_album_is_of_a_kind_or_all_documents(files, ways):
    assert [each.way for each in uploads(files)] == ways


def test_more_than_an_album_is_refused():
    with pytest.raises(Rejected):
        uploads([PHOTO] * 11)


def test_a_run_has_one_draft_and_its_number_is_never_zero():
    assert draft_id(RunId("r_1")) == draft_id(RunId("r_1"))
    assert draft_id(RunId("r_1")) != draft_id(RunId("r_2"))
    assert all(0 < draft_id(RunId(f"r_{n}")) < 2**31 for n in range(500))
    assert draft_id(None) > 0
