"""The rules of an append, by themselves; the conformance suite tells them of every store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import (
    BridgeError,
    Conflict,
    ProducerFenced,
    ProducerGap,
    Refused,
    RunOver,
)
from bridge.domain.events import Draft
from bridge.ports.store import Appended, Producer
from storage.append_rules import Admitted, InboxKey, Ledger, admit, asked, origin_receipt
from tests.stores import AT, R1, R2, S1, finished, heard, said, seqs, started

DRAFTS = st.lists(
    st.sampled_from(
        [
            said("a"),
            said("b", key="k1"),
            said("c", key="k2"),
            started(R1),
            finished(R1),
            started(R2),
        ]
    ),
    max_size=4,
)
PRODUCERS = st.none() | st.builds(
    Producer, id=st.just("tab"), epoch=st.integers(0, 1), seq=st.integers(0, 3)
)
APPENDS = st.tuples(
    DRAFTS,
    st.none() | st.integers(0, 9),
    st.sampled_from([None, heard("1"), heard("2")]),
    PRODUCERS,
)


def judge(ledger: Ledger, inbox: dict[InboxKey, Appended], drafts: list[Draft], **how) -> Admitted:
    given_ = {"expect": None, "origin": None, "producer": None, **how}
    return admit(asked(S1, drafts, at=AT, **given_), ledger, inbox)


def empty() -> Ledger:
    return Ledger(session=S1, head=0, open_run=None)


def looks(ledger: Ledger, inbox: dict[InboxKey, Appended]) -> object:
    return (
        ledger.head,
        ledger.open_run,
        dict(ledger.keys),
        dict(ledger.producers),
        dict(inbox),
    )


@given(st.lists(APPENDS, max_size=12))
def test_whatever_is_asked_the_log_stays_dense_and_what_is_refused_leaves_nothing(appends):
    ledger, inbox = empty(), {}
    log = []
    for drafts, expect, origin, producer in appends:
        before = looks(ledger, inbox)
        try:
            admitted = judge(ledger, inbox, drafts, expect=expect, origin=origin, producer=producer)
        except (Conflict, RunOver, ProducerGap, ProducerFenced):
            assert looks(ledger, inbox) == before
            continue
        log += admitted.appended.fresh
        assert seqs(log) == list(range(1, ledger.head + 1))
        assert len(admitted.texts) == len(admitted.appended.fresh)
        assert set(admitted.appended.events) <= set(log)


@given(APPENDS)
def test_what_was_admitted_under_an_origin_is_a_repeat_from_then_on(append):
    drafts, expect, origin, _ = append
    ledger, inbox = empty(), {}
    try:
        first = judge(ledger, inbox, drafts, expect=expect, origin=origin)
    except BridgeError:
        return
    if origin is not None:
        again = judge(ledger, inbox, drafts, expect=77, origin=origin)
        assert again.appended.repeated
        assert again.appended.events == first.appended.events
        assert (again.texts, again.origin, again.appended.fresh) == ((), None, ())


def test_a_text_that_cannot_be_kept_is_refused_before_anything_is_judged():
    with pytest.raises(Refused):
        asked(S1, [said("\udfff")], at=AT, expect=None, origin=None, producer=None)


def test_only_what_is_fresh_leaves_an_origin_receipt():
    ledger, inbox = empty(), {}
    first = judge(ledger, inbox, [said("a", key="k")], origin=heard("1"))
    other = judge(ledger, inbox, [said("a", key="k")], origin=heard("2"))
    assert origin_receipt(first) is not None
    assert origin_receipt(other) is None
