"""Feeds over HTTP: exact types, validators that hold, no cookies, never a choice by Accept (INTERFACE section 7).

A person who opens a feed in a browser is shown a page instead (`browsing`).
"""

from email.utils import format_datetime
from typing import Any, Final

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from feedserver.feeds import deltas
from feedserver.feeds.address import FeedAddress, Format, Scope
from feedserver.feeds.browsing import preview, wants_a_page
from feedserver.feeds.collecting import ArchiveNotFull, PostGone, PostMoved
from feedserver.feeds.conditional import coding, not_modified
from feedserver.feeds.versions import Bodies, Document
from feedserver.services import services
from feedserver.urls import page_number

blueprint = Blueprint("feeds", __name__)

_STALE: Final = "stale-while-revalidate=60, stale-if-error=86400"  # seconds
# Why one address gives several answers, besides the query: codings, deltas, and the page for people.
_VARY: Final = "Accept-Encoding, A-IM, Sec-Fetch-Dest, Sec-Fetch-Mode"
# Addresses that readers try, and that other software had (INTERFACE section 4). The router takes a slash at their end.
_FORMER: Final[dict[str, tuple[Scope, Format]]] = {
    "/feed": ("site", "rss"),
    "/rss": ("site", "rss"),
    "/rss.xml": ("site", "rss"),
    "/atom.xml": ("site", "atom"),
    "/feed.xml": ("site", "rss"),
    "/index.xml": ("site", "rss"),
    "/feed/atom": ("site", "atom"),
    "/comments/feed": ("thoughts", "rss"),
}


@blueprint.get("/feed.<any(rss,atom,json):fmt>")
def site_feed(fmt: Format) -> BaseResponse:
    return _send(FeedAddress("site", fmt))


@blueprint.get("/tags/<name:name>/feed.<any(rss,atom,json):fmt>")
def tag_feed(name: str, fmt: Format) -> BaseResponse:
    return _send(FeedAddress("tag", fmt, name))


@blueprint.get("/authors/<name:name>/feed.<any(rss,atom,json):fmt>")
def author_feed(name: str, fmt: Format) -> BaseResponse:
    return _send(FeedAddress("author", fmt, name))


@blueprint.get("/thoughts.<any(rss,atom,json):fmt>")
def thoughts_feed(fmt: Format) -> BaseResponse:
    return _send(FeedAddress("thoughts", fmt))


@blueprint.get("/posts/<slug>/thoughts.<any(rss,atom,json):fmt>")
def post_thoughts_feed(slug: str, fmt: Format) -> BaseResponse:
    try:
        return _send(FeedAddress("post", fmt, slug))
    except PostGone:
        abort(410)
    except PostMoved as moved:
        return redirect(_asked_for(FeedAddress("post", fmt, moved.slug)).url(services().urls), 301)


def former_address() -> BaseResponse:
    """Leads from an address of other software's to the feed meant, whether it ends in a slash or not."""
    scope, fmt = _FORMER[request.path.rstrip("/")]
    return redirect(FeedAddress(scope, fmt).url(services().urls), 301)


for _path in _FORMER:
    blueprint.add_url_rule(_path, view_func=former_address)


class _NotModified(Response):
    """A 304 that repeats Last-Modified, which Werkzeug takes off: some readers keep the date of their last answer."""

    default_mimetype = None  # it is no page, and gets no page's headers

    def get_wsgi_headers(self, environ: Any) -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers["Last-Modified"] = self.headers["Last-Modified"]
        return headers


def _send(newest: FeedAddress) -> BaseResponse:
    address = _asked_for(newest)
    try:
        return _varied(preview(address)) if wants_a_page() else _document(address)
    except ArchiveNotFull:
        return redirect(newest.url(services().urls), 307)


def _document(address: FeedAddress) -> Response:
    document = services().feeds.get(address)
    headers = _headers(document, address)
    if_none_match = request.headers.get("If-None-Match")
    if not_modified(document.version, if_none_match, request.headers.get("If-Modified-Since")):
        return _NotModified(status=304, headers=headers)
    if if_none_match and deltas.asked_for(request.headers.get("A-IM")):
        delta = services().feeds.delta(address, document, if_none_match)
        if delta is not None:
            return _delta(document, delta, headers)
    return _coded(document, document.bodies, 200, headers)


def _asked_for(newest: FeedAddress) -> FeedAddress:
    """The document that the query names: a page, an archive, or else the newest. Other queries are ignored."""
    for name, part in (("page", newest.page), ("archive", newest.archive)):
        if (number := request.args.get(name)) is not None:
            return part(page_number(number) or abort(404))
    return newest


def _delta(document: Document, bodies: Bodies, headers: dict[str, str]) -> Response:
    """A 226 (RFC 3229 section 10.4.1). Caches that do not know it must not keep it for the whole."""
    once = {"IM": "feed", "Cache-Control": "no-store", "Vary": f"{_VARY}, If-None-Match"}
    return _coded(document, bodies, 226, headers | once)


def _coded(document: Document, bodies: Bodies, status: int, headers: dict[str, str]) -> Response:
    """The bytes in the coding that the reader likes best."""
    chosen = coding(request.headers.get("Accept-Encoding"))
    response = Response(bodies[chosen], status, headers, content_type=document.media_type)
    if chosen != "identity":
        response.headers["Content-Encoding"] = chosen
    return response


def _headers(document: Document, address: FeedAddress) -> dict[str, str]:
    """What a 200 and a 304 say alike (RFC 9110 section 15.4.5)."""
    lasting = ", immutable" if address.part == "archive" else ""
    headers = {
        "ETag": document.version.etag,
        "Last-Modified": format_datetime(document.version.last_modified, usegmt=True),
        "Cache-Control": f"public, max-age={document.ttl}, {_STALE}{lasting}",
        "Vary": _VARY,
        "Link": f'<{address.url(services().urls)}>; rel="self"',
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    if address.is_of_thoughts or address.part != "newest":
        headers["X-Robots-Tag"] = "noindex"
    return headers


def _varied(page: Response) -> Response:
    page.headers["Vary"] = _VARY
    return page
