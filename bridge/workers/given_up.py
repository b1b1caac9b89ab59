"""What a run was to answer, in words: to name it where it is given up, and to ask it once more.

The fold knows which events those are, and holds no words; so they are read here, as they stand now:
edited, or not at all. `/retry` asks again what people said, what a schedule asked, and for what was
to follow an answer.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from bridge import texts
from bridge.content import Content
from bridge.cutting import quoted
from bridge.events import (
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    QuestionClosed,
    Transcribed,
    Triggered,
)
from bridge.ids import ParticipantId, Seq, SessionId
from bridge.ports import Log
from bridge.session import Session, unread_upto
from bridge.workers.names import Names

PAGE = 1000

Said = tuple[ParticipantId | None, Content]


class GivenUp:
    def __init__(self, log: Log, names: Names) -> None:
        self._log = log
        self._names = names

    async def named(self, session: Session) -> str:
        """Name what the open run was to answer: whose the first of it is, and how it begins."""
        run = session.open_run
        seqs = unread_upto(session, run.upto) if run is not None else ()
        standing = await self._standing(session.id, seqs)
        if not standing:
            return ""
        who, content = next(iter(standing.values()))
        name = await self._names.who(who) if who is not None else texts.NOBODY
        words = content.text or ", ".join(each.name for each in content.attachments)
        return texts.unread(name, quoted(words), len(standing) - 1)

    async def said(self, session: Session) -> tuple[tuple[Seq, Content], ...]:
        """Return what was given up in this session and is to be asked once more."""
        standing = await self._standing(session.id, session.given_up)
        return tuple((seq, content) for seq, (_, content) in standing.items())

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


def _stand(said: dict[Seq, Said], event: Event, seqs: Collection[Seq]) -> None:
    match event.body:
        case MessageReceived(participant=who, content=content) if event.seq in seqs:
            said[event.seq] = who, content
        case Triggered(prompt=prompt) if event.seq in seqs:
            said[event.seq] = None, Content(text=prompt)
        case QuestionClosed(by=by) if event.seq in seqs:
            said[event.seq] = by, Content(text=texts.GO_ON)
        case MessageEdited(target=target, content=content) if target in said:
            said[target] = said[target][0], content
        case MessageDeleted(target=target):
            said.pop(target, None)
        case Transcribed(target=target, text=text) if target in said:
            speaker, known = said[target]
            words = f"{known.text}\n\n{text}".strip()
            said[target] = speaker, replace(known, text=words)
        case _:
            pass
