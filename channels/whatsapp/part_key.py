"""The part's key as it travels with a message to Twilio and back, in a callback's address."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import parse_qs

from bridge.domain.ids import ConversationId, PartId, SessionId
from bridge.domain.inbound import PartKey
from bridge.domain.parts import Part

STATUS_PATH = "/status"


def key_of(part: Part) -> PartKey:
    return PartKey(
        session=part.session, conversation=part.conversation, part=part.id, epoch=part.epoch
    )


def callback(webhook_url: str | None, key: PartKey) -> str:
    """Return where Twilio is to tell what became of a part; nothing where it cannot."""
    if webhook_url is None:
        return ""
    names = [key.session, key.conversation, key.part, *([key.epoch] if key.epoch else [])]
    body = json.dumps(names, separators=(",", ":"))
    token = urlsafe_b64encode(body.encode()).decode().rstrip("=")
    return f"{webhook_url}{STATUS_PATH}?key={token}"


def key_in(query: str) -> PartKey | None:
    """Return the key in a callback's address, if there is one."""
    token = parse_qs(query).get("key", [""])[0]
    try:
        names = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        session, conversation, part, *epoch = names
    except (ValueError, TypeError):
        return None
    return PartKey(
        session=SessionId(session),
        conversation=ConversationId(conversation),
        part=PartId(part),
        epoch=str(epoch[0]) if epoch else "",
    )
