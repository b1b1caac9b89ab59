"""Names the machine that was measured on."""

import os
import platform
import sqlite3
import tempfile
from pathlib import Path

import psutil

CPU_FILE = Path("/proc/cpuinfo")


def machine() -> dict[str, str]:
    """Return what the figures depend on. `load` is how busy the machine was just before."""
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        "file system": _file_system(Path(tempfile.gettempdir())),
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def named(found: dict[str, str]) -> str:
    """Return a machine in a line."""
    return (
        f"{found['cpu']}, {found['cores']} cores, {found['memory']}, {found['system']},"
        f" {found['python']}, SQLite {found['sqlite']} on {found['file system']},"
        f" load {found['load']} at the start"
    )


def _cpu() -> str:
    if CPU_FILE.exists():
        for line in CPU_FILE.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _file_system(folder: Path) -> str:
    """Return the type of the file system the measured databases are on."""
    folder = folder.resolve()
    mounts = [
        each
        for each in psutil.disk_partitions(all=True)
        if folder.is_relative_to(each.mountpoint) and each.fstype
    ]
    deepest = max(mounts, key=lambda each: len(each.mountpoint), default=None)
    return deepest.fstype if deepest else "unknown"
