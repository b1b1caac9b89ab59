"""`bridge check-config` and `bridge doctor`: each fault with what to do, and an exit code."""

import json

from bridge.cli.doctor import _disk, _python
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


def test_faults_of_agents_are_told_beside_all_others(tmp_path):
    text = "grace: soon\nagents: {one: {type: litellm}, two: {type: litellm, model: openai/x}}\n"
    done = check(tmp_path, text)
    assert done.code == 2
    for problem in ("grace: should be", "agents.one.model: is missing", "openai/x has no API key"):
        assert problem in done.err
    assert check(tmp_path, "a: [\n").err.count("\n") == 1, "what cannot be read has no agents"


def test_an_agent_with_its_key_is_no_problem(tmp_path):
    done = check(
        tmp_path, "agents: {helper: {type: litellm, model: openai/some}}\n", OPENAI_API_KEY="k"
    )
    assert (done.code, done.err) == (0, "")


def checks(done):
    return {each["name"]: each for each in json.loads(done.out)["checks"]}


def test_all_is_well(run):
    done = run("doctor", "--json")
    found = checks(done)
    assert done.code == 0, found
    assert {"python", "config", "data", "owner-token", "disk", "bridge", "store"} <= found.keys()
    assert all(each["ok"] for each in found.values())
    assert "`bridge add` connects one" in found["chat apps"]["detail"]
    table = run("doctor")
    assert table.code == 0
    assert "FAULT" not in table.out


def test_a_bridge_that_does_not_run_is_a_fault_and_so_is_a_wrong_file(tmp_path):
    (tmp_path / "c.yaml").write_text("grace: soon\n")
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    data.chmod(0o755)
    environ = {"HOME": str(tmp_path), "BRIDGE_DATA": str(data)}
    done = command("doctor", "--json", "--config", str(tmp_path / "c.yaml"), environ=environ)
    found = checks(done)
    assert done.code == 1
    assert "c.yaml:1: grace" in found["config"]["detail"]
    assert found["data"]["fix"] == f"run: chmod 700 {data}"
    assert "bridge run" in found["bridge"]["detail"]
    table = command("doctor", "--config", str(tmp_path / "c.yaml"), environ=environ)
    assert (table.code, table.out.count("FAULT")) == (1, 3)
    assert "→ run: chmod 700" in table.out.replace("\n", " ")


def test_before_the_first_start_there_is_no_data_and_it_says_what_to_run(tmp_path):
    environ = {"HOME": str(tmp_path), "BRIDGE_DATA": str(tmp_path / "none")}
    found = checks(command("doctor", "--json", environ=environ))
    assert (found["data"]["ok"], found["data"]["fix"]) == (False, "run: bridge run")


def test_a_token_that_others_can_read_is_a_fault(tmp_path):
    (tmp_path / "owner-token").write_text("x")
    (tmp_path / "owner-token").chmod(0o644)
    tmp_path.chmod(0o700)
    environ = {"HOME": str(tmp_path), "BRIDGE_DATA": str(tmp_path)}
    found = checks(command("doctor", "--json", environ=environ))
    assert found["owner-token"]["fix"] == f"run: chmod 600 {tmp_path / 'owner-token'}"
    assert found["data"]["ok"]


def test_an_old_python_and_a_full_disk_are_faults():
    assert not _python((3, 10)).ok
    assert not _disk(1024).ok
    assert _disk(2**40).ok


def test_an_agent_without_a_key_is_a_fault_also_before_the_bridge_runs(tmp_path):
    (tmp_path / "c.yaml").write_text("agents: {helper: {type: litellm, model: openai/some}}\n")
    environ = {"HOME": str(tmp_path), "BRIDGE_DATA": str(tmp_path / "none")}
    done = command("doctor", "--json", "--config", str(tmp_path / "c.yaml"), environ=environ)
    found = checks(done)["agent helper"]
    assert (done.code, found["ok"]) == (1, False)
    assert "OPENAI_API_KEY" in found["fix"]


def test_the_running_bridge_looks_at_its_own_agents(run):
    """Its environment counts, not the one that the doctor is called in."""
    assert checks(run("doctor", "--json", "--deep"))["agent echo"]["ok"]


def test_it_tells_what_was_left_out_since_the_start(run):
    told = {each["name"]: each for each in json.loads(run("doctor", "--json").out)["checks"]}
    assert (told["left out"]["ok"], bool(told["left out"]["detail"])) == (True, True)
