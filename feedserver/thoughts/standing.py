"""The SQL of standing: who was approved before, where our own posts link to, and which words are known already."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, select

from feedserver.posts import store as posts
from feedserver.storage.schema import thoughts
from feedserver.thoughts.hosts import below
from feedserver.thoughts.trusting import place, registered


def approved_before(connection: Connection, page: str) -> bool:
    """Whether a person approved something from the place of `page`, and it still stands."""
    ours = place(page)
    query = _approved(thoughts.c.page.is_not(None), below(thoughts.c.host, ours.partition("/")[0]))
    return any(place(str(other)) == ours for other in connection.execute(query.distinct()).scalars())


def approved_commenter(connection: Connection, email: str) -> bool:
    """Whether a person approved a comment of this address, and it still stands."""
    query = _approved(thoughts.c.email == email, thoughts.c.kind == "comment")
    return connection.execute(query.limit(1)).first() is not None


def befriended(connection: Connection, page: str, now: datetime) -> bool:
    """Whether our published posts link to the place of `page`. Of what path they name, nothing is known."""
    ours = place(page)
    if "/" in ours:
        return False
    return any(registered(host) == ours for host in posts.hosts_linked(connection, ours, now))


def posts_alike(connection: Connection, fingerprint: str | None) -> frozenset[int]:
    """The posts about which pings say what has this fingerprint."""
    if fingerprint is None:
        return frozenset()
    query = select(thoughts.c.post_id).where(thoughts.c.fingerprint == fingerprint).distinct()
    return frozenset(connection.execute(query).scalars())


def _approved(*conditions: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(thoughts.c.page).where(thoughts.c.approved, thoughts.c.state == "shown", *conditions)
