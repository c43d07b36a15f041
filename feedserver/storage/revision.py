"""The one row of what there is one of: the site's id, its birth, its secret, the revision that counts its changes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from feedserver.storage.schema import site


@dataclass(frozen=True, slots=True)
class Site:
    """`guid` is the root of the feeds' ids (urn:uuid:); `revision` grows with each change that readers can see.

    `archive_size` is how many posts stand in an archive of a feed; None where that was not agreed on yet.
    """

    guid: str
    revision: int
    created_at: datetime
    archive_size: int | None = None


def create(connection: Connection, now: datetime) -> None:
    """Makes the row where there is none."""
    if connection.execute(select(site.c.id)).first() is None:
        connection.execute(insert(site).values(id=1, guid=uuid4().urn, revision=1, created_at=now))


def load(connection: Connection) -> Site:
    """The row. `feedserver init` has made it."""
    row = connection.execute(select(site.c.guid, site.c.revision, site.c.created_at, site.c.archive_size)).one()
    return Site(row.guid, row.revision, row.created_at, row.archive_size)


def agree_on_archives(connection: Connection, size: int) -> None:
    """Keeps how many posts stand in an archive, once: an archive that is cut anew would not be one."""
    connection.execute(update(site).where(site.c.archive_size.is_(None)).values(archive_size=size))


def locked_revision(connection: Connection) -> int:
    """The revision, which stands until the transaction ends: who would change something waits."""
    revision: int = connection.execute(select(site.c.revision).with_for_update(read=True)).scalar_one()
    return revision


def change_author(connection: Connection, author: str) -> str | None:
    """Keeps who the site's author is; returns who it was before, None when that was not kept."""
    before: str | None = connection.execute(select(site.c.author)).scalar_one()
    if before != author:
        connection.execute(update(site).values(author=author))
    return before


def agree_on_secret(connection: Connection, proposed: str) -> str:
    """The secret that signs forms: the one that is kept, else `proposed`, which is kept from then on.

    It stands here and not only in a file, so that one machine takes the form that another one gave out.
    """
    connection.execute(update(site).where(site.c.secret.is_(None)).values(secret=proposed))
    return secret(connection)


def secret(connection: Connection) -> str:
    """The secret that was agreed on."""
    kept: str | None = connection.execute(select(site.c.secret)).scalar_one()
    assert kept, "`feedserver init` and `db upgrade` agree on one"
    return kept


def revise(connection: Connection) -> None:
    """Counts a change that readers can see.

    Called first in its transaction: the row's lock lets one change through at a time on PostgreSQL too, as
    SQLite does anyway, so that what a change looked up (a free slug, a unique date) still holds when it commits.
    """
    connection.execute(update(site).values(revision=site.c.revision + 1))
