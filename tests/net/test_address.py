"""Which addresses may be contacted."""

from ipaddress import ip_address, ip_network

import pytest

from feedserver.net.address import may_contact

PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "223.255.255.255", "::ffff:8.8.8.8"]
PUBLIC += ["2606:4700:4700::1111", "2a00:1450:4001::1", "2001:200::1", "2003::1", "3fff:1000::1"]

NOT_PUBLIC = {
    "unspecified": "0.0.0.0",
    "this network": "0.1.2.3",
    "private 10": "10.0.0.1",
    "shared": "100.64.0.1",
    "loopback": "127.0.0.1",
    "loopback, other": "127.255.255.254",
    "link-local, metadata": "169.254.169.254",
    "private 172": "172.16.0.1",
    "protocol assignments": "192.0.0.8",
    "protocol assignments, PCP anycast": "192.0.0.9",
    "protocol assignments, end": "192.0.0.255",
    "documentation 1": "192.0.2.1",
    "6to4 relay": "192.88.99.1",
    "private 192": "192.168.0.1",
    "benchmarks": "198.18.0.1",
    "documentation 2": "198.51.100.1",
    "documentation 3": "203.0.113.1",
    "multicast": "224.0.0.1",
    "multicast, end": "239.255.255.255",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6 unspecified": "::",
    "v6 loopback": "::1",
    "v4-compatible": "::127.0.0.1",
    "v4-compatible public": "::8.8.8.8",
    "v4-mapped loopback": "::ffff:127.0.0.1",
    "v4-mapped private": "::ffff:10.0.0.1",
    "v4-mapped multicast": "::ffff:224.0.0.1",
    "v4-translated": "::ffff:0:127.0.0.1",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64, local": "64:ff9b:1::1",
    "discard": "100::1",
    "Teredo": "2001::1",
    "ORCHID": "2001:20::1",
    "protocol assignments v6, end": "2001:1ff:ffff::1",
    "v6 documentation": "2001:db8::1",
    "6to4": "2002:7f00:1::1",
    "v6 documentation, new": "3fff:fff::1",
    "never opened": "4000::1",
    "segment routing": "5f00::1",
    "unique local": "fd00::1",
    "link-local v6": "fe80::1",
    "link-local v6 with zone": "fe80::1%eth0",
    "public with zone": "2606:4700:4700::1111%eth0",
    "site-local": "fec0::1",
    "v6 multicast": "ff02::1",
    "v6 multicast, global": "ff0e::1",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_contacted(address):
    assert may_contact(ip_address(address), ())


@pytest.mark.parametrize("address", NOT_PUBLIC.values(), ids=NOT_PUBLIC)
def test_an_address_that_is_not_public_may_not_be_contacted(address):
    assert not may_contact(ip_address(address), ())


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("127.0.2.7", "127.0.2.0/24"),
        ("::ffff:127.0.2.7", "127.0.2.0/24"),
        ("::ffff:127.0.2.7", "::ffff:127.0.2.0/120"),
        ("fd00::7", "fd00::/64"),
        ("224.0.0.1", "224.0.0.0/24"),
    ],
)
def test_an_allowed_network_may_be_contacted_although_it_is_not_public(address, network):
    assert may_contact(ip_address(address), (ip_network("10.0.0.0/8"), ip_network(network)))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("127.0.3.1", "127.0.2.0/24"),
        ("::127.0.2.7", "127.0.2.0/24"),
        ("64:ff9b::7f00:207", "127.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/10"),
        ("::1", "0.0.0.0/0"),
    ],
)
def test_an_allowed_network_allows_nothing_beside_it(address, network):
    assert not may_contact(ip_address(address), (ip_network(network),))
