"""Registrable domains, source sites and networks: the units of trust, of fetch budgets and of rate limits. Pure."""

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

from publicsuffixlist import PublicSuffixList

_suffixes: Final = PublicSuffixList()  # with its private section: each name below github.io is a site of its own
# Hosts shared by many people that the list lacks: each name below them is a site of its own.
_SHARED: Final = frozenset(
    """
    blogger.com blogspot.de blogspot.fr blogspot.co.uk canalblog.com dreamwidth.org edublogs.org ghost.io
    hashnode.dev home.blog jimdofree.com livejournal.com mataroa.blog medium.com micro.blog neocities.org
    over-blog.com posthaven.com prose.sh squarespace.com substack.com svbtle.com tistory.com tumblr.com typepad.com
    weebly.com wordpress.com write.as writeas.com
    """.split()
)


def owned(host: str) -> str:
    """The part of `host` that belongs to one person: a name below a shared host, else the registrable domain."""
    if is_address(host):
        return host
    labels = host.split(".")
    for start in range(1, len(labels)):
        if ".".join(labels[start:]) in _SHARED:
            return ".".join(labels[start - 1 :])
    return registered(host)


def registered(host: str) -> str:
    """The registrable domain (eTLD+1) of `host`: one set of servers, also behind the shared hosts above."""
    return host if is_address(host) else _suffixes.privatesuffix(host) or host


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)  # asked with each feed request, and an IPv6 network takes fifty microseconds to work out
def network(address: str) -> str:
    """The unit of rate limits: an IPv4 address, or an IPv6 /64, which is what one subscriber has.

    What is no address, such as the far end of a local socket, stands for itself.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((found, 64), strict=False))
