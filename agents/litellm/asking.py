"""What a model is asked with: the past as far as it fits, the files and tools that it takes.

It is made anew for each model and each attempt, from the log, from what the model is known to take,
and from what is left out of this attempt to find out what it does not take.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from agents.fitting import fitted, shortened, tokens, within, words
from agents.litellm.client import Abilities, abilities
from agents.litellm.config import ModelSection
from agents.litellm.failure import Trouble
from agents.litellm.files import cost, parts, picture_part, said_of, shown, taken, without_room
from agents.litellm.model_retries import Shown
from agents.litellm.openai_messages import Beside, Manner, Part, messages, offered
from agents.litellm.prompt import is_silence
from agents.litellm.refusals import Item, Offer, Trial
from agents.litellm.state import State
from agents.litellm.working_log import beside as beside_the_loop
from agents.transcript import NOTICE, Got, Line, Told, Wrote
from bridge.domain.content import Attachment
from bridge.domain.ids import CallId, MediaId

log = structlog.get_logger()

OUTPUT_RESERVE = 8000
"""Tokens that are kept free for the answer where the config does not say."""

TOOLS_SHARE, SYSTEM_SHARE, FILES_SHARE = 0.4, 0.5, 0.5
"""Of the window: what tools and instructions may take. Of what they leave: what files may take."""

NOT_TAKEN = "[Some of what was said before is left out here: this model's provider refuses it.]"
WORDS = "what was said before"


class Answering:
    """The request for the next answer of a run."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._trials: dict[str, Trial] = {}
        self.found: list[Item] = []
        self.last = state.models[0]

    async def made(self, section: ModelSection) -> Shown:
        state, trial = self._state, self._trial(section)
        lines = await state.page.laid_out(state.longest_result)
        able = await abilities(section)
        files = await self._files(lines, able)
        trial.offer = self._offer(section, lines, files, able)
        part = trial.less.room
        tools, system, room = _frame(state, section, able, trial.hidden, part=part)
        beside = self._beside(lines, files, able, trial.hidden, int(room * FILES_SHARE))
        room -= sum(cost(part) for part in beside.files.values())
        room -= sum(cost(part) for parts in beside.pictures.values() for part in parts)
        taken_out = partial(_without, lines, frozenset(trial.hidden))
        told = await beside_the_loop(len(lines), lambda: fitted(taken_out(), room))
        less, taken = trial.less, trial.taken
        manner = Manner(
            model=section.model,
            thoughts=taken.thoughts and not less.thoughts,
            blank=taken.blank or less.blank,
            plain=taken.plain or less.plain,
        )
        return Shown(messages=messages(system, told, beside, state.thoughts, manner), tools=tools)

    def less(self, section: ModelSection, trouble: Trouble) -> bool:
        self.last = section
        again = self._trial(section).refuse(trouble)
        if again:
            log.info(
                "model.asked_again", model=section.model, why=trouble.kind, text=trouble.reason
            )
        return again

    def taken(self, section: ModelSection) -> None:
        if found := self._trial(section).accept():
            names = sorted({each.name for each in found})
            log.warning("model.refuses", model=section.model, what=names, count=len(found))
            self.found += found

    def is_empty(self, text: str) -> bool:
        return is_silence(text) and self._state.page.owes_words()

    def notices(self) -> Sequence[str]:
        """Return what people are to be told of what was left out, once."""
        files = list(
            dict.fromkeys(each.name for each in self.found if each.name not in {"", WORDS})
        )
        told = [said_of_refused(name) for name in files if name not in self._state.tools.by_name]
        if any(each.name == WORDS for each in self.found):
            told.append(BEFORE_REFUSED)
        self.found.clear()
        return told

    # -- its parts

    def _trial(self, section: ModelSection) -> Trial:
        taken = self._state.kit.memory.of(section.model)
        return self._trials.setdefault(section.model, Trial(taken=taken))

    async def _files(self, lines: Sequence[Line], able: Abilities) -> Mapping[MediaId, Part]:
        state = self._state
        wanted = shown(lines, able)
        missing = [each for each in wanted if each.media not in state.files]
        state.files |= await parts(missing, state.turn.blobs)
        found = ((each, state.files.get(each.media)) for each in wanted)
        return {
            each.media: taken(each.name, part, able) for each, part in found if part is not None
        }

    def _offer(
        self,
        section: ModelSection,
        lines: Sequence[Line],
        files: Mapping[MediaId, Part],
        able: Abilities,
    ) -> Offer:
        state = self._state
        names, memory = _names(lines), state.kit.memory.of(section.model)
        beside = [
            Item(digest=media, name=names.get(media, ""))
            for media, part in files.items()
            if part["type"] != "text"
        ]
        pictures = state.pictures.values() if able.images else ()
        beside += [Item(digest=_digest(each.body), name="") for some in pictures for each in some]
        thoughts = state.thoughts.by_call.values()
        return Offer(
            files=beside,
            tools=[_item(each) for each in offered(state.tools.by_name.values())],
            thoughts=any(
                each.model == section.model and (each.words or each.blocks or each.extra)
                for each in thoughts
            ),
            calls=any(isinstance(line, Wrote) and line.calls for line in lines),
            before=lambda: _before(lines),
            rooms=lambda: _rooms(lines, able.context * memory.room),
        )

    def _beside(
        self,
        lines: Sequence[Line],
        files: Mapping[MediaId, Part],
        able: Abilities,
        hidden: Collection[str],
        room: int,
    ) -> Beside:
        """Return the files and pictures that are shown, the newest that have room."""
        names = _names(lines)
        pictures = self._pictures(able, hidden)
        room -= sum(cost(part) for parts in pictures.values() for part in parts)
        chosen: dict[MediaId, Part] = {}
        for number, (media, part) in enumerate(files.items()):
            name = names.get(media, "a file")
            share = room // (len(files) - number) if part["type"] == "text" else room
            chosen[media] = said_of(name) if media in hidden else _fit(name, part, share)
            room -= cost(chosen[media])
        return Beside(files=chosen, pictures=pictures)

    def _pictures(
        self, able: Abilities, hidden: Collection[str]
    ) -> Mapping[CallId, Sequence[Part]]:
        """Return the newest pictures that tools brought."""
        if not able.images:
            return {}
        found: dict[CallId, Sequence[Part]] = {}
        left = MOST_PICTURES
        for call, some in reversed(self._state.pictures.items()):
            able_to = [each for each in some if _digest(each.body) not in hidden][:left]
            left -= len(able_to)
            if able_to:
                found[call] = [picture_part(each) for each in able_to]
        return found


MOST_PICTURES = 4
"""Of tools, at once."""

BEFORE_REFUSED = (
    "The model's provider refuses something that was said before, so I answer without it: I no"
    " longer see all of what was said."
)


def said_of_refused(name: str) -> str:
    return f"I could not look at {name}: the model's provider does not take it."


async def room_for(state: State, section: ModelSection) -> int:
    """Return how many tokens the transcript may take, files included."""
    able = await abilities(section)
    hidden = state.kit.memory.of(section.model).refused.keys()
    return _frame(state, section, able, hidden)[2]


def _frame(
    state: State,
    section: ModelSection,
    able: Abilities,
    hidden: Collection[str],
    *,
    part: float = 1.0,
) -> tuple[Sequence[Mapping[str, Any]], str, int]:
    """Return the tools and instructions that a model is shown, and the room that they leave.

    `part` is how much of its window is used, of what turned out to be not too much.
    """
    window = int(able.context * state.kit.memory.of(section.model).room * part)
    every = offered(state.tools.by_name.values())
    taken = [each for each in every if _item(each).digest not in hidden]
    fits = within([tokens(json.dumps(each)) for each in taken], int(window * TOOLS_SHARE))
    tools = [each for each, has_room in zip(taken, fits, strict=True) if has_room]
    left_out = [_name(each) for each in every if each not in tools]
    system = shortened(state.system(left_out), int(window * SYSTEM_SHARE))
    reserve = min(section.max_output_tokens or OUTPUT_RESERVE, window // 4)
    left = window - reserve - tokens(json.dumps(tools)) - tokens(system)
    return tools, system, max(left, window // 8)


def _fit(name: str, part: Part, room: int) -> Part:
    """Return a file that has room; of a text, as much as has; else what says that it has none."""
    if cost(part) <= room:
        return part
    if part["type"] == "text" and room > LEAST_OF_A_TEXT:
        return {"type": "text", "text": shortened(part["text"], room - LEAST_OF_A_TEXT // 2)}
    return without_room(name)


LEAST_OF_A_TEXT = 100
"""Tokens; less of a file is not worth showing."""


LITTLE = 2000
"""Tokens; no model that answers at all finds so few too many."""

PARTS = (1 / 4, 1 / 16, 1 / 64)


def _rooms(lines: Sequence[Line], window: float) -> Sequence[float]:
    """Return the parts of a window in which less of these lines is shown than now."""
    told = words(lines)
    return [each for each in PARTS if told > LITTLE and each * window < told]


# -- what is left out -----------------------------------------------------------------------------


def _before(lines: Sequence[Line]) -> Sequence[Sequence[Item]]:
    """Return what was said before the newest message: what has no answer yet, then all of it."""
    newest = next(
        (
            number
            for number in range(len(lines) - 1, -1, -1)
            if isinstance(line := lines[number], Told) and not line.text.startswith(NOTICE)
        ),
        0,
    )
    older = lines[:newest]
    answered = max((n for n, line in enumerate(older) if not isinstance(line, Told)), default=-1)
    return [
        [Item(digest=_line(line), name=WORDS) for line in some if not _is_notice(line)]
        for some in (older[answered + 1 :], older)
    ]


def _is_notice(line: Line) -> bool:
    return isinstance(line, Told) and line.text.startswith(NOTICE)


def _without(lines: Sequence[Line], hidden: Collection[str]) -> Sequence[Line]:
    if not any(each.startswith(LINE_MARK) for each in hidden):
        return lines
    kept = [line for line in lines if _line(line) not in hidden]
    return kept if len(kept) == len(lines) else [Told(text=NOT_TAKEN), *kept]


LINE_MARK = "line:"


def _line(line: Line) -> str:
    """Return the digest of a line; a result has that of its call, so that both stay together."""
    match line:
        case Told(text=text):
            return LINE_MARK + _digest(text.encode(errors="replace"))
        case Wrote(calls=()):
            return LINE_MARK + _digest(line.text.encode(errors="replace"))
        case Wrote(calls=calls):
            return LINE_MARK + calls[0].call
        case Got(call=call):
            return LINE_MARK + call


def _names(lines: Sequence[Line]) -> Mapping[MediaId, str]:
    files: list[Attachment] = [
        each for line in lines if isinstance(line, Told) for each in line.files
    ]
    return {each.media: each.name for each in files}


def _item(tool: Mapping[str, Any]) -> Item:
    written = json.dumps(tool, sort_keys=True, default=str)
    return Item(digest=_digest(written.encode(errors="replace")), name=_name(tool))


def _name(tool: Mapping[str, Any]) -> str:
    return str(tool["function"]["name"])


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
