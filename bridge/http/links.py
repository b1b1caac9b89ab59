"""What is handed out and made ours by a key: links to one file, and marks that nobody can read.

A link lets a platform fetch a file without credentials, for a while. It names the file, the name
and type it is served under, and until when; an HMAC over all four makes it ours. A mark says where
a list goes on, which may be at what its reader may not know of. The key is kept in the data folder:
without it every link and mark that was made is void.
"""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

from bridge.domain.content import Attachment
from bridge.domain.errors import ConfigError
from bridge.domain.ids import MediaId
from bridge.domain.waits import is_over
from bridge.http import private
from bridge.http.errors import Fault
from bridge.ports.clock import Clock

KEY_BYTES = 32
WHAT = "the key of links to files"

LONGEST = timedelta(days=7)
"""How long a link may last: one that is to last longer was made before the clock was set back."""

TAG_BYTES = 16

_MARK = re.compile(r"[A-Za-z0-9_-]{22,400}")
_KEY = re.compile(r"[0-9a-f]{64}")
_UNTIL = re.compile(r"[0-9]{1,11}")


def link_key(path: Path) -> bytes:
    """Return the key, which is made at first. Raises `ConfigError` when the file is no use."""
    kept = private.read(path, WHAT)
    if kept is None:
        kept = secrets.token_hex(KEY_BYTES)
        private.write(path, WHAT, kept)
    if not _KEY.fullmatch(kept):
        raise ConfigError(f"{path}: holds no key; delete it and a new one is made")
    return bytes.fromhex(kept)


class Links:
    """Makes links and tells whether one is good. `base` is the bridge's public address, if any."""

    def __init__(self, key: bytes, *, base: str | None, clock: Clock) -> None:
        self._key, self._clock = key, clock
        self._base = None if base is None else base.rstrip("/")

    def link(self, attachment: Attachment, lifetime: timedelta) -> str | None:
        if self._base is None:
            return None
        until = str(int((self._clock.now() + min(lifetime, LONGEST)).timestamp()))
        signature = self._sign(attachment.media, attachment.name, attachment.mime, until)
        query = {
            "name": attachment.name,
            "type": attachment.mime,
            "until": until,
            "sig": signature,
        }
        return f"{self._base}/media/{quote(attachment.media)}?{urlencode(query)}"

    def check(self, media: MediaId, *, name: str, mime: str, until: str, signature: str) -> None:
        """Raise `Fault`: 403 for a link that was not made here, 410 for one whose time is over."""
        made = self._sign(media, name, mime, until)
        if not hmac.compare_digest(made.encode(), signature.encode(errors="replace")):
            raise Fault(403, "refused", "this link was not made here, or has been changed")
        if not _UNTIL.fullmatch(until) or is_over(
            _time(until), now=self._clock.now(), longest=LONGEST
        ):
            raise Fault(410, "gone", "this link's time is over; ask for a new one")

    def sealed(self, text: str) -> str:
        """Return a text so that nobody else can read it, or make another one."""
        plain = text.encode()
        tag = self._tag(plain)
        return base64.urlsafe_b64encode(tag + self._hidden(plain, tag)).rstrip(b"=").decode()

    def opened(self, mark: str) -> str | None:
        """Return the text that was sealed; None where that was not here."""
        if not _MARK.fullmatch(mark) or len(mark) % 4 == 1:
            return None
        sealed = base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4))
        tag, plain = sealed[:TAG_BYTES], self._hidden(sealed[TAG_BYTES:], sealed[:TAG_BYTES])
        return plain.decode() if hmac.compare_digest(tag, self._tag(plain)) else None

    def _tag(self, plain: bytes) -> bytes:
        return hmac.new(self._key, b"mark:" + plain, hashlib.sha256).digest()[:TAG_BYTES]

    def _hidden(self, text: bytes, tag: bytes) -> bytes:
        """Hide a text, or show it again; each tag does so differently, and is of one text alone."""
        seed = hmac.new(self._key, b"hidden:" + tag, hashlib.sha256).digest()
        over = hashlib.shake_256(seed).digest(len(text))
        return bytes(one ^ other for one, other in zip(text, over, strict=True))

    def _sign(self, *fields: str) -> str:
        """Sign fields, each with its length before it: no two sets of fields read the same."""
        encoded = (field.encode(errors="surrogatepass") for field in fields)
        text = b"".join(b"%d:%b" % (len(field), field) for field in encoded)
        digest = hmac.new(self._key, text, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _time(until: str) -> datetime:
    return datetime.fromtimestamp(int(until), UTC)
