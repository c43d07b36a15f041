"""Previews: a draft or scheduled post as readers will see it, at an address of its own (docs/interface.md,
“History, previews and the bin”).

Nothing in it can act for anybody: it is sandboxed, and has no doors for comments and pings.
"""

from flask import Blueprint, Response, abort, make_response, redirect
from sqlalchemy import Connection
from werkzeug.wrappers import Response as BaseResponse

from feedserver.content_security import preview_policy
from feedserver.errors import PostGone
from feedserver.pages import post_page, site_pages
from feedserver.posts import addresses, previews
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.services import services

blueprint = Blueprint("previews", __name__)


@blueprint.get("/previews/<token>")
def preview(token: str) -> BaseResponse:
    """The post that a token shows; once readers see it, a redirect to it."""
    parts = services()
    now = parts.clock()
    with parts.database.read() as connection:
        post_id = previews.find(connection, token, now)
        post = None if post_id is None else posts.by_id(connection, post_id)
        if post is None:
            abort(404)
        if post.state == "deleted":
            raise PostGone(post.slug)
        if not post.visible(now):
            return shown(connection, post)
    return redirect(parts.urls.permalink(post.slug, is_page=post.page), 303)


def shown(connection: Connection, post: Post) -> Response:
    """A page that shows a post, stored or not, as readers will see it, from whatever address it is asked for."""
    parts = services()
    html = site_pages.preview if post.page else post_page.preview
    permalink = parts.urls.permalink(post.slug, is_page=post.page)
    return sandboxed(html(connection, addresses.elsewhere(permalink, post), parts.clock()))


def sandboxed(html: str, status: int = 200) -> Response:
    """A page with the headers of a preview, but for those that all answers at its address have (`web.never_stored`)."""
    response = make_response(html, status)
    response.headers["Content-Security-Policy"] = preview_policy(services().urls.base)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"  # the desk shows it beside the text
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
