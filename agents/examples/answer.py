"""An agent in forty lines: it repeats what is new, and asks before it looks at the clock.

docs/process-agents.md explains each line that goes over the wire.
"""

import json
import sys
import time
from typing import Any


def say(kind: str, /, **fields: object) -> None:
    print(json.dumps({"type": kind, **fields}), flush=True)


def hear() -> Any:
    return json.loads(sys.stdin.readline())


def use_clock(call: dict[str, Any]) -> str:
    say("called", **call)
    hear()  # {"type": "recorded"}: the call is in the log, so the tool may start
    now = time.strftime("%H:%M")
    say("returned", call=call["call"], result=now)
    return f"It is {now}."


turn = hear()
answer: list[str] = []
for message in turn["messages"]:
    if not message.get("new"):
        continue
    if message["kind"] == "closed":
        if message["answer"] == "deny":
            answer.append(f"{message['who']} would rather not know.")
    elif "time" in message["text"].split():
        call = {"call": f"clock-{message['seq']}", "name": "clock", "arguments": {}}
        say("ask", kind="approval", text="May I look at the clock?", call=call)
    else:
        who = f"{message.get('who', 'Something')} ({message.get('where', 'elsewhere')})"
        answer.append(f"{who} said: {message['text']}")
        say("preview", text="\n\n".join(answer))
answer += [use_clock(call) for call in turn["approved"]]
say("ended", text="\n\n".join(answer))
