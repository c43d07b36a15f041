"""The SQL of reactions on a post: likes, reposts and bookmarks, which readers see as one line of names for each.

They have no position and are not counted as thoughts. A person (`model.person_of`) is named once, and counted once.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from feedserver.storage.schema import IS_REACTION, thoughts
from feedserver.thoughts.model import REACTIONS, Response, Thought
from feedserver.thoughts.shown import at_present
from feedserver.thoughts.store import QUERY, thought_of
from feedserver.urls import Urls

_NAMED: Final = 3  # people, if there are no more
_NAMED_OF_MORE: Final = 2
_FIRST: Final = 50  # reactions among which these are looked for
_NEWEST: Final = 100  # reactions whose addresses lead to their line though they are not named
_PEOPLE = (
    select(thoughts.c.response, func.count(thoughts.c.person.distinct()))
    .where(IS_REACTION, thoughts.c.post_id == bindparam("post"))
    .group_by(thoughts.c.response)
)
# In the order of their index, from one way of reacting on: for equal ones PostgreSQL would look at all thoughts by id.
_IDS = select(thoughts.c.id, thoughts.c.person, thoughts.c.response).where(
    IS_REACTION, thoughts.c.post_id == bindparam("post")
)
_FIRST_IDS = (
    _IDS.where(thoughts.c.response >= bindparam("response")).order_by(thoughts.c.response, thoughts.c.id).limit(_FIRST)
)
_NEWEST_IDS = (
    _IDS.where(thoughts.c.response <= bindparam("response"))
    .order_by(thoughts.c.response.desc(), thoughts.c.id.desc())
    .limit(_NEWEST)
)
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
    return [_line(connection, post_id, one, people[one], urls) for one in REACTIONS if one in people]


def _line(connection: Connection, post_id: int, response: Response, people: int, urls: Urls) -> Reactions:
    first: dict[str, int] = {}
    for row in _rows(connection, _FIRST_IDS, post_id, response):
        first.setdefault(row.person, row.id)
    ids = list(first.values())[: people if people <= _NAMED else _NAMED_OF_MORE]
    named = [at_present(thought_of(row), urls) for row in connection.execute(_BY_IDS, {"ids": ids})]
    newest = {row.id for row in _rows(connection, _NEWEST_IDS, post_id, response)}
    return Reactions(response, tuple(named), people - len(named), tuple(sorted(newest - set(ids))))


def _rows(connection: Connection, query: Select[Any], post_id: int, response: Response) -> list[Row[Any]]:
    found = connection.execute(query, {"post": post_id, "response": response})
    return [row for row in found if row.response == response]
