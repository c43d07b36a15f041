"""Limits of the moderation queue: how many thoughts may wait for a moderator, in all and from one sender."""

from typing import Final

from sqlalchemy import Connection, bindparam, func, literal_column, select

from feedserver.domains import wide_network
from feedserver.settings import LimitsSettings
from feedserver.storage.schema import thoughts

_SHARES: Final = 10  # networks or source sites that together can fill `limits.held`
# One pass through an index of held thoughts alone, for which their state must be a literal.
_COUNTS: Final = select(
    func.count().label("thoughts"),
    func.coalesce(func.sum(thoughts.c.word_bytes), 0).label("bytes"),
    func.count().filter(thoughts.c.sender_network == bindparam("network")).label("of_network"),
    func.count().filter(thoughts.c.source_site == bindparam("site")).label("of_site"),
).where(thoughts.c.state == literal_column("'held'"))
_SIZE: Final = select(func.coalesce(func.sum(thoughts.c.size), 0)).where(thoughts.c.state == "held")
_LEAST_SIZE: Final = 50_000_000  # bytes of the database that what waits may take however small `limits.held_bytes` is


def has_room(
    connection: Connection, limits: LimitsSettings, sender: str, *, site: str | None = None, size: int = 1
) -> bool:
    """Whether one more thought may wait, with `size` bytes of words, from a sender's address and a source site.

    The words of a ping may be few and its addresses very long, so what it takes in the database is bounded too.
    Two transactions at once may both find room: see `revision.lock`.
    """
    place = {"network": wide_network(sender), "site": site}
    held = connection.execute(_COUNTS, place).one()
    share = max(1, limits.held // _SHARES)
    return bool(
        held.thoughts < limits.held
        and held.bytes + size <= limits.held_bytes
        and connection.execute(_SIZE).scalar_one() < max(limits.held_bytes, _LEAST_SIZE)
        and held.of_network < share
        and held.of_site < share
    )
