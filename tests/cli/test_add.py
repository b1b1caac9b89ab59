"""`bridge add`: a platform's tokens are tried, kept apart, and named in the configuration."""

import re
import stat
from collections.abc import Mapping
from dataclasses import replace

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from bridge import plugins
from bridge.cli import add as module
from bridge.cli.add import answered_by, inserted
from bridge.cli.exits import MisusedError
from bridge.cli.main import app
from bridge.config import load
from bridge.domain.errors import ConfigError
from bridge.plugins import AgentPlugin, Ask, ChannelPlugin, Section, Setup, Verified
from channels.memory import create


class Tokens(Section):
    token: SecretStr
    room: str = ""
    api_url: str = ""
    api_secret: SecretStr | None = None


async def verify(answers: Mapping[str, str]) -> Verified:
    if answers["token"] != "good":
        raise ConfigError("the platform does not know this token: copy it once more")
    return Verified(account="@bot", link="https://chat.example/bot", steps=("press Start",))


SETUP = Setup(
    intro="Make a bot first.",
    asks=(Ask(key="token", prompt="Token", secret=True), Ask(key="room", prompt="Room")),
    verify=verify,
)
CHAT = ChannelPlugin(title="Chat", config=Tokens, create=create, setup=SETUP)


@pytest.fixture(autouse=True)
def chat(monkeypatch, tmp_path):
    """A platform called `chat` that is set up by questions."""
    monkeypatch.setattr(plugins, "load", lambda _, name: {"chat": CHAT}.get(name))
    monkeypatch.setattr(plugins, "available", lambda kind: ("chat",) if kind == "channels" else ())
    monkeypatch.setenv("BRIDGE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TOKEN", "good")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def plain_load(monkeypatch):
    """The configuration is checked for its own form only: other types are not installed here."""
    checked = []
    monkeypatch.setattr(module, "load", lambda file, _: checked.append(file))
    return checked


def run(*arguments: str, typed: str = ""):
    return CliRunner().invoke(app, ["add", *arguments], input=typed)


def test_it_asks_tries_writes_and_says_what_to_do_next(tmp_path):
    done = run("chat", typed="good\nmain\n")
    assert done.exit_code == 0, done.output
    written = (tmp_path / "data" / "config.yaml").read_text()
    secret = tmp_path / "data" / "secrets" / "chat-token"
    assert written == (
        f'channels:\n  chat:\n    type: chat\n    token: {{file: "{secret}"}}\n    room: "main"\n'
    )
    assert secret.read_text() == "good\n"
    for words in ("Make a bot first.", "https://chat.example/bot", "press Start"):
        assert words in done.output


def test_only_the_owner_can_read_what_was_written(tmp_path):
    run("chat", typed="good\nmain\n")
    for file in ("config.yaml", "secrets/chat-token"):
        assert stat.S_IMODE((tmp_path / "data" / file).stat().st_mode) == 0o600


def test_the_data_folder_is_the_owners_alone_also_before_the_first_run(tmp_path):
    run("chat", typed="good\nmain\n")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_token_is_neither_shown_nor_written_into_the_configuration(tmp_path):
    done = run("chat", typed="good\nmain\n")
    assert "good" not in done.output
    assert "good" not in (tmp_path / "data" / "config.yaml").read_text()


def test_what_the_platform_refuses_is_asked_again(tmp_path):
    done = run("chat", typed="bad\nmain\ngood\nmain\n")
    assert done.exit_code == 0
    assert "copy it once more" in done.output


def test_what_was_typed_before_is_offered_again_but_no_secret():
    done = run("chat", typed="bad\nmain\ngood\n\n")
    assert done.exit_code == 0
    assert "Room [main]: " in done.output
    assert "[bad]" not in done.output


def test_what_cannot_be_added_is_told_with_what_can():
    done = run("chta")
    assert isinstance(done.exception, MisusedError)
    assert "did you mean 'chat'? known: chat, model" in str(done.exception)


def test_after_three_refusals_nothing_is_written(tmp_path):
    done = run("chat", typed="bad\nmain\n" * 3)
    assert isinstance(done.exception, ConfigError)
    assert not (tmp_path / "data" / "config.yaml").exists()
    assert not (tmp_path / "data" / "secrets").exists()


def test_answers_can_be_given_and_other_keys_set(tmp_path):
    done = run(
        "chat", "--set", "token=${TOKEN}", "--set", "room=", "--set", "api_url=http://[::1]/"
    )
    assert done.exit_code == 0, done.output
    assert 'api_url: "http://[::1]/"' in (tmp_path / "data" / "config.yaml").read_text()


def test_a_secret_is_taken_from_a_file_or_the_input_and_never_from_the_command_line(tmp_path):
    (tmp_path / "kept").write_text("good\n")
    for name, given, typed in (("a", "@kept", ""), ("b", "@-", "good\n"), ("c", "${TOKEN}", "")):
        settings = ("--set", f"token={given}", "--set", "room=")
        assert run("chat", "--name", name, *settings, typed=typed).exit_code == 0, given
        assert (tmp_path / "data" / "secrets" / f"{name}-token").read_text() == "good\n"
    for given, why in (("good", "is a secret"), ("@none", "cannot be read"), ("${NO}", "not set")):
        done = run("chat", "--name", "d", "--set", f"token={given}", "--set", "room=")
        assert isinstance(done.exception, MisusedError)
        assert why in str(done.exception)
        assert "good" not in done.output


def test_a_secret_that_is_not_asked_for_is_a_secret_all_the_same(tmp_path):
    settings = ("--set", "token=${TOKEN}", "--set", "room=", "--set")
    done = run("chat", *settings, "api_secret=hidden")
    assert isinstance(done.exception, MisusedError)
    assert "api_secret is a secret" in str(done.exception)
    assert run("chat", *settings, "api_secret=@-", typed="hidden\n").exit_code == 0
    assert (tmp_path / "data" / "secrets" / "chat-api_secret").read_text() == "hidden\n"
    assert "hidden" not in (tmp_path / "data" / "config.yaml").read_text()


def test_a_second_account_needs_a_name_of_its_own(tmp_path):
    run("chat", typed="good\nmain\n")
    assert "already" in str(run("chat", typed="good\nmain\n").exception)
    done = run("chat", "--name", "work", typed="good\nmain\n")
    assert done.exit_code == 0, done.output
    written = (tmp_path / "data" / "config.yaml").read_text()
    assert written.count("channels:") == 1
    assert "  work:\n    type: chat\n" in written


TALKER = AgentPlugin(
    config=Tokens,
    create=create,
    setup=Setup(
        intro="Take one.", asks=(Ask(key="token", prompt="Token", secret=True),), verify=verify
    ),
)


@pytest.fixture
def talker(monkeypatch):
    """A model that is set up by one question."""
    known = {"chat": CHAT, "litellm": TALKER}
    monkeypatch.setattr(plugins, "load", lambda _, name: known.get(name))
    part = {"channels": ("chat",), "agents": ("litellm",)}
    monkeypatch.setattr(plugins, "available", lambda kind: part.get(kind, ()))


def agents(tmp_path):
    import yaml

    written = yaml.safe_load((tmp_path / "data" / "config.yaml").read_text())
    return written.get("agent"), sorted(written["agents"])


@pytest.mark.usefixtures("talker")
def test_the_first_model_is_called_assistant_unless_it_is_named(tmp_path):
    """Its name stands beside its answers: nobody is to read `litellm` there."""
    done = run("model", typed="good\n\n")
    assert done.exit_code == 0, done.output
    assert agents(tmp_path) == (None, ["assistant"])


@pytest.mark.usefixtures("talker")
@pytest.mark.parametrize(("word", "answers"), [("y", "second"), ("", "second"), ("n", "first")])
def test_a_second_model_asks_for_its_name_and_whether_it_answers_now(tmp_path, word, answers):
    run("model", typed="good\nfirst\n")
    done = run("model", typed=f"good\nfirst\nsecond\n{word}\n")
    assert done.exit_code == 0, done.output
    assert "already" in done.output, "a name that is taken is asked for again"
    assert "instead of first" in done.output
    assert agents(tmp_path) == (answers, ["first", "second"])


@pytest.mark.usefixtures("talker")
@pytest.mark.parametrize(("option", "answers"), [((), "assistant"), (("--answers",), "assistant2")])
def test_with_all_answers_given_nothing_is_asked_and_nobody_is_replaced(tmp_path, option, answers):
    for more in ((), option):
        done = run("model", "--set", "token=${TOKEN}", *more)
        assert done.exit_code == 0, done.output
    assert agents(tmp_path) == (answers, ["assistant", "assistant2"])


@pytest.mark.usefixtures("talker")
def test_the_first_model_takes_the_place_of_echo_and_says_so(tmp_path):
    done = run("model", "--set", "token=${TOKEN}")
    assert "assistant answers from now on, instead of echo." in done.output
    assert agents(tmp_path) == (None, ["assistant"])


@pytest.mark.usefixtures("talker")
def test_a_first_model_that_is_not_to_answer_yet_leaves_echo_in_its_place(tmp_path):
    done = run("model", "--set", "token=${TOKEN}", "--no-answers")
    assert "echo goes on answering. In a chat, /agent assistant changes that." in done.output
    assert agents(tmp_path) == ("echo", ["assistant", "echo"])


@pytest.mark.parametrize(
    "text",
    ["", "a: 1\n", "agent: old\na: 1\n", "a: 1\nagent:  old # mine\nb: 2\n", "agent:\na: 1\n"],
)
def test_who_answers_is_written_whatever_the_file_looks_like(text):
    import yaml

    made = yaml.safe_load(answered_by(text, "new"))
    assert made == {**(yaml.safe_load(text) or {}), "agent": "new"}
    assert ("# mine" in text) == ("# mine" in answered_by(text, "new"))


def test_a_file_that_could_not_be_used_any_more_is_put_back(tmp_path, monkeypatch):
    (tmp_path / "config.yaml").write_text("agent: echo # mine\n")

    def refuse(file, environ):
        if "channels" in file.read_text():
            raise ConfigError("no such agent")

    monkeypatch.setattr(module, "load", refuse)
    done = run("chat", typed="good\nmain\n")
    assert "no such agent" in str(done.exception)
    assert (tmp_path / "config.yaml").read_text() == "agent: echo # mine\n"


@pytest.mark.parametrize(
    "text",
    ["", "agent: echo", "channels: {}\nagent: echo\n", "a: 1\nchannels:\n  old:\n    type: x\n"],
)
def test_a_section_is_added_under_channels_whatever_the_file_looks_like(text):
    import yaml

    made = yaml.safe_load(inserted(text, "  new:\n    type: y\n"))
    before = yaml.safe_load(text) or {}
    assert made["channels"] == {**(before.get("channels") or {}), "new": {"type": "y"}}
    assert {key: made[key] for key in before if key != "channels"} == {
        key: value for key, value in before.items() if key != "channels"
    }


def test_the_configuration_really_loads(tmp_path, monkeypatch):
    monkeypatch.undo()
    file = tmp_path / "config.yaml"
    file.write_text(inserted("data: kept\n", "  mine:\n    type: memory\n"))
    assert list(load(file, {}).channels) == ["mine"]


def test_what_was_wrong_with_the_file_before_does_not_keep_it_from_being_changed(
    tmp_path, monkeypatch
):
    monkeypatch.undo()
    file = tmp_path / "config.yaml"
    old = "  old:\n    type: memory\n    label: ${NOT_SET_HERE}\n    agent: gone\n"
    file.write_text(inserted("", old))
    agent = inserted(file.read_text(), "  helper:\n    type: echo\n", "agents")
    module.kept_unless_broken(file, agent, {}, "helper added")
    sound = inserted(agent, "  new:\n    type: memory\n")
    module.kept_unless_broken(file, sound, {}, "new added")
    assert file.read_text() == sound
    broken = inserted(sound, "  worse:\n    type: memory\n    label: ${NEITHER}\n")
    with pytest.raises(ConfigError) as told:
        module.kept_unless_broken(file, broken, {}, "worse added")
    assert file.read_text() == sound
    assert "NEITHER" in str(told.value)
    assert "NOT_SET_HERE" not in str(told.value)


def test_a_token_of_another_platform_is_named_and_sent_to_nobody(monkeypatch):
    """Nor is one that another question of the same platform asks for."""
    asked = []

    async def tries(answers):
        asked.append(answers)
        return Verified(account="@bot", link="")

    ours = Setup(
        intro="",
        asks=(
            Ask(key="token", prompt="Token", hint="on the page", secret=True, form=r"ours-\d+"),
            Ask(key="room", prompt="Room", form=r"room-\d+"),
        ),
        verify=tries,
    )
    theirs = Setup(
        intro="", asks=(Ask(key="t", prompt="Bot token", form=r"theirs-\d+"),), verify=tries
    )
    known = {"chat": ours, "other": theirs}
    monkeypatch.setattr(plugins, "available", lambda kind: tuple(known) * (kind == "channels"))
    monkeypatch.setattr(
        plugins,
        "load",
        lambda _, name: replace(CHAT, title=name.title(), setup=known[name]),
    )
    done = run("chat", typed="theirs-1\nroom-1\nroom-1\nroom-1\nours-1\nroom-1\n")
    assert done.exit_code == 0, done.output
    assert "Token: this looks like another one (Other: Bot token). on the page" in done.output
    assert "Token: this looks like another one (Room)" in done.output
    assert asked == [{"token": "ours-1", "room": "room-1"}]


def test_what_looks_like_nothing_known_is_left_to_the_platform(monkeypatch):
    done = run("chat", typed="good\nwhatever it is\n")
    assert done.exit_code == 0


def test_every_platform_knows_the_tokens_of_the_others(monkeypatch):
    monkeypatch.undo()
    forms = {
        (kind, ask.key): ask.form
        for kind in plugins.available("channels")
        if (setup := plugins.load("channels", kind).setup)
        for ask in setup.asks
        if ask.secret and ask.form
    }
    assert len({kind for kind, _ in forms}) >= 4
    samples = {
        ("telegram", "token"): "123456:ABC-DEF1234ghIkl",
        ("slack", "bot_token"): "xoxb-1-2-abc",
        ("slack", "app_token"): "xapp-1-A1-2-abc",
        ("discord", "token"): f"{'M' * 24}.{'a' * 6}.{'b' * 30}",
        ("whatsapp", "auth_token"): "0" * 32,
    }
    for own, sample in samples.items():
        fitting = [each for each, form in forms.items() if re.fullmatch(form, sample)]
        assert fitting == [own]
