"""`bridge list` and `bridge remove`: what the configuration has, and how a part of it goes."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from bridge.cli.exits import MisusedError
from bridge.cli.main import app
from bridge.cli.remove import without
from bridge.config import load
from bridge.domain.errors import ConfigError

WRITTEN = """\
# mine
agent: helper  # for now
agents:
  # answers all
  helper:
    type: echo
    delay: 0.5

  # the spare one
  spare: {type: echo}
channels:
  home:
    type: memory
  work:
    type: memory
    allow:
      - ada
# the end
grace: 5
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    file = tmp_path / "config.yaml"
    file.write_text(WRITTEN)
    (tmp_path / "data" / "secrets").mkdir(parents=True)
    monkeypatch.setenv("BRIDGE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BRIDGE_CONFIG", str(file))
    return file


def run(*arguments, typed=""):
    return CliRunner().invoke(app, arguments, input=typed)


def test_what_there_is_is_listed_and_who_answers(file):
    rows = [line.split() for line in run("list").output.splitlines()]
    assert rows == [
        ["chat", "app", "home", "memory"],
        ["chat", "app", "work", "memory"],
        ["agent", "helper", "echo", "answers"],
        ["agent", "spare", "echo"],
    ]
    listed = json.loads(run("list", "--json").output)
    assert listed[2] == {"kind": "agent", "name": "helper", "type": "echo", "answers": True}


def test_without_a_configuration_echo_answers_and_no_app_is_connected(tmp_path, monkeypatch):
    monkeypatch.setenv("BRIDGE_DATA", str(tmp_path))
    monkeypatch.delenv("BRIDGE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    out = run("list").output
    assert out.split("\n")[0].split() == ["agent", "echo", "echo", "answers"]
    assert "`bridge add` connects one" in out


def kept(folder, *names):
    """Write secrets as `bridge add` does."""
    for name in names:
        (folder / name).write_text("x")
        (folder / name).chmod(0o600)


def test_only_its_lines_go_and_its_secrets_with_it(file, tmp_path):
    secrets = tmp_path / "data" / "secrets"
    kept(secrets, "work-token", "home-token")
    named = json.dumps(str(secrets / "work-token"))
    gone = f"  work:\n    type: memory\n    label: {{file: {named}}}\n"
    written = WRITTEN.replace("  work:\n    type: memory\n    allow:\n      - ada\n", gone)
    file.write_text(written)
    done = run("remove", "work", typed="y\n")
    assert done.exit_code == 0, done.output
    assert file.read_text() == written.replace(gone, "")
    assert [each.name for each in secrets.iterdir()] == ["home-token"]
    assert "work-token" in done.output


def test_the_secrets_of_others_stay_however_they_are_called_and_written(file, tmp_path):
    secrets = tmp_path / "data" / "secrets"
    outside = tmp_path / "outside"
    names = "work-2-token", "work-token", "work-shared", "work-resting"
    kept(secrets, *names)
    kept(tmp_path, outside.name)
    file.write_text(
        "channels:\n"
        "  work:\n    type: memory\n    label: {file: data/secrets/work-token}\n"
        "    allow: [{file: data/secrets/work-shared}]\n"
        "    language: {file: data/secrets/work-resting}\n"
        "    agent: {file: outside}\n"
        "  work-2:\n    type: memory\n    label: {file: data/secrets/work-2-token}\n"
        "    allow: [{file: ./data/../data/secrets/work-shared}]\n"
        "#  rests:\n#    label: {file: data/secrets/work-resting}\n"
    )
    done = run("remove", "work", "--yes")
    assert done.exit_code == 0, done.exception
    assert {each.name for each in secrets.iterdir()} == {*names} - {"work-token"}
    assert outside.exists()


def test_nothing_goes_unless_that_is_confirmed(file):
    assert run("remove", "work", typed="n\n").exit_code == 1
    assert file.read_text() == WRITTEN


def test_when_the_agent_that_answers_goes_another_one_answers(file):
    done = run("remove", "helper", "--yes")
    assert "spare answers from now on" in done.output
    assert load(file, {}).agent == "spare"
    assert "# for now" in file.read_text()
    done = run("remove", "spare", "--yes")
    assert "echo answers from now on" in done.output
    assert load(file, {}).agent == "echo"
    assert set(load(file, {}).channels) == {"home", "work"}


def test_what_the_rest_still_needs_stays(file):
    named = WRITTEN.replace("  home:\n", "  home:\n    agent: spare\n")
    file.write_text(named)
    done = run("remove", "spare", "--yes")
    assert isinstance(done.exception, ConfigError)
    assert "was not changed: with spare removed" in str(done.exception)
    assert file.read_text() == named


def test_what_is_not_there_or_is_there_twice_is_told(file):
    done = run("remove", "nope", "--yes")
    assert isinstance(done.exception, MisusedError)
    assert "there is: home, work, helper, spare" in str(done.exception)
    file.write_text("agents:\n  one:\n    type: echo\nchannels:\n  one:\n    type: memory\n")
    assert "channels.one or agents.one" in str(run("remove", "one", "--yes").exception)
    assert run("remove", "channels.one", "--yes").exit_code == 0
    assert yaml.safe_load(file.read_text()) == {"agents": {"one": {"type": "echo"}}}


@pytest.mark.parametrize(
    "text",
    [
        "channels:\n  a:\n    type: x\n  b: {type: y}\n",
        "channels:\n  a: {type: x}\n  b: {type: y}",
        "channels:\n    a:\n        type: x\n\n    # of b\n    b:\n        type: y\nz: 1\n",
        "channels:\n  b:\n    type: y\n  a:\n    type: x\n    allow: [1,\n      2]\nz: 1\n",
        "channels:\n  b:\n    type: y\n  a:\n    type: x\n    note: |\n      two\n      lines\n",
    ],
)
def test_a_section_goes_whatever_the_file_looks_like(text):
    before, after = yaml.safe_load(text), yaml.safe_load(without(text, "channels", "a"))
    del before["channels"]["a"]
    assert after == before
    assert ("# of b" in text) == ("# of b" in without(text, "channels", "a"))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "channels:\n  # b:\n  #   type: y\n  a:\n    type: x\nz: 1\n",
            "channels:\n  # b:\n  #   type: y\nz: 1\n",
        ),
        (
            "channels:\n  a:\n    type: x\n    # its own\n  # b:\n    # type: y\nz: 1\n",
            "channels:\n  # b:\n    # type: y\nz: 1\n",
        ),
        (
            "channels:  # all of them\n  a:\n    note: |\n      # said\n#  b:\n#    type: y\n",
            "channels:  # all of them\n#  b:\n#    type: y\n",
        ),
        ("channels:\n  a:\n    type: x\n\n  # b: {type: y}", "channels:\n\n  # b: {type: y}"),
        ("channels:\n  a:\n    type: x\n", "channels:\n"),
        ("channels:\n  a:\n    type: x\nz: 1  # one\n", "z: 1  # one\n"),
    ],
)
def test_sections_at_rest_stay_when_the_last_one_goes(text, left):
    assert without(text, "channels", "a") == left
    assert not yaml.safe_load(left).get("channels")


def test_a_part_in_braces_is_left_to_people():
    with pytest.raises(ConfigError, match="in braces"):
        without("channels: {a: {type: x}, b: {type: y}}\n", "channels", "a")
