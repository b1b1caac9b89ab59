"""Why Telegram cannot be used, in words for whoever runs the bridge, with what to do about it."""

from dataclasses import dataclass

from bridge.errors import ChannelError, OutcomeUnknown, RateLimited, Unauthorized
from channels.telegram.errors import CONFLICT, PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    detail: str
    fix: str


REVOKED = Complaint(
    detail="Telegram refuses the token: it was revoked, or the bot was deleted",
    fix="@BotFather → /mybots → the bot → API Token; put the new one under `token`",
)
MALFORMED = Complaint(
    detail="Telegram knows no bot of this token",
    fix="copy the whole token from @BotFather, digits, colon and all, and put it under `token`",
)
POLLER = Complaint(
    detail="another program asks for this bot's messages, so each gets only some of them",
    fix="stop the other program; if it is unknown, @BotFather → /revoke and use the new token",
)
HOOKED = Complaint(
    detail="a webhook was set, so Telegram gives the messages to somebody else",
    fix="stop the program that sets it; the bridge takes the webhook away when it starts",
)
WEB_PAGE = Complaint(
    detail="a web page answers instead of Telegram",
    fix="let this machine past the proxy or the sign-in page, or correct `api_url`",
)
CERTIFICATE = Complaint(
    detail="the certificate that Telegram's address shows is not trusted",
    fix="something reads along the way: add its certificate to this machine, or go around it",
)
NO_NAME = Complaint(
    detail="the name of Telegram's server cannot be found",
    fix="look at this machine's DNS and network, or correct `api_url`",
)
NO_ANSWER = Complaint(
    detail="Telegram's server does not answer",
    fix="a firewall may be in between: allow HTTPS to it, or set HTTPS_PROXY",
)
PROXY = Complaint(
    detail="the proxy refuses the connection to Telegram",
    fix="look at HTTPS_PROXY and at what the proxy allows",
)
REFUSED = Complaint(
    detail="nothing accepts a connection at Telegram's address",
    fix="look at the network, and at `api_url` if you run a Bot API server of your own",
)
FAILING = Complaint(
    detail="Telegram itself is failing just now",
    fix="wait; the bridge goes on by itself",
)
OTHER = Complaint(
    detail="Telegram refuses to answer",
    fix="look at the log, and at https://t.me/botnews",
)

WORDS = (
    ("certificate", CERTIFICATE),
    ("name or service not known", NO_NAME),
    ("name resolution", NO_NAME),
    ("getaddrinfo", NO_NAME),
    ("nodename nor servname", NO_NAME),
)
CODES = {
    PAGE: WEB_PAGE,
    "ConnectTimeout": NO_ANSWER,
    "ReadTimeout": NO_ANSWER,
    "ProxyError": PROXY,
    "ConnectError": REFUSED,
}


def complaint(error: ChannelError) -> Complaint:
    """Return what is wrong when a call failed like this."""
    words = str(error).lower()
    match error:
        case Unauthorized(code="404"):
            return MALFORMED
        case Unauthorized():
            return REVOKED
        case RateLimited(until=until):
            detail = f"Telegram asks to be left alone until {until:%H:%M:%S} UTC"
            return Complaint(detail=detail, fix="wait; the bridge goes on by itself")
        case ChannelError(code=code) if code == CONFLICT:
            return HOOKED if "webhook" in words else POLLER
    for fragment, found in WORDS:
        if fragment in words:
            return found
    if error.code in CODES:
        return CODES[error.code]
    return FAILING if isinstance(error, OutcomeUnknown) else OTHER
