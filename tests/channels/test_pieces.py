"""Whose message goes on in the next one, and whose does not."""

import pytest

from bridge.domain.inbound import RemoteFile
from channels.pieces import goes_on


def file(kind) -> RemoteFile:
    return RemoteFile(kind=kind, name="", mime="x/y", ref="r")


@pytest.mark.parametrize(
    ("length", "kinds", "expected"),
    [
        (5, [], False),
        (4096, [], True),
        (3700, [], True),
        (3000, [], False),
        (5000, [], False),
        (0, ["image"], True),
        (0, ["image", "voice"], False),
        (0, ["voice"], False),
        (12, ["image"], False),
        (0, [], False),
    ],
)
def test_a_text_near_the_limit_and_a_picture_without_words_go_on(length, kinds, expected):
    assert goes_on(length, [file(kind) for kind in kinds], limit=4096) is expected
