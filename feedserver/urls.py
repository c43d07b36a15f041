"""Builds and parses all URLs of the site, and normalizes URLs of others.

All generated URLs start with `site.url`, whatever the Host of a request. When a URL is matched with a post, fragment,
query, trailing slash, scheme, letter case of the host, default port and dot segments are ignored (docs/interface.md,
“pingback.ping”).
"""

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import inet_aton, inet_ntoa
from urllib.parse import SplitResult, quote, unquote, urlsplit

MAX_URL = 2048  # bytes of UTF-8; longer ones exceed what other software accepts and indexes hold
DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_DIGITS = 9  # of a page number, so that it fits in 32 bits
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # last label of a host that the URL Standard parses as IPv4
_REFUSED = re.compile(r"[\x00-\x20\\\x7f-\x9f\s]")  # characters that parsers read differently


@dataclass(frozen=True, slots=True)
class Urls:
    """The URLs of a site. `base` is `site.url` without a trailing slash: `https://blog.example/path`."""

    base: str

    def at(self, path: str) -> str:
        """The absolute URL of a path that starts with a slash."""
        return self.base + path

    def home(self, page: int = 1) -> str:
        return self.at("/") + _page(page)

    def post(self, slug: str) -> str:
        return self.at(f"/posts/{segment(slug)}")

    def thought(self, slug: str, thought_id: int) -> str:
        return f"{self.post(slug)}#thought-{thought_id}"

    def comments(self, slug: str) -> str:
        return f"{self.post(slug)}/comments"

    def tag(self, tag: str, page: int = 1) -> str:
        return self.at(f"/tags/{segment(tag)}") + _page(page)

    def author(self, name: str, page: int = 1) -> str:
        return self.at(f"/authors/{segment(name)}") + _page(page)

    def feeds(self) -> str:
        return self.at("/feeds")

    def opml(self) -> str:
        return self.at("/feeds.opml")

    def pingback(self) -> str:
        return self.at("/pingback")

    def receipt(self, token: str) -> str:
        return self.at(f"/receipts/{token}")

    def moderation_feed(self, key: str) -> str:
        return self.at(f"/moderation/{key}.atom")

    def owns(self, url: str) -> bool:
        """Whether an absolute http(s) URL is below the base."""
        return self._path_below(url) is not None

    def post_slug(self, url: str) -> str | None:
        """The slug in the URL of a post's page, None for any other URL. The post need not exist."""
        path = self._path_below(url)
        if path is None:
            return None
        match path.strip("/").split("/"):
            case ["posts", slug] if slug and not path.startswith("//"):
                return unquote(slug)
            case _:
                return None

    def _path_below(self, url: str) -> str | None:
        """The percent-encoded path of `url` below the base, with a leading slash; None if it is not below the base."""
        parts = split_http(url)
        ours, prefix = _authority_and_prefix(self.base)
        if parts is None or authority(parts) != ours:
            return None
        path = posixpath.normpath(parts.path) if "/." in parts.path else parts.path
        same_coding = "/" + "/".join(quote(unquote(step), safe="") for step in path.split("/")[1:])
        if same_coding != prefix and not same_coding.startswith(prefix + "/"):
            return None
        return same_coding[len(prefix) :] or "/"


@lru_cache  # asked for each link of a source, of which there may be 10,000
def _authority_and_prefix(base: str) -> tuple[tuple[str, int | None], str]:
    """The authority of a base URL, and its path as `_path_below` percent-encodes paths."""
    parts = urlsplit(base)
    return authority(parts), quote(unquote(parts.path), safe="/")


def segment(text: str) -> str:
    """Encodes `text` as one path segment: all but unreserved characters (RFC 3986 section 2.3), slashes too."""
    return quote(text, safe="")


def split_http(url: str) -> SplitResult | None:
    """Splits an absolute http(s) URL that all parsers read alike; returns None for other text.

    Refused are userinfo, control characters, whitespace, backslashes, port 0 or over 65535, and over 2048 bytes.
    `urlsplit` alone deletes tabs, treats a backslash as part of the userinfo, and checks the port only when it is read.
    """
    if len(url.encode("utf-8", "replace")) > MAX_URL or _REFUSED.search(url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in DEFAULT_PORTS and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return None
    return parts if usable and host_name(parts) else None


def host_name(parts: SplitResult) -> str:
    """Returns the normalized host: lower case, ASCII (IDNA), no trailing dot, no brackets; "" if it is invalid.

    All spellings of an address (`0x7f.1`, `[::ffff:127.0.0.1]`) become one, so that they share limits. A name that ends
    in a number but is not an IPv4 address is invalid (URL Standard section 3.5).
    """
    host = (parts.hostname or "").rstrip(".")
    try:
        if ":" in host:
            return str(unmapped(ip_address(host)))
        name = host if host.isascii() else host.encode("idna").decode("ascii")
        return inet_ntoa(inet_aton(name)) if _NUMBER.fullmatch(name.rpartition(".")[2]) else name
    except (OSError, ValueError):
        return ""


def unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Returns the IPv4 address within an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), others unchanged."""
    return (address.ipv4_mapped or address) if address.version == 6 else address


def authority(parts: SplitResult) -> tuple[str, int | None]:
    """Returns normalized host and port for comparison. Ports 80 and 443 are None, so that http equals https."""
    port = parts.port
    return host_name(parts), None if port in (None, *DEFAULT_PORTS.values()) else port


def normalize_source(url: str) -> str:
    """Returns the source_key of a URL: no fragment, normalized host, no default port.

    `url` must be one that `split_http` accepts.
    """
    parts = split_http(url)
    assert parts is not None, "callers have checked the URL"
    return parts._replace(netloc=netloc(parts), path=parts.path or "/", fragment="").geturl()


def netloc(parts: SplitResult) -> str:
    """Returns the normalized host, in brackets if it is an IPv6 address, with the port unless it is the default one."""
    host = host_name(parts)
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f"{bracketed}:{parts.port}"


def page_number(text: str) -> int | None:
    """Parses a page number from 1 on; returns None for any other text."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS and not text.startswith("0")
    return int(text) if is_number else None


def path_steps(path: str) -> tuple[str, ...]:
    """Returns the decoded segments of a path: no empty ones, dot segments resolved, backslashes read as slashes."""
    steps: list[str] = []
    for step in unquote(path).replace("\\", "/").split("/"):
        if step == "..":
            steps[-1:] = []
        elif step not in ("", "."):
            steps.append(step)
    return tuple(steps)


def _page(number: int) -> str:
    return f"?page={number}" if number > 1 else ""
