"""All thoughts that match some filters, as `thought list` tells them."""

from typing import Any

from sqlalchemy import Connection

from feedserver.thoughts import listing as lists
from feedserver.thoughts.model import State, Thought


def listing(
    connection: Connection,
    post_id: int | None = None,
    state: State | None = None,
    *,
    limit: int | None = None,
    **filters: Any,
) -> list[Thought]:
    """Thoughts, newest first, at most `limit`; `filters` are further ones of `lists.Filters`."""
    wanted = lists.Filters(post_id, state, **filters)
    return lists.listed(connection, lists.ids(connection, wanted, limit), state)[:limit]
