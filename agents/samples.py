"""Markdown to look at: everything once, and an answer of several parts."""

MARKDOWN = """\
# A heading

Words can be **bold**, *slanted*, ~~struck out~~ or `code`, and [lead elsewhere](https://example.org).

## Lists

- a point
  - and a point below it
- another point

1. first
2. second

- [x] done
- [ ] still to do

> Someone said this.
> It took two lines.

| place   | people |
|---------|-------:|
| kitchen |      2 |
| garden  |     14 |

```python
def greet(name: str) -> str:
    return f"Hello, {name}!"
```

---

The end, with characters that like to cause trouble: < > & _ * ` ~ | \\ # 👩‍🚀 é
"""

ROWS = 24
STEPS = 40
CHAPTERS = (
    "The way in",
    "The way on",
    "The way round",
    "The way up",
    "The way down",
    "The way out",
)

PROSE = """\
A long answer does not fit into one message everywhere. Where it does not, it is cut into parts, \
and each part is a message of its own. The cut falls between two paragraphs when it can; otherwise \
between lines, sentences or words.

Nothing of it may get lost on the way, and nothing may be said twice. That is easy while all goes \
well. It is harder when the connection breaks between two parts, and that is the reason why each \
part is written down before it is sent.

Whoever reads this on a small screen sees more parts than someone at a desk. Both have read the \
same words when they come to the end of it."""


def long_answer() -> str:
    """Return about 9,000 characters with headings, a table and code that will have to be cut."""
    chapters = [
        "\n\n".join([f"## {number}. {title}", PROSE, PROSE])
        for number, title in enumerate(CHAPTERS, start=1)
    ]
    chapters.insert(1, _table())
    chapters.insert(3, _code())
    return "\n\n".join(["# A long answer", *chapters, "That was all of it."])


def _table() -> str:
    rows = [f"| {number} | {number**2} | {number**3} |" for number in range(1, ROWS + 1)]
    return "\n".join(["| number | square | cube |", "|-------:|-------:|-----:|", *rows])


def _code() -> str:
    steps = [f'    print("step {number} of {STEPS}")' for number in range(1, STEPS + 1)]
    return "\n".join(["```python", "def walk() -> None:", *steps, "```"])
