"""A mail in our words: who says what, in which thread, and whether it is heard at all. Pure.

The rules:

- A mail is named by a hash over who sent it, when and what: a copy of it is the same, and another
  one that calls itself so is not. Its Message-ID and its blanks no signature need cover, so whoever
  sends a copy could change them: they do not count, but the id does where a mail has no date.
- Whoever got a signed mail can hand it to us as it is, and put headers above those that are signed.
  So a mail is to one of our addresses, has no header twice that there is once, and no signature of
  only its beginning.
- The subject is what its thread is called, and is read with the first mail of it; but above a
  command or a code, which stand alone.
- Words are meant to the letter: mail has no Markdown.
- A head that two readers may read in two ways is nobody's: the server that checked the sender may
  have read another one than we do.
- The head is read first. What else is in a mail is taken apart only if it is heard.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

from bridge import texts
from bridge.domain import literal
from bridge.domain.content import Content
from bridge.domain.ids import ChannelName, MessageId
from bridge.domain.inbound import Inbound, Quoted, RemoteFile, Sender, Spoken
from bridge.domain.parts import Address
from bridge.session.routing import typed_code
from channels.email.addresses import Mailbox, decoded, named_in, sender_of, untagged
from channels.email.authentication import is_proven
from channels.email.automatic import why_automatic
from channels.email.config import EmailConfig
from channels.email.content import (
    MORE_PARTS,
    MORE_WORDS,
    Held,
    PartFile,
    held,
    is_bearable,
    message_of,
)
from channels.email.conversation_ids import ids_in, place_of, thread_of
from channels.email.limits import (
    LONGEST_HEADER,
    LONGEST_SUBJECT,
    MOST_HEAD,
    MOST_REFERENCES,
    MOST_TEXT,
)
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
ONCE = frozenset(
    {
        *("date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to"),
        *("references", "subject", "content-type", "content-transfer-encoding"),
    }
)
"""Headers that a mail has once (RFC 5322, 3.6; RFC 2045, 3)."""

_PARTLY = re.compile(r"(?:^|;)\s*l\s*=")
"""In a DKIM signature: of how many octets of the body it is (RFC 6376, 3.5)."""

_BLANKS = b" \t\r\n\f\v"
_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"[!-9;-~]+:")
_FOLDED = (b" ", b"\t")


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
    raw = head_of(arrived.body)
    if raw is None:
        return Unheard(key=arrived.ref, why="unclear-head")
    headers = headers_of(message_of(raw))
    sender = sender_of(headers.get("from", ()))
    key = external_id(headers, sender, arrived.body)
    if any(len(values) > 1 for name, values in headers.items() if name in ONCE):
        return Unheard(key=key, why="doubled-header")
    if sender is None:
        return Unheard(key=key, why="no-sender")
    if why := why_automatic(headers, sender.address, config.own, config.domain):
        return Unheard(key=key, why=why)
    proven = is_proven(headers.get("authentication-results", ()), config.trusts, sender.address)
    if not proven and config.unproven == "refuse":
        return Unheard(key=key, why="unproven")
    if why := _why_not_ours(headers, config.own):
        return Unheard(key=key, why=why)
    head = _head(headers, key, config.domain)
    spoken = _spoken(arrived, head)
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


def _why_not_ours(headers: Mapping[str, Sequence[str]], own: Collection[str]) -> str:
    """Return why somebody else may have sent a mail here; "" where its sender did, to us."""
    if any(_PARTLY.search(each) for each in headers.get("dkim-signature", ())):
        return "partly-signed"
    to = named_in([*headers.get("to", ()), *headers.get("cc", ())])
    return "" if any(each in own or untagged(each) in own for each in to) else "not-to-us"


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
    subject = decoded(next(iter(headers.get("subject", ())), ""))
    return _Head(
        message=message,
        earlier=earlier,
        thread=thread_of(message, earlier, domain),
        subject=bare_subject(subject),
        is_forwarded=FORWARDED.match(subject) is not None,
    )


def head_of(body: bytes) -> bytes | None:
    """Return the head of a mail; None where not everybody reads the same in it.

    A lone CR ends a line for Python, and for few others; a line that is no header, such as one with
    a blank before its colon, ends the whole head.
    """
    end = _END.search(body, 0, MOST_HEAD)
    if end is None and len(body) >= MOST_HEAD:
        return None
    head = body if end is None else body[: end.start()]
    for number, line in enumerate(head.rstrip(b"\r\n").split(b"\n")):
        words = line.removesuffix(b"\r")
        if b"\r" in words or b"\0" in words:
            return None
        if not _FIELD.match(words) and not (number and words.startswith(_FOLDED)):
            return None
    return head


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
    """Return the name of a mail: the same for each copy of it, whatever was written above it."""
    # Blanks are taken out, not made one: in small pieces, a large body would take much memory.
    words = body.replace(b"\r\n", b"\n").partition(b"\n\n")[2].translate(None, _BLANKS)
    told = [headers.get(name, [""])[0] for name in ("date", "subject", "from")]
    own = "" if headers.get("date") else message_id_of(headers)
    parts = (sender.address if sender else "", own, *told)
    digest = hashlib.sha256("\0".join(" ".join(each.split()) for each in parts).encode())
    digest.update(words)
    named = own.strip("<>")
    return f"{named}#{digest.hexdigest()[:16]}" if named else digest.hexdigest()[:32]


def bare_subject(subject: str) -> str:
    """Return what a thread is called, without what answering and forwarding put before it."""
    words = _PREFIX.sub("", subject)
    return words if len(words) <= LONGEST_SUBJECT else f"{words[: LONGEST_SUBJECT - 1]}…"


# -- what is said ---------------------------------------------------------------------------------


def _spoken(arrived: Arrived, head: _Head) -> Spoken:
    found = Held()
    if not arrived.is_whole:
        found.lacks(f"a mail of {arrived.size // 1_000_000} MB, which is more than I read")
    elif is_bearable(arrived.body):
        found = held(message_of(arrived.body))
    else:
        found.lacks(MORE_PARTS)
    text = found.text
    if len(text) > MOST_TEXT:
        found.lacks(MORE_WORDS)
    reply = (forwarded if head.is_forwarded else parted)(text[:MOST_TEXT])
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
