"""The agent of the chaos run: a program that answers every word, by its number.

A word is `w00017`, its answer says `a00017`, a question about it `q00017`: whoever looks at a chat
can tell which is which. A word with `tool` uses a tool, one with `leave` asks first. What a tool
did is one line in the file `EFFECTS`: a line that is there twice was done twice.
"""

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

WORD = re.compile(r"\bw(\d{5})\b")
EFFECTS = Path(os.environ["EFFECTS"])
PACE = 0.25
"""Seconds that each piece of work takes: long enough to be killed in the middle of it."""


def say(kind: str, /, **fields: object) -> None:
    print(json.dumps({"type": kind, **fields}), flush=True)  # noqa: T201 - a program speaks so


def hear() -> Any:
    return json.loads(sys.stdin.readline())


def use(call: str) -> str:
    """Do a tool's work. The call is in the log before anything happens."""
    say("called", call=call, name="count", arguments={})
    hear()
    time.sleep(PACE)
    with EFFECTS.open("a", encoding="utf-8") as file:
        file.write(f"{call}\n")
    time.sleep(PACE)
    say("returned", call=call, result="done")
    return "done"


class Answering:
    """What one run has found out so far. `known`: what became of calls that were begun before."""

    def __init__(self, turn: dict[str, Any]) -> None:
        self.approved = [each["call"] for each in turn["approved"]]
        self.known = {each["call"]: "interrupted" for each in turn["interrupted"]}
        for message in turn["messages"]:
            if message["kind"] == "returned":
                self.known[message["call"]] = message["result"]
        self.lines: dict[str, str] = {}
        self.take(turn["messages"])

    def take(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            if not message.get("new"):
                continue
            if message["kind"] == "closed":
                self.closed(message)
            else:
                self.heard(message)

    def closed(self, message: dict[str, Any]) -> None:
        """Take in what became of a question: also of one that was closed while this run works."""
        call = message["call"]["call"]
        if call in self.known:
            self.lines[call[-5:]] = self.known[call]
        elif message["answer"] != "approve":
            self.lines[call[-5:]] = message["answer"] or message["outcome"]
        elif call not in self.approved:
            self.approved.append(call)

    def heard(self, message: dict[str, Any]) -> None:
        for number in WORD.findall(message["text"]):
            call = f"call-{number}"
            if "leave" in message["text"]:
                planned = {"call": call, "name": "count", "arguments": {"word": int(number)}}
                say("ask", kind="approval", text=f"May I count? q{number}", call=planned)
            elif "tool" in message["text"]:
                self.lines[number] = self.known.get(call) or use(call)
            else:
                self.lines[number] = "heard"
            say("preview", text=self.text())

    def work(self) -> None:
        """Do what was approved."""
        while self.approved:
            call = self.approved.pop()
            self.lines[call[-5:]] = self.known[call] = use(call)

    def text(self) -> str:
        return "\n".join(f"a{number} {what}" for number, what in self.lines.items())


def main() -> None:
    say("preview", activity="reading")
    answering = Answering(hear())
    answering.work()
    time.sleep(PACE)
    if any(what == "done" for what in answering.lines.values()):
        say("news")
        answering.take(hear()["messages"])
        answering.work()
    say("ended", text=answering.text())


if __name__ == "__main__":
    main()
