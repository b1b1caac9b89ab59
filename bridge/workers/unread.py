"""Which calls a chat app has not shown whole, so that nobody can approve them from there.

A client of the HTTP side shows every call whole by itself; it is no place in the store.
"""

from bridge import call_display, texts
from bridge.commands import Answer
from bridge.consent import DENYING
from bridge.ids import ConversationId, QuestionId
from bridge.parts import Reply
from bridge.ports import Store
from bridge.session import OpenQuestion, Session
from bridge.shown import was_shown


async def unread(
    store: Store, session: Session, where: ConversationId | None, *, typed: bool
) -> frozenset[QuestionId]:
    """Return the questions about calls that were not shown whole in a place.

    What is `typed` may come before the end of a question has arrived there; a button is that end.
    """
    about = {key: each for key, each in session.questions.items() if each.call is not None}
    lane = await store.conversation(where) if about and where is not None else None
    if lane is None:
        return frozenset()
    receipts = await store.receipts(
        session.id, lane.id, sources={each.asked for each in about.values()}
    )

    def is_unread(question: OpenQuestion) -> bool:
        assert question.call is not None
        if typed and lane.cursor < question.asked:
            return True
        fits = call_display.fits_in_parts(question.call)
        return not (fits and was_shown(receipts, question.asked))

    return frozenset(key for key, each in about.items() if is_unread(each))


def refusal(answer: Answer, unread: frozenset[QuestionId]) -> Reply | None:
    """Return what is said to whoever lets a call run that they cannot have read."""
    if answer.question not in unread or answer.answer in DENYING:
        return None
    return Reply(text=texts.CALL_NOT_SHOWN, refused=True)
