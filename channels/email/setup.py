"""How a mailbox is added: what is asked, and whether it works."""

from collections.abc import Mapping

from bridge.plugins import Ask, Setup, Verified

INTRO = """\
You need a mailbox of its own for the bridge, at any provider with IMAP and SMTP:

1. Make the mailbox, such as `bridge@example.com`. Nobody else should read it.
2. Make an app password for it, where the provider has these.
3. Send a mail to it, open it there, show its source, and look for the topmost line that begins with
   `Authentication-Results:`. The first word behind that is the server that checks senders.
"""


async def verify(answers: Mapping[str, str]) -> Verified:
    """Try the answers with both servers. Raises `ConfigError`."""
    from channels.email.doctor import verified  # noqa: PLC0415 - imports the libraries

    return await verified(answers)


SETUP = Setup(
    intro=INTRO,
    asks=(
        Ask(key="address", prompt="Address", hint="of the mailbox"),
        Ask(
            key="password",
            prompt="Password",
            hint="an app password, where the provider has these",
            secret=True,
        ),
        Ask(
            key="imap",
            prompt="IMAP server",
            hint="such as imap.example.com; with another port than 993, imap.example.com:143",
        ),
        Ask(
            key="smtp",
            prompt="SMTP server",
            hint="such as smtp.example.com; with another port than 465, smtp.example.com:587",
        ),
        Ask(
            key="trusts",
            prompt="Who checks senders",
            hint="the first word behind Authentication-Results, such as mx.example.com",
        ),
    ),
    verify=verify,
)
