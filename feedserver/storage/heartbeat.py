"""The table `heartbeats`: when something last worked, by name."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from feedserver.storage.schema import heartbeats


def beat(connection: Connection, name: str, now: datetime) -> None:
    """Records that it works."""
    if not connection.execute(update(heartbeats).where(heartbeats.c.name == name).values(at=now)).rowcount:
        connection.execute(insert(heartbeats).values(name=name, at=now))


def last(connection: Connection, name: str) -> datetime | None:
    """When it last worked; None if never."""
    return connection.execute(select(heartbeats.c.at).where(heartbeats.c.name == name)).scalar_one_or_none()


def forget_all(connection: Connection) -> None:
    """Deletes them: what worked on another copy of the database says nothing of this one."""
    connection.execute(delete(heartbeats))
