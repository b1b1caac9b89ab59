"""What a slash command asks of a session, and what its asker is told."""

import pytest

from bridge import slash, texts
from bridge.budget import Budgets
from bridge.commands import Change, Join, Say, Stop
from bridge.content import Content
from bridge.errors import Refused
from bridge.events import SettingChanged
from bridge.parts import Reply
from bridge.workers.desks import Desks
from bridge.workers.names import Names
from bridge.workers.replies import Replies
from bridge.workers.roster import Roster
from storage.memory import MemoryStore
from tests.playbook import ADA, BOB, DM, EVE, HERE, with_ada
from tests.workers.rig import SetClock, Stalled

AGENTS = Roster({"echo": Stalled(), "deep": Stalled()}, "echo")
FOLD = with_ada(Join(participant=BOB, role="member")).session


def replies() -> Replies:
    store, clock = MemoryStore(), SetClock()
    names = Names(store, {})
    desks = Desks(store, clock, names, woken=lambda _, __: None, agents=AGENTS, budgets=Budgets())
    return desks.replies


async def told(text: str, fold=FOLD, by=ADA):
    parsed = slash.parse(text)
    assert parsed is not None
    said = Say(by=by, conversation=DM, content=Content(text=text))
    return await replies().answer(fold, said, parsed)


def setting(name: str, value: str) -> Change:
    return Change(scope="session", name=name, value=value, by=ADA)


async def test_stop_is_a_command_without_a_word() -> None:
    assert await told("/stop") == (Stop(by=ADA), None)


async def test_the_agents_are_listed_with_the_one_that_answers() -> None:
    command, reply = await told("/agent")
    assert command is None
    assert reply == Reply(text=texts.agents(("echo", "deep"), "echo"))


async def test_an_agent_is_chosen_by_its_name() -> None:
    assert await told("/agent deep") == (
        setting("agent", "deep"),
        Reply(text=texts.agent_chosen("deep")),
    )
    command, reply = await told("/agent nobody")
    assert (command, reply.refused) == (None, True)
    assert "echo, deep" in reply.text


async def test_any_model_is_passed_on_and_default_leaves_it_to_the_agent() -> None:
    command, _ = await told("/model acme/large-2")
    assert command == setting("model", "acme/large-2")
    command, _ = await told("/model default")
    assert command == setting("model", "")


class Choosy(Stalled):
    """An agent that has one model beside its own."""

    models = ("usual", "fast")

    async def refusal(self, model: str) -> str:
        return "" if model in self.models else "it does not answer"


async def test_a_model_that_does_not_answer_is_refused_with_those_to_choose_from(
    monkeypatch,
) -> None:
    """It would make every next answer fail; the session keeps the one it has."""
    monkeypatch.setitem(AGENTS._agents, "echo", Choosy())
    command, reply = await told("/model fsat")
    assert (command, reply.refused) == (None, True)
    assert "it does not answer" in reply.text
    assert "`/model usual`, `/model fast`." in reply.text
    assert await told("/model fast") == (
        setting("model", "fast"),
        Reply(text=texts.model_chosen("fast")),
    )
    _, reply = await told("/model")
    assert "- `/model fast`" in reply.text


async def test_for_someone_who_may_not_choose_no_model_is_tried(monkeypatch) -> None:
    monkeypatch.setitem(AGENTS._agents, "echo", Choosy())
    command, _ = await told("/model fsat", by=EVE)
    assert command is not None, "the session refuses it"


async def test_which_model_answers_is_told() -> None:
    chosen = with_ada(setting("model", "acme/large-2")).session
    assert await told("/model") == (None, Reply(text=texts.model("")))
    _, reply = await told("/model", chosen)
    assert "acme/large-2" in reply.text


async def test_what_may_always_run_is_told_and_taken_back() -> None:
    allowed = with_ada(setting("always:drill", "yes"), setting("always:saw", "yes")).session
    assert await told("/revoke", allowed) == (
        None,
        Reply(text=texts.always_allowed(["drill", "saw"])),
    )
    assert await told("/revoke drill", allowed) == (
        setting("always:drill", ""),
        Reply(text=texts.revoked("drill")),
    )


async def test_what_was_never_allowed_cannot_be_taken_back() -> None:
    assert await told("/revoke") == (None, Reply(text=texts.always_allowed([])))
    command, reply = await told("/revoke hammer")
    assert (command, reply.refused) == (None, True)


@pytest.mark.parametrize("mode", ["steer", "queue", "interrupt", "QUEUE"])
async def test_a_mode_is_chosen_by_its_name(mode: str) -> None:
    command, reply = await told(f"/mode {mode}")
    assert command == setting("mode", mode.lower())
    assert mode.lower() in reply.text


async def test_the_modes_are_told_and_one_there_is_not_is_none() -> None:
    assert await told("/mode") == (None, Reply(text=texts.mode("steer")))
    assert await told("/mode shout") == (
        None,
        Reply(text=texts.no_such_mode("shout"), refused=True),
    )


async def test_what_was_used_is_told_to_those_in_the_session_alone() -> None:
    _, reply = await told("/usage")
    assert "in this session: 0 answers" in reply.text
    assert await told("/usage", by=EVE) == (None, Reply(text=texts.NOT_IN_SESSION))


async def test_a_viewer_cannot_choose_for_everyone() -> None:
    """They are told so instead of what would have been."""
    store, clock = MemoryStore(), SetClock()
    desks = Desks(store, clock, Names(store, {}), woken=lambda _, __: None, agents=AGENTS)
    await desks.create(HERE, title="Main", owner=ADA)
    await desks.submit(HERE, Join(participant=EVE, role="viewer"))
    said = Say(by=EVE, conversation=DM, content=Content(text="/agent deep"))
    with pytest.raises(Refused, match=texts.OWNERS_ONLY):
        await desks.hear(HERE, said)
    mine = Say(by=ADA, conversation=DM, content=Content(text="/agent deep"))
    appended = await desks.hear(HERE, mine)
    assert appended.reply == Reply(text=texts.agent_chosen("deep"))
    (changed,) = [event.body for event in appended.events]
    assert changed == SettingChanged(scope="session", name="agent", value="deep", by=ADA)
