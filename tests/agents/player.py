"""An agent out of process that does all an agent can do, by the first word of what it is told.

`play` is a generator of lines; what it is sent is the bridge's reply. As a program it speaks over
its standard input and output.
"""

import json
import sys
from collections.abc import Generator
from typing import Any

Json = dict[str, Any]
Play = Generator[Json, Json | None, None]

ROLL = {"name": "die", "arguments": {"sides": 6}}
MANY = 40


def play(turn: Json) -> Play:
    said: list[str] = []
    for message in turn["messages"]:
        if message.get("new"):
            yield from answer(turn, message, said)
    for call in turn["approved"]:
        yield from use(call, said)
    said += [f"Nobody knows what became of {each['call']}." for each in turn["interrupted"]]
    yield {"type": "ended", "text": "\n\n".join(said)}


def answer(turn: Json, message: Json, said: list[str]) -> Play:
    call = {"call": f"k-{message['seq']}", **ROLL}
    text = message["text"]
    match text.split()[0] if message["kind"] != "closed" else "closed":
        case "closed":
            said.append(f"{message.get('who')} chose {message['answer'] or message['outcome']}.")
        case "tool":
            yield from use(call, said)
        case "ask":
            options = [{"id": "tea", "label": "Tea"}, {"id": "coffee", "label": "Coffee"}]
            yield {"type": "ask", "kind": "choice", "text": "What will it be?", "options": options}
        case "approve":
            yield {"type": "ask", "kind": "approval", "text": "May I roll a die?", "call": call}
        case "interim":
            yield {"type": "remark", "text": "I am on it."}
            yield {"type": "push", "text": "Half of it is done."}
            said.append("All of it is done.")
        case "long":
            for words in range(MANY):
                yield {"type": "preview", "text": "and so on " * words}
            said.append("and so on " * MANY)
        case "silent":
            yield {"type": "preview", "activity": "keeping silent"}
        case _:
            yield from tell(f"{message.get('who')} ({message.get('where')}) said: {text}", said)


def tell(words: str, said: list[str]) -> Play:
    for length in (1, 2, 3):
        yield {"type": "preview", "text": " ".join(words.split()[:length])}
    said.append(words)


def use(call: Json, said: list[str]) -> Play:
    yield {"type": "called", **call}
    yield {"type": "returned", "call": call["call"], "result": "4"}
    said.append(f"The {call['name']} shows 4.")


def main() -> None:
    lines = play(json.loads(sys.stdin.readline()))
    line = next(lines)
    while line["type"] != "ended":
        print(json.dumps(line), flush=True)  # noqa: T201 - to the bridge
        line = lines.send(json.loads(sys.stdin.readline()) if line["type"] == "called" else None)
    print(json.dumps(line), flush=True)  # noqa: T201 - to the bridge


if __name__ == "__main__":
    main()
