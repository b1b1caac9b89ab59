"""What new replies are about that was said before what was read of the log: it is looked up.

Few replies reach so far back. What became of such a message since, an edit or a deletion, lies
anywhere between it and what was read; so many pages are read through as are bounded here. Of a
question only the words are taken, unless it is sure to be open still.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence

from agents.log_index import LogIndex, is_undone, stand
from bridge.domain.content import Content
from bridge.domain.events import (
    Event,
    ExchangeUndone,
    MessageReceived,
    QuestionAsked,
    QuestionClosed,
)
from bridge.domain.ids import START, Seq
from bridge.ports.agent import Turn

MOST = 20
"""Messages that new replies are about; of more the newest replies count."""

MOST_PAGES = 20
"""Pages of the log that are read for them, at most."""


async def recall(turn: Turn, index: LogIndex, log: Sequence[Event], *, base: Seq) -> list[Event]:
    """Let the index know what the replies past its position are about; return those messages.

    It has read what is past `base`, and of what came before at most single events.
    """
    targets = _targets(index, log, base)
    if not targets:
        return []
    between, known_since = await _between(turn, targets, base)
    said = [each for each in between if each.seq in targets]
    over = {each.body.asked for each in between if isinstance(each.body, QuestionClosed)}
    for event in said:
        body = event.body
        if isinstance(body, QuestionAsked) and (event.seq < known_since or event.seq in over):
            index.told[event.seq] = Content(text=body.text)  # no call of it is made once more
        else:
            index.take([event])
    index.take(each for each in between if isinstance(each.body, ExchangeUndone))
    for event in [*between, *log]:
        if event.seq not in targets and _target(event) in targets:
            stand(index.words, event)
    return said


async def _between(turn: Turn, targets: Collection[Seq], base: Seq) -> tuple[Sequence[Event], Seq]:
    """Return the targets with what became of them, and from where on nothing was left unread."""
    found: list[Event] = []
    after = since = START
    for target in sorted(targets):
        if target - 1 > after:
            after, since = target - 1, target
        for _ in range(MOST_PAGES // len(targets)):
            if after >= base or not (page := await turn.past(after=after, upto=base)):
                break
            found += [each for each in page if _matters(each, targets)]
            after = page[-1].seq
    return found, since if after >= base else base + 1


def _matters(event: Event, targets: Collection[Seq]) -> bool:
    is_about = event.seq in targets or _target(event) in targets
    return is_about or isinstance(event.body, ExchangeUndone)


def _targets(index: LogIndex, log: Sequence[Event], base: Seq) -> frozenset[Seq]:
    new = log[bisect_right(log, index.position, key=lambda event: event.seq) :]
    about = [
        each.body.reply_to
        for each in new
        if isinstance(each.body, MessageReceived) and each.body.quote is None
    ]
    older = [
        each
        for each in about
        if each is not None and START < each <= base and not is_undone(index, each)
    ]
    return frozenset([each for each in older if index.said(each) is None][-MOST:])


def _target(event: Event) -> Seq | None:
    """Return which message an event changes, or which question it ends, if it does."""
    if isinstance(event.body, QuestionClosed):
        return event.body.asked
    return getattr(event.body, "target", None)
