"""For crawlers: `robots.txt` (RFC 9309) and sitemaps (sitemaps.org, protocol 0.9)."""

from collections.abc import Callable, Hashable
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from flask import Blueprint, Response, abort, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response as BaseResponse

from feedserver.clock import rfc3339
from feedserver.pages.cache import CachedPage
from feedserver.pages.responses import cached
from feedserver.posts import archive as posts
from feedserver.posts import lists
from feedserver.posts.model import EVERYTHING, PAGES
from feedserver.services import services
from feedserver.urls import page_number

blueprint = Blueprint("crawlers", __name__)

_PART: Final = 10_000  # posts in one sitemap; the protocol allows 50,000
_KEPT_OUT: Final = ("/receipts/", "/previews/", "/notices/", "/search", "/desk")
_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"

Entry = tuple[str, datetime | None]  # an address, and when what is there last changed


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Served at the root too where the site has a path: crawlers look nowhere else (RFC 9309 section 2.3)."""
    urls = services().urls
    path = urlsplit(urls.base).path
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}{kept_out}" for kept_out in _KEPT_OUT),
        "",
        f"Sitemap: {urls.sitemap()}",
    ]
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/sitemap.xml")
def sitemap() -> BaseResponse:
    """All posts, or the list of the sitemaps that hold ten thousand each."""
    return _xml("sitemap", _render_sitemap)


@blueprint.get("/sitemap-<part>.xml")
def sitemap_part(part: str) -> BaseResponse:
    number = page_number(part) or abort(404)
    return _xml(("sitemap", number), partial(_render_part, number))


def _render_sitemap(connection: Connection, now: datetime) -> CachedPage:
    urls = services().urls
    parts = -(-lists.highest(connection, EVERYTHING) // _PART)
    if parts <= 1:
        return _render_part(1, connection, now)
    filled = (part for part in range(2, parts + 1) if posts.has_any_at(connection, now, *_positions(part)))
    return _document("sitemapindex", "sitemap", [(urls.sitemap(part), None) for part in (1, *filled)])


def _render_part(part: int, connection: Connection, now: datetime) -> CachedPage:
    """The posts at ten thousand positions: a new post changes the last part alone. In the first are the home page, and
    all pages that are no posts."""
    urls = services().urls
    found = posts.changes_at_positions(connection, now, EVERYTHING, *_positions(part))
    entries: list[Entry] = [(urls.post(slug), changed) for slug, changed in found]
    if part == 1:
        pages = posts.changes_at_positions(connection, now, PAGES, *_positions(1))
        entries = [(urls.home(), None), *((urls.page(slug), changed) for slug, changed in pages), *entries]
    return _document("urlset", "url", entries or abort(404))


def _positions(part: int) -> tuple[int, int]:
    """The first position of a part, and how many it has."""
    return (part - 1) * _PART + 1, _PART


def _document(root: str, name: str, entries: list[Entry]) -> CachedPage:
    lines = [f"<{name}><loc>{escape(url)}</loc>{_lastmod(changed)}</{name}>\n" for url, changed in entries]
    return CachedPage((f'{_XML}<{root} xmlns="{_NAMESPACE}">\n{"".join(lines)}</{root}>\n'.encode(),))


def _lastmod(changed: datetime | None) -> str:
    return f"<lastmod>{rfc3339(changed)}</lastmod>" if changed else ""


def _xml(key: Hashable, render: Callable[[Connection, datetime], CachedPage]) -> BaseResponse:
    response = cached(key, render)
    response.content_type = "application/xml; charset=utf-8"
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag(weak=True)
    return response.make_conditional(request)
