"""How the site is: its jobs, its last backup, what it stores."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from feedserver.jobs import overview
from feedserver.jobs.overview import Overview
from feedserver.storage import revision
from feedserver.storage.schema import media, media_copies, posts, thoughts
from feedserver.storage.size import bytes_of


@dataclass(frozen=True, slots=True)
class Stored:
    """How much there is of one kind: a number, and bytes where they can be told."""

    kind: str
    number: int
    size: int | None = None


@dataclass(frozen=True, slots=True)
class SiteState:
    """What the database tells of the site."""

    jobs: Sequence[Overview]
    backed_up_at: datetime | None
    database: int  # bytes
    stored: Sequence[Stored]


def load(connection: Connection, now: datetime) -> SiteState:
    """Reads how the site is."""
    stored = [*_numbers(connection), *_files(connection)]
    return SiteState(overview.by_kind(connection, now), revision.backed_up_at(connection), bytes_of(connection), stored)


def _numbers(connection: Connection) -> list[Stored]:
    return [
        Stored(name, connection.execute(select(func.count()).select_from(table)).scalar_one())
        for name, table in (("posts and pages", posts), ("thoughts", thoughts))
    ]


def _files(connection: Connection) -> list[Stored]:
    """Files by the first part of their type, and the smaller copies of pictures."""
    query = select(media.c.type, func.count(), func.sum(media.c.size)).group_by(media.c.type)
    found: dict[str, Stored] = {}
    for type_, number, size in connection.execute(query.order_by(media.c.type)):
        kind = {"image": "pictures", "audio": "audio", "video": "films"}.get(type_.partition("/")[0], "other files")
        before = found.get(kind, Stored(kind, 0, 0))
        found[kind] = Stored(kind, before.number + number, (before.size or 0) + int(size))
    number, size = connection.execute(select(func.count(), func.sum(media_copies.c.size))).one()
    return [*found.values(), *([Stored("smaller pictures", number, int(size))] if number else [])]
