"""Pages for people: lists of posts, the post with its thoughts and its comment form."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response as BaseResponse

from feedserver.errors import ListMoved
from feedserver.feeds.autodiscovery import for_list, for_post, for_site
from feedserver.feeds.collecting import may_be_empty
from feedserver.feeds.scopes import AUTHOR, SITE, TAG
from feedserver.pages.cache import CachedPage, PagePost
from feedserver.pages.comment_form import Refusal, empty_form, filled_form, new_token, submit
from feedserver.posts import addresses, links, spelling
from feedserver.posts import store as posts
from feedserver.posts.model import EVERYTHING, Listing, Post
from feedserver.services import services
from feedserver.thoughts import comments
from feedserver.thoughts import shown as shown_thoughts
from feedserver.thoughts.comments import Form
from feedserver.urls import page_number

blueprint = Blueprint("pages", __name__, template_folder="templates", static_folder="static")

POSTS_ON_A_PAGE = 10
_TOKEN_MARK: Final = secrets.token_urlsafe(32)  # placeholder of the token in a cached page; authors cannot guess it
_NOTICES = {
    "held": "Thank you. Your comment waits for approval.",
    "shown": "Thank you. Your comment is shown below the post.",
}


# --- lists ---


@blueprint.get("/")
def home() -> Response:
    return _list(SITE, EVERYTHING, services().urls.home)


@blueprint.get("/tags/<name:name>")
def tag(name: str) -> BaseResponse:
    urls = services().urls
    return _named_list(TAG, Listing(tag=name), urls.tag)


@blueprint.get("/authors/<name:name>")
def author(name: str) -> BaseResponse:
    urls = services().urls
    return _named_list(AUTHOR, Listing(author=name), urls.author)


def _named_list(scope: str, listing: Listing, url: Callable[[str, int], str]) -> BaseResponse:
    """The list of a tag or author; another spelling of it redirects."""
    try:
        return _list(scope, listing, partial(url, listing.name))
    except ListMoved as moved:
        return redirect(url(moved.name, 1) + query_as_sent(), 301)


def _list(scope: str, listing: Listing, page_url: Callable[[int], str]) -> Response:
    number = asked_page()

    def render(connection: Connection, now: datetime) -> CachedPage:
        return CachedPage((_list_page(connection, now, number, scope, listing, page_url).encode(),))

    return make_response(*services().page_cache.get((listing, number), render).html)


def _list_page(
    connection: Connection,
    now: datetime,
    page: int,
    scope: str,
    listing: Listing,
    page_url: Callable[[int], str],
) -> str:
    # One more than is shown tells whether there are older ones, without a count.
    ids = posts.latest_ids(connection, now, POSTS_ON_A_PAGE + 1, (page - 1) * POSTS_ON_A_PAGE, listing)
    if not ids and (page > 1 or not may_be_empty(listing, services().settings.site.author)):
        abort(404)
    spelling.check(connection, listing, services().settings.site.author)
    found = posts.in_order(connection, ids[:POSTS_ON_A_PAGE])
    counts = shown_thoughts.counts(connection, [post.id for post in found])
    return render_template(
        "list.html",
        heading=listing.name,
        scope=scope,
        posts=found,
        authors_of=authors_of,
        page=page,
        has_older=len(ids) > POSTS_ON_A_PAGE,
        page_url=page_url,
        counts={post_id: count for post_id, (count, _) in counts.items()},
        canonical=page_url(page),
        feeds=for_list(scope, listing.name) if listing.name else for_site(),
    )


def asked_page() -> int:
    """The page of a list that the request asks for: `?page=N`. Answers 404 if it is no number."""
    return page_number(request.args.get("page", "1")) or abort(404)


def authors_of(post: Post) -> tuple[str, ...]:
    return post.authors or (services().settings.site.author,)


# --- a post ---


@blueprint.get("/posts/<slug>/")
def post_with_slash(slug: str) -> BaseResponse:
    """Redirects to the post: relative links would start from another base."""
    return _to_post(visible_post(slug).slug)


@blueprint.get("/posts/<slug>/comments", strict_slashes=False)
def comments_of(slug: str) -> BaseResponse:
    """Redirects to the post: comments are only posted here."""
    return redirect(services().urls.post(visible_post(slug).slug), 303)


@blueprint.get("/posts/<slug>")
def post(slug: str) -> BaseResponse:
    parts = services()
    page = parts.page_cache.get(("post", slug), partial(_render_cached, slug))
    found = page.post
    assert found is not None, "it is the page of a post"
    if found.slug != slug:
        return _to_post(found.slug)
    notice = _NOTICES.get(request.args.get("comment", ""))
    if notice:
        whole = visible_post(slug)
        return _post_page(whole, empty_form(whole), notice=notice)
    html = new_token(found.id).encode().join(page.html) if len(page.html) > 1 else page.html[0]
    return _announce_pingback(make_response(html), found.pings_open)


def _to_post(slug: str) -> BaseResponse:
    return redirect(services().urls.post(slug) + query_as_sent(), 301)


def query_as_sent() -> str:
    """The query of the request with its question mark, "" without one."""
    return f"?{request.query_string.decode('ascii', 'replace')}" if request.query_string else ""


@blueprint.post("/posts/<slug>/comments", strict_slashes=False)
def comment(slug: str) -> BaseResponse:
    """Takes a comment. Redirects to the post, or answers with the filled form and its errors."""
    request.max_content_length = comments.MAX_BODY
    parts, found = services(), visible_post(slug)
    if not found.comments_open:
        abort(403, "This post takes no comments.")
    thought = submit(found)
    if isinstance(thought, Refusal):
        status = 422 if thought.retry_after is None else 429
        response = _post_page(found, filled_form(found, thought.errors), status=status)
        if thought.retry_after is not None:
            response.headers["Retry-After"] = str(thought.retry_after)
        return response
    outcome = "shown" if thought.state == "shown" else "held"
    anchor = f"thought-{thought.id}" if outcome == "shown" else "comment-form"
    return redirect(f"{parts.urls.post(found.slug)}?{urlencode({'comment': outcome})}#{anchor}", 303)


def visible_post(slug: str) -> Post:
    """The post with this slug, present or former. Raises what `posts.store.readable` raises."""
    parts = services()
    return parts.database.read_public(lambda connection: posts.readable(connection, slug, parts.clock()))


def _render_cached(slug: str, connection: Connection, now: datetime) -> CachedPage:
    """Renders the page of a post, split where the token of the form is inserted; without HTML for a former slug."""
    found = posts.readable(connection, slug, now)
    page_post = PagePost(found.id, found.slug, found.pings_open)
    if found.slug != slug:
        return CachedPage((), page_post)
    html = _post_html(connection, found, empty_form(found, _TOKEN_MARK), None, found.pings_open, now)
    return CachedPage(tuple(html.encode().split(_TOKEN_MARK.encode())), page_post)


def _post_page(found: Post, form: Form | None, *, notice: str | None = None, status: int = 200) -> Response:
    parts, takes_pings = services(), found.pings_open and status == 200
    html = parts.database.read_public(
        lambda connection: _post_html(connection, found, form, notice, takes_pings, parts.clock())
    )
    return _announce_pingback(make_response(html, status), takes_pings)


def _post_html(
    connection: Connection, found: Post, form: Form | None, notice: str | None, takes_pings: bool, now: datetime
) -> str:
    urls = services().urls
    permalink = urls.post(found.slug)
    shown = addresses.at(permalink, found)
    older, newer = links.neighbours(connection, found, now)
    if form and form.errors:  # at the address of the form, relative links in the author's HTML would lead elsewhere
        shown = replace(shown, html=shown.feed_html)
    return render_template(
        "post.html",
        post=shown,
        authors=authors_of(found),
        thoughts=tuple(shown_thoughts.on_post(connection, found.id, urls)),
        related=tuple(links.related_to(connection, found.id, now)),
        older=older,
        newer=newer,
        form=form,
        notice=notice,
        pingback=urls.pingback() if takes_pings else None,
        canonical=permalink,
        feeds=for_post(found),
    )


def _announce_pingback(response: Response, takes_pings: bool) -> Response:
    if takes_pings:
        response.headers["X-Pingback"] = services().urls.pingback()
    return response
