"""The tools every agent has: asking people, telling them something now, and remembering.

They work on what the run knows (`Here`) and do nothing by themselves: what is to be said or kept
comes back in `Done` and goes the way of everything a run says.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.speaker_labels import plain
from agents.tools.approval import question_of
from agents.tools.background import BACKGROUND, Underway
from agents.tools.schedules import SCHEDULES, Planned
from agents.tools.schema import read, schema_of
from agents.tools.tool import Done, Tool, ToolCall, ToolError
from bridge.delivery.call_display import visible
from bridge.domain.content import Content, Option
from bridge.domain.events import Role
from bridge.domain.ids import NoteId, ParticipantId, mint
from bridge.domain.run_output import Asking
from bridge.ports.agent import Noting, Pushing

LONGEST_NOTE = 2000
"""Characters."""

MOST_NOTES = 200
MOST_OPTIONS = 10
LONGEST_LABEL = 200
LONGEST_NAMED, MOST_NAMED = 200, 100
"""Characters of a name, and names, by which a call says whom it means."""

LONGEST_SEARCH = 500
OWNER = "owner"
YES, NO = "yes", "no"
OUTSIDE = "kept after something from outside was read"
"""What stands with a note that may say what a stranger wanted it to."""

NAMES = frozenset({"ask_human", "push", "remember", "recall"}) | SCHEDULES | BACKGROUND
"""Of the tools of every agent: they bring nothing from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A fact that was kept; see `NoteKept` for where it came from."""

    note: NoteId
    text: str
    about: ParticipantId | None = None
    by: ParticipantId | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What the tools of one run work on. `people` are the participants, by name and role.

    `outside`: the run has read what comes from nobody here. Then nothing is remembered unasked, for
    a page could have it remember anything, for good.
    """

    now: datetime
    people: Mapping[ParticipantId, tuple[str, Role]]
    notes: tuple[Note, ...] = ()
    outside: bool = False
    planned: Planned = field(default_factory=Planned)
    underway: Underway = field(default_factory=Underway)

    def named(self, names: Sequence[str]) -> tuple[ParticipantId, ...]:
        """Return who is meant: by name, or as "owner" every owner, whatever others call themselves.

        Raises `ToolError` for a name that nobody here bears, or that more than one does.
        """
        return tuple(dict.fromkeys(who for name in names for who in self._meant(name)))

    def _meant(self, name: str) -> Sequence[ParticipantId]:
        wanted = name.strip().casefold()
        if wanted == OWNER:
            meant = [who for who, (_, role) in self.people.items() if role == OWNER]
        else:
            meant = [who for who, (called, _) in self.people.items() if called.casefold() == wanted]
        if wanted != OWNER and len(meant) > 1:
            raise ToolError(f"more than one person here is called {name!r}")
        if not meant:
            known = ", ".join(sorted(called for called, _ in self.people.values()))
            raise ToolError(f"nobody here is called {name!r}; here are: {known}")
        return meant


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


Names = Annotated[
    list[Annotated[str, Field(max_length=LONGEST_NAMED)]],
    Field(
        max_length=MOST_NAMED,
        description='Whom: names of participants, or "owner". Leave it out for everyone.',
    ),
]


class _AskHuman(_Arguments):
    question: Annotated[str, Field(min_length=1, description="What to ask, in Markdown.")]
    kind: Annotated[
        Literal["approval", "choice", "open"],
        Field(description="approval: yes or no. choice: one of `options`. open: free text."),
    ] = "open"
    options: Annotated[
        list[Annotated[str, Field(max_length=LONGEST_LABEL)]], Field(max_length=MOST_OPTIONS)
    ] = []
    to: Names = []
    hours: Annotated[
        float | None,
        Field(gt=0, le=24 * 90, description="How long to wait; for ever if left out."),
    ] = None


class _Push(_Arguments):
    text: Annotated[str, Field(min_length=1, description="What to say, in Markdown.")]
    to: Names = []


class _Remember(_Arguments):
    text: Annotated[str, Field(max_length=LONGEST_NOTE, description="The fact, in a sentence.")] = (
        ""
    )
    about: Annotated[
        str,
        Field(
            max_length=LONGEST_NAMED, description="Whom it is about; of the session if left out."
        ),
    ] = ""
    replaces: Annotated[
        str, Field(description="The id of a note this one replaces; with no text, forgets it.")
    ] = ""


class _Recall(_Arguments):
    words: Annotated[
        str,
        Field(max_length=LONGEST_SEARCH, description="Words to look for; every note if left out."),
    ] = ""


def builtin_tools(here: Here) -> tuple[Tool, ...]:
    async def ask_human(call: ToolCall) -> Done:
        return Done(question=_asking(here, call, read(_AskHuman, call)))

    async def push(call: ToolCall) -> Done:
        wanted = read(_Push, call)
        to = here.named(wanted.to)
        return Done(text="Said.", said=(Pushing(content=Content(text=wanted.text), to=to),))

    async def remember(call: ToolCall) -> Done:
        return _remembered(here, read(_Remember, call))

    async def recall(call: ToolCall) -> Done:
        return Done(text=_recalled(here, read(_Recall, call).words))

    return (
        _tool("ask_human", ASK_HUMAN, _AskHuman, ask_human),
        _tool("push", PUSH, _Push, push),
        _tool("remember", REMEMBER, _Remember, remember, read_only=not here.outside),
        _tool("recall", RECALL, _Recall, recall),
    )


ASK_HUMAN = (
    "Ask people a question and wait for the answer, for days if need be. Use it when you cannot go "
    "on without a decision or a fact that only they have. Do not use it to ask whether you may "
    "use another tool: that is asked for you."
)
PUSH = (
    "Say something to people right now, beside your answer, so that their phones ring: a warning, "
    "or a result they wait for. Your answer itself needs no push."
)
REMEMBER = "Keep a small fact for good: a preference, a decision, a name. You will see it again."
RECALL = "Look through the facts you have kept."


def _tool(
    name: str, description: str, arguments: type[BaseModel], run: Any, *, read_only: bool = True
) -> Tool:
    # They touch nothing but the session itself, so by default nobody is asked first.
    return Tool(
        name=name,
        description=description,
        schema=schema_of(arguments),
        run=run,
        read_only=read_only,
    )


# -- asking ---------------------------------------------------------------------------------------


def _asking(here: Here, call: ToolCall, wanted: _AskHuman) -> Asking:
    hours = wanted.hours
    return Asking(
        question=question_of(call.call),
        kind=wanted.kind,
        text=wanted.question,
        options=_options(wanted),
        to=here.named(wanted.to),
        expires_at=here.now + timedelta(hours=hours) if hours else None,
    )


def _options(wanted: _AskHuman) -> tuple[Option, ...]:
    match wanted.kind:
        case "approval":
            return (Option(id=YES, label="Yes"), Option(id=NO, label="No"))
        case "choice" if not wanted.options:
            raise ToolError("a choice needs options")
        case "choice":
            return tuple(
                Option(id=f"o{number}", label=label)
                for number, label in enumerate(wanted.options, start=1)
            )
        case "open":
            return ()


# -- remembering ----------------------------------------------------------------------------------


def _remembered(here: Here, wanted: _Remember) -> Done:
    about = here.named([wanted.about])[0] if wanted.about else None
    known = {note.note for note in here.notes}
    if wanted.replaces and wanted.replaces not in known:
        raise ToolError(f"there is no note {wanted.replaces}")
    if not wanted.replaces and not wanted.text.strip():
        raise ToolError("there is nothing to remember")
    if not wanted.replaces and len(known) >= MOST_NOTES:
        raise ToolError(f"there are {MOST_NOTES} notes already; replace or forget some")
    note = NoteId(wanted.replaces or mint("n"))
    text = "Remembered." if wanted.text.strip() else "Forgotten."
    kept = Noting(note=note, text=wanted.text, about=about, outside=here.outside)
    return Done(text=f"{text} ({note})", said=(kept,))


def _recalled(here: Here, words: str) -> str:
    wanted = set(words.lower().split())
    lines = [line for note in here.notes if _has(line := told(note, here), wanted)]
    return "\n".join(lines) or "Nothing of that is kept."


def _has(line: str, words: Collection[str]) -> bool:
    low = line.lower()
    return not words or any(word in low for word in words)


def told(note: Note, here: Here) -> str:
    """Return a note as the model reads it: quoted, on one line, with where it came from."""
    about = here.people.get(note.about) if note.about else None
    by = here.people.get(note.by) if note.by else None
    source = [note.note, *([f"kept for {plain(by[0])}"] if by else [])]
    source += [OUTSIDE] if note.outside else []
    quoted = json.dumps(visible(note.text), ensure_ascii=False)
    return f"- {f'{plain(about[0])}: ' if about else ''}{quoted} ({', '.join(source)})"
