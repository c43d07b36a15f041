"""Feeds over HTTP: exact types, validators that hold, no cookies, never a choice by Accept (INTERFACE section 7).

A person who opens a feed in a browser is shown a page instead (`browsing`).
"""

from typing import Any, Final

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from feedserver.feeds.browsing import preview, wants_a_page
from feedserver.feeds.collecting import ArchiveNotFull, PostGone, PostMoved
from feedserver.feeds.headers import VARY
from feedserver.feeds.responses import LED_TO, FeedRequest
from feedserver.feeds.scopes import FeedAddress, Format, Scope
from feedserver.services import services
from feedserver.urls import page_number

blueprint = Blueprint("feeds", __name__)

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


@blueprint.after_request
def for_scripts(response: Response) -> Response:
    """Readers that run in a page of another site may ask for feeds, with conditions, and see what became of them."""
    is_page = response.mimetype == "text/html" and response.status_code == 200 and request.method != "OPTIONS"
    if not is_page:
        response.headers["Access-Control-Allow-Origin"] = "*"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
        response.headers["Access-Control-Allow-Headers"] = "A-IM, If-Modified-Since, If-None-Match"
        response.headers["Access-Control-Max-Age"] = "86400"  # seconds
    return response


def former_address() -> BaseResponse:
    """Leads from an address of other software's to the feed meant, whether it ends in a slash or not."""
    scope, fmt = _FORMER[request.path.rstrip("/")]
    return redirect(FeedAddress(scope, fmt).url(services().urls), 301)


for _path in _FORMER:
    blueprint.add_url_rule(_path, view_func=former_address)


class _Exact(Response):
    """An answer that goes out as it is: Werkzeug would take Last-Modified off a 304, and give it a type."""

    default_mimetype = None

    def get_wsgi_headers(self, _environ: Any) -> Headers:
        return self.headers


def _send(newest: FeedAddress) -> BaseResponse:
    address = _asked_for(newest)
    try:
        return _page(address) if wants_a_page() else _document(address)
    except ArchiveNotFull:
        return redirect(newest.url(services().urls), 307)


def _asked_for(newest: FeedAddress) -> FeedAddress:
    """The document that the query names: a page, an archive, or else the newest. Other queries are ignored."""
    for name, part in (("page", newest.page), ("archive", newest.archive)):
        if (number := request.args.get(name)) is not None:
            return part(page_number(number) or abort(404))
    return newest


def _page(address: FeedAddress) -> Response:
    page = preview(address)
    page.headers["Vary"] = VARY
    return page


def _document(address: FeedAddress) -> Response:
    parts = services()
    found = parts.feed_responder.answer(address, parts.feed_documents.get(address), FeedRequest.of(request.environ))
    request.environ[LED_TO] = address
    response = _Exact(found.body, found.line)
    response.headers = Headers(found.headers)
    return response
