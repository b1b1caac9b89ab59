"""WhatsApp in a whole bridge: from what a person says to what they see, through every fault."""

import asyncio
import re
import socket
import sqlite3
from contextlib import asynccontextmanager, closing
from datetime import timedelta

import pytest

from bridge import admission_texts, texts
from bridge.app import running as serving
from bridge.config import load
from bridge.demo.whatsapp.twilio import running
from bridge.demo.whatsapp.world import Media, Template
from channels.limits import Rate
from tests.waiting import until

BUTTONS, REOPEN = "HX" + "b" * 32, "HX" + "0" * 32
CODE = re.compile(r"[A-Z0-9]{5}-[A-Z0-9]{5}")
NEWS = "There is news for you. Write to read it."


@pytest.fixture
async def fake():
    async with running() as twilio:
        yield twilio
        await twilio.quiet()
        assert twilio.complaints == []


@pytest.fixture(autouse=True)
def no_pacing(monkeypatch):
    monkeypatch.setattr("channels.whatsapp.limits.PLACE", Rate(calls=100))


@pytest.fixture
def ada(fake):
    return fake.person("Ada", reads=True)


@pytest.fixture
def bridge(tmp_path, fake):
    """Return how to run a bridge; each time anew, on the same data."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    fake.sender.webhook = fake.sender.fallback = f"http://127.0.0.1:{port}/channels/wa"
    secret = tmp_path / "token"
    secret.write_text(fake.account.token)
    secret.chmod(0o600)

    @asynccontextmanager
    async def run(*, more: str = "", allow: str = "'*'"):
        config = (
            f"data: {tmp_path / 'kept'}\n"
            f"http: {{port: {port}, public_url: 'http://127.0.0.1:{port}'}}\n"
            "grace: 1\n"
            "agents: {echo: {type: echo, delay: 0.01}}\n"
            "channels:\n"
            f"  wa: {{type: whatsapp, account_sid: {fake.account.sid}, "
            f"auth_token: {{file: {secret}}}, number: '{fake.sender.place}', "
            f"api_url: '{fake.base}', allow: {allow}, welcome: false{more}}}\n"
        )
        file = tmp_path / "bridge.yaml"
        file.write_text(config)
        async with serving(load(file, {})) as started:
            yield started

    return run


def answers(fake, person) -> list[str]:
    return [text.partition(" said: ")[2] for text in fake.shown(person) if " said: " in text]


async def test_a_question_is_answered_once(fake, ada, bridge):
    async with bridge():
        fake.says(ada, "hello")
        await until(lambda: fake.shown(ada))
        fake.says(ada, "and again")
        await until(lambda: len(fake.shown(ada)) == 2)
    # a message that is found by looking, because its call is late, comes without a name
    assert answers(fake, ada) == ["hello", "and again"]


@pytest.mark.parametrize(
    "fault",
    [
        {"applied": True, "hangs_up": True},
        {"status": 500, "code": 20500},
        {"status": 500, "applied": True},
        {"status": 502, "is_html": True},
        {"status": 503, "code": 20503},
        {"status": 429, "code": 20429, "retry_after": 1, "times": 2},
    ],
    ids=str,
)
async def test_whatever_happens_to_a_call_the_answer_is_shown_once(fake, ada, bridge, fault):
    fake.fault("create", **fault)
    async with bridge():
        fake.says(ada, "hello")
        await until(lambda: answers(fake, ada))
        fake.says(ada, "next")
        await until(lambda: "next" in answers(fake, ada))
    assert answers(fake, ada) == ["hello", "next"]
    assert texts.REPEATED.strip("_") not in "".join(fake.shown(ada))


async def test_what_is_said_while_twilio_or_the_bridge_is_away_is_answered(fake, ada, bridge):
    fake.says(ada, "before")
    await until(lambda: fake.missed)
    async with bridge():
        await until(lambda: answers(fake, ada) == ["before"])
        await fake.down()
        fake.says(ada, "while down")
        await until(lambda: fake.accepted)
        await fake.up()
        await until(lambda: answers(fake, ada) == ["before", "while down"])
    fake.says(ada, "after the end")
    await until(lambda: len(fake.missed) == 2)
    async with bridge():
        await until(lambda: answers(fake, ada)[-1] == "after the end")
    assert answers(fake, ada) == ["before", "while down", "after the end"]


async def test_out_of_the_window_they_are_asked_to_write_and_then_caught_up(fake, ada, bridge):
    types = {"twilio/text": {"body": NEWS}}
    fake.templates[REOPEN] = Template(
        account=fake.account, types=types, approval="approved", sid=REOPEN
    )
    async with bridge(more=f", templates: {{reopen: {REOPEN}}}"):
        fake.says(ada, "hello")
        await until(lambda: fake.shown(ada))
        ada.wrote_at[fake.sender.place] -= timedelta(hours=25)  # Twilio knows, we do not
        fake.says(fake.person("Bob"), "are you there?")
        await until(lambda: NEWS in fake.shown(ada))
        fake.says(ada, "now I am")
        await until(lambda: "said: now I am" in "".join(fake.shown(ada)))
        await until(lambda: "Bob joined." in "".join(fake.shown(ada)))
    shown = "\n\n".join(fake.shown(ada))
    for words in ("Bob joined.", "*Bob · WhatsApp*\nare you there?", "said: are you there?", NEWS):
        assert shown.count(words) == 1


async def test_a_button_answers_and_so_does_its_number(fake, ada, bridge):
    actions = [{"title": f"{{{{{n}}}}}", "id": f"{{{{{n + 1}}}}}"} for n in (2, 4)]
    types = {"twilio/quick-reply": {"body": "{{1}}", "actions": actions}}
    fake.templates[BUTTONS] = Template(account=fake.account, types=types, sid=BUTTONS)
    async with bridge(more=f", templates: {{buttons_2: {BUTTONS}}}"):
        fake.says(ada, "ask")
        await until(lambda: [each for each in fake.seen(ada) if each.buttons])
        assert "1. Tea" in "".join(fake.shown(ada))
        fake.presses(ada, "Tea")
        await until(lambda: "Ada chose Tea." in "".join(fake.shown(ada)))
        fake.says(ada, "ask")
        await until(lambda: len([each for each in fake.seen(ada) if each.buttons]) == 2)
        fake.says(ada, "2")
        await until(lambda: "Ada chose Coffee." in "".join(fake.shown(ada)))


async def test_whoever_wrote_while_nobody_listened_is_called_by_their_name_later(fake, ada, bridge):
    """What is looked up tells no name; what the webhook brings does."""
    bob = fake.person("Bob")
    fake.says(ada, "first words")
    await until(lambda: fake.missed)
    async with bridge():
        await until(lambda: fake.shown(ada))
        fake.says(bob, "hello")
        await until(lambda: fake.shown(bob))
        fake.says(ada, "second words")
        await until(lambda: "second words" in "".join(fake.shown(bob)))
    everything = "".join(fake.shown(bob))
    assert "*Ada · WhatsApp*\nsecond words" in everything
    assert ada.place.removeprefix("whatsapp:") not in everything


async def test_a_picture_reaches_the_others_as_a_picture(fake, ada, bridge):
    bob = fake.person("Bob")
    async with bridge():
        fake.says(bob, "hi")
        await until(lambda: fake.shown(bob))
        fake.says(ada, "look", files=[Media(mime="image/png", body=b"\x89PNG cat")])
        await until(lambda: [each for each in fake.seen(bob) if each.files])
    (shown,) = [each for each in fake.seen(bob) if each.files]
    assert shown.files[0].body == b"\x89PNG cat"
    assert "Ada" in shown.body or "Ada" in "".join(fake.shown(bob))


async def test_a_file_has_a_name_with_the_ending_of_its_type(fake, ada, bridge, tmp_path):
    """WhatsApp tells no name through Twilio, and whoever saves it has to be able to open it."""
    files = [Media(mime=mime, body=b"some bytes") for mime in ("application/pdf", "image/jpeg")]
    async with bridge():
        fake.says(ada, "look", files=files)
        await until(lambda: fake.shown(ada))
    (said,) = [each for each in bodies(tmp_path) if '"message_received"' in each[:40]]
    assert re.findall('"name":"(.*?)"', said) == ["file.pdf", "image.jpg"]


def bodies(folder) -> list[str]:
    with closing(sqlite3.connect(folder / "kept" / "bridge.db")) as database:
        return [body for (body,) in database.execute("SELECT body FROM events")]


def runs(folder) -> int:
    """How often an agent was asked, as the log has it."""
    return sum('"run_started"' in body[:40] for body in bodies(folder))


async def test_four_pictures_are_one_question(fake, ada, bridge, tmp_path):
    async with bridge():
        for number in range(4):
            picture = Media(mime="image/jpeg", body=b"\xff\xd8 %d" % number)
            fake.says(ada, "what are these?" if number == 3 else "", files=[picture])
            await asyncio.sleep(0.2)
        await until(lambda: any("what are these?" in each for each in fake.shown(ada)))
    assert runs(tmp_path) == 1


async def test_a_stranger_gets_one_polite_line_and_nothing_else(fake, ada, bridge):
    async with bridge(allow="['+4915199999999']"):
        fake.says(ada, "let me in")
        await until(lambda: fake.shown(ada))
        fake.says(ada, "please")
        await until(lambda: len(fake.accepted) == 2)
    assert fake.shown(ada) == [admission_texts.ASK_HOW]


@pytest.fixture
def eve(fake):
    """Someone with a name of her own, of whom nothing but Meta's id is told."""
    return fake.person("Eve", scoped="US.13491208655302741918", hides=True)


async def test_whoever_is_allowed_by_an_id_alone_is_heard_and_answered(fake, eve, bridge):
    other = fake.person("Mallory", scoped="US.99", hides=True)
    async with bridge(allow=f"['{eve.scoped}']"):
        fake.says(other, "let me in")
        await until(lambda: fake.shown(other))
        fake.says(eve, "hello")
        await until(lambda: answers(fake, eve))
    assert fake.seen(eve)[-1].to == f"whatsapp:{eve.scoped}"
    assert fake.shown(other) == [admission_texts.ASK_HOW]


async def test_a_code_lets_in_whoever_has_an_id_alone_for_good(fake, eve, bridge):
    async with bridge(allow="[]") as started:
        fake.says(eve, "hello")
        await until(lambda: fake.shown(eve))
        fake.says(eve, started.code)
        await until(lambda: "owner" in fake.shown(eve)[-1])
    async with bridge(allow="[]"):
        fake.says(eve, "it is me")
        await until(lambda: answers(fake, eve))
    assert fake.seen(eve)[-1].to == f"whatsapp:{eve.scoped}"


async def test_an_invitation_is_taken_up_from_an_id_alone(fake, ada, eve, bridge):
    async with bridge(allow="[]") as started:
        fake.says(ada, started.code)
        await until(lambda: fake.shown(ada))
        fake.says(ada, "/invite")
        await until(lambda: CODE.search("".join(fake.shown(ada)[1:])))
        fake.says(eve, CODE.search("".join(fake.shown(ada)[1:]))[0])
        await until(lambda: fake.shown(eve))
        fake.says(eve, "it is me")
        await until(lambda: "it is me" in "".join(answers(fake, eve)))
        await until(lambda: "Eve" in "".join(fake.shown(ada)))


async def test_a_file_that_cannot_be_had_at_once_costs_no_message(fake, ada, bridge):
    fake.fault("media", status=503)
    async with bridge():
        fake.says(ada, "hello", files=[Media(mime="image/png", body=b"\x89PNG cat")])
        await until(lambda: fake.shown(ada))
    assert "> hello\n> (with image.png)" in fake.shown(ada)[0]
