"""The first thing a run does: it puts what was spoken in words, or says that it cannot."""

from collections.abc import AsyncGenerator

from agents.litellm.failure import Unanswered
from agents.litellm.files import read
from agents.litellm.hearing import (
    MOST_BYTES,
    NO_MODEL,
    TOO_LARGE,
    Voice,
    is_only_voice,
    unheard,
    unheard_because,
    was_told,
)
from agents.litellm.library import transcribe
from agents.litellm.state import State
from bridge.content import Content
from bridge.errors import NotFound
from bridge.events import Preview
from bridge.ports import Pushing, Said, Transcript


async def listen(state: State) -> AsyncGenerator[Preview | Said]:
    """Hear every recording that is new. Where nothing else was asked, the run may end here."""
    page = state.page
    for voice in unheard(page.log, after=page.after):
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
