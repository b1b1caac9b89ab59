"""The example is the defaults: every setting there is, at the value it has without a file."""

from pathlib import Path

import yaml

from bridge.config import load
from bridge.config.load import SECTIONS
from bridge.config.model import (
    BudgetsSection,
    ChannelSection,
    General,
    HttpSection,
    LogSection,
    ScheduleSection,
)

EXAMPLE = Path(__file__).parent.parent.parent / "config.example.yaml"


def test_the_example_is_what_holds_without_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    example, defaults = load(EXAMPLE, {}), load(None, {})
    assert example == defaults
    assert (example.store.type, example.media.type) == ("sqlite", "folder")
    assert (example.agent, example.channels) == ("echo", {})


def test_the_example_leaves_no_setting_out():
    written = yaml.safe_load(EXAMPLE.read_text())
    assert written.keys() == {*General.model_fields, *SECTIONS}
    assert written["http"].keys() == HttpSection.model_fields.keys()
    assert written["budgets"].keys() == BudgetsSection.model_fields.keys()
    assert written["log"].keys() == LogSection.model_fields.keys()
    config = load(EXAMPLE, {})
    assert written["store"].keys() == {"type", *config.store.plugin.config.model_fields}
    assert written["media"].keys() == {"type", *config.media.plugin.config.model_fields}
    for name, agent in config.agents.items():
        assert written["agents"][name].keys() == {"type", *agent.plugin.config.model_fields}
    assert written["data"] == General().data
    assert all(
        f"#   {key} " in EXAMPLE.read_text() for key in ChannelSection.model_fields if key != "type"
    )


def test_the_example_shows_every_setting_of_a_schedule():
    shown = EXAMPLE.read_text()
    assert all(f"#   {key}: " in shown for key in ScheduleSection.model_fields)
