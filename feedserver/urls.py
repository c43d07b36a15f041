"""Builds and parses all URLs of the site, and normalizes URLs of others.

All generated URLs start with `site.url`, whatever the Host of a request. When a URL is matched with a post, fragment,
query, empty segments of the path, scheme, letter case of the host, default port, percent-encoding, dot segments,
Unicode form and IDNA are ignored (docs/interface.md, “pingback.ping”).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from feedserver.host_names import DEFAULT_PORTS, authority, domain_name, host_name, netloc

MAX_URL = 2048  # bytes of UTF-8; longer ones exceed what other software accepts and indexes hold
ANY_POST = "http://site.invalid/posts/any"  # a base to check addresses by, where the site's own may change
_MAX_DIGITS = 9  # of a page number, so that it fits in 32 bits
_REFUSED = re.compile(r"[\x00-\x20\\\x7f-\x9f\s]")  # characters that parsers read differently
_MAX_NORMALIZED = 600  # characters of a path segment: NFC takes quadratic time for a run of combining marks (UAX #15)
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})?")
_UNRESERVED = re.compile("[A-Za-z0-9._~-]")
_DELIMITERS = "!$&'()*+,;=:@"  # characters with or without a special meaning in a URL (RFC 3986 section 2.2), and "@"
_OUTER = "".join(map(chr, range(0x21)))  # controls and blanks around an address, which browsers drop
_INNER = str.maketrans("", "", "\t\n\r")  # dropped inside too
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))  # ASCII
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HIERARCHICAL = frozenset({"http", "https", "ftp"})  # schemes in which a backslash is a slash
_START = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*:)?(?:/{2,}(?P<host>[^/]*))?(?P<path>.*)", re.DOTALL)
_QUERY_OR_FRAGMENT = re.compile("[?#]")


@dataclass(frozen=True, slots=True)
class Urls:
    """The URLs of a site. `base` is `site.url` without a trailing slash: `https://blog.example/path`.

    `former` are bases that it had before it moved: URLs below them are the site's own too, but none is generated.
    """

    base: str
    former: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The host of the site, in ASCII."""
        return authority(urlsplit(self.base))[0]

    def at(self, path: str) -> str:
        """The absolute URL of a path that starts with a slash."""
        return self.base + path

    def home(self, page: int = 1) -> str:
        return self.at("/") + _page(page)

    def post(self, slug: str, thoughts: int = 1) -> str:
        """The post, or a further page of the `thoughts` on it."""
        return self.permalink(slug, is_page=False) + _page(thoughts, "thoughts")

    def page(self, slug: str) -> str:
        """A page that is no post."""
        return self.permalink(slug, is_page=True)

    def permalink(self, slug: str, *, is_page: bool) -> str:
        return self.at(path_of(slug, is_page=is_page))

    def thought(self, slug: str, thought_id: int, page: int) -> str:
        """A thought, on that page of the post's thoughts."""
        return f"{self.post(slug, page)}#thought-{thought_id}"

    def thoughts(self, page: int = 1) -> str:
        return self.at("/thoughts") + _page(page)

    def comments(self, slug: str) -> str:
        return f"{self.post(slug)}/comments"

    def card(self, slug: str) -> str:
        return f"{self.post(slug)}/embed"

    def search(self, query: str = "", page: int = 1) -> str:
        """The search page, or a page of what is found."""
        return self.at("/search") + _asking(query, page)

    def search_feed(self, fmt: str, query: str, page: int = 1) -> str:
        return self.at(f"/search.{fmt}") + _asking(query, page)

    def opensearch(self) -> str:
        return self.at("/opensearch.xml")

    def oembed(self, slug: str) -> str:
        return self.at(f"/oembed?url={segment(self.post(slug))}&format=json")

    def tag(self, tag: str, page: int = 1) -> str:
        return self.at(f"/tags/{segment(tag)}") + _page(page)

    def author(self, name: str, page: int = 1) -> str:
        return self.at(f"/authors/{segment(name)}") + _page(page)

    def archive(self, year: int | None = None, page: int = 1) -> str:
        return self.at("/archive" if year is None else f"/archive/{year}") + _page(page)

    def sitemap(self, part: int | None = None) -> str:
        return self.at("/sitemap.xml" if part is None else f"/sitemap-{part}.xml")

    def icon(self) -> str:
        return self.at("/favicon.ico")

    def feeds(self) -> str:
        return self.at("/feeds")

    def opml(self) -> str:
        return self.at("/feeds.opml")

    def xmlrpc(self) -> str:
        return self.at("/xmlrpc.php")

    def rsd(self) -> str:
        return self.at("/rsd.xml")

    def media(self, hash_: str, name: str) -> str:
        return self.at(f"/media/{hash_}/{segment(name)}")

    def pingback(self) -> str:
        return self.at("/pingback")

    def hub(self) -> str:
        return self.at("/hub")

    def webmention(self) -> str:
        return self.at("/webmention")

    def me(self) -> str:
        """The address that the author signs in elsewhere with: a bare host has a slash (IndieAuth section 3.2)."""
        return self.base if urlsplit(self.base).path else f"{self.base}/"

    def indieauth_metadata(self) -> str:
        return self.at("/.well-known/oauth-authorization-server")

    def indieauth(self, endpoint: str) -> str:
        """One of the endpoints: `authorize`, `token`, `revoke`, `introspect`, `userinfo`."""
        return self.at(f"/indieauth/{endpoint}")

    def micropub(self) -> str:
        return self.at("/micropub")

    def micropub_media(self) -> str:
        return self.at("/micropub/media")

    def receipt(self, token: str) -> str:
        return self.at(f"/receipts/{token}")

    def desk(self, path: str = "") -> str:
        """A page of the desk: `path` is empty, or begins with a slash."""
        return self.at(f"/desk{path}")

    def sign_in_link(self, token: str) -> str:
        return self.desk(f"/welcome/{token}")

    def edit(self, slug: str) -> str:
        """The editor of a post."""
        return self.desk(f"/posts/{segment(slug)}/edit")

    def history(self, slug: str, number: int | None = None) -> str:
        """The saved texts of a post, or one of them."""
        return self.desk(f"/posts/{segment(slug)}/history" + ("" if number is None else f"/{number}"))

    def preview(self, token: str) -> str:
        return self.at(f"/previews/{token}")

    def notice(self, token: str) -> str:
        return self.at(f"/notices/{token}")

    def moderation_feed(self, key: str) -> str:
        return self.at(f"/moderation/{key}.atom")

    def owns(self, url: str) -> bool:
        """Whether an absolute http(s) URL is below a base."""
        return self._steps_below(url) is not None

    def path_below(self, url: str) -> str | None:
        """The path of a URL below a base, encoded, with the slash at its end; None if it is below none."""
        steps = self._steps_below(url)
        if steps is None:
            return None
        ends = "/" if urlsplit(url).path.endswith("/") else ""
        return "/" + "/".join(map(segment, steps)) + (ends if steps else "")

    def post_slug(self, url: str) -> str | None:
        """The slug, in NFC, in the URL of a post's page, None for any other URL. The post need not exist."""
        match self._steps_below(url):
            case ["posts", slug]:
                return slug
            case _:
                return None

    def _steps_below(self, url: str) -> list[str] | None:
        """The decoded path segments of `url` below a base; None if it is below none."""
        if (parts := split_http(url)) is None:
            return None
        theirs = authority(parts)
        for ours, prefix in map(_authority_and_prefix, (self.base, *self.former)):
            if theirs == ours and (steps := _steps(parts.path))[: len(prefix)] == prefix:
                return steps[len(prefix) :]
        return None


@lru_cache  # asked for each link of a source, of which there may be 10,000
def _authority_and_prefix(base: str) -> tuple[tuple[str, int | None], list[str]]:
    """The authority of a base URL, and the segments of its path."""
    parts = urlsplit(base)
    return authority(parts), _steps(parts.path)


def base_of_post(url: str) -> str:
    """Returns the base of the site on which a URL is that of a post."""
    parts = _split(normalize_source(url))
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/posts/')[0]}"


def _steps(path: str) -> list[str]:
    return [nfc(unquote(step)) for step in plain_steps(normalize_path(path))]


def nfc(text: str) -> str:
    """Returns a name from a URL in NFC, as slugs, tags and authors are stored; one that is too long is unchanged."""
    return unicodedata.normalize("NFC", text) if len(text) <= _MAX_NORMALIZED else text


def path_of(slug: str, *, is_page: bool) -> str:
    """Returns the path of a post, or of a page that is none, below that of the site."""
    return f"/{segment(slug)}" if is_page else f"/posts/{segment(slug)}"


def fragment_of(address: str) -> str:
    """Returns what an address says of a part of its document or file, with its mark; "" without one."""
    _, mark, fragment = address.partition("#")
    return mark + fragment


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


def normalize_source(url: str) -> str:
    """Returns the source_key of a URL that `split_http` accepts, in ASCII (RFC 3986 sections 6.2.2 and 6.2.3).

    Percent-encoding, dot segments, spellings of the host, default port and fragment do not matter.
    """
    parts = _split(url)
    path, query = normalize_path(parts.path), _normal_escapes(parts.query, "/?")
    return urlunsplit((parts.scheme, netloc(parts), path, query, ""))


def _split(url: str) -> SplitResult:
    parts = split_http(url)
    assert parts is not None, "callers have checked the URL"
    return parts


def normalize_path(path: str) -> str:
    """Returns the path of an http(s) URL, normalized and in ASCII (RFC 3986 sections 5.2.4, 6.2.2 and 6.2.3)."""
    steps: list[str] = []
    step = ""
    for step in _normal_escapes(path, "/").split("/")[1:]:
        if step == "..":
            steps[-1:] = []
        elif step != ".":
            steps.append(step)
    if step in (".", ".."):
        steps.append("")
    return "/" + "/".join(steps)


def _normal_escapes(text: str, delimiters: str) -> str:
    """Percent-encodes what no URL may hold, but none of `delimiters`; decodes what needs no encoding."""
    return quote(_ESCAPE.sub(_normal_escape, text), safe=_DELIMITERS + delimiters + "%", errors="replace")


def _normal_escape(found: re.Match[str]) -> str:
    if found[1] is None:
        return "%25"  # a percent sign that encodes nothing
    char = chr(int(found[1], 16))
    return char if _UNRESERVED.fullmatch(char) else found[0].upper()


def ascii_url(url: str) -> str:
    """Returns any address, relative ones too, as a URI (RFC 3987 section 3.1), as browsers read it.

    Outer blanks and line breaks are dropped, backslashes become slashes, the host becomes ASCII by IDNA, and what no
    URI may hold is percent-encoded; what is encoded already stays. In addresses such as `mailto:` only blanks and
    characters beyond ASCII are encoded. Never raises.
    """
    text = url.strip(_OUTER).translate(_INNER)
    if (named := scheme(text)) and named not in _HIERARCHICAL:
        return quote(text, safe=_VISIBLE, errors="replace")
    path, mark, rest = _before_query(text)
    start = _START.match(path.replace("\\", "/"))
    assert start is not None, "it matches any text"
    host = "" if start["host"] is None else f"//{_ascii_authority(start['host'])}"
    return f"{start['scheme'] or ''}{host}{_escaped(start['path'], '/[]')}{mark}{_escaped(rest, '/?#[]')}"


def absolute_url(url: str, base: str) -> str | None:
    """Returns an address, relative to the URL `base` or absolute, as an absolute URI; None if it is invalid."""
    try:
        return urljoin(base, ascii_url(url))
    except ValueError:  # such as an invalid address in brackets
        return None


def scheme(url: str) -> str:
    """Returns the scheme of an address in lower case; "" if it is relative."""
    found = _SCHEME.match(url)
    return found[1].lower() if found else ""


def _before_query(text: str) -> tuple[str, str, str]:
    """An address in three parts: what comes before query and fragment, their first mark, and the rest."""
    found = _QUERY_OR_FRAGMENT.search(text)
    return (text[: found.start()], found[0], text[found.end() :]) if found else (text, "", "")


def _ascii_authority(text: str) -> str:
    """User, host and port in ASCII; a host that is ASCII already stays as it is written."""
    user, at, host = text.rpartition("@")
    if not host.isascii():
        name, colon, port = host.partition(":")
        host = (domain_name(name) or name) + colon + port
    return _escaped(user + at + host, "[]")


def _escaped(text: str, delimiters: str) -> str:
    whole = _ESCAPE.sub(lambda found: "%25" if found[1] is None else found[0], text)
    return quote(whole, safe=_DELIMITERS + delimiters + "%", errors="replace")


def page_number(text: str) -> int | None:
    """Parses a page number from 1 on; returns None for any other text."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS and not text.startswith("0")
    return int(text) if is_number else None


def path_steps(path: str) -> tuple[str, ...]:
    """Returns the decoded segments of a path: no empty ones, dot segments resolved, backslashes read as slashes."""
    return tuple(plain_steps(unquote(path).replace("\\", "/")))


def plain_steps(path: str) -> list[str]:
    """Returns the segments of a decoded path: no empty ones, dot segments resolved."""
    steps: list[str] = []
    for step in path.split("/"):
        if step == "..":
            steps[-1:] = []
        elif step not in ("", "."):
            steps.append(step)
    return steps


def _asking(query: str, page: int) -> str:
    return f"?q={segment(query)}{f'&page={page}' if page > 1 else ''}" if query else ""


def _page(number: int, of: str = "page") -> str:
    return f"?{of}={number}" if number > 1 else ""
