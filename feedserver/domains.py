"""Units that hosts and addresses are grouped by: source site, registrable domain, network. Pure."""

from collections.abc import Collection
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from feedserver.host_names import host_name, unmapped
from feedserver.urls import normalize_source, path_steps

# Shared hosts that the list lacks: each name below one of them is a source site.
_SHARED: Final = frozenset(
    """
    blogger.com blogspot.de blogspot.fr blogspot.co.uk canalblog.com dreamwidth.org edublogs.org ghost.io
    hashnode.dev home.blog jimdofree.com livejournal.com mataroa.blog medium.com micro.blog neocities.org
    over-blog.com posthaven.com prose.sh squarespace.com substack.com svbtle.com tistory.com tumblr.com typepad.com
    weebly.com wordpress.com write.as writeas.com
    """.split()
)


# Hosts whose users have a path each, the default of `moderation.shared_by_path`.
SHARED_BY_PATH: Final = (
    *("bitbucket.org", "brid.gy", "codeberg.org", "dev.to", "fed.brid.gy", "gist.github.com", "github.com"),
    *("gitlab.com", "medium.com", "note.com", "patreon.com", "qiita.com", "sites.google.com", "zenn.dev"),
)


def source_site(url: str, shared_by_path: Collection[str]) -> str:
    """Returns the source site of an absolute http(s) URL, the unit of trust.

    It is the site of the URL's host, with the first segment of the path if that names a user (`~ann`, `@ann`) or the
    host is in `shared_by_path`, with or without `www.`: `blog.example` for `http://www.blog.example/x`,
    `example.org/~ann` for `http://example.org/~ann/x`, `github.com/ann` for `https://github.com/ann/x`.
    """
    parts = urlsplit(url)
    host = host_name(parts)
    shared = host.removeprefix("www.")
    if shared in shared_by_path:
        return "/".join((shared, *path_steps(parts.path)[:1]))
    return "/".join((host_site(host), *home_directory(parts.path)))


def author_site(url: str, author_url: str, shared_by_path: Collection[str]) -> str:
    """Returns the unit of trust of a page by an author who gives an address, "" without one: the page's source site.

    On a host in `shared_by_path` that speaks for many, such as a bridge, it is that host with the author's address.
    Where the path or the address is that of a user of the host itself, both count, as another user could claim it.
    """
    site = source_site(url, shared_by_path)
    host = site.partition("/")[0]
    if host not in shared_by_path or not author_url:
        return site
    author = source_site(author_url, shared_by_path)
    is_here = author.partition("/")[0] == host
    if author == site or (is_here and "/" not in author):
        return site
    address = normalize_source(author_url).partition("://")[2].rstrip("/")
    return f"{site if is_here or home_directory(urlsplit(url).path) else host} {address}"


def host_site(host: str) -> str:
    """Returns the source site of a host: the name below a shared host, else the registrable domain."""
    labels = host.split(".")
    for start in range(1, len(labels)):
        if ".".join(labels[start:]) in _SHARED:
            return ".".join(labels[start - 1 :])
    return registrable_domain(host)


def registrable_domain(host: str) -> str:
    """Returns the registrable domain (eTLD+1) of a host, the unit of fetch limits.

    All sites of a shared host use the same servers. Returns an address, a public suffix and a name without dots
    unchanged.
    """
    return host if is_address(host) else _suffixes().privatesuffix(host) or host


def is_public_suffix(host: str) -> bool:
    """Whether names below a host belong to anybody who registers one: `com`, `co.uk`, not `github.io`."""
    return _registries().publicsuffix(host) == host


@cache
def _suffixes() -> PublicSuffixList:
    """The list with its private section: each name below github.io is a separate domain.

    Both lists are read when they are asked for: many commands, and a worker that only serves, never do.
    """
    return PublicSuffixList()


@cache
def _registries() -> PublicSuffixList:
    """The list without its private section."""
    return PublicSuffixList(accept_unknown=False, only_icann=True)


def home_directory(path: str) -> tuple[str, ...]:
    """Returns the first step of a URL's path if it names a user (`~ann`, `@ann`), else an empty tuple."""
    return tuple(step for step in path_steps(path)[:1] if step[0] in "~@")


def is_address(host: str) -> bool:
    """Whether a host, without brackets, is an IPv4 or IPv6 address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)  # called for each feed request; an IPv6 network takes fifty microseconds
def network(address: str) -> str:
    """Returns the network of an address, the unit of rate limits: the IPv4 address, or the /64 of an IPv6 address.

    Returns any other text, such as that of a Unix socket, unchanged.
    """
    try:
        found = unmapped(ip_address(address))
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(ip_network((found, 64), strict=False))


@lru_cache(maxsize=4096)  # called for each full download of a feed
def is_loopback(address: str) -> bool:
    """Whether an address is one of this machine alone (127.0.0.0/8, ::1); other text is none."""
    try:
        return unmapped(ip_address(address)).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=4096)  # called for each new client of a feed
def wide_network(address: str) -> str:
    """Returns the wide network of an address, the unit of shares: the /24 of an IPv4 address, the /48 of an IPv6 one.

    Returns any other text unchanged.
    """
    try:
        found = unmapped(ip_address(address))
    except ValueError:
        return address
    if found.version == 4:
        return f"{str(found).rpartition('.')[0]}.0/24"
    return f"{IPv6Address(int(found) >> 80 << 80)}/48"  # a third of the time that `ip_network` takes
