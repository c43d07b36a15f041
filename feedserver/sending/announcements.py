"""The endpoints that a page announces, in its header fields and in its text. Pure: no network, no choice.

Sources: Webmention section 3.1.2, Pingback 1.0 section 2, RFC 8288.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import urldefrag

from turbohtml import Token

from feedserver.net.exchange import Response
from feedserver.sending.answers import Protocol
from feedserver.sending.fields import resolved, usable, utf_8
from feedserver.thoughts.source.encoding import decode
from feedserver.thoughts.source.link_header import Link, links_in
from feedserver.thoughts.source.markup import as_clean_html
from feedserver.thoughts.source.tokens import START, TEMPLATE, OpenElements, flagged_tokens
from feedserver.urls import absolute_url

_MOST: Final = 10  # of a kind: the first one counts, the others are for `ping explain`
_RELATIONS: Final = frozenset({"webmention", "http://webmention.org", "http://webmention.org/"})
_PINGBACK: Final = re.compile(r'<link rel="pingback" href="([^"]++)" ?/?>')
_ENTITY: Final = re.compile("&(amp|lt|gt|quot);")
_CHARACTERS: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}


@dataclass(frozen=True, slots=True)
class Announcement:
    """One endpoint as a page announces it. `url` is absolute, http(s), with none of userinfo; None if it is not."""

    protocol: Protocol
    url: str | None
    found_in: str


def in_header(response: Response) -> list[Announcement]:
    """Those of the header fields, best first. They count for every status and type."""
    page = response.url
    links = (link for field in response.get_all("Link") for link in links_in(utf_8(field)))
    webmention = (link.target for link in links if link.relations & _RELATIONS and _is_of(page, link))
    pingback = (utf_8(field).strip() for field in response.get_all("X-Pingback") if field.strip())
    return [
        *(Announcement("webmention", _resolved(url, page, page), "Link header") for url in islice(webmention, _MOST)),
        *(Announcement("pingback", usable(url), "X-Pingback header") for url in islice(pingback, _MOST)),
    ]


def in_text(response: Response) -> list[Announcement]:
    """Those of the text of a page, best first. Takes time and memory linear in its length, and never raises."""
    content_type = response.get("Content-Type")
    text = decode(response.body, content_type)
    return [*_in_elements(as_clean_html(text, content_type), response.url), *_in_pattern(text)]


def _in_elements(html: str, page: str) -> Iterator[Announcement]:
    """The `<link>` and `<a>` of Webmention, in document order."""
    found: list[tuple[str, str]] = []
    base: str | None = None
    for token, flags in flagged_tokens(html, OpenElements()):
        if token.type is not START or flags & TEMPLATE:
            continue
        tag = token.tag or ""
        if tag == "base" and base is None:
            base = token.attr("href")
        elif tag in ("a", "link") and len(found) < _MOST and _has_relation(token):
            found.append((token.attr("href") or "", tag))
    base = resolved(base or "", page) or page
    for href, tag in found:
        yield Announcement("webmention", _resolved(href, page, base), f"<{tag}> element")


def _has_relation(token: Token) -> bool:
    """Whether a link names an endpoint: without `href` it is no link."""
    return token.attr("href") is not None and not _RELATIONS.isdisjoint((token.attr("rel") or "").lower().split())


def _in_pattern(text: str) -> Iterator[Announcement]:
    """The matches of Pingback's own pattern, which stands in comments and text too."""
    for match in islice(_PINGBACK.finditer(text), _MOST):
        url = _ENTITY.sub(lambda entity: _CHARACTERS[entity[1]], match[1])
        yield Announcement("pingback", usable(url), "<link> element")


def _is_of(page: str, link: Link) -> bool:
    """Whether a link of a header is the page's own, not of another page, its `anchor` (RFC 8288 section 3.2)."""
    if not link.anchor:
        return True
    anchor = absolute_url(link.anchor, page)
    return anchor is not None and urldefrag(anchor).url == urldefrag(page).url


def _resolved(reference: str, page: str, base: str) -> str | None:
    """The URL of a reference, absolute; an empty one is the page itself."""
    return resolved(reference, base) if reference.strip() else usable(urldefrag(page).url)
