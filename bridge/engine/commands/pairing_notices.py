"""What the issuer of a code is told of it, in the session that it is of."""

from dataclasses import dataclass

from bridge import admission_texts, texts
from bridge.domain.commands import Push
from bridge.domain.content import Option, ours
from bridge.domain.display_names import own_name
from bridge.domain.errors import NotFound, Refused
from bridge.domain.events import Role, Source
from bridge.domain.ids import ParticipantId, Seq, SessionId
from bridge.domain.inbound import Sender
from bridge.domain.literal import escaped
from bridge.engine.access.pairing_codes import Invitation
from bridge.engine.names import DisplayNames
from bridge.ports.engine import Sessions
from bridge.session.admission import Grant
from bridge.session.routing import SHARED, UNDO
from bridge.unseen import note


@dataclass(slots=True)
class PairingNotices:
    sessions: Sessions
    names: DisplayNames

    async def announce(self, grant: Grant) -> Seq | None:
        """Tell the issuer who joined, once; return the event's number, if they could be told."""
        app = self.names.label(grant.account)
        write = admission_texts.became_owner if grant.owner else admission_texts.joined_as_you
        text = write(own_name(grant.name), escaped(grant.user), app, grant.id)
        undo = (Option(id=f"{UNDO}{grant.id}", label=admission_texts.UNDO),)
        push = _push(grant.by, text, f"joined:{grant.id}", buttons=undo)
        return await self._said(grant.session, push)

    async def joined(self, grant: Grant, role: Role) -> None:
        """Tell whoever invited somebody that they came, once."""
        text = admission_texts.joined_by_invitation(
            own_name(grant.name),
            escaped(grant.user),
            self.names.label(grant.account),
            role,
            grant.id,
        )
        undo = (Option(id=f"{UNDO}{grant.id}", label=admission_texts.UNDO),)
        await self._said(grant.session, _push(grant.by, text, f"joined:{grant.id}", buttons=undo))

    async def tell(self, invitation: Invitation, text: str, key: str) -> None:
        """Tell the issuer of a code what became of it, in the session it is of."""
        await self._said(invitation.session, _push(invitation.participant, text, key))

    async def _said(self, of: SessionId | None, push: Push) -> Seq | None:
        session = of or SHARED
        try:
            return (await self.sessions.submit(session, push)).events[0].seq
        except (NotFound, Refused) as error:
            note("notice_not_stored", session=session, error=type(error).__name__)
            return None


def _push(to: ParticipantId, text: str, key: str, *, buttons: tuple[Option, ...] = ()) -> Push:
    return Push(
        source=Source(kind="background", name="bridge"),
        content=ours(text),
        to=(to,),
        buttons=buttons,
        key=f"code:{key}",
    )


def called(sender: Sender) -> str:
    """Return how a sender is called to others."""
    return own_name(sender.name) or texts.SOMEONE
