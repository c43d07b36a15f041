"""Renders anew what an older program has rendered, or in another language: at a start, a hundred posts at a time.

Fields that an older program did not know are read from the document. Ids, addresses and dates stay. It can be
interrupted and repeated, and a post that is edited meanwhile is left alone.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from feedserver.errors import InvalidDocument
from feedserver.media import store as media
from feedserver.media.model import Media
from feedserver.posts import embedding, recording, references
from feedserver.posts.document import body_of, format_of, photos_of, references_of
from feedserver.posts.model import RENDERING, Rendered
from feedserver.posts.rendering import Showing, render, with_references
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.storage.schema import posts
from feedserver.urls import Urls

logger = logging.getLogger(__name__)
_AT_A_TIME: Final = 100  # posts in one transaction
_Row = Row[tuple[int, str, str, str, bool]]
_Anew = tuple[Rendered, dict[str, Any]]  # the body, and columns of fields


def rerender(database: Database, urls: Urls, revise: Callable[[Connection], None] = revision.revise) -> int:
    """Renders all posts whose HTML is of an older version. Returns their number. `revise` counts a revision.

    A post that is too complex by today's rules keeps its HTML, and is logged.
    """
    done, last = 0, 0
    while rows := _outdated(database, last):
        last = rows[-1].id
        rendered = {row: found for row in rows if (found := _rendered(database, urls, row))}
        done += database.transact(partial(_write, rendered, revise))
    return done


def _outdated(database: Database, after: int) -> list[_Row]:
    columns = select(posts.c.id, posts.c.slug, posts.c.source, posts.c.lang, posts.c.page)
    query = columns.where(posts.c.rendering < RENDERING, posts.c.id > after)
    with database.read() as connection:
        return list(connection.execute(query.order_by(posts.c.id).limit(_AT_A_TIME)))


def _rendered(database: Database, urls: Urls, row: _Row) -> _Anew | None:
    with database.read() as connection:
        files = media.of_post(connection, row.id)
    try:
        return rendered(database, urls, row.source, row.lang, files, page=row.page), _references(row.source)
    except InvalidDocument as error:
        logger.warning("the post %s keeps its old HTML: %s", ascii(row.slug), error)
        return None


def rendered(
    database: Database, urls: Urls, source: str, lang: str, files: Mapping[str, Media], *, page: bool
) -> Rendered:
    """The body of a document that was published, with the files beside it. Raises InvalidDocument."""
    fields = _references(source)
    about = references.lines(*(fields.get(name, ()) for name in references.FIELDS))
    showing = Showing(embedding.meanings(database, urls, files), embedding.root(page=page))
    return with_references(render(body_of(source), lang, format_of(source), showing, photos_of(source)), about)


def _references(source: str) -> dict[str, Any]:
    """The fields of the document as columns; none if one of them was no field when it was published, and cannot be."""
    try:
        return references_of(source)
    except InvalidDocument:
        return {}


def _write(rendered: dict[_Row, _Anew], revise: Callable[[Connection], None], connection: Connection) -> int:
    revise(connection)
    written = 0
    for row, (found, fields) in rendered.items():
        still = select(posts.c.id).where(posts.c.id == row.id, posts.c.rendering < RENDERING)
        if connection.execute(still).first() is not None:
            recording.write_rendered(connection, row.id, found, fields)
            written += 1
    return written
