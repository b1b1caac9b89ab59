"""A whole file: where it is found, what it makes, and everything that can be wrong with it."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.config import Config, data_folder, load
from bridge.config.document import Problems
from bridge.config.load import Resolver
from bridge.domain.errors import ConfigError
from bridge.domain.events import Cron
from bridge.domain.usage import Limit
from bridge.session.budget import Budgets


def resolve(tmp_path: Path, value: object, **environ: str) -> tuple[object, list[str]]:
    problems = Problems(file=None)
    resolver = Resolver(environ=environ, folder=tmp_path, problems=problems)
    return resolver.resolve({"key": value})["key"], problems.found


def test_a_variable_may_be_the_whole_text_or_a_part_of_it(tmp_path):
    assert resolve(tmp_path, "${A}", A="one") == ("one", [])
    assert resolve(tmp_path, "db://u:${A}@h/${B}", A="one", B="two") == ("db://u:one@h/two", [])


def test_a_doubled_dollar_is_no_reference(tmp_path):
    assert resolve(tmp_path, "$${A}", A="one") == ("${A}", [])


@pytest.mark.parametrize("environ", [{}, {"A": ""}])
def test_a_variable_that_is_not_set_or_empty_is_named(tmp_path, environ):
    told = ["key: the environment variable A is not set; set it"]
    assert resolve(tmp_path, "${A}", **environ)[1] == told


def test_a_malformed_name_is_told(tmp_path):
    told = ["key: ${A-B} is not the name of an environment variable"]
    assert resolve(tmp_path, "${A-B}")[1] == told


def test_a_file_stands_for_what_it_holds_seen_from_the_configs_folder(tmp_path):
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    assert resolve(tmp_path, {"file": "token"}) == ("s3cret", [])
    assert resolve(tmp_path, {"file": str(secret)}) == ("s3cret", [])


def test_a_secret_file_that_others_can_read_is_refused_with_the_remedy(tmp_path):
    secret = tmp_path / "token"
    secret.write_text("s3cret")
    secret.chmod(0o644)
    (told,) = resolve(tmp_path, {"file": "token"})[1]
    assert f"{secret} is open to every user of this machine; run: chmod 600 {secret}" in told


def test_a_secret_file_without_an_end_is_too_large(tmp_path):
    told = resolve(tmp_path, {"file": "/dev/zero"})[1]
    assert "/dev/zero is too large for a secret" in told[0]


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "is empty"), (b"\xff", "is not UTF-8"), (b"x" * 70_000, "is too large")],
)
def test_a_secret_file_that_holds_no_secret_is_told(tmp_path, content, told):
    (tmp_path / "token").write_bytes(content)
    (tmp_path / "token").chmod(0o600)
    (problem,) = resolve(tmp_path, {"file": "token"})[1]
    assert told in problem


def test_a_secrets_file_that_is_not_there_is_named(tmp_path):
    (problem,) = resolve(tmp_path, {"file": "gone"})[1]
    assert f"{tmp_path / 'gone'} cannot be read: No such file" in problem


def test_references_are_found_in_lists_and_mappings(tmp_path):
    assert resolve(tmp_path, [{"a": "${A}"}], A="one") == ([{"a": "one"}], [])


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


def test_a_store_and_media_without_a_type_are_of_the_usual_one(tmp_path):
    """Whoever only wants another path need not know what it is a path of."""
    text = "agents: {bot: {type: outside}}\nstore: {path: x.db}\nmedia: {keep_days: 3}\n"
    config = read(tmp_path, text)
    assert (config.store.type, config.store.options.path) == ("sqlite", Path("x.db"))
    assert (config.media.type, config.media.options.keep_days) == ("folder", 3)


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
        r"bridge.yaml:12: channels.Home: a name has at most 40 characters",
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
        ("store: [x]\n", "store: needs a `type`, one of: "),
        ("media: {type: 5}\n", "media: needs a `type`, one of: "),
        ("media: {type: folder, keepdays: 3}\n", "media.keepdays: 'keepdays' is not known; did"),
        ("media: {type: folder, keep_days: 0}\n", "media.keep_days: should be greater"),
        (
            "media: {type: folder, quota_bytes: lots}\n",
            "media.quota_bytes: should be a whole number",
        ),
        ("http: {port: 70000}\n", "http.port: should be less than or equal to 65535"),
        ("http: {public_url: bridge.example}\n", "http.public_url: "),
        ("http: {topics: {'a/b': main}}\n", "http.topics"),
        ("http: {topics: {alerts: 'no session'}}\n", "http.topics.alerts: "),
        ("http: {callback_networks: ['10.0.0.1/8']}\n", "http.callback_networks"),
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


@pytest.mark.parametrize(
    "text",
    [
        "http: {port: '${PORT}'}\n",
        "channels: {t: {type: telegram, token: '${TOKEN}'}}\n",
        "channels: {t: {type: telegram, token: {file: nowhere}}}\n",
        "agent: ${AGENT}\nagents: {a: {type: echo}, b: {type: echo}}\n",
        "agent: {}\nagents: {a: {type: echo}, b: {type: echo}}\n",
        "agents: []\n",
        "agents: [a]\nagent: a\n",
    ],
)
def test_one_fault_is_told_once(tmp_path, text):
    """What follows from a fault (an empty value, an agent that is none) is not told beside it."""
    assert len(problems(tmp_path, text)) == 1


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.yaml: cannot be read: No such file"):
        load(tmp_path / "gone.yaml", {})


def test_with_several_agents_the_one_that_answers_must_be_named(tmp_path):
    text = "store: {type: outside}\nagents: {a: {type: outside}, b: {type: outside}}\n"
    assert problems(tmp_path, text) == [
        "bridge.yaml: agent: is missing; say which agent answers: a, b"
    ]
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


# -- schedules ------------------------------------------------------------------------------------


def scheduled(tmp_path: Path, **settings: str) -> Config:
    usual = {"when": "weekday 9:00", "text": "news?"}
    lines = [f"    {key}: {value}" for key, value in {**usual, **settings}.items() if value]
    file = tmp_path / "config.yaml"
    file.write_text("\n".join(["schedules:", "  briefing:", *lines]), encoding="utf-8")
    return load(file, {})


def test_a_schedule_is_read_as_people_write_it(tmp_path):
    config = scheduled(tmp_path, zone="Asia/Tokyo", until="2030-12-24", late="skip")
    (each,) = config.schedules
    assert (each.name, each.session, each.action, each.late) == ("briefing", "main", "ask", "skip")
    assert each.rule == Cron(expression="0 9 * * 1-5", zone="Asia/Tokyo")
    assert each.until == datetime(2030, 12, 24, 14, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"when": "now and then"},
        {"when": "day 9:00 3 times"},
        {"when": "cron 0 0 30 2 *"},
        {"zone": "Atlantis/Capital"},
        {"late": "never"},
        {"session": "'a b'"},
        {"text": ""},
        {"until": "soon"},
        {"often": "yes"},
    ],
    ids=str,
)
def test_a_schedule_that_cannot_be_is_named(tmp_path, wrong):
    with pytest.raises(ConfigError, match=r"schedules\.briefing"):
        scheduled(tmp_path, **wrong)


def test_no_channel_has_the_name_of_what_the_page_and_programs_say(tmp_path):
    """Their ids would be taken for each other's: one of them would not be heard."""
    text = LEAST + 'channels: {http: {type: outside, token: "${T}", allow: "*"}}\n'
    with pytest.raises(ConfigError) as told:
        read(tmp_path, text, T="1234567")
    assert "channels.http: is what the page, the terminal and programs are called" in str(
        told.value
    )


def test_what_a_section_leaves_out_is_as_its_plugin_has_it(tmp_path):
    section = (
        'type: email, address: b@example.com, password: "${T}", imap: a.example, smtp: a.example'
    )
    for more, sessions, welcome in (
        ("", "per_place", False),
        (", sessions: shared, welcome: true", "shared", True),
    ):
        text = f"{LEAST}channels: {{mail: {{{section}, trusts: a.example{more}}}}}\n"
        found = read(tmp_path, text, T="1234567").channels["mail"]
        assert (found.sessions, found.welcome) == (sessions, welcome)
