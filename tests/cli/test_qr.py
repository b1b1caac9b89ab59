"""A link as a code: square, and another one for another link."""

from bridge.cli.qr import drawn


def test_a_code_is_drawn_in_rows_of_one_length_and_says_its_link():
    code = drawn("https://chat.example/bot?start=ABC", indent=2)
    rows = code.splitlines()
    assert len(rows) > 15
    assert {len(row) for row in rows} == {len(rows[0])}
    assert all(row.startswith("  ") and set(row.strip()) <= set("█▀▄ ") for row in rows)
    assert code != drawn("https://chat.example/bot?start=ABD", indent=2)
