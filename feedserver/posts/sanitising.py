"""HTML as a feed may carry it, by one recipe: iframes become links, every URL becomes absolute against the post's
permalink, nh3 takes out what the feed validator calls a risk, and all of it is done again until nothing changes any
more, since sanitising moves elements and can bring forth what it should remove.

Takes HTML that is bounded (`nesting`).
"""

import re
from html import escape
from urllib.parse import urljoin, urlsplit

import nh3
import turbohtml

from feedserver.text import clean
from feedserver.urls import split_http

_MAX_ROUNDS = 8  # two are the rule; the bound is for what no test has found

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
_FALLBACKS = frozenset({"iframe", "noembed", "noframes"})  # their text is for browsers that are no more
# One candidate of a `srcset` (HTML, 4.8.4.2.1): a URL, which may hold commas inside, then a width or density.
_CANDIDATE = re.compile(r"([^\s,]++(?:,++[^\s,]++)*+)(?:,|\s++([^,]*+))?")


def for_feeds(html: str, base: str) -> str:
    """`html` as a feed may carry it: allow-listed elements, absolute URLs against `base`, clean text."""
    for _ in range(_MAX_ROUNDS):
        before, html = html, clean(_sanitise(_prepare(html, base))).strip()
        if html == before:
            break
    return html


def _sanitise(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style", "template", "noscript", "svg", "math", "textarea", "title", "xmp"},
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel=None,
        strip_comments=True,
    )


def _prepare(html: str, base: str) -> str:
    """`html` written anew from its tokens: iframes as links, URLs absolute, numeric references resolved."""
    out: list[str] = []
    unseen = False
    for token in turbohtml.tokenize(html):
        match token.type:
            case turbohtml.TokenType.TEXT if not unseen:
                out.append(escape(token.data or "", quote=False))
            case turbohtml.TokenType.START_TAG if token.tag in _FALLBACKS:
                unseen = True
                out.append(_link_for_iframe(token, base))
            case turbohtml.TokenType.START_TAG:
                out.append(_start_tag(token, base))
            case turbohtml.TokenType.END_TAG if token.tag in _FALLBACKS:
                unseen = False
            case turbohtml.TokenType.END_TAG:
                out.append(f"</{token.tag}>")
    return "".join(out)


def _link_for_iframe(token: turbohtml.Token, base: str) -> str:
    address = _absolute(token.attr("src") or "", base)
    if address is None or token.attr("src") is None or split_http(address) is None:
        return ""
    return f'<p><a href="{escape(address)}">{escape(token.attr("title") or address)}</a></p>'


def _start_tag(token: turbohtml.Token, base: str) -> str:
    written = ((name, _attribute(name, value or "", base)) for name, value in token.attrs or [])
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in written if value is not None)
    return f"<{token.tag}{attributes}>"


def _attribute(name: str, value: str, base: str) -> str | None:
    """The attribute's value for a feed; None where the attribute has to go. nh3 looks at the schemes of some only."""
    if name in _URL_ATTRIBUTES:
        return _absolute(value, base)
    if name == "srcset":
        return _absolute_set(value, base)
    return value


def _absolute(address: str, base: str) -> str | None:
    try:
        absolute = urljoin(base, address.strip())
        return absolute if urlsplit(absolute).scheme in _SCHEMES else None
    except ValueError:  # such as an address in brackets that is none
        return None


def _absolute_set(value: str, base: str) -> str | None:
    """A `srcset` of absolute URLs, without the candidates that a feed may not name."""
    candidates = (
        f"{absolute} {size or ''}".strip()
        for address, size in _CANDIDATE.findall(value)
        if (absolute := _absolute(address, base))
    )
    return ", ".join(candidates) or None
