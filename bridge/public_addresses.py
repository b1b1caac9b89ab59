"""Which IP addresses anyone on the internet can reach, and nobody only in here. Pure.

Python's own `is_global` is asked too, but differs from version to version; this list does not.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Ip = IPv4Address | IPv6Address

INSIDE_4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' own; Alibaba's metadata are at 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, seen from each of its guests
        "169.254.0.0/16",  # link-local; most clouds' metadata are at 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata are at 192.0.0.192
        "192.0.2.0/24",  # examples
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # multicast tunnels
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
OUTSIDE_6 = IPv6Network("2000::/3")
"""All of IPv6 that is given out. So nothing local, mapped or translated (NAT64) is in it."""

INSIDE_6 = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # examples
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the first trials
        "3fff::/20",  # examples
    )
)
ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""The upper half of an interface's id whose lower half is an IPv4 address."""


def is_public(ip: Ip) -> bool:
    """Say whether an address is one that anyone on the internet can reach."""
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_reserved and not _is_in(ip, INSIDE_4)
    if ip.ipv4_mapped:
        return is_public(ip.ipv4_mapped)
    embedded = IPv4Address(int(ip) & 0xFFFFFFFF)
    if int(ip) >> 32 & 0xFFFFFFFF in ISATAP and not is_public(embedded):
        return False
    return ip in OUTSIDE_6 and ip.is_global and not _is_in(ip, INSIDE_6)


def _is_in(ip: Ip, networks: tuple[IPv4Network, ...] | tuple[IPv6Network, ...]) -> bool:
    return any(ip in network for network in networks)
