"""The benchmarks still run, say what they found, and judge it by its target."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.figures import Figure, latencies, percentile
from benchmarks.report import BEGIN, END, README, Report, Result, rewrite, show

ROOT = Path(__file__).parent.parent
MACHINE = {
    "cpu": "Abacus",
    "cores": "2",
    "memory": "1 GiB",
    "system": "Linux 1",
    "python": "CPython 3.11",
    "sqlite": "3.40",
    "file system": "ext4",
    "load": "0.1",
}
FAST = Figure(name="quick enough", value=1.234, unit="ms", below=5, headline=True)
SLOW = Figure(name="too slow", value=7, unit="ms", below=5, headline=True)
ASIDE = Figure(name="by the way", value=1234.5, unit="appends/s")


def report(*figures: Figure) -> Report:
    results = (Result(name="made up", about="Nothing.", figures=figures),)
    return Report(date="2026-01-02T03:04:05+00:00", machine=MACHINE, quick=True, results=results)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["appends", "latency", "fanout"])
def test_a_quick_run_prints_a_table_and_writes_its_figures(name, tmp_path):
    file = tmp_path / "found" / "figures.json"
    done = run(name, "--quick", "--json", str(file))
    assert done.returncode == 0, done.stderr
    assert name in done.stdout
    found = json.loads(file.read_text())
    assert found["quick"] is True
    assert found["machine"].keys() == MACHINE.keys()
    (result,) = found["results"]
    assert result["name"] == name
    assert len(result["figures"]) >= 4
    assert all(figure["value"] > 0 for figure in result["figures"])


def test_the_readme_quotes_whole_runs_only():
    done = run("appends", "--quick", "--readme")
    assert done.returncode == 2
    assert "leave out" in done.stderr


def test_what_there_is_no_benchmark_of_is_named():
    done = run("apends")
    assert done.returncode == 2
    assert "apends" in done.stderr


def test_a_figure_is_judged_by_its_target():
    assert [each.met for each in (FAST, SLOW, ASIDE)] == [True, False, None]


def test_the_table_marks_what_was_missed(capsys):
    show(report(FAST, SLOW, ASIDE), Console(width=120))
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "missed" in line] == [
        line for line in lines if "too slow" in line
    ]


def test_a_percentile_is_one_of_the_values():
    values = [number / 1000 for number in range(100, 0, -1)]
    assert percentile(values, 50) == 0.051
    assert percentile(values, 99) == 0.1
    assert percentile([0.007], 99) == 0.007
    assert [figure.measured for figure in latencies("wait", values)] == ["51.0 ms", "100 ms"]


def test_a_page_gets_its_headlines_and_keeps_the_rest(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    rewrite(readme, report(FAST, SLOW, ASIDE))
    text = readme.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "| quick enough | 1.23 ms | < 5 ms |" in text
    assert "Abacus" in text
    assert "old" not in text
    assert "by the way" not in text
    rewrite(readme, report(FAST, SLOW, ASIDE))
    assert readme.read_text() == text


def test_a_page_without_the_marks_is_left_alone(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("nothing here\n")
    with pytest.raises(ValueError, match="lacks"):
        rewrite(readme, report(FAST))
    assert readme.read_text() == "nothing here\n"


def test_a_page_can_quote_some_figures_alone(tmp_path):
    page = tmp_path / "README.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    rewrite(page, report(FAST, SLOW), [FAST.name])
    assert FAST.name in page.read_text()
    assert SLOW.name not in page.read_text()


def test_the_readme_quotes_its_five_figures_as_the_page_of_all_has_them():
    def quoted(page):
        text = (ROOT / page).read_text(encoding="utf-8")
        block = text[text.index(BEGIN) : text.index(END)]
        return [line for line in block.splitlines() if line.endswith("|")][2:], block

    every, page = quoted("docs/benchmarks.md")
    some, readme = quoted("README.md")
    assert [line.split(" | ")[0].removeprefix("| ") for line in some] == list(README)
    assert set(some) < set(every)
    assert page.splitlines()[-1] == readme.splitlines()[-1]
