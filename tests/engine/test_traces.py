"""A message can be followed in the log of the process, by one id, from hearing to receipt."""

from dataclasses import replace

from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from bridge.domain.content import Content
from bridge.domain.events import Event, MessageComposed, MessageReceived, RunFinished, RunStarted
from bridge.domain.ids import ConversationId, MessageId, ParticipantId, RunId, SessionId
from bridge.domain.inbound import Deleted, Inbound, Reported, Sender
from bridge.domain.parts import Address
from bridge.engine import traces as module
from bridge.engine.traces import Traces
from bridge.session.fold import Session, fold
from bridge.session.routing import SHARED
from channels.memory import REALM
from tests.engine.rig import CHAT, NINE, bridge

MAIN, RUN = SessionId("main"), RunId("r_1")
ADA, DM = ParticipantId("p_ada"), ConversationId("c_dm")


def log(*bodies) -> list[Event]:
    return [Event(session=MAIN, seq=n, at=NINE, body=body) for n, body in enumerate(bodies, 1)]


def asked(text="why?"):
    return MessageReceived(participant=ADA, conversation=DM, content=Content(text=text))


ANSWERED = log(
    asked(),
    asked("and how?"),
    RunStarted(run=RUN, agent="echo", upto=2, node="n"),
    MessageComposed(run=RUN, agent="echo", content=Content(text="so")),
    RunFinished(run=RUN, outcome="completed", upto=2),
)


def learnt(events=ANSWERED) -> Traces:
    traces, session = Traces(), Session(id=MAIN)
    for event in events:
        session = fold(session, [event])
        traces.take_in(session, [event])
    return traces


def test_what_was_heard_is_called_by_its_session_and_number():
    assert learnt().of(MAIN, 1) == "main#1"


def test_an_answer_is_called_by_the_last_message_that_it_answers():
    assert learnt().of(MAIN, 4) == "main#2"


def test_what_is_not_known_any_more_is_called_by_its_own_number(monkeypatch):
    monkeypatch.setattr(module, "MOST", 1)
    assert learnt().of(MAIN, 4) == "main#4"


def test_a_run_nobody_called_for_is_called_by_its_own_number():
    traces = learnt(log(RunStarted(run=RUN, agent="echo", upto=0, node="n")))
    assert traces.of(MAIN, 1) == "main#1"


async def test_a_message_is_followed_by_one_id_from_hearing_to_receipt() -> None:
    """No line has its words."""
    with capture_logs(processors=[merge_contextvars]) as logged:
        async with bridge() as b:
            await b.gather("ada", "bob")
            b.platform.say("ada", "ada", "very secret words")
            await b.until_shown("bob", "very secret words")
            await b.until_logged(RunFinished)
            await b.until_at_rest()
    stored = [each for each in logged if each["event"] == "stored"][-1]
    assert stored["what"] == "MessageReceived"
    trace = stored["trace"]
    way = [(each["event"], each.get("place", "")) for each in logged if each.get("trace") == trace]
    assert way[0][0] == "stored"
    assert {each for each, _ in way} == {"stored", "run started", "answered", "run ended", "shown"}
    assert {where for each, where in way if each == "shown"} == {"ada", "bob"}
    assert "secret" not in str(logged)


async def test_a_later_report_of_an_answer_has_the_id_of_the_question() -> None:
    async with bridge() as b:
        await b.gather("ada")
        b.platform.say("ada", "ada", "why?")
        await b.until_logged(RunFinished)
        await b.until_at_rest()
        events = await b.events()
        question = [each.seq for each in events if isinstance(each.body, MessageReceived)][-1]
        answer = [each.seq for each in events if isinstance(each.body, MessageComposed)][-1]
        lane = await b.lane("ada")
        (receipt, *_) = [
            each
            for each in await b.store.receipts(SHARED, lane.id, sources=(answer,))
            if each.message is not None
        ]
        assert receipt.message is not None
        report = Reported(address=lane.address, message=receipt.message, state="delivered")
        with capture_logs(processors=[merge_contextvars]) as logged:
            await b.core._intake(report)
            await b.core._intake(replace(report, address=Address(channel=CHAT, place="no")))
    assert (logged[0]["event"], logged[0]["trace"]) == ("reported", f"{SHARED}#{question}")
    assert logged[0]["state"] == "delivered"


async def test_what_is_left_out_before_it_has_a_number_is_called_by_account_and_id() -> None:
    async with bridge() as b:
        await b.gather("ada")
        with capture_logs(processors=[merge_contextvars]) as logged:
            await b.core._intake(
                Inbound(
                    external_id="x@deleted",
                    address=Address(channel=CHAT, place="ada"),
                    sender=Sender(realm=REALM, user="ada", name="Ada"),
                    what=Deleted(message=MessageId("m_none")),
                )
            )
    (left,) = [each for each in logged if each["event"] == "not stored"]
    assert left["reason"] == "unknown_message"
    assert left["trace"] == "chat:x@deleted"


async def test_a_push_is_followed_from_its_storing_on() -> None:
    async with bridge() as b:
        await b.gather("ada")
        with capture_logs(processors=[merge_contextvars]) as logged:
            seq = await b.push("news")
            await b.until_shown("ada", "news")
            await b.until_at_rest()
    way = [each["event"] for each in logged if each.get("trace") == f"{SHARED}#{seq}"]
    assert way == ["stored", "shown"]


async def test_a_worker_does_not_take_over_the_id_of_whatever_woke_it() -> None:
    """What is said of one message never stands under another one's id."""
    with capture_logs(processors=[merge_contextvars]) as logged:
        async with bridge() as b:
            await b.gather("ada", "bob")
            for text in ("silent one", "silent two"):
                b.platform.say("ada", "ada", text)
            await b.until_shown("bob", "silent two")
            await b.until_at_rest()
    for each in logged:
        if each["event"] == "shown":
            source = each["part"].split(":")[0]
            assert each["trace"] == f"{SHARED}#{source}"
