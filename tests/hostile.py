"""The worst texts for every parser: what repeats, nests, never closes, or cannot be seen.

`REPEATED` are written again and again; `SHAPES` make a text of about `n` characters.
"""

from collections.abc import Callable, Iterator

REPEATED = (
    *("![", "[", "]", "](", "[](", "![](<", "[a](", "[a][", "[a]: b\n", "[a]:\n", "**[", "_`*["),
    *("*a ", "*a", "**a", "_", "_a ", "~~a ", "~", "*__", "a*_b", "***a **", "**x** ", "\\*", "\\"),
    *("`", "``a` ", "```\n", "``` a\n", "~~~", "<a ", "<", "<<", "<!--", "<![CDATA[", "<?"),
    *("> ", "> a\n> ", "- ", "- a\n  ", "* a\n", "1. ", "-\n", "# ", "    a\n", "a\n-\n", "a\n="),
    *("|", "|a", "| |\n|-|\n", "| a | b |\n", "&amp;", "&#", "&", "<http://a", "http://a "),
    *("https://a(", "\0", "\x1b]", "\x1b["),
    *("A2C4E ", "2 ", "A2C4E-FGHJK "),
    *("http:", "www.a", "a@b.c ", "@everyone", "@", "<@1> ", "<@U1> ", "<@U1|", "&gt;&gt;&gt;"),
    *("e\u0301", "\u0301", "\u202e", "\u200d", "\u05d0", "\U0001f1e9", "\ud83d"),
    *("\u00b7", "a\u00b7", "a \u00b7 *", "[ \u00b7 ", "\u2028[a \u00b7 ", "ABCDE-", "\u200b"),
    *("\ufdfa", "\u33af", "\u0316\u0300", "a.\u0316\u0300", "<think></think>", "</think>", "</b>"),
    *("a\n", "\n", "a ", "a", " ", "\t", "\r", " \n", "(", "((a", "\u2022 ", "a.b.c "),
)  # fmt: skip


def _halves(left: str, middle: str, right: str) -> Callable[[int], str]:
    def made(n: int) -> str:
        times = n // (len(left) + len(right))
        return left * times + middle + right * times

    return made


def _runs(n: int) -> str:
    """Return runs of backticks, each longer than the one before: none closes another."""
    return "".join("`" * each + " " for each in range(1, int((2 * n) ** 0.5)))


def _wide_table(n: int) -> str:
    columns = n // 5
    return "|a" * columns + "|\n" + "|-" * columns + "|\n" + "|a\n" * (n // 10)


def _square_table(n: int) -> str:
    columns = int(n**0.5)
    return "|a" * columns + "|\n" + "|-" * columns + "|\n" + "|a\n" * (n // 3)


SHAPES: dict[str, Callable[[int], str]] = {
    **{repr(each): (lambda n, each=each: each * (n // len(each))) for each in REPEATED},
    "brackets": _halves("[", "", "]"),
    "marks out of order": _halves("\u0300", "", "\u0316"),
    "a host of marks": lambda n: "[a](http://a" + _halves("\u0300", "", "\u0316")(n) + ")",
    "an address of marks": lambda n: "http://a" + _halves("\u0300", "", "\u0316")(n),
    "a link of marks": lambda n: "[a" + _halves("\u0300", "", "\u0316")(n) + "](http://b.example/)",
    "images": _halves("![", "", "a](b)"),
    "links": _halves("[", "", "](b)"),
    "stars": _halves("*", "a", "*"),
    "openers, then closers": _halves("*a _b ", "", "c_ d* "),
    "parentheses": _halves("[a](" + "(" * 20, "", ")"),
    "runs": _runs,
    "nested quotes": lambda n: "\n".join(
        ">" * each for each in range(1, int((2 * n) ** 0.5))
    ),
    "nested lists": lambda n: "\n".join(" " * 2 * each + "- a" for each in range(int(n**0.5))),
    "lazy lines": lambda n: ">" * 20 + "a\n" + "a\n" * (n // 2),
    "empty rows": lambda n: "|a|b|\n|-|-|\n" + "|\n" * (n // 2),
    "wide table": _wide_table,
    "square table": _square_table,
    "definitions": lambda n: "".join(f"[a{each}]: b\n" for each in range(n // 12)) + "[a1]",
    "one line": lambda n: "x" * n,
    "blanks in a line": lambda n: "a" + " " * n + "b",
    "lines of blanks": lambda n: "a" + " \n" * (n // 2) + "b",
    "called, then blanks": lambda n: "<@U1>" + " " * n + "x",
    "called again and again": lambda n: "x" + " <@U1>" * (n // 6) + "x",
    "a question mark": lambda n: "a" + " " * n + "?" + " " * n + "b",
}  # fmt: skip


def texts(n: int) -> Iterator[tuple[str, str]]:
    for name, made in SHAPES.items():
        yield name, made(n)
