"""HTML for feeds: allow-listed elements and attributes, clean text, and addresses that become absolute later. Pure.

Sanitising moves elements and can create what it should remove, so it is repeated until nothing changes. Its time is
bounded only for HTML that `nesting` accepts.
"""

from functools import partial

import nh3

from feedserver.posts import visible
from feedserver.posts.addresses import marked
from feedserver.text import clean
from feedserver.urls import ANY_POST, absolute_url, ascii_url, scheme

_MAX_ROUNDS = 8  # two are usual

_MATH_ATTRIBUTES = set(
    "accent accentunder columnalign columnlines columnspan depth display displaystyle fence form height largeop"
    " linethickness lspace mathbackground mathcolor mathvariant maxsize minsize movablelimits rowalign rowlines rowspan"
    " rspace scriptlevel separator stretchy symmetric voffset width".split()
)
_TAGS = (nh3.ALLOWED_TAGS - {"area", "map", "rtc"}) | visible.MATH
_TAGS |= set("address audio big figure main picture section source tfoot track video".split())
_ATTRIBUTES: dict[str, set[str]] = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items() if tag in _TAGS},
    **dict.fromkeys(visible.MATH, _MATH_ATTRIBUTES),
    "a": {"href", "hreflang"},
    "audio": {"src", "controls", "preload"},
    "code": {"class"},
    "data": {"value"},
    "details": {"open"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height"},
    "li": {"value"},
    "ol": {"start", "type", "reversed"},
    "pre": {"class"},
    "source": {"src", "srcset", "sizes", "type", "media"},
    "time": {"datetime"},
    "track": {"src", "kind", "srclang", "label"},
    "video": {"src", "poster", "controls", "width", "height", "preload"},
    "*": {"id", "lang", "dir", "title"},
}
_ATTRIBUTES["th"] |= {"abbr"}
_SCHEMES = {"http", "https", "mailto", "tel", "ftp", "xmpp", "irc", "gemini", "magnet"}
_URL_ATTRIBUTES = frozenset({"href", "src", "poster", "cite"})
# What goes with its words. `visible` has removed most of it already.
_DROPPED = set("script style template title noscript noembed noframes svg annotation annotation-xml".split())


def for_feeds(html: str) -> str:
    """`html` with allow-listed elements; addresses are in ASCII, relative ones marked for `addresses.absolute_html`."""
    for _ in range(_MAX_ROUNDS):
        before, html = html, clean(_sanitise(visible.for_feeds(html), marks=False)).strip()
        if html == before:
            break
    return _sanitise(html, marks=True)


def _sanitise(html: str, *, marks: bool) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=partial(_attribute, marks),
        url_schemes=_SCHEMES,
        link_rel=None,
    )


def _attribute(marks: bool, _tag: str, name: str, value: str) -> str | None:
    """The attribute's value for a feed; None to drop the attribute.

    nh3 itself checks the schemes of some URLs only, and leaves `srcset` alone.
    """
    if name in _URL_ATTRIBUTES:
        return _address(value, marks)
    if name == "srcset":
        return _addresses(value, marks)
    return _language(value) if name == "class" else value


def _address(value: str, marks: bool) -> str | None:
    """An allowed address in ASCII, marked if it is relative; None for others."""
    address = ascii_url(value)
    if absolute_url(address, ANY_POST) is None:
        return None
    if found := scheme(address):
        return address if found in _SCHEMES else None
    return marked(address) if marks else address


def _addresses(value: str, marks: bool) -> str | None:
    """A `srcset` without the candidates that are not allowed."""
    allowed = (
        f"{address} {size}".strip()
        for written, size in visible.candidates(value)
        if (address := _address(written, marks))
    )
    return ", ".join(allowed) or None


def _language(value: str) -> str | None:
    """The class that names the language of code (HTML section 4.5.15), which readers highlight; no other."""
    return next((name for name in value.split() if name.startswith("language-")), None)
