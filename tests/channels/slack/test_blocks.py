"""What people write in Slack's blocks, share, and cannot be had."""

import pytest

from bridge.domain.content import Content
from channels.discord import from_markdown as discord
from channels.slack import blocks, content
from channels.slack.blocks import MentionNames
from channels.telegram.render import formatted
from channels.whatsapp import from_markdown as whatsapp

NAMES = MentionNames(people={"U1": "Ada_B", "UBOT": "bridge"}, me="UBOT")


def rich(*elements, **more):
    return {"blocks": [{"type": "rich_text", "elements": list(elements)}], **more}


def section(*leaves):
    return {"type": "rich_text_section", "elements": [leaf(each) for each in leaves]}


def leaf(given, **style):
    if isinstance(given, dict):
        return given
    return {"type": "text", "text": given, **({"style": style} if style else {})}


def user(user):
    return {"type": "user", "user_id": user}


def told(message):
    return content.content(message, NAMES)


def test_words_without_styles_are_literal():
    words = "¯\\_(ツ)_/¯ 2*3*4 __init__.py C:\\tmp\\_x "
    assert told(rich(section(words, user("U1")))) == Content(text=f"{words}@Ada_B", literal=True)


def test_among_styles_the_other_words_are_escaped():
    message = rich(section("2*3 ", leaf("so ", bold=True), leaf("a`b", code=True), user("U1")))
    assert told(message) == Content(text="2\\*3 **so** `` a`b ``@Ada\\_B")


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"type": "rich_text_list", "style": "bullet", "elements": [section("a"), section("b")]},
         "- a\n- b"),
        ({"type": "rich_text_list", "style": "ordered", "indent": 1, "offset": 2,
          "elements": [section("a")]}, "3. a"),
        ({"type": "rich_text_preformatted", "elements": [leaf("x = *1*")]}, "```\nx = *1*\n```"),
        ({"type": "rich_text_preformatted",
          "elements": [leaf("# a\n```\nrm *x*\n```\n@here **b**")]},
         "````\n# a\n```\nrm *x*\n```\n@here **b**\n````"),
        (section(leaf("a``b`c", code=True)), "``` a``b`c ```"),
        ({"type": "rich_text_quote", "elements": [leaf("a\nb")]}, "> a\n> b"),
        (section({"type": "link", "url": "https://a.b", "text": "he[r]e"}),
         "[he&#91;r\\]e](<https://a.b>)"),
    ],
)  # fmt: skip
def test_what_is_formatted_becomes_markdown(element, expected):
    assert told(rich(element)) == Content(text=expected)


def test_what_follows_a_list_is_no_part_of_it():
    listing = {"type": "rich_text_list", "style": "bullet", "elements": [section("a")]}
    assert told(rich(listing, section("after"))).text == "- a\n\nafter"


def bullets(*items, **more):
    return {"type": "rich_text_list", "style": "bullet", "elements": list(items), **more}


def numbered(*items, **more):
    return {"type": "rich_text_list", "style": "ordered", "elements": list(items), **more}


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ([bullets(section("a")), bullets(section("b"), indent=1), bullets(section("c"))],
         "- a\n  - b\n- c"),
        ([numbered(section("a"), offset=9), bullets(section("b"), indent=1)], "10. a\n    - b"),
        ([bullets(section("a")), numbered(section("b"), section("c"), indent=1),
          bullets(section("d"), indent=2)], "- a\n  1. b\n  2. c\n     - d"),
        ([section("so"), bullets(section("a"), indent=2)], "so\n- a"),
        ([bullets(section("a")), numbered(section("b"), offset=4)], "- a\n\n5. b"),
        ([bullets(section("a\n\nb"), section("c"))], "- a\n  \n  b\n- c"),
        ([bullets(section("a")), bullets(section("b"), indent="x")], "- a\n- b"),
        ([bullets(section("a\n  b"))], "- a\n  &nbsp;\u00a0b"),
        ([section(user("UBOT"), " so\n"), bullets(section("a"))], "so\n\n- a"),
        ([{"type": "rich_text_quote", "elements": [leaf("if x:\n  y")]}],
         "> if x:\n> &nbsp;\u00a0y"),
    ],
)  # fmt: skip
def test_lists_lie_in_each_other_as_they_did_and_lines_begin_where_they_did(elements, expected):
    assert told(rich(*elements)).text == expected


@pytest.mark.parametrize(
    "render", [discord.render, whatsapp.render, lambda text: formatted(text).text]
)
def test_code_and_lines_that_are_indented_are_so_elsewhere(render):
    code = {"type": "rich_text_preformatted", "elements": [leaf("  if x:\n    y")]}
    words = section(leaf("so", bold=True), "\n  two\n    four ", leaf("run", code=True), "\n")
    shown = render(told(rich(words, code)).text).replace("```", "").split("\n")
    margins = [len(line) - len(line.lstrip(" ")) for line in shown if line.strip()]
    assert margins == [0, 2, 4, 2, 4]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "emoji", "name": "tada", "unicode": "1f389"}, "🎉"),
        ({"type": "emoji", "name": "parrot"}, ":parrot:"),
        ({"type": "channel", "channel_id": "C1"}, "#C1"),
        ({"type": "usergroup", "usergroup_id": "S1"}, "@S1"),
        ({"type": "broadcast", "range": "here"}, "@here"),
        ({"type": "date", "timestamp": 1, "fallback": "Feb 18"}, "Feb 18"),
        ({"type": "color", "value": "#fff"}, "#fff"),
        ({"type": "link", "url": "https://a.b/x_y"}, "https://a.b/x_y"),
        ({"type": "of tomorrow", "text": "words"}, "words"),
    ],
)
def test_everything_in_a_line_is_read(given, expected):
    assert told(rich(section("see ", given))) == Content(text=f"see {expected}", literal=True)


@pytest.mark.parametrize(
    ("leaves", "expected"),
    [
        ([user("UBOT"), " hello"], "hello"),
        (["hello ", user("UBOT"), "!"], "hello!"),
        (["what does ", user("UBOT"), " think"], "what does @bridge think"),
        ([user("UBOT")], "@bridge"),
    ],
)
def test_being_called_is_no_part_of_what_is_said(leaves, expected):
    assert told(rich(section(*leaves))).text == expected


def test_what_someone_does_is_slanted():
    assert told({"text": "waves", "subtype": "me_message"}).text == "_waves_"


def test_what_an_app_shows_is_read():
    message = {
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Alert *1*"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "*disk* full"},
             "fields": [{"type": "mrkdwn", "text": "host a"}]},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "now"}]},
            {"type": "image", "alt_text": "a graph"},
            {"type": "markdown", "text": "**so**"},
        ]
    }  # fmt: skip
    assert told(message).text == (
        "Alert \\*1\\*\n\n**disk** full\nhost a\n\nnow\n\na graph\n\n**so**"
    )


def test_whose_names_are_needed_is_known_wherever_they_stand():
    inner = rich(section(user("U9")))
    shared = {"is_share": True, "message_blocks": [{"message": inner}]}
    message = rich(
        {"type": "rich_text_list", "elements": [section(user("U8"))]},
        text="<@U7>",
        attachments=[shared],
    )
    assert blocks.people(message) == {"U7", "U8", "U9"}


def listing(*items, **more):
    return {"type": "rich_text_list", "style": "bullet", "elements": list(items), **more}


def test_a_mention_that_is_quoted_or_shown_as_code_calls_nobody():
    bot = user("UBOT")
    called = [section(bot, " hi"), listing(section(bot))]
    quoted = [
        {"type": "rich_text_quote", "elements": [bot]},
        {"type": "rich_text_preformatted", "elements": [bot]},
        listing(section(bot), border=1),
        section({**bot, "style": {"code": True}}),
    ]
    assert all(blocks.calls(rich(each), "UBOT") for each in called)
    assert not any(blocks.calls(rich(each), "UBOT") for each in quoted)
    assert not blocks.calls(rich(*quoted), "UBOT")
    assert blocks.calls(rich(*quoted, called[0]), "UBOT")
