"""A small MCP server over stdio, of the standard library alone, so that it starts at once.

Its tools tell what it was given, fail, die, or hang in the ways that a server can. `BANNER` is
written where only messages may be; with `NEXT` there are more tools to list, for ever.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
NOTHING = {"type": "object", "properties": {}}


def add(arguments):
    return str(arguments["a"] + arguments["b"])


def variable(arguments):
    return os.environ.get(arguments["text"], "(not set)")


def note(arguments):
    """Append to a file: what it holds says how often this ran."""
    with Path(arguments["text"]).open("a") as file:
        file.write("ran\n")
    return "noted"


def fail(arguments):
    raise ValueError("I was asked to fail")


def die(arguments):
    os._exit(1)


def pid(arguments):
    return str(os.getpid())


def learn(arguments):
    """Offer one tool more, and say so."""
    TOOLS["learned"] = (add, "Add, as learned.", SUM, True)
    say({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
    return "learned"


def refuse(arguments):
    """Fail with the code that clients use for a closed connection."""
    raise Refused(-32000, "I will not")


class Refused(Exception):
    """An error of the protocol."""


def picture(arguments):
    """Show a picture of one pixel, and something that is none."""
    return [
        {"type": "text", "text": "Look:"},
        {"type": "image", "data": PIXEL, "mimeType": "image/png"},
        {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"},
    ]


PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)


def shapes(arguments):
    """Bring what only stands beside the text, or in place of it."""
    RESULTS.append(SHAPES[arguments["text"]])
    return ""


REPORT = {
    "type": "resource_link",
    "uri": "reports://quarterly/2026-q3",
    "name": "quarterly-report",
    "title": "Quarterly report",
    "description": "Quarterly revenue breakdown",
    "mimeType": "application/pdf",
}
SHAPES = {
    "structured": {"content": [], "structuredContent": {"answer": 42}},
    "summed up": {
        "content": [{"type": "text", "text": "2 found; they are in structured content."}],
        "structuredContent": {"found": ["a\nb", 7.5], "more": True},
    },
    "twice": {
        "content": [{"type": "text", "text": '{"found": ["a\\nb"], "count": 1}'}],
        "structuredContent": {"found": ["a\nb"], "count": 1},
    },
    "wrapped": {
        "content": [{"type": "text", "text": "a\nb"}],
        "structuredContent": {"result": "a\nb"},
    },
    "handle": {
        "content": [{"type": "text", "text": "the page"}],
        "structuredContent": {"session": "h1"},
    },
    "refused": {
        "content": [{"type": "text", "text": "database connection refused"}],
        "structuredContent": {"answer": 42},
        "isError": True,
    },
    "link": {"content": [{"type": "text", "text": "Found report:"}, REPORT]},
    "blank": {"content": [{"type": "text", "text": ""}]},
    "textless": {"content": [{"type": "text"}]},
}
RESULTS = []


def block(arguments):
    """Hang for good with a child, both deaf to SIGTERM; the file says who they are."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(600)"]
    )
    Path(arguments["text"]).write_text(f"{os.getpid()} {child.pid}")
    while True:
        time.sleep(1)


SUM = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
TOOLS = {
    "add": (add, "Add two numbers.", SUM, True),
    "variable": (variable, "Tell a variable of the environment.", TEXT, True),
    "note": (note, "Append to a file.", TEXT, False),
    "fail": (fail, "Fail.", NOTHING, True),
    "die": (die, "End the server in the middle of a call.", NOTHING, True),
    "pid": (pid, "Tell the process.", NOTHING, True),
    "block": (block, "Hang.", TEXT, True),
    "learn": (learn, "Learn a tool.", NOTHING, True),
    "refuse": (refuse, "Refuse.", NOTHING, True),
    "picture": (picture, "Show a picture.", NOTHING, True),
    "shapes": (shapes, "Bring a result of some shape.", TEXT, True),
}


def answer(method, parameters):
    match method:
        case "initialize":
            return {
                "protocolVersion": parameters["protocolVersion"],
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "fake", "version": "1"},
            }
        case "tools/list":
            return {"tools": [listed(name) for name in TOOLS]} | AGAIN
        case "tools/call":
            return called(parameters["name"], parameters.get("arguments") or {})
    return None


AGAIN = {"nextCursor": os.environ["NEXT"]} if "NEXT" in os.environ else {}
"""Says that there is more, whatever is asked for."""


def listed(name):
    _, description, schema, read_only = TOOLS[name]
    hints = {"readOnlyHint": read_only}
    return {"name": name, "description": description, "inputSchema": schema, "annotations": hints}


def check(arguments, schema):
    """Refuse what is of another kind, in the words of the servers that are made with the SDK."""
    for name, value in arguments.items():
        kind = schema["properties"].get(name, {}).get("type")
        if kind and not isinstance(value, {"integer": int, "string": str}[kind]):
            raise ValueError(f"Input validation error: {value!r} is not of type {kind!r}")


def called(name, arguments):
    try:
        check(arguments, TOOLS[name][2])
        text, failed = TOOLS[name][0](arguments), False
        if RESULTS:
            return RESULTS.pop()
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - as servers do
        text, failed = str(error), True
    content = text if isinstance(text, list) else [{"type": "text", "text": text}]
    return {"content": content, "isError": failed}


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main():
    for line in os.environ.get("BANNER", "").split("|"):
        sys.stdout.write(line + "\n")
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        reply = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            result = answer(message["method"], message.get("params") or {})
        except Refused as refused:
            code, text = refused.args
            say(reply | {"error": {"code": code, "message": text}})
            continue
        if result is None:
            reply["error"] = {"code": -32601, "message": "Method not found"}
        else:
            reply["result"] = result
        say(reply)


if __name__ == "__main__":
    main()
