"""The intake: what a channel heard becomes a command, durable before the platform is told.

The rules:

- Who is not let in by the account's allow-list is refused, and nothing is appended.
- Whoever is let in becomes a participant under one identity for good; a place that is new joins a
  session by the account's setting and is linked to it before its first message.
- Every step is idempotent, so a message that is delivered again after a crash anywhere is one.
- A refusal is a reply, never an error: handed in again, it would be refused for ever. What was only
  overheard gets none.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bridge import texts
from bridge.commands import Answer, Delete, Edit, Join, Link, Say
from bridge.content import Content
from bridge.errors import Refused
from bridge.events import Role
from bridge.ids import ChannelName, ConversationId, ParticipantId, SessionId, mint
from bridge.inbound import (
    Added,
    Deleted,
    Edited,
    Heard,
    Inbound,
    Pressed,
    Relocated,
    Reported,
    Sender,
    Spoken,
)
from bridge.parts import Conversation, Reply
from bridge.ports import Appended, Clock, Origin, Sessions, Store
from bridge.routing import SHARED, AnswerPress, Policy, SayingPress, pressed, session_for

EVERYONE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How one configured account treats those who write to it. `allow` holds user ids, or "*"."""

    allow: frozenset[str]
    sessions: Policy = "shared"

    def admits(self, sender: Sender) -> bool:
        return EVERYONE in self.allow or sender.user in self.allow


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who speaks, and from where in which session."""

    who: ParticipantId
    conversation: Conversation
    session: SessionId


class Intake:
    """The `Inbox` of every channel. `revived` hears of a lane that is no longer suspended."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        accounts: Mapping[ChannelName, Account],
        *,
        clock: Clock,
        revived: Callable[[ConversationId], None],
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._accounts = accounts
        self._clock = clock
        self._revived = revived

    async def __call__(self, heard: Inbound | Reported | Relocated) -> Reply | None:
        match heard:
            case Inbound() as inbound:
                reply = await self._answer(inbound)
                return None if _is_overheard(inbound.what) else reply
            case Reported() as reported:
                await self._report(reported)
            case Relocated() as relocated:
                await self._relocate(relocated)
        return None

    # -- what a platform says later

    async def _report(self, reported: Reported) -> None:
        """Keep what became of a part."""
        raise NotImplementedError

    async def _relocate(self, relocated: Relocated) -> None:
        known = await self._store.conversation_at(relocated.address)
        if known is not None:
            with suppress(Refused):  # the new address has a lane of its own by now
                await self._store.move(known.id, place=relocated.place)

    async def _answer(self, inbound: Inbound) -> Reply | None:
        account = self._accounts[inbound.address.channel]
        if not account.admits(inbound.sender):
            return Reply(text=texts.UNKNOWN_SENDER, refused=True)
        try:
            scene = await self._place(account, inbound)
            appended = await self._take(scene, inbound)
        except Refused as refused:
            return Reply(text=str(refused), refused=True)
        return appended.reply if appended is not None else None

    # -- who and where

    async def _place(self, account: Account, inbound: Inbound) -> Scene:
        who = await self._identify(inbound.sender)
        conversation = await self._register(inbound)
        session = conversation.session
        if session is None:
            session = session_for(account.sessions, inbound.address, who)
            await self._join(session, who, new=session != SHARED)
            await self._sessions.submit(session, Link(conversation=conversation.id, by=who))
        else:
            await self._join(session, who, new=False)
        if conversation.suspended:
            await self._store.revive(conversation.id)
            self._revived(conversation.id)
        return Scene(who=who, conversation=conversation, session=session)

    async def _identify(self, sender: Sender) -> ParticipantId:
        known = await self._store.identify(realm=sender.realm, user=sender.user)
        if known is not None:
            return known
        return await self._store.enrol(
            ParticipantId(mint("p")),
            name=sender.name,
            realm=sender.realm,
            user=sender.user,
            at=self._clock.now(),
        )

    async def _register(self, inbound: Inbound) -> Conversation:
        known = await self._store.conversation_at(inbound.address)
        if known is not None:
            return known
        return await self._store.register(
            ConversationId(mint("c")),
            inbound.address,
            room=inbound.room,
            title=inbound.title,
            at=self._clock.now(),
        )

    async def _join(self, session: SessionId, who: ParticipantId, *, new: bool) -> None:
        if new:
            await self._store.create_session(session, at=self._clock.now())
        fold = await self._sessions.fold(session)
        if who not in fold.participants:
            role: Role = "member" if fold.participants else "owner"
            await self._sessions.submit(session, Join(participant=who, role=role))

    # -- what

    async def _take(self, scene: Scene, inbound: Inbound) -> Appended | None:
        match inbound.what:
            case Spoken() as spoken:
                return await self._hear(scene, inbound, spoken)
            case Edited(message=message, content=content):
                target = await self._store.source_of(scene.conversation.id, message)
                if target is None:
                    return None
                command = Edit(by=scene.who, target=target, content=content)
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

    async def _hear(self, scene: Scene, inbound: Inbound, spoken: Spoken) -> Appended:
        reply_to = None
        if spoken.reply_to is not None:
            reply_to = await self._store.source_of(scene.conversation.id, spoken.reply_to)
        saying = Say(
            by=scene.who,
            conversation=scene.conversation.id,
            content=spoken.content,
            addressed=spoken.addressed,
            reply_to=reply_to,
        )
        return await self._sessions.hear(scene.session, saying, origin=_origin(scene, inbound))

    async def _press(self, scene: Scene, inbound: Inbound, value: str) -> Appended:
        origin = _origin(scene, inbound)
        match pressed(value):
            case AnswerPress(question=question, option=number):
                known = (await self._sessions.fold(scene.session)).questions.get(question)
                options = known.options if known is not None else ()
                chosen = options[number].id if number < len(options) else ""
                answer = Answer(by=scene.who, question=question, answer=chosen)
                return await self._sessions.submit(scene.session, answer, origin=origin)
            case SayingPress(words=words):
                saying = Say(
                    by=scene.who,
                    conversation=scene.conversation.id,
                    content=Content(text=words),
                )
                return await self._sessions.hear(scene.session, saying, origin=origin)
            case None:
                return Appended(reply=Reply(text=texts.BUTTON_UNKNOWN, refused=True))


def _is_overheard(what: Heard) -> bool:
    return isinstance(what, Spoken) and not what.addressed


def _origin(scene: Scene, inbound: Inbound) -> Origin:
    message = inbound.what.message if isinstance(inbound.what, Spoken) else None
    return Origin(
        account=inbound.address.channel,
        external_id=inbound.external_id,
        conversation=scene.conversation.id,
        message=message,
    )
