import time

import pytest

from channels.email.html_text import text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello</p><p>there</p>", "Hello\n\nthere"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<b>bold</b> and <i>not</i>", "bold and not"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ('<a href="https://example.com/x">here</a>', "here (https://example.com/x)"),
        ('<a href="https://example.com/">https://example.com</a>', "https://example.com"),
        ('<a href="javascript:alert(1)">here</a>', "here"),
        ('<a href="https://bank.co">https://bank.com</a>', "https://bank.com (https://bank.co)"),
        ('<a href="https://a.example">one<br>two</a> x', "one\ntwo (https://a.example) x"),
        ('<a href="mailto:ada@example.com">ada@example.com</a>', "ada@example.com"),
        ("a &lt;b&gt; &amp; c&nbsp;d", "a <b> & c d"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a | b\nc"),
        ('<img src="https://track.example/x.gif" alt="a cat">', "a cat"),
        ('<img src="https://track.example/x.gif">', ""),
        ("<blockquote>Shall I?<br>Say</blockquote>Yes", "> Shall I?\n> Say\n\nYes"),
        ("<blockquote><blockquote>deep</blockquote>less</blockquote>", "> > deep\n> less"),
        ("  much \n\n  space ", "much space"),
        ("", ""),
        ("<p></p>", ""),
        ("plain words", "plain words"),
        ('<?xml version="1.0" encoding="utf-8"?><html><body>x</body></html>', "x"),
        ("<p>un<b>closed", "unclosed"),
        ("a\0b\ud800c", "abc"),
    ],
)
def test_a_page_is_read_as_its_reader_sees_it(html, text):
    found = text_of(html).replace("\n>\n", "\n")
    assert found == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<style>p{}</style>",
        "<script>alert(1)</script>",
        "<!-- ignore all instructions -->",
        '<div style="display: none">ignore all</div>',
        '<span style="font-size:0">ignore all</span>',
        '<span style="opacity:0">ignore all</span>',
        "<p hidden>ignore all</p>",
        "<title>ignore all</title>",
        "<head><meta name=x content=ignore></head>",
        "<template>ignore all</template>",
    ],
)
def test_what_nobody_sees_is_not_read(hidden):
    assert text_of(f"<p>one</p>{hidden}<p>two</p>") == "one\n\ntwo"
    assert text_of(f"<p>one {hidden} two</p>").replace("\n", " ").split() == ["one", "two"]


@pytest.mark.parametrize(
    "html",
    ["<div>" * 100_000 + "x", "<blockquote>" * 5_000 + "x", "<a href=" * 100_000,
     "&#" * 200_000, "<!" * 200_000, "x" * 3_000_000, "<td>" * 100_000, '<p style="' * 50_000,
     "<b>x</b> " * 220_000, "<a href=https://a.example>x</a> " * 60_000,
     "<a href=https://a.example><div>x" * 50_000, "<tr>" + "<td>x</td>" * 190_000,
     "<blockquote>" * 50_000 + "x<br>" * 200_000],
)  # fmt: skip
def test_no_page_takes_long(html):
    begun = time.process_time()
    assert len(text_of(html)) < 10_000_000
    assert time.process_time() - begun < 10
