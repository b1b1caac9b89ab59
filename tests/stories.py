"""Stories for the properties of delivery: what happens in a session and to a lane of it."""

from contextlib import suppress
from dataclasses import replace

from hypothesis import strategies as st

from bridge.domain.content import Content, Option
from bridge.domain.events import (
    MessageComposed,
    MessageDeleted,
    MessageReceived,
    Pushed,
    QuestionAsked,
    QuestionClosed,
    RunFinished,
    RunStarted,
    Source,
)
from bridge.domain.ids import ConversationId, QuestionId, RunId
from bridge.domain.parts import Capabilities
from tests.lane import Died, Lane, numbered
from tests.playbook import ADA, ROOM, seconds

YES = Option(id="y", label="Yes")
SHORT, LONG = 3, 60
SMALL = 40 + len("Ada · Slack") + 30
"""A limit that cuts a long text in many pieces, whatever stands around it."""


class Story:
    """What happens in a session, in events whose texts are numbered words."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.lane = Lane(capabilities=replace(capabilities, max_chars=SMALL))
        self.expected: dict[int, list[str]] = {}
        self.runs = 0
        self.changed_limits = False

    def tell(self, deed: str, size: int) -> None:
        getattr(self, deed)(size)

    # -- people

    def heard(self, size: int) -> None:
        self._say(self._received(ROOM), size)

    def here(self, size: int) -> None:
        words = numbered(self.lane.session.head + 1, size)
        self.lane.said_here(self._received(self.lane.conversation)(Content(text=words)))

    def overheard(self, size: int) -> None:
        text = Content(text=numbered(self.lane.session.head + 1, size))
        self.lane.append(
            MessageReceived(participant=ADA, conversation=ROOM, content=text, addressed=False)
        )

    def flood(self, size: int) -> None:
        for _ in range(size + 10):
            self.heard(SHORT)

    def pushed(self, size: int) -> None:
        self._say(lambda text: Pushed(source=Source(kind="api"), content=text), size)

    def deleted(self, size: int) -> None:
        """Someone takes back what they said first, where places can follow."""
        if self.expected and self.lane.capabilities.resolves:
            target = min(self.expected)
            if isinstance(self.lane.events[target - 1].body, MessageReceived):
                self.lane.append(MessageDeleted(participant=ADA, target=target))
                del self.expected[target]

    # -- the agent

    def begin(self, size: int) -> None:
        if self.lane.session.open_run is None:
            self.runs += 1
            upto = self.lane.session.head
            self.lane.append(RunStarted(run=self.run, agent="echo", upto=upto, node="n"))

    def preview(self, size: int) -> None:
        self.lane.deeds_left = size if size < LONG else None
        with suppress(Died):
            self.lane.preview("hm")
        self.lane.deeds_left = None

    def interim(self, size: int) -> None:
        self._compose(size, "interim")

    def notice(self, size: int) -> None:
        self._compose(size, "notice")

    def final(self, size: int) -> None:
        if self.lane.session.open_run is not None:
            self._compose(size, "final")
            self._finish("completed")

    def asked(self, size: int) -> None:
        if self.lane.session.open_run is not None:
            question = QuestionId(f"q_{self.runs}")
            self._say(
                lambda text: QuestionAsked(
                    question=question, run=self.run, kind="choice", text=text.text, options=(YES,)
                ),
                size or SHORT,
            )
            self._finish("paused")

    def closed(self, size: int) -> None:
        for question, each in list(self.lane.session.questions.items())[:1]:
            self.lane.append(
                QuestionClosed(question=question, asked=each.asked, outcome="answered", answer="y")
            )

    def failed(self, size: int) -> None:
        self._finish("failed")

    def silent(self, size: int) -> None:
        self._finish("silent")

    # -- the courier

    def delivers(self, size: int) -> None:
        self.lane.settle()

    def dies(self, size: int) -> None:
        self.lane.settle(deeds=size)

    def loses(self, size: int) -> None:
        self.lane.fates.append("lost")

    def hears_nothing(self, size: int) -> None:
        self.lane.fates.append("late")

    def is_refused(self, size: int) -> None:
        self.lane.fates.append("refused")

    def waits(self, size: int) -> None:
        self.lane.now += seconds(size)

    def limits(self, size: int) -> None:
        self.changed_limits = True
        room = SMALL + size
        self.lane.capabilities = replace(self.lane.capabilities, max_chars=room)

    # -- in the end

    def end(self) -> None:
        self.begin(0)
        self._finish("silent")
        self.lane.settle()

    @property
    def run(self) -> RunId:
        return RunId(f"r_{self.runs}")

    def _received(self, conversation: ConversationId):
        return lambda content: MessageReceived(
            participant=ADA, conversation=conversation, content=content
        )

    def _compose(self, size: int, kind: str) -> None:
        if self.lane.session.open_run is not None:
            self._say(
                lambda text: MessageComposed(run=self.run, agent="echo", content=text, kind=kind),
                size,
            )

    def _finish(self, outcome: str) -> None:
        if self.lane.session.open_run is not None:
            failed = outcome == "failed"
            upto = self.lane.session.position if failed else self.lane.session.head
            self.lane.append(RunFinished(run=self.run, outcome=outcome, upto=upto))

    def _say(self, body, size: int) -> None:
        text = numbered(self.lane.session.head + 1, size)
        seq = self.lane.append(body(Content(text=text)))
        self.expected[seq] = text.split()


TELLING = ["heard", "here", "overheard", "pushed", "deleted", "interim", "notice", "final"]
WORKING = ["begin", "preview", "asked", "closed", "failed", "silent"]
DELIVERING = ["delivers", "dies", "loses", "hears_nothing", "is_refused", "waits", "limits"]
DEEDS = st.one_of(
    st.tuples(st.sampled_from(TELLING), st.sampled_from([SHORT, LONG])),
    st.tuples(st.sampled_from(WORKING), st.sampled_from([0, 1, 2, SHORT, LONG])),
    st.tuples(st.sampled_from(DELIVERING), st.integers(0, 25)),
)
STORIES = st.lists(DEEDS, max_size=25)
FLOODS = st.lists(st.one_of(st.tuples(st.just("flood"), st.integers(0, 20)), DEEDS), max_size=25)


def told(capabilities: Capabilities, deeds, *, at_most: int = 18) -> Story:
    """Tell a story to its end; `at_most` messages are too few for a recap unless it says more."""
    story = Story(capabilities)
    for deed, size in deeds:
        story.tell(deed, size)
        if len(story.expected) > at_most:
            break
    story.end()
    return story
