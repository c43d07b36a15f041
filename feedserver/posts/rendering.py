"""Renders a body once, when it is written: HTML for the page and for feeds, excerpt, image, linked hosts. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape

import turbohtml

from feedserver.host_names import host_name
from feedserver.media.markup import with_media
from feedserver.media.references import Meanings
from feedserver.posts import nesting, photos
from feedserver.posts.addresses import unmarked
from feedserver.posts.containment import contained
from feedserver.posts.model import Format, Photo, Rendered
from feedserver.posts.references import ReferenceLine, urls_in
from feedserver.posts.sanitising import for_feeds
from feedserver.posts.visible import words_alone
from feedserver.text import UNSEEN, clean, plain, shorten, without_open_bidi
from feedserver.urls import scheme, split_http

EXCERPT = 280  # characters

_LINK_ELEMENT = re.compile(r"<(?=link\b)", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\b[^<>]*+", re.IGNORECASE)
_TO_ENDPOINT = re.compile(  # values that hold no “=”, so that it is linear
    r"""(?<![\w-])rel\s*=\s*(?:"[^"=<>]*|'[^'=<>]*|[^\s"'=<>]*)(?<![\w-])webmention(?![\w-])""", re.IGNORECASE
)
_REFERENCE = re.compile(r"&#(?:[0-9]++|x[0-9a-f]++);?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Showing:
    """How pictures and files stand in a text: what its addresses mean, and what leads from it to the site."""

    meanings: Meanings
    root: str


def render(
    body: str,
    language: str,
    written_in: Format = "markdown",
    showing: Showing | None = None,
    before: Sequence[Photo] = (),
) -> Rendered:
    """`body` (clean text) in `language` (BCP 47) rendered, the same for every address of the post.

    The pictures `before` it stand in it too. HTML stays as it is, but for the pictures and files of the site. Raises
    InvalidDocument if it becomes too long, or is nested so that parsers take too long.
    """
    page_html, html = _checked_html(body, language, written_in, before)
    if showing is not None and showing.meanings.may_stand_in(html):
        page_html = with_media(page_html, showing.meanings.find, showing.root, for_pages=True)
        html = with_media(html, showing.meanings.find, showing.root, for_pages=False)
    feed_html = for_feeds(html)
    return Rendered(
        html=_without_endpoints(contained(page_html) or unmarked(feed_html)),
        feed_html=feed_html if _has_content(feed_html) else "",
        excerpt=shorten(without_open_bidi(words_alone(html)), EXCERPT),
        image=_first_image(feed_html),
        hosts=_hosts(feed_html),
    )


def html_as_written(body: str, language: str, written_in: Format, before: Sequence[Photo] = ()) -> str:
    """The HTML in which addresses stand as the author wrote them. Raises like `render`."""
    return _checked_html(body, language, written_in, before)[1]


def _checked_html(body: str, language: str, written_in: Format, before: Sequence[Photo]) -> tuple[str, str]:
    pictures = photos.html(before)
    page_html, html = (
        _REFERENCE.sub(_harmless_reference, clean(pictures + version)) for version in _html(body, language, written_in)
    )
    nesting.check(html)
    return page_html, html


def _html(body: str, language: str, written_in: Format) -> tuple[str, str]:
    """The HTML for the page, and the one for all else: code is highlighted on pages alone."""
    if written_in == "html":
        return body, body
    from feedserver.posts import markdown  # late: readers' requests need no memory for it

    return markdown.to_html(body, language)


def with_references(rendered: Rendered, about: Sequence[ReferenceLine]) -> Rendered:
    """`rendered` as the body of a post that is about the pages in these lines: their hosts are linked to as well."""
    words = rendered.excerpt or shorten(", ".join(map(str, about)), EXCERPT)
    return replace(rendered, excerpt=words, hosts=rendered.hosts | frozenset(_hosts_of(urls_in(about))))


def _harmless_reference(match: re.Match[str]) -> str:
    """A numeric reference as written, or nothing if `clean` drops its character."""
    return match[0] if clean(unescape(match[0])) else ""


def _without_endpoints(html: str) -> str:
    """HTML without text that clients would take for the elements by which the page names its endpoints.

    If a post mentions pingbacks or webmentions, its own link elements become text. Clients search by pattern (Pingback
    1.0 section 2.2), so this alone covers all the ways to write one (`&#112;ingback`, quotes, comments). So do anchors
    that name an endpoint of webmentions, and what looks like one to those who search for it by pattern.
    """
    said = unescape(html).lower()
    if "webmention" in said:
        html = _ANCHOR.sub(lambda tag: f"&lt;{tag[0][1:]}" if _TO_ENDPOINT.search(tag[0]) else tag[0], html)
    return _LINK_ELEMENT.sub("&lt;", html) if "pingback" in said or "webmention" in said else html


def _has_content(feed_html: str) -> bool:
    return bool(plain(feed_html)) or any(f"<{tag}" in feed_html for tag in ("img", "audio", "video", "picture"))


def _first_image(feed_html: str) -> str | None:
    return next(iter(_addresses(feed_html, lambda tag, name: tag == "img" and name == "src")), None)


def _hosts(feed_html: str) -> frozenset[str]:
    """The hosts of other sites; a link without a host stays on this one."""
    links = _addresses(feed_html, lambda tag, name: tag == "a" and name == "href")
    return frozenset(_hosts_of(f"http:{link}" if link.startswith("//") else link for link in links))


def _hosts_of(links: Iterable[str]) -> Iterator[str]:
    return (host_name(parts) for link in links if (parts := split_http(link)))


def _addresses(feed_html: str, wanted: Callable[[str, str], bool]) -> list[str]:
    """Addresses of web pages and files, relative or absolute."""
    return [
        value
        for token in turbohtml.tokenize(unmarked(feed_html))
        if token.type is turbohtml.TokenType.START_TAG and token.tag not in UNSEEN
        for name, value in token.attrs or []
        if wanted(token.tag or "", name) and (split_http(value) or not scheme(value))
    ]
