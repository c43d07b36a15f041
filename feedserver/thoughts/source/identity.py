"""Which page a source is: its URL after redirects, or the one that it calls canonical. Pure.

A page key is a normalized URL without its scheme, as http and https are alike: `//host/path?query`. That of one of our
own posts has the post's id, as it may be renamed.
"""

import hashlib
import re
from collections.abc import Collection
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from feedserver.domains import source_site
from feedserver.host_names import authority
from feedserver.thoughts.source.link_header import links_in
from feedserver.urls import MAX_URL, absolute_url, nfc, normalize_source, split_http

# Characters beyond ASCII, and the one before them, with which a mark is composed.
_BEYOND_ASCII: Final = re.compile("[^%/?&]?(?:%[89A-F][0-9A-F])+")
_WORD: Final = re.compile(r"\w+")
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))


def page_key(url: str) -> str:
    """Returns the page key of a URL that `split_http` accepts, in NFC.

    Only keys are: a source is fetched as it is spelled, as some servers know one Unicode form alone.
    """
    return "//" + _BEYOND_ASCII.sub(_composed, normalize_source(url).partition("://")[2])


def _composed(escaped: re.Match[str]) -> str:
    try:
        return quote(nfc(unquote(escaped[0], errors="strict")), safe=_ASCII)
    except UnicodeDecodeError:  # bytes of another encoding
        return escaped[0]


def own_page_key(post_id: int) -> str:
    return f"post {post_id}"


def is_own(key: str | None) -> bool:
    """Whether a page key is that of one of our own posts."""
    return key is not None and key.startswith("post ")


def page_path(key: str) -> str:
    """Returns a page key without its query and trailing slashes: pages that differ only in these may be one."""
    return key.partition("?")[0].rstrip("/")


def key_hash(source_key: str) -> str:
    """Returns 128 bits of a hash of a source key, in 32 digits: long URLs are costly, most of all in an index."""
    return hashlib.sha256(source_key.encode("utf-8", "replace")).hexdigest()[:32]


def names_of(key: str | None, title: str, excerpt: str) -> list[str]:
    """Returns the names by which a page that was read is known: its key, and its path with its words."""
    return [] if key is None else [key, words_of(key, title, excerpt)]


def words_of(key: str, title: str, excerpt: str) -> str:
    """Returns a name of a page that it shares with all queries of the same path that lead to the same words.

    A title that repeats words of the query says nothing of its own with them.
    """
    of_query = set(_WORD.findall(unquote(key.partition("?")[2]).casefold()))
    words = [word for word in _WORD.findall(title.casefold()) if word not in of_query]
    return "\n".join((page_path(key), " ".join(words), excerpt))


def linked_canonical(links: str, url: str) -> str | None:
    """Returns the first URL with `rel=canonical`, absolute, in the field `Link` (RFC 8288) of the page at `url`."""
    for link in links_in(links):
        if "canonical" in link.relations and link.anchor is None:
            return absolute_url(link.target, url) if link.target.isascii() else None
    return None


def page_of(url: str, canonical: str | None, shared_by_path: Collection[str]) -> str:
    """Returns the key of the page at `url`, the final one, that names the URL `canonical` (RFC 6596) or None.

    A page speaks for its own host and source site alone: a canonical URL elsewhere is not heard, nor one that is too
    long when it is normalized.
    """
    named = split_http(canonical) if canonical else None
    if canonical is None or named is None or authority(named) != authority(urlsplit(url)):
        return page_key(url)
    if len(normalize_source(canonical)) > MAX_URL:
        return page_key(url)
    is_own = source_site(canonical, shared_by_path) == source_site(url, shared_by_path)
    return page_key(canonical if is_own else url)
