"""Old addresses as they are compared, and what they lead to. Pure.

An old address is a path below `site.url` or outside it, with a query if that says what is meant (`/?p=12`). It is
decoded once, in NFC; a slash at its end, empty segments and the order of its parameters do not matter.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from feedserver.errors import RedirectUnusable
from feedserver.text import clean
from feedserver.urls import MAX_URL, Urls, ascii_url, nfc, plain_steps, scheme, split_http

_MOST: Final = 4  # parameters of an old address, and of a request that are looked up
# Of a decoded path: what would mean something else in an address, and what is not shown, or no database takes.
_UNSAFE: Final = re.compile(r"[%?#\s\x00-\x1f\x7f-\x9f]")
OWN_PARAMETERS: Final = frozenset(("page", "s"))  # of the home page

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OldAddress:
    """A decoded path that begins with a slash and ends with none, and the decoded parameters that it needs, in order.

    `with_slash`: it was written with a slash at its end.
    """

    path: str
    parameters: Parameters = ()
    with_slash: bool = False

    @property
    def key(self) -> str:
        """The same for all spellings of an address."""
        return _key(self.path, self.parameters)

    @property
    def names(self) -> str | None:
        """The names of its parameters, as `finding` looks for them; None without any."""
        return " ".join(sorted({quote(name, safe="") for name, _ in self.parameters})) or None

    def __str__(self) -> str:
        path = self.path + "/" if self.with_slash and self.path != "/" else self.path
        return _key(path, self.parameters)


@dataclass(frozen=True, slots=True)
class NewAddress:
    """Where an old address leads: an absolute URL elsewhere, or a path of this site, with its query and fragment.

    `key` names the path of this site as that of an old address; None for other sites.
    """

    text: str
    key: str | None

    @property
    def suffix(self) -> str:
        """The query and the fragment, with their marks."""
        found = re.search("[?#]", self.text)
        return self.text[found.start() :] if found else ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """One old address and where it leads now, both as people read them."""

    old: str
    new: str


def read_old(text: str, urls: Urls) -> OldAddress:
    """An old address as an owner or an export writes it: a path, a query, or an absolute URL of this or another site.

    Of an absolute URL path and query count, below `site.url` if it is this site's. Raises RedirectUnusable.
    """
    written = clean(text).strip()
    if scheme(written):
        written = _path_of(written, urls)
    elif written.startswith("?"):
        written = f"/{written}"
    if not written.startswith("/") or written.startswith("//"):
        raise RedirectUnusable(f"OLD must be a path such as /2009/05/a-post, or an absolute URL: {_shown(text)}")
    parts = written.partition("#")[0].partition("?")
    parameters = parameters_of(parts[2])
    if len(parameters) > _MOST:
        raise RedirectUnusable(f"OLD has more than {_MOST} parameters; name those that say what is meant")
    old = OldAddress(decoded_path(parts[0]), parameters, with_slash=parts[0].endswith("/"))
    if len(old.key.encode()) > MAX_URL:
        raise RedirectUnusable(f"OLD is over {MAX_URL:,} bytes")
    return old


def read_new(text: str, urls: Urls) -> NewAddress:
    """Where an address is to lead: a path of this site, or an absolute http(s) URL. Raises RedirectUnusable."""
    written = ascii_url(clean(text))
    if len(written) > MAX_URL:
        raise RedirectUnusable(f"NEW is over {MAX_URL:,} bytes")
    if split_http(written) is not None:
        if not urls.owns(written):
            return NewAddress(written, None)
        written = _path_of(written, urls) + written[len(written.partition("#")[0]) :]
    if not written.startswith("/") or written.startswith("//"):
        raise RedirectUnusable(f"NEW must be a path such as /posts/a-post, or an absolute http(s) URL: {_shown(text)}")
    path, mark, query = written.partition("#")[0].partition("?")
    return NewAddress(written, _key(decoded_path(path), parameters_of(query) if mark else ()))


def old_of_request(path: str) -> OldAddress:
    """The old address that a request asks for by its path, which is decoded."""
    return OldAddress(_path(path))


def keys_asked_for(paths: Sequence[str], query: str, names: frozenset[str]) -> list[str]:
    """The keys that a request may mean, the most exact first: `paths` are decoded, `names` parameters that count."""
    asked = [one for one in parameters_of(query) if one[0] in names][: _MOST + 2]
    return [_key(_path(path), chosen) for chosen in _choices(asked) for path in paths]


def keys_of(urls: Urls, url: str) -> list[str]:
    """The keys under which an address of this site that is no post's may be an old one, the most exact first."""
    path = urls.path_below(url) if urls.post_slug(url) is None else None
    if path is None:
        return []
    decoded, parameters = decoded_path(path), parameters_of(urlsplit(url).query)[:_MOST]
    chosen = dict.fromkeys((parameters, *((one,) for one in parameters), ()))
    return [_key(decoded, some) for some in chosen if some or decoded != "/"]


def _choices(parameters: Sequence[tuple[str, str]]) -> Iterator[Parameters]:
    for number in range(min(len(parameters), _MOST), -1, -1):
        yield from combinations(parameters, number)


def names_in(stored: str) -> list[str]:
    """The parameters in `OldAddress.names`."""
    return [unquote(name) for name in stored.split(" ")]


def decoded_path(path: str) -> str:
    """A path as written, decoded once and in NFC, without empty and dot segments."""
    return _path(unquote(path))


def parameters_of(query: str) -> Parameters:
    """The decoded parameters of a query, in order."""
    return tuple(sorted((nfc(name), nfc(value)) for name, value in _pairs(query)))


def _pairs(query: str) -> Sequence[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError:  # more fields
        return ()


def _path(decoded: str) -> str:
    return "/" + "/".join(map(nfc, plain_steps(decoded)))


def _key(path: str, parameters: Parameters) -> str:
    escaped = _UNSAFE.sub(lambda found: quote(found[0]), path)
    return f"{escaped}?{urlencode(parameters)}" if parameters else escaped


def _path_of(url: str, urls: Urls) -> str:
    """The path and the query of an absolute URL. Raises RedirectUnusable if it is none of http or https."""
    if split_http(ascii_url(url)) is None:
        raise RedirectUnusable(f"this is no http(s) address: {_shown(url)}")
    parts = urlsplit(ascii_url(url))
    path = urls.path_below(ascii_url(url)) or parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _shown(text: str) -> str:
    return f"“{clean(text)[:80]}”"
