"""A mail in our words: who says what, in which thread, and whether it is heard at all. Pure.

The rules:

- A mail is named by its Message-ID and a hash over who sent it and what: a copy of it is the same,
  and another one that calls itself so is not. One without a Message-ID is named by the hash alone.
- The subject is what its thread is called, and is read with the first mail of it; but above a
  command or a code, which stand alone.
- Words are meant to the letter: mail has no Markdown.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message

from bridge import texts
from bridge.domain import literal
from bridge.domain.content import Content
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound, Quoted, RemoteFile, Sender, Spoken
from bridge.domain.parts import Address
from bridge.session.routing import typed_code
from channels.email.addresses import Mailbox, decoded, sender_of
from channels.email.authentication import is_proven
from channels.email.automatic import why_automatic
from channels.email.config import EmailConfig
from channels.email.content import Held, PartFile, held
from channels.email.conversation_ids import ids_in, place_of, thread_of
from channels.email.limits import LONGEST_HEADER, LONGEST_SUBJECT, MOST_REFERENCES
from channels.email.quoting import Reply, forwarded, parted

REALM = "email"
NOTHING_SAID = "a mail without words"

FORWARDED = re.compile(
    r"^\s*(?:fwd?|wg|tr|rv|enc|vb|i|转发)\s?[:\N{FULLWIDTH COLON}]", re.IGNORECASE
)
_PREFIX = re.compile(
    r"^(?:(?:re|aw|antw|sv|vs|ref|rif|res|tr|fwd?|wg|i|rv|enc|转发|回复|答复)"
    r"(?:\s?\[\d+\]|\(\d+\))?\s?[:\N{FULLWIDTH COLON}]\s*)+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A mail as the server has it: `size` in bytes; `body` is its head alone where it is too large.

    `ref` names it in its folder; `at` is when the server got it.
    """

    ref: str
    body: bytes
    size: int
    at: datetime
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What an answer needs of a thread: the last mail that was heard, and those before it."""

    subject: str
    last: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail that is heard."""

    inbound: Inbound
    thread: Thread

    @property
    def place(self) -> str:
        return self.inbound.address.place


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """A mail that is not heard; `why` is a word for the log."""

    key: str
    why: str


def read(arrived: Arrived, config: EmailConfig, channel: ChannelName) -> Mail | Unheard:
    """Return a mail in our words, or why it is not heard."""
    message = message_from_bytes(arrived.body, policy=policy.compat32)
    headers = headers_of(message)
    sender = sender_of(headers.get("from", ()))
    key = external_id(headers, sender, arrived.body)
    if sender is None:
        return Unheard(key=key, why="no-sender")
    if why := why_automatic(headers, sender.address, config.own, config.domain):
        return Unheard(key=key, why=why)
    proven = is_proven(headers.get("authentication-results", ()), config.trusts, sender.domain)
    if not proven and config.unproven == "refuse":
        return Unheard(key=key, why="unproven")
    head = _head(headers, key, config.domain)
    spoken = _spoken(message, arrived, head)
    inbound = Inbound(
        external_id=key,
        address=Address(channel=channel, place=place_of(sender.address, head.thread)),
        sender=Sender(realm=REALM, user=sender.address, name=sender.name, proven=proven),
        what=spoken,
        title=head.subject,
        at=arrived.at,
    )
    last = (*head.earlier, head.message)[-MOST_REFERENCES:]
    thread = Thread(subject=head.subject, last=head.message, references=last)
    return Mail(inbound=inbound, thread=thread)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    message: str
    earlier: tuple[str, ...]
    thread: str
    subject: str
    is_forwarded: bool


def _head(headers: Mapping[str, Sequence[str]], key: str, domain: str) -> _Head:
    message = message_id_of(headers) or f"<{key}>"
    named = " ".join((*headers.get("references", ()), *headers.get("in-reply-to", ())))
    earlier = tuple(each for each in ids_in(named[:LONGEST_HEADER]) if each != message)
    subject = decoded(next(iter(headers.get("subject", ())), "")[:LONGEST_HEADER])
    return _Head(
        message=message,
        earlier=earlier,
        thread=thread_of(message, earlier, domain),
        subject=bare_subject(subject),
        is_forwarded=FORWARDED.match(subject) is not None,
    )


def headers_of(message: Message) -> Mapping[str, Sequence[str]]:
    """Return what each header says, as it came, by its name in small letters; from the top."""
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        words = str(value).encode(errors="surrogateescape").decode(errors="replace")
        found.setdefault(name.lower(), []).append(words)
    return found


def message_id_of(headers: Mapping[str, Sequence[str]]) -> str:
    """Return the id that a mail has; "" where it has none, or more than one."""
    found = [each for value in headers.get("message-id", ()) for each in ids_in(value)]
    return found[0] if len(found) == 1 else ""


def external_id(headers: Mapping[str, Sequence[str]], sender: Mailbox | None, body: bytes) -> str:
    """Return the name of a mail: the same for each copy of it, whatever servers wrote above it."""
    words = body.replace(b"\r\n", b"\n").partition(b"\n\n")[2].strip()
    told = [headers.get(name, [""])[0] for name in ("date", "subject", "from")]
    parts = (sender.address if sender else "", message_id_of(headers), *told)
    digest = hashlib.sha256("\0".join(" ".join(each.split()) for each in parts).encode())
    digest.update(words)
    named = message_id_of(headers).strip("<>")
    return f"{named}#{digest.hexdigest()[:16]}" if named else digest.hexdigest()[:32]


def bare_subject(subject: str) -> str:
    """Return what a thread is called, without what answering and forwarding put before it."""
    words = _PREFIX.sub("", subject)
    return words if len(words) <= LONGEST_SUBJECT else f"{words[: LONGEST_SUBJECT - 1]}…"


# -- what is said ---------------------------------------------------------------------------------


def _spoken(message: Message, arrived: Arrived, head: _Head) -> Spoken:
    found = held(message) if arrived.is_whole else Held()
    if not arrived.is_whole:
        found.unread.append(f"a mail of {arrived.size // 1_000_000} MB, which is more than I read")
    reply = (forwarded if head.is_forwarded else parted)(found.text)
    replied = head.earlier[-1] if head.earlier else None
    return Spoken(
        message=MessageId(head.message),
        content=_content(reply, found, "" if head.earlier else head.subject),
        reply_to=MessageId(replied) if replied else None,
        quoted=Quoted(author="", text=reply.quoted) if reply.quoted else None,
        files=tuple(_remote(each, arrived.ref) for each in found.files),
    )


def _content(reply: Reply, found: Held, subject: str) -> Content:
    """Return the words, below the subject where it is new and says something."""
    words = reply.words.strip()
    if subject and not words.startswith("/") and typed_code(words) is None:
        words = f"{subject}\n\n{words}".strip()
    pieces = [Content(text=words, literal=True, outside=reply.is_mixed)] if words else []
    unread = found.unread if any((words, found.unread, found.files)) else [NOTHING_SAID]
    return literal.joined([*pieces, *(Content(text=texts.unreadable(each)) for each in unread)])


def _remote(file: PartFile, ref: str) -> RemoteFile:
    return RemoteFile(
        kind=file.kind,
        name=file.name,
        mime=file.mime,
        ref=f"{ref}/{file.number}",
        size=file.size,
    )
