"""The config section of one mailbox."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from bridge.plugins import Section
from channels.email.addresses import normal
from channels.email.limits import MOST_BYTES, MOST_PER_HOUR

Tls = Literal["auto", "implicit", "starttls", "none"]

IMAP_PORT, SMTP_PORT = 993, 465
IMPLICIT = frozenset({IMAP_PORT, SMTP_PORT})
MOST_PORTS = 65_535

_SERVER = re.compile(r"(?P<host>[\w.-]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to connect to. `tls`: from the first byte on, once it was agreed to, or never."""

    host: str
    port: int
    tls: Literal["implicit", "starttls", "none"]


def _listed(given: Any) -> Any:
    return re.findall(r"[^\s,]+", given) if isinstance(given, str) else given


def _address(given: str) -> str:
    found = normal(given.strip())
    if found is None:
        raise ValueError("an address like bridge@example.com")
    return found


def _server(given: str) -> str:
    found = _SERVER.fullmatch(given.strip())
    if found is None or not 0 < int(found["port"] or 1) <= MOST_PORTS:
        raise ValueError("the name of a server, like mail.example.com or mail.example.com:993")
    return given.strip()


Address = Annotated[str, AfterValidator(_address)]
Name = Annotated[str, AfterValidator(_server)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class EmailConfig(Section):
    """`address` is ours, `aliases` are others under which the mailbox gets mail.

    `trusts`: the authserv-ids whose `Authentication-Results` count. `unproven`: what becomes of a
    mail whose sender none of them vouches for. `handled`: what is done to a mail once it is stored;
    `move` puts it into `handled_folder`. `per_hour`: mails of one sender that are heard. A mail of
    more than `max_bytes` is not read.
    """

    address: Address
    password: Annotated[SecretStr, Field(min_length=1)]
    imap: Name
    smtp: Name
    username: str = ""
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    imap_tls: Tls = "auto"
    smtp_tls: Tls = "auto"
    name: str = "Bridgehead"
    aliases: Annotated[tuple[Address, ...], BeforeValidator(_listed)] = ()
    trusts: Names = ()
    unproven: Literal["refuse", "hear"] = "refuse"
    folder: Annotated[str, Field(min_length=1)] = "INBOX"
    handled: Literal["seen", "move", "leave"] = "seen"
    handled_folder: str = ""
    per_hour: Annotated[int, Field(gt=0)] = MOST_PER_HOUR
    max_bytes: Annotated[int, Field(gt=0)] = MOST_BYTES
    poll_seconds: Annotated[float, Field(gt=0)] = 60.0
    idle_seconds: Annotated[float, Field(gt=0)] = 240.0

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not self.trusts and self.unproven == "refuse":
            raise ValueError(
                "trusts: the name that your mail server writes into Authentication-Results, such as"
                " mx.example.com; without one nobody is heard (or say `unproven: hear`)"
            )
        if self.handled == "move" and not self.handled_folder:
            raise ValueError("handled_folder: the folder that handled mails are moved into")
        for server in (self.incoming, self.outgoing):
            if server.tls == "none" and not _is_here(server.host):
                raise ValueError(
                    f"{server.host}: without TLS only a server on this machine is used"
                )
        return self

    @property
    def incoming(self) -> Server:
        return _placed(self.imap, IMAP_PORT, self.imap_tls)

    @property
    def outgoing(self) -> Server:
        return _placed(self.smtp, SMTP_PORT, self.smtp_tls)

    @property
    def login(self) -> tuple[str, str]:
        """User and password for reading."""
        return self.username or self.address, self.password.get_secret_value()

    @property
    def smtp_login(self) -> tuple[str, str]:
        """User and password for sending; those for reading where there are no others."""
        user, password = self.login
        return self.smtp_username or user, self.smtp_password.get_secret_value() or password

    @property
    def own(self) -> Sequence[str]:
        """Every address under which we may come across ourselves."""
        return (self.address, *self.aliases)

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def _placed(given: str, port: int, tls: Tls) -> Server:
    found = _SERVER.fullmatch(given)
    assert found is not None
    port = int(found["port"] or port)
    by_port: Literal["implicit", "starttls"] = "implicit" if port in IMPLICIT else "starttls"
    host = found["host"].strip("[]")
    return Server(host=host, port=port, tls=by_port if tls == "auto" else tls)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
