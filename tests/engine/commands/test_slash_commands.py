"""What a slash command asks of a session, and what its asker is told."""

from dataclasses import replace

import pytest

from bridge import admission_texts, texts
from bridge.domain.commands import Change, Join, Link, Say, Stop
from bridge.domain.content import Content
from bridge.domain.errors import Refused
from bridge.domain.events import SettingChanged
from bridge.domain.ids import ChannelName
from bridge.domain.parts import Address, Reply
from bridge.engine.agent_registry import AgentRegistry
from bridge.engine.commands.slash_commands import SlashCommands
from bridge.engine.dispatcher import Dispatcher
from bridge.engine.names import DisplayNames
from bridge.session import slash
from bridge.session.budget import Budgets
from bridge.session.decide_membership import LONGEST_SETTING
from bridge.session.permission_table import REASONS, ROLES, roles_for, rule_for
from bridge.session.routing import command_buttons, pressed
from storage.memory import MemoryStore
from tests.engine.doorway import Doorway
from tests.engine.rig import SetClock, Stalled
from tests.playbook import ADA, BOB, DM, EVE, HERE, ROOM, with_ada

AGENTS = AgentRegistry({"echo": Stalled(), "deep": Stalled()}, "echo")
FOLD = with_ada(Join(participant=BOB, role="member")).session


def replies() -> SlashCommands:
    store, clock = MemoryStore(), SetClock()
    names = DisplayNames(store, {})
    dispatcher = Dispatcher(
        store, clock, names, woken=lambda _, __: None, agents=AGENTS, budgets=Budgets()
    )
    return dispatcher.slash_commands


async def told(text: str, fold=FOLD, by=ADA):
    parsed = slash.parse(text)
    assert parsed is not None
    said = Say(by=by, conversation=DM, content=Content(text=text))
    return await replies().answer(fold, said, parsed)


def setting(name: str, value: str, of: str = "") -> Change:
    return Change(scope="session", of=of, name=name, value=value, by=ADA)


async def test_stop_is_a_command_without_a_word() -> None:
    assert await told("/stop") == (Stop(by=ADA), None)


async def test_the_agents_are_listed_with_the_one_that_answers() -> None:
    command, reply = await told("/agent")
    assert command is None
    buttons = command_buttons("agent", ["echo", "deep"])
    assert reply == Reply(text=texts.agents(("echo", "deep"), "echo"), buttons=buttons)


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


@pytest.mark.parametrize("asked", ["/model", "/model fsat"])
async def test_models_to_choose_from_are_buttons_too_each_of_which_says_its_command(
    monkeypatch, asked
) -> None:
    """Also below the refusal of a name that there is not; and the list stays in words."""
    monkeypatch.setitem(AGENTS._agents, "echo", Choosy())
    _, reply = await told(asked)
    assert reply.buttons == command_buttons("model", ["usual", "fast"])
    assert all(f"`{pressed(each.value).words}`" in reply.text for each in reply.buttons)
    assert reply.kept == Reply(text=reply.text, refused=reply.refused), "words alone are kept"


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
    said = [("echo", "drill"), ("echo", "saw"), ("deep", "hammer"), ("", "chisel")]
    settings = [setting(f"always:{tool}", "yes", of) for of, tool in said]
    allowed = with_ada(*settings).session
    assert await told("/revoke", allowed) == (
        None,
        Reply(
            text=texts.always_allowed(["drill", "saw"]),
            buttons=command_buttons("revoke", ["drill", "saw"]),
        ),
    )
    assert await told("/revoke drill", allowed) == (
        setting("always:drill", "", "echo"),
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
    buttons = command_buttons("mode", ["steer", "queue", "interrupt"])
    assert await told("/mode") == (None, Reply(text=texts.mode("steer"), buttons=buttons))
    assert await told("/mode shout") == (
        None,
        Reply(text=texts.no_such_mode("shout"), refused=True, buttons=buttons),
    )


async def test_what_was_used_is_told_to_those_in_the_session_alone() -> None:
    _, reply = await told("/usage")
    assert "in this session: 0 answers" in reply.text
    refused = Reply(text=texts.NOT_IN_SESSION, refused=True)
    assert await told("/usage", by=EVE) == (None, refused)


async def test_a_viewer_cannot_choose_for_everyone() -> None:
    """They are told so instead of what would have been."""
    store, clock = MemoryStore(), SetClock()
    dispatcher = Dispatcher(
        store, clock, DisplayNames(store, {}), woken=lambda _, __: None, agents=AGENTS
    )
    await dispatcher.create(HERE, title="Main", owner=ADA)
    await dispatcher.submit(HERE, Join(participant=EVE, role="viewer"))
    said = Say(by=EVE, conversation=DM, content=Content(text="/agent deep"))
    with pytest.raises(Refused, match=texts.OWNERS_ONLY):
        await dispatcher.hear(HERE, said)
    mine = Say(by=ADA, conversation=DM, content=Content(text="/agent deep"))
    appended = await dispatcher.hear(HERE, mine)
    assert appended.reply == Reply(text=texts.agent_chosen("deep"))
    (changed,) = [event.body for event in appended.events]
    assert changed == SettingChanged(scope="session", name="agent", value="deep", by=ADA)


async def session_of_three() -> Dispatcher:
    """Return a session with an owner, a member and a viewer; it is followed by a room."""
    store, clock = MemoryStore(), SetClock()
    dispatcher = Dispatcher(
        store, clock, DisplayNames(store, {}), woken=lambda _, __: None, agents=AGENTS
    )
    chat = ChannelName("chat")
    for place, room in ((DM, False), (ROOM, True)):
        address = Address(channel=chat, place=place)
        await store.register(place, address, room=room, title="", at=clock.now())
    await dispatcher.create(HERE, title="Main", owner=ADA)
    await dispatcher.submit(HERE, Join(participant=BOB, role="member"))
    await dispatcher.submit(HERE, Join(participant=EVE, role="viewer"))
    await dispatcher.submit(HERE, Link(conversation=ROOM, by=ADA))
    await dispatcher.submit(HERE, setting("always:drill", "yes", of="echo"))
    return dispatcher


async def answered(dispatcher: Dispatcher, text: str, who, place=DM) -> str:
    """Return what someone is told, be it why they may not."""
    said = Say(by=who, conversation=place, content=Content(text=text))
    try:
        appended = await dispatcher.hear(HERE, said)
    except Refused as refused:
        return str(refused)
    return appended.reply.text if appended.reply is not None else ""


ARGUMENTS = {
    "agent": "deep",
    "archive": "yes",
    "kick": "nobody",
    "may": "model members",
    "mode": "queue",
    "model": "x",
    "revoke": "drill",
    "title": "Pigeons",
}
"""With which a command asks for more than to be told how things are."""

DECIDED_BESIDE = {"follow", "unfollow", "unlink"}
"""Commands for which another session, or who made a code, decides as well."""


@pytest.mark.parametrize("who", [ADA, BOB, EVE], ids=ROLES)
@pytest.mark.parametrize("command", slash.COMMANDS, ids=lambda each: each.name)
async def test_whoever_has_not_the_role_that_a_command_takes_is_told_why(command, who) -> None:
    if command.name in DECIDED_BESIDE:
        return
    dispatcher = await session_of_three()
    role = (await dispatcher.fold(HERE)).participants[who]
    text = await answered(dispatcher, f"/{command.name} {ARGUMENTS.get(command.name, '')}", who)
    may = role in roles_for(command.act)
    assert (text in REASONS.values()) == (not may)
    assert may or text == REASONS[rule_for(command.act).needs]


@pytest.mark.parametrize("who", [BOB, EVE], ids=ROLES[1:])
@pytest.mark.parametrize("command", slash.COMMANDS, ids=lambda each: each.name)
async def test_what_is_refused_is_never_told_as_if_it_were_done(command, who) -> None:
    """A program that asks by HTTP reads the status, not the words."""
    dispatcher = await session_of_three()
    fold = await dispatcher.fold(HERE)
    if fold.participants[who] in roles_for(command.act) or command.name in {"unlink", "unfollow"}:
        return
    text, place = f"/{command.name} {ARGUMENTS.get(command.name, '')}", rule_for(command.act).where
    said = Say(by=who, conversation=ROOM if place == "room" else DM, content=Content(text=text))
    try:
        appended = await dispatcher.hear(HERE, said)
    except Refused:
        return
    assert appended.reply is not None
    assert appended.reply.refused


async def test_no_model_is_tried_for_whoever_may_not_choose_it() -> None:
    """To try one costs something, and tells who asks whether there is such a model."""
    tried: list[str] = []

    class Choosy(Stalled):
        models = ("big",)

        async def refusal(self, model: str) -> str:
            tried.append(model)
            return ""

    use = replies()
    agents = AgentRegistry({"echo": Choosy()}, "echo")
    use = SlashCommands(replace(use._services, agents=agents))
    for who in (BOB, EVE):
        parsed = slash.parse("/model big")
        said = Say(by=who, conversation=DM, content=Content(text="/model big"))
        fold = with_ada(
            Join(participant=BOB, role="member"), Join(participant=EVE, role="viewer")
        ).session
        await use.answer(fold, said, parsed)
    assert tried == []
    opened = with_ada(
        Join(participant=BOB, role="member"),
        Change(scope="session", name="may:model", value="members", by=ADA),
    ).session
    await use.answer(opened, replace(said, by=BOB), parsed)
    assert tried == ["big"]


IN_PRIVATE = (
    "admit", "deny", "invite", "invites", "link", "new", "fork", "sessions",
    "switch", "history", "notify",
)  # fmt: skip


@pytest.mark.parametrize(
    ("command", "place"), [("follow", DM), *((each, ROOM) for each in IN_PRIVATE)]
)
async def test_a_command_in_the_wrong_kind_of_place_does_nothing_and_says_so(command, place):
    """Every command that only some kind of place may send is here."""
    bound = {each.name for each in slash.COMMANDS if rule_for(each.act).where != "anywhere"}
    assert bound == {"follow", *IN_PRIVATE}
    dispatcher = await session_of_three()
    before = await dispatcher.fold(HERE)
    for who in (ADA, EVE):
        told = await answered(dispatcher, f"/{command} Main", who, place)
        assert told == rule_for(slash.named(command).act).place
    assert await dispatcher.fold(HERE) == before


async def test_a_place_of_which_nothing_is_known_is_neither_private_nor_a_room() -> None:
    assert await told("/link") == (None, Reply(text=texts.LINK_IN_PRIVATE, refused=True))
    assert await told("/follow") == (None, Reply(text=admission_texts.FOLLOW_ROOMS, refused=True))


EVIL = "[click](https://evil.example) <!channel> @everyone **x** `y`\n# z "


@pytest.mark.parametrize(
    "command", ["agent", "mode", "model", "revoke", "notify", "notify quiet 1-2"]
)
async def test_what_was_typed_is_repeated_as_code_and_cut(command: str) -> None:
    door = await Doorway().open()
    await door.say("hello")
    for words in (EVIL, EVIL.replace(" ", ""), "x" * 100_000, EVIL * 2000):
        reply = await door.say(f"/{command} {words}")
        assert reply is not None
        assert len(reply.text) < 600
        plain = "".join(reply.text.split("`")[::2])
        assert "evil" not in plain
        assert "everyone" not in plain


async def test_a_model_that_cannot_be_had_is_named_as_code_in_the_reason_too() -> None:
    text = texts.no_such_model(EVIL, f"nobody knows {EVIL}", ())
    assert "evil" not in "".join(text.split("`")[::2])


async def test_a_model_with_a_name_beyond_measure_is_refused_and_never_tried(monkeypatch) -> None:
    door = await Doorway().open()
    await door.say("/new", "ada")
    tried = []

    async def refusal(session, model) -> str:
        tried.append(model)
        return ""

    monkeypatch.setattr(door.dispatcher.slash_commands._services.agents, "model_refusal", refusal)
    session = (await door.there()).session
    before = await door.log(session)
    reply = await door.say(f"/model {'x' * 100_000}", "ada")
    assert reply == Reply(text=texts.setting_too_long(LONGEST_SETTING), refused=True)
    assert not tried
    assert await door.log(session) == before
