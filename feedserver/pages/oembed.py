"""oEmbed 1.0 (oembed.com): what other sites' embed blocks show of a post, and the card that they may frame.

The type is `rich`: from `link` WordPress makes a bare link, and Mastodon a card without description and picture; for
`rich` the one shows the quotation, the other reads Open Graph. WordPress takes nothing without a frame, and hides the
frame where there is a quotation, as it expects a script in it.
"""

from datetime import datetime
from functools import partial
from html import escape
from typing import Any, Final

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response as BaseResponse

from feedserver.pages.cache import CachedPage, PagePost
from feedserver.pages.post_page import authors_of
from feedserver.pages.responses import respond
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.services import services
from feedserver.urls import page_number

blueprint = Blueprint("oembed", __name__)

_WIDTH, _HEIGHT = 600, 200  # of the card, in pixels, unless less is asked for
_NARROW, _HEIGHT_OF_NARROW = 480, 320  # below that width its words take more lines
_CACHE_AGE: Final = 3_600  # seconds


@blueprint.get("/oembed")
def oembed() -> BaseResponse:
    """The post at the address `url`, as JSON.

    Answers 400 without an address, 404 if it is not that of a post that readers see, 501 for other formats.
    """
    response = _answer()
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _answer() -> BaseResponse:
    if (request.args.get("format") or "json").lower() != "json":
        return _refusal(501, "This site answers in JSON alone: format=json")
    url = request.args.get("url", "").strip()
    if not url:
        return _refusal(400, "The address of a post is missing: ?url=ADDRESS")
    post = _post_at(url)
    if post is None:
        return _refusal(404, "There is no post at this address.")
    width = _at_most("maxwidth", _WIDTH)
    height = _at_most("maxheight", _HEIGHT_OF_NARROW if width < _NARROW else _HEIGHT)
    response = jsonify(_rich(post, width, height))
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag(weak=True)
    return response.make_conditional(request)


def _refusal(status: int, line: str) -> BaseResponse:
    return Response(f"{line}\n", status, content_type="text/plain; charset=utf-8")


def _post_at(url: str) -> Post | None:
    """The post at an address, matched as the target of a ping is; None if readers see none there."""
    parts = services()
    slug = parts.urls.post_slug(url)
    if slug is None:
        return None
    post = parts.database.read_public(lambda connection: posts.by_slug(connection, slug))
    return post if post is not None and not post.page and post.visible(parts.clock()) else None


def _at_most(parameter: str, usual: int) -> int:
    """The usual size, or less if that is asked for; what is no size is ignored."""
    return min(usual, page_number(request.args.get(parameter, "")) or usual)


def _rich(post: Post, width: int, height: int) -> dict[str, Any]:
    """The members of oEmbed section 2.3.4. A picture's size is not known, so there is no thumbnail."""
    parts = services()
    authors = authors_of(post)
    return {
        "version": "1.0",
        "type": "rich",
        "title": post.name,
        "author_name": ", ".join(authors),
        **({"author_url": parts.urls.author(authors[0])} if len(authors) == 1 else {}),
        "provider_name": parts.settings.site.title,
        "provider_url": parts.urls.home(),
        "cache_age": _CACHE_AGE,
        "html": _html(post, width, height),
        "width": width,
        "height": height,
    }


def _html(post: Post, width: int, height: int) -> str:
    """A quotation and a frame, with no other elements and attributes than WordPress keeps."""
    urls, name = services().urls, escape(post.name)
    words = f" – {escape(post.lede)}" if post.lede else ""
    return (
        f'<blockquote><a href="{escape(urls.post(post.slug))}">{name}</a>{words}</blockquote>'
        f'<iframe src="{escape(urls.card(post.slug))}" width="{width}" height="{height}" title="{name}"></iframe>'
    )


@blueprint.get("/posts/<slug>/embed")
def card(slug: str) -> BaseResponse:
    """The post as a small page, which other sites may frame."""
    parts, key = services(), ("card", slug)
    page = parts.page_cache.get(key, partial(_render_card, slug))
    assert page.post is not None, "it is the card of a post"
    return respond(key, page) if page.post.slug == slug else redirect(parts.urls.card(page.post.slug), 301)


def _render_card(slug: str, connection: Connection, now: datetime) -> CachedPage:
    post = posts.readable(connection, slug, now)
    html = render_template("card.html", post=post, authors=authors_of(post))
    return CachedPage((html.encode(),), PagePost(post.id, post.slug, post.pings_open))
