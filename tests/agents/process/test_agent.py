"""An agent that is a program: what it is given, what it may do, and how it fails."""

import asyncio
import grp
import json
import os
import pwd
from pathlib import Path
from time import thread_time

import pytest
from structlog.testing import capture_logs

from agents.process.agent import Process, ProcessConfig, plugin
from bridge.domain.content import Attachment
from bridge.domain.errors import AgentError, AgentFailed, AgentUnavailable, ConfigError
from bridge.domain.events import Preview, QuestionAsked, ToolCalled
from bridge.ports.agent import Calling, Ended, Remark
from tests.agents.outside import PLAYER, PYTHON, process, program, surroundings
from tests.agents.process.test_child_process import STUBBORN
from tests.turns import Story
from tests.waiting import lives, soon, until_dead


@pytest.fixture
def story() -> Story:
    told = Story()
    told.say("Hello.")
    return told


async def failure(agent: Process, story: Story) -> AgentError:
    """Return how a run fails."""
    with pytest.raises(AgentError) as failed:
        async for _ in agent.run(story.turn()):
            pass
    return failed.value


# -- what it is given and says --------------------------------------------------------------------


async def test_it_is_given_the_turn_and_its_answer_is_said(tmp_path, story) -> None:
    body = "turn = hear(); say('ended', text=turn['messages'][-1]['who'] + ': ' + turn['agent'])"
    await story.answer(program(tmp_path, body))
    assert story.words() == ["Ada: agent"]


async def test_it_sees_the_variables_it_is_given_and_no_other(tmp_path, story, monkeypatch) -> None:
    monkeypatch.setenv("BRIDGE_OWNER_SECRET", "s3cret")
    body = "say('ended', text=' '.join(f'{k}={v}' for k, v in sorted(os.environ.items())))"
    await story.answer(program(tmp_path, body, env={"MODEL": "small"}))
    (said,) = story.words()
    assert "MODEL=small" in said
    assert "BRIDGE_RUN=r_1 BRIDGE_SESSION=s_story" in said
    assert "BRIDGE_AGENT=helper BRIDGE_FOLDER=/" in said
    assert "PATH=" in said
    assert "s3cret" not in said


async def test_a_tool_starts_once_its_call_is_in_the_log(tmp_path, story) -> None:
    body = """
hear()
say('called', call='k_1', name='clock', arguments={'zone': 'UTC'})
assert hear() == {'type': 'recorded', 'call': 'k_1'}
say('returned', call='k_1', result='noon')
say('ended')
"""
    agent = program(tmp_path, body)
    turn = story.turn()
    async for item in story.let(agent, turn):
        if isinstance(item, Calling):
            assert isinstance(story.events[-1].body, ToolCalled)
            assert json.loads(item.arguments) == {"zone": "UTC"}
    assert story.fold.open_run is None


async def test_news_is_what_was_said_meanwhile_and_is_answered_for(tmp_path, story) -> None:
    body = """
hear()
say('remark', text='Wait.')
news = []
while not news:
    say('news')
    news = hear()['messages']
say('ended', text='You said: ' + news[-1]['text'])
"""
    async for item in story.let(program(tmp_path, body), story.turn()):
        if isinstance(item, Remark):
            story.say("Be quick.", by="Bob")
    assert story.words() == ["Wait.", "You said: Be quick."]
    assert story.fold.wanted <= story.fold.position


async def test_a_file_is_fetched_and_sent_back(tmp_path) -> None:
    body = """
file = hear()['messages'][-1]['attachments'][0]
say('file', media=file['media'])
path = hear()['path']
copy = os.path.join(os.environ['BRIDGE_FOLDER'], 'copy.txt')
print(open(path).read(), file=open(copy, 'w'), end='')
say('file', media='m_none')
assert hear()['path'] is None
say('ended', text=path, attachments=[file, {'path': 'copy.txt'}])
"""
    story = Story()
    agent = program(tmp_path / "data", body, cwd=tmp_path)
    turn = story.turn
    story.say("placeholder")
    made = turn()

    async def bits():
        yield b"meow"

    blob = await made.blobs.put(bits())
    photo = Attachment(kind="file", name="cat.txt", mime="text/plain", size=4, media=blob.media)
    story.say("Back, please.", photo)
    made.upto = len(story.events)
    async for _ in story.let(agent, made):
        pass
    assert story.files() == ["cat.txt", "copy.txt"]
    (path,) = story.words()
    assert Path(path).is_relative_to(tmp_path / "data" / "agents" / "helper")
    assert not Path(path).exists()


async def test_it_asks_and_a_new_process_goes_on_when_it_is_answered(tmp_path, story) -> None:
    agent = process(tmp_path, *PLAYER)
    story.say("approve")
    await story.answer(agent)
    (question,) = story.questions()
    assert [each.id for each in question.options] == ["approve", "deny", "always"]
    story.choose("approve")
    await story.answer(agent)
    calls = [each.body.call for each in story.events if isinstance(each.body, ToolCalled)]
    assert calls == [question.call.call]
    story.say("Hello?")
    await story.answer(agent)
    assert len([each for each in story.events if isinstance(each.body, ToolCalled)]) == 1


async def test_what_it_writes_into_the_log_is_logged(tmp_path, story) -> None:
    body = (
        "say('log', text='thinking', level='warning'); print('oops', file=sys.stderr); say('ended')"
    )
    with capture_logs() as logged:
        await story.answer(program(tmp_path, body))
        await asyncio.sleep(0)
    assert {
        "event": "agent.log",
        "agent": "agent",
        "text": "thinking",
        "log_level": "warning",
    } in logged


async def test_empty_lines_mean_nothing(tmp_path, story) -> None:
    await story.answer(program(tmp_path, "print(); print('  '); say('ended', text='Yes.')"))
    assert story.words() == ["Yes."]


# -- how it fails ---------------------------------------------------------------------------------


async def test_a_bad_line_is_named_and_not_tried_again(tmp_path, story) -> None:
    error = await failure(program(tmp_path, "say('preview'); print('hello')"), story)
    assert isinstance(error, AgentFailed)
    assert "line 2 of what the agent wrote is bad: it is no JSON object" in str(error)


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        ("sys.exit(0)", AgentFailed, "without saying that it had ended"),
        ("sys.exit(7)", AgentUnavailable, "exit code 7"),
        ("os.kill(os.getpid(), 9)", AgentUnavailable, "killed by signal 9"),
        ("raise ValueError", AgentUnavailable, "exit code 1"),
        ("os.close(1); time.sleep(600)", AgentFailed, "without saying that it had ended"),
        ("say('failed', reason='No key.')", AgentFailed, "No key."),
        ("say('failed', reason='Busy.', retry=True)", AgentUnavailable, "Busy."),
        ("say('ended', attachments=[{'path': 'no.txt'}])", AgentFailed, "no.txt cannot be sent"),
        ("say('ended', attachments=[{'path': '/etc/hosts'}])", AgentFailed, "BRIDGE_FOLDER"),
    ],
)
async def test_it_is_tried_again_where_that_may_help(tmp_path, story, body, kind, why) -> None:
    error = await failure(program(tmp_path, body), story)
    assert type(error) is kind
    assert why in str(error)


async def test_a_program_that_dies_leaves_its_last_words_in_the_log(tmp_path, story) -> None:
    with capture_logs() as logged:
        await failure(program(tmp_path, "raise ValueError('no such model')"), story)
    (died,) = [each for each in logged if each["event"] == "agent.died"]
    assert died["stderr"][-1] == "ValueError: no such model"
    assert (died["code"], died["run"]) == (1, "r_1")


async def test_one_that_gives_no_sign_of_life_is_tried_again(tmp_path, story) -> None:
    error = await failure(program(tmp_path, "time.sleep(600)", first=0.1), story)
    assert isinstance(error, AgentUnavailable)
    assert "said nothing for 0.1 s" in str(error)


async def test_one_that_takes_too_long_is_not(tmp_path, story) -> None:
    body = "while True: say('preview', text='hm'); time.sleep(0.01)"
    error = await failure(program(tmp_path, body, limit=0.3), story)
    assert isinstance(error, AgentFailed)
    assert "not done after 0.3 s" in str(error)


async def test_one_that_asks_and_does_not_listen_is_not_waited_for(tmp_path, story) -> None:
    story.say("x" * 200_000)
    body = "say('preview')\nwhile True: say('news'); time.sleep(0.01)"
    error = await failure(program(tmp_path, body, limit=0.5), story)
    assert "not done after 0.5 s" in str(error)


async def test_a_program_that_is_not_there_is_named(tmp_path, story) -> None:
    error = await failure(process(tmp_path, "no-such-program"), story)
    assert isinstance(error, AgentFailed)
    assert "no-such-program" in str(error)


# -- how it ends ----------------------------------------------------------------------------------


async def test_a_stopped_run_leaves_no_process(tmp_path, story) -> None:
    """Not one that ignores being told, nor what it started."""
    body = STUBBORN.replace("print(", "say('preview', text=f'{").replace(
        "os.getpid(), child.pid, flush=True)", "os.getpid()} {child.pid}')"
    )
    speech = program(tmp_path, body, grace=0.1).run(story.turn())
    first = await anext(speech)
    assert isinstance(first, Preview)
    both = [int(each) for each in first.text.split()]
    waiting = asyncio.ensure_future(anext(speech))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await soon(waiting)
    await until_dead(*both)


async def test_a_program_may_tidy_up_after_its_last_line(tmp_path, story) -> None:
    """Though its run is closed and cut off at once, as the runner does when it has ended."""
    body = f"say('ended'); time.sleep(0.05); open({str(tmp_path / 'tidy')!r}, 'w').close()"
    speech = program(tmp_path / "data", body).run(story.turn())
    assert isinstance(await anext(speech), Ended)
    closing = asyncio.ensure_future(speech.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing})
    assert (tmp_path / "tidy").exists()


async def test_a_program_beside_the_config_is_found_by_its_relative_path(tmp_path, story) -> None:
    script = tmp_path / "agent.sh"
    script.write_text('#!/bin/sh\necho \'{"type": "ended", "text": "Here."}\'\n')
    script.chmod(0o755)
    await story.answer(process(tmp_path, "./agent.sh", cwd=tmp_path))
    assert story.words() == ["Here."]


async def test_one_that_goes_on_after_its_last_line_is_ended(tmp_path, story, monkeypatch) -> None:
    monkeypatch.setattr("agents.process.agent.LAST_MOMENTS", 0.05)
    body = "say('preview', text=str(os.getpid())); say('ended', text='Yes.'); time.sleep(600)"
    first, *_, last = await story.answer(program(tmp_path, body))
    assert isinstance(last, Ended)
    assert not lives(int(first.text))


async def test_folders_of_runs_that_died_with_their_bridge_are_removed(tmp_path) -> None:
    left = tmp_path / "agents" / "helper" / "run-x"
    left.mkdir(parents=True)
    (left / "cat.png").touch()
    process(tmp_path, "true")
    assert not left.exists()


# -- the plugin -----------------------------------------------------------------------------------


def test_it_is_made_from_its_section(tmp_path) -> None:
    section = ProcessConfig.model_validate({"command": [*PYTHON], "help": "Ask me."})
    agent = plugin.create("helper", section, surroundings(tmp_path))
    assert agent.help == "Ask me."


def test_its_questions_are_questions(story) -> None:
    assert not [each for each in story.events if isinstance(each.body, QuestionAsked)]


# -- whom it runs as ------------------------------------------------------------------------------

WHO = r"""
read -r turn
cat /proc/$PPID/environ > /dev/null 2>&1 && seen=yes || seen=no
echo hi > "$BRIDGE_FOLDER/note.txt"
echo x > "$BRIDGE_FOLDER/../received/x" 2>/dev/null && wrote=yes || wrote=no
printf '{"type":"ended","text":"%s %s %s %s %s","attachments":[{"path":"note.txt"}]}\n' \
    "$(id -un)" "$(id -Gn)" "$HOME" "$seen" "$wrote"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can let a program run as someone else")
async def test_where_the_bridge_is_root_a_program_can_run_as_another_user(tmp_path, story) -> None:
    """It has none of root's rights or groups, and its own home; what it sends is sent."""
    nobody = pwd.getpwnam("nobody")
    agent = process(tmp_path, "/bin/sh", "-c", WHO, user="nobody")
    await story.answer(agent)
    group = grp.getgrgid(nobody.pw_gid).gr_name
    assert story.words() == [f"nobody {group} {nobody.pw_dir} no no"]
    assert story.files() == ["note.txt"]


def test_only_root_can_let_a_program_run_as_someone_else(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ConfigError, match="no user nosuchuser"):
        process(tmp_path, "true", user="nosuchuser")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ConfigError, match="runs as root"):
        process(tmp_path, "true", user="nobody")


async def test_a_program_may_write_a_byte_order_mark_and_an_empty_remark(tmp_path, story) -> None:
    body = r"""
hear()
sys.stdout.buffer.write(b'\xef\xbb\xbf{"type": "remark", "text": ""}\n')
sys.stdout.buffer.flush()
say('ended', text='fine', usage={'input_tokens': 10**20})
"""
    items = await story.answer(program(tmp_path, body))
    assert story.words() == ["fine"]
    assert items[-1].usage.input_tokens == 1_000_000_000


@pytest.mark.parametrize("said", ['{"type":"preview","text":"a"}', '{"type":"log","text":""}', ""])
async def test_a_crowd_of_small_lines_at_once_holds_nobody(tmp_path, story, said) -> None:
    """What lies in the pipe already is read without waiting, so others are let on in between."""
    said += "\n"
    body = f"hear(); sys.stdout.write({said!r} * 200_000); say('ended', text='done')"
    longest = 0.0

    async def others() -> None:
        nonlocal longest
        while True:
            before = thread_time()
            await asyncio.sleep(0)
            longest = max(longest, thread_time() - before)

    begun = thread_time()
    ticking = asyncio.create_task(others())
    try:
        async for _ in program(tmp_path, body).run(story.turn()):
            pass
    finally:
        ticking.cancel()
    assert longest < max(0.3, (thread_time() - begun) / 4)
