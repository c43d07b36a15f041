"""The SQL of pings that go out. Every function runs in the transaction of the caller's connection."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, String, and_, cast, delete, func, insert, select, update

from feedserver.sending.model import OutgoingPing, State
from feedserver.storage.batches import batches
from feedserver.storage.schema import jobs, outgoing_pings, posts, told_posts

SEND = "send"  # the kind of the job that tells one page; its subject is the ping's id
TELL = "tell"  # the kind of the job that works out whom to tell of a post; its subject is the post's id


@dataclass(frozen=True, slots=True)
class ListedPing:
    """A ping with the present slug of its post, and when it is tried next, None if nothing is to come.

    `detail` is what came of the last try, or what the first one waits for.
    """

    ping: OutgoingPing
    slug: str
    next_try_at: datetime | None
    detail: str | None


def ids_of_post(connection: Connection, post_id: int) -> Sequence[int]:
    query = select(outgoing_pings.c.id).where(outgoing_pings.c.post_id == post_id)
    return connection.execute(query.order_by(outgoing_pings.c.id)).scalars().all()


def of_post(connection: Connection, post_id: int) -> list[OutgoingPing]:
    """The pings of a post, locked until the transaction ends."""
    query = select(outgoing_pings).where(outgoing_pings.c.post_id == post_id).order_by(outgoing_pings.c.id)
    return [_ping(row) for row in connection.execute(query.with_for_update())]


def by_id(connection: Connection, ping_id: int) -> OutgoingPing | None:
    """The ping, locked until the transaction ends."""
    row = connection.execute(select(outgoing_pings).where(outgoing_pings.c.id == ping_id).with_for_update()).first()
    return _ping(row) if row else None


def add(connection: Connection, values: dict[str, Any]) -> int:
    """Writes a new ping; returns its id."""
    ping_id: int = connection.execute(insert(outgoing_pings).values(values).returning(outgoing_pings.c.id)).scalar_one()
    return ping_id


def change(connection: Connection, ping_id: int, **values: Any) -> None:
    connection.execute(update(outgoing_pings).where(outgoing_pings.c.id == ping_id).values(values))


def write(connection: Connection, ping: OutgoingPing) -> None:
    """Stores all of a ping."""
    change(connection, ping.id, **asdict(ping))


def remove(connection: Connection, ping_ids: Sequence[int]) -> None:
    for some in batches(ping_ids):
        connection.execute(delete(outgoing_pings).where(outgoing_pings.c.id.in_(some)))


def slug(connection: Connection, ping: OutgoingPing) -> str:
    """The present slug of a ping's post."""
    found: str = connection.execute(select(posts.c.slug).where(posts.c.id == ping.post_id)).scalar_one()
    return found


def is_erased(connection: Connection, ping: OutgoingPing) -> bool:
    """Whether a ping's post is erased (`posts.model.Post.is_erased`)."""
    query = select(posts.c.id).where(posts.c.id == ping.post_id, posts.c.state == "deleted", posts.c.source == "")
    return connection.execute(query).first() is not None


# --- the posts whose pages are told ---


def links_before(connection: Connection, post_id: int) -> Collection[str] | None:
    """The pages that a post linked to before there was sending; None if nobody was to be told of the post yet."""
    row = connection.execute(select(told_posts.c.links_before).where(told_posts.c.post_id == post_id)).first()
    return row.links_before if row else None


def note_posts(connection: Connection, links: Mapping[int, Collection[str]]) -> None:
    """Notes posts of which others are told from now on, by their ids, with the pages that each linked to before."""
    rows = [{"post_id": post_id, "links_before": tuple(pages)} for post_id, pages in links.items()]
    connection.execute(insert(told_posts), rows)


def set_links_before(connection: Connection, post_id: int, links: Collection[str]) -> None:
    values = {"links_before": tuple(links)}
    connection.execute(update(told_posts).where(told_posts.c.post_id == post_id).values(values))


def forget_post(connection: Connection, post_id: int) -> None:
    connection.execute(delete(told_posts).where(told_posts.c.post_id == post_id))


# --- listing ---


def count(connection: Connection, *, post_id: int | None = None, state: State | None = None) -> int:
    """How many pings there are, of one post or in one state if so asked for."""
    query = select(func.count()).select_from(outgoing_pings).where(*_chosen(post_id, state))
    return connection.execute(query).scalar_one()


def listed(
    connection: Connection, *, post_id: int | None = None, state: State | None = None, most: int | None = None
) -> Iterator[ListedPing]:
    """The same pings, by when they were told or made, newest first; at most so many."""
    of_post, waits = jobs.alias(), outgoing_pings.c.state == "waiting"
    its_job = and_(jobs.c.kind == SEND, jobs.c.subject == cast(outgoing_pings.c.id, String))
    job_of_post = and_(waits, of_post.c.kind == TELL, of_post.c.subject == cast(outgoing_pings.c.post_id, String))
    columns: list[ColumnElement[Any]] = [
        *(*outgoing_pings.c, posts.c.slug),
        func.coalesce(jobs.c.run_at, of_post.c.run_at).label("run_at"),
        func.coalesce(outgoing_pings.c.detail, jobs.c.last_error, of_post.c.last_error).label("why"),
    ]
    query = (
        select(*columns)
        .join(posts, posts.c.id == outgoing_pings.c.post_id)
        .outerjoin(jobs, its_job)
        .outerjoin(of_post, job_of_post)
        .order_by(
            func.coalesce(outgoing_pings.c.told_at, outgoing_pings.c.created_at).desc(), outgoing_pings.c.id.desc()
        )
    )
    for row in connection.execute(query.where(*_chosen(post_id, state)).limit(most)):
        yield ListedPing(_ping(row), row.slug, row.run_at, row.why)


def _chosen(post_id: int | None, state: State | None) -> list[ColumnElement[bool]]:
    columns = ((outgoing_pings.c.post_id, post_id), (outgoing_pings.c.state, state))
    return [column == value for column, value in columns if value is not None]


def _ping(row: Row[Any]) -> OutgoingPing:
    return OutgoingPing(**{column.name: row._mapping[column] for column in outgoing_pings.c})  # noqa: SLF001 - documented
