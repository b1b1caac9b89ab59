"""TLS: from the first byte or agreed to; and no word to a server that nobody vouches for."""

import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.domain.errors import Unreachable
from bridge.domain.ids import ChannelName
from bridge.testing.channels import Ear, part
from bridge.testing.rig import surrounded, until
from channels.email.channel import EmailChannel
from channels.email.client import connected
from channels.email.config import EmailConfig
from tests.channels.email.servers import (
    PASSWORD,
    Dovecot,
    Postbox,
    dovecot,
    needs_dovecot,
    postbox,
)
from tests.channels.email.test_inbound import hearing
from tests.channels.email.test_outbound import PLACE
from tests.conformance.rigs.mail import TRUSTED, US, written

OPENSSL = shutil.which("openssl")
pytestmark = [
    pytest.mark.dovecot,
    needs_dovecot,
    pytest.mark.skipif(OPENSSL is None, reason="there is no openssl on this machine"),
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "server.pem"
    command = [
        str(OPENSSL), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-out", str(made), "-keyout", str(made.with_suffix(".key")),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    made.with_suffix(".key").chmod(0o644)
    for each in (folder, *folder.parents[:3]):
        each.chmod(0o755)  # dovecot has no privileges
    return made


@pytest.fixture
async def both(certificate: Path) -> AsyncIterator[tuple[Dovecot, Postbox]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    with dovecot(certificate) as server:
        async with postbox(context) as box:
            yield server, box


def config(server: Dovecot, box: Postbox, how: str) -> EmailConfig:
    port = server.tls_port if how == "implicit" else server.port
    return EmailConfig.model_validate(
        {
            "address": US, "password": PASSWORD, "trusts": TRUSTED,
            "imap": f"127.0.0.1:{port}", "imap_tls": how, "smtp": f"127.0.0.1:{box.port}",
        }
    )  # fmt: skip


@pytest.mark.parametrize("how", ["implicit", "starttls"])
async def test_mail_is_heard_and_sent_under_tls(both, certificate, tmp_path, monkeypatch, how):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server, box = both
    name = ChannelName("mail")
    channel = EmailChannel(name, config(server, box, how), surrounded(tmp_path, name))
    ear = Ear()
    async with hearing(channel, ear):
        for number in range(2):
            server.deliver(US, written("ada@example.org", f"w{number}", number=number))
            await until(lambda number=number: len(server.mails(US, flag="S")) == number + 1)
    assert ear.texts() == ["w0", "w1"]
    await channel.send(PLACE, part("hello"))
    assert len(box.taken) == 1


@pytest.mark.parametrize("how", ["implicit", "starttls"])
async def test_a_server_that_nobody_vouches_for_is_told_nothing(both, tmp_path, how):
    server, box = both
    name = ChannelName("mail")
    channel = EmailChannel(name, config(server, box, how), surrounded(tmp_path, name))
    with pytest.raises(Unreachable):
        await channel.send(PLACE, part("hello"))
    assert box.taken == []
    async with connected(config(server, box, how)) as connection:
        with pytest.raises(Unreachable):
            await connection.call(lambda folder: folder.validity)
