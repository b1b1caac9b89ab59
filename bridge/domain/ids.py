"""Distinct types for every kind of id, so that one cannot be passed for another.

Ids are opaque: nothing is ever read out of one.
"""

import secrets
from typing import NewType

SessionId = NewType("SessionId", str)
ConversationId = NewType("ConversationId", str)
ParticipantId = NewType("ParticipantId", str)
RunId = NewType("RunId", str)
QuestionId = NewType("QuestionId", str)
ScheduleId = NewType("ScheduleId", str)
CallId = NewType("CallId", str)
NoteId = NewType("NoteId", str)
MediaId = NewType("MediaId", str)
ChannelName = NewType("ChannelName", str)
"""One configured account of a channel, by its name in the config."""

MessageId = NewType("MessageId", str)
"""A platform's own id of one message in one place."""

PartId = NewType("PartId", str)
"""One message shown in a place; see `bridge.delivery.plan` for how it is formed."""

Seq = int
"""The number of an event in its session, from 1, dense."""

START: Seq = 0
"""Before the first event."""


def mint(prefix: str) -> str:
    """Return a fresh, unguessable id of at most 20 characters, fit for button data and URLs."""
    return f"{prefix}_{secrets.token_hex(8)}"


def trace_of(session: SessionId, seq: Seq) -> str:
    """Return by what an event is called in the log of the process, from hearing to receipt."""
    return f"{session}#{seq}"
