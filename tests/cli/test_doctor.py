"""`bridge doctor`: each fault with what to do, and an exit code that says whether there is one."""

import json

from bridge.cli.doctor import _disk, _python
from tests.process import command


def checks(done):
    return {each["name"]: each for each in json.loads(done.out)["checks"]}


def test_all_is_well(run):
    done = run("doctor", "--json")
    found = checks(done)
    assert done.code == 0, found
    assert {"python", "config", "data", "owner-token", "disk", "bridge", "store"} <= found.keys()
    assert all(each["ok"] for each in found.values())
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
