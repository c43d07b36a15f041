"""What is for those alone who have its address: a sender's receipt, and what waits for a moderator's word."""

import hmac
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, jsonify, make_response, render_template
from sqlalchemy import Connection

from feedserver.clock import rfc3339
from feedserver.feeds.model import MEDIA_TYPES
from feedserver.feeds.syndication import atom
from feedserver.pages.waiting import MOST, WaitingRoom
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.services import services
from feedserver.storage import revision
from feedserver.thoughts import store, timeline
from feedserver.thoughts.listing import waiting_for_a_word
from feedserver.thoughts.model import Thought, TimelineEntry
from feedserver.thoughts.receipts import tell

blueprint = Blueprint("private", __name__)


@blueprint.get("/receipts/<token>")
def receipt(token: str) -> Response:
    """What became of one ping: a page, or JSON where the address ends in `.json`."""
    wants_json = token.endswith(".json")
    told = _receipt(token.removesuffix(".json"))
    if wants_json:
        response = jsonify(_in_json(told))
    else:
        response = make_response(render_template("receipt.html", receipt=told, canonical=None, feeds=[]))
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response


def _receipt(token: str) -> dict[str, Any]:
    parts = services()
    thought, lines, post = parts.database.look(partial(_traced, token))
    seen = post is not None and post.visible(parts.clock())
    stays = post is not None and post.state != "deleted"  # what stands on a deleted post is not looked at again
    return tell(thought, lines, parts.urls.post(thought.post_slug) if seen else None, is_rechecked=stays)


def _traced(token: str, connection: Connection) -> tuple[Thought, list[TimelineEntry], Post | None]:
    """The thought whose receipt this is, what happened to it, and its post."""
    thought = store.by_token(connection, token) or abort(404)
    return thought, timeline.events(connection, thought.id), posts.by_id(connection, thought.post_id)


def _in_json(told: dict[str, Any]) -> dict[str, Any]:
    moments = ("received_at", "checked_at", "next_check_at")
    written = {key: rfc3339(told[key]) if told[key] else None for key in moments}
    lines = [line | {"at": rfc3339(line["at"])} for line in told["timeline"]]
    return told | written | {"timeline": lines}


@blueprint.get("/moderation/<key>.atom")
def moderation_feed(key: str) -> Response:
    """What waits for a moderator's word, for those who have its address."""
    parts = services()
    if not hmac.compare_digest(key.encode("utf-8", "replace"), parts.moderation_key.encode("ascii")):
        abort(404)
    with parts.database.read() as connection:
        waiting = waiting_for_a_word(connection, MOST)
        on = posts.by_ids(connection, {thought.post_id for thought, _ in waiting})
        room = WaitingRoom(parts.urls, parts.settings.site, revision.load(connection))
    response = Response(atom(room.feed(parts.moderation_key, waiting, on)))
    response.headers["Content-Type"] = f"{MEDIA_TYPES['atom']}; charset=utf-8"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
