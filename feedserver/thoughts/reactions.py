"""The SQL of reactions on a post: likes, reposts and bookmarks, which readers see as one line of names for each.

They have no position and are not counted as thoughts. A person (`model.person_of`) is named once, and counted once.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from feedserver.storage.schema import IS_REACTION, thoughts
from feedserver.thoughts.model import REACTIONS, Response, Thought
from feedserver.thoughts.shown import at_present
from feedserver.thoughts.store import QUERY, thought_of
from feedserver.urls import Urls

_NAMED: Final = 3  # people, if there are no more
_NAMED_OF_MORE: Final = 2
_NEWEST: Final = 100  # reactions whose addresses lead to their line though they are not named
_ON_POST = (IS_REACTION, thoughts.c.post_id == bindparam("post"))
_PEOPLE = (
    select(thoughts.c.response, func.count(thoughts.c.person.distinct())).where(*_ON_POST).group_by(thoughts.c.response)
)
_FIRST = (
    select(func.min(thoughts.c.id).label("first"))
    .where(*_ON_POST, thoughts.c.response == bindparam("response"))
    .group_by(thoughts.c.response, thoughts.c.person)  # as the index has them
    .order_by("first")
    .limit(bindparam("limit"))
)
# By minus: PostgreSQL would read all thoughts of the site by their ids, in search of those on one post.
_LAST = select(thoughts.c.response, thoughts.c.id).where(*_ON_POST).order_by(-thoughts.c.id).limit(_NEWEST)
_BY_IDS = QUERY.where(thoughts.c.id.in_(bindparam("ids", expanding=True))).order_by(thoughts.c.id)


@dataclass(frozen=True, slots=True)
class Reactions:
    """One line: the first people who reacted in one way, how many others did, and the ids of the newest reactions that
    are not named."""

    response: Response
    named: tuple[Thought, ...]
    others: int
    unnamed_ids: tuple[int, ...]


def on_post(connection: Connection, post_id: int, urls: Urls) -> list[Reactions]:
    """The reactions that are shown on a post: a line for each way that there is."""
    people = {row[0]: row[1] for row in connection.execute(_PEOPLE, {"post": post_id})}
    newest = connection.execute(_LAST, {"post": post_id}).all() if people else []
    lines = []
    for response in (one for one in REACTIONS if one in people):
        named = _named(connection, post_id, response, people[response], urls)
        ids = {row.id for row in newest if row.response == response} - {thought.id for thought in named}
        lines.append(Reactions(response, named, people[response] - len(named), tuple(sorted(ids))))
    return lines


def _named(connection: Connection, post_id: int, response: Response, people: int, urls: Urls) -> tuple[Thought, ...]:
    """The first reaction of each person that is named."""
    limit = people if people <= _NAMED else _NAMED_OF_MORE
    ids = connection.execute(_FIRST, {"post": post_id, "response": response, "limit": limit}).scalars().all()
    return tuple(at_present(thought_of(row), urls) for row in connection.execute(_BY_IDS, {"ids": ids}))
