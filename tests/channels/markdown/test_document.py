"""A tree can be told in words."""

from channels.markdown.document import Break, Link, Styled, Text, Verbatim, shown, spelled

URL = "https://example.org"
NODES = (
    Styled(style="bold", inside=(Text(text="a "), Verbatim(text="b"))),
    Break(),
    Link(url=URL, inside=(Text(text="c"),)),
    Text(text=" "),
    Link(url=URL, inside=(Text(text=URL),), bare=True),
)


def test_what_is_shown_has_no_hidden_addresses():
    assert shown(NODES) == f"a b\nc {URL}"


def test_what_is_spelled_has_every_address_once():
    assert spelled(NODES) == f"a b\nc ({URL}) {URL}"
