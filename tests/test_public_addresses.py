"""Only what anyone on the internet can reach is public."""

from ipaddress import ip_address

import pytest

from bridge.public_addresses import is_public

INSIDE_4 = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.1.2.3",
    "168.63.129.16", "169.254.169.254", "169.254.170.2", "169.254.0.23", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.0.9", "192.0.0.170", "192.0.0.192", "192.0.2.1",
    "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.1.1", "192.175.48.1", "198.18.0.1",
    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255",
]  # fmt: skip
INSIDE_6 = [
    "::", "::1", "::127.0.0.1", "::10.0.0.1", "::8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::a00:1",
    "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "100:0:0:1::1", "2001::1", "2001:1::1",
    "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:10::1", "2001:20::1", "2001:30::1",
    "2001:db8::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2002:a00:1::", "2002:808:808::1",
    "2620:4f:8000::1", "3ffe::1", "3fff::1", "3fff:fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
    "fd20:ce::254", "fe80::1", "fec0::1", "feff::1", "ff02::1", "4000::1",
    "2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:192.168.0.1",
]  # fmt: skip
OUTSIDE = [
    "8.8.8.8", "93.184.215.14", "1.1.1.1", "100.63.255.255", "172.32.0.1", "192.0.1.1",
    "168.63.129.17", "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888",
    "2001:200::1", "2a00:1450::1", "::ffff:8.8.8.8", "2606:4700::5efe:8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE_4)
def test_no_inner_address_is_public_however_it_is_written(address):
    assert not is_public(ip_address(address))
    assert not is_public(ip_address(f"::ffff:{address}"))
    assert not is_public(ip_address(f"::{address}"))
    assert not is_public(ip_address(f"64:ff9b::{address}"))


@pytest.mark.parametrize("address", INSIDE_6)
def test_no_inner_address_of_ipv6_is_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_outside_are(address):
    assert is_public(ip_address(address))
