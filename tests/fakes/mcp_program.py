"""A small MCP server over stdio, of the standard library alone, so that it starts at once.

Its tools tell what it was given, fail, die, or hang in the ways that a server can.
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
}


def answer(method, parameters):
    match method:
        case "initialize":
            return {
                "protocolVersion": parameters["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "fake", "version": "1"},
            }
        case "tools/list":
            return {"tools": [listed(name) for name in TOOLS]}
        case "tools/call":
            return called(parameters["name"], parameters.get("arguments") or {})
    return None


def listed(name):
    _, description, schema, read_only = TOOLS[name]
    hints = {"readOnlyHint": read_only}
    return {"name": name, "description": description, "inputSchema": schema, "annotations": hints}


def called(name, arguments):
    try:
        text, failed = TOOLS[name][0](arguments), False
    except Exception as error:  # noqa: BLE001 - as servers do
        text, failed = str(error), True
    return {"content": [{"type": "text", "text": text}], "isError": failed}


def main():
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        result = answer(message["method"], message.get("params") or {})
        reply = {"jsonrpc": "2.0", "id": message["id"]}
        if result is None:
            reply["error"] = {"code": -32601, "message": "Method not found"}
        else:
            reply["result"] = result
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
