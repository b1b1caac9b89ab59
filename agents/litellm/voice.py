"""Voice messages: the first thing a run does is to put what was spoken in words.

Which are still to be heard, and who is to be told that one cannot be, is decided without I/O.
"""

from bisect import bisect_right
from collections.abc import AsyncGenerator, Container, Iterator, Sequence
from dataclasses import dataclass

from agents.litellm.client import transcribe
from agents.litellm.failure import Unanswered
from agents.litellm.files import read
from agents.litellm.state import State
from agents.log_index import Ask, Heard
from bridge.domain.content import Attachment, Content
from bridge.domain.errors import NotFound
from bridge.domain.events import Event, MessageReceived, Preview, Pushed, Transcribed
from bridge.domain.ids import ParticipantId, Seq
from bridge.ports.agent import Pushing, Said, Transcript

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


def unheard(events: Sequence[Event], standing: Container[Seq], *, after: Seq) -> Sequence[Voice]:
    """Return the recordings past `after` that nobody has put in words yet, where they stand."""
    later = events[bisect_right(events, after, key=lambda event: event.seq) :]
    heard = {
        (event.body.target, event.body.media)
        for event in later
        if isinstance(event.body, Transcribed)
    }
    return [
        voice
        for event in later
        for voice in _voices(event)
        if voice.target in standing and (voice.target, voice.file.media) not in heard
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


async def listen(state: State) -> AsyncGenerator[Preview | Said]:
    """Hear every recording that is new. Where nothing else was asked, the run may end here."""
    page = state.page
    for voice in unheard(page.log, page.known.words, after=page.after):
        yield state.preview(activity="listening")
        words, why = await _heard(state, voice)
        if words:
            yield state.said(Transcript(target=voice.target, media=voice.file.media, text=words))
        elif not was_told(page.log, voice, why):
            told = Pushing(content=Content(text=why), to=(voice.participant,))
            yield state.said(told)
    if is_only_voice(page.asks()):
        state.end()


async def _heard(state: State, voice: Voice) -> tuple[str, str]:
    """Return what is spoken, or why that is not known."""
    section = state.kit.config.transcription
    if section is None:
        return "", NO_MODEL
    if voice.file.size > MOST_BYTES:
        return "", TOO_LARGE
    try:
        body = await read(state.turn.blobs, voice.file.media)
        words = await transcribe(
            section,
            voice.file.name,
            body,
            voice.file.mime,
            seconds=state.kit.config.stall_seconds,
            now=state.turn.clock.now,
        )
    except NotFound:
        return "", unheard_because("it is not kept here any more")
    except Unanswered as error:
        return "", unheard_because(error.trouble.reason)
    return words, unheard_because("there was nothing to hear")
