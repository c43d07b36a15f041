"""The inbox: what waits for a moderator, all thoughts by filters, and each with what is known of it."""

from typing import Final

from flask import Response, abort, request

from feedserver.desk import frame, inbox_list, inbox_query
from feedserver.desk.inbox_query import ALL, InboxQuery
from feedserver.errors import PostNotFound
from feedserver.services import services
from feedserver.thoughts import timeline
from feedserver.thoughts.model import STATES

_WHOLE: Final = 1_000_000  # bytes of the texts of one thought, more than there can be


@frame.blueprint.get("")
def inbox() -> Response:
    """What waits, or the thoughts that match the filters."""
    try:
        query = inbox_query.read(request.args)
    except ValueError as error:
        return render(InboxQuery(), refused=[str(error)], status=400)
    return render(query)


def render(query: InboxQuery, refused: list[str] | None = None, status: int = 200) -> Response:
    """A page of the inbox, after an action that was `refused` for some thoughts too, a line for each."""
    parts = services()
    with parts.database.read() as connection:
        try:
            found = inbox_list.load(connection, query, frame.signed_in().account, parts.settings, parts.urls)
        except PostNotFound:
            return render(InboxQuery(), [f"No post has or had the slug “{query.post}”."], 404)
    values = {"inbox": found, "refused": refused or [], "states": (*STATES, ALL)}
    return frame.render_desk("desk/inbox.html", status, title="Inbox", **values)


@frame.blueprint.get("/thoughts/<int(max=999_999_999_999):thought_id>")
def thought(thought_id: int) -> Response:
    """One thought: its whole text, and what has happened to it."""
    parts = services()
    with parts.database.read() as connection:
        found = inbox_list.entries(connection, [thought_id], parts.settings, parts.urls, room=_WHOLE)
        events = timeline.events(connection, thought_id)
    if not found:
        abort(404)
    return frame.render_desk("desk/one_thought.html", title="Thought", entry=found[0], events=events)
