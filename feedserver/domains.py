"""What somebody has registered, of a host: whom to trust, whom a fetch burdens, and whom posts link to, go by it."""

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

from publicsuffixlist import PublicSuffixList

_suffixes: Final = PublicSuffixList()  # its private section too: below github.io everybody is somebody else
# Homes of many people that the list does not know: each name below is a place of its own.
_SHARED: Final = frozenset(
    """
    blogger.com blogspot.de blogspot.fr blogspot.co.uk canalblog.com dreamwidth.org edublogs.org ghost.io
    hashnode.dev home.blog jimdofree.com livejournal.com mataroa.blog medium.com micro.blog neocities.org
    over-blog.com posthaven.com prose.sh squarespace.com substack.com svbtle.com tistory.com tumblr.com typepad.com
    weebly.com wordpress.com write.as writeas.com
    """.split()
)


def owned(host: str) -> str:
    """The part of `host` that is one person's, with all below it: on a shared host, a name below that."""
    if is_address(host):
        return host
    labels = host.split(".")
    for start in range(1, len(labels)):
        if ".".join(labels[start:]) in _SHARED:
            return ".".join(labels[start - 1 :])
    return registered(host)


def registered(host: str) -> str:
    """The domain that was registered: behind a shared one of the list above stand the same machines for everybody."""
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
