"""The SQL of what the owner was not told of thoughts: that one waits for a look, or is public for the first time.

It stands in the rows of the thoughts, written with the change itself: nothing is lost, and where nobody is told it
costs no statement. Moderators' own decisions make nothing wait, and imported thoughts are no news.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, literal, or_, select, update

from feedserver.storage.schema import thoughts

_IS_UNTOLD: Final = or_(thoughts.c.untold_held_at.is_not(None), thoughts.c.untold_shown_at.is_not(None))
_IS_ANY: Final = select(literal(1)).select_from(thoughts).where(_IS_UNTOLD).limit(1)


@dataclass(frozen=True, slots=True)
class Untold:
    """A thought with the moments since when it waits for a look, and is public; None where that is no news."""

    thought_id: int
    held_at: datetime | None
    shown_at: datetime | None


def is_any(connection: Connection) -> bool:
    """Whether there is something untold. One step of an index."""
    return connection.execute(_IS_ANY).first() is not None


def take(connection: Connection, most: int) -> list[Untold]:
    """At most `most` thoughts with something untold, which is told from now on."""
    query = select(thoughts.c.id, thoughts.c.untold_held_at, thoughts.c.untold_shown_at).where(_IS_UNTOLD)
    rows = connection.execute(query.order_by(thoughts.c.id).limit(most).with_for_update(skip_locked=True)).all()
    told = {"untold_held_at": None, "untold_shown_at": None}
    connection.execute(update(thoughts).where(thoughts.c.id.in_([row.id for row in rows])).values(told))
    return [Untold(*row) for row in rows]
