"""Names and addresses: nothing is connected to that is not permitted, whatever a name means."""

from ipaddress import ip_address

import pytest

from bridge.addresses import is_public
from bridge.guarded_network import GuardedNetwork, NotPermittedError, checked_url


def finding(*found: str):
    async def resolve(host: str, port: int) -> list[str]:
        return list(found)

    return resolve


async def test_every_address_of_a_name_has_to_be_permitted():
    outside, both = finding("93.184.216.34"), finding("93.184.216.34", "127.0.0.1")
    network = GuardedNetwork(is_public, outside, most=10)
    assert await network.permitted_addresses("a.example", 443) == [ip_address("93.184.216.34")]
    for host, resolve in (("a.example", both), ("a.example", finding()), ("127.0.0.1", outside)):
        with pytest.raises(NotPermittedError, match=f"{host} is not a public address"):
            await GuardedNetwork(is_public, resolve, most=10).connect_tcp(host, 443)


async def test_a_name_that_cannot_be_looked_up_is_not_found():
    async def fails(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(NotPermittedError, match="cannot be found: no such name"):
        await GuardedNetwork(is_public, fails, most=10).connect_tcp("a.example", 443)


async def test_nothing_but_http_is_spoken():
    with pytest.raises(NotPermittedError):
        await GuardedNetwork(is_public, most=10).connect_unix_socket("/run/docker.sock")
    for url in ("ftp://a.example/", "https://", "x", "https://[::1", "https://a.example:99999"):
        with pytest.raises(NotPermittedError):
            checked_url(url)
    assert checked_url("https://bücher.example/ä b").target == b"/%C3%A4%20b"
