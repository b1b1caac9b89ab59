"""The intake: what a channel heard becomes a command, durable before the platform is told.

The rules:

- Who is not let in (`bridge.workers.admission`) is refused, and nothing is appended.
- Only what is said to the bridge places: a place that is new joins a session by the account's
  setting, a room one of its own, and is linked to it before that message. Whatever else happens in
  a place that follows nothing leaves nothing behind.
- Whoever speaks to the bridge becomes a participant under one identity for good. Whoever is only
  overheard is heard, and becomes none.
- Files are fetched and kept before the message that carries them is appended.
- What a message replies to is told with it where the log does not have it.
- Every step is idempotent, so a message that is delivered again after a crash anywhere is one.
- A reply to a message that the log does not have is about that, and answers no open question.
- What was said before the log was restored may have been answered then. It is kept as context, not
  answered; no command in it is done and no button counts. People are told of it once a session.
- A refusal is a reply, never an error: handed in again, it would be refused for ever. What was only
  overheard gets none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from bridge import admission_texts, slash, texts
from bridge.commands import Answer, Delete, Edit, Push, Say
from bridge.content import Content, Quote, file_name
from bridge.display_names import clean_name
from bridge.errors import Refused
from bridge.events import Body, MessageReceived, Source
from bridge.ids import ConversationId, ParticipantId, Seq, SessionId
from bridge.inbound import (
    Added,
    Deleted,
    Edited,
    Heard,
    Inbound,
    Pressed,
    Quoted,
    Relocated,
    RemoteFile,
    Reported,
    Spoken,
)
from bridge.parts import Conversation, Reply
from bridge.ports import Appended, Clock, Origin, Sessions, Store
from bridge.routing import SHARED, AnswerPress, SayingPress, UndoPress, pressed
from bridge.workers.admission import Admission
from bridge.workers.arrivals import Arrivals
from bridge.workers.fetching import Fetching
from bridge.workers.last_words import LastWords
from bridge.workers.pairing import Pairing
from bridge.workers.places import Places
from bridge.workers.reports import Reports

log = structlog.get_logger()

LONGEST_QUOTE = 1_000
"""Characters that are kept of what a message is about, where the log does not have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who speaks, and from where in which session."""

    who: ParticipantId
    conversation: Conversation
    session: SessionId


class Intake:
    """The `Inbox` of every channel. `woken` hears of a lane in which there is something to do."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        *,
        admission: Admission,
        places: Places,
        pairing: Pairing,
        fetching: Fetching,
        clock: Clock,
        last_words: LastWords,
        woken: Callable[[ConversationId], None],
        arrivals: Arrivals | None = None,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._fetching = fetching
        self._woken = woken
        self._arrivals = arrivals or Arrivals()
        self._admission = admission
        self._places = places
        self._pairing = pairing
        self.left_out = 0
        """How often something happened in a place that follows nothing, and left nothing behind."""
        self._last_words = last_words
        self._reports = Reports(store, clock, last_words=last_words, woken=woken)

    async def __call__(self, heard: Inbound | Reported | Relocated) -> Reply | None:
        match heard:
            case Inbound() as inbound:
                return await self._answer(inbound)
            case Reported() as reported:
                await self._reports.take(reported)
                return None
            case Relocated() as relocated:
                await self._reports.relocate(relocated)
                return None

    async def _answer(self, inbound: Inbound) -> Reply | None:
        try:
            reply = await self._pairing.take(inbound)
            if reply is not None:
                return reply
            reply = await self._heard(inbound)
        except Refused as refused:
            reply = Reply(text=str(refused), refused=True)
        return None if _is_overheard(inbound.what) else reply

    async def _heard(self, inbound: Inbound) -> Reply | None:
        is_again = (await self._store.epoch()).may_have_heard(inbound.at)
        who, place = await self._places.known(inbound.sender), await self._places.at(inbound)
        why = await self._admission.refusal(inbound, who, place)
        if why:
            unspoken = is_again or _is_unspoken(inbound.what)
            return None if unspoken else self._admission.told(inbound.sender, why)
        undoing = pressed(inbound.what.value) if isinstance(inbound.what, Pressed) else None
        if isinstance(undoing, UndoPress) and who is not None:  # wherever it is pressed
            return Reply(text=await self._pairing.undo(undoing.grant, who))
        if (place is None or place.session is None) and not _places(inbound.what):
            return self._unplaced(inbound)
        take = self._take_again if is_again else self._take
        appended = await take(await self._place(inbound), inbound)
        return appended.reply if appended is not None else None

    def _unplaced(self, inbound: Inbound) -> Reply | None:
        """Leave nothing behind of what happens in a place that follows nothing."""
        self.left_out += 1
        kind, address = type(inbound.what).__name__, inbound.address
        log.debug("not placed", what=kind, channel=address.channel, place=address.place)
        match inbound.what:
            case Added() if inbound.room:
                return Reply(text=admission_texts.ADDED)
            case Pressed():
                return Reply(text=texts.NO_PLACE, refused=True)
            case _:
                return None

    async def _place(self, inbound: Inbound) -> Scene:
        account = self._admission.account(inbound.address.channel)
        who = await self._places.identify(inbound.sender)
        await self._admission.note_realm(inbound.address.channel, inbound.sender)
        conversation = await self._places.register(inbound)
        session = conversation.session
        if session is None:
            session = await self._admission.session_of(inbound, who, conversation)
            await self._places.follow(
                conversation,
                session,
                who,
                welcome=account.welcome,
                new=session != SHARED,
                agent=account.agent_in(inbound.address),
            )
        elif not _is_in_passing(inbound.what):
            await self._places.join(session, who)
        self._last_words.note(conversation.id)
        if await self._is_suspended(conversation.id):
            await self._store.revive(conversation.id)
            self._woken(conversation.id)
        return Scene(who=who, conversation=conversation, session=session)

    async def _is_suspended(self, conversation: ConversationId) -> bool:
        lane = await self._store.conversation(conversation)
        return lane is not None and lane.suspended

    # -- what

    async def _take(self, scene: Scene, inbound: Inbound) -> Appended | None:
        match inbound.what:
            case Spoken() as spoken:
                return await self._hear(scene, inbound, spoken)
            case Edited(message=message) as edited:
                target = await self._store.source_of(scene.conversation.id, message)
                if target is None:
                    return None
                kept = await self._changed(scene.session, target, inbound, edited)
                command = Edit(by=scene.who, target=target, content=kept)
                return await self._sessions.submit(
                    scene.session, command, origin=_origin(scene, inbound)
                )
            case Deleted(message=message):
                target = await self._store.source_of(scene.conversation.id, message)
                if target is None:
                    return None
                return await self._sessions.submit(
                    scene.session,
                    Delete(by=scene.who, target=target),
                    origin=_origin(scene, inbound),
                )
            case Pressed(value=value):
                return await self._press(scene, inbound, value)
            case Added():
                return None

    async def _take_again(self, scene: Scene, inbound: Inbound) -> Appended | None:
        """Take in what was said before the log was restored."""
        match inbound.what:
            case Spoken(content=content) if slash.parse(content.text) is not None:
                log.info("command from before the restore left", external_id=inbound.external_id)
                return None
            case Spoken() as spoken:
                saying = await self._saying(scene, inbound, spoken)
                context = replace(saying, addressed=False, before_restore=True)
                appended = await self._sessions.submit(
                    scene.session, context, origin=_origin(scene, inbound)
                )
                if appended.fresh:
                    await self._tell_of_restore(scene.session)
                return appended
            case Pressed():
                return Appended(reply=Reply(text=texts.PRESSED_BEFORE_RESTORE, refused=True))
            case _:
                return await self._take(scene, inbound)

    async def _tell_of_restore(self, session: SessionId) -> None:
        push = Push(
            source=Source(kind="background", name="bridge"),
            content=Content(text=texts.RESTORED),
            key=f"restored:{(await self._store.epoch()).id}",
        )
        await self._sessions.submit(session, push)

    async def _changed(
        self, session: SessionId, target: Seq, inbound: Inbound, edited: Edited
    ) -> Content:
        """Return what a message says now, with the files it has now."""
        content, files = edited.content, edited.files
        if files is not None and not await self._has(session, target, files):
            found = await self._fetching.content(inbound.address.channel, content, files)
            if len(found.attachments) == len(content.attachments) + len(files):
                return found
        return await self._with_files(session, target, content)

    async def _has(self, session: SessionId, target: Seq, files: Sequence[RemoteFile]) -> bool:
        """Say whether a message came with files that look like these, so they are kept already."""
        body = await self._body(session, target)
        kept = body.content.attachments if isinstance(body, MessageReceived) else ()
        told = [(_file(each), each.size) for each in files]
        return told == [(each.name, each.size) for each in kept]

    async def _body(self, session: SessionId, target: Seq) -> Body | None:
        found = await self._store.read(session, after=target - 1, limit=1)
        return found[0].body if found else None

    async def _with_files(self, session: SessionId, target: Seq, content: Content) -> Content:
        """Return corrected words with the files beside them, which platforms do not tell again."""
        body = await self._body(session, target)
        if content.attachments or not isinstance(body, MessageReceived):
            return content
        return replace(content, attachments=body.content.attachments)

    async def _hear(self, scene: Scene, inbound: Inbound, spoken: Spoken) -> Appended:
        saying, origin = await self._saying(scene, inbound, spoken), _origin(scene, inbound)
        is_about_another = spoken.reply_to is not None and saying.reply_to is None
        if is_about_another and slash.parse(saying.content.text) is None:
            return await self._sessions.submit(scene.session, saying, origin=origin)
        return await self._sessions.hear(scene.session, saying, origin=origin)

    async def _saying(self, scene: Scene, inbound: Inbound, spoken: Spoken) -> Say:
        reply_to = None
        if spoken.reply_to is not None:
            reply_to = await self._store.source_of(scene.conversation.id, spoken.reply_to)
        quoted = spoken.quoted if reply_to is None else None
        files = (*spoken.files, *(quoted.files if quoted is not None else ()))
        with self._arrivals.coming(scene.session):
            content = await self._fetching.content(inbound.address.channel, spoken.content, files)
        return Say(
            by=scene.who,
            conversation=scene.conversation.id,
            content=content,
            addressed=spoken.addressed,
            reply_to=reply_to,
            quote=_quote(quoted) if quoted is not None else None,
            more=spoken.more,
        )

    async def _press(self, scene: Scene, inbound: Inbound, value: str) -> Appended:
        origin = _origin(scene, inbound)
        match pressed(value):
            case AnswerPress(question=question, option=number):
                known = (await self._sessions.fold(scene.session)).questions.get(question)
                options = known.options if known is not None else ()
                chosen = options[number].id if number < len(options) else ""
                answer = Answer(
                    by=scene.who,
                    question=question,
                    answer=chosen,
                    conversation=scene.conversation.id,
                )
                return await self._sessions.submit(scene.session, answer, origin=origin)
            case SayingPress(words=words):
                saying = Say(
                    by=scene.who,
                    conversation=scene.conversation.id,
                    content=Content(text=words),
                )
                return await self._sessions.hear(scene.session, saying, origin=origin)
            case UndoPress() | None:
                return Appended(reply=Reply(text=texts.BUTTON_UNKNOWN, refused=True))


def _is_unspoken(what: Heard) -> bool:
    """Say whether nothing was said that a stranger would wait for an answer to."""
    return isinstance(what, Edited | Deleted | Added) or _is_overheard(what)


def _is_overheard(what: Heard) -> bool:
    return isinstance(what, Spoken) and not what.addressed


def _places(what: Heard) -> bool:
    """Say whether something is said to the bridge, so that its place is to follow a session."""
    return isinstance(what, Spoken) and what.addressed


def _is_in_passing(what: Heard) -> bool:
    """Say whether nothing is asked of the bridge, so that nobody becomes a participant by it."""
    return isinstance(what, Edited | Deleted | Added) or _is_overheard(what)


def _quote(quoted: Quoted) -> Quote:
    """Return what a message is about, cut; its files come with the message's own."""
    words = quoted.text.strip() or ", ".join(_file(each) for each in quoted.files)
    cut = words if len(words) <= LONGEST_QUOTE else f"{words[: LONGEST_QUOTE - 1]}…"
    return Quote(author=clean_name(quoted.author) or texts.SOMEONE, text=cut)


def _file(file: RemoteFile) -> str:
    return file_name(file.name, file.kind, file.mime)


def _origin(scene: Scene, inbound: Inbound) -> Origin:
    message = inbound.what.message if isinstance(inbound.what, Spoken) else None
    return Origin(
        account=inbound.address.channel,
        external_id=inbound.external_id,
        conversation=scene.conversation.id,
        message=message,
    )
