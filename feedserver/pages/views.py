"""Pages for people: lists of posts and thoughts, the post with its thoughts and its comment form."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from flask import Blueprint, Response, abort, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response as BaseResponse

from feedserver.errors import ListMoved, PageFound, PostMoved
from feedserver.feeds.autodiscovery import for_list, for_site, for_thoughts
from feedserver.feeds.existing import may_be_empty
from feedserver.feeds.scopes import AUTHOR, SITE, TAG
from feedserver.languages.messages import Message
from feedserver.pages import menu, pictures, post_page
from feedserver.pages.cache import CachedPage
from feedserver.pages.comment_form import Refusal, empty_form, filled_form, submit
from feedserver.pages.post_page import ForVisitor, authors_of
from feedserver.pages.responses import cached
from feedserver.posts import spelling
from feedserver.posts import store as posts
from feedserver.posts.model import EVERYTHING, PASSING, Listing, Post
from feedserver.services import services
from feedserver.thoughts import comments
from feedserver.thoughts import shown as shown_thoughts
from feedserver.urls import page_number

blueprint = Blueprint("pages", __name__, template_folder="templates")

POSTS_ON_A_PAGE = 10
THOUGHTS_ON_A_PAGE = 20
_NOTICES = {
    "held": Message("Thank you. Your comment waits for approval."),
    "shown": Message("Thank you. Your comment is shown below the post."),
}


# --- lists ---


@blueprint.get("/")
def home() -> BaseResponse:
    """The newest posts; `?s=WORDS`, as other software searches, redirects."""
    if (asked := request.args.get("s")) is not None:
        return redirect(services().urls.search(asked), 301)
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

    return cached((listing, number), render)


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
    passing = posts.latest_ids(connection, now, POSTS_ON_A_PAGE, listing=PASSING) if (scope, page) == (SITE, 1) else ()
    found = posts.in_order(connection, [*passing, *ids[:POSTS_ON_A_PAGE]])
    counts = shown_thoughts.counts(connection, [post.id for post in found])
    return render_template(
        "list.html",
        heading=listing.name,
        scope=scope,
        posts=found,
        pictures=pictures.small(connection, found, services().urls.base),
        authors_of=authors_of,
        page=page,
        has_older=len(ids) > POSTS_ON_A_PAGE,
        page_url=page_url,
        counts={post_id: count for post_id, (count, _) in counts.items()},
        canonical=page_url(page),
        feeds=for_list(scope, listing.name) if listing.name else for_site(),
        menu=menu.read(connection, now, services().urls),
    )


@blueprint.get("/thoughts")
def thoughts() -> Response:
    """The thoughts on all posts, newest first."""
    number = asked_page()
    return cached(("thoughts", number), partial(_thoughts_page, number))


def _thoughts_page(page: int, connection: Connection, now: datetime) -> CachedPage:
    urls, offset = services().urls, (page - 1) * THOUGHTS_ON_A_PAGE
    found = shown_thoughts.latest(connection, now, urls, THOUGHTS_ON_A_PAGE + 1, offset=offset)
    if not found and page > 1:
        abort(404)
    html = render_template(
        "all_thoughts.html",
        thoughts=found[:THOUGHTS_ON_A_PAGE],
        posts=posts.by_ids(connection, {thought.post_id for thought in found}),
        page=page,
        has_older=len(found) > THOUGHTS_ON_A_PAGE,
        canonical=urls.thoughts(page),
        feeds=for_thoughts(),
        menu=menu.read(connection, now, urls),
    )
    return CachedPage((html.encode(),))


def asked_page() -> int:
    """The page of a list that the request asks for: `?page=N`. Answers 404 if it is no number."""
    return page_number(request.args.get("page", "1")) or abort(404)


# --- a post ---


@blueprint.get("/posts/<slug>/")
def post_with_slash(slug: str) -> BaseResponse:
    """Redirects to the post: relative links would start from another base."""
    try:
        return _to_post(visible_post(slug).slug)
    except PageFound as page:
        return to_page(page.slug)


@blueprint.get("/posts/<slug>/comments", strict_slashes=False)
def comments_of(slug: str) -> BaseResponse:
    """Redirects to the post: comments are only posted here."""
    return redirect(services().urls.post(visible_post(slug).slug), 303)


@blueprint.get("/posts/<slug>")
def post(slug: str) -> BaseResponse:
    """The post with a page of its thoughts (`?thoughts=N`), and what became of the visitor's comment (`?comment=…`)."""
    number = page_number(request.args.get("thoughts", "1")) or abort(404)
    notice = _NOTICES.get(request.args.get("comment", ""))
    try:
        if notice is None:
            return post_page.for_everybody(slug, number)
        found = visible_post(slug)
        if found.slug != slug:
            raise PostMoved(found.slug)
        return post_page.for_one(found, ForVisitor(empty_form(found), notice), number)
    except PostMoved as moved:
        return _to_post(moved.slug)
    except PageFound as page:
        return to_page(page.slug)


def to_page(slug: str) -> BaseResponse:
    """Redirects to a page that is no post."""
    return redirect(services().urls.page(slug) + query_as_sent(), 301)


def _to_post(slug: str) -> BaseResponse:
    return redirect(services().urls.post(slug) + query_as_sent(), 301)


def query_as_sent() -> str:
    """The query of the request with its question mark, "" without one."""
    return f"?{request.query_string.decode('ascii', 'replace')}" if request.query_string else ""


@blueprint.post("/posts/<slug>/comments", strict_slashes=False)
def comment(slug: str) -> BaseResponse:
    """Takes a comment. Redirects to where it stands, or answers with the filled form and its errors."""
    request.max_content_length = comments.MAX_BODY
    urls, found = services().urls, visible_post(slug)
    if not found.comments_open:
        abort(403, "This post takes no comments.")
    thought = submit(found)
    if isinstance(thought, Refusal):
        status = 422 if thought.retry_after is None else 429
        response = post_page.for_one(found, ForVisitor(filled_form(found, thought.errors)), status=status)
        if thought.retry_after is not None:
            response.headers["Retry-After"] = str(thought.retry_after)
        return response
    if thought is None or thought.state != "shown":
        return redirect(f"{urls.post(found.slug)}?comment=held#comment-form", 303)
    page, _, anchor = urls.thought(found.slug, thought.id, thought.page).partition("#")
    return redirect(f"{page}{'&' if '?' in page else '?'}comment=shown#{anchor}", 303)


def visible_post(slug: str) -> Post:
    """The post with this slug, present or former. Raises what `posts.store.readable` raises."""
    parts = services()
    return parts.database.read_public(lambda connection: posts.readable(connection, slug, parts.clock()))
