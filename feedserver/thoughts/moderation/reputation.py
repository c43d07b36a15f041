"""The SQL of standing: who was approved before, whom our own posts link to, and which words are known already.

Asked with each ping: every question is one look into an index, however much is stored.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from feedserver.domains import source_site
from feedserver.posts import store as posts
from feedserver.storage.schema import thoughts
from feedserver.thoughts.model import MOST_ALIKE, Content


def approved_before(connection: Connection, source_key: str) -> bool:
    """Whether a person approved something from the place of `page`, and it still stands."""
    return _is_approved(connection, thoughts.c.source_site == source_site(source_key))


def approved_commenter(connection: Connection, email: str) -> bool:
    """Whether a person approved a comment of this address, and it still stands."""
    return _is_approved(connection, thoughts.c.email == email, thoughts.c.kind == "comment")


def befriended(connection: Connection, source_key: str, now: datetime) -> bool:
    """Whether our published posts link to the place of `page`. Of what path they name, nothing is known."""
    ours = source_site(source_key)
    return "/" not in ours and posts.link_to(connection, ours, now)


def posts_alike(connection: Connection, content: Content, source_key: str) -> frozenset[int]:
    """The posts about which other pages than `page` say these words, a few of them.

    Of one page, whose sentence may well hold several links, the number of its links tells more.
    """
    found: list[int] = []
    query = select(thoughts.c.post_id).where(
        thoughts.c.fingerprint == content.fingerprint, thoughts.c.source_key != source_key
    )
    query = query.order_by(thoughts.c.fingerprint, thoughts.c.post_id).limit(1)
    while content.is_telling and len(found) < MOST_ALIKE:
        post_id = connection.execute(query.where(thoughts.c.post_id > (found[-1] if found else 0))).scalar_one_or_none()
        if post_id is None:
            break
        found.append(post_id)
    return frozenset(found)


def _is_approved(connection: Connection, *conditions: ColumnElement[bool]) -> bool:
    query = select(thoughts.c.id).where(*conditions, thoughts.c.approved, thoughts.c.state == "shown")
    return connection.execute(query.limit(1)).first() is not None
