"""Who approves, in a whole bridge in which everybody has a session of their own."""

from contextlib import asynccontextmanager

import pytest

from bridge.domain.commands import Answer, ChangeRole, Join, Leave
from bridge.domain.errors import Refused
from bridge.domain.events import MessageComposed, QuestionAsked, RunFinished, ToolReturned
from bridge.session.admission import Account
from tests.agents.litellm.rig import TOOLS, WORLD
from tests.engine.rig import CHAT, OWNER, bridge
from tests.fakes.models import Answers, calls

EACH = Account(allow=frozenset({"mallory", "zoe"}), sessions="per_person")
ONLY_MALLORY = Account(allow=frozenset({"mallory"}), sessions="per_person")


@asynccontextmanager
async def alone(bench, *approvers):
    """Let Mallory be in a session of her own, with an agent whose calls these people approve."""
    tools = {"functions": (f"{TOOLS}:touch",), "approvers": approvers}
    async with bridge(account=EACH, agent=bench.agent(tools=tools)) as b:
        bench.models.replies += [Answers(text="Hello.")]
        b.platform.say("mallory", "mallory", "hello")
        await b.until_shown("mallory", "Hello.")
        yield b, (await b.lane("mallory", CHAT)).session
        await b.until_at_rest()


async def asked_to_touch(b, session, bench):
    """Let Mallory ask for a call; return what the model was told of it, and what was asked."""
    before = len(await b.bodies(RunFinished, session))
    bench.models.replies += [calls("touch", what="the safe"), Answers(text="So it is.")]
    b.platform.say("mallory", "mallory", "touch the safe")

    async def is_over():
        return len(await b.bodies(RunFinished, session)) > before

    await b.until(is_over)
    returned = [each.result for each in await b.bodies(ToolReturned, session)]
    return returned, await b.bodies(QuestionAsked, session)


async def person(b, user):
    return await b.store.identify(realm="memory", user=user)


@pytest.mark.parametrize("owner", ["was never there", "left", "only reads there"])
async def test_in_anothers_session_nothing_is_approved_where_the_owner_takes_no_part(bench, owner):
    """It fails closed, and says why to the model, which tells people."""
    async with alone(bench, "owner") as (b, session):
        submit = b.core.sessions.submit
        if owner != "was never there":
            role = "viewer" if owner == "only reads there" else "member"
            await submit(session, Join(participant=OWNER, role=role))
        if owner == "left":
            await submit(session, Leave(participant=OWNER, by=OWNER))
        (why,), asked = await asked_to_touch(b, session, bench)
        assert asked == []
        assert WORLD == []
        assert "only owner may approve it" in why
        assert "one of them has to write here first" in why
        assert "only owner may approve it" in bench.models.asked[-1].text()
        finals = [each.content.text for each in await b.bodies(MessageComposed, session)]
        assert finals[-1] == "So it is."
        for words in ("yes", "approve", "1", "always"):
            bench.models.replies += [Answers(text=f"You said {words}.")]
            b.platform.say("mallory", "mallory", words)
            await b.until_shown("mallory", f"You said {words}.")
        assert WORLD == []


async def test_once_the_owner_takes_part_they_alone_are_asked(bench):
    async with alone(bench, "owner") as (b, session):
        submit = b.core.sessions.submit
        await submit(session, Join(participant=OWNER, role="member"))
        _, (asked,) = await asked_to_touch(b, session, bench)
        assert asked.to == (OWNER,)
        mallory = await person(b, "mallory")
        assert (await b.core.sessions.fold(session)).participants[mallory] == "owner"
        with pytest.raises(Refused, match="someone else"):
            await submit(session, Answer(by=mallory, question=asked.question, answer="approve"))
        await submit(session, Answer(by=OWNER, question=asked.question, answer="approve"))
        await b.until(lambda: WORLD == ["the safe"])


async def test_whoever_makes_themselves_the_only_owner_of_a_session_owns_no_bridge(bench):
    """`owner` means the bridge's: a role that Mallory gives in her own session decides nothing."""
    async with alone(bench, "owner") as (b, session):
        submit, mallory = b.core.sessions.submit, await person(b, "mallory")
        await submit(session, Join(participant=OWNER, role="member"))
        await submit(session, ChangeRole(by=mallory, participant=OWNER, role="viewer"))
        (why,), asked = await asked_to_touch(b, session, bench)
        assert (asked, WORLD) == ([], [])
        assert "only owner may approve it" in why


async def test_an_approver_by_id_who_only_reads_is_not_waited_for(bench):
    async with alone(bench, "memory:zoe") as (b, session):
        b.platform.say("zoe", "zoe", "hello")
        await b.until_shown("zoe", "Hello!")
        zoe = await person(b, "zoe")
        await b.core.sessions.submit(session, Join(participant=zoe, role="viewer"))
        (why,), asked = await asked_to_touch(b, session, bench)
        assert asked == []
        assert "only memory:zoe may approve it" in why


async def test_an_approver_who_was_taken_off_the_list_is_not_waited_for(bench):
    """They are shown nothing and are not heard, so that nobody would ever decide."""
    async with alone(bench, "memory:zoe") as (b, session):
        b.platform.say("zoe", "zoe", "hello")
        await b.until_shown("zoe", "Hello!")
        zoe = await person(b, "zoe")
        await b.core.sessions.submit(session, Join(participant=zoe, role="member"))
        await b.until_at_rest()
        await b.core.stop(0)
        b.account = ONLY_MALLORY
        await b.start()
        (why,), asked = await asked_to_touch(b, session, bench)
        assert (asked, WORLD) == ([], [])
        assert "only memory:zoe may approve it" in why


async def test_what_somebody_always_allowed_ends_once_they_are_off_the_list(bench):
    async with alone(bench) as (b, session):
        b.platform.say("zoe", "zoe", "hello")
        await b.until_shown("zoe", "Hello!")
        zoe = await person(b, "zoe")
        await b.core.sessions.submit(session, Join(participant=zoe, role="member"))
        _, (asked,) = await asked_to_touch(b, session, bench)
        await b.core.sessions.submit(
            session, Answer(by=zoe, question=asked.question, answer="always")
        )
        await b.until(lambda: WORLD == ["the safe"])
        await b.until_at_rest()
        await b.core.stop(0)
        b.account = ONLY_MALLORY
        await b.start()
        _, asked = await asked_to_touch(b, session, bench)
        assert len(asked) == 2, "it asks again"
        assert WORLD == ["the safe"]
