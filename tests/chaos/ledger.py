"""What was said, what is in the log, what the places show: held against each other. Pure.

The rules:

- Each word that a platform accepted is in the log exactly once, in the place where it was said.
- Each word that was meant for the agent is answered exactly once in the log, or given up; a notice
  that gives up names the words it gives up.
- Whatever is said in a session is shown in each place that follows it (a word not where it was
  said): by itself, or by a recap that covers it. A second copy is marked as what it may be.
- A tool's work is done once.
- The logs have no gaps, no run is open, no lane has anything left to do.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

TOKEN = re.compile(r"\b([waq])(\d{5})\b")
MARK = re.compile(r"\(may be a repeat\)")
RECAP = re.compile(r"While you were away")
MISSING = re.compile(r"may be missing here\. It begins:|may be out of date\. It should now begin:")
"""The line that tells of a message whose every attempt stayed without an answer: it quotes it."""
NOTICE = re.compile(r"could not answer|gave up|given up|giving up|/retry|cut off")

Kind = Literal["word", "answer", "card", "notice"]
LETTERS: Mapping[str, Kind] = {"w": "word", "a": "answer", "q": "card"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Something that a person wrote and the platform took. `wants`: it was meant for the agent."""

    number: int
    place: str
    wants: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event of a log that people are shown. `place`: where it was said, if it was in a place."""

    session: str
    seq: int
    kind: Kind
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A session's log: its `head`, the numbers that are there, and whether a run is open."""

    session: str
    head: int
    seqs: Sequence[int]
    open_run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recap:
    """The bridge says that a place was shown one message for these events."""

    first: int
    upto: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of the bridge that stands in a place. `before`: what it said before edits."""

    text: str
    before: Sequence[str] = ()

    @property
    def marked(self) -> bool:
        return any(MARK.search(each) for each in (self.text, *self.before))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place, the session it follows since `since`, what it shows and what is said of it.

    `left`: what its lane has still to do. `said`: what the receipt of an event says, for reports.
    """

    name: str
    session: str
    since: int = 0
    room: bool = False
    messages: Sequence[Message] = ()
    recaps: Sequence[Recap] = ()
    left: str = ""
    said: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything there is to be judged. `effects`: the calls whose work was done, in order."""

    words: Sequence[Word]
    entries: Sequence[Entry]
    logs: Sequence[Log]
    places: Sequence[Place]
    effects: Sequence[str] = ()


@dataclass(slots=True, kw_only=True)
class Verdict:
    """`counts` is for the table; `faults` are the broken invariants, each in a sentence."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, name: str, words: str, times: int = 1) -> None:
        self.counts[name] += times
        self.faults.append(f"{name}: {words}")


COUNTS = (
    "written", "heard", "heard twice", "not heard",
    "answered", "answered twice", "given up", "given up unnamed", "not answered",
    "due", "shown", "summed up", "told of", "marked repeats", "doubled", "lost",
    "effects", "effects twice", "gaps", "open runs", "lanes not empty",
)  # fmt: skip
BROKEN = frozenset(
    {
        "heard twice", "not heard", "answered twice", "given up unnamed", "not answered",
        "doubled", "lost", "effects twice", "gaps", "open runs", "lanes not empty",
    }
)  # fmt: skip
"""The counts that have to be 0."""


def judge(seen: Seen) -> Verdict:
    verdict = Verdict(counts=Counter(dict.fromkeys(COUNTS, 0)))
    _logs(seen.logs, verdict)
    _hearing(seen, verdict)
    _answering(seen, verdict)
    for place in seen.places:
        _showing(place, [each for each in seen.entries if each.session == place.session], verdict)
        if place.left:
            verdict.fault("lanes not empty", f"{place.name}: {place.left}")
    _effects(seen.effects, verdict)
    return verdict


def tokens(text: str, kind: Kind) -> list[int]:
    """Return the numbers of the words, answers or cards that a text holds."""
    return [int(number) for letter, number in TOKEN.findall(text) if LETTERS[letter] == kind]


# -- the log --------------------------------------------------------------------------------------


def _logs(logs: Sequence[Log], verdict: Verdict) -> None:
    for log in logs:
        if list(log.seqs) != list(range(1, log.head + 1)):
            missing = sorted(set(range(1, log.head + 1)) - set(log.seqs))
            verdict.fault("gaps", f"{log.session} up to {log.head}: {missing[:5]} missing")
        if log.open_run:
            verdict.fault("open runs", f"{log.session}: {log.open_run}")


def _hearing(seen: Seen, verdict: Verdict) -> None:
    heard: dict[int, list[Entry]] = defaultdict(list)
    for entry in seen.entries:
        if entry.kind == "word":
            for number in tokens(entry.text, "word"):
                heard[number].append(entry)
    for word in seen.words:
        verdict.counts["written"] += 1
        found = heard.get(word.number, [])
        there = [each for each in found if each.place == word.place]
        if len(found) > 1:
            where = [f"{each.session}#{each.seq}" for each in found]
            verdict.fault("heard twice", f"w{word.number:05} in {word.place}: {where}")
        if there:
            verdict.counts["heard"] += 1
        else:
            elsewhere = f", but in {found[0].place}" if found else ""
            verdict.fault("not heard", f"w{word.number:05} in {word.place}{elsewhere}")


def _answering(seen: Seen, verdict: Verdict) -> None:
    told = _Told(seen.entries)
    for number, times in told.answered.items():
        if times > 1:
            verdict.fault("answered twice", f"a{number:05}, {times} times", times - 1)
    for word in seen.words:
        entry = told.heard.get(word.number)
        if not word.wants or entry is None:
            continue
        where = f"w{word.number:05}, {entry.session}#{entry.seq}"
        if told.answered[word.number]:
            verdict.counts["answered"] += 1
        elif word.number in told.named:
            verdict.counts["given up"] += 1
        elif told.gave_up.get(entry.session, 0) > entry.seq:
            verdict.fault("given up unnamed", where)
        else:
            verdict.fault("not answered", where)


class _Told:
    """What became of each word. `gave_up`: the last notice of a session; `named`: in a notice."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.answered: Counter[int] = Counter()
        self.named: set[int] = set()
        self.gave_up: dict[str, int] = {}
        self.heard: dict[int, Entry] = {}
        for entry in entries:
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        match entry.kind:
            case "answer":
                self.answered.update(set(tokens(entry.text, "answer")))
            case "notice":
                self.named |= set(tokens(entry.text, "word"))
                self.gave_up[entry.session] = entry.seq
            case "word":
                self.heard |= dict.fromkeys(tokens(entry.text, "word"), entry)
            case "card":
                pass


def _effects(effects: Sequence[str], verdict: Verdict) -> None:
    for call, times in Counter(effects).items():
        verdict.counts["effects"] += 1
        if times > 1:
            verdict.fault("effects twice", f"{call}, {times} times", times - 1)


# -- the places -----------------------------------------------------------------------------------


def _showing(place: Place, entries: Sequence[Entry], verdict: Verdict) -> None:
    """Count the copies of everything that this place has to show."""
    plain, marked = _copies(place.messages)
    told = _told(place.messages)
    recaps = sum(bool(RECAP.search(each.text)) for each in place.messages)
    unmarked = sum(bool(RECAP.search(each.text)) and not each.marked for each in place.messages)
    if recaps < len(place.recaps):
        missing = len(place.recaps) - recaps
        verdict.fault("lost", f"{place.name}: {missing} of {len(place.recaps)} recaps", missing)
    if unmarked > len(place.recaps):
        more = unmarked - len(place.recaps)
        verdict.fault("doubled", f"{place.name}: {more} recaps that no receipt knows", more)
    for entry, what in _due(place, entries):
        verdict.counts["due"] += 1
        verdict.counts["marked repeats"] += marked[what]
        if plain[what] > 1:
            words = f"{_name(what)} {plain[what]} times in {place.name}"
            verdict.fault("doubled", words, plain[what] - 1)
        if plain[what] + marked[what]:
            verdict.counts["shown"] += 1
        elif any(each.first <= entry.seq <= each.upto for each in place.recaps):
            verdict.counts["summed up"] += 1
        elif what in told:
            verdict.counts["told of"] += 1
        else:
            receipt = place.said.get(entry.seq, "no receipt")
            where = f"{entry.session}#{entry.seq}"
            verdict.fault("lost", f"{_name(what)} in {place.name} ({where}: {receipt})")


What = tuple[Kind, int]


def _copies(messages: Sequence[Message]) -> tuple[Counter[What], Counter[What]]:
    plain: Counter[What] = Counter()
    marked: Counter[What] = Counter()
    for message in messages:
        if any(each.search(message.text) for each in (RECAP, NOTICE, MISSING)):
            continue
        (marked if message.marked else plain).update(_named(message))
    return plain, marked


def _named(message: Message) -> set[What]:
    return {(LETTERS[letter], int(number)) for letter, number in TOKEN.findall(message.text)}


def _told(messages: Sequence[Message]) -> set[What]:
    """Return what lines say may be missing here."""
    lines = [each for each in messages if MISSING.search(each.text)]
    return {what for each in lines for what in _named(each)}


def _due(place: Place, entries: Sequence[Entry]) -> Iterator[tuple[Entry, What]]:
    """Yield what this place has to show, once each."""
    known: set[What] = set()
    for entry in entries:
        if entry.kind == "notice" or entry.seq <= place.since:
            continue
        if entry.kind == "word" and entry.place == place.name:
            continue
        for number in tokens(entry.text, entry.kind):
            what = (entry.kind, number)
            if what not in known:
                known.add(what)
                yield entry, what


def _name(what: What) -> str:
    kind, number = what
    return f"the {kind} {number:05}"
