"""The example in shell does what its page says, on the plain shell of this machine."""

import subprocess

from bridge.domain.events import ToolCalled, ToolReturned
from tests.agents.outside import SHELL, process
from tests.turns import Story


async def test_it_says_how_full_the_disk_is(tmp_path) -> None:
    story = Story()
    story.say('How full is "the disk"?')
    await story.answer(process(tmp_path, *SHELL))
    (called,) = [each.body for each in story.events if isinstance(each.body, ToolCalled)]
    (returned,) = [each.body for each in story.events if isinstance(each.body, ToolReturned)]
    assert (called.name, called.call, returned.failed) == ("df", returned.call, False)
    (said,) = story.words()
    assert said.startswith("This is how full the disk is:\n\n```\n")
    assert returned.result in said
    assert len(returned.result.splitlines()) == 2


def test_whatever_a_command_prints_becomes_a_json_text(tmp_path) -> None:
    """Quotes, backslashes, tabs and lines of their own."""
    df = tmp_path / "df"
    df.write_text("#!/bin/sh\nprintf 'a \"b\"\\t\\\\c\\nd\\n'\nexit 1\n")
    df.chmod(0o755)
    done = subprocess.run(
        SHELL,
        input="{}\n{}\n",
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )
    import json

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[2]["result"] == 'a "b"\t\\c\nd'
    assert lines[2]["failed"] is True
    assert [each["type"] for each in lines] == ["preview", "called", "returned", "ended"]
