"""Plugins are entry points, found by name and imported only when asked for."""

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import ValidationError

from bridge import plugins
from bridge.domain.errors import ConfigError
from bridge.plugins import (
    AgentPlugin,
    BlobsPlugin,
    ChannelPlugin,
    Section,
    StorePlugin,
    available,
    load,
)

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("kind", "name", "plugin"),
    [
        ("channels", "memory", ChannelPlugin),
        ("agents", "echo", AgentPlugin),
        ("stores", "memory", StorePlugin),
        ("stores", "sqlite", StorePlugin),
        ("stores", "postgres", StorePlugin),
        ("blobs", "folder", BlobsPlugin),
        ("blobs", "memory", BlobsPlugin),
    ],
)
def test_what_comes_with_the_bridge_is_a_plugin_like_any_other(kind, name, plugin):
    assert name in available(kind)
    found = load(kind, name)
    assert isinstance(found, plugin)
    assert issubclass(found.config, Section)


@pytest.mark.parametrize("kind", ["channels", "agents", "stores", "blobs"])
def test_types_are_listed_in_order_without_importing_them(kind):
    assert list(available(kind)) == sorted(set(available(kind)))


def test_an_unknown_type_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"no store type 'oracle'.*memory, postgres, sqlite"):
        load("stores", "oracle")


def test_the_options_of_a_plugin_are_closed_and_do_not_change():
    class Options(Section):
        name: str = "x"

    with pytest.raises(ValidationError, match="nmae"):
        Options.model_validate({"nmae": "y"})
    with pytest.raises(ValidationError, match="frozen"):
        Options().name = "y"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package with a channel that works, one that does not import, and a doubled name."""
    package = tmp_path / "pigeon-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon\nVersion: 1\n")
    (package / "entry_points.txt").write_text(
        "[bridgehead.channels]\npigeon = pigeon_channel:plugin\nlame = pigeon_lame:plugin\n"
    )
    (tmp_path / "pigeon_channel.py").write_text("plugin = 'coo'\n")
    (tmp_path / "pigeon_lame.py").write_text(
        dedent("""\
            import a_library_that_is_not_there
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("pigeon_channel", "pigeon_lame"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("installed")
def test_a_package_from_outside_adds_a_type_and_is_imported_when_named():
    assert "pigeon" in available("channels")
    assert "pigeon_channel" not in sys.modules
    assert load("channels", "pigeon") == "coo"


@pytest.mark.usefixtures("installed")
def test_a_type_that_does_not_import_says_why():
    with pytest.raises(ConfigError, match=r"'lame' does not import.*a_library_that_is_not_there"):
        load("channels", "lame")


def test_a_plugin_whose_packages_are_missing_is_told_by_the_command_that_adds_them(monkeypatch):
    """What an extra needs is read from what the package says of itself."""
    real = plugins.distribution

    def without(name: str):
        if name == "python-telegram-bot":
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(plugins, "distribution", without)
    for pip, command in (("here", "-m pip install"), (None, "uv pip install --python")):
        monkeypatch.setattr(plugins, "find_spec", lambda _, found=pip: found)
        with pytest.raises(ConfigError, match=rf"{command}.* 'bridgehead\[telegram\]'"):
            load("channels", "telegram")
    assert load("channels", "discord").title == "Discord"


def test_a_model_is_not_suggested_where_its_packages_are_missing(monkeypatch):
    def nothing(name: str):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(plugins, "distribution", nothing)
    assert plugins.suggested({"OPENAI_API_KEY": "sk-1"}) is None


def test_every_plugin_with_packages_of_its_own_names_its_extra():
    """And `all` names every one of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    points = {**project["entry-points"]["bridgehead.channels"]}
    points |= project["entry-points"]["bridgehead.agents"]
    named = {found[1] for each in points.values() if (found := re.search(r"\[(\w+)\]", each))}
    extras = set(project["optional-dependencies"]) - {"all", "testing"}
    assert named == extras - {"web-push"}  # the page's, which is no plugin
    (everything,) = project["optional-dependencies"]["all"]
    assert set(re.findall(r"[\w-]+", everything.partition("[")[2])) == extras
