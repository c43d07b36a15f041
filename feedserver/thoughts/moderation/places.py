"""Where thoughts come from, and what is known of it: for the moderator who decides on them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, func, select

from feedserver.domains import author_site, source_site
from feedserver.storage.schema import thoughts
from feedserver.thoughts.model import State, Thought
from feedserver.thoughts.source.identity import is_own


@dataclass(frozen=True, slots=True)
class Place:
    """A source site that rules can be set for: a host or HOST/PATH. `url` is the address by which rules apply."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How many thoughts of a source site, or of a commenter, are in each state.

    `since`: when the first one came that was stored.
    """

    counts: Mapping[State, int]
    since: datetime

    @property
    def decided(self) -> Mapping[State, int]:
        """Those on which somebody, or a rule, has decided."""
        return {state: number for state in ("shown", "spam", "deleted") if (number := self.counts.get(state, 0))}


def place_of(thought: Thought, shared_by_path: Collection[str]) -> Place | None:
    """The place of a ping: its source site, or that of its author where its host speaks for many.

    None for comments, whose website is nobody's proof, and for our own posts.
    """
    if thought.source_key is None or is_own(thought.page_key):
        return None
    if thought.kind == "webmention" and " " in author_site(thought.source_key, thought.author_url, shared_by_path):
        return Place(source_site(thought.author_url, shared_by_path), thought.author_url)
    return Place(source_site(thought.source_key, shared_by_path), thought.source_key)


def standings(connection: Connection, thought_ids: Sequence[int]) -> dict[int, Standing]:
    """What is known of where some thoughts come from: of the source sites of pings, of commenters with an email."""
    query = select(thoughts.c.id, thoughts.c.source_site, thoughts.c.commenter).where(thoughts.c.id.in_(thought_ids))
    rows = connection.execute(query).all()
    of_sites = _standings(connection, thoughts.c.source_site, {row.source_site for row in rows} - {None})
    of_people = _standings(connection, thoughts.c.commenter, {row.commenter for row in rows} - {None})
    found = {row.id: of_sites.get(row.source_site) or of_people.get(row.commenter) for row in rows}
    return {thought_id: standing for thought_id, standing in found.items() if standing}


def _standings(connection: Connection, column: Column[Any], values: Collection[str]) -> dict[str, Standing]:
    """By what the column holds. The first thought is that with the least id, so that an index alone is read."""
    query = select(column, thoughts.c.state, func.count(), func.min(thoughts.c.id))
    rows = connection.execute(query.where(column.in_(values)).group_by(column, thoughts.c.state)).all()
    first = {value: min(least for of, _, _, least in rows if of == value) for value in values}
    came = select(thoughts.c.id, thoughts.c.received_at).where(thoughts.c.id.in_(first.values()))
    since = {row.id: row.received_at for row in connection.execute(came)}
    return {
        value: Standing({state: number for of, state, number, _ in rows if of == value}, since[first[value]])
        for value in values
    }
