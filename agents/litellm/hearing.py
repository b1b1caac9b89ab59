"""Voice messages: which are still to be heard, and who is to be told that one cannot be. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.asked import Ask, Heard, standing
from bridge.content import Attachment
from bridge.events import Event, MessageReceived, Pushed, Transcribed
from bridge.ids import ParticipantId, Seq

MOST_BYTES = 25_000_000
"""What OpenAI's and most other models take."""

NO_MODEL = (
    "I cannot listen to voice messages: no model for that is configured (`transcription`). "
    "Please write it."
)
TOO_LARGE = "That voice message is too long for me to listen to. Please write it."


def unheard_because(reason: str) -> str:
    return f"I could not listen to that voice message ({reason}). Please write it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A recording in message `target`."""

    target: Seq
    participant: ParticipantId
    file: Attachment


def unheard(events: Sequence[Event], *, after: Seq) -> Sequence[Voice]:
    """Return the recordings in messages past `after` that nobody has put in words yet."""
    new = [voice for event in events if event.seq > after for voice in _voices(event)]
    if not new:
        return []
    said = standing(events)
    heard = {
        (event.body.target, event.body.media)
        for event in events
        if isinstance(event.body, Transcribed)
    }
    return [
        voice
        for voice in new
        if voice.target in said and (voice.target, voice.file.media) not in heard
    ]


def _voices(event: Event) -> Iterator[Voice]:
    if isinstance(event.body, MessageReceived):
        for file in event.body.content.attachments:
            if file.kind == "voice":
                yield Voice(target=event.seq, participant=event.body.participant, file=file)


def was_told(events: Sequence[Event], voice: Voice, text: str) -> bool:
    """Say whether its sender has been told already: the run before this one may have done so."""
    return any(
        event.seq > voice.target
        and isinstance(event.body, Pushed)
        and event.body.to == (voice.participant,)
        and event.body.content.text == text
        for event in events
    )


def is_only_voice(asks: Sequence[Ask]) -> bool:
    """Say whether nothing but recordings without words is asked, so that there is no answer."""
    return bool(asks) and all(
        isinstance(ask, Heard)
        and not ask.content.text.strip()
        and all(file.kind == "voice" for file in ask.content.attachments)
        for ask in asks
    )
