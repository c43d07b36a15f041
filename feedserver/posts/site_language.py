"""Posts whose documents name no language are in that of the site, `site.language`, also after it has changed.

The site's row notes it once all of them are, so that an ordinary start reads no documents. A process with another
`site.language`, because it started earlier or reads other settings, takes the note back with each such post that it
saves: the next start looks again.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection, Row, bindparam, select, update

from feedserver.posts.document import names_language
from feedserver.storage import word_index
from feedserver.storage.engine import Database
from feedserver.storage.schema import posts, site

_AT_A_TIME: Final = 100  # posts in one transaction
_SEVERAL: Final = ""  # the note where posts that name no language may be in more than one
_Row = Row[tuple[int, str]]

# Of a document that was read, and nothing that was saved meanwhile. Its body is rendered anew by `rerendering`.
_SAME: Final = (posts.c.id == bindparam("of"), posts.c.source == bindparam("read"))
_GIVE: Final = update(posts).where(*_SAME).values(lang=bindparam("new"), rendering=0)


def follow(database: Database, language: str, revise: Callable[[Connection], None]) -> int:
    """Gives posts that name no language that of the site, and has them rendered anew; returns their number.

    It can be interrupted and repeated, and a post that is edited meanwhile is left alone. `revise` counts a revision.
    """
    with database.read() as connection:
        if connection.execute(select(site.c.language)).scalar_one() == language:
            return 0
    under_way = f"{language} is under way"  # no process has this language: each that saves a post takes it back
    database.transact(lambda connection: _note(connection, under_way))
    done, last = 0, 0
    while rows := _in_others(database, language, last):
        last = rows[-1].id
        if unnamed := [row for row in rows if not names_language(row.source)]:
            done += database.transact(partial(_give, unnamed, language, revise))
    database.transact(lambda connection: _note(connection, language, only_from=under_way))
    return done


def take_note_back(connection: Connection, language: str) -> None:
    """Has the next start look at all posts if one that names no language is saved in another one, `language`, than is
    noted."""
    connection.execute(update(site).where(site.c.language != language).values(language=_SEVERAL))


def _in_others(database: Database, language: str, after: int) -> list[_Row]:
    query = select(posts.c.id, posts.c.source).where(posts.c.lang != language, posts.c.id > after)
    with database.read() as connection:
        return list(connection.execute(query.order_by(posts.c.id).limit(_AT_A_TIME)))


def _give(rows: Sequence[_Row], language: str, revise: Callable[[Connection], None], connection: Connection) -> int:
    revise(connection)
    given = [
        row.id
        for row in rows
        if connection.execute(_GIVE, {"of": row.id, "read": row.source, "new": language}).rowcount
    ]
    word_index.outdate(connection, given)  # quotation marks stand in the texts of search too
    return len(given)


def _note(connection: Connection, language: str, only_from: str | None = None) -> None:
    note = update(site).values(language=language)
    connection.execute(note if only_from is None else note.where(site.c.language == only_from))
