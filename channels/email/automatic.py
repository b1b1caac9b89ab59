"""Which mails no person wrote: nothing answers them, so that nothing goes round in circles. Pure.

Source: RFC 3834 (automatic responses), RFC 2919 and 2369 (lists), RFC 3464 (delivery reports).
"""

import re
from collections.abc import Collection, Mapping, Sequence

from channels.email.addresses import decoded, untagged
from channels.email.conversation_ids import is_ours

Headers = Mapping[str, Sequence[str]]
"""What each header says, as it came, by its name in small letters."""

BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
ANSWERS = (
    "x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply", "x-mail-autoreply",
    "x-autoreply-from", "x-failed-recipients", "x-ms-exchange-generated-message-source",
)  # fmt: skip
"""Headers of programs that answer by themselves, and of nobody else."""

REPORTS = frozenset(
    {"multipart/report", "message/delivery-status", "message/disposition-notification"}
)
ABSENT = re.compile(
    r"(?:auto(?:matic)?[ -]?reply|auto[ -]?response|out of (?:the )?office"
    r"|automatische antwort|abwesenheits(?:notiz|nachricht|assistent)"
    r"|réponse automatique|respuesta automática|risposta automatica|automatisch antwoord"
    r"|automatiskt svar|resposta automática|自动(?:回复|答复)|自動(?:回覆|応答))"
    r"\s*(?:[:\N{FULLWIDTH COLON}]|$)",
    re.IGNORECASE,
)
"""How the subject of a notice begins whose program says in no header what it is."""

MACHINES = re.compile(r"(?:mailer-daemon|postmaster|(?:no|do-?not)[-_.]?reply)(?:[+].*)?")


def why_automatic(headers: Headers, sender: str, own: Collection[str], domain: str) -> str:
    """Return the name of what says that a mail is a program's; "" where nothing does."""
    if sender in own or untagged(sender) in own:
        return "own-address"
    if any(is_ours(each.strip(), domain) for each in headers.get("message-id", ())):
        return "own-message"
    if MACHINES.fullmatch(sender.rpartition("@")[0]):
        return "sender"
    submitted = [_word(each) for each in headers.get("auto-submitted", ())]
    if any(each != "no" for each in submitted):
        return "auto-submitted"
    if any(_word(each) in BULK for each in headers.get("precedence", ())):
        return "precedence"
    for name in headers:
        if name.startswith("list-"):
            return name
    if any(each.strip() == "<>" for each in headers.get("return-path", ())):
        return "return-path"
    if any(_word(each) in REPORTS for each in headers.get("content-type", ())):
        return "content-type"
    suppressed = " ".join(headers.get("x-auto-response-suppress", ())).lower()
    if {"all", "autoreply"} & set(re.findall(r"[a-z]+", suppressed)):
        return "x-auto-response-suppress"
    if any(ABSENT.match(decoded(each)) for each in headers.get("subject", ())):
        return "subject"
    return next((name for name in ANSWERS if headers.get(name)), "")


def _word(header: str) -> str:
    """Return the first word of a header, without what follows it."""
    return re.split(r"[\s;(]", header.strip(), maxsplit=1)[0].lower()
