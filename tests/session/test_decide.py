"""Who may ask what, whatever it is: the way into every decision."""

from bridge import texts
from bridge.domain.commands import (
    Archive,
    Join,
    Leave,
    Link,
    Trigger,
    Unlink,
)
from bridge.domain.errors import Refused
from bridge.domain.events import (
    ConversationUnlinked,
    ParticipantLeft,
    Source,
)
from tests.playbook import (
    ADA,
    DM,
    EVE,
    say,
    with_ada,
)


def test_an_archived_session_is_read_but_not_continued():
    play = with_ada(Link(conversation=DM, by=ADA), Archive(by=ADA)) >> say("hello")
    play << Refused(texts.ARCHIVED)
    play >> Trigger(source=Source(kind="api"), prompt="go on") << Refused(texts.ARCHIVED)


def test_one_can_leave_an_archived_session_and_unlink_places_from_it():
    play = with_ada(Link(conversation=DM, by=ADA), Archive(by=ADA))
    play >> Unlink(conversation=DM, by=ADA) << ConversationUnlinked(conversation=DM, by=ADA)
    play >> Leave(by=ADA, participant=ADA) << ParticipantLeft(participant=ADA, by=ADA)


def test_strangers_and_viewers_are_refused():
    with_ada() >> say("hi", by=EVE) << Refused(texts.NOT_IN_SESSION)
    play = with_ada(Join(participant=EVE, role="viewer")) >> say("hi", by=EVE)
    play << Refused(texts.READ_ONLY)
