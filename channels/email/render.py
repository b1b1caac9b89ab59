"""A part, or a reply, as a mail: text, a page beside it, pictures in the page, files below. Pure.

- Every mail of ours says that a program wrote it (RFC 3834), so that no program answers.
- A thread without a subject is called after us.
- It answers the last mail that was heard in its thread, and names those before it.
- What is sent plain has no page.
- Ids are written as they are, however long: Python would encode those of Outlook as words, and no
  program would find the thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from html import escape

from bridge.delivery.splitting import split
from bridge.domain.content import Attachment
from bridge.domain.errors import Rejected
from bridge.domain.ids import MessageId
from channels.email import from_markdown
from channels.email.config import EmailConfig
from channels.email.parse import Thread
from channels.markdown import plain

AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
IDS = frozenset({"in-reply-to", "references"})
CONTAINERS = frozenset({"message", "multipart"})
"""Main types whose content may not be encoded, as that of a file is."""

PIECE = 12_000
"""Characters that are rendered at once: a longer text is not read as Markdown."""

INLINE = frozenset({"image/png", "image/jpeg", "image/gif"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A file with its bytes."""

    attachment: Attachment
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is to be sent. `text` is Markdown; `is_plain`: sent without any form."""

    message: MessageId
    to: str
    text: str
    speaker: str = ""
    is_plain: bool = False
    files: Sequence[Loaded] = ()


def mail(letter: Letter, thread: Thread | None, config: EmailConfig, now: datetime) -> bytes:
    """Return a mail as it is sent. Raises `Rejected` for what no mail can hold."""
    message = EmailMessage(policy=POLICY)
    try:
        _head(message, letter, thread, config, now)
        message.set_content(_words(letter), charset="utf-8")
        if not letter.is_plain:
            _page(message, letter)
        for file in letter.files:
            if letter.is_plain or file.attachment.mime not in INLINE:
                main, sub = _types(file.attachment.mime)
                message.add_attachment(
                    file.body, maintype=main, subtype=sub, filename=file.attachment.name
                )
        return message.as_bytes()
    except (ValueError, UnicodeError) as error:
        raise Rejected(f"this cannot be written as a mail: {error}", code="form") from error


class _Policy(EmailPolicy):
    """Writes ids as they are."""

    def fold(self, name: str, value: str) -> str:
        if name.lower() in IDS:
            return f"{name}: {f'{self.linesep} '.join(value.split())}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in IDS:
            return self.fold(name, value).encode()
        return super().fold_binary(name, value)


POLICY = _Policy(linesep="\r\n", cte_type="7bit")


def _types(mime: str) -> tuple[str, str]:
    main, _, sub = mime.partition("/")
    return ("application", "octet-stream") if main in CONTAINERS else (main, sub)


def _head(
    message: EmailMessage, letter: Letter, thread: Thread | None, config: EmailConfig, now: datetime
) -> None:
    user, _, domain = config.address.partition("@")
    message["From"] = Address(_line(config.name), user, domain)
    message["To"] = letter.to
    message["Subject"] = f"Re: {_line(thread.subject if thread else '') or _line(config.name)}"
    message["Date"] = format_datetime(now)
    message["Message-ID"] = letter.message
    if thread is not None:
        message["In-Reply-To"] = thread.last
        message["References"] = " ".join(thread.references)
    for name, value in AUTOMATIC.items():
        message[name] = value


def _words(letter: Letter) -> str:
    words = "".join(f"{plain.render(each.text)}{each.behind}" for each in _pieces(letter.text))
    return "\n".join(each for each in (letter.speaker, words) if each) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A part of a text. `behind`: what stands between its words and those of the next."""

    text: str
    behind: str = ""


def _pieces(text: str) -> list[_Piece]:
    """Return a text in pieces, each of which is read as Markdown; a word may be cut in two."""
    if len(text) <= PIECE:
        return [_Piece(text=text)]
    *cut, last = split(text, PIECE, size=len)
    return [
        *(
            _Piece(text=each.text, behind="" if _is_in_word(text, each.span.end) else "\n\n")
            for each in cut
        ),
        _Piece(text=last.text),
    ]


def _is_in_word(text: str, at: int) -> bool:
    return not any(each.isspace() for each in text[at - 1 : at + 1])


def _page(message: EmailMessage, letter: Letter) -> None:
    """Put a page beside the words, with the pictures in it."""
    shown = [
        (f"{number}.{letter.message.strip('<>')}", file)
        for number, file in enumerate(letter.files)
        if file.attachment.mime in INLINE
    ]
    inside = from_markdown.label(letter.speaker) if letter.speaker else ""
    inside += "\n".join(from_markdown.render(each.text) for each in _pieces(letter.text))
    for name, file in shown:
        described = escape(file.attachment.name)
        inside += f'\n<p><img src="cid:{escape(name)}" alt="{described}"></p>'
    message.add_alternative(from_markdown.page(inside), subtype="html", charset="utf-8")
    *_, page = message.iter_parts()
    assert isinstance(page, EmailMessage)
    for name, file in shown:
        page.add_related(
            file.body,
            maintype="image",
            subtype=file.attachment.mime.partition("/")[2],
            cid=f"<{name}>",
            filename=file.attachment.name,
            disposition="inline",
        )


def _line(words: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in words).split())
