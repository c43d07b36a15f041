"""Limits of what waits for its verification: how many pings and bytes, in all and from one network or source site."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select

from feedserver.domains import wide_network
from feedserver.storage.locks import lock_names
from feedserver.storage.schema import thoughts

_SHARES: Final = 10  # networks or source sites that together can fill what may wait
_BYTES: Final = 2_000  # for each ping that may wait: ordinary URLs take that much, very long ones ten times as much
_LEAST_BYTES: Final = 20_000_000  # for all of them, however few may wait
_LOCK: Final = 0x77616974  # the kind of the lock
_NEAR: Final = 100  # more pings than are stored at the same moment

_SIZE: Final = func.coalesce(func.sum(thoughts.c.size), 0)
_OF_NETWORK: Final = thoughts.c.sender_network == bindparam("network")
_OF_SITE: Final = thoughts.c.source_site == bindparam("site")


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many pings wait, and how many bytes they take (`disk_size`): all of them, those from one network, and those
    from one source site."""

    pings: int
    size: int
    pings_of_network: int
    size_of_network: int
    pings_of_site: int
    size_of_site: int

    def has_room(self, most: int, beside: int = 0) -> bool:
        """Whether one more ping may wait, if `most` may and `beside` others are being stored."""
        share, most_bytes = max(1, most // _SHARES), max(_LEAST_BYTES, most * _BYTES)
        largest = max(self.pings_of_network, self.pings_of_site)
        largest_size = max(self.size_of_network, self.size_of_site)
        return (
            self.pings + beside < most
            and largest + beside < share
            and self.size < most_bytes
            and largest_size < most_bytes // _SHARES
        )


def has_room(connection: Connection, most: int, sender: str, site: str) -> bool:
    """Whether one more ping may wait, from a sender's address and a source site.

    Near the limit, others that ask wait until this transaction ends, so that no two of them take the last place.
    """
    if count(connection, sender, site).has_room(most, beside=_NEAR):
        return True
    lock_names(connection, _LOCK, ["pings"])
    return count(connection, sender, site).has_room(most)


def count(connection: Connection, sender: str, site: str) -> Waiting:
    """What waits in all, from the network of a sender's address, and from a source site."""
    row = connection.execute(_COUNTS, {"network": wide_network(sender), "site": site}).one()
    return Waiting(*map(int, row))


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def _size(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(thoughts.c.size).filter(condition), 0)


# One pass through an index of waiting pings alone, for which their state must be a literal.
_COUNTS: Final = select(
    func.count(), _SIZE, _number(_OF_NETWORK), _size(_OF_NETWORK), _number(_OF_SITE), _size(_OF_SITE)
).where(thoughts.c.state == literal_column("'received'"))
