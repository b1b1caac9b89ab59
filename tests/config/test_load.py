"""A whole file: where it is found, what it makes, and everything that can be wrong with it."""

import re
from pathlib import Path

import pytest

from bridge.budget import Budgets, Limit
from bridge.config import Config, data_folder, load
from bridge.errors import ConfigError

LEAST = "store: {type: outside}\nagents: {bot: {type: outside}}\n"


@pytest.fixture(autouse=True)
def _installed(outside: Path) -> Path:
    return outside


def read(tmp_path: Path, text: str | bytes, **environ: str) -> Config:
    file = tmp_path / "bridge.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(file, {"HOME": str(tmp_path), **environ})


def problems(tmp_path: Path, text: str | bytes, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text, **environ)
    return [problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_what_a_file_leaves_out_is_the_default(tmp_path):
    config = read(tmp_path, LEAST)
    assert (config.http.host, config.http.port, config.http.public_url) == ("127.0.0.1", 8787, None)
    assert (config.log.level, config.log.format, config.log.content) == (
        "warning",
        "console",
        False,
    )
    assert (config.grace, config.channels) == (10, {})
    assert config.data == Path("~/.bridgehead").expanduser()


def test_a_section_whose_keys_are_all_commented_out_is_the_default(tmp_path):
    assert read(tmp_path, LEAST + "http:\n  # port: 1\nlog:\n").http.port == 8787


def test_a_channel_has_its_own_keys_and_those_of_every_channel(tmp_path):
    text = LEAST + (
        "channels:\n  work:\n    type: outside\n    allow: [42, U7]\n    sessions: per_person\n"
        "    token: ${TOKEN}\n    poll_seconds: 5\n"
    )
    channel = read(tmp_path, text, TOKEN="s3cret-token").channels["work"]
    assert (channel.type, channel.label, channel.allow) == ("outside", "Outside Chat", ("42", "U7"))
    assert channel.sessions == "per_person"
    assert channel.options.poll_seconds == 5
    assert channel.options.token.get_secret_value() == "s3cret-token"


def test_a_budget_is_in_dollars_or_in_tokens_too(tmp_path):
    text = LEAST + "budgets:\n  per_run: 0.5\n  per_day: {usd: 10, tokens: 1000}\n"
    assert read(tmp_path, text).budgets == Budgets(
        per_run=Limit(usd=0.5), per_day=Limit(usd=10, tokens=1000)
    )
    assert read(tmp_path, LEAST).budgets == Budgets()


@pytest.mark.parametrize("limit", ["0", "-1", "much", "{tokens: 0}", ".nan", "{euros: 1}"])
def test_a_budget_that_is_none_is_refused(tmp_path, limit):
    (problem,) = problems(tmp_path, f"{LEAST}budgets: {{per_day: {limit}}}\n")
    assert "budgets.per_day" in problem


def test_a_channel_and_a_place_may_have_an_agent_of_their_own(tmp_path):
    text = LEAST + (
        "channels:\n  work:\n    type: outside\n    token: ${TOKEN}\n"
        "    agent: bot\n    agents: {-100: bot}\n"
    )
    channel = read(tmp_path, text, TOKEN="s3cret-token").channels["work"]
    assert (channel.agent, channel.agents) == ("bot", {"-100": "bot"})
    wrong = text.replace("agent: bot", "agent: bott").replace("-100: bot", "-100: nobody")
    first, second = problems(tmp_path, wrong, TOKEN="s3cret-token")
    assert "channels.work.agent" in first
    assert "did you mean 'bot'" in first
    assert "channels.work.agents.-100" in second


def test_files_are_kept_in_a_folder_with_limits_of_its_own(tmp_path):
    default = read(tmp_path, LEAST).media
    assert (default.type, default.options.max_bytes, default.options.keep_days) == (
        "folder",
        50_000_000,
        None,
    )
    media = read(tmp_path, LEAST + "media: {type: folder, path: /srv/files, keep_days: 30}\n").media
    assert (media.options.path, media.options.keep_days) == (Path("/srv/files"), 30)


def test_everyone_may_be_let_in_with_a_bare_star(tmp_path):
    text = LEAST + 'channels: {c: {type: outside, token: "${T}", allow: "*", label: Work}}\n'
    channel = read(tmp_path, text, T="1234567").channels["c"]
    assert (channel.allow, channel.label) == (("*",), "Work")


def test_all_problems_are_told_at_once_each_with_line_and_key(tmp_path):
    text = LEAST + (
        "htpp: {}\n"
        "http:\n  prot: 1\n  host: ''\n"
        "log: {level: loud}\n"
        "grace: soon\n"
        "agent: both\n"
        "channels:\n"
        "  work: {type: outsid}\n"
        "  Home: {type: outside, token: literal, alow: [1]}\n"
    )
    found = problems(tmp_path, text)
    for expected in (
        r"bridge.yaml:3: htpp: 'htpp' is not known; did you mean 'http'\?",
        r"bridge.yaml:5: http.prot: 'prot' is not known; did you mean 'port'\?",
        r"bridge.yaml:6: http.host: .*at least 1",
        r"bridge.yaml:7: log.level: should be 'debug', 'info', 'warning' or 'error'",
        r"bridge.yaml:8: grace: should be a number",
        r"bridge.yaml:9: agent: .*'both' is not known; did you mean 'bot'\? known: bot",
        r"bridge.yaml:11: channels.work.type: 'outsid' is not known; did you mean 'outside'\?",
        r"bridge.yaml:12: channels.Home: a name is of small letters",
        r"bridge.yaml:12: channels.Home.alow: .*did you mean 'allow'\?",
    ):
        assert any(re.search(expected, problem) for problem in found), (expected, found)


def test_a_missing_key_is_named(tmp_path):
    text = LEAST + "channels:\n  work:\n    type: outside\n"
    assert problems(tmp_path, text) == ["bridge.yaml:4: channels.work.token: is missing"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "bridge.yaml: is empty"),
        ("# nothing\n", "bridge.yaml: is empty"),
        ("- a\n- b\n", "bridge.yaml: should be a mapping"),
        ("http: {port: 1\nlog: {}\n", "bridge.yaml:2: is not YAML"),
        ("log: {}\n---\nlog: {}\n", "is not YAML: expected a single document"),
        (
            "grace: 1\nagent: x\ngrace: 2\n",
            "bridge.yaml:3: grace: is here twice, the first time in line 1",
        ),
        ("a: &x 1\nb: *x\n", "aliases are not used here"),
        (b"agent: caf\xe9\n", "bridge.yaml:1: is not UTF-8"),
        ("agent: !!python/object/apply:os.system [id]\n", "agent"),
        ("http: 8787\n" + LEAST, "bridge.yaml:1: http: should be a mapping"),
        ("agents: []\n", "bridge.yaml:1: agents: should be a mapping of names"),
        ("agents: {}\n", "agents: names no agent"),
        ("agents: {bot: outside}\n", "agents.bot: needs a `type`, one of: "),
        ("store: {path: x}\n", "store: needs a `type`, one of: "),
        ("media: {path: x}\n", "media: needs a `type`, one of: "),
        ("media: {type: folder, keepdays: 3}\n", "media.keepdays: 'keepdays' is not known; did"),
        ("media: {type: folder, keep_days: 0}\n", "media.keep_days: should be greater"),
        (
            "media: {type: folder, quota_bytes: lots}\n",
            "media.quota_bytes: should be a whole number",
        ),
        ("http: {port: 70000}\n", "http.port: should be less than or equal to 65535"),
        ("http: {public_url: bridge.example}\n", "http.public_url: "),
        ("agents: {a: {type: process, command: run}}\n", "agents.a.command: should be a list"),
        ("data: 5\n" + LEAST, "data: should be a text"),
        (
            "agents: {a: {type: http, url: ftp://x}}\n",
            "agents.a.url: should be an address that begins with http:// or https://",
        ),
        ("grace: -1\n", "grace: should be greater than or equal to 0"),
        ("channels: {x: {type: broken}}\n", "does not import: No module named 'surely_not"),
    ],
)
def test_every_kind_of_malformed_file_is_told_clearly(tmp_path, text, told):
    found = problems(tmp_path, text)
    assert any(told in problem for problem in found), found


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.yaml: cannot be read: No such file"):
        load(tmp_path / "gone.yaml", {})


def test_with_several_agents_the_one_that_answers_must_be_named(tmp_path):
    text = "store: {type: outside}\nagents: {a: {type: outside}, b: {type: outside}}\n"
    assert problems(tmp_path, text) == ["bridge.yaml: agent: is missing; say which answers: a, b"]
    assert read(tmp_path, text + "agent: b\n").agent == "b"


# -- secrets --------------------------------------------------------------------------------------


def test_a_secret_written_into_the_file_is_refused_and_not_repeated(tmp_path):
    text = LEAST + (
        "channels:\n  work:\n    type: outside\n    token: hunter2\n"
        "    mirrors: [hunter3, '${T}']\n    proxy: {password: hunter4}\n"
    )
    found = problems(tmp_path, text, T="fine-token")
    assert [problem.split(": ")[1] for problem in found] == [
        "channels.work.token",
        "channels.work.mirrors[0]",
        "channels.work.proxy.password",
    ]
    assert "write ${NAME} or {file: path}" in found[0]
    assert "hunter" not in "".join(found)


def test_a_wrong_value_is_never_repeated_for_it_may_be_a_secret(tmp_path):
    text = LEAST + "http: {port: hunter2}\nhunter: hunter2\n"
    assert "hunter2" not in "".join(problems(tmp_path, text))


def test_secrets_are_collected_for_the_log_to_hide_and_left_out_of_what_is_printed(tmp_path):
    text = LEAST + "channels: {w: {type: outside, token: '${T}', proxy: {password: 'x${P}'}}}\n"
    config = read(tmp_path, text, T="first-one", P="the-other")
    assert config.secrets == {"first-one", "the-other", "xthe-other"}, "the part too"
    assert not [secret for secret in config.secrets if secret in repr(config)]


def test_a_missing_variable_is_named(tmp_path):
    text = LEAST + "channels:\n  w:\n    type: outside\n    token: ${NOT_HERE}\n"
    told = "bridge.yaml:6: channels.w.token: the environment variable NOT_HERE is not set; set it"
    assert problems(tmp_path, text) == [told]


# -- where it is found ----------------------------------------------------------------------------


def test_the_file_is_looked_for_in_the_environment_then_here_then_with_the_data(tmp_path):
    environ = {"BRIDGE_DATA": str(tmp_path / "kept"), "BRIDGE_CONFIG": str(tmp_path / "named.yaml")}
    for file in (tmp_path / "kept" / "config.yaml", Path("config.yaml"), tmp_path / "named.yaml"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(LEAST)
    assert load(None, environ).file == tmp_path / "named.yaml"
    del environ["BRIDGE_CONFIG"]
    assert load(None, environ).file == Path("config.yaml")
    Path("config.yaml").unlink()
    assert load(None, environ).file == tmp_path / "kept" / "config.yaml"


def test_the_data_folder_is_the_environments_then_the_files_then_the_default(tmp_path):
    text = LEAST + "data: kept\n"
    assert read(tmp_path, text).data == tmp_path / "kept"
    assert read(tmp_path, text, BRIDGE_DATA="/srv/there").data == Path("/srv/there")
    assert read(tmp_path, LEAST).data == Path("~/.bridgehead").expanduser()


def test_the_data_folder_is_found_though_the_rest_of_the_file_is_wrong(tmp_path):
    file = tmp_path / "bridge.yaml"
    file.write_text("data: kept\nchannels: {x: {token: '${NOT_HERE}'}}\n")
    assert data_folder(file, {}) == tmp_path / "kept"
    assert data_folder(file, {"BRIDGE_DATA": "/srv/there"}) == Path("/srv/there")
    assert data_folder(None, {"HOME": str(tmp_path)}) == Path("~/.bridgehead").expanduser()
