"""Pages of the site that are no posts: `/SLUG`. They take no pings and no comments."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from flask import Blueprint, Response, current_app, render_template, request
from sqlalchemy import Connection
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response as BaseResponse

from feedserver.errors import PostMoved
from feedserver.feeds.autodiscovery import for_site
from feedserver.pages import menu, pictures
from feedserver.pages.cache import CachedPage
from feedserver.pages.responses import cached
from feedserver.pages.views import to_page
from feedserver.posts import addresses
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.posts.slugs import RESERVED_PATTERN
from feedserver.services import services

blueprint = Blueprint("site_pages", __name__)


class PageConverter(BaseConverter):
    """The slug of a page, `<page:…>`: none of the site's own first steps, which keep their methods."""

    part_isolating = True
    regex = rf"(?!{RESERVED_PATTERN}\Z)[^/]+"
    weight = 300  # tried last


@blueprint.before_app_request
def _no_other_methods() -> None:
    """Answers 404, not 405, to a POST where no page is: any path of one step might be that of a page."""
    adapter = current_app.create_url_adapter(request)
    if isinstance(request.routing_exception, MethodNotAllowed) and adapter and adapter.test(method="GET"):
        require(*adapter.match(method="GET"))


def require(endpoint: str, arguments: Mapping[str, str]) -> None:
    """Raises what `posts.store.readable` raises if a path is routed to a page that readers do not see."""
    if endpoint.startswith(f"{blueprint.name}."):
        _at(arguments["slug"])


@blueprint.get("/<page:slug>")
def page(slug: str) -> BaseResponse:
    try:
        return _page(slug)
    except PostMoved as moved:
        return to_page(moved.slug)


@blueprint.get("/<page:slug>/")
def page_with_slash(slug: str) -> BaseResponse:
    """Redirects to the page: relative links would start from another base."""
    return to_page(_at(slug).slug)


def _page(slug: str) -> Response:
    """The page. Raises what `posts.store.readable` raises, and PostMoved for a former slug."""
    return cached(("page", slug), partial(_render, slug))


def _at(slug: str) -> Post:
    parts = services()
    return parts.database.read_public(lambda connection: _readable(connection, slug, parts.clock()))


def _readable(connection: Connection, slug: str, now: datetime) -> Post:
    return posts.readable(connection, slug, now, is_page=True)


def _render(slug: str, connection: Connection, now: datetime) -> CachedPage:
    post = _readable(connection, slug, now)
    if post.slug != slug:
        raise PostMoved(post.slug)
    return CachedPage((preview(connection, post, now).encode(),))


def preview(connection: Connection, post: Post, now: datetime) -> str:
    """The page, whether readers see it or not."""
    urls = services().urls
    shown = addresses.at(urls.page(post.slug), post)
    return render_template(
        "page.html",
        post=shown,
        pictures=pictures.attached(connection, shown, urls.base),
        canonical=urls.page(post.slug),
        feeds=for_site(),
        menu=menu.read(connection, now, urls),
    )
