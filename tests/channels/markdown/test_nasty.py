"""One nasty text, piece by piece, as each platform gets it: to be read as a table.

A middle dot stands for a zero width space, an underlined one for a hair space.
"""

import pytest

from channels.discord import from_markdown as discord
from channels.markdown import plain
from channels.slack import from_markdown as slack
from channels.telegram import from_markdown as telegram
from channels.whatsapp import from_markdown as whatsapp

TABLE = "| a | b\\|c |\n|---|:-:|\n| 1 | `x\\|y` |"
GRID = "a | b|c\n--+----\n1 | x|y"
WIKI = "https://en.wikipedia.org/wiki/Foo_(bar)"
LISTS = "1. one\n   - two\n     ```py\n     x = 1\n     ```\n2. [ ] three"
UNINDENTED = "1. one\n   - two\n```py\nx = 1\n```\n2. ☐ three"
"""No margin is copied with the code."""

NASTY = [
    {
        "source": "##### Deep *it*",
        "discord": "### Deep _it_",
        "slack": "##### Deep _it_",
        "whatsapp": "*Deep it*",
        "plain": "Deep it",
        "telegram": ("Deep it", [("bold", 0, 7), ("italic", 5, 2)]),
    },
    {
        "source": "`List<String>` `` a`b `` <thinking> List<String> <details>",
        "discord": "`List<String>` ``a`b`` <thinking> List<String> <details>",
        "slack": "`List<String>` ``a`b`` \\<thinking> List\\<String> \\<details>",
        "whatsapp": "`List<String>` ```a`b``` <thinking> List<String> <details>",
        "plain": "List<String> a`b <thinking> List<String> <details>",
        "telegram": (
            "List<String> a`b <thinking> List<String> <details>",
            [("code", 0, 12), ("code", 13, 3)],
        ),
    },
    {
        "source": f"[wiki]({WIKI}) {WIKI}",
        "discord": f"[wiki](<{WIKI}>) <{WIKI}>",
        "slack": f"[wiki]({WIKI}) <{WIKI}>",
        "whatsapp": f"wiki ({WIKI}) {WIKI}",
        "plain": f"wiki ({WIKI}) {WIKI}",
        "telegram": (f"wiki {WIKI}", [("text_link", 0, 4)]),
    },
    {
        "source": "![logo](https://i.example.org/l.png)",
        "discord": "[logo](<https://i.example.org/l.png>)",
        "slack": "[logo](https://i.example.org/l.png)",
        "whatsapp": "logo (https://i.example.org/l.png)",
        "plain": "logo (https://i.example.org/l.png)",
        "telegram": ("logo", [("text_link", 0, 4)]),
    },
    {
        "source": "<!channel> <@U1> @everyone tg://x",
        "discord": "`<!channel>` `<@U1>` `@everyone` `tg://x`",
        "slack": "&lt;!channel> &lt;@U1> `@everyone` `tg://x`",
        "whatsapp": "<!channel> <@U1> @everyone `tg://x`",
        "plain": "<!channel> <@U1> @everyone tg://x",
        "telegram": ("<!channel> <@U1> @everyone tg://x", [("code", 17, 9), ("code", 27, 6)]),
    },
    {
        "source": "`<!here> @here`",
        "discord": "`<!here> @here`",
        "slack": "&lt;!here> `@here`",
        "whatsapp": "`<!here> @here`",
        "plain": "<!here> @here",
        "telegram": ("<!here> @here", [("code", 0, 13)]),
    },
    {
        "source": "[a](javascript:b) [paypal.com](https://evil.net)",
        "discord": "a (javascript:b) paypal.com (<https://evil.net>)",
        "slack": "a (javascript:b) paypal.com (<https://evil.net>)",
        "whatsapp": "a (javascript:b) paypal.com (https://evil.net)",
        "plain": "a (javascript:b) paypal.com (https://evil.net)",
        "telegram": ("a (javascript:b) paypal.com (https://evil.net)", []),
    },
    {
        "source": TABLE,
        "discord": f"```\n{GRID}\n```",
        "slack": "| a | b\\|c |\n| --- | --- |\n| 1 | `x\\|y` |",
        "whatsapp": f"```\n{GRID}\n```",
        "plain": GRID,
        "telegram": (GRID, [("pre", 0, 23)]),
    },
    {
        "source": "````md\n```\nx\n```\n````",
        "discord": "` ```\nx\n``` `",
        "slack": "````md\n```\nx\n```\n````",
        "whatsapp": "```\nx\n```",
        "plain": "```\nx\n```",
        "telegram": ("```\nx\n```", [("pre", 0, 9)]),
    },
    {
        "source": "```\nnever closed",
        "discord": "```\nnever closed\n```",
        "slack": "```\nnever closed\n```",
        "whatsapp": "```\nnever closed\n```",
        "plain": "never closed",
        "telegram": ("never closed", [("pre", 0, 12)]),
    },
    {
        "source": LISTS,
        "discord": UNINDENTED,
        "slack": LISTS.replace("[ ]", "☐"),
        "whatsapp": UNINDENTED.replace("py", ""),
        "plain": "1. one\n   - two\nx = 1\n2. ☐ three",
        "telegram": ("1. one\n   • two\nx = 1\n2. ☐ three", [("pre", 16, 5)]),
    },
    {
        "source": "- [x] a\n- [ ] **b**\n  - [X] c\n- [x]d [x] \\[x\\]",
        "discord": "- ☑ a\n- ☐ **b**\n  - ☑ c\n- \\[x\\]d \\[x\\] \\[x\\]",
        "slack": "- ☑ a\n- ☐ **b**\n  - ☑ c\n- \\[x\\]d \\[x\\] \\[x\\]",
        "whatsapp": "- ☑ a\n- ☐ *b*\n  - ☑ c\n- [x]d [x] [x]",
        "plain": "- ☑ a\n- ☐ b\n  - ☑ c\n- [x]d [x] [x]",
        "telegram": ("• ☑ a\n• ☐ b\n  • ☑ c\n• [x]d [x] [x]", [("bold", 10, 1)]),
    },
    {
        "source": "> a\n>\n> b",
        "discord": "> a\n> \n> b",
        "slack": "> a\n>\n> b",
        "whatsapp": "> a\n> \n> b",
        "plain": "> a\n>\n> b",
        "telegram": ("a\n\nb", [("blockquote", 0, 4)]),
    },
    {
        "source": "7) a\n8) b",
        "discord": "7. a\n8. b",
        "slack": "7) a\n8) b",
        "whatsapp": "7. a\n8. b",
        "plain": "7. a\n8. b",
        "telegram": ("7. a\n8. b", []),
    },
    {
        "source": "> a\n> > b",
        "discord": "> a\n> \n> > b",
        "slack": "> a\n>\n> > b",
        "whatsapp": "> a\n> \n> > b",
        "plain": "> a\n>\n> > b",
        "telegram": ("a\n\n> b", [("blockquote", 0, 6)]),
    },
    {
        "source": "a\n\n---\n\n[unused]: https://a.example.org",
        "discord": "a\n\n———\n\n\\[unused\\]: <https://a.example.org>",
        "slack": "a\n\n---\n\n\\[unused\\]: <https://a.example.org>",
        "whatsapp": "a\n\n———\n\n[unused]: https://a.example.org",
        "plain": "a\n\n———\n\n[unused]: https://a.example.org",
        "telegram": ("a\n\n———\n\n[unused]: https://a.example.org", []),
    },
    {
        "source": "\\*a\\* \\_\\_b\\_\\_ ||c|| \\# d",
        "discord": "\\*a\\* \\_\\_b\\_\\_ \\|\\|c\\|\\| # d",
        "slack": "\\*a\\* \\_\\_b\\_\\_ ||c|| # d",
        "whatsapp": "`*a*` `__b__` ||c|| # d",
        "plain": "*a* __b__ ||c|| # d",
        "telegram": ("*a* __b__ ||c|| # d", []),
    },
    {
        "source": "\\# a\n\\> b\n-# c\n1\\. d\n\\- e",
        "discord": "\\# a\n\\> b\n\\-# c\n1\\. d\n\\- e",
        "slack": "\\# a\n\\> b\n-# c\n1\\. d\n\\- e",
        "whatsapp": "# a\n> b\n-# c\n1. d\n- e",
        "plain": "# a\n> b\n-# c\n1. d\n- e",
        "telegram": ("# a\n> b\n-# c\n1. d\n- e", []),
    },
    {
        "source": "**b *i* `c`** in**wor**d *a **b***",
        "discord": "**b _i_ `c`** in**wor**d _a **b**_",
        "slack": "**b _i_ `c`** in**wor**d _a **b**_",
        "whatsapp": "*b i* `c` inword _a b_",
        "plain": "b i c inword a b",
        "telegram": (
            "b i c inword a b",
            [
                ("bold", 0, 3),
                ("italic", 2, 1),
                ("code", 4, 1),
                ("bold", 8, 3),
                ("italic", 13, 3),
                ("bold", 15, 1),
            ],
        ),
    },
]
STRINGS = {"discord": discord, "slack": slack, "whatsapp": whatsapp, "plain": plain}


def visible(text):
    return text.replace("\u200b", "·").replace("\u200a", "˽")


@pytest.mark.parametrize("name", STRINGS)
@pytest.mark.parametrize("nasty", NASTY, ids=lambda each: each["source"][:20])
def test_a_nasty_text(nasty, name):
    assert visible(STRINGS[name].render(nasty["source"])) == nasty[name]


@pytest.mark.parametrize("nasty", NASTY, ids=lambda each: each["source"][:20])
def test_a_nasty_text_on_telegram(nasty):
    formatted = telegram.render(nasty["source"])
    entities = [(each.kind, each.offset, each.length) for each in formatted.entities]
    assert (visible(formatted.text), entities) == nasty["telegram"]
