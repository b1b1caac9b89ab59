"""What a provider does not take is found with few requests, and remembered."""

import pytest

from agents.litellm.errors import Diagnosis
from agents.litellm.failure import Trouble
from agents.litellm.refusals import (
    MOST_ASKS,
    Item,
    Less,
    ModelSupport,
    Offer,
    SupportByModel,
    Trial,
)


def items(*names):
    return [Item(digest=f"d_{name}", name=name) for name in names]


def unfit(piece="", **meant):
    return Trouble(kind="unfit", reason="no", meant=Diagnosis(kind="unfit", piece=piece, **meant))


def asked(trial, culprits, trouble):
    """Ask until the provider takes it; return how often it refused. None: it never did."""
    bad = {f"d_{name}" for name in culprits}
    shown = [*trial.offer.files, *trial.offer.tools]
    for refusals in range(99):
        if not bad & {each.digest for each in shown if each.digest not in trial.hidden}:
            return refusals
        if not trial.refuse(trouble):
            return None
    return None


@pytest.mark.parametrize("names", [["b"], ["a"], ["h"], ["c", "f"], list("abcdefgh")])
def test_the_pictures_that_are_refused_are_found(names):
    trial = Trial(taken=ModelSupport(), offer=Offer(files=items(*"abcdefgh")))
    assert asked(trial, names, unfit("files")) is not None
    found = {each.name for each in trial.accept()}
    assert set(names) <= found
    if len(names) == 1:
        assert found == set(names)


def test_what_was_taken_once_is_not_suspected():
    taken = ModelSupport()
    Trial(taken=taken, offer=Offer(files=items("old"))).accept()
    trial = Trial(taken=taken, offer=Offer(files=items("new", "old")))
    assert asked(trial, ["new"], unfit("files")) == 1
    assert [each.name for each in trial.accept()] == ["new"]
    assert "d_old" not in taken.refused


def test_what_was_refused_is_left_out_from_then_on():
    taken = ModelSupport(refused={"d_bad": None})
    trial = Trial(taken=taken, offer=Offer(files=items("bad", "good")))
    assert asked(trial, ["bad"], unfit("files")) == 0
    assert trial.accept() == []


def test_a_tool_that_is_named_is_left_out_alone_and_so_is_the_next():
    trial = Trial(taken=ModelSupport(), offer=Offer(tools=items("a", "b", "c")))
    assert trial.refuse(unfit("tools", names="b"))
    assert trial.less == Less(hidden=frozenset({"d_b"}), sure=frozenset({"d_b"}))
    by_place = Trial(taken=ModelSupport(), offer=Offer(tools=items("a", "b", "c")))
    assert by_place.refuse(unfit("tools", number=2))
    assert by_place.less.sure == {"d_c"}


def test_of_too_many_tools_as_many_are_kept_as_are_taken():
    trial = Trial(taken=ModelSupport(), offer=Offer(tools=items(*map(str, range(150)))))
    assert trial.refuse(unfit("tools", most=128))
    assert len(trial.less.sure) == 22


def test_one_tool_among_many_is_found_by_halves_and_the_others_come_back():
    taken, names = ModelSupport(), [str(number) for number in range(100)]
    for _ in range(12):
        trial = Trial(taken=taken, offer=Offer(tools=items(*names)))
        refusals = asked(trial, ["61"], unfit("tools"))
        assert refusals is not None
        assert refusals <= MOST_ASKS
        trial.accept()
    assert list(taken.refused) == ["d_61"]
    assert len(taken.accepted) == 99


def test_where_nobody_says_what_is_wrong_everything_is_tried_in_turn():
    said = items("x", "y")
    offer = Offer(
        files=items("f"), tools=items("t"), thoughts=True, calls=True, before=lambda: [said]
    )
    trial = Trial(taken=ModelSupport(), offer=offer)
    ways = []
    while trial.refuse(Trouble(kind="unfit", reason="no")):
        ways.append(trial.less)
    assert ways[0] == Less(thoughts=True)
    assert ways[1].sure == {"d_f"}
    assert ways[2] == Less(hidden=frozenset({"d_t"}))
    assert ways[3] == Less(plain=True)
    assert ways[4].sure == {"d_x", "d_y"}
    both = Less(hidden=frozenset({"d_f", "d_t"}), sure=frozenset({"d_f"}))
    assert ways[5] == both, "in the end more than one kind at once, the past last"
    assert ways[6] == both.without({"d_x", "d_y"})
    assert len(ways) == 7


def test_a_busy_model_and_an_answer_that_was_filtered_are_not_asked_with_less():
    trial = Trial(taken=ModelSupport(), offer=Offer(files=items("f")))
    assert not trial.refuse(Trouble(kind="busy", reason="later"))
    assert not trial.refuse(Trouble(kind="refused", reason="filtered"))


def test_lost_thoughts_are_made_up_for_and_that_is_remembered():
    memory = SupportByModel()
    trial = Trial(taken=memory.of("m"), offer=Offer(calls=True))
    assert trial.refuse(unfit("reasoning"))
    assert trial.less.blank
    trial.accept()
    assert memory.of("m").blank
    assert not memory.of("other").blank
