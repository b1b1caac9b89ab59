"""The files of a message, as a client names them."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bridge.domain.content import (
    UNKNOWN_TYPE,
    Attachment,
    AttachmentKind,
    kind_of,
    mime_of,
    name_of,
)
from bridge.domain.ids import MediaId
from bridge.http.errors import Fault
from bridge.http.validators import Name, Words
from bridge.ports.blobs import Blobs

MOST = 10
LONGEST = 1000
"""Characters of a name or a type as it is given; what is kept of it is shorter."""


class AttachmentInput(BaseModel):
    """A file that was put in before. `kind` is taken where it fits the type.

    `size` may be there, since it is in the answer to an upload, but is not believed.
    """

    model_config = ConfigDict(extra="forbid")

    media: Name
    name: Annotated[Words, Field(max_length=LONGEST)] = ""
    mime: Annotated[Words, Field(max_length=LONGEST)] = UNKNOWN_TYPE
    kind: AttachmentKind | None = None
    size: Annotated[int, Field(ge=0)] | None = None


AttachmentsInput = Annotated[list[AttachmentInput], Field(max_length=MOST)]


async def attached(blobs: Blobs, given: Sequence[AttachmentInput]) -> tuple[Attachment, ...]:
    """Return the files. Raises `Fault` when one is not kept (any more)."""
    return tuple([await _attached(blobs, number, each) for number, each in enumerate(given)])


async def _attached(blobs: Blobs, number: int, given: AttachmentInput) -> Attachment:
    media = MediaId(given.media)
    size = await blobs.size(media)
    if not size:
        why = "there is no such file here (any more): send it first"
        raise Fault(400, "malformed", f"attachments.{number}.media: {why}")
    mime = mime_of(given.mime)
    return Attachment(
        kind=kind_of(mime, given.kind), name=name_of(given.name), mime=mime, size=size, media=media
    )
