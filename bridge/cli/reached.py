"""By which addresses others reach a bridge that listens on every one of this machine's."""

import socket
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

EVERYWHERE = frozenset(("0.0.0.0", "::"))  # noqa: S104 - read, not bound
OUTSIDE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses that nobody has (RFC 5737, RFC 3849): nothing is sent there."""


def reached_at(host: str, url: str) -> Sequence[str]:
    """Return the URLs by which others reach what listens on `host`; `url` is how we do."""
    if host not in EVERYWHERE:
        return ()
    kinds = OUTSIDE if host == "::" else (socket.AF_INET,)
    found = [each for kind in kinds if (each := own_address(kind))]
    port = urlsplit(url).port
    return [f"http://{f'[{each}]' if ':' in each else each}:{port}" for each in found]


def own_address(kind: socket.AddressFamily) -> str:
    """Return the address that this machine would send from; "" where it has none."""
    with suppress(OSError), socket.socket(kind, socket.SOCK_DGRAM) as asked:
        asked.connect((OUTSIDE[kind], 9))  # of datagrams this only chooses the way
        address = str(asked.getsockname()[0])
        return "" if ip_address(address.partition("%")[0]).is_loopback else address
    return ""
