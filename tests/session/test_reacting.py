"""Which option of a question a thumb means."""

import pytest

from bridge.domain.content import Option
from bridge.domain.events import QuestionAsked
from bridge.session.reacting import chosen_by


def asked(*ids, kind="approval"):
    options = tuple(Option(id=each, label=each) for each in ids)
    return QuestionAsked(question="q", run="r", kind=kind, text="?", options=options)


@pytest.mark.parametrize(
    ("emoji", "options", "chosen"),
    [
        ("👍", ("approve", "always", "deny"), "approve"),
        ("👎", ("approve", "always", "deny"), "deny"),
        ("👍", ("approve", "deny"), "approve"),
        ("❤", ("approve", "deny"), ""),
        ("👍", ("always", "deny"), ""),
        ("👍", ("here", "there", "deny"), ""),
        ("👎", ("deny", "refuse"), ""),
        ("👍", (), ""),
    ],
)
def test_a_thumb_means_once_yes_or_no_where_that_is_plain(emoji, options, chosen):
    assert chosen_by(emoji, asked(*options)) == chosen


def test_it_answers_approvals_alone():
    assert chosen_by("👍", asked("yes", "no", kind="choice")) == ""
    assert chosen_by("👍", asked(kind="open")) == ""
