"""TDLib itself, asked what it makes of a text with entities; it opens no connection for that."""

import html
import json

import pytest

KINDS = {
    "blockquote": ("<blockquote>", "</blockquote>"),
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "strikethrough": ("<s>", "</s>"),
    "code": ("<code>", "</code>"),
}
NAMES = {
    "BlockQuote": "blockquote",
    "Bold": "bold",
    "Italic": "italic",
    "Strikethrough": "strikethrough",
    "Code": "code",
    "Pre": "pre",
    "PreCode": "pre",
    "TextUrl": "text_link",
}


def execute(request):
    tdjson = pytest.importorskip("tdjson", reason="TDLib (tdjson) is not installed")
    return json.loads(tdjson.td_execute(json.dumps(request).encode()))


def execute_or_skip():
    execute({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})


def tags(entity):
    match entity.kind:
        case "text_link":
            return f'<a href="{html.escape(entity.url)}">', "</a>"
        case "pre" if entity.language:
            return f'<pre><code class="language-{html.escape(entity.language)}">', "</code></pre>"
        case "pre":
            return "<pre>", "</pre>"
        case kind:
            return KINDS[kind]


def as_html(formatted):
    """The same in Telegram's HTML; it can be written only if the entities nest."""
    units = formatted.text.encode("utf-16-le")
    opened, written, at = [], [], 0

    def upto(end):
        nonlocal at
        while opened and opened[-1][0] <= end:
            closing, tag = opened.pop()
            written.extend((html.escape(units[2 * at : 2 * closing].decode("utf-16-le")), tag))
            at = closing
        written.append(html.escape(units[2 * at : 2 * end].decode("utf-16-le")))
        at = end

    for entity in formatted.entities:
        upto(entity.offset)
        opening, closing = tags(entity)
        end = entity.offset + entity.length
        assert not opened or end <= opened[-1][0], "entities overlap"
        opened.append((end, closing))
        written.append(opening)
    upto(len(units) // 2)
    return "".join(written)


def parsed(formatted):
    """What TDLib reads from it: the text, and the entities as our own fields."""
    request = {
        "@type": "parseTextEntities",
        "text": as_html(formatted),
        "parse_mode": {"@type": "textParseModeHTML"},
    }
    answer = execute(request)
    assert answer["@type"] == "formattedText", answer
    return answer["text"], [fields(each) for each in answer["entities"]]


def fields(entity):
    kind = entity["type"]
    name = NAMES[kind["@type"].removeprefix("textEntityType")]
    return name, entity["offset"], entity["length"], kind.get("url", ""), kind.get("language", "")
