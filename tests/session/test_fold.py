"""What a log folds to, and what the session needs next."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.content import Content
from bridge.domain.events import (
    SHUTDOWN,
    ConversationLinked,
    ConversationUnlinked,
    Event,
    MessageComposed,
    MessageDeleted,
    MessageReceived,
    Once,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMerged,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    RoleChanged,
    RunFinished,
    RunStarted,
    ScheduleRemoved,
    ScheduleSet,
    SessionArchived,
    SettingChanged,
    Source,
    Triggered,
    Usage,
    UsageReported,
)
from bridge.domain.ids import ConversationId, ScheduleId, SessionId
from bridge.domain.usage import Used
from bridge.session.fold import (
    CALLS_KEPT,
    MAX_RUN_FAILURES,
    SPOKE_KEPT,
    Begin,
    Expire,
    Idle,
    OpenQuestion,
    Session,
    Spoke,
    evolve,
    fold,
    is_expired,
    next_step,
    run_backoff,
    setting_key,
)
from tests.playbook import (
    ADA,
    AT,
    BOB,
    DM,
    EVE,
    HERE,
    Q1,
    Q2,
    R1,
    R2,
    ROOM,
    Playbook,
    fail,
    say,
    seconds,
    start,
    with_ada,
)
from tests.strategies import TIMES, bodies


def heard(text="hello", *, addressed=True):
    return MessageReceived(
        participant=ADA, conversation=DM, content=Content(text=text), addressed=addressed
    )


def started(run=R1, *, upto):
    return RunStarted(run=run, agent="echo", upto=upto, node="n_1")


def finished(run=R1, outcome="completed", *, upto, reason=""):
    return RunFinished(run=run, outcome=outcome, upto=upto, reason=reason)


def asked(question=Q1, run=R1, **fields):
    return QuestionAsked(question=question, run=run, kind="open", text="Which?", **fields)


def closed(question=Q1, outcome="answered", *, asked=0):
    return QuestionClosed(question=question, asked=asked, outcome=outcome)


def folded(*given) -> Session:
    return Playbook(*given).session


# -- the fold is total, and remembers no words ----------------------------------------------------


@given(st.lists(st.tuples(bodies(), TIMES), max_size=12), TIMES)
def test_whatever_the_log_holds_it_folds_and_says_what_is_next(past, now):
    """The past is never refused, whoever wrote it in whatever order."""
    session = Session(id=HERE)
    for seq, (body, at) in enumerate(past, start=1):
        before = session
        session = evolve(session, Event(session=HERE, seq=seq, at=at, body=body))
        assert session.head == seq
        assert session.position >= before.position
    assert next_step(session, now=now) == next_step(session, now=now)


@given(st.lists(bodies(), max_size=12), st.integers(0, 12))
def test_folding_in_two_goes_is_folding_in_one(past, cut):
    events = [Event(session=HERE, seq=seq, at=AT, body=body) for seq, body in enumerate(past, 1)]
    session = Session(id=HERE)
    assert fold(fold(session, events[:cut]), events[cut:]) == fold(session, events)


def test_the_fold_holds_no_words_of_anyone():
    session = folded(
        heard("SECRET"),
        Triggered(source=Source(kind="api"), prompt="SECRET"),
        started(upto=2),
        MessageComposed(run=R1, agent="echo", content=Content(text="SECRET")),
        QuestionAsked(question=Q1, run=R1, kind="open", text="SECRET"),
        Pushed(source=Source(kind="api"), content=Content(text="SECRET")),
    )
    assert "SECRET" not in repr(session)


# -- what calls for the agent ---------------------------------------------------------------------


def test_an_empty_session_needs_nothing():
    Playbook() << Idle()


def test_an_addressed_message_calls_for_the_agent():
    Playbook() >> heard() << Begin()


def test_a_trigger_calls_for_the_agent():
    Playbook() >> Triggered(source=Source(kind="api"), prompt="look") << Begin()


def test_overheard_chatter_and_pushes_do_not():
    (
        Playbook()
        >> heard(addressed=False)
        << Idle()
        >> Pushed(source=Source(kind="api"), content=Content(text="news"))
        << Idle()
    )


def test_a_session_at_work_needs_nothing_else():
    Playbook() >> heard() >> started(upto=1) << Idle() >> heard("more") << Idle()


def test_an_answered_session_rests_until_someone_speaks():
    Playbook(heard(), started(upto=1)) >> finished(upto=1) << Idle() >> heard() << Begin()


def test_what_was_said_while_the_run_worked_gets_a_run_of_its_own():
    Playbook(heard(), started(upto=1), heard("and?")) >> finished(upto=1) << Begin()


def test_what_the_run_took_in_on_the_way_does_not():
    Playbook(heard(), started(upto=1), heard("and?")) >> finished(upto=3) << Idle()


def test_a_run_cannot_take_the_position_back():
    play = Playbook(heard(), heard(), started(upto=2), finished(upto=2))
    play >> started(R2, upto=2) >> finished(R2, upto=1)
    assert play.session.position == 2


def test_an_archived_session_needs_nothing():
    Playbook() >> heard() >> SessionArchived() << Idle()


# -- failures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["failed", "abandoned"])
def test_a_run_that_did_not_make_it_is_tried_again_after_a_growing_pause(outcome):
    play = Playbook(heard(), started(upto=1), finished(outcome=outcome, upto=0))
    play << Idle(until=AT + seconds(1)) >> seconds(1) << Begin()
    play >> started(R2, upto=3) >> finished(R2, outcome=outcome, upto=0)
    play << Idle(until=AT + seconds(6)) >> seconds(5) << Begin()


def test_success_wipes_the_record_clean():
    play = Playbook(heard(), started(upto=1), finished(outcome="failed", upto=0))
    play >> started(R2, upto=3) >> finished(R2, upto=3)
    assert (play.session.failures, play.session.failed_at) == (0, None)


def test_an_orderly_stop_is_nobodys_fault():
    cut_off = finished(outcome="abandoned", upto=0, reason=SHUTDOWN)
    play = Playbook() >> heard() >> started(upto=1) >> cut_off << Begin()
    assert play.session.failures == 0


def test_an_agent_that_fails_with_the_word_shutdown_has_failed():
    """Else it would be tried again for ever, without a pause."""
    play = Playbook(heard(), started(upto=1), finished(outcome="failed", upto=0, reason=SHUTDOWN))
    assert play.session.failures == 1


# -- questions ------------------------------------------------------------------------------------


def paused(*questions):
    """A run stopped on these questions; the session waits."""
    return Playbook(heard(), started(upto=1), *questions, finished(outcome="paused", upto=1))


def test_a_session_waits_for_its_questions():
    paused(asked()) << Idle()


def test_the_answer_to_the_last_question_calls_for_the_agent():
    play = paused(asked(), asked(Q2)) >> closed() << Idle()
    play >> closed(Q2) << Begin()


def test_a_question_that_ran_out_of_time_calls_for_the_agent():
    paused(asked()) >> closed(outcome="expired") << Begin()


def test_a_withdrawn_question_does_not():
    paused(asked()) >> closed(outcome="withdrawn") << Idle()


def test_an_answer_wakes_the_agent_whatever_another_run_still_asks():
    play = paused(asked(), asked(Q2, R2))
    play >> closed() << Begin()


def test_someone_who_addresses_the_agent_is_answered_while_a_question_is_open():
    play = paused(asked()) >> heard("never mind") << Begin()
    assert Q1 in play.session.questions


def test_a_question_expires_at_its_time_and_not_before():
    play = paused(asked(expires_at=AT + seconds(60)))
    play << Idle(until=AT + seconds(60)) >> seconds(59.9) << Idle(until=AT + seconds(60))
    play >> seconds(0.1) << Expire()


def test_the_earliest_of_all_reasons_to_wake_counts():
    play = paused(asked(expires_at=AT + seconds(60)), asked(Q2, expires_at=AT + seconds(30)))
    play << Idle(until=AT + seconds(30))
    play >> heard() >> started(R2, upto=6) >> finished(R2, outcome="failed", upto=0)
    play << Idle(until=AT + seconds(1))


def test_a_closing_of_no_known_question_changes_nothing():
    play = paused(asked()) >> closed(Q2) << Idle()
    assert set(play.session.questions) == {Q1}


# -- people, places, settings, schedules ----------------------------------------------------------


def test_people_come_change_their_role_and_go():
    session = folded(
        ParticipantJoined(participant=ADA, role="owner"),
        ParticipantJoined(participant=BOB, role="member"),
        ParticipantJoined(participant=EVE, role="member"),
        RoleChanged(participant=BOB, role="viewer"),
        ParticipantLeft(participant=EVE),
    )
    assert session.participants == {ADA: "owner", BOB: "viewer"}


@pytest.mark.parametrize(
    ("ada", "bob", "merged"),
    [
        ("viewer", "owner", "owner"),
        ("owner", "viewer", "owner"),
        ("viewer", "member", "member"),
        ("viewer", "viewer", "viewer"),
    ],
)
def test_two_who_are_one_person_have_the_stronger_role(ada, bob, merged):
    session = folded(
        ParticipantJoined(participant=ADA, role=ada),
        ParticipantJoined(participant=BOB, role=bob),
        ParticipantMerged(participant=BOB, into=ADA),
    )
    assert session.participants == {ADA: merged}


def test_a_merge_carries_places_and_questions_over():
    """What is for one person reaches the places they linked under either name."""
    session = folded(
        ParticipantJoined(participant=ADA, role="owner"),
        ParticipantJoined(participant=BOB, role="member"),
        ConversationLinked(conversation=DM, by=BOB),
        asked(to=(BOB,)),
        ParticipantMerged(participant=BOB, into=ADA),
    )
    assert session.conversations == {DM: ADA}
    assert session.questions[Q1].to == (ADA,)


def test_whoever_an_event_names_is_found_after_any_number_of_merges():
    merges = (
        ParticipantMerged(participant=BOB, into=EVE),
        ParticipantMerged(participant=EVE, into=ADA),
    )
    session = folded(*merges)
    assert session.people((BOB, EVE, ADA, "p_other")) == (ADA, ADA, ADA, "p_other")
    turned = folded(*merges, ParticipantMerged(participant=ADA, into=BOB))
    assert turned.people((ADA, BOB, EVE)) == (BOB, BOB, BOB)


def test_a_merge_of_strangers_makes_no_participant():
    session = folded(ParticipantMerged(participant=BOB, into=EVE))
    assert session.participants == {}


def test_places_follow_until_they_are_unlinked():
    linked = ConversationLinked(conversation=DM, by=ADA)
    assert folded(linked).conversations == {DM: ADA}
    assert folded(linked, ConversationUnlinked(conversation=DM)).conversations == {}


def test_the_newest_value_of_a_setting_counts_for_whose_it_is():
    session = folded(
        SettingChanged(scope="session", name="agent", value="echo"),
        SettingChanged(scope="session", name="agent", value="other"),
        SettingChanged(scope="conversation", of=DM, name="agent", value="mine"),
        SettingChanged(scope="session", name="title", value="Trip"),
    )
    assert session.title == "Trip"
    assert session.settings == {
        setting_key("session", "", "agent"): "other",
        setting_key("conversation", DM, "agent"): "mine",
    }


def test_a_schedule_is_kept_until_it_is_removed():
    schedule = ScheduleId("sch_1")
    kept = ScheduleSet(
        schedule=schedule, rule=Once(at=AT), action="say", text="tea", first=AT + timedelta(1)
    )
    assert folded(kept).schedules == {schedule: kept}
    assert folded(kept, ScheduleRemoved(schedule=schedule)).schedules == {}


# -- whose a run is, and what it used -------------------------------------------------------------


def test_whoever_called_for_the_agent_last_is_the_asker():
    bob = MessageReceived(participant=BOB, conversation=DM, content=Content(text="and?"))
    overheard = heard(addressed=False)
    session = folded(heard(), bob, overheard, started(upto=3), heard("more"))
    assert (session.asker, session.open_run.asker) == (ADA, BOB)


def test_what_a_program_asks_is_called_for_by_nobody_and_counts_for_whose_it_is():
    by_bob = Triggered(source=Source(kind="api"), prompt="report", by=BOB)
    session = folded(heard(), by_bob, started(upto=3))
    assert (session.asker, session.open_run.asker) == (None, None)
    assert (session.counts_for, session.open_run.counts_for) == (BOB, BOB)
    assert folded(by_bob, heard()).counts_for == ADA


def test_whoever_answers_a_question_asks_for_what_follows():
    answered = QuestionClosed(question=Q1, asked=2, outcome="answered", answer="yes", by=BOB)
    session = folded(heard(), asked(), answered)
    assert session.asker == BOB


def test_what_a_schedule_asks_is_whose_the_schedule_is():
    mine = ScheduleSet(
        schedule=ScheduleId("sch_1"), rule=Once(at=AT), action="ask", text="tea", first=AT, by=BOB
    )
    source = Source(kind="schedule", name="sch_1", slot=AT)
    assert folded(heard(), mine, Triggered(source=source, prompt="tea")).asker == BOB
    assert folded(heard(), Triggered(source=Source(kind="api"), prompt="look")).asker is None


def test_what_all_runs_used_is_added_up():
    usage = Usage(input_tokens=7, output_tokens=3, cost=0.25)
    session = folded(
        heard(),
        started(upto=1),
        RunFinished(run=R1, outcome="completed", upto=1, usage=usage),
        UsageReported(run=R2, usage=Usage(input_tokens=1), agent="echo"),
    )
    assert session.used == Used(runs=2, input_tokens=8, output_tokens=3, cost=0.25, unpriced=1)


def test_a_clock_that_was_set_back_ends_the_pause_of_a_failed_run():
    play = with_ada(say("hello"), start(R1), fail(R1))
    assert next_step(play.session, now=play.now - seconds(150)) == Begin()


def test_nobody_waits_twice_as_long_for_a_question_as_was_meant():
    """A minute earlier it may be the clock; an hour earlier it surely is."""
    at = AT + seconds(60)
    question = OpenQuestion(
        asked=1, run=R1, kind="open", options=(), to=(), expires_at=at, asked_at=AT
    )
    assert not is_expired(question, at - seconds(1))
    assert is_expired(question, at)
    assert not is_expired(question, AT - seconds(59))
    assert is_expired(question, AT - seconds(61))


# -- who was put out ------------------------------------------------------------------------------


def people(*bodies):
    name = SessionId("s")
    events = [Event(session=name, seq=n, at=AT, body=body) for n, body in enumerate(bodies, 1)]
    return fold(Session(id=name), events)


def test_whoever_was_made_to_leave_by_another_is_remembered_until_they_join_again():
    joined = ParticipantJoined(participant=ADA, role="member")
    for by, out in ((BOB, {ADA}), (ADA, set()), (None, set())):
        left = ParticipantLeft(participant=ADA, by=by)
        assert people(joined, left).put_out == out
        assert people(joined, left, joined).put_out == frozenset()


def test_whoever_turns_out_to_be_someone_who_is_out_is_out_too_unless_they_are_inside():
    merged = ParticipantMerged(participant=ADA, into=BOB)
    left = ParticipantLeft(participant=ADA, by=EVE)
    assert people(left, merged).put_out == {BOB}
    inside = ParticipantJoined(participant=BOB, role="member")
    assert people(inside, left, merged).put_out == frozenset()


# -- what was taken back --------------------------------------------------------------------------


def deleted(target):
    return MessageDeleted(participant=ADA, target=target)


def test_what_was_deleted_before_it_was_answered_is_not_answered():
    with_ada(heard(), deleted(2)) << Idle()


def test_what_else_was_said_is_answered_all_the_same():
    with_ada(heard("one"), heard("two"), deleted(3)) << Begin()
    with_ada(heard("one"), heard("two"), deleted(2)) << Begin()
    with_ada(heard("one"), heard("two"), deleted(2), deleted(3)) << Idle()


def test_a_run_that_has_begun_goes_on_and_is_not_repeated():
    with_ada(heard(), started(upto=2), deleted(2), finished(upto=2)) << Idle()


def test_who_deletes_an_old_message_asks_nothing():
    with_ada(heard(), started(upto=2), finished(upto=2), heard("two"), deleted(2)) << Begin()


def test_what_called_for_the_agent_otherwise_is_still_due_when_a_message_is_deleted():
    with_ada(asked(), closed(asked=2), heard(), deleted(4)) << Begin()
    trigger = Triggered(source=Source(kind="api", name="ci"), prompt="look")
    with_ada(trigger, heard(), deleted(3)) << Begin()


def heard_from(who, where, *, addressed=True):
    return MessageReceived(
        participant=who, conversation=where, content=Content(text="hi"), addressed=addressed
    )


HOME = ConversationId("c_home")
PEOPLE = (
    ParticipantJoined(participant=ADA, role="owner"),
    ParticipantJoined(participant=BOB, role="member"),
)


def test_where_each_person_spoke_is_known_in_its_order():
    session = folded(
        *PEOPLE,
        heard_from(ADA, DM),
        heard_from(BOB, ROOM, addressed=False),
        heard_from(ADA, DM, addressed=False),
        heard_from(ADA, HOME),
    )
    assert session.spoke == {
        ADA: (Spoke(place=DM, since=3, last=5), Spoke(place=HOME, since=6, last=6)),
        BOB: (Spoke(place=ROOM, since=4, last=4),),
    }


def test_who_answers_a_question_has_spoken_where_they_answered():
    answered = QuestionClosed(
        question=Q1, asked=4, outcome="answered", answer="tea", by=ADA, conversation=DM
    )
    session = folded(*PEOPLE, started(upto=0), asked(), answered)
    assert session.spoke == {ADA: (Spoke(place=DM, since=5, last=5),)}


def test_a_stranger_who_is_overheard_is_not_kept():
    assert folded(*PEOPLE, heard_from(EVE, ROOM, addressed=False)).spoke == {}


def test_only_the_last_changes_of_place_are_kept():
    session = folded(*PEOPLE, *(heard_from(ADA, (DM, ROOM)[each % 2]) for each in range(50)))
    assert len(session.spoke[ADA]) == SPOKE_KEPT
    assert session.spoke[ADA][-1].last == session.head


def test_what_is_to_ring_is_known_with_whom_it_is_for_and_who_asked():
    session = folded(
        *PEOPLE,
        heard_from(ADA, DM),
        started(upto=3),
        MessageComposed(run=R1, agent="echo", content=Content(text="hm"), kind="interim"),
        MessageComposed(run=R1, agent="echo", content=Content(text="so")),
        asked(to=(BOB,)),
        Pushed(source=Source(kind="api"), content=Content(text="psst"), to=(ADA,)),
        Pushed(source=Source(kind="api"), content=Content(text="more"), folded=True),
        Pushed(source=Source(kind="background", name="echo"), content=Content(text="by it")),
    )
    calls = [(each.seq, each.kind, each.to, each.asker) for each in session.calls]
    assert calls == [
        (6, "answer", (), ADA),
        (7, "question", (BOB,), ADA),
        (8, "push", (ADA,), None),
        (10, "push", (), ADA),
    ]


def test_only_the_last_that_was_to_ring_is_kept():
    push = Pushed(source=Source(kind="api"), content=Content(text="psst"))
    session = folded(*PEOPLE, *[push] * (CALLS_KEPT + 5))
    assert len(session.calls) == CALLS_KEPT
    assert session.calls[-1].seq == session.head


def test_who_turns_out_to_be_someone_else_has_spoken_where_both_did():
    session = folded(
        *PEOPLE,
        heard_from(BOB, ROOM),
        heard_from(ADA, DM),
        Pushed(source=Source(kind="api"), content=Content(text="psst"), to=(BOB,)),
        ParticipantMerged(participant=BOB, into=ADA),
    )
    assert [each.place for each in session.spoke[ADA]] == [ROOM, DM]
    assert BOB not in session.spoke
    assert session.calls[-1].to == (ADA,)


def test_failed_runs_wait_one_second_then_five_then_twenty_five():
    assert [run_backoff(failures) for failures in range(5)] == [
        timedelta(seconds=each) for each in (0, 1, 5, 25, 125)
    ]
    assert run_backoff(10_000) == timedelta(minutes=5)
    assert MAX_RUN_FAILURES == 3
