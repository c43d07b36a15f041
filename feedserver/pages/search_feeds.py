"""What a search finds as a feed, in all formats: rendered for each request, as anybody can ask for any words.

The entries are those of other feeds, with the same ids. No hub is named, and nothing is stored.
"""

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from flask import Blueprint, Response, abort, request
from sqlalchemy import Connection
from werkzeug.datastructures import Headers

from feedserver.content_coding import coding, encode
from feedserver.feeds import headers
from feedserver.feeds.build import TTL
from feedserver.feeds.conditional import Validators, not_modified
from feedserver.feeds.model import MEDIA_TYPES, Feed, FeedLink, Person
from feedserver.feeds.renderer import WRITERS
from feedserver.feeds.scopes import FORMATS, Format
from feedserver.pages.search import asked_words
from feedserver.pages.views import asked_page
from feedserver.posts import store as posts
from feedserver.search import finding
from feedserver.search.query import parsed
from feedserver.services import services
from feedserver.storage import revision

blueprint = Blueprint("search_feeds", __name__)

_TOO_MANY: Final = "Too many searches; wait a little.\n"


@blueprint.get(f"/search.<any({','.join(FORMATS)}):fmt>")
def feed(fmt: Format) -> Response:
    parts, typed, page = services(), asked_words(), asked_page()
    if parsed(typed).wanted and (wait := parts.search_limit.refuses(request.remote_addr or "")):
        refused = {"Retry-After": str(wait), "Cache-Control": "no-store"}
        return Response(_TOO_MANY, 429, refused, content_type="text/plain; charset=utf-8")
    found = parts.database.read_public(lambda connection: _feed(connection, parts.clock(), fmt, typed, page))
    return _response(fmt, found)


@blueprint.after_request
def allow_scripts(response: Response) -> Response:
    """Lets scripts of other sites read what is found, as they read feeds."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _response(fmt: Format, feed: Feed) -> Response:
    body = WRITERS[fmt](feed)
    validators = Validators(f'W/"{hashlib.sha256(body).hexdigest()[:32]}"', None)
    fields = headers.of_feed(feed, validators) + headers.NOT_INDEXED
    if not_modified(validators, request.headers.get("If-None-Match"), None):
        return Response(status=304, headers=Headers(fields))
    chosen = coding(request.headers.get("Accept-Encoding"))
    encoded = encode(body)[chosen]
    return Response(encoded, headers=Headers(headers.full(fmt, chosen, len(encoded)) + fields))


def _feed(connection: Connection, now: datetime, fmt: Format, typed: str, page: int) -> Feed:
    """One page of what is found. Answers 404 beyond the last one."""
    parts = services()
    site, size = parts.settings.site, parts.settings.feeds.entries
    ids = finding.find(connection, parsed(typed), now, size + 1, (page - 1) * size)
    if not ids and page > 1:
        abort(404)
    known = revision.load(connection)
    entries = parts.collector.entries(connection, posts.in_order(connection, ids[:size]), now)
    return Feed(
        id=uuid5(UUID(known.guid), f"search/{typed}").urn,
        title=f"{typed} – {site.title}" if typed else site.title,
        description=site.description or site.title,
        language=site.language,
        author=Person(site.author, parts.urls.author(site.author)),
        page_url=parts.urls.search(typed),
        self_url=parts.urls.search_feed(fmt, typed, page),
        updated=max((entry.updated for entry in entries), default=known.created_at.replace(microsecond=0)),
        ttl=TTL,
        entries=entries,
        links=_links(fmt, typed, page, has_next=len(ids) > size),
    )


def _links(fmt: Format, typed: str, page: int, *, has_next: bool) -> tuple[FeedLink, ...]:
    """The links to the other pages (RFC 5005 section 3), if there are any."""
    there = {"first": 1, "previous": page - 1, "next": page + 1 if has_next else 0}
    if page == 1 and not has_next:
        return ()
    urls = services().urls
    return tuple(
        FeedLink(rel, urls.search_feed(fmt, typed, number), MEDIA_TYPES[fmt]) for rel, number in there.items() if number
    )
