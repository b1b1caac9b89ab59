"""Who is in a session: /who, /whoami, /role and /leave; and how one of them is named.

The rules:

- A name that two people have means neither: their ids are told instead. Nor does one that reads
  like it; with the number behind it that /who shows, it means whom /who shows so.
- Whoever leaves takes along what was theirs: their private places, the rooms that they let follow,
  their codes for the session. They may come back by writing, in no stronger role than before.
- Which accounts someone has is told to them where one person reads, and nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge import admission_texts
from bridge.domain.commands import ChangeRole, Leave, Say
from bridge.domain.display_names import clean_name, own_name, reads_as, unmarked
from bridge.domain.errors import Refused
from bridge.domain.events import Role
from bridge.domain.ids import ParticipantId, SessionId
from bridge.domain.inbound import Inbound
from bridge.domain.parts import Conversation, Reply
from bridge.engine.access.admission import BRIDGE, Admission
from bridge.engine.access.pairing_codes import PairingCodes
from bridge.engine.access.places import Places
from bridge.engine.commands.begun import Begun
from bridge.engine.commands.following import Following
from bridge.engine.names import CLIENTS, DisplayNames
from bridge.ports.engine import Sessions
from bridge.ports.store import Store
from bridge.session import permissions
from bridge.session.fold import Session
from bridge.session.permission_table import ROLES
from bridge.session.routing import typed_role


@dataclass(slots=True)
class Members:
    store: Store
    sessions: Sessions
    admission: Admission
    places: Places
    names: DisplayNames
    following: Following
    codes: PairingCodes
    begun: Begun

    # -- who is who

    async def who_is_here(self, fold: Session) -> str:
        """Say who is in a session, in which role and from where, the strongest role first."""
        names = await self.names.in_session(fold)
        places = [await self.store.conversation(each) for each in fold.conversations]
        rooms = [each for each in places if each is not None and each.room]
        people = []
        for who, role in sorted(fold.participants.items(), key=lambda each: ROLES.index(each[1])):
            people.append((names[who], role, await self.apps(fold, who)))
        return admission_texts.who_is_here(people, [self._called(each) for each in rooms])

    async def who_is(self, fold: Session, spoken: Say) -> Reply:
        """Tell someone who they are, and in which role here."""
        place = await self.store.conversation(spoken.conversation)
        is_private = spoken.conversation in CLIENTS or (place is not None and not place.room)
        return await self.told(spoken.by, fold, private=is_private)

    async def told(self, who: ParticipantId, fold: Session | None, *, private: bool) -> Reply:
        mine = await self.admission.identities(who) if private else ()
        accounts = [(each.realm, each.user) for each in mine if each != BRIDGE]
        role = fold.participants.get(who) if fold is not None else None
        text = admission_texts.who_you_are(
            name=await self.names.who(who),
            who=who,
            role=role,
            accounts=accounts,
            asked_in="" if private else admission_texts.APPS_IN_PRIVATE,
        )
        return Reply(text=text)

    async def stranger(self, inbound: Inbound) -> Reply:
        """Tell someone who is not let in by which id their app knows them."""
        sender, app = inbound.sender, self.names.label(inbound.address.channel)
        text = admission_texts.stranger_is(own_name(sender.name), sender.user, app)
        return Reply(text=text)

    def newcomer(self, inbound: Inbound) -> Reply:
        """Tell someone who is let in, and in no session yet, who they are."""
        sender, app = inbound.sender, self.names.label(inbound.address.channel)
        user = "" if inbound.room else sender.user
        return Reply(text=admission_texts.newcomer_is(own_name(sender.name), user, app))

    # -- who may do what, and for how long

    async def give_role(self, fold: Session, by: ParticipantId, argument: str) -> Reply:
        """Change someone's role in a session, for one of its owners."""
        if why := permissions.why_not(fold, by, ChangeRole):
            return Reply(text=why, refused=True)
        asked = typed_role(argument)
        if asked is None:
            return Reply(text=admission_texts.ROLE_HOW, refused=True)
        named, role = asked
        found = [each for each in await self.named(fold, named) if each in fold.participants]
        if len(found) != 1:
            text = admission_texts.role_whom(await self.apart(fold, found), role)
            return Reply(text=text, refused=True)
        try:
            return Reply(text=await self.give(fold, by, found[0], role))
        except Refused as refused:
            return Reply(text=str(refused), refused=True)

    async def give(self, fold: Session, by: ParticipantId, who: ParticipantId, role: Role) -> str:
        """Change someone's role, for an owner; return that it was. Raises `Refused`."""
        if why := permissions.why_not(fold, by, ChangeRole):
            raise Refused(why)
        name = await self.called(fold, who)
        if who != by and role != "owner" and await self.admission.is_owner(who):
            raise Refused(admission_texts.ROLE_OWNER)
        await self.sessions.submit(fold.id, ChangeRole(by=by, participant=who, role=role))
        return admission_texts.role_given(name, role)

    async def leave(self, fold: Session, by: ParticipantId) -> Reply:
        """Let someone leave a session of themselves."""
        if why := permissions.why_not(fold, by, "leave"):
            return Reply(text=why, refused=True)
        name = await self.names.who(by)
        await self.put_out(fold.id, Leave(participant=by, by=by, called=name))
        await self.codes.void_of(by, fold.id)
        return Reply(text=admission_texts.LEFT)

    async def put_out(self, session: SessionId, leave: Leave) -> None:
        """Let someone be in a session no more, nor what they brought along."""
        await self.sessions.submit(session, leave)
        await self.following.take_back(session, leave.participant)
        await self.places.leave(session, leave.participant)
        await self._leave_to_others(session, leave.participant)

    async def _leave_to_others(self, session: SessionId, who: ParticipantId) -> None:
        """Let who stays see to a session that someone began, or whoever owns the bridge."""
        people = (await self.sessions.fold(session)).participants
        owners = [each for each, role in people.items() if role == "owner"]
        await self.begun.left(who, session, owners or (await self.admission.book()).owners)

    async def called(self, fold: Session, who: ParticipantId) -> str:
        """Return what someone is called in a session, as /who lists them."""
        return (await self.names.in_session(fold, [who]))[who]

    async def apart(
        self, fold: Session, people: Sequence[ParticipantId]
    ) -> list[tuple[str, ParticipantId]]:
        """Return people to choose from: what each is called, with the apps they write from."""
        found = []
        for who in people:
            apps = await self.apps(fold, who)
            name = await self.called(fold, who)
            found.append((f"{name}, {', '.join(apps)}" if apps else name, who))
        return sorted(found)

    async def apps(self, fold: Session, who: ParticipantId) -> list[str]:
        """Return the apps in which someone's own places follow a session."""
        mine = [place for place, by in fold.conversations.items() if by == who]
        found = [await self.store.conversation(each) for each in mine]
        apps = {self.names.label(each.address.channel) for each in found if each and not each.room}
        return sorted(apps)

    async def named(self, fold: Session, named: str) -> list[ParticipantId]:
        """Return who is meant: by id, or by name. Who was put out is named by a repeat."""
        meant = named.strip().removeprefix("@").casefold()
        for people in (list(fold.participants), sorted(fold.put_out)):
            by_id = [each for each in people if each == named.strip()]
            names = await self.names.people(people)
            shown = await self.names.in_session(fold, people)  # as /who lists them
            if same := by_id or _borne(meant, names, shown):
                return same
        return []

    def _called(self, room: Conversation) -> tuple[str, str]:
        title = clean_name(room.title) or admission_texts.THIS_ROOM
        return title, self.names.label(room.address.channel)


def _borne(
    meant: str, names: Mapping[ParticipantId, str], shown: Mapping[ParticipantId, str]
) -> list[ParticipantId]:
    """Return who is called so: whom a label is of that nobody bears, else all it can mean.

    `names` are those that people have, `shown` the labels by which a session tells them apart.
    """
    labelled = [each for each in names if shown[each].casefold() == meant]
    bearers = _alike(meant, names)
    if len(labelled) == 1 and not bearers:
        return labelled
    if labelled or any(names[each].casefold() == meant for each in bearers):
        return list(dict.fromkeys((*labelled, *bearers)))
    namesakes = _alike(unmarked(meant), names)  # a number that nobody has by now
    return namesakes if len(namesakes) > 1 else []


def _alike(meant: str, names: Mapping[ParticipantId, str]) -> list[ParticipantId]:
    read = reads_as(meant)
    return [each for each, name in names.items() if not read.isdisjoint(reads_as(name))]
