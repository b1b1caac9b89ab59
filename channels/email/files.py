"""Fetching a file that someone sent: a part of a mail in the folder."""

from collections.abc import AsyncIterator

from bridge.domain.errors import Rejected
from bridge.domain.inbound import RemoteFile
from channels.email.client import Connection, Selected
from channels.email.content import message_of, part_of

CHUNK = 256 * 1024


def ref_of(validity: int, uid: int) -> str:
    return f"{validity}/{uid}"


async def downloaded(connection: Connection, file: RemoteFile) -> AsyncIterator[bytes]:
    """Yield a file's bytes. Raises `Rejected` where its mail is not there any more."""
    try:
        validity, uid, number = map(int, file.ref.split("/"))
    except ValueError:
        raise Rejected("this names no file", code="ref") from None

    def fetch(folder: Selected) -> bytes | None:
        if folder.validity != validity:
            return None
        found = folder.client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {})
        raw = found.get(b"BODY[]")
        return None if raw is None else part_of(message_of(raw), number)

    body = await connection.call(fetch)
    if body is None:
        raise Rejected("this mail is not there any more", code="gone")
    for at in range(0, len(body), CHUNK):
        yield body[at : at + CHUNK]
