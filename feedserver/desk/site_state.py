"""How the site is: its jobs, its last backup, what it stores, where it sends notices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import Connection, func, select

from feedserver.jobs import overview
from feedserver.jobs.overview import Overview
from feedserver.notices import channels
from feedserver.notices.gathering import address_of
from feedserver.notices.model import Channel
from feedserver.settings import Settings
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
class NoticeChannel:
    """Where notices go: since when they do not any more, None if they do, and when the last one was taken."""

    name: Channel
    ended_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class SiteState:
    """What the database tells of the site. `channels`: those that have an address."""

    jobs: Sequence[Overview]
    backed_up_at: datetime | None
    database: int  # bytes
    stored: Sequence[Stored]
    channels: Sequence[NoticeChannel]


def load(connection: Connection, settings: Settings, now: datetime) -> SiteState:
    """Reads how the site is."""
    stored = [*_numbers(connection), *_files(connection)]
    backed_up_at, size = revision.backed_up_at(connection), bytes_of(connection)
    return SiteState(overview.by_kind(connection, now), backed_up_at, size, stored, _channels(connection, settings))


def _channels(connection: Connection, settings: Settings) -> list[NoticeChannel]:
    addresses = {name: address_of(name, settings) for name in get_args(Channel)}
    found = {name: channels.state(connection, name, address) for name, address in addresses.items() if address}
    return [NoticeChannel(name, state.ended_at, state.sent_at) for name, state in found.items()]


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
