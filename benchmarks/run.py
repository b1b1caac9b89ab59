"""Runs a benchmark in a process of its own, so that none inherits another's heap."""

import os
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context

from benchmarks.report import Result
from bridge import logs
from bridge.config.model import LogSection
from bridge.imports import for_good

NAMES = (
    "appends", "latency", "fanout", "sse", "startup", "apps", "turns", "browsing", "growth",
    "steps",
)  # fmt: skip


def apart(name: str, *, quick: bool) -> Result:
    os.sync()  # what another one left to be written would be waited for by this one
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measured, name, quick=quick).result()


def measured(name: str, *, quick: bool) -> Result:
    """Run one benchmark here, with the log that a bridge has: else every line would be printed.

    What is imported is kept out of the garbage collector's rounds, as `bridge run` does.
    """
    logs.configure(LogSection())
    with for_good():
        module = import_module(f"benchmarks.{name}")
    about = (module.__doc__ or "").partition("\n")[0]
    return Result(name=name, about=about, figures=tuple(module.measure(quick=quick)))
