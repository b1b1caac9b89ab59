"""Results as a table, as JSON, and as the blocks of docs/benchmarks.md and of the README."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure
from benchmarks.machine import named

BEGIN = "<!-- benchmarks:begin -->"
END = "<!-- benchmarks:end -->"
README = (
    "appends to SQLite, grouped, 64 callers",
    "heard → agent starts, 50 messages/s, p50",
    "idle with all four apps: memory",
    "Telegram: asked → answered by echo, p50",
    "a turn of a model, 10 messages before, p50",
)
"""The figures that the README quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one benchmark found. `about` says in a line what it does."""

    name: str
    about: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run of the benchmarks. `date` is in ISO 8601."""

    date: str
    machine: dict[str, str]
    quick: bool
    results: tuple[Result, ...]


def show(report: Report, console: Console) -> None:
    table = Table(title="Bridgehead", caption=f"{named(report.machine)}; {report.date}")
    for heading in ("benchmark", "figure"):
        table.add_column(heading, overflow="fold")
    table.add_column("measured", justify="right")
    table.add_column("target")
    for result in report.results:
        for number, figure in enumerate(result.figures):
            last = number == len(result.figures) - 1
            first = result.name if number == 0 else ""
            table.add_row(first, figure.name, figure.measured, _judged(figure), end_section=last)
    console.print(table)


def as_json(report: Report) -> str:
    return json.dumps(asdict(report), indent=2) + "\n"


def rewrite(page: Path, report: Report, only: Sequence[str] | None = None) -> None:
    """Put a report's headlines between the marks of a page: all of them, or those named."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{page} lacks {BEGIN} and {END}")
    block = "\n".join([BEGIN, *_block(report, only), END])
    page.write_text(before + block + after, encoding="utf-8")


def _block(report: Report, only: Sequence[str] | None) -> Sequence[str]:
    quoted = [
        f"| {figure.name} | {figure.measured} | {figure.target or '-'} |"
        for result in report.results
        for figure in result.figures
        if figure.headline and (only is None or figure.name in only)
    ]
    return [
        "| | measured | target |",
        "|---|---:|---|",
        *quoted,
        "",
        f"Measured by `make bench` on {report.date[:10]}: {named(report.machine)}.",
    ]


def _judged(figure: Figure) -> str:
    match figure.met:
        case None:
            return ""
        case True:
            return f"[green]{figure.target}[/]"
        case False:
            return f"[red]{figure.target}, missed[/]"
