"""The intake: what a channel heard becomes a command, durable before the platform is told.

The rules:

- Who is not let in (`bridge.engine.access.admission`) is refused, and nothing is appended.
- Only what is said to the bridge places: a place that is new joins a session by the account's
  setting, a room one of its own, and is linked to it before that message. Whatever else happens in
  a place that follows nothing leaves nothing behind; so does what is said to the bridge only as
  somebody called it there before, who may be a stranger (`Spoken.implied`). Strangers bring along
  so many places and no more (`bridge.engine.inbound.new_places`).
- What is only asked (`bridge.session.slash.effect`) places nothing and lets nobody be in a session;
  whoever asks who they are is told, let in or not.
- A private place is one person's: nobody else is heard there.
- A button that means nothing in the session that its place follows now
  (`bridge.engine.inbound.presses`) is refused before anybody or anything is touched.
- Under an id that the platform does not vouch for nobody is an owner, or heard as one, or asks for
  what would bind that id to more than itself (`Rule.proven`).
- Whoever speaks to the bridge becomes a participant under one identity for good; two who turn out
  to be one are joined first (`bridge.engine.inbound.joining`). Whoever is only
  overheard is heard, and becomes none.
- Files are fetched and kept before the message that carries them is appended; those of a message
  that will be refused, or is a command, are not.
- What a message replies to is told with it where the log does not have it.
- Every step is idempotent, so a message that is delivered again after a crash anywhere is one.
- A reply to the copy of what somebody said in another room is to them, and is overheard; who wrote
  in private is shown only what is said to the agent, so such a reply still is.
- A reply to a message that the log does not have is about that, and answers no open question.
- What was said before the log was restored may have been answered then. It is kept as context, not
  answered; no command in it is done and no button counts. People are told of it once a session.
- A thumb on the end of an approval, where its buttons are, presses the one that it means, once
  nothing of the card is still to come; any other emoji on what the log has is kept. Nobody becomes
  a participant by one, and nobody is told that it counts for nothing.
- A refusal is a reply, never an error: handed in again, it would be refused for ever. What was only
  overheard gets none.
- Whatever leaves nothing behind is noted (`bridge.unseen`). Every line of the log from here on has
  the `trace` of what was heard: its account and id, and once it is appended its session and number.
  It stays bound in the task that handed it in, so that a reply that is not shown names it too.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import assert_type, cast

from structlog.contextvars import bind_contextvars

from bridge import admission_texts, texts
from bridge.delivery.shown_receipts import last_message
from bridge.domain.commands import Answer, Delete, Edit, Push, React, Say
from bridge.domain.content import LONGEST_QUOTE, Content, Quote, file_name, ours
from bridge.domain.display_names import own_name
from bridge.domain.errors import Refused
from bridge.domain.events import (
    Body,
    MessageComposed,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    OutsideEvent,
    QuestionAsked,
    SilentEvent,
    Source,
)
from bridge.domain.ids import ConversationId, MessageId, ParticipantId, Seq, SessionId
from bridge.domain.inbound import (
    Added,
    Deleted,
    Edited,
    Heard,
    Inbound,
    Pressed,
    Quoted,
    Reaction,
    Readable,
    Relocated,
    RemoteFile,
    Reported,
    Spoken,
    Titled,
    Unread,
)
from bridge.domain.parts import Conversation, Reply
from bridge.domain.records import replace
from bridge.domain.wording import ENGLISH, Language
from bridge.engine.access.admission import Admission
from bridge.engine.access.places import Places
from bridge.engine.arrivals import Arrivals
from bridge.engine.commands.access_requests import AccessAsking
from bridge.engine.commands.members import Members
from bridge.engine.commands.pairing import Pairing
from bridge.engine.commands.slash_commands import SlashCommands
from bridge.engine.inbound.beginnings import Beginnings
from bridge.engine.inbound.delivery_reports import DeliveryReports
from bridge.engine.inbound.downloads import Downloads
from bridge.engine.inbound.joining import Joining
from bridge.engine.inbound.new_places import NewPlaces
from bridge.engine.inbound.presses import Answering, Meaningless, Presses, Saying
from bridge.engine.languages import Languages
from bridge.engine.last_inbound import LastInbound
from bridge.engine.traces import Traces
from bridge.engine.wishes import Wishes
from bridge.ports.clock import Clock
from bridge.ports.engine import Sessions
from bridge.ports.store import Appended, Origin, Store
from bridge.session import permissions, slash
from bridge.session.permission_table import Act, Kind, rule_for
from bridge.session.reacting import chosen_by
from bridge.session.routing import (
    SHARED,
    AnswerPress,
    PushPress,
    RequestPress,
    SayingPress,
    UnboundPress,
    UndoPress,
    answer_button,
    pressed,
)
from bridge.unseen import Reason, note


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who speaks, and from where in which session; in which language they are answered."""

    who: ParticipantId
    conversation: Conversation
    session: SessionId
    language: Language


_Unspoken = MessageDeleted | MessageComposed | OutsideEvent | SilentEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What a message is in the log: `content`, as it was said last, and the `edits` of it."""

    target: Seq
    content: Content = field(default_factory=Content)
    edits: tuple[Seq, ...] = ()


class Intake:
    """The `Inbox` of every channel. `woken` hears of a lane in which there is something to do.

    `unread` tells of what was missed and may not be read back, `taken` of an id that was another's.
    """

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        *,
        admission: Admission,
        places: Places,
        pairing: Pairing,
        members: Members,
        commands: SlashCommands,
        asking: AccessAsking,
        fetching: Downloads,
        clock: Clock,
        last_inbound: LastInbound,
        woken: Callable[[ConversationId], None],
        unread: Callable[[Unread], Awaitable[None]],
        taken: Callable[[Inbound], Awaitable[None]],
        arrivals: Arrivals | None = None,
        languages: Languages | None = None,
        wishes: Wishes | None = None,
        traces: Traces | None = None,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._downloads = fetching
        self._woken = woken
        self._unread = unread
        self._taken = taken
        self._clock = clock
        self._arrivals = arrivals or Arrivals()
        self._admission = admission
        self._places = places
        self._pairing = pairing
        self._members = members
        self._commands = commands
        self._asking = asking
        self._languages = languages
        self._presses = Presses(store, sessions)
        self._joining = Joining(store, sessions, admission, places, clock, languages, wishes)
        self._new_places = NewPlaces(store, admission, clock)
        self._beginnings = Beginnings(store, sessions, admission, commands, clock)
        self._last_inbound = last_inbound
        self._reports = DeliveryReports(
            store, clock, last_inbound=last_inbound, woken=woken, traces=traces
        )

    async def __call__(
        self, heard: Inbound | Reported | Relocated | Titled | Readable | Unread
    ) -> Reply | None:
        match heard:
            case Inbound() as inbound:
                return await self._answer(inbound)
            case Reported() as reported:
                await self._reports.take(reported)
                return None
            case Relocated() as relocated:
                await self._reports.relocate(relocated)
                return None
            case Titled() as titled:
                await self._pairing.leaks.titled(titled)
                return None
            case Readable() as readable:
                await self._pairing.leaks.shown(readable)
                return None
            case Unread() as unread:
                await self._unread(unread)
                return None

    async def _answer(self, inbound: Inbound) -> Reply | None:
        bind_contextvars(trace=f"{inbound.address.channel}:{inbound.external_id}")
        if inbound.sender.took:
            await self._taken(inbound)
        inbound = await self._as_meant(inbound)
        try:
            reply = await self._pairing.take(inbound)
            if reply is not None:
                if reply.refused:
                    _note("bad_code", inbound)
                return await self._spoken_to(reply, inbound)
            reply = await self._heard(inbound)
        except Refused as refused:
            _note("refused", inbound)
            reply = Reply(text=str(refused), refused=True)
        if reply is None or _is_overheard(inbound.what) or isinstance(inbound.what, Reaction):
            return None
        return await self._spoken_to(reply, inbound)

    async def _spoken_to(self, reply: Reply, inbound: Inbound) -> Reply:
        """Return a reply in the language of whoever is answered."""
        who, place = await self._places.known(inbound.sender), await self._places.at(inbound)
        return reply.said_in(await self._language(inbound, who, place))

    async def _language(
        self, inbound: Inbound, who: ParticipantId | None, place: Conversation | None
    ) -> Language:
        if self._languages is None:
            return ENGLISH
        return await self._languages.of_sender(inbound, who, place)

    async def _as_meant(self, inbound: Inbound) -> Inbound:
        """Return what is meant for the bridge only as it is said here as overheard elsewhere."""
        what = inbound.what
        if not (isinstance(what, Spoken) and (what.implied or what.by_reply)):
            return inbound
        place = await self._places.at(inbound)
        is_placed = place is not None and place.session is not None
        is_meant = is_placed if what.implied else not await self._is_to_others(place, what)
        meant = replace(what, addressed=is_meant, implied=False, by_reply=False)
        return replace(inbound, what=meant)

    async def _is_to_others(self, place: Conversation | None, spoken: Spoken) -> bool:
        """Say whether it replies to what the bridge shows of somebody, who will be shown it."""
        if place is None or place.session is None or spoken.reply_to is None:
            return False
        seq = await self._store.source_of(place.id, spoken.reply_to)
        said = await self._body(place.session, seq) if seq is not None else None
        if isinstance(said, MessageEdited):
            said = await self._body(place.session, said.target)
        if not isinstance(said, MessageReceived) or slash.commanded(spoken.content) is not None:
            return False
        there = await self._store.conversation(said.conversation)
        return there is not None and there.room

    async def _heard(self, inbound: Inbound) -> Reply | None:
        epoch = await self._store.epoch()
        is_again = epoch.may_have_heard(inbound.at) and not epoch.was_ahead(self._clock.now())
        if inbound.sender.also and inbound.sender.proven:
            await self._joining.join(inbound)
        who, place = await self._places.known(inbound.sender), await self._places.at(inbound)
        if inbound.room and place is None:
            await self._asking.answers.read_by_others(inbound.address)
        why = await self._admission.refusal(inbound, who, place)
        if why:
            _note("put_out" if why == texts.PUT_OUT else "stranger", inbound)
            unspoken = is_again or _is_unspoken(inbound.what)
            return None if unspoken else await self._told(inbound, why)
        parsed = _commanded(inbound.what)
        if not inbound.sender.proven and _takes_proof(inbound.what, parsed):
            raise Refused(texts.UNPROVEN)
        if who is not None and (done := await self._deed(inbound.what, who)) is not None:
            return done
        if await self._places.is_anothers(inbound.sender, who, place):
            _note("private_place", inbound)
            return None if _is_unspoken(inbound.what) else Reply(text=texts.NOT_YOURS, refused=True)
        if is_again and parsed is not None and isinstance(inbound.what, Spoken):
            _note("before_restore", inbound)
            return None
        session = place.session if place is not None else None
        is_placed = session is not None
        vain = await self._in_vain(inbound, session, again=is_again)
        if vain is not None:
            return vain.reply
        if parsed is not None and _only_asks(inbound) and (who is None or not is_placed):
            return await self._commands.unjoined(inbound, who, parsed, is_placed=is_placed)
        begins = await self._beginnings.of(inbound, who, place, parsed)
        if isinstance(begins, Reply):
            _note("refused", inbound)
            return begins
        if place is None and (why := await self._new_places.begin(inbound, who)):
            _note("refused", inbound)
            return self._admission.told(inbound.sender, why)
        take = self._take_again if is_again else self._take
        appended = await take(await self._place(inbound, who, begins), inbound)
        return appended.reply if appended is not None else None

    async def _told(self, inbound: Inbound, why: str) -> Reply | None:
        """Return what someone is told who is not let in."""
        parsed = _commanded(inbound.what)
        name = parsed.command.name if isinstance(parsed, slash.Slash) else ""
        if why == texts.UNKNOWN_SENDER and (name == "ask" or _says_ask(inbound)):
            words = parsed.argument if isinstance(parsed, slash.Slash) else ""
            return await self._asking.ask(inbound, words)
        if name == "whoami" and self._admission.may_ask_who(inbound.sender):
            return await self._members.stranger(inbound)
        is_stranger = why == texts.UNKNOWN_SENDER
        line = self._asking.line(inbound) if is_stranger else why
        return self._admission.told(inbound.sender, line)

    async def _deed(self, what: Heard, who: ParticipantId) -> Reply | None:
        """Do what a button of the bridge's own does, wherever it is pressed."""
        match pressed(what.value) if isinstance(what, Pressed) else None:
            case UndoPress(grant=number):
                return Reply(text=await self._pairing.undoing.undo(number, who))
            case RequestPress() as press:
                return await self._asking.answers.press(press, who)
            case AnswerPress() | UnboundPress() | SayingPress() | PushPress() | None:
                return None

    async def _place(
        self, inbound: Inbound, known: ParticipantId | None, chosen: SessionId | None
    ) -> Scene:
        """Return who speaks and where; a new place follows a session then, but the `chosen` one."""
        account = self._admission.account(inbound.address.channel)
        who = await self._places.identify(inbound.sender, still=known)
        await self._admission.note_realm(inbound.address.channel, inbound.sender)
        conversation = await self._places.register(inbound)
        if self._languages is not None:  # before it is shown anything
            await self._languages.told(conversation, inbound.sender.language)
        session = conversation.session
        if session is None and chosen is not None:
            session = chosen
            await self._store.create_session(session, at=self._clock.now())
        elif session is None:
            session = await self._admission.session_of(inbound, who, conversation)
            await self._places.follow(
                conversation,
                session,
                who,
                welcome=account.welcome,
                new=session != SHARED,
                agent=account.agent_in(inbound.address),
                may_own=inbound.sender.proven,
            )
            await self._check_again(inbound, who, conversation.id, session)
        elif not (_is_in_passing(inbound.what) or _only_asks(inbound)):
            await self._places.join(session, who)
        self._last_inbound.note(conversation.id)
        if await self._is_suspended(conversation.id):
            await self._store.revive(conversation.id)
            self._woken(conversation.id)
        language = await self._language(inbound, who, conversation)
        return Scene(who=who, conversation=conversation, session=session, language=language)

    async def _check_again(
        self, inbound: Inbound, who: ParticipantId, place: ConversationId, session: SessionId
    ) -> None:
        """Take a place back whose person was undone or put out while it was linked."""
        known = await self._places.known(inbound.sender)
        why = await self._admission.refusal(inbound, who, await self._store.conversation(place))
        if why or known != who:
            await self._places.unlink(session, place)
            raise Refused(why or texts.UNKNOWN_SENDER)

    async def _is_suspended(self, conversation: ConversationId) -> bool:
        lane = await self._store.conversation(conversation)
        return lane is not None and lane.suspended

    # -- what

    async def _take(self, scene: Scene, inbound: Inbound) -> Appended | None:
        match inbound.what:
            case Spoken() as spoken:
                return await self._hear(scene, inbound, spoken)
            case Edited(message=message) as edited:
                said = await self._said(scene, message)
                if said is None:
                    _note("unknown_message", inbound, message=message)
                    return None
                kept = await self._changed(scene, said.content, inbound, edited)
                command = Edit(by=scene.who, target=said.target, content=kept, earlier=said.edits)
                return await self._sessions.submit(
                    scene.session, command, origin=_origin(scene, inbound)
                )
            case Deleted(message=message):
                said = await self._said(scene, message)
                if said is None:
                    _note("unknown_message", inbound, message=message)
                    return None
                return await self._sessions.submit(
                    scene.session,
                    Delete(by=scene.who, target=said.target, earlier=said.edits),
                    origin=_origin(scene, inbound),
                )
            case Pressed(value=value):
                return await self._press(scene, inbound, value)
            case Reaction() as reaction:
                return await self._react(scene, inbound, reaction)
            case Added():
                _note("nothing_said", inbound)
                return None

    async def _take_again(self, scene: Scene, inbound: Inbound) -> Appended | None:
        """Take in what was said before the log was restored."""
        match inbound.what:
            case Spoken() as spoken:
                saying = await self._saying(scene, inbound, spoken)
                context = replace(saying, addressed=False, before_restore=True)
                appended = await self._sessions.submit(
                    scene.session, context, origin=_origin(scene, inbound)
                )
                if appended.fresh:
                    await self._tell_of_restore(scene.session)
                return appended
            case Reaction():
                _note("before_restore", inbound)
                return None
            case Pressed() | Edited() | Deleted() | Added():
                return await self._take(scene, inbound)

    async def _tell_of_restore(self, session: SessionId) -> None:
        push = Push(
            source=Source(kind="background", name="bridge"),
            content=ours(texts.RESTORED),
            key=f"restored:{(await self._store.epoch()).id}",
        )
        await self._sessions.submit(session, push)

    async def _said(self, scene: Scene, message: MessageId) -> _Standing | None:
        """Return what a message of a place is in the log, as it stands: as it was edited last."""
        seq = await self._store.source_of(scene.conversation.id, message)
        if seq is None:
            return None
        match await self._body(scene.session, seq):
            case MessageEdited(target=target, content=content, earlier=before):
                return _Standing(target=target, content=content, edits=(*before, seq))
            case MessageReceived(content=content):
                return _Standing(target=seq, content=content)
            case rest:
                assert_type(rest, _Unspoken | None)
                return _Standing(target=seq)

    async def _is_refused(self, scene: Scene, *, addressed: bool) -> bool:
        """Say whether whoever speaks may not, so that nothing is fetched for it."""
        fold = await self._sessions.fold(scene.session)
        said = Say(
            by=scene.who,
            conversation=scene.conversation.id,
            content=Content(),
            addressed=addressed,
        )
        return fold.archived or bool(permissions.refusal(fold, said))

    async def _changed(
        self, scene: Scene, said: Content, inbound: Inbound, edited: Edited
    ) -> Content:
        """Return what a message that said something says now, with the files it has now."""
        content, files = edited.content, edited.files
        if files is None or _has(said, files) or await self._is_refused(scene, addressed=False):
            files = None
        if files is not None:
            found = await self._downloads.content(inbound.address.channel, content, files)
            if len(found.attachments) == len(content.attachments) + len(files):
                return found
        # Platforms do not tell again which files a message has.
        return content if content.attachments else replace(content, attachments=said.attachments)

    async def _body(self, session: SessionId, target: Seq) -> Body | None:
        found = await self._store.read(session, after=target - 1, limit=1)
        return found[0].body if found else None

    async def _hear(self, scene: Scene, inbound: Inbound, spoken: Spoken) -> Appended:
        saying, origin = await self._saying(scene, inbound, spoken), _origin(scene, inbound)
        is_about_another = spoken.reply_to is not None and saying.reply_to is None
        if is_about_another and slash.commanded(saying.content) is None:
            return await self._sessions.submit(scene.session, saying, origin=origin)
        return await self._sessions.hear(scene.session, saying, origin=origin)

    async def _saying(self, scene: Scene, inbound: Inbound, spoken: Spoken) -> Say:
        reply_to = None
        if spoken.reply_to is not None:
            said = await self._said(scene, spoken.reply_to)
            reply_to = said.target if said is not None else None
        quoted = spoken.quoted if reply_to is None else None
        files = (*spoken.files, *(quoted.files if quoted is not None else ()))
        if files:
            is_command = _commanded(spoken) is not None
            if is_command or await self._is_refused(scene, addressed=spoken.addressed):
                files = ()
        content = spoken.content
        if files:
            with self._arrivals.coming(scene.session):
                account = inbound.address.channel
                content = await self._downloads.content(account, content, files)
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
        match await self._presses.meaning(scene.session, value):
            case Answering(question=question, run=run, answer=chosen):
                answer = Answer(
                    by=scene.who,
                    question=question,
                    run=run,
                    answer=chosen,
                    conversation=scene.conversation.id,
                )
                return await self._sessions.submit(scene.session, answer, origin=origin)
            case Saying(content=content, to=to):
                saying = Say(
                    by=scene.who, conversation=scene.conversation.id, content=content, reply_to=to
                )
                take = self._sessions.hear if to is None else self._sessions.submit
                return await take(scene.session, saying, origin=origin)
            case Meaningless() as nothing:
                _note(nothing.reason, inbound)
                return Appended(reply=nothing.reply)

    async def _react(self, scene: Scene, inbound: Inbound, reaction: Reaction) -> Appended | None:
        """Take a thumb on an approval as its answer, any other emoji as what it is."""
        said = await self._said(scene, reaction.message)
        if said is None:
            _note("unknown_message", inbound, message=reaction.message)
            return None
        body = await self._body(scene.session, said.target)
        if isinstance(body, QuestionAsked) and chosen_by(reaction.emoji, body):
            value = await self._pressed_by(scene, reaction, said.target, body)
            if value is None:
                _note("of_no_concern", inbound)
                return None
            return await self._press(scene, inbound, value)
        react = React(
            by=scene.who,
            conversation=scene.conversation.id,
            target=said.target,
            emoji=reaction.emoji,
            gone=reaction.gone,
        )
        origin = _origin(scene, inbound)
        return await self._sessions.submit(scene.session, react, origin=origin)

    async def _pressed_by(
        self, scene: Scene, reaction: Reaction, seq: Seq, asked: QuestionAsked
    ) -> str | None:
        """Return the value of the button that a thumb on a card stands for, None for none there."""
        lane = await self._store.conversation(scene.conversation.id)
        receipts = await self._store.receipts(scene.session, scene.conversation.id, sources={seq})
        is_there = lane is not None and lane.cursor >= seq  # nothing of it is still to come
        if not is_there or last_message(receipts, seq) != reaction.message:
            return None
        offered = [each.id for each in asked.options]
        number = offered.index(chosen_by(reaction.emoji, asked))
        return answer_button(scene.session, seq, asked, number)

    async def _in_vain(
        self, inbound: Inbound, session: SessionId | None, *, again: bool
    ) -> Appended | None:
        """Return what comes of what means nothing in a place, which is left as it is.

        A button may have meant something when it was delivered first. `again`: before a restore.
        """
        if session is None:
            return None if _is_said(inbound.what) else Appended(reply=_unplaced(inbound))
        if not isinstance(inbound.what, Pressed):
            return None
        if again:
            _note("before_restore", inbound)
            return Appended(reply=Reply(text=texts.PRESSED_BEFORE_RESTORE, refused=True))
        meaning = await self._presses.meaning(session, inbound.what.value)
        if not isinstance(meaning, Meaningless):
            return None
        known = await self._store.repeated(inbound.address.channel, inbound.external_id)
        if known is not None:
            return known
        _note(meaning.reason, inbound)
        return Appended(reply=meaning.reply)


def _note(reason: Reason, inbound: Inbound, **fields: str) -> None:
    """Note that something heard leaves nothing behind."""
    address, what = inbound.address, type(inbound.what).__name__
    note(reason, account=address.channel, place=address.place, what=what, **fields)


def _unplaced(inbound: Inbound) -> Reply | None:
    """Leave nothing behind of what happens in a place that follows nothing."""
    _note("unplaced", inbound)
    match inbound.what:
        case Added() if inbound.room:
            return Reply(text=admission_texts.ADDED)
        case Pressed():
            return Reply(text=texts.NO_PLACE, refused=True)
        case Spoken() | Edited() | Deleted() | Added() | Reaction():
            return None


def _is_unspoken(what: Heard) -> bool:
    """Say whether nothing was said that a stranger would wait for an answer to."""
    return isinstance(what, Edited | Deleted | Added | Reaction) or _is_overheard(what)


def _is_overheard(what: Heard) -> bool:
    return isinstance(what, Spoken) and not what.addressed


def _is_said(what: Heard) -> bool:
    """Say whether something is said to the bridge, so that its place is to follow a session."""
    return isinstance(what, Spoken) and what.addressed


def _commanded(what: Heard) -> slash.Slash | slash.UnknownSlash | None:
    """Return the slash command that something is, or that the button says which was pressed."""
    match what:
        case Spoken(content=content, addressed=True):
            return slash.commanded(content)
        case Pressed(value=value) if isinstance(press := pressed(value), SayingPress):
            return slash.parse(press.words)
        case Spoken() | Pressed() | Edited() | Deleted() | Added() | Reaction():
            return None


def _only_asks(inbound: Inbound) -> bool:
    parsed, kind = _commanded(inbound.what), "room" if inbound.room else "private"
    return parsed is not None and slash.effect(parsed, cast("Kind", kind)) == "asks"


def _act(parsed: slash.Slash | slash.UnknownSlash | None) -> Act:
    """Return what is asked for by a slash command; plain words speak."""
    return parsed.command.act if isinstance(parsed, slash.Slash) else Say


def _takes_proof(what: Heard, parsed: slash.Slash | slash.UnknownSlash | None) -> bool:
    """Say whether something is done only for an id that the platform vouches for."""
    match pressed(what.value) if isinstance(what, Pressed) else None:
        case UndoPress():
            return rule_for("undo a code").proven
        case RequestPress():
            return rule_for("answer a request").proven
        case AnswerPress() | UnboundPress() | SayingPress() | PushPress() | None:
            return rule_for(_act(parsed)).proven


def _says_ask(inbound: Inbound) -> bool:
    """Say whether someone sends the bare word for `/ask`: some apps take no slash from people."""
    what = inbound.what
    return (
        isinstance(what, Spoken) and not inbound.room and what.content.text.strip().lower() == "ask"
    )


def _is_in_passing(what: Heard) -> bool:
    """Say whether nothing is asked of the bridge, so that nobody becomes a participant by it."""
    return isinstance(what, Edited | Deleted | Added | Reaction) or _is_overheard(what)


def _quote(quoted: Quoted) -> Quote:
    """Return what a message is about, cut; its files come with the message's own."""
    words = quoted.text.strip() or ", ".join(_file(each) for each in quoted.files)
    cut = words if len(words) <= LONGEST_QUOTE else f"{words[: LONGEST_QUOTE - 1]}…"
    return Quote(author=own_name(quoted.author) or texts.SOMEONE, text=cut)


def _has(said: Content, files: Sequence[RemoteFile]) -> bool:
    """Say whether what was said has files that look like these, so they are kept already."""
    told = [(_file(each), each.size) for each in files]
    return told == [(each.name, each.size) for each in said.attachments]


def _file(file: RemoteFile) -> str:
    return file_name(file.name, file.kind, file.mime)


def _origin(scene: Scene, inbound: Inbound) -> Origin:
    message = inbound.what.message if isinstance(inbound.what, Spoken | Edited) else None
    return Origin(
        account=inbound.address.channel,
        external_id=inbound.external_id,
        conversation=scene.conversation.id,
        message=message,
        language=scene.language,
    )
