"""Pages for people: lists of posts, the post with its thoughts and its comment form."""

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response as BaseResponse

from feedserver.feeds.autodiscovery import for_list, for_post, for_site
from feedserver.feeds.collecting import may_be_empty
from feedserver.feeds.scopes import FeedAddress
from feedserver.pages.cache import CachedPage, Subject
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.posts.store import Listing
from feedserver.services import Services, services
from feedserver.storage import rate_limits
from feedserver.thoughts import comments, store
from feedserver.thoughts.comments import Comment, Form
from feedserver.thoughts.model import Thought
from feedserver.thoughts.moderation import actions
from feedserver.urls import page_number

blueprint = Blueprint("pages", __name__, template_folder="templates", static_folder="static")

POSTS_ON_A_PAGE = 10
_COMMENTS_A_MINUTE = 10  # from one address
_TOKEN_HERE: Final = secrets.token_urlsafe(32)  # in a page that is kept; nobody can write it into a post
_NOTICES = {
    "held": "Thank you. Your comment waits for approval.",
    "shown": "Thank you. Your comment is shown below the post.",
}


# --- lists ---


@blueprint.get("/")
def home() -> Response:
    return _list(None, Listing(), services().urls.home, for_site())


@blueprint.get("/tags/<name:name>")
def tag(name: str) -> Response:
    urls = services().urls
    return _list(name, Listing(tag=name), lambda n: urls.tag(name, n), for_list("tag", name))


@blueprint.get("/authors/<name:name>")
def author(name: str) -> Response:
    parts = services()
    listing = parts.collector.listing(FeedAddress("author", "rss", name))
    return _list(name, listing, lambda n: parts.urls.author(name, n), for_list("author", name))


def _list(
    heading: str | None, listing: Listing, page_url: Callable[[int], str], feeds: list[tuple[str, str, str]]
) -> Response:
    number = _page_number()

    def write(connection: Connection, now: datetime) -> CachedPage:
        return CachedPage((_list_page(connection, now, number, heading, listing, page_url, feeds).encode(),))

    return make_response(*services().page_cache.get((listing, number), write).html)


def _list_page(
    connection: Connection,
    now: datetime,
    page: int,
    heading: str | None,
    listing: Listing,
    page_url: Callable[[int], str],
    feeds: list[tuple[str, str, str]],
) -> str:
    # One more than is shown tells whether there are older ones, without counting them all.
    found = posts.latest(connection, now, POSTS_ON_A_PAGE + 1, (page - 1) * POSTS_ON_A_PAGE, listing)
    if not found and (page > 1 or not may_be_empty(listing)):
        abort(404)
    has_older, found = len(found) > POSTS_ON_A_PAGE, found[:POSTS_ON_A_PAGE]
    counts = store.counts(connection, [post.id for post in found])
    return render_template(
        "list.html",
        heading=heading,
        posts=found,
        authors_of=_authors_of,
        page=page,
        has_older=has_older,
        page_url=page_url,
        counts={post_id: count for post_id, (count, _) in counts.items()},
        canonical=page_url(page),
        feeds=feeds,
    )


def _page_number() -> int:
    return page_number(request.args.get("page", "1")) or abort(404)


def _authors_of(post: Post) -> tuple[str, ...]:
    return post.authors or (services().settings.site.author,)


# --- a post ---


@blueprint.get("/posts/<slug>")
def post(slug: str) -> BaseResponse:
    parts = services()
    page = parts.page_cache.get(("post", slug), partial(_written, slug))
    found = page.post
    assert found is not None, "it is a post's page"
    if found.slug != slug:
        query = f"?{request.query_string.decode('ascii', 'replace')}" if request.query_string else ""
        return redirect(parts.urls.post(found.slug) + query, 301)
    notice = _NOTICES.get(request.args.get("comment", ""))
    if notice:
        whole = _visible(slug)
        return _post_page(whole, _fresh_form(whole), notice=notice)
    html = _own_token(found.id).encode().join(page.html) if len(page.html) > 1 else page.html[0]
    return _with_endpoint(make_response(html), found.pings_open)


@blueprint.post("/posts/<slug>/comments")
def comment(slug: str) -> BaseResponse:
    """Takes a comment: stored and told so, or the page again with what was typed and what is wrong with it."""
    request.max_content_length = comments.MAX_BODY
    parts, found = services(), _visible(slug)
    if not found.comments_open:
        abort(403, "This post takes no comments.")
    written, errors = comments.read(request.form)
    problem = _trust_problem(parts, found)
    if problem:
        errors = {"form": problem} | errors
    if written is None or problem:
        return _post_page(found, _filled_form(found, errors), status=422)
    thought = parts.database.transact(lambda connection: _store(connection, parts, found, written))
    if thought is None:
        errors = {"form": "Too many comments came from your address. Please wait a minute and send it once more."}
        answer = _post_page(found, _filled_form(found, errors), status=429)
        answer.headers["Retry-After"] = str(rate_limits.WINDOW)
        return answer
    outcome = "shown" if thought.state == "shown" else "held"
    anchor = f"thought-{thought.id}" if outcome == "shown" else "comment-form"
    return redirect(f"{parts.urls.post(found.slug)}?{urlencode({'comment': outcome})}#{anchor}", 303)


def _visible(slug: str) -> Post:
    """The post that has or had this slug, as long as readers may see it."""
    parts = services()
    return parts.database.read_public(lambda connection: _visible_in(connection, slug, parts.clock()))


def _visible_in(connection: Connection, slug: str, now: datetime) -> Post:
    found = posts.by_slug(connection, slug)
    if found is not None and found.state == "deleted":
        abort(410)
    if found is None or not found.visible(now):
        abort(404)
    return found


def _written(slug: str, connection: Connection, now: datetime) -> CachedPage:
    """The page of the post that has or had this slug, cut where the form's token stands; no HTML under an old slug."""
    found = _visible_in(connection, slug, now)
    subject = Subject(found.id, found.slug, found.pings_open)
    if found.slug != slug:
        return CachedPage((), subject)
    html = _post_html(connection, found, _form(found, _TOKEN_HERE), None, found.pings_open, now)
    return CachedPage(tuple(html.encode().split(_TOKEN_HERE.encode())), subject)


def _post_page(found: Post, form: Form | None, *, notice: str | None = None, status: int = 200) -> Response:
    parts, takes_pings = services(), found.pings_open and status == 200
    html = parts.database.read_public(
        lambda connection: _post_html(connection, found, form, notice, takes_pings, parts.clock())
    )
    response = make_response(html, status)
    return _with_endpoint(response, takes_pings)


def _post_html(
    connection: Connection, found: Post, form: Form | None, notice: str | None, takes_pings: bool, now: datetime
) -> str:
    urls = services().urls
    return render_template(
        "post.html",
        post=found,
        authors=_authors_of(found),
        thoughts=tuple(store.shown_on(connection, found.id)),
        related=tuple(posts.related_to(connection, found.id, now)),
        form=form,
        notice=notice,
        pingback=urls.pingback() if takes_pings else None,
        canonical=urls.post(found.slug),
        feeds=for_post(found),
    )


def _with_endpoint(response: Response, takes_pings: bool) -> Response:
    if takes_pings:
        response.headers["X-Pingback"] = services().urls.pingback()
    return response


def _fresh_form(found: Post) -> Form | None:
    return _form(found, _own_token(found.id))


def _own_token(post_id: int) -> str:
    parts = services()
    return parts.tokens.give(post_id, parts.clock())


def _form(found: Post, token: str) -> Form | None:
    if not found.comments_open:
        return None
    return Form(services().urls.comments(found.slug), hidden=((comments.TOKEN, token),))


def _filled_form(found: Post, errors: dict[str, str]) -> Form:
    """A form with a new token, and everything that was typed into the last one."""
    form = _fresh_form(found)
    assert form is not None, "closed posts have answered before"
    return Form(form.action, form.hidden, {name: request.form.get(name, "") for name in comments.FIELDS}, errors)


def _trust_problem(parts: Services, found: Post) -> str | None:
    """Why a form is not taken as sent by a person on our page; None when it is."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "same-site", "none"):
        return "The form came from another site. Please send it from here."
    return parts.tokens.problem(request.form.get(comments.TOKEN, ""), found.id, parts.clock())


def _store(connection: Any, parts: Services, found: Post, written: Comment) -> Thought | None:
    """The stored comment; the one stored before when the same form comes twice; None beyond the rate."""
    if before := store.by_submission(connection, written.submission):
        return before
    now = parts.clock()
    if not rate_limits.allow(
        connection, f"comment:{rate_limits.network(request.remote_addr or '')}", _COMMENTS_A_MINUTE, now
    ):
        return None
    verdict = actions.verdict_on_comment(connection, written.email, parts.settings)
    return actions.take_comment(connection, found.id, written, verdict, now)
