"""Notifications of browsers: which of them ring, and what is done from a notification.

The rules:

- A browser is named with the token of whoever is signed in to it, and rings while that holds.
- What is done from a notification has no token, for a service worker has none: what it sends is
  small, and holds a deed that the bridge itself sealed for this one browser.
"""

import hashlib
import json
import re
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, ConfigDict, Field

from bridge import texts
from bridge.delivery.push_payload import Deed
from bridge.domain.errors import ConfigError
from bridge.domain.ids import ParticipantId, Seq, SessionId
from bridge.http.dependencies import Entry, Reach, TheAsker, TheReach, enter
from bridge.http.errors import Fault, failures
from bridge.http.links import Links
from bridge.http.middleware import DEED
from bridge.http.validators import Words
from bridge.ports.push import Pushing, Subscription

router = APIRouter(tags=["notifications"])
unguarded = APIRouter(tags=["notifications"])

LONGEST_ENDPOINT = 1_000
LONGEST_WORDS = 2_000
SEALED = "deed"

_P256DH = re.compile(r"B[A-Za-z0-9_-]{86}")
_AUTH = re.compile(r"[A-Za-z0-9_-]{22}")


class PushKey(BaseModel):
    """`key` is what browsers subscribe for (VAPID), in base64url; null: this bridge sends none."""

    key: str | None


class BrowserKeys(BaseModel):
    """In base64url without padding, as a browser's `PushSubscription` has them."""

    model_config = ConfigDict(extra="forbid")

    p256dh: Annotated[str, Field(max_length=87)]
    auth: Annotated[str, Field(max_length=22)]


class BrowserInput(BaseModel):
    """A browser's push subscription. `endpoint` is on https, and named, not numbered."""

    model_config = ConfigDict(extra="forbid")

    endpoint: Annotated[str, Field(max_length=LONGEST_ENDPOINT)]
    keys: BrowserKeys


class BrowserLine(BaseModel):
    id: str


class DeedInput(BaseModel):
    """`deed` came in the notification. `words` are a reply's."""

    model_config = ConfigDict(extra="forbid")

    deed: Annotated[str, Field(max_length=500)]
    words: Annotated[Words, Field(max_length=LONGEST_WORDS)] = ""


class DeedDone(BaseModel):
    """`text` says what became of it."""

    text: str


@router.get("/v1/me/push", operation_id="get_push_key", responses=failures(401, 503))
async def get_push_key(reach: TheReach) -> PushKey:
    """Say for which key browsers subscribe."""
    if reach.pushing is None:
        return PushKey(key=None)
    try:
        return PushKey(key=await reach.pushing.key.public_key())
    except ConfigError as error:
        raise Fault(503, "unavailable", "the key of push messages is no use") from error


@router.put(
    "/v1/sessions/{session}/push",
    operation_id="ring_here",
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def ring_here(
    entry: Annotated[Entry, Depends(enter)],
    browser: BrowserInput,
    accept_language: Annotated[str, Header()] = "",
) -> BrowserLine:
    """Let a browser ring for a session; a repeat changes nothing."""
    pushing = _pushing(entry.reach)
    _check(browser, secure=pushing.secure)
    number = _number(browser.endpoint)
    asker = entry.asker
    await pushing.browsers.subscribe(
        Subscription(
            id=number,
            who=asker.participant,
            endpoint=browser.endpoint,
            p256dh=browser.keys.p256dh,
            auth=browser.keys.auth,
            token=asker.digest,
            since=entry.reach.clock.now().isoformat(),
        )
    )
    await pushing.browsers.follow(number, entry.session.id, accept_language)
    return BrowserLine(id=number)


@router.delete(
    "/v1/me/push/{browser}",
    operation_id="ring_no_more",
    status_code=204,
    responses=failures(400, 401, 404, 503),
)
async def ring_no_more(reach: TheReach, asker: TheAsker, browser: str) -> None:
    """Let a browser of the asker's ring for nothing any more; a repeat is a success."""
    pushing = _pushing(reach)
    known = await pushing.browsers.of(browser)
    if known is not None and known.who == asker.participant:
        await pushing.browsers.drop(browser)


@unguarded.post(DEED, operation_id="do_deed", responses=failures(400, 403, 404, 413, 415, 503))
async def do_deed(
    reach: TheReach, what: DeedInput, accept_language: Annotated[str, Header()] = ""
) -> DeedDone:
    """Do what a notification offers: answer, or reply. A repeat is done once."""
    pushing, deed = _pushing(reach), opened(reach.links, what.deed)
    if deed is None:
        raise Fault(403, "refused", texts.PUSH_OVER)
    language = await reach.people.languages.of_client(deed.who, accept_language)
    reply = await pushing.deeds.do(deed, what.words)
    told = reply.said_in(language) if reply is not None else None
    if told is not None and told.refused:
        raise Fault(403, "refused", told.text)
    return DeedDone(text=told.text if told is not None else language.says(texts.PUSH_DONE))


def seal(links: Links, deed: Deed) -> str:
    """Return a deed so that nobody else can read it, or make another one."""
    fields = [SEALED, deed.browser, deed.who, deed.session, deed.seq, deed.epoch, deed.value]
    return links.sealed(json.dumps(fields, separators=(",", ":")))


def opened(links: Links, sealed: str) -> Deed | None:
    """Return a deed that was sealed; None where it was not here, or is none."""
    text = links.opened(sealed)
    if text is None or not text.startswith(f'["{SEALED}"'):
        return None
    _, browser, who, session, seq, epoch, value = json.loads(text)
    return Deed(
        browser=browser,
        who=ParticipantId(who),
        session=SessionId(session),
        seq=Seq(seq),
        epoch=epoch,
        value=value,
    )


def _pushing(reach: Reach) -> Pushing:
    if reach.pushing is None:
        raise Fault(404, "not_found", "this bridge sends no push messages")
    return reach.pushing


def _number(endpoint: str) -> str:
    return f"b_{hashlib.sha256(endpoint.encode()).hexdigest()[:24]}"


def _check(browser: BrowserInput, *, secure: bool) -> None:
    """Raise `Fault` for what no browser would name. Where it leads is looked at at each call."""
    if not _P256DH.fullmatch(browser.keys.p256dh) or not _AUTH.fullmatch(browser.keys.auth):
        raise Fault(400, "malformed", "keys: these are no keys of a browser")
    if not is_endpoint(browser.endpoint, secure=secure):
        raise Fault(400, "malformed", "endpoint: it is no push service's on https")


def is_endpoint(url: str, *, secure: bool = True) -> bool:
    """Say whether an address may be a push service's: on https, by a name, at the usual port."""
    if not url.isascii() or not url.isprintable() or any(each in url for each in ' \\"<>'):
        return False
    try:
        at = urlsplit(url)
        port = at.port
    except ValueError:
        return False
    if at.username is not None or at.fragment or not at.hostname:
        return False
    if not secure:
        return at.scheme in {"http", "https"}
    try:
        ip_address(at.hostname)
    except ValueError:
        return at.scheme == "https" and port in {None, 443} and "." in at.hostname
    return False
