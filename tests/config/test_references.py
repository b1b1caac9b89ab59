"""What stands for a value outside the file, and what is wrong with it."""

from pathlib import Path

import pytest

from bridge.config.document import Problems
from bridge.config.references import Resolver


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
    told = ["key: ${A-B} is no name of an environment variable"]
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


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "is empty"), (b"\xff", "is not UTF-8"), (b"x" * 70_000, "is too large")],
)
def test_a_secret_file_that_holds_no_secret_is_told(tmp_path, content, told):
    (tmp_path / "token").write_bytes(content)
    (tmp_path / "token").chmod(0o600)
    (problem,) = resolve(tmp_path, {"file": "token"})[1]
    assert told in problem


def test_a_file_that_is_not_there_is_named(tmp_path):
    (problem,) = resolve(tmp_path, {"file": "gone"})[1]
    assert f"{tmp_path / 'gone'} cannot be read: No such file" in problem


def test_references_are_found_in_lists_and_mappings(tmp_path):
    assert resolve(tmp_path, [{"a": "${A}"}], A="one") == ([{"a": "one"}], [])
