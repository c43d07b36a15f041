"""What Micropub clients look up: `?q=…` (Micropub section 3.7, and its extensions)."""

from collections.abc import Sequence
from typing import Any, Final, cast, get_args

from flask import request

from feedserver.accounts.model import AppToken
from feedserver.authoring import recent
from feedserver.authoring.micropub.finding import Finder
from feedserver.authoring.micropub.requests import InvalidRequest, query_values
from feedserver.authoring.micropub.source import Sources
from feedserver.authoring.micropub.uploads import Uploads
from feedserver.authoring.recent import Part, Which
from feedserver.services import services
from feedserver.urls import page_number

_KINDS: Final = (
    ("note", "Note"),
    ("article", "Article"),
    ("photo", "Photo"),
    ("video", "Video"),
    ("audio", "Audio"),
    ("reply", "Reply"),
    ("like", "Like"),
    ("repost", "Repost"),
    ("bookmark", "Bookmark"),
)
_QUERIES: Final = ("config", "syndicate-to", "source", "category", "channel", "post-types")
_LIMIT: Final = 20
_MOST: Final = 100


def answer(app: AppToken) -> dict[str, Any]:
    """The answer to the query of the present request. Raises InvalidRequest, MissingScope."""
    match request.args.get("q", ""):
        case "" | "config":  # clients ask for nothing to see whether their token is good
            return _config()
        case "source":
            return _source(app)
        case "category":
            return {"categories": _tags()}
        case "syndicate-to" | "post-types" | "channel" as name:
            wanted = "channels" if name == "channel" else name
            return {wanted: _config()[wanted]}
    raise InvalidRequest(f"q must be one of {', '.join(_QUERIES)}")


def media(app: AppToken) -> dict[str, Any]:
    """The answer of the media endpoint. Raises InvalidRequest, MissingScope."""
    if request.args.get("q") != "source":
        raise InvalidRequest("q must be source")
    parts, part = services(), _asked_part()
    return Uploads(parts.library, parts.urls).newest(part.limit, part.offset, app)


def _asked_part() -> Part:
    """The part of a list that the present request asks for: `limit`, `offset`, `after`."""
    args = request.args
    limit = page_number(args["limit"]) if args.get("limit") else _LIMIT
    offset = 0 if args.get("offset", "0") == "0" else page_number(args["offset"])
    after = page_number(args["after"]) if args.get("after") else None
    if limit is None or offset is None or (after is None and args.get("after")):
        raise InvalidRequest("limit, offset and after must be numbers")
    return Part(min(limit, _MOST), offset, after)


def _config() -> dict[str, Any]:
    return {
        "media-endpoint": services().urls.micropub_media(),
        "syndicate-to": [],
        "post-types": [{"type": kind, "name": name} for kind, name in _KINDS],
        "channels": [],
        "categories": _tags(),
        "visibility": ["public"],
        "q": _QUERIES,
    }


def _source(app: AppToken) -> dict[str, Any]:
    parts = services()
    sources = Sources(Finder(parts.publisher, parts.clock), parts.clock)
    wanted = query_values(request.args.items(multi=True), "properties")
    if url := request.args.get("url"):
        return sources.one(url, wanted, app)
    which = request.args.get("post-status", "all")
    if which not in get_args(Which):
        raise InvalidRequest("post-status must be published or draft")
    return sources.some(cast("Which", which), _asked_part(), wanted, app)


def _tags() -> Sequence[str]:
    with services().database.read() as connection:
        return recent.tags(connection)
