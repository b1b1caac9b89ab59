"""In which language somebody is spoken to: what they chose, else what their app tells.

The rules:

- A person chooses once, for all of their apps (`/me language de`, the page).
- Where nobody chose, a private place is spoken to in the language that its app tells of its person,
  else in that of its account, else in the bridge's own. A room is spoken to in its account's.
- What changes is kept with when it did, also in the configuration: what was said before stays in
  its language (`bridge.domain.wording.SpokenLanguages`), or a message of which a part was shown
  would go on in another one, somewhere else. Before anything was kept it was English.
- What cannot be read was never chosen.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from bridge.caches import cache
from bridge.catalogs import code_of, language, wanted
from bridge.domain.ids import ChannelName, ParticipantId
from bridge.domain.inbound import Inbound
from bridge.domain.parts import Conversation
from bridge.domain.wording import ENGLISH, Language, SpokenLanguages
from bridge.ports.clock import Clock
from bridge.ports.store import KeyValueStore
from bridge.session.admission import Account
from bridge.session.fold import Session

SCOPE = "language"
MOST_KEPT = 20
"""Changes of one person or place that are kept; those before them are taken for the first."""

ALWAYS = datetime.min.replace(tzinfo=UTC)
ACCOUNT = "account:"
"""Before the name of an account, where its own language is kept."""

History = Sequence[tuple[datetime, str]]
"""From when on which code; "" for none in particular."""


class Languages:
    """`own` is the code of the bridge's own language; `accounts` may have others."""

    def __init__(
        self, store: KeyValueStore, clock: Clock, own: str, accounts: Mapping[ChannelName, Account]
    ) -> None:
        self._store = store
        self._clock = clock
        self._own = own or ENGLISH.code
        self._accounts = accounts
        self._known: dict[str, History] | None = None
        self._version = 0
        cache("languages", forget=self._forget, size=self._size)

    def _forget(self) -> None:
        self._known = None
        self._version += 1

    def _size(self) -> int:
        return len(self._known or ())

    # -- asking

    async def chosen(self, who: ParticipantId) -> str:
        """Return the code of the language that someone chose; "" for none."""
        return _last((await self._all()).get(who, ()))

    async def spoken(self, session: Session, place: Conversation) -> SpokenLanguages:
        """Return in which languages a place is told things, and was."""
        known = self._known if self._known is not None else await self._all()
        if not known:
            return _NO_OTHER
        general = known.get(ACCOUNT + place.address.channel, ())
        who = None if place.room else session.conversations.get(place.id)
        mine = known.get(who, ()) if who is not None else ()
        told = () if place.room else known.get(place.id, ())
        if not (mine or told or general):
            return _NO_OTHER
        times = sorted({ALWAYS, *(at for at, _ in (*mine, *told, *general))})
        codes = [
            (at, _at(mine, at) or _at(told, at) or _at(general, at) or ENGLISH.code) for at in times
        ]
        return SpokenLanguages(tuple((at, language(code)) for at, code in codes))

    async def of_sender(
        self, inbound: Inbound, who: ParticipantId | None, place: Conversation | None
    ) -> Language:
        """Return in which language whoever writes is answered."""
        known = await self._all()
        mine = _last(known.get(who, ())) if who is not None else ""
        told = code_of(inbound.sender.language)
        if not told and place is not None and not place.room:
            told = _last(known.get(place.id, ()))
        return language(mine or told or self._of(inbound.address.channel))

    async def of_client(self, who: ParticipantId, accepts: str) -> Language:
        """Return in which language a page or a terminal is answered; `accepts` is its header."""
        return language(await self.chosen(who) or wanted(accepts) or self._own)

    # -- being told

    async def choose(self, who: ParticipantId, code: str) -> None:
        """Speak a language to someone from now on; "" for none in particular."""
        await self._change(who, code, (await self._all()).get(who, ()))

    async def give(self, who: ParticipantId, into: ParticipantId) -> None:
        """Let what somebody chose be another's, who is the same person and chose nothing."""
        known = await self._all()
        theirs, mine = known.get(who, ()), known.get(into, ())
        if theirs and not mine:
            await self._keep(into, theirs)
        elif not _last(mine):
            await self._change(into, _last(theirs), mine)
        await self._store.drop_fact(SCOPE, who)
        self._forget()

    async def told(self, place: Conversation, tag: str) -> None:
        """Note what an app tells of whoever writes to us in private."""
        code = code_of(tag)
        if not code or place.room:
            return
        known = (await self._all()).get(place.id, ())
        channel = place.address.channel
        is_account = channel in self._accounts  # of what is none nothing is kept, so it is English
        general = self._of(channel) if is_account else ENGLISH.code
        if code == (_last(known) or general):
            return
        await self._change(place.id, code, known)

    async def _change(self, of: str, code: str, known: History) -> None:
        if code == _last(known):
            return
        kept = [*known, (self._clock.now(), code)]
        if len(kept) > MOST_KEPT:
            kept = [(kept[0][0], kept[1][1]), *kept[2:]]
        await self._keep(of, kept)

    async def _keep(self, of: str, history: History) -> None:
        text = json.dumps([[at.isoformat(), each] for at, each in history])
        await self._store.keep_fact(SCOPE, of, text)
        self._forget()

    # -- what is kept

    def _of(self, channel: ChannelName) -> str:
        account = self._accounts.get(channel)
        return (account.language if account is not None else "") or self._own

    async def _all(self) -> Mapping[str, History]:
        known, version = self._known, self._version
        if known is not None:
            return known
        found = await self._read()
        if version == self._version:  # else it may be older than what has changed
            self._known = found
        return found

    async def _read(self) -> dict[str, History]:
        return {key: _read(text) for key, text in (await self._store.facts(SCOPE)).items()}

    async def begin(self) -> None:
        """Note what the configuration says by now; before anything is shown."""
        for account in self._accounts:
            known = (await self._read()).get(ACCOUNT + account, ())
            code = self._of(account)
            if known or code != ENGLISH.code:
                await self._change(ACCOUNT + account, code, known)


_NO_OTHER = SpokenLanguages()


def _last(history: History) -> str:
    return history[-1][1] if history else ""


def _at(history: History, when: datetime) -> str:
    number = bisect_right(history, when, key=lambda each: each[0])
    return history[number - 1][1] if number else ""


def _read(text: str) -> History:
    with suppress(ValueError, TypeError):
        return [(datetime.fromisoformat(at), code_of(code)) for at, code in json.loads(text)]
    return ()
