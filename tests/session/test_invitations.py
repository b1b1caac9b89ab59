"""What `/invite` asks for."""

from datetime import timedelta

import pytest

from bridge.session.invitations import Inviting, Revoking, typed_invitation

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", Inviting()),
        ("viewer", Inviting(role="viewer")),
        ("Member uses 5", Inviting(uses=5)),
        ("for 30d", Inviting(life=30 * DAY)),
        ("viewer for 12h uses 50", Inviting(role="viewer", uses=50, life=DAY / 2)),
        ("uses 2 for 45m", Inviting(uses=2, life=timedelta(minutes=45))),
        ("with history", Inviting(earlier=True)),
        ("viewer with history uses 2", Inviting(role="viewer", uses=2, earlier=True)),
        ("uses 2 for 12h With History", Inviting(uses=2, life=DAY / 2, earlier=True)),
        ("list", "list"),
        ("revoke ab12cd", Revoking(number="AB12CD")),
    ],
)
def test_an_invitation_is_for_one_member_and_a_day_unless_it_says_otherwise(typed, wanted) -> None:
    assert typed_invitation(typed) == wanted


@pytest.mark.parametrize(
    "typed",
    [
        "owner", "uses", "uses 0", "uses 51", "uses -1", "uses ٣", "uses 9999999999999", "for 31d",
        "for 0d", "for 1", "for d", "for 1y", "for 721h", "uses 1 uses 2", "viewer member", "eve",
        "viewer uses 1 for 1d x", "revoke", "list all", "for 1d uses 1 for 1d",
        "history", "with", "with everything", "with history with history", "without history",
    ],
)  # fmt: skip
def test_whatever_else_is_no_invitation(typed) -> None:
    assert typed_invitation(typed) is None
