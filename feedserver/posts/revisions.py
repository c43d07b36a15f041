"""The SQL of revisions: each text that was saved of a post, the present one too.

All of it runs in the transaction of the caller's connection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, func, insert, literal, select, update

from feedserver.posts.model import CLI, DraftText, Post, Revision, Via, Writer
from feedserver.storage.schema import posts, revisions


@dataclass(frozen=True, slots=True)
class RevisionLine:
    """What a list tells of a revision: no text, which may have a megabyte."""

    number: int
    at: datetime
    by: str | None
    via: Via
    title: str


_OF_POST = revisions.c.post_id == posts.c.id
_LINE = [revisions.c[name] for name in ("number", "at", "by", "via", "title")]


def history(connection: Connection, post_id: int) -> list[RevisionLine]:
    """The revisions of a post, newest first; none if it was erased."""
    query = select(*_LINE).where(revisions.c.post_id == post_id).order_by(revisions.c.number.desc())
    return [RevisionLine(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - documented


def find(connection: Connection, post_id: int, number: int) -> Revision | None:
    query = select(*_LINE, revisions.c.source).where(revisions.c.post_id == post_id, revisions.c.number == number)
    row = connection.execute(query).first()
    return None if row is None else Revision(**row._mapping)  # noqa: SLF001 - documented


def add_first(
    connection: Connection, post_ids: Sequence[int], documents: Sequence[DraftText], writer: Writer, now: datetime
) -> None:
    """Writes the first revisions of new posts."""
    pairs = zip(post_ids, documents, strict=True)
    rows = [_row(post_id, 1, document.title, document.source, writer, now) for post_id, document in pairs]
    connection.execute(insert(revisions), rows)


def add(connection: Connection, post: Post, document: DraftText, writer: Writer, now: datetime) -> int:
    """Writes the next revision of a post, `document`, over `post` as it was before; returns its number.

    A text that a program without revisions has saved beside this one becomes a revision of its own first.
    """
    number = post.revision
    if not _is_newest(connection, post):
        number = _next(connection, post)
        before = _row(post.id, number, post.title, post.source, CLI, post.updated_at)
        connection.execute(insert(revisions), before)
    connection.execute(insert(revisions), _row(post.id, number + 1, document.title, document.source, writer, now))
    connection.execute(update(posts).where(posts.c.id == post.id).values(revision=number + 1))
    return number + 1


def complete(connection: Connection) -> None:
    """Gives all posts the numbers of their newest revisions, and a first one where an export had none."""
    said = (posts.c.updated_at, literal("import"), posts.c.title, posts.c.source)
    lacking = select(posts.c.id, literal(1), *said).where(posts.c.source != "", ~exists().where(_OF_POST))
    connection.execute(insert(revisions).from_select(["post_id", "number", "at", "via", "title", "source"], lacking))
    newest = select(func.max(revisions.c.number)).where(_OF_POST).scalar_subquery()
    connection.execute(update(posts).values(revision=func.coalesce(newest, 1)))


def _is_newest(connection: Connection, post: Post) -> bool:
    """Whether the text of a post is that of its newest revision."""
    query = select(revisions.c.source).where(revisions.c.post_id == post.id, revisions.c.number == post.revision)
    return connection.execute(query).scalar() == post.source


def _next(connection: Connection, post: Post) -> int:
    """The number of the next revision of a post; one that an older program has added has none yet."""
    query = select(func.max(revisions.c.number)).where(revisions.c.post_id == post.id)
    return (connection.execute(query).scalar() or 0) + 1


def _row(post_id: int, number: int, title: str, source: str, writer: Writer, at: datetime) -> dict[str, object]:
    said = {"at": at, "by": writer.account, "via": writer.via}
    return {"post_id": post_id, "number": number, "title": title, "source": source} | said
