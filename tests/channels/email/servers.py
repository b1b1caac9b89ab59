"""A `dovecot` of one's own, and an SMTP server that keeps what it is given and can refuse it."""

import asyncio
import logging
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import time
import warnings
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiosmtpd import smtp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

needs_dovecot = pytest.mark.skipif(DOVECOT is None, reason="there is no dovecot on this machine")

logging.getLogger("mail.log").setLevel(logging.ERROR)  # it has no TLS, and needs none

PASSWORD = "correct-horse"
UNPRIVILEGED = "nobody"

CONFIG = """
{first}
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
{tls}
auth_mechanisms = plain
first_valid_uid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""

DOVECOT_2_3 = """
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
"""

DOVECOT_2_4 = """
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = {folder}/mail/%{{user}}
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {folder}/mail/%{{user}}
  }}
}}
"""

FIRST_2_4 = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0"
"""What a configuration since 2.4 has to begin with; before, nobody knew it."""


def is_since_2_4(version: str) -> bool:
    """Say which of two languages a server's configuration is in, by `dovecot --version`."""
    major, minor = map(int, version.split(".")[:2])
    return (major, minor) >= (2, 4)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Dovecot:
    """A server on this machine, without privileges, in which every user has a mailbox."""

    folder: Path
    port: int = 0
    tls_port: int = 0
    certificate: Path | None = None
    _process: "subprocess.Popen[bytes] | None" = None
    _numbers: Iterator[int] = field(default_factory=count)

    def start(self) -> None:
        assert DOVECOT is not None
        self.port = self.port or free_port()
        is_root = os.getuid() == 0
        who = pwd.getpwnam(UNPRIVILEGED) if is_root else pwd.getpwuid(os.getuid())
        group = subprocess.run(
            ["id", "-gn", who.pw_name], check=True, capture_output=True, text=True
        ).stdout.strip()
        said = subprocess.run([DOVECOT, "--version"], check=True, capture_output=True, text=True)
        is_new = is_since_2_4(said.stdout)
        config = self.folder / "dovecot.conf"
        config.write_text(
            (CONFIG + (DOVECOT_2_4 if is_new else DOVECOT_2_3)).format(
                first=FIRST_2_4 if is_new else "",
                folder=self.folder,
                port=self.port,
                tls=self._tls(is_new=is_new),
                tls_port=self.tls_port,
                user=who.pw_name,
                group=group,
                uid=who.pw_uid,
                gid=who.pw_gid,
                password=PASSWORD,
            )
        )
        (self.folder / "mail").mkdir(exist_ok=True)
        if is_root:
            for each in (self.folder, self.folder / "mail", config):
                os.chown(each, who.pw_uid, who.pw_gid)
        as_whom = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if is_root else {}
        self._process = subprocess.Popen(
            [DOVECOT, "-F", "-c", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            **as_whom,  # type: ignore[call-overload]
        )
        self._until_there()

    def _tls(self, *, is_new: bool) -> str:
        if self.certificate is None:
            return "ssl = no"
        self.tls_port = self.tls_port or free_port()
        key = self.certificate.with_suffix(".key")
        if is_new:
            return (
                f"ssl = yes\nssl_server_cert_file = {self.certificate}\nssl_server_key_file = {key}"
            )
        return f"ssl = yes\nssl_cert = <{self.certificate}\nssl_key = <{key}"

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()
            self._process = None

    def _until_there(self) -> None:
        assert self._process is not None
        log = self.folder / "dovecot.log"
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert self._process.poll() is None, log.read_text() if log.exists() else "it ended"
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)) as there:
                if there.recv(10):
                    return
            time.sleep(0.01)
        raise AssertionError(log.read_text())

    # -- mailboxes

    def deliver(self, user: str, message: bytes, folder: str = "") -> Path:
        """Put a mail into a mailbox, as a delivery agent does."""
        box = self._box(user, folder)
        name = f"{time.time():017.6f}.{next(self._numbers):06}.here"
        written = box / "tmp" / name
        written.write_bytes(message)
        self._give(written)
        return written.rename(box / "new" / name)

    def mails(self, user: str, folder: str = "", *, flag: str = "") -> Sequence[bytes]:
        """Return the mails in a folder that have a flag, in their order."""
        box = self._box(user, folder)
        found = [*(box / "cur").iterdir(), *(box / "new").iterdir()]
        kept = [each for each in found if flag in each.name.partition(":2,")[2]]
        with suppress(FileNotFoundError):
            return [each.read_bytes() for each in sorted(kept)]
        return self.mails(user, folder, flag=flag)

    def renumber(self, user: str) -> None:
        """Give a folder a new validity and its mails new numbers, as a restored server does."""
        box = self._box(user, "")
        head = (box / "dovecot-uidlist").read_text().split("\n", 1)[0]
        before = next(int(each[1:]) for each in head.split() if each.startswith("V"))
        while time.time() < before + 1:  # a validity is the second in which it was made
            time.sleep(0.01)
        for each in box.glob("dovecot*"):
            each.unlink()
        (box / "dovecot-uidvalidity").unlink(missing_ok=True)

    def _box(self, user: str, folder: str) -> Path:
        box = self.folder / "mail" / user
        box = box / f".{folder}" if folder else box
        for each in (box, *(box / name for name in ("cur", "new", "tmp"))):
            if not each.exists():
                each.mkdir(parents=True, exist_ok=True)
                self._give(each)
        return box

    def _give(self, path: Path) -> None:
        if os.getuid() == 0:
            who = pwd.getpwnam(UNPRIVILEGED)
            os.chown(path, who.pw_uid, who.pw_gid)


@contextmanager
def dovecot(certificate: Path | None = None) -> Iterator[Dovecot]:
    with TemporaryDirectory(prefix="dovecot") as made:
        server = Dovecot(Path(made), certificate=certificate)
        server.start()
        try:
            yield server
        finally:
            server.stop()


# -- sending --------------------------------------------------------------------------------------


@dataclass
class Refusal:
    """What the server says next to a command: `rcpt`, `mail`, `data`, `auth`."""

    command: str
    says: str


@dataclass
class Postbox:
    """An SMTP server that keeps all that it took. `hangs_up`: it never answers the next mail."""

    taken: list[Envelope] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    hangs_up: bool = False
    port: int = 0
    is_login_refused: bool = False

    def mails(self, to: str = "") -> Sequence[EmailMessage]:
        found = [each for each in self.taken if to in {"", *each.rcpt_tos}]
        return [message_from_bytes(each.content, policy=policy.default) for each in found]  # type: ignore[misc, arg-type, return-value]

    def _said(self, command: str) -> str | None:
        if self.refusals and self.refusals[0].command == command:
            return self.refusals.pop(0).says
        return None

    # -- what aiosmtpd calls

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        if said := self._said("mail"):
            return said
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if said := self._said("rcpt"):
            return said
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: smtp.SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if said := self._said("data"):
            return said
        self.taken.append(envelope)
        if self.hangs_up:
            self.hangs_up = False
            assert server.transport is not None
            server.transport.abort()
        return "250 2.0.0 OK"

    def checked(self, server, session, envelope, mechanism, login) -> AuthResult:
        is_right = login.password == PASSWORD.encode()
        return AuthResult(success=is_right and not self.is_login_refused, handled=False)


class _Controller(Controller):
    def factory(self) -> smtp.SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it wants TLS, which loopback needs not
            return super().factory()


@asynccontextmanager
async def postbox(tls: ssl.SSLContext | None = None) -> AsyncIterator[Postbox]:
    """Open one; with `tls` it wants STARTTLS before anybody signs in."""
    box = Postbox(port=free_port())
    controller = _Controller(
        box,
        hostname="127.0.0.1",
        port=box.port,
        authenticator=box.checked,
        auth_required=True,
        auth_require_tls=tls is not None,
        tls_context=tls,
        require_starttls=tls is not None,
    )
    await asyncio.to_thread(controller.start)
    try:
        yield box
    finally:
        await asyncio.to_thread(controller.stop)
