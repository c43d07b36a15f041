"""The page of a post with a page of its thoughts: cached for everybody, or made for one visitor."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from typing import Final

from flask import Response, abort, make_response, render_template
from sqlalchemy import Connection

from feedserver.errors import PostMoved
from feedserver.feeds.autodiscovery import for_post
from feedserver.languages.messages import Message
from feedserver.pages import menu, pictures
from feedserver.pages.cache import CachedPage, PagePost
from feedserver.pages.comment_form import empty_form, new_token
from feedserver.pages.responses import respond
from feedserver.pages.thought_pages import ThoughtPages
from feedserver.posts import addresses, links
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.sending.links import pages_of
from feedserver.services import services
from feedserver.thoughts import reactions
from feedserver.thoughts import shown as thoughts
from feedserver.thoughts.comments import Form

_TOKEN_MARK: Final = secrets.token_urlsafe(32)  # placeholder of the token in a cached page; authors cannot guess it


@dataclass(frozen=True, slots=True)
class ForVisitor:
    """What a page has for one visitor: the form, None if the post takes no comments, and a notice above it.

    `is_preview`: of a preview, which says nothing of doors that are open, but not there.
    """

    form: Form | None
    notice: Message | None = None
    is_preview: bool = False


def for_everybody(slug: str, number: int) -> Response:
    """The page with page `number` of the thoughts, and a form with a token of its own.

    Raises what `posts.store.readable` raises, PostMoved for a former slug; answers 404 if there is no such page.
    """
    key = ("post", slug, number)
    page = services().page_cache.get(key, partial(_render, slug, number))
    post = page.post
    assert post is not None, "it is the page of a post"
    token = new_token(post.id).encode() if page.takes_insertion else b""
    return _announce_endpoints(respond(key, page, token), post.pings_open)


def for_one(post: Post, visitor: ForVisitor, number: int = 1, status: int = 200) -> Response:
    """The same page made for one visitor, as the answer to what they have sent."""
    parts, takes_pings = services(), post.pings_open and status == 200
    html = parts.database.read_public(
        lambda connection: _html(connection, post, number, visitor, takes_pings, parts.clock())
    )
    return _announce_endpoints(make_response(html, status), takes_pings)


def preview(connection: Connection, post: Post, now: datetime) -> str:
    """The same page of a post that readers do not see, without doors for pings and comments."""
    return _html(connection, post, 1, ForVisitor(None, is_preview=True), False, now)


def _render(slug: str, number: int, connection: Connection, now: datetime) -> CachedPage:
    """Renders the page, split where the token of the form is inserted."""
    post = posts.readable(connection, slug, now)
    if post.slug != slug:
        raise PostMoved(post.slug)
    html = _html(connection, post, number, ForVisitor(empty_form(post, _TOKEN_MARK)), post.pings_open, now)
    return CachedPage(tuple(html.encode().split(_TOKEN_MARK.encode())), PagePost(post.id, post.slug, post.pings_open))


def _html(
    connection: Connection, post: Post, number: int, visitor: ForVisitor, takes_pings: bool, now: datetime
) -> str:
    urls = services().urls
    pages = ThoughtPages(number, thoughts.by_page(connection, post.id))
    if not pages.exists:
        abort(404)
    shown = addresses.at(urls.post(post.slug), post)
    if visitor.form and visitor.form.errors:  # at the address of the form, relative links would lead elsewhere
        shown = replace(shown, html=shown.feed_html)
    is_first = number == 1
    older, newer = links.neighbours(connection, post, now) if is_first else (None, None)
    return render_template(
        "post.html",
        post=shown,
        authors=authors_of(post),
        pictures=pictures.attached(connection, shown, urls.base),
        thoughts=thoughts.on_page(connection, post.id, number, urls),
        pages=pages,
        reactions=reactions.on_post(connection, post.id, urls) if is_first else (),
        related=links.related_to(connection, post.id, now) if is_first else (),
        older=older,
        newer=newer,
        form=visitor.form,
        notice=visitor.notice,
        takes_pings=takes_pings,
        is_preview=visitor.is_preview,
        post_links_to=_link_test(post),
        canonical=urls.post(post.slug, number),
        feeds=for_post(post),
        menu=menu.read(connection, now, urls),
    )


def _link_test(post: Post) -> Callable[[str | None], bool]:
    """Tells whether a thought is from a page that is told of the post, which makes it no `comment` of the h-entry.

    WordPress's plugin for webmentions looks for its page in such properties before it looks in the text, and takes our
    webmention for news of that thought, of which it shows nothing. It compares addresses without their scheme.
    """
    # Worked out when there is a thought: most posts have none.
    told = cache(lambda: {_without_scheme(page) for page in pages_of(post, services().urls)})
    return lambda source_key: source_key is not None and _without_scheme(source_key) in told()


def _without_scheme(url: str) -> str:
    return url.partition("://")[2]


def authors_of(post: Post) -> tuple[str, ...]:
    return post.authors or (services().settings.site.author,)


def _announce_endpoints(response: Response, takes_pings: bool) -> Response:
    """Names the endpoints in header fields.

    Some senders split `Link` at commas and expect `rel` right after “; ”, so its field is exactly this, and its own.
    """
    if takes_pings:
        urls = services().urls
        response.headers["X-Pingback"] = urls.pingback()
        response.headers.add("Link", f'<{urls.webmention().replace(",", "%2C")}>; rel="webmention"')
    return response
