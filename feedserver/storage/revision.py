"""The one row of the table `site`: id, creation time, author, secret, address, revision, mark of a restored copy."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from feedserver.clock import rfc3339
from feedserver.storage.schema import site

COPY_PAUSE: Final = timedelta(minutes=1)  # of jobs that tell others, until they ask again whether this is the real site
WAITS_AS_COPY: Final = "the site was restored from a backup; `feedserver resume` ends the wait"
_LARGEST_STEP: Final = 2**31  # four thousand million such steps fit into the column

_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Site:
    """`guid` is the root of the feeds' ids (urn:uuid:); `revision` grows with each change that readers can see.

    `archive_size` is the number of posts in an archive of a feed; None until `agree_on_archives` has stored it.
    """

    guid: str
    revision: int
    created_at: datetime
    archive_size: int | None = None


def create(connection: Connection, now: datetime) -> None:
    """Inserts the row if there is none."""
    if connection.execute(select(site.c.id)).first() is None:
        values = {"guid": uuid4().urn, "revision": _step(), "created_at": now, "kept_key": secrets.token_urlsafe(32)}
        connection.execute(insert(site).values(id=1, **values))


def load(connection: Connection) -> Site:
    """The row, which `feedserver init` has inserted."""
    row = connection.execute(select(site.c.guid, site.c.revision, site.c.created_at, site.c.archive_size)).one()
    return Site(row.guid, row.revision, row.created_at, row.archive_size)


def agree_on_archives(connection: Connection, size: int) -> None:
    """Stores the number of posts in an archive, once: it must not change."""
    connection.execute(update(site).where(site.c.archive_size.is_(None)).values(archive_size=size))


def lock(connection: Connection) -> None:
    """Makes all others that call this, and changes of the site, wait until the transaction ends."""
    connection.execute(select(site.c.id).with_for_update())


def change_author(connection: Connection, author: str) -> str | None:
    """Stores the site's author; returns the one that was stored before, or None."""
    before: str | None = connection.execute(select(site.c.author)).scalar_one()
    if before != author:
        connection.execute(update(site).values(author=author))
    return before


def agree_on_secret(connection: Connection, proposed: str) -> str:
    """The secret that signs forms: the stored one, else `proposed`, which is stored.

    It is in the database too, so that machines accept forms that another one has signed.
    """
    connection.execute(update(site).where(site.c.secret.is_(None)).values(secret=proposed))
    return secret(connection)


def secret(connection: Connection) -> str:
    """The stored secret."""
    stored: str | None = connection.execute(select(site.c.secret)).scalar_one()
    assert stored, "`feedserver init` and `db upgrade` store one"
    return stored


def kept_key(connection: Connection) -> str:
    """The key of what is kept and exported: hashes of what was removed, checks of receipts.

    A site that is older than it has the secret in its place.
    """
    own: str | None = connection.execute(select(site.c.kept_key)).scalar_one()
    return own or secret(connection)


def moderation_salt(connection: Connection) -> str:
    """What renews the private feed's address; "" until it was renewed."""
    return connection.execute(select(site.c.moderation_salt)).scalar_one() or ""


def renew_moderation_salt(connection: Connection) -> None:
    connection.execute(update(site).values(moderation_salt=secrets.token_urlsafe(_SALT_BYTES)))


def noted_url(connection: Connection) -> str | None:
    """The address of the site as the last server noted it; None if none has."""
    noted: str | None = connection.execute(select(site.c.url)).scalar()
    return noted


def note_url(connection: Connection, url: str) -> None:
    """Stores the address of the site."""
    connection.execute(update(site).values(url=url))


def revise(connection: Connection) -> None:
    """Raises the revision, for a change that readers can see.

    By a random step: after a backup was put back, no later change gets a number under which a process still keeps
    pages and feeds of changes that the backup does not have. The same goes for another site's database.

    Call it first in the transaction: the row's lock serializes changes on PostgreSQL too, so that what a change has
    checked (a free slug, a unique date) still holds when it commits.
    """
    connection.execute(update(site).values(revision=site.c.revision + _step()))


def _step() -> int:
    return secrets.randbelow(_LARGEST_STEP) + 1


def note_backup(connection: Connection, now: datetime) -> None:
    """Stores that the site was backed up."""
    connection.execute(update(site).values(backed_up_at=now))


def backed_up_at(connection: Connection) -> datetime | None:
    """When the site was last backed up; None if never."""
    found: datetime | None = connection.execute(select(site.c.backed_up_at)).scalar()
    return found


def mark_restored(connection: Connection, now: datetime) -> None:
    """Marks the site as a copy from a backup, beside which the real one may live."""
    connection.execute(update(site).values(restored_at=now))


def restored_at(connection: Connection) -> datetime | None:
    """When the site was restored, until `resume`; whatever tells others of it must not while this is a time."""
    restored: datetime | None = connection.execute(select(site.c.restored_at)).scalar_one()
    return restored


def is_restored(connection: Connection) -> bool:
    return restored_at(connection) is not None


def reminder(restored_at: datetime) -> str:
    """What the operator of a restored site is told until `resume`."""
    return (
        f"restored from a backup on {rfc3339(restored_at)}; it sends nothing to others until `feedserver resume` says "
        "that it is the real site"
    )


def resume(connection: Connection) -> bool:
    """Ends the mark of a restored site. Returns whether there was one."""
    return connection.execute(update(site).where(site.c.restored_at.is_not(None)).values(restored_at=None)).rowcount > 0
