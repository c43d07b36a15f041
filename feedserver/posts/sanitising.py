"""HTML for feeds: allow-listed elements and attributes, absolute URLs, links instead of iframes.

Sanitising moves elements and can create what it should remove, so it is repeated until nothing changes. Its time is
bounded only for HTML that `nesting` accepts.
"""

from functools import partial
from html import escape
from urllib.parse import urljoin, urlsplit

import nh3
import turbohtml

from feedserver.text import clean, srcset_candidates
from feedserver.urls import split_http

_MAX_ROUNDS = 8  # two are usual

_TAGS = nh3.ALLOWED_TAGS | {"audio", "video", "source", "track", "picture", "figure", "figcaption", "section", "main"}
_ATTRIBUTES: dict[str, set[str]] = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "a": {"href", "hreflang", "title"},
    "img": {"src", "srcset", "sizes", "alt", "title", "width", "height"},
    "audio": {"src", "controls", "preload"},
    "video": {"src", "poster", "controls", "width", "height", "preload"},
    "source": {"src", "srcset", "sizes", "type", "media"},
    "track": {"src", "kind", "srclang", "label"},
    "*": {"id", "lang", "dir", "title"},
}
_SCHEMES = {"http", "https", "mailto", "tel", "ftp", "xmpp", "irc", "gemini", "magnet"}
_URL_ATTRIBUTES = frozenset({"href", "src", "poster", "cite"})
_DROPPED = set("script style template noscript noembed noframes svg math textarea title xmp".split())


def for_feeds(html: str, base: str) -> str:
    """`html` with allow-listed elements, absolute URLs against `base`, and clean text."""
    for _ in range(_MAX_ROUNDS):
        before, html = html, clean(_sanitise(_with_links_for_iframes(html, base), base)).strip()
        if html == before:
            break
    return html


def _with_links_for_iframes(html: str, base: str) -> str:
    """`html` with links instead of iframes, which nh3 can only drop."""
    if "<iframe" not in html.lower():
        return html
    out: list[str] = []
    inside = False
    for token in turbohtml.tokenize(html, capture_source=True):
        if token.tag == "iframe":
            inside = token.type is turbohtml.TokenType.START_TAG
            out.append(_link_for_iframe(token, base) if inside else "")
        elif token.type is not turbohtml.TokenType.TEXT:
            out.append(token.source or "")
        elif not inside:  # the text of an iframe is a fallback
            out.append(escape(token.data or "", quote=False))
    return "".join(out)


def _link_for_iframe(token: turbohtml.Token, base: str) -> str:
    address = _absolute(token.attr("src") or "", base)
    if address is None or token.attr("src") is None or split_http(address) is None:
        return ""
    return f'<p><a href="{escape(address)}">{escape(token.attr("title") or address)}</a></p>'


def _sanitise(html: str, base: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=partial(_attribute, base),
        url_schemes=_SCHEMES,
        link_rel=None,
    )


def _attribute(base: str, _tag: str, name: str, value: str) -> str | None:
    """The attribute's value for a feed; None to drop the attribute.

    nh3 itself checks the schemes of some URLs only, and makes no `srcset` absolute.
    """
    if name in _URL_ATTRIBUTES:
        return _absolute(value, base)
    return _absolute_set(value, base) if name == "srcset" else value


def _absolute(address: str, base: str) -> str | None:
    try:
        absolute = urljoin(base, address.strip())
        return absolute if urlsplit(absolute).scheme in _SCHEMES else None
    except ValueError:  # such as an invalid address in brackets
        return None


def _absolute_set(value: str, base: str) -> str | None:
    """A `srcset` of absolute URLs, without candidates of other schemes."""
    candidates = (
        f"{absolute} {size}".strip()
        for address, size in srcset_candidates(value)
        if (absolute := _absolute(address, base))
    )
    return ", ".join(candidates) or None
