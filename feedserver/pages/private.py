"""Pages behind unguessable addresses: the receipt of a ping, the feed of the moderation queue.

All answers at these addresses have the headers of `web.never_stored`.
"""

import hmac
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, abort, jsonify, make_response, render_template
from sqlalchemy import Connection

from feedserver.clock import rfc3339
from feedserver.feeds.model import MEDIA_TYPES
from feedserver.feeds.syndication import atom
from feedserver.languages.messages import Message
from feedserver.pages import moderation_feed
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.services import services
from feedserver.storage import revision
from feedserver.thoughts import joining, timeline
from feedserver.thoughts.model import Thought, TimelineEntry
from feedserver.thoughts.moderation import queue
from feedserver.thoughts.receipts import for_sender, was_issued

blueprint = Blueprint("private", __name__)

_NOT_KEPT: Final = Message("This receipt is no longer kept. It told of a ping that was refused or removed.")
_NO_RECEIPT: Final = {"heading": Message("Gone"), "message": _NOT_KEPT}


@blueprint.get("/receipts/<token>")
def receipt(token: str) -> Response:
    """The receipt of one ping: an HTML page, or JSON if the address ends in `.json`."""
    contents = _receipt(token.removesuffix(".json"))
    is_json = token.endswith(".json")
    if contents is None:
        response = jsonify({"error": str(_NOT_KEPT)}) if is_json else _page("error.html", **_NO_RECEIPT)
        response.status_code = 410
    else:
        response = jsonify(_as_json(contents)) if is_json else _page("receipt.html", receipt=contents)
    return response


def _page(template: str, **values: object) -> Response:
    return make_response(render_template(template, **values, canonical=None, feeds=[]))


def _receipt(token: str) -> dict[str, Any] | None:
    """The contents of a receipt; None if it is no longer kept. Aborts with 404 if this site never issued it."""
    parts = services()
    found = parts.database.read_public(partial(_load, token))
    if found is None:
        return None
    thought, events, post = found
    url = parts.urls.post(thought.post_slug) if post and post.visible(parts.clock()) else None
    is_shown = url is not None and thought.state == "shown"
    at = parts.urls.thought(thought.post_slug, thought.id, thought.page) if is_shown else None
    rechecked = post is not None and post.state != "deleted"
    return for_sender(thought, events, url, at, is_rechecked=rechecked)


def _load(token: str, connection: Connection) -> tuple[Thought, list[TimelineEntry], Post | None] | None:
    """The thought with this receipt, its timeline, and its post; None if the receipt is no longer kept."""
    thought = joining.by_token(connection, token)
    if thought is None:
        return None if was_issued(token, revision.kept_key(connection)) else abort(404)
    return thought, timeline.events(connection, thought.id), posts.by_id(connection, thought.post_id)


def _as_json(contents: dict[str, Any]) -> dict[str, Any]:
    times = {key: contents[key] for key in ("received_at", "checked_at", "next_check_at")}
    events = [event | {"at": rfc3339(event["at"])} for event in contents["timeline"]]
    return contents | {key: at and rfc3339(at) for key, at in times.items()} | {"timeline": events}


@blueprint.get("/moderation/<key>.atom")
def moderation_queue(key: str) -> Response:
    """The moderation queue as an Atom feed, for feed readers that know the secret key."""
    parts = services()
    if not hmac.compare_digest(key.encode("utf-8", "replace"), parts.moderation_key.encode("ascii")):
        abort(404)
    with parts.database.read() as connection:
        waiting, site = queue.entries(connection), revision.load(connection)
    feed = moderation_feed.build(waiting, site, parts.settings.site, parts.urls, parts.moderation_key)
    response = Response(atom(feed))
    response.headers["Content-Type"] = f"{MEDIA_TYPES['atom']}; charset=utf-8"
    return response
