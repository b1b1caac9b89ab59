"""`bridge check-config`."""

import json

from tests.process import command

WRONG = "http: {prot: 1}\nagents: {a: {type: nobody}}\ngrace: soon\n"


def check(tmp_path, text, *arguments, **environ):
    (tmp_path / "c.yaml").write_text(text)
    arguments = ("check-config", "--config", str(tmp_path / "c.yaml"), *arguments)
    return command(*arguments, environ={"HOME": str(tmp_path), **environ})


def test_a_good_file_is_summed_up(tmp_path):
    done = check(tmp_path, "data: kept\n")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{tmp_path / 'c.yaml'}: fine\n")
    assert f"data      {tmp_path / 'kept'}\n" in done.out


def test_every_problem_is_a_line_of_its_own_and_the_exit_code_is_2(tmp_path):
    done = check(tmp_path, WRONG)
    assert (done.code, done.out) == (2, "")
    lines = [line.removeprefix(f"{tmp_path}/") for line in done.err.splitlines()]
    assert [line.split(" ")[0] for line in lines] == ["c.yaml:3:", "c.yaml:1:", "c.yaml:2:"]


def test_as_json_the_problems_are_a_list(tmp_path):
    done = check(tmp_path, WRONG, "--json")
    assert done.code == 2
    told = json.loads(done.out)
    assert (told["ok"], len(told["problems"])) == (False, 3)
    assert json.loads(check(tmp_path, "grace: 1\n", "--json").out) == {"ok": True, "problems": []}


def test_the_database_is_not_touched(tmp_path):
    check(tmp_path, "data: kept\n")
    assert not (tmp_path / "kept").exists()


AGENTS = """
agent: helper
agents:
  helper: {type: litellm, model: openai/some}
  script: {type: process, command: [./agent.sh]}
  away: {type: http, url: "http://127.0.0.1:9/turns", secret: "${SECRET}"}
"""


def test_agents_that_could_not_answer_are_problems_each_with_its_fix(tmp_path):
    """No key, no program, nobody at the address: told before anyone writes, not to whoever does."""
    done = check(tmp_path, AGENTS, SECRET="s" * 20, PATH="/bin")
    assert (done.code, done.out) == (2, "")
    said = {line.split(": ")[1]: line for line in done.err.splitlines()}
    assert "openai/some has no API key" in said["agent helper"]
    assert "set OPENAI_API_KEY" in said["agent helper"]
    assert "agent.sh is not there" in said["agent script"]
    assert "cannot be reached: Connection refused" in said["agent away"]
    told = json.loads(check(tmp_path, AGENTS, "--json", SECRET="s" * 20).out)
    assert (told["ok"], len(told["problems"])) == (False, 3)


def test_an_agent_with_its_key_is_no_problem(tmp_path):
    done = check(
        tmp_path, "agents: {helper: {type: litellm, model: openai/some}}\n", OPENAI_API_KEY="k"
    )
    assert (done.code, done.err) == (0, "")
