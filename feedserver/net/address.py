"""Which addresses may be contacted. Pure. `connection` resolves names first."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

# `is_global` is true for all or part of each of these.
_NOT_PUBLIC_4 = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments (RFC 6890)
    IPv4Network("192.88.99.0/24"),  # 6to4 relays (RFC 7526)
    IPv4Network("224.0.0.0/4"),  # multicast (RFC 5771)
)
# The only block that IANA has assigned for global unicast. The rest is special: ::/96, NAT64 (64:ff9b::/96 and
# 64:ff9b:1::/48), 5f00::/16, fec0::/10, multicast ...
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = (
    IPv6Network("2001::/23"),  # protocol assignments, with Teredo (RFC 2928)
    IPv6Network("2001:db8::/32"),  # documentation (RFC 3849)
    IPv6Network("2002::/16"),  # 6to4: embeds any IPv4 address, private ones too (RFC 3056)
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)


def may_contact(address: IPv4Address | IPv6Address, allow: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether `address` is public or in one of the networks `allow`.

    For an IPv4-mapped address (RFC 4291 section 2.5.5.2) the embedded IPv4 address decides. An address with a zone
    (`fe80::1%eth0`, RFC 4007) belongs to a local link and is never contacted.
    """
    if isinstance(address, IPv4Address):
        return _is_allowed(address, allow) or _is_public_4(address)
    if address.scope_id is not None:
        return False
    if address.ipv4_mapped is not None:
        return _is_allowed(address, allow) or may_contact(address.ipv4_mapped, allow)
    return _is_allowed(address, allow) or _is_public_6(address)


def _is_allowed(address: IPv4Address | IPv6Address, allow: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in allow)


def _is_public_4(address: IPv4Address) -> bool:
    return address.is_global and not any(address in network for network in _NOT_PUBLIC_4)


def _is_public_6(address: IPv6Address) -> bool:
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)
