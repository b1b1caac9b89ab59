"""Files, both ways.

The rules:

- Out: an address is asked for, the bytes are streamed there, and only then the file is shared: what
  fails before that was surely not shown. Slack shares it a little later and tells no message, so
  the message is looked up once.
- In: the bot token goes to Slack's own hosts only. Who may not have a file is sent a web page with
  status 200 instead.

Source: https://docs.slack.dev/messaging/working-with-files
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bridge.domain.content import Attachment
from bridge.domain.errors import (
    ChannelError,
    FileRefused,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from bridge.domain.ids import MessageId
from bridge.domain.inbound import RemoteFile
from bridge.domain.parts import Part, Sent
from bridge.ports.blobs import Blobs
from bridge.unseen import note
from channels.slack import render
from channels.slack.client import Web
from channels.slack.conversation_ids import Spot
from channels.slack.limits import MAX_CHUNK, MAX_COMMENT, MOST_RECENT

FILE = "file:"
"""Begins the id of a message that is known by its file only."""

BY_ID = "id:"
"""Begins a reference to a file whose address has to be asked for."""

CHECK = "check_file_info"
"""Says of a file that the rest of it has to be asked for."""

CLOSED_TO_ALL = frozenset({"channel_not_found", "not_in_channel", "is_archived"})
"""Refusals to share a file that hold for texts as well."""

SLACK_HOSTS = ("slack.com", "slack-files.com", "slack-edge.com")
OK = 200


@dataclass(slots=True)
class Uploads:
    """Sends files. `_shared`: which files were last shared for a part, by its key."""

    web: Web
    blobs: Blobs
    _shared: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def send(self, there: Spot, part: Part) -> MessageId:
        try:
            files = [(await self._upload(each), each.name) for each in part.attachments]
        except (RateLimited, Unreachable):
            raise
        except (Rejected, Unauthorized) as error:
            raise _of_files(error) from error
        except ChannelError as error:  # it was not shared yet
            raise Unreachable(str(error), code=error.code) from error
        self._remember(part, tuple(file for file, _ in files))
        await self._share(there, part, files)
        return await self._message(there, files[0][0]) or MessageId(f"{FILE}{files[0][0]}")

    async def resolve(self, there: Spot, part: Part) -> Sent | None:
        """Find the message of a part's files. Raises `OutcomeUnknown` after a restart."""
        files = self._shared.get(render.key(part))
        if not files:
            raise OutcomeUnknown("which files were sent is not known any more", code="restarted")
        try:
            answer = await self.web.ask(self.web.client.files_info(file=files[0]))
        except Rejected:  # it was never completed
            return None
        message = next(_shares(answer.get("file") or {}, there.room), None)
        if message is None:
            raise OutcomeUnknown("Slack has the file and does not say where", code="not_shared")
        return Sent(message=message)

    async def _upload(self, attachment: Attachment) -> str:
        """Bring the bytes to Slack; nobody sees them yet. Returns the file's id."""
        size = await self.blobs.size(attachment.media)
        if not size:
            raise Rejected("the file is not kept any more, or empty", code="no_bytes")
        name = attachment.name or "file"
        ticket = await self.web.ask(
            self.web.client.files_getUploadURLExternal(filename=name, length=size)
        )
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        content = self.blobs.open(attachment.media)
        try:
            async with (
                self.web.session() as session,
                session.post(ticket["upload_url"], data=content, headers=headers) as answer,
            ):
                if answer.status != OK:
                    raise Unreachable("the file was not taken", code=f"http_{answer.status}")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable("the file was not taken", code=type(error).__name__) from error
        return str(ticket["file_id"])

    async def _share(self, there: Spot, part: Part, files: list[tuple[str, str]]) -> None:
        comment = render.comment(part)[:MAX_COMMENT] if part.text or part.speaker else None
        shared: list[dict[str, str | None]] = [
            {"id": file, "title": name or "file"} for file, name in files
        ]
        try:
            await self.web.ask(
                self.web.client.files_completeUploadExternal(
                    files=shared,
                    channel_id=there.room,
                    thread_ts=there.thread or None,
                    initial_comment=comment,
                )
            )
        except (Rejected, Unauthorized) as error:
            raise _of_files(error) from error
        except Gone as error:
            if error.code in CLOSED_TO_ALL:
                raise
            # Perhaps only files are forbidden here: then texts still arrive.
            raise FileRefused(str(error), code=error.code) from error

    async def _message(self, there: Spot, file: str) -> MessageId | None:
        """Return which message shows a file in a room, None while Slack does not say."""
        try:
            answer = await self.web.ask(self.web.client.files_info(file=file))
        except ChannelError:
            return None
        return next(_shares(answer.get("file") or {}, there.room), None)

    def _remember(self, part: Part, files: tuple[str, ...]) -> None:
        if len(self._shared) >= MOST_RECENT:
            del self._shared[next(iter(self._shared))]
        self._shared[render.key(part)] = files


def _shares(file: dict[str, Any], room: str) -> Iterator[MessageId]:
    for kind in (file.get("shares") or {}).values():
        for share in kind.get(room, ()):
            yield MessageId(str(share["ts"]))


def _of_files(error: Rejected | Unauthorized) -> ChannelError:
    """Return what a refusal means for files: a scope that they lack does not shut the account."""
    if isinstance(error, Unauthorized) and error.code != "missing_scope":
        return error
    return FileRefused(str(error), code=error.code)


# -- in -------------------------------------------------------------------------------------------


async def download(web: Web, file: RemoteFile) -> AsyncIterator[bytes]:
    """Yield a file's bytes. Raises `Rejected`, or another `ChannelError` when it may work later."""
    url = await _address(web, file)
    if not _is_trusted(url, web.api_url):
        raise Rejected("the file is not kept at Slack", code="foreign_host")
    headers = {"Authorization": f"Bearer {web.client.token}"}
    try:
        async with (
            web.session() as session,
            session.get(url, headers=headers, allow_redirects=False) as answer,
        ):
            _check(answer)
            async for chunk in answer.content.iter_chunked(MAX_CHUNK):
                yield chunk
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable("the file did not arrive", code=type(error).__name__) from error


async def completed(web: Web, message: dict[str, Any]) -> dict[str, Any]:
    """Return a message with what Slack tells of its files only when asked.

    It does so of files from another workspace (Slack Connect). What it does not tell stays out.
    """
    files = [each for each in message.get("files") or () if isinstance(each, dict)]
    if not any(_is_stub(each) for each in files):
        return message
    return {**message, "files": [await _completed(web, each) for each in files]}


async def _completed(web: Web, file: dict[str, Any]) -> dict[str, Any]:
    if not _is_stub(file):
        return file
    try:
        answer = await web.ask(web.client.files_info(file=str(file["id"])))
    except ChannelError as error:
        note("file_not_kept", account=web.name, code=error.code)
        return file
    return {**file, **(answer.get("file") or {})}


def _is_stub(file: dict[str, Any]) -> bool:
    return file.get("file_access") == CHECK and "id" in file


async def _address(web: Web, file: RemoteFile) -> str:
    if not file.ref.startswith(BY_ID):
        return file.ref
    answer = await web.ask(web.client.files_info(file=file.ref.removeprefix(BY_ID)))
    url = (answer.get("file") or {}).get("url_private_download")
    if not url:
        raise Rejected("the file cannot be had", code="no_address")
    return str(url)


def _is_trusted(url: str, api_url: str) -> bool:
    """Say whether the token may be shown to an address."""
    wanted, api = urlsplit(url), urlsplit(api_url)
    if (wanted.scheme, wanted.netloc) == (api.scheme, api.netloc):
        return True
    host = wanted.hostname or ""
    return wanted.scheme == "https" and any(
        host == known or host.endswith(f".{known}") for known in SLACK_HOSTS
    )


def _check(answer: aiohttp.ClientResponse) -> None:
    status = answer.status
    if status >= 500 or status == 429:  # noqa: PLR2004
        raise Unreachable("Slack does not give the file now", code=f"http_{status}")
    is_page = answer.content_type == "text/html"
    is_file = "attachment" in answer.headers.get("Content-Disposition", "")
    if status != OK or (is_page and not is_file):
        raise Rejected("Slack does not give the file; is the scope files:read there?", code="page")
