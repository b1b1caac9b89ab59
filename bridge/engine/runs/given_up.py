"""What a run was to answer, in words: to name it where it is given up, and to ask it once more.

The fold knows which events those are, and holds no words; so they are read here, as they stand now:
edited, or not at all. `/retry` asks again what people said, with what that was about, what a
schedule asked, and for what was to follow an answer.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar, assert_type

from bridge import texts
from bridge.delivery.part_splitter import quoted
from bridge.delivery.rendering import brought_by
from bridge.domain.commands import AbandonRun, AskedAgain, FailRun
from bridge.domain.content import LONGEST_QUOTE, Content, Quote
from bridge.domain.events import (
    Event,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    OutsideEvent,
    PushClosed,
    Pushed,
    QuestionClosed,
    SilentEvent,
    Transcribed,
    Triggered,
)
from bridge.domain.ids import START, ParticipantId, Seq, SessionId
from bridge.domain.records import replace
from bridge.engine.names import DisplayNames
from bridge.ports.store import Log
from bridge.session import visible
from bridge.session.decide_runs import gives_up
from bridge.session.fold import Session, unread_upto

PAGE = 1000
Failing = TypeVar("Failing", FailRun, AbandonRun)


_NotQuoted = (
    MessageEdited
    | MessageDeleted
    | Pushed  # to somebody alone
    | PushClosed
    | Triggered
    | SilentEvent
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was to be answered, as it stands now; `who` is None where nobody said it."""

    who: ParticipantId | None
    content: Content
    quote: Quote | None = None
    reply_to: Seq | None = None
    first: Seq | None = None
    """Where it was said the first time, if it was asked again since."""


class GivenUp:
    def __init__(self, log: Log, names: DisplayNames) -> None:
        self._log = log
        self._names = names

    async def naming(self, session: Session, ending: Failing) -> Failing:
        """Return the end of a run with what it was to answer, if that is given up."""
        if not gives_up(session, ending):
            return ending
        return replace(ending, unread=await self.named(session))

    async def named(self, session: Session) -> str:
        """Name what the open run was to answer: whose the first of it is, and how it begins."""
        run = session.open_run
        seqs = unread_upto(session, run.upto) if run is not None else ()
        standing = await self._standing(session.id, seqs)
        earliest = min((each.first or seq for seq, each in standing.items()), default=START)
        if earliest <= visible.hidden_from_some(session):
            return ""  # everybody reads the notice
        first = next(iter(standing.values()))
        name = await self._called(session, first.who) if first.who is not None else texts.NOBODY
        words = first.content.text or ", ".join(each.name for each in first.content.attachments)
        return texts.unread(name, quoted(words), len(standing) - 1)

    async def said(self, session: Session) -> tuple[AskedAgain, ...]:
        """Return what was given up in this session and is to be asked once more."""
        standing = await self._standing(session.id, session.given_up)
        return tuple(
            [
                AskedAgain(
                    seq=seq,
                    content=said.content,
                    first=said.first,
                    quote=await self._about(session, said),
                )
                for seq, said in standing.items()
            ]
        )

    async def _called(self, session: Session, who: ParticipantId) -> str:
        return (await self._names.in_session(session, [who]))[who]

    async def _about(self, session: Session, said: Said) -> Quote | None:
        """Return what something was about: who asks again replies to the words given up.

        Anybody may name any event as what they reply to, and everybody reads the quote.
        """
        if said.quote is not None or said.reply_to is None:
            return said.quote
        if said.reply_to <= visible.hidden_from_some(session):
            return None
        for event in await self._log.read(session.id, after=said.reply_to - 1, limit=1):
            match event.body:
                case MessageReceived(participant=who):
                    standing = await self._standing(session.id, {event.seq})
                    name = await self._called(session, who)
                    return next((_quote(name, now.content) for now in standing.values()), None)
                case MessageComposed(agent=author, content=content):
                    return _quote(author, content)
                case Pushed(source=source, content=content, to=()):
                    return _quote(brought_by(source) or source.name or texts.SOMEONE, content)
                case rest:
                    assert_type(rest, _NotQuoted)
                    return None
        return None

    async def _standing(self, session: SessionId, seqs: Collection[Seq]) -> Mapping[Seq, Said]:
        said: dict[Seq, Said] = {}
        after = min(seqs, default=0) - 1
        while seqs:
            page = await self._log.read(session, after=after, limit=PAGE)
            for event in page:
                _stand(said, event, seqs)
            if len(page) < PAGE:
                break
            after = page[-1].seq
        return said


_SaysNothingGivenUp = (
    MessageReceived  # but for those given up, and what became of them
    | MessageEdited
    | MessageComposed
    | OutsideEvent
    | SilentEvent
)


def _stand(said: dict[Seq, Said], event: Event, seqs: Collection[Seq]) -> None:
    match event.body:
        case MessageReceived() as heard if event.seq in seqs:
            said[event.seq] = Said(
                who=heard.participant,
                content=heard.content,
                quote=heard.quote,
                reply_to=heard.reply_to if heard.again is None else None,
                first=heard.reply_to if heard.again is not None else None,
            )
        case Triggered(prompt=prompt, source=source) if event.seq in seqs:
            asked = Content(text=prompt, outside=source.is_outside)
            said[event.seq] = Said(who=None, content=asked)
        case QuestionClosed(by=by) if event.seq in seqs:
            said[event.seq] = Said(who=by, content=Content(text=texts.GO_ON))
        case MessageEdited(target=target, content=content) if target in said:
            said[target] = replace(said[target], content=content)
        case MessageDeleted(target=target):
            said.pop(target, None)
        case Transcribed(target=target, text=text) if target in said:
            known = said[target].content
            words = f"{known.text}\n\n{text}".strip()
            said[target] = replace(said[target], content=replace(known, text=words))
        case rest:
            assert_type(rest, _SaysNothingGivenUp)


def _quote(author: str, content: Content) -> Quote:
    words = content.text.strip() or ", ".join(each.name for each in content.attachments)
    return Quote(author=author, text=words[:LONGEST_QUOTE])
