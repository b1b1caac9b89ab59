"""Several sessions in one private chat: /new, /sessions, /switch, and /archive, /history.

The rules:

- A private place follows one session at a time; its person chooses which: one that they are in and
  are let in to on that account, or a new one, which they own.
- The id of a new session is that of the message that asked for it. So a command that is delivered
  again finishes what was begun.
- The titles and the history of somebody's sessions are told where one person reads them.
- Only a session begun with `/new`, or over HTTP, is archived so, by any owner of it: one that a
  place belongs to would be in the way there for good. Archiving cannot be undone, so they are told
  that first.
- One that has no owner any more is listed for the bridge's owners, who may go there and end it.
- Of sessions that are called the same, or look so, all but the oldest have a number.
- In the page and the terminal people go to a session by the list there, or by its name.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge import session_texts
from bridge.domain.commands import Archive
from bridge.domain.display_names import clean_title, told_apart
from bridge.domain.ids import ParticipantId, SessionId, mint
from bridge.domain.parts import Button, Conversation, Reply
from bridge.engine.access.admission import Admission
from bridge.engine.access.places import Places
from bridge.engine.commands.begun import Begun
from bridge.engine.last_said import last_said
from bridge.engine.names import DisplayNames
from bridge.ports.engine import Sessions
from bridge.ports.store import Origin, Store
from bridge.session import background, permissions, visible
from bridge.session.fold import Session
from bridge.session.routing import new_session, saying_button

LISTED = 20
"""Sessions that are told of, the last touched first; all can be gone to."""

LOOKED_AT = 500
"""Sessions not archived that are looked at for those that someone is in and did not begin."""

MANY = 1_000_000

YES = "yes"
RECAP = 3
"""Messages that are told of the session that a place comes to follow."""

TOLD, MOST_TOLD = 10, 30
"""Messages of a history that are told, and the most of them."""


_NUMBER = re.compile(r" \([0-9]{1,9}\)$")


@dataclass(slots=True)
class ChosenSession:
    """Lets people have several sessions in one private place."""

    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    names: DisplayNames
    begun: Begun

    # -- going to another one

    async def new(
        self, place: Conversation | None, by: ParticipantId, title: str, asked: Origin | None
    ) -> Reply:
        """Begin a session, and let the place follow it."""
        if place is None or asked is None:
            return await self._new_there(by, clean_title(title))
        name = new_session(asked.account, asked.external_id)
        if not await self.lets_in(place, by, Session(id=name, participants={by: "owner"})):
            return Reply(text=session_texts.NOT_LET_IN_ELSEWHERE, refused=True)
        if why := await self.begun.begin(by, name):
            return Reply(text=why, refused=True)
        await self.sessions.create(name, title=clean_title(title), owner=by)
        agent = self.admission.account(place.address.channel).agent_in(place.address)
        await self.go(place, name, by, agent=agent)
        return Reply(text=session_texts.begun(clean_title(title)))

    async def beginning(
        self, place: Conversation, by: ParticipantId | None, name: SessionId
    ) -> Reply | None:
        """Return why someone, or (None) somebody new, may not begin a session from a place."""
        if by is not None and not await self.lets_in(
            place, by, Session(id=name, participants={by: "owner"})
        ):
            return Reply(text=session_texts.NOT_LET_IN_ELSEWHERE, refused=True)
        why = await self.begun.why_not(by, name)
        return Reply(text=why, refused=True) if why else None

    async def _new_there(self, by: ParticipantId, title: str) -> Reply:
        """Begin a session for the page or a terminal, where people go to it themselves."""
        if not await self.admission.may_begin(by):
            return Reply(text=session_texts.NOT_LET_IN_ELSEWHERE, refused=True)
        name = SessionId(mint("s"))
        if why := await self.begun.begin(by, name):
            return Reply(text=why, refused=True)
        await self.sessions.create(name, title=title, owner=by)
        return Reply(text=session_texts.begun_there(title, name))

    async def switch(
        self, fold: Session, place: Conversation | None, by: ParticipantId, named: str
    ) -> Reply:
        """Let the place follow another of their sessions."""
        if place is None:
            return Reply(text=session_texts.CHOOSE_THERE)
        found = await self.meant(fold, place, by, named)
        if isinstance(found, Reply):
            return found
        target = await self.sessions.fold(found)
        if target.id == fold.id == place.session:
            return Reply(text=session_texts.here_already(target.title))
        await self.go(place, target.id, by)
        recap = await self.recap(await self.sessions.fold(target.id), RECAP, by)
        return Reply(text=session_texts.switched(target.title, recap))

    async def meant(
        self, fold: Session, place: Conversation, by: ParticipantId, named: str
    ) -> SessionId | Reply:
        """Return which of their sessions someone means; what they are told where that is none."""
        titles = await self._titles(await self._mine(fold, place, by))
        found = _meant(named, titles)
        if len(found) != 1:
            return _listed(titles, fold, session_texts.SWITCH_WHICH if named else "")
        return found[0]

    async def go(
        self, place: Conversation, session: SessionId, by: ParticipantId, *, agent: str = ""
    ) -> None:
        """Make a place follow a session, from where it is by now."""
        known = await self.store.conversation(place.id)
        await self.places.follow(known or place, session, by, welcome=False, agent=agent)

    async def list(self, fold: Session, place: Conversation | None, by: ParticipantId) -> Reply:
        mine = await self._mine(fold, place, by)
        titles, working = await self._titles(mine), await self._working(mine[:LISTED], by)
        if place is None:
            lines = [(each, titles[each], each == fold.id) for each in list(titles)[:LISTED]]
            return Reply(text=session_texts.sessions_there(lines, working))
        return _listed(titles, fold, working=working)

    async def _working(
        self, mine: Sequence[Session], by: ParticipantId
    ) -> Mapping[str, Sequence[str]]:
        """Return what works in the background of sessions, as far as someone may read there."""
        found: dict[str, list[str]] = {}
        for session in mine:
            hidden = visible.hidden_upto(session, by)
            for child in background.running(session):
                if session.background[child].started > hidden:
                    row = await self.store.session(child)
                    found.setdefault(session.id, []).append(row.title if row is not None else child)
        return found

    async def _titles(self, mine: Sequence[Session]) -> Mapping[SessionId, str]:
        """Return what someone's sessions are called, each otherwise: the oldest keeps its title."""
        begun = {each.id: each.created_at for each in await self.store.sessions(limit=MANY)}
        oldest = sorted(mine, key=lambda each: (begun[each.id], each.id))
        apart = told_apart({each.id: clean_title(each.title) for each in oldest if each.title})
        return {each.id: apart.get(each.id, "") for each in mine}

    async def _mine(
        self, fold: Session, place: Conversation | None, by: ParticipantId
    ) -> Sequence[Session]:
        """Return the sessions that someone may go to from a place, the last touched first."""
        rows = await self.store.sessions(limit=MANY)
        begun, is_owner = await self.begun.of(by), await self.admission.is_owner(by)
        lately = [each for each in rows if not each.archived][:LOOKED_AT]
        looked_at = {each.id for each in lately} | {*begun, fold.id}
        mine = []
        for name in (each.id for each in rows if each.id in looked_at):
            session = await self.sessions.fold(name)
            is_there = not session.archived or name == fold.id
            is_theirs = by in session.participants or (
                is_owner and name in begun and "owner" not in session.participants.values()
            )
            if is_there and is_theirs and await self.lets_in(place, by, session):
                mine.append(session)
        return mine

    async def lets_in(
        self, place: Conversation | None, by: ParticipantId, session: Session
    ) -> bool:
        """Say whether someone is let in to a session on the account of a place."""
        if place is None:
            return True  # over HTTP their token decides
        book, mine = await self.admission.book(), await self.admission.identities(by)
        return book.admits_person(place.address.channel, by, session, mine)

    # -- ending one

    async def archive(
        self, fold: Session, by: ParticipantId, sure: str
    ) -> tuple[Archive | None, Reply | None]:
        if why := permissions.why_not(fold, by, Archive):
            return None, Reply(text=why, refused=True)
        if not await self.begun.was_begun(fold.id, by):
            return None, Reply(text=session_texts.NOT_BEGUN, refused=True)
        if sure.casefold() != YES:
            return None, Reply(text=session_texts.archive_asked(fold.title))
        if why := await self.begun.archive(by, fold.id):
            return None, Reply(text=why, refused=True)
        return Archive(by=by), Reply(text=session_texts.archived(fold.title))

    # -- what was said

    async def history(self, fold: Session, by: ParticipantId, count: str) -> Reply:
        """Tell the last messages of a session, of those that whoever asks may read."""
        if count and not (count.isascii() and count.isdigit() and int(count[:6]) > 0):
            return Reply(text=session_texts.HISTORY_HOW_MANY, refused=True)
        most = min(int(count[:6]), MOST_TOLD) if count else TOLD
        return Reply(text=await self.recap(fold, most, by) or session_texts.NOTHING_SAID)

    async def recap(self, fold: Session, most: int, by: ParticipantId) -> str:
        """Return the last messages of a session that someone may read, in Markdown."""
        hidden = visible.hidden_upto(fold, by)
        return await last_said(self.store, self.names, fold, most, after=hidden)


def _meant(named: str, titles: Mapping[SessionId, str]) -> Sequence[SessionId]:
    """Return which sessions are meant: by id, or by what they are called where that is one."""
    meant = named.strip()
    if not meant:
        return ()
    title = clean_title(meant).casefold()
    by_id = [each for each in titles if each == meant]
    alike = [each for each, called in titles.items() if _numbered(called, title)]
    called = [each for each, called in titles.items() if called.casefold() == title]
    return by_id or (alike if len(alike) > 1 else called)


def _numbered(called: str, title: str) -> bool:
    """Say whether a session is called so, or so with a number."""
    return _NUMBER.sub("", called.casefold()) == title


def _listed(
    titles: Mapping[SessionId, str],
    here: Session,
    lead: str = "",
    working: Mapping[str, Sequence[str]] | None = None,
) -> Reply:
    listed = list(titles.items())[:LISTED]
    lines = [(session, title, session == here.id) for session, title in listed]
    buttons = tuple(
        Button(value=value, label=title or session)
        for session, title, is_here in lines
        if not is_here and (value := saying_button(f"/switch {session}"))
    )
    return Reply(
        text=session_texts.sessions(lines, lead, working), buttons=buttons, refused=bool(lead)
    )
