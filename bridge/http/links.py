"""Links under which a platform fetches one file without credentials, for a while.

A link names the file, the name and type it is served under, and until when; an HMAC over all four
makes it ours. Its key is kept in the data folder: without it every link that was made is void.
"""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

from bridge.content import Attachment
from bridge.errors import ConfigError
from bridge.http import private
from bridge.http.faults import Fault
from bridge.ids import MediaId
from bridge.ports import Clock
from bridge.retry import is_over

KEY_BYTES = 32
WHAT = "the key of links to files"

LONGEST = timedelta(days=7)
"""How long a link may last: one that is to last longer was made before the clock was set back."""

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

    def _sign(self, *fields: str) -> str:
        """Sign fields, each with its length before it: no two sets of fields read the same."""
        encoded = (field.encode(errors="surrogatepass") for field in fields)
        text = b"".join(b"%d:%b" % (len(field), field) for field in encoded)
        digest = hmac.new(self._key, text, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _time(until: str) -> datetime:
    return datetime.fromtimestamp(int(until), UTC)
