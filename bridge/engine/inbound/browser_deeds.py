"""What is done from a notification: a question is answered, or something replied.

The rules:

- Whoever has the sealed deed may do it, for nobody else is sent it: while their browser is known,
  the session tells its person, and its place follows. What is done then is decided as ever.
- It is done once: its name is the deed's, and of a reply the words'. A repeat gets the same answer.
"""

import hashlib
from dataclasses import dataclass

from bridge import texts
from bridge.delivery.push_payload import Deed
from bridge.domain.commands import Answer, Say
from bridge.domain.content import Content
from bridge.domain.errors import Refused
from bridge.domain.ids import ConversationId
from bridge.domain.literal import typed
from bridge.domain.parts import Reply
from bridge.engine.access.admission import Admission
from bridge.engine.inbound.presses import Answering, Meaningless, Presses, Saying
from bridge.ports.engine import Sessions
from bridge.ports.push import CHANNEL, Browsers
from bridge.ports.store import Appended, Origin, Store


@dataclass(frozen=True, slots=True)
class BrowserDeeds:
    store: Store
    sessions: Sessions
    admission: Admission
    browsers: Browsers

    async def do(self, deed: Deed, words: str) -> Reply | None:
        """Do it, and return what is told of it, if anything. Raises `Refused`, `NotFound`."""
        place = await self._place(deed)
        done = hashlib.sha256(words.encode(errors="replace")).hexdigest()[:16]
        about = f"{deed.browser}/{deed.session}/{deed.epoch}/{deed.seq}/{deed.value or done}"
        origin = Origin(account=CHANNEL, external_id=about)
        if not deed.value:
            return (await self._reply(deed, place, typed(words), origin)).reply
        match await Presses(self.store, self.sessions).meaning(deed.session, deed.value):
            case Answering(question=question, run=run, answer=answer):
                command = Answer(
                    by=deed.who, question=question, run=run, answer=answer, conversation=place
                )
                return (await self.sessions.submit(deed.session, command, origin=origin)).reply
            case Saying(content=content, to=to):
                say = Say(by=deed.who, conversation=place, content=content, reply_to=to)
                return (await self.sessions.submit(deed.session, say, origin=origin)).reply
            case Meaningless(text=text):
                raise Refused(text)

    async def _reply(
        self, deed: Deed, place: ConversationId, content: Content, origin: Origin
    ) -> Appended:
        if not content.text.strip():
            raise Refused(texts.PUSH_NOT_DONE)
        say = Say(by=deed.who, conversation=place, content=content, reply_to=deed.seq)
        return await self.sessions.hear(deed.session, say, origin=origin)

    async def _place(self, deed: Deed) -> ConversationId:
        """Return where it is done. Raises `Refused` where that is no place of its person's now."""
        browser = await self.browsers.of(deed.browser)
        if browser is None or browser.who != deed.who:
            raise Refused(texts.PUSH_OVER)
        if deed.epoch != (await self.store.epoch()).id:
            raise Refused(texts.ASKED_BEFORE_RESTORE)
        place = await self.browsers.place(deed.browser, deed.session)
        lane = await self.store.conversation(place) if place is not None else None
        if lane is None:
            raise Refused(texts.PUSH_OVER)
        fold = await self.sessions.fold(deed.session)
        if not await self.admission.may_show(lane, fold):
            raise Refused(texts.PUSH_OVER)
        return lane.id
