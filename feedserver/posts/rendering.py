"""What a body becomes: the author's HTML for the page, and sanitised HTML for feeds, made once, when it is written.

The feed's HTML follows one recipe: iframes become links, every URL becomes absolute against the post's permalink, nh3
takes out what the feed validator calls a risk, and all of it is done again until nothing changes any more, since
sanitising moves elements and can bring forth what it should remove.
"""

import re
from collections.abc import Callable
from html import escape
from urllib.parse import urljoin

import nh3
import turbohtml
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from feedserver.errors import InvalidDocument
from feedserver.posts.model import Rendered
from feedserver.text import UNSEEN, clean, plain, shorten
from feedserver.urls import host_name, split_http

EXCERPT = 280  # characters
_MAX_NESTING = 100  # elements: nh3's time grows with the square of the depth
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
# Elements that hold nothing, or that end by themselves where the next one begins: they cannot stand in one another.
_FLAT = frozenset(
    "area base br col embed hr img input link meta source track wbr"
    " p li dt dd option optgroup rt rp tr td th thead tbody tfoot colgroup".split()
)
_FOOTNOTES = re.compile(r'<sup class="footnote-ref">.*?</sup>|<hr class="footnotes-sep" />.*', re.DOTALL)
_PINGBACK_ELEMENT = re.compile(r"<link\b[^>]*\bpingback\b[^>]*>", re.IGNORECASE)

_markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(footnote_plugin)


def render(body: str, permalink: str) -> Rendered:
    """Markdown `body`, clean text, as it will be shown at `permalink`.

    Raises InvalidDocument when elements stand too deep in one another to be sanitised in reasonable time.
    """
    html = clean(_markdown.render(body))
    if _nesting(html) > _MAX_NESTING:
        raise InvalidDocument("body", f"elements stand more than {_MAX_NESTING} deep in one another; make it flatter")
    feed_html = for_feeds(html, permalink)
    return Rendered(
        html=_without_pingback(html),
        feed_html=feed_html if _says_something(feed_html) else "",
        excerpt=shorten(plain(_FOOTNOTES.sub("", html)), EXCERPT),
        image=_first_image(feed_html),
        hosts=_hosts(feed_html),
    )


def _without_pingback(html: str) -> str:
    """A page has one pingback element, and no other text that clients would take for it (Pingback 1.0 section 2.2)."""
    while (rest := _PINGBACK_ELEMENT.sub("", html)) != html:
        html = rest
    return html


def for_feeds(html: str, base: str) -> str:
    """`html` as a feed may carry it: allow-listed elements, absolute URLs against `base`, clean text."""
    for _ in range(_MAX_ROUNDS):
        before, html = html, clean(_sanitise(_prepare(html, base)))
        if html == before:
            break
    return html.strip()


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
    for token in turbohtml.tokenize(html):
        match token.type:
            case turbohtml.TokenType.TEXT:
                out.append(escape(token.data or "", quote=False))
            case turbohtml.TokenType.START_TAG if token.tag == "iframe":
                out.append(_link_for_iframe(token, base))
            case turbohtml.TokenType.START_TAG:
                out.append(_start_tag(token, base))
            case turbohtml.TokenType.END_TAG if token.tag != "iframe":
                out.append(f"</{token.tag}>")
    return "".join(out)


def _link_for_iframe(token: turbohtml.Token, base: str) -> str:
    address = _absolute(token.attr("src") or "", base)
    if split_http(address) is None:
        return ""
    return f'<p><a href="{escape(address)}">{escape(token.attr("title") or address)}</a></p>'


def _start_tag(token: turbohtml.Token, base: str) -> str:
    attributes = "".join(f' {name}="{escape(_attribute(name, value, base))}"' for name, value in token.attrs or [])
    return f"<{token.tag}{attributes}>"


def _attribute(name: str, value: str | None, base: str) -> str:
    if name in _URL_ATTRIBUTES:
        return _absolute(value or "", base)
    if name == "srcset":
        return _absolute_set(value or "", base)
    return value or ""


def _absolute(address: str, base: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:  # such as an address in brackets that is none
        return ""


def _absolute_set(value: str, base: str) -> str:
    """A `srcset`: candidates parted by commas, each a URL and perhaps a width or density."""
    candidates = (candidate.split() for candidate in value.split(", "))
    return ", ".join(" ".join([_absolute(words[0], base), *words[1:]]) for words in candidates if words)


def _nesting(html: str) -> int:
    """How deep elements stand in one another at the most; tags left open count as open to the end."""
    depth = deepest = 0
    for token in turbohtml.tokenize(html):
        if token.tag in _FLAT:
            continue
        if token.type is turbohtml.TokenType.START_TAG:
            depth += 1
            deepest = max(deepest, depth)
        elif token.type is turbohtml.TokenType.END_TAG:
            depth = max(0, depth - 1)
    return deepest


def _says_something(feed_html: str) -> bool:
    return bool(plain(feed_html)) or any(f"<{tag}" in feed_html for tag in ("img", "audio", "video", "picture"))


def _first_image(feed_html: str) -> str | None:
    return next(iter(_addresses(feed_html, lambda tag, name: tag == "img" and name == "src")), None)


def _hosts(feed_html: str) -> frozenset[str]:
    links = _addresses(feed_html, lambda tag, name: tag == "a" and name == "href")
    return frozenset(host_name(parts) for link in links if (parts := split_http(link)))


def _addresses(feed_html: str, wanted: Callable[[str, str], bool]) -> list[str]:
    return [
        value
        for token in turbohtml.tokenize(feed_html)
        if token.type is turbohtml.TokenType.START_TAG and token.tag not in UNSEEN
        for name, value in token.attrs or []
        if wanted(token.tag or "", name) and split_http(value)
    ]
