"""The SQL of the archive: which years have posts, and the posts that readers see, by date or by position."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, func, select

from feedserver.posts import links
from feedserver.posts.model import EVERYTHING, Listing, PostLink
from feedserver.storage.schema import listed, posts

_FIRST = datetime.min.replace(tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Year:
    """A calendar year in the site's time zone: from `start` to before `end` (UTC), with `count` posts."""

    number: int
    start: datetime
    end: datetime
    count: int


def years(connection: Connection, now: datetime, zone: ZoneInfo) -> list[Year]:
    """The years in which readers see posts, the newest first. Two steps in an index, and a count, for each of them."""
    found: list[Year] = []
    end = now + _TICK
    while (newest := _newest_before(connection, end)) is not None:
        number = newest.astimezone(zone).year
        start = _start_of(number, zone)
        found.append(Year(number, start, end, _count(connection, start, end)))
        end = start
    return found


def posts_between(connection: Connection, start: datetime, end: datetime, limit: int, offset: int) -> list[PostLink]:
    """The posts from `start` to before `end`, the newest first. `end` must not be later than a moment after now."""
    query = select(*links.COLUMNS).join(listed, listed.c.post_id == posts.c.id).where(_between(start, end))
    query = query.order_by(listed.c.published_at.desc(), listed.c.post_id.desc()).limit(limit).offset(offset)
    return [links.link(row) for row in connection.execute(query)]


def changes_at_positions(
    connection: Connection, now: datetime, listing: Listing, first: int, number: int
) -> list[tuple[str, datetime]]:
    """Slug and last change of the visible posts at `number` positions of a list from `first` on."""
    query = select(posts.c.slug, posts.c.updated_at).join(listed, listed.c.post_id == posts.c.id)
    query = query.where(_at_positions(now, listing, first, number)).order_by(listed.c.position)
    return [(slug, updated_at) for slug, updated_at in connection.execute(query)]


def has_any_at(connection: Connection, now: datetime, first: int, number: int) -> bool:
    """Whether readers see a post at one of these positions."""
    query = select(listed.c.post_id).where(_at_positions(now, EVERYTHING, first, number)).limit(1)
    return connection.execute(query).first() is not None


def _newest_before(connection: Connection, end: datetime) -> datetime | None:
    query = select(func.max(listed.c.published_at)).where(_between(_FIRST, end))
    newest: datetime | None = connection.execute(query).scalar_one()
    return newest


def _count(connection: Connection, start: datetime, end: datetime) -> int:
    query = select(func.count()).select_from(listed).where(_between(start, end))
    return int(connection.execute(query).scalar_one())


def _between(start: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(listed.c.list == EVERYTHING.key, listed.c.published_at >= start, listed.c.published_at < end)


def _at_positions(now: datetime, listing: Listing, first: int, number: int) -> ColumnElement[bool]:
    position = listed.c.position
    return and_(
        *(listed.c.list == listing.key, listed.c.published_at <= now),
        *(position >= first, position < first + number),
    )


def _start_of(year: int, zone: ZoneInfo) -> datetime:
    return datetime(year, 1, 1, tzinfo=zone).astimezone(UTC)
