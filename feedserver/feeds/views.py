"""Feeds over HTTP: exact types, validators that hold, no cookies, never a choice by Accept (INTERFACE section 7)."""

from email.utils import format_datetime
from typing import Any, Final

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from feedserver.feeds.address import FeedAddress, Format, Scope
from feedserver.feeds.build import TTL
from feedserver.feeds.conditional import coding, not_modified
from feedserver.feeds.copies import is_a_copy
from feedserver.feeds.versions import Document, PostGone, PostMoved
from feedserver.services import services

blueprint = Blueprint("feeds", __name__)

_STALE: Final = "stale-while-revalidate=60, stale-if-error=86400"  # seconds
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
def site_feed(fmt: Format) -> Response:
    return _send(FeedAddress("site", fmt))


@blueprint.get("/tags/<name:name>/feed.<any(rss,atom,json):fmt>")
def tag_feed(name: str, fmt: Format) -> Response:
    return _send(FeedAddress("tag", fmt, name))


@blueprint.get("/authors/<name:name>/feed.<any(rss,atom,json):fmt>")
def author_feed(name: str, fmt: Format) -> Response:
    return _send(FeedAddress("author", fmt, name))


@blueprint.get("/thoughts.<any(rss,atom,json):fmt>")
def thoughts_feed(fmt: Format) -> Response:
    return _send(FeedAddress("thoughts", fmt))


@blueprint.get("/posts/<slug>/thoughts.<any(rss,atom,json):fmt>")
def post_thoughts_feed(slug: str, fmt: Format) -> BaseResponse:
    try:
        return _send(FeedAddress("post", fmt, slug))
    except PostGone:
        abort(410)
    except PostMoved as moved:
        return redirect(services().urls.post_thoughts_feed(moved.slug, fmt), 301)


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


def _send(address: FeedAddress) -> Response:
    answer = _answer(address)
    sent = 0 if request.method == "HEAD" else answer.calculate_content_length() or 0
    services().readers.saw(
        request.headers.get("User-Agent"), request.remote_addr, address.key, answer.status_code, sent
    )
    return answer


def _answer(address: FeedAddress) -> Response:
    document = services().feeds.get(address)
    headers = _headers(document, address)
    version = document.version
    conditions = request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")
    if not_modified(version, *conditions):
        return _NotModified(status=304, headers=headers)
    if is_a_copy(request.method, *conditions):
        wait = services().copies.refuses(request.remote_addr or "", address.key)
        if wait:
            return _too_many_copies(wait)
    chosen = coding(request.headers.get("Accept-Encoding"))
    response = Response(document.bodies[chosen], headers=headers, content_type=document.media_type)
    if chosen != "identity":
        response.headers["Content-Encoding"] = chosen
    return response


def _too_many_copies(wait: int) -> Response:
    """Nearly as small as a 304: whoever takes copy after copy seldom waits, or reads what it says."""
    headers = {"Retry-After": str(wait), "Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
    return Response("Too many copies of this feed; ask with If-None-Match.\n", 429, headers, mimetype="text/plain")


def _headers(document: Document, address: FeedAddress) -> dict[str, str]:
    """What a 200 and a 304 say alike (RFC 9110 section 15.4.5)."""
    headers = {
        "ETag": document.version.etag,
        "Last-Modified": format_datetime(document.version.last_modified, usegmt=True),
        "Cache-Control": f"public, max-age={TTL}, {_STALE}",
        "Vary": "Accept-Encoding",
        "Link": f'<{address.url(services().urls)}>; rel="self"',
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    if address.is_of_thoughts:
        headers["X-Robots-Tag"] = "noindex"
    return headers
