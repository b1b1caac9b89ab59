"""Several sessions in one private chat: begun, listed, gone to, named, ended, read again."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import admission_texts, session_texts, texts
from bridge.domain.commands import EndRun, FailRun, Join, StartRun
from bridge.domain.content import Content
from bridge.domain.errors import RunOver
from bridge.domain.events import (
    MessageReceived,
    QuestionClosed,
    RunFinished,
    SessionArchived,
    SettingChanged,
)
from bridge.domain.ids import ChannelName, MessageId, RunId, Seq, SessionId
from bridge.domain.inbound import Deleted, Edited, Pressed
from bridge.domain.run_output import Asking
from bridge.engine.commands import begun, chosen_session
from bridge.session.admission import Account
from bridge.session.routing import MAX_VALUE, SHARED
from tests.engine.doorway import CHAT, TEA, Doorway
from tests.engine.rig import OWNER
from tests.playbook import Q1

TEAM = {"place": "team", "room": True, "title": "Team"}


async def told(door: Doorway, text: str, **more) -> str:
    reply = await door.say(text, **more)
    assert reply is not None, text
    return reply.text


async def followed(door: Doorway, place: str = "dm") -> SessionId:
    session = (await door.there(place)).session
    assert session is not None
    return session


async def said_in(door: Doorway, session: SessionId) -> list[str]:
    return [e.content.text for e in await door.log(session) if isinstance(e, MessageReceived)]


async def test_a_new_session_begins_in_the_same_chat_and_is_its_persons() -> None:
    door = await Doorway().open()
    await door.say("about pigeons")
    assert await told(door, "/new Taxes") == session_texts.begun("Taxes")
    taxes = await followed(door)
    await door.say("about taxes")
    assert await said_in(door, SHARED) == ["about pigeons"]
    assert await said_in(door, taxes) == ["about taxes"]
    fold = await door.dispatcher.fold(taxes)
    assert (fold.title, list(fold.participants.values())) == ("Taxes", ["owner"])
    assert len(fold.conversations) == 1
    assert not (await door.dispatcher.fold(SHARED)).conversations


async def test_a_command_that_is_delivered_again_begins_one_session() -> None:
    door = await Doorway().open()
    await door.say("hello")
    for _ in range(2):
        assert await told(door, "/new", key="once") == session_texts.begun("")
    assert len(await door.store.sessions()) == 2


@pytest.mark.parametrize("step", ["create_session", "append", "keep_fact"])
async def test_a_death_in_the_middle_of_new_leaves_one_session(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was done by then is finished when the command is delivered again."""
    for survived in range(6):
        door = await Doorway().open()
        await door.say("hello")
        call, left = getattr(door.store, step), survived

        async def dying(*args, _call=call, **more):
            nonlocal left
            left -= 1
            if left < 0:
                raise ConnectionError
            return await _call(*args, **more)

        with monkeypatch.context() as dead, suppress(ConnectionError):
            dead.setattr(door.store, step, dying)
            await door.say("/new Taxes", key="once")
        door = await Doorway(store=door.store, clock=door.clock).open()
        assert await told(door, "/new Taxes", key="once") == session_texts.begun("Taxes")
        rows = await door.store.sessions()
        assert sorted(each.title for each in rows) == ["Main", "Taxes"]
        assert (await door.dispatcher.fold(await followed(door))).title == "Taxes"


async def test_a_command_that_comes_again_late_changes_nothing_that_was_done_since() -> None:
    door = await Doorway().open()
    await door.say("hello")
    await door.say("/new Taxes", key="first")
    taxes = await followed(door)
    await door.say("hello", "bob", place="bobs")
    bob = (await door.last()).participant
    await door.dispatcher.submit(taxes, Join(participant=bob, role="member"))
    await door.say("/role Bob owner", key="second")
    await door.say("/role Bob viewer")
    await door.say("/switch main")
    for key, words in (("first", "/new Taxes"), ("second", "/role Bob owner")):
        await door.say(words, key=key)
    assert await followed(door) == SHARED
    assert (await door.dispatcher.fold(taxes)).participants[bob] == "viewer"
    assert (await door.dispatcher.fold(SHARED)).participants[bob] == "member"


async def test_the_sessions_of_a_person_are_listed_and_gone_to_by_title_id_or_button() -> None:
    door = await Doorway().open()
    await door.say("hello")
    await door.say("/new Taxes")
    taxes = await followed(door)
    reply = await door.say("/sessions")
    assert reply is not None
    lines = [(SHARED, "Main", False), (taxes, "Taxes", True)]
    assert sorted(reply.text.splitlines()) == sorted(session_texts.sessions(lines).splitlines())
    (button,) = reply.buttons
    assert (button.label, len(button.value.encode()) <= MAX_VALUE) == ("Main", True)
    await door.hear(Pressed(value=button.value))
    assert await followed(door) == SHARED
    for named in ("Taxes", "TAXES", taxes):
        await door.say(f"/switch {named}")
        assert await followed(door) == taxes
        await door.say("/switch main")
    assert await told(door, "/switch main") == session_texts.here_already("Main")


async def test_whoever_comes_back_is_told_where_it_was_left() -> None:
    door = await Doorway().open()
    for each in ("one", "two", "three", "four"):
        await door.say(each)
    await door.say("/new")
    recap = "\n\n".join(
        session_texts.said("Ada", each, (), 300) for each in ("two", "three", "four")
    )
    assert await told(door, "/switch main") == session_texts.switched("Main", recap)


async def test_nobody_goes_to_a_session_that_they_are_not_in() -> None:
    door = await Doorway().open()
    await door.say("hello")
    await door.say("hello", "bob", place="bobs")
    await door.say("/new Secret", "bob", place="bobs")
    secret = await followed(door, "bobs")
    for named in ("Secret", secret):
        assert "Secret" not in await told(door, f"/switch {named}")
        assert await followed(door) == SHARED
    assert "Secret" not in await told(door, "/sessions")


async def test_whoever_was_put_out_does_not_come_back_by_switching() -> None:
    door = await Doorway().open()
    await door.say("hello")
    ada = (await door.last()).participant
    await door.say("/new")
    fold = await door.dispatcher.fold(SHARED)
    reply = await door.dispatcher.people.in_session.kick(fold, OWNER, ada)
    assert not reply.refused
    await door.say("/switch main")
    assert await followed(door) != SHARED


async def test_a_code_for_one_session_begins_no_other() -> None:
    """What a grant gives is its one session; a title or an id does not widen it."""
    door = await Doorway(mail=Account(allow=frozenset())).open()
    await door.say("hello")
    ada = (await door.last()).participant
    code = await door.dispatcher.pairing.codes.link(ada, SHARED, via=CHAT)
    await door.say(code, "ada@b", place="inbox", channel=ChannelName("mail"))
    mail = {"place": "inbox", "channel": ChannelName("mail")}
    assert await told(door, "/new", user="ada@b", **mail) == session_texts.NOT_LET_IN_ELSEWHERE
    await door.say("/new Taxes")
    assert "Taxes" not in await told(door, "/sessions", user="ada@b", **mail)
    await door.say("/switch Taxes", "ada@b", **mail)
    assert (await door.there("inbox", ChannelName("mail"))).session == SHARED


@pytest.mark.parametrize("command", ["/new", "/sessions", "/switch main", "/history"])
async def test_in_a_room_nobody_is_told_of_their_sessions(command: str) -> None:
    door = await Doorway().open()
    await door.say("hello", **TEAM)
    before = await followed(door, "team")
    assert await told(door, command, **TEAM) == session_texts.CHOOSE_IN_PRIVATE
    assert await followed(door, "team") == before


async def test_one_person_has_so_many_and_an_archived_one_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(begun, "MOST", 2)
    door = await Doorway().open()
    await door.say("hello")
    await door.say("/new one")
    await door.say("/new two")
    assert await told(door, "/new three") == session_texts.too_many(2)
    await door.say("/archive yes")
    assert await told(door, "/new three") == session_texts.begun("three")


async def test_archiving_is_told_of_first_and_then_done() -> None:
    door = await Doorway().open()
    await door.say("hello")
    await door.say("/new Taxes")
    taxes = await followed(door)
    assert await told(door, "/archive") == session_texts.archive_asked("Taxes")
    assert not (await door.dispatcher.fold(taxes)).archived
    assert await told(door, "/archive yes") == session_texts.archived("Taxes")
    assert isinstance((await door.log(taxes))[-1], SessionArchived)
    assert await told(door, "on we go") == texts.ARCHIVED
    assert await told(door, "/new More") == session_texts.begun("More")
    assert "Taxes" not in await told(door, "/sessions")


@pytest.mark.parametrize("policy", ["shared", "per_person", "per_place"])
async def test_a_session_that_a_place_belongs_to_is_not_archived(policy) -> None:
    """It would be in the way there for good: the next message would join it again."""
    door = await Doorway(chat=Account(allow=frozenset("*"), sessions=policy)).open()
    await door.say("hello")
    await door.say("hello", **TEAM)
    for place in ({}, TEAM):
        refusal = await told(door, "/archive yes", **place)
        assert refusal in {session_texts.NOT_BEGUN, texts.OWNERS_ONLY}
        assert not (await door.dispatcher.fold(await followed(door))).archived


async def test_archiving_stops_the_answer_and_withdraws_what_is_asked() -> None:
    """In one append, so that nothing is left open in a session that nobody can continue."""
    door = await Doorway().open()
    await door.say("hello")
    await door.say("/new Taxes")
    session = await followed(door)
    await door.say("sum up")
    await door.dispatcher.submit(session, StartRun(run=RunId("r_1"), agent="echo", node="n"))
    asking = Asking(question=Q1, kind="choice", text="Tea?", options=TEA)
    end = EndRun(run=RunId("r_1"), upto=Seq(5), questions=(asking,))
    await door.dispatcher.submit(session, end)
    await door.say("and on")
    await door.dispatcher.submit(session, StartRun(run=RunId("r_2"), agent="echo", node="n"))
    before = len(await door.log(session))
    assert await told(door, "/archive yes") == session_texts.archived("Taxes")
    ends = (await door.log(session))[before:]
    assert [type(each) for each in ends] == [QuestionClosed, RunFinished, SessionArchived]
    fold = await door.dispatcher.fold(session)
    assert (fold.open_run, fold.questions, fold.archived) == (None, {}, True)
    with pytest.raises(RunOver):
        await door.dispatcher.submit(session, EndRun(run=RunId("r_2"), upto=Seq(9)))


async def test_a_death_before_the_end_is_archived_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door = await Doorway().open()
    await door.say("hello")
    await door.say("/new Taxes")
    with monkeypatch.context() as dead, suppress(ConnectionError):

        async def dying(*_, **__):
            raise ConnectionError

        dead.setattr(door.store, "append", dying)
        await door.say("/archive yes", key="once")
    door = await Doorway(store=door.store, clock=door.clock).open()
    assert await told(door, "/archive yes", key="once") == session_texts.archived("Taxes")
    assert (await door.dispatcher.fold(await followed(door))).archived


# -- how often


@pytest.mark.parametrize("deed", ["begin", "archive"])
async def test_nobody_begins_or_archives_without_end_within_an_hour(
    deed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From whichever app they write: it is the person that is counted, and through restarts."""
    most = 3
    door = await Doorway().open()
    await door.say("hello")
    code = await door.dispatcher.pairing.codes.link(
        (await door.last()).participant, SHARED, via=CHAT
    )
    mail = {"user": "ada@b", "place": "inbox", "channel": ChannelName("mail")}
    await door.say(code, **mail)
    apps = ({}, mail)
    if deed == "archive":
        for number in range(most + 1):
            await door.say(f"/new {number}")
        await door.say("/switch main")
    monkeypatch.setattr(begun, "MOST_AN_HOUR", most)

    async def once(number: int) -> str:
        app = apps[number % 2]
        if deed == "begin":
            return await told(door, f"/new {number}", **app)
        await door.say(f"/switch {number}", **app)
        return await told(door, "/archive yes", **app)

    for number in range(most):
        assert await once(number) != session_texts.TOO_OFTEN
    door = await Doorway(store=door.store, clock=door.clock).open()
    count = len(await door.store.sessions())
    assert await once(most) == session_texts.TOO_OFTEN
    assert len(await door.store.sessions()) == count
    door.clock.forward(3601)
    assert await once(most) != session_texts.TOO_OFTEN


async def test_all_together_do_not_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(begun, "ALL_AN_HOUR", 3)
    door = await Doorway().open()
    for user in ("ada", "bob", "carl"):
        assert await told(door, "/new", user=user, place=user) == session_texts.begun("")
    assert await told(door, "/new", user="eve", place="eve") == session_texts.TOO_OFTEN_IN_ALL


async def test_what_is_delivered_again_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(begun, "MOST_AN_HOUR", 1)
    door = await Doorway().open()
    await door.say("hello")
    with monkeypatch.context() as dead, suppress(ConnectionError):

        async def dying(*_, **__):
            raise ConnectionError

        dead.setattr(door.store, "create_session", dying)
        await door.say("/new Taxes", key="once")
    door = await Doorway(store=door.store, clock=door.clock).open()
    assert await told(door, "/new Taxes", key="once") == session_texts.begun("Taxes")
    assert await told(door, "/new More") == session_texts.TOO_OFTEN


# -- what is left behind


async def test_what_someone_began_and_left_is_its_owners_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It takes no place any more of whoever left, nor of who has to see to it."""
    monkeypatch.setattr(begun, "MOST", 1)
    monkeypatch.setattr(chosen_session, "LOOKED_AT", 0)
    door = await Doorway().open()
    await door.say("hello")
    await door.say("hello", "bob", place="bobs")
    bob = (await door.last()).participant
    await door.say("/new Taxes")
    taxes = await followed(door)
    await door.dispatcher.submit(taxes, Join(participant=bob, role="owner"))
    assert await told(door, "/leave") == admission_texts.LEFT
    assert await told(door, "/new More") == session_texts.begun("More")
    assert "Taxes" in await told(door, "/sessions", user="bob", place="bobs")
    assert await told(door, "/new Mine", user="bob", place="bobs") == session_texts.begun("Mine")
    await door.say("/switch Taxes", "bob", place="bobs")
    archived = await told(door, "/archive yes", user="bob", place="bobs")
    assert archived == session_texts.archived("Taxes")
    assert (await door.dispatcher.fold(taxes)).archived
    await door.say("/switch Mine", "bob", place="bobs")
    assert "Taxes" not in await told(door, "/sessions", user="bob", place="bobs")


async def test_whoever_began_it_owns_it_again_once_they_are_let_in_where_nobody_does() -> None:
    """Nobody else comes back as an owner."""
    door = await Doorway().open()
    await door.say("hello")
    ada = (await door.last()).participant
    await door.say("/new Taxes")
    taxes = await followed(door)
    await door.say("hello", "bob", place="bobs")
    bob = (await door.last()).participant
    await door.dispatcher.submit(taxes, Join(participant=bob, role="member"))
    people = door.dispatcher.people
    for who in (ada, bob):
        await people.remove(who, OWNER)
    for who in (bob, ada):
        await people.allow(who, None)
    assert (await door.dispatcher.fold(taxes)).participants == {bob: "member", ada: "owner"}


@pytest.mark.parametrize("stays", [False, True], ids=["nobody stays", "a member stays"])
async def test_where_no_owner_is_left_the_bridges_owner_ends_it(*, stays: bool) -> None:
    door = await Doorway().open()
    await door.store.enrol(OWNER, name="Owner", realm=CHAT, user="boss", at=door.clock.now())
    boss = {"user": "boss", "place": "boss"}
    await door.say("hello", **boss)
    await door.say("hello")
    ada = (await door.last()).participant
    await door.say("/new Taxes")
    taxes = await followed(door)
    if stays:
        await door.say("hello", "bob", place="bobs")
        bob = (await door.last()).participant
        await door.dispatcher.submit(taxes, Join(participant=bob, role="member"))
    await door.dispatcher.people.remove(ada, OWNER)
    assert "Taxes" in await told(door, "/sessions", **boss)
    await door.say("/switch Taxes", **boss)
    assert await told(door, "/archive yes", **boss) == session_texts.archived("Taxes")
    assert (await door.dispatcher.fold(taxes)).archived


# -- namesakes


async def test_sessions_of_one_title_are_told_apart_the_oldest_keeps_it() -> None:
    """Also one that only looks so; they are gone to as they are listed."""
    door = await Doorway().open()
    await door.say("hello")
    found = []
    for title in ("Taxes", "taxes", "T\u0430xes"):  # the last one with a Cyrillic letter
        await door.say(f"/new {title}")
        found.append(await followed(door))
        door.clock.forward(60)
    await door.say("/switch main")
    reply = await door.say("/sessions")
    assert reply is not None
    labels = {"Taxes": found[0], "taxes (2)": found[1], "T\u0430xes (3)": found[2]}
    assert {each.label for each in reply.buttons} == labels.keys()
    for label, session in labels.items():
        assert f"- {label}: `/switch {session}`" in reply.text
    for named in ("Taxes", "taxes"):
        asked = await door.say(f"/switch {named}")
        assert asked is not None
        assert asked.refused
        assert session_texts.SWITCH_WHICH in asked.text
        assert await followed(door) == SHARED
    await door.say("/switch Taxes (2)")
    assert await followed(door) == found[1]


async def test_other_peoples_sessions_do_not_hide_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen_session, "LOOKED_AT", 3)
    door = await Doorway().open()
    await door.say("hello")
    await door.say("/new Precious")
    await door.say("/switch main")
    for number in range(5):
        await door.say(f"/new {number}", "eve", place="eves")
        await door.say("/archive yes", "eve", place="eves")
        await door.say(f"/new more {number}", "eve", place="eves")
    assert "Precious" in await told(door, "/sessions")
    await door.say("/switch Precious")
    assert (await door.dispatcher.fold(await followed(door))).title == "Precious"


async def test_a_code_in_a_title_or_said_while_alone_is_void() -> None:
    """The log is for good, and whoever comes later reads it."""
    for text in ("/title my code {}", "/new {}", "what do I do with {}?"):
        door = await Doorway(mail=Account(allow=frozenset())).open()
        await door.say("hello")
        await door.say("/new")
        ada = next(iter((await door.dispatcher.fold(await followed(door))).participants))
        code = await door.dispatcher.pairing.codes.link(ada, await followed(door), via=CHAT)
        await door.say(text.format(code))
        mail = {"place": "inbox", "channel": ChannelName("mail")}
        await door.say(code, "zed@b", **mail)
        assert await door.store.identify(realm="mail", user="zed@b") is None


async def test_namesakes_are_told_apart_in_the_history() -> None:
    door = await Doorway().open()
    await door.say("the real one")
    await door.say("pay mallory", "ADA", place="other")
    assert "**Ada (2\\):** pay mallory" in await told(door, "/history")


async def test_a_session_is_named_in_the_chat() -> None:
    door = await Doorway().open()
    await door.say("hello")
    assert await told(door, "/title") == session_texts.title("Main")
    assert await told(door, "/title **Pigeons**\u202e & more") == session_texts.titled_now(
        "Pigeons & more"
    )
    changed = await door.last()
    assert isinstance(changed, SettingChanged)
    assert changed.value == "Pigeons & more"


async def test_the_history_is_what_was_said_as_it_stands_now() -> None:
    door = await Doorway().open()
    await door.say("one", message="m1")
    await door.say("two", message="m2")
    await door.say("three", message="m3")
    await door.hear(Edited(message=MessageId("m1"), content=Content(text="_one_ more")))
    await door.hear(Deleted(message=MessageId("m2")))
    lines = [session_texts.said("Ada", each, (), 300) for each in ("_one_ more", "three")]
    assert await told(door, "/history") == "\n\n".join(lines)
    assert await told(door, "/history 1") == lines[-1]


@pytest.mark.parametrize("count", ["0", "-1", "many", "¹", "1 2"])
async def test_a_history_of_no_number_says_what_to_write(count: str) -> None:
    door = await Doorway().open()
    await door.say("hello")
    assert await told(door, f"/history {count}") == session_texts.HISTORY_HOW_MANY


async def test_a_long_history_is_cut_and_a_huge_number_is_bounded() -> None:
    door = await Doorway().open()
    for number in range(40):
        await door.say(f"{number} " + "x" * 5000)
    text = await told(door, f"/history {'9' * 3000}")
    assert text.count("**Ada:**") == chosen_session.MOST_TOLD
    assert len(text) < chosen_session.MOST_TOLD * 400


async def test_a_new_person_of_the_session_is_told_what_a_viewer_may_read() -> None:
    door = await Doorway().open()
    await door.say("hello")
    await door.say("/new Mine")
    session = await followed(door)
    await door.say("hi", "bob", place="bobs")
    bob = (await door.last()).participant
    await door.dispatcher.submit(session, Join(participant=bob, role="viewer"))
    await door.say("look")
    assert "Mine" in await told(door, "/sessions", user="bob", place="bobs")
    assert "look" in await told(door, "/switch Mine", user="bob", place="bobs")
    assert "look" in await told(door, "/history", user="bob", place="bobs")


async def test_a_new_person_of_the_session_is_told_nothing_of_before() -> None:
    door = await Doorway().open()
    await door.say("/new Mine")
    session = await followed(door)
    await door.say("between us")
    await door.say("hi", "bob", place="bobs")
    bob = (await door.last()).participant
    await door.dispatcher.submit(session, Join(participant=bob, role="viewer"))
    await door.say("welcome")
    for asked in ("/switch Mine", "/history", "/history 30"):
        reply = await told(door, asked, user="bob", place="bobs")
        assert "welcome" in reply
        assert "between us" not in reply


async def test_a_new_person_asks_nothing_again_that_was_given_up_before() -> None:
    door = await Doorway().open()
    await door.say("between us")
    await door.dispatcher.submit(SHARED, StartRun(run=RunId("r_1"), agent="echo", node="n"))
    await door.dispatcher.submit(SHARED, FailRun(run=RunId("r_1"), reason="no", retry=False))
    await door.say("hi", "bob", place="bobs")
    await door.say("/retry", "bob", place="bobs")
    said = [each for each in await door.log() if isinstance(each, MessageReceived) and each.again]
    assert said == []
    await door.say("/retry")
    said = [each for each in await door.log() if isinstance(each, MessageReceived) and each.again]
    assert [each.content.text for each in said] == ["between us"]


@given(st.text(max_size=400), st.lists(st.text(max_size=40), max_size=3))
def test_what_was_said_is_one_line_and_names_nobody_else(text: str, files: list[str]) -> None:
    """No text and no file's name makes a line of a history that looks like another one's words."""
    line = session_texts.said("Ada", text, files, 300)
    assert len(line.splitlines()) == 1
    assert "**" not in line.removeprefix("**Ada:**")
