"""An agent that kills the bridge with -9 where it is to answer a certain word: `poison`.

It repeats what is new. Its arguments are the bridge's data folder, and a file: once that is there,
nothing kills any more.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

DATA, HEALED = Path(sys.argv[1]), Path(sys.argv[2])


def say(kind: str, /, **fields: object) -> None:
    print(json.dumps({"type": kind, **fields}), flush=True)  # noqa: T201 - a program speaks so


def main() -> None:
    turn: dict[str, Any] = json.loads(sys.stdin.readline())
    new = [each.get("text", "") for each in turn["messages"] if each.get("new")]
    if any("poison" in text for text in new) and not HEALED.exists():
        os.kill(json.loads((DATA / "server.json").read_text())["pid"], signal.SIGKILL)
    say("ended", text="Heard: " + ", ".join(new))


if __name__ == "__main__":
    main()
