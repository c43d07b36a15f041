"""The SQL of the channels: whether somebody at the present address wanted no more, and when something was last taken.

An address is known by its hash: a webhook's may be a secret. What was said at another one does not count.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from feedserver.notices.model import Channel
from feedserver.storage.schema import notice_channels as table
from feedserver.tokens import hashed


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What became of a channel at its present address.

    `ended_at`: since when nothing is told there, as it was asked to be. `message_id`: of a mail that may have been
    sent, by a process that ended meanwhile.
    """

    ended_at: datetime | None = None
    sent_at: datetime | None = None
    message_id: str | None = None


def state(connection: Connection, channel: Channel, address: str) -> ChannelState:
    """What became of a channel at this address, which is not empty."""
    row = connection.execute(select(table).where(table.c.name == channel)).one_or_none()
    if row is None or row.address != hashed(address):
        return ChannelState()
    return ChannelState(row.ended_at, row.sent_at, row.message_id)


def is_open(connection: Connection, channel: Channel, address: str) -> bool:
    """Whether something is told at this address, "" if there is none."""
    return bool(address) and state(connection, channel, address).ended_at is None


def change(connection: Connection, channel: Channel, address: str, **values: Any) -> None:
    """Sets what is known of a channel at this address; what was known at another one is forgotten."""
    row = connection.execute(select(table).where(table.c.name == channel).with_for_update()).one_or_none()
    if row is None:
        connection.execute(insert(table).values(name=channel, address=hashed(address), **values))
        return
    if row.address != hashed(address):
        values = {"address": hashed(address), "ended_at": None, "sent_at": None, "message_id": None} | values
    connection.execute(update(table).where(table.c.name == channel).values(**values))
