"""Every address of the site: made here, and read back here.

All generated URLs start with `site.url`, whatever Host a request names. Reading back is the one answer to
“same post?”: fragment, query, trailing slash, scheme, letter case of the host, default port and dot segments do
not matter (INTERFACE, pingback.ping).
"""

import posixpath
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import inet_aton, inet_ntoa
from urllib.parse import SplitResult, quote, unquote, urlsplit

MAX_URL = 2048  # bytes of UTF-8, which are characters in a proper URL: what other software takes, and our indexes hold
_DIGITS = 9  # of a page's number: what every database counts with
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # the last label of what is meant for an IPv4 address
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Urls:
    """The addresses below one base, which has no trailing slash: `https://blog.example/path`."""

    base: str

    @property
    def prefix(self) -> str:
        """The path of the base, percent-decoded: `` or `/path`."""
        return unquote(urlsplit(self.base).path)

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
        """Whether an absolute http(s) URL lies on this site, at whatever path below the base."""
        return self._path_below(url) is not None

    def post_slug(self, url: str) -> str | None:
        """The slug that `url` names as a post's page; None when it names no post's page of this site."""
        path = self._path_below(url)
        if path is None:
            return None
        match path.strip("/").split("/"):
            case ["posts", slug] if slug and not path.startswith("//"):
                return unquote(slug)
            case _:
                return None

    def _path_below(self, url: str) -> str | None:
        """The percent-encoded path of `url` below the base, starting with a slash; None where it is not ours."""
        parts, ours = split_http(url), urlsplit(self.base)
        if parts is None or authority(parts) != authority(ours):
            return None
        path = posixpath.normpath(parts.path) if "/." in parts.path else parts.path
        prefix = quote(unquote(ours.path), safe="/")
        same_coding = "/" + "/".join(quote(unquote(step), safe="") for step in path.split("/")[1:])
        if same_coding != prefix and not same_coding.startswith(prefix + "/"):
            return None
        return same_coding[len(prefix) :] or "/"


def segment(text: str) -> str:
    """`text` as one path segment: everything but unreserved characters percent-encoded, a slash too (RFC 3986, 2.3)."""
    return quote(text, safe="")


def split_http(url: str) -> SplitResult | None:
    """The parts of an absolute http(s) URL that every parser reads alike; None for any other text.

    Refused: userinfo, control characters, blanks, backslashes, port 0 or over 65535, over 2048 bytes.
    `urlsplit` alone deletes tabs, reads a backslash as part of a user's name, and looks at a port late.
    """
    if len(url.encode("utf-8", "replace")) > MAX_URL or any(
        c <= " " or c in "\\\x7f" or "\x80" <= c <= "\x9f" or c.isspace() for c in url
    ):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _DEFAULT_PORTS and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return None
    return parts if usable and host_name(parts) else None


def host_name(parts: SplitResult) -> str:
    """The host in its one comparable form: lower case, international names in ASCII (IDNA), no trailing dot.

    An address has one form too, however it was spelled (`0x7f.1`, `[::ffff:127.0.0.1]`): else each spelling would be a
    host of its own, with a budget of its own. What only looks like an address is no host (URL Standard, 3.5): empty.
    """
    host = (parts.hostname or "").rstrip(".")
    try:
        if ":" in host:
            return _shortest(ip_address(host))
        name = host if host.isascii() else host.encode("idna").decode("ascii")
        return inet_ntoa(inet_aton(name)) if _NUMBER.fullmatch(name.rpartition(".")[2]) else name
    except (OSError, ValueError):
        return ""


def _shortest(address: IPv4Address | IPv6Address) -> str:
    mapped = address.ipv4_mapped if address.version == 6 else None
    return str(mapped or address)


def authority(parts: SplitResult) -> tuple[str, int | None]:
    """Host and port for comparison; a default port is None whatever the scheme, so http and https compare alike."""
    port = parts.port
    return host_name(parts), None if port in (None, *_DEFAULT_PORTS.values()) else port


def normalize_source(url: str) -> str:
    """`url` in the form under which its page is known: no fragment, host and scheme in lower case, no default port.

    Takes only what `split_http` takes.
    """
    parts = split_http(url)
    assert parts is not None, "callers check the URL first"
    host = host_name(parts)
    netloc = f"[{host}]" if ":" in host else host
    if parts.port not in (None, _DEFAULT_PORTS[parts.scheme]):
        netloc += f":{parts.port}"
    return parts._replace(netloc=netloc, path=parts.path or "/", fragment="").geturl()


def page_number(text: str) -> int | None:
    """The number that a query names, from 1; None for what is no such number."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _DIGITS and not text.startswith("0")
    return int(text) if is_number else None


def path_steps(path: str) -> tuple[str, ...]:
    """The decoded steps of a URL's path, as a server may walk them: no empty ones, no dots, a backslash is a slash."""
    steps: list[str] = []
    for step in unquote(path).replace("\\", "/").split("/"):
        if step == "..":
            steps[-1:] = []
        elif step not in ("", "."):
            steps.append(step)
    return tuple(steps)


def _page(number: int) -> str:
    return f"?page={number}" if number > 1 else ""
