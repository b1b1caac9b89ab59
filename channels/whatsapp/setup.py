"""How a WhatsApp number is added: what to click, what is asked, and whether it works."""

from collections.abc import Mapping

from bridge.plugins import Ask, Setup, Verified
from channels.whatsapp.conversation_ids import user_of
from channels.whatsapp.limits import SANDBOX

INTRO = f"""\
You need a Twilio account with WhatsApp:

1. Sign up at https://www.twilio.com and open the Console, https://console.twilio.com.
2. To try it at once, use the sandbox: *Messaging → Try it out → Send a WhatsApp message*. Its
   number is {user_of(SANDBOX)}, and everyone who wants to write to it joins it once with a code.
3. For a number of your own: *Messaging → Senders → WhatsApp senders*.
"""


async def verify(answers: Mapping[str, str]) -> Verified:
    """Try the answers with Twilio. Raises `ConfigError`."""
    from channels.whatsapp.doctor import verified  # noqa: PLC0415 - imports the library

    return await verified(answers)


SETUP = Setup(
    intro=INTRO,
    asks=(
        Ask(
            key="account_sid",
            prompt="Account SID",
            hint="on the first page of the Console; it begins with AC",
            form=r"AC[0-9a-fA-F]{32}",
        ),
        Ask(
            key="auth_token",
            prompt="Auth token",
            hint="below the account SID",
            secret=True,
            form=r"[0-9a-f]{32}",
        ),
        Ask(
            key="number",
            prompt="WhatsApp number",
            hint="of your sender, or the sandbox's",
            default=user_of(SANDBOX),
        ),
    ),
    verify=verify,
)
