"""Feeds over HTTP: exact types, no cookies, no negotiation by Accept (docs/interface.md, “Feeds over HTTP”).

A browser that opens a feed gets a page instead (`browsing`).
"""

from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, abort, redirect, request
from flask.blueprints import BlueprintSetupState
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from feedserver.errors import ArchiveNotFull, ListMoved, PostMoved
from feedserver.feeds.browsing import preview, wants_a_page
from feedserver.feeds.headers import VARY
from feedserver.feeds.responses import FeedRequest
from feedserver.feeds.scopes import FORMATS, SCOPES, FeedAddress, Format
from feedserver.services import services
from feedserver.urls import page_number

ROUTED_TO: Final = "feedserver.feed"  # key in the WSGI environment for the request's FeedAddress

blueprint = Blueprint("feeds", __name__)


@blueprint.record
def add_routes(state: BlueprintSetupState) -> None:
    """Adds a route for each scope and for former addresses, the latter with or without a slash at their end."""
    for scope, row in SCOPES.items():
        rule = f"{row.path}.<any({','.join(FORMATS)}):fmt>"
        state.add_url_rule(rule, f"{scope}_feed", partial(feed, scope), methods=["GET"])
        for path, fmt in row.former.items():
            view = partial(former_address, FeedAddress(scope, fmt))
            state.add_url_rule(path, f"former {path}", view, methods=["GET"], strict_slashes=False)


def feed(scope: str, fmt: Format, name: str = "") -> BaseResponse:
    """A document of a feed, or the page about it."""
    address = _asked_for(FeedAddress(scope, fmt, name))
    try:
        return _page(address) if wants_a_page() else _document(address)
    except ArchiveNotFull:
        return redirect(address.newest().url(services().urls), 307)
    except ListMoved as moved:
        return redirect(address._replace(name=moved.name).url(services().urls), 301)
    except PostMoved as moved:
        return redirect(address._replace(name=moved.slug).url(services().urls), 301)


def former_address(address: FeedAddress) -> BaseResponse:
    """Redirects to the feed that replaces a former address."""
    return redirect(address.url(services().urls), 301)


@blueprint.after_request
def allow_scripts(response: Response) -> Response:
    """Lets scripts of other sites request feeds, with conditions (CORS, Fetch section 3.2)."""
    is_page = response.mimetype == "text/html" and response.status_code == 200 and request.method != "OPTIONS"
    if not is_page:
        response.headers["Access-Control-Allow-Origin"] = "*"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
        response.headers["Access-Control-Allow-Headers"] = "If-Modified-Since, If-None-Match"
        response.headers["Access-Control-Max-Age"] = "86400"  # seconds
    return response


class _Exact(Response):
    """A response sent unchanged: Werkzeug would remove Last-Modified from a 304, and add a type."""

    default_mimetype = None

    def get_wsgi_headers(self, _environ: Any) -> Headers:
        return self.headers


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
    found = services().feed_responder.respond(address, FeedRequest.of(request.environ))
    request.environ[ROUTED_TO] = address
    response = _Exact(found.body, found.line)
    response.headers = Headers(found.headers)
    return response
