"""Markdown made up for tests: words and addresses that have to survive, in every kind of block."""

import re

from hypothesis import strategies as st

BREAKERS = "\u200b\u200a"

WORDS = st.sampled_from(
    [
        "alpha",
        "beta_gamma",
        "List<String>",
        "<thinking>",
        "a|b",
        "2 * 3",
        "__init__",
        "naïve",
        "中文",
        "👩\u200d🚀",
        "<!channel>",
        "@everyone",
        "f(x)",
        "C:\\\\x",
        "~approx",
        "#5",
        "R&D",
        "&amp;lt;",
        "!",
    ]
)
URLS = st.builds(
    "https://{}.example.org/{}".format,
    st.sampled_from(["a", "b-c", "www"]),
    st.sampled_from(["", "x_y_z", "Foo_(bar)", "?q=1&r=2", "#top", "@user/post", "a%20b"]),
)


def phrase(inline):
    return st.lists(inline, min_size=1, max_size=4).map(" ".join)


def styled(inline):
    mark = st.sampled_from(["*", "**", "_", "__", "~~", "***"])
    return st.builds("{0}{1}{0}".format, mark, phrase(inline))


def linked(inline):
    return st.builds("[{}]({})".format, phrase(inline), URLS)


PLAIN = st.one_of(WORDS, WORDS, WORDS, URLS, URLS.map("<{}>".format))
CODE = WORDS.map("`` {} ``".format)
IMAGE = st.builds("![{}]({})".format, WORDS, URLS)
REFERENCE = st.builds("[{0}][{1}] [{1}]".format, WORDS, st.sampled_from(["one", "two", "none"]))
INLINE = st.recursive(
    PLAIN | CODE | IMAGE | REFERENCE, lambda inner: styled(inner) | linked(inner), max_leaves=5
)
PHRASE = phrase(INLINE)


def indented(block, marker):
    margin = " " * len(marker)
    return marker + block.replace("\n", f"\n{margin}")


def fenced(text):
    return f"````py\n{text}\n```\n````"


def table(rows):
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * 2, *lines[1:]])


BLOCK = st.recursive(
    st.one_of(
        PHRASE,
        st.builds("{} {}".format, st.sampled_from(["#", "##", "######"]), PHRASE),
        st.lists(PHRASE, min_size=2, max_size=3).map("  \n".join),
        st.lists(WORDS, min_size=1, max_size=3).map("\n".join).map(fenced),
        st.lists(st.tuples(PHRASE, PHRASE), min_size=2, max_size=4).map(table),
        st.just("---"),
        URLS.map("[one]: {}".format),
        URLS.map("[two]: <{}> 'title'".format),
    ),
    lambda block: st.one_of(
        st.builds(indented, block, st.sampled_from(["- ", "1. ", "7) ", "> ", "* [ ] "])),
        st.lists(block, min_size=2, max_size=3).map("\n\n".join),
    ),
    max_leaves=6,
)
DOCUMENT = st.lists(BLOCK, min_size=1, max_size=4).map("\n\n".join)
SCRAPS = st.sampled_from(
    [
        "*",
        "**",
        "_",
        "__",
        "~~",
        "`",
        "``",
        "```\n",
        "[",
        "]",
        "(",
        ")",
        "](",
        "<",
        ">",
        "> ",
        "!",
        "\\",
        "&",
        "&amp;",
        "- ",
        "1. ",
        "# ",
        "|",
        "||",
        "\n",
        "\n\n",
        "  ",
        "    ",
        "\t",
        "a",
        "b c",
        "é",
        "😀",
        "\u200b",
        "\u202e",
        "\ud800",
        "@everyone",
        "<@1>",
        "https://x.yz/",
        "[a]: b\n",
        "|-|-|\n",
        "---\n",
        "===\n",
        "~~~\n",
        "&#x202e;",
        "&nbsp;",
        "]: ",
        "\r",
    ]
)
ANYTHING = st.lists(SCRAPS, max_size=30).map("".join) | st.text(max_size=60)


def letters(text):
    """What is left of a text when nothing counts but letters, digits and pictures."""
    return re.findall(r"[^\W_]|[\u2190-\U0001fffe]", text)
