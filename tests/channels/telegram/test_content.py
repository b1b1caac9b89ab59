"""Files, and what is told in words."""

import pytest

from bridge.domain.content import Content
from channels.telegram.content import files_of, told
from channels.telegram.schema import Message

PERSON = {"id": 5, "is_bot": False, "first_name": "Ada", "last_name": "Lovelace"}
FILE = {"file_id": "F1", "file_unique_id": "u"}

WHY, HI = (Content(text=words, literal=True) for words in ("why?", "hi"))


def message(**more):
    return Message.model_validate({"message_id": 5, "chat": {"id": 5, "type": "private"}, **more})


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"location": {"latitude": 52.5, "longitude": 13.4}}, "Location: 52.500000, 13.400000"),
        (
            {
                "location": {"latitude": 52.5, "longitude": 13.4},
                "venue": {
                    "location": {"latitude": 52.5, "longitude": 13.4},
                    "title": "Café",
                    "address": "Street 1",
                },
            },
            "Café, Street 1 (52.500000, 13.400000)",
        ),
        (
            {"contact": {"phone_number": "+49 1", "first_name": "Ada", "last_name": "L"}},
            "Contact: Ada L, +49 1",
        ),
        (
            {"poll": {"question": "Tea?", "options": [{"text": "yes"}, {"text": "no"}]}},
            "Poll: Tea?\n- yes\n- no",
        ),
        ({"sticker": {"emoji": "👍"}}, "👍"),
        ({"sticker": {}}, "(a sticker)"),
        ({"dice": {"emoji": "🎲", "value": 4}}, "🎲 4"),
    ],
)
def test_what_has_no_text_is_told_in_a_line(more, expected):
    assert told(message(**more), Content()).text == expected


def test_the_words_a_reply_is_about_stand_before_it_if_a_person_chose_them():
    chosen = {"text": "one\ntwo", "position": 0, "is_manual": True}
    assert told(message(quote=chosen), WHY).text == "> one\n> two\n\nwhy?"
    assert told(message(quote={**chosen, "is_manual": False}), WHY).text == "why?"


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ({"type": "user", "date": 1, "sender_user": PERSON}, "Ada Lovelace"),
        ({"type": "hidden_user", "date": 1, "sender_user_name": "Somebody"}, "Somebody"),
        (
            {
                "type": "channel",
                "date": 1,
                "message_id": 1,
                "chat": {"id": -1, "type": "channel", "title": "News"},
            },
            "News",
        ),
        ({"type": "new_kind", "date": 1}, "elsewhere"),
    ],
)
def test_a_forwarded_message_says_from_where(origin, name):
    assert told(message(forward_origin=origin), HI).text == f"*Forwarded from {name}:*\n\nhi"


@pytest.mark.parametrize(
    ("field", "value", "kind", "name", "mime"),
    [
        ("voice", {"mime_type": "audio/ogg"}, "voice", "voice.ogg", "audio/ogg"),
        ("audio", {"title": "A song"}, "audio", "A song.mp3", "audio/mpeg"),
        ("audio", {"file_name": "a.mp3"}, "audio", "a.mp3", "audio/mpeg"),
        ("video", {}, "video", "video.mp4", "video/mp4"),
        ("video_note", {}, "video", "video-message.mp4", "video/mp4"),
        ("document", {"file_name": "a.pdf", "mime_type": "application/pdf"}, "file", "a.pdf",
         "application/pdf"),
        ("document", {"file_name": "a.png", "mime_type": "image/png"}, "image", "a.png",
         "image/png"),
        ("document", {}, "file", "file", "application/octet-stream"),
    ],
)  # fmt: skip
def test_files_keep_what_telegram_says_of_them(field, value, kind, name, mime):
    (file,) = files_of(message(**{field: {**FILE, "file_size": 9, **value}}))
    assert (file.kind, file.name, file.mime, file.ref, file.size) == (kind, name, mime, "F1", 9)


def test_of_a_photo_the_largest_size_is_taken():
    sizes = [
        {**FILE, "file_id": f"F{size}", "file_size": 900, "width": size, "height": size}
        for size in (10, 900, 200)
    ]
    (file,) = files_of(message(photo=sizes))
    assert (file.kind, file.ref, file.size) == ("image", "F900", 900)


def test_an_animation_comes_as_a_document_too_and_is_one_file():
    (file,) = files_of(message(animation=FILE, document=FILE))
    assert file.kind == "video"
