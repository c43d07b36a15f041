"""Categories as apps know them: tags with numbers, which they keep for good.

A tag gets its number when apps are first told of it. One that an app has made, and that no post has yet, is listed for
a day.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select

from feedserver.storage.batches import rows_among
from feedserver.storage.schema import app_categories, post_tags, posts
from feedserver.text import caseless

_LISTED_UNUSED: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Category:
    """A tag: its number, its name as it is shown, and how many posts have it, drafts too."""

    id: int
    name: str
    posts: int


def listed(connection: Connection, now: datetime) -> list[Category]:
    """All tags, by name; those without a number get one, so that this writes."""
    used = {row.folded: (row.name, row.number) for row in connection.execute(_USED)}
    known = {row.folded: row for row in connection.execute(select(app_categories))}
    for folded, (name, _) in used.items():
        if folded not in known:
            known[folded] = _add(connection, name, folded, now)
    recent = (row for row in known.values() if row.folded in used or row.created_at > now - _LISTED_UNUSED)
    found = [Category(row.id, *used.get(row.folded, (row.name, 0))) for row in recent]
    return sorted(found, key=lambda one: caseless(one.name))


def added(connection: Connection, name: str, now: datetime) -> int:
    """The number of the tag with this name, which no post need have."""
    query = select(app_categories.c.id).where(app_categories.c.folded == caseless(name))
    known: int | None = connection.execute(query).scalar()
    return _add(connection, name, caseless(name), now).id if known is None else known


def names_of(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """The names of tags by their numbers; numbers that no tag has are left out."""
    possible = {one for one in ids if 0 < one < 2**63}
    rows = rows_among(connection, select(app_categories.c.id, app_categories.c.name), app_categories.c.id, possible)
    return {row.id: row.name for row in rows}


def meant(connection: Connection, said: Sequence[str]) -> tuple[str, ...]:
    """The names of tags that are said in a line: by their numbers, or by name."""
    numbers = {one: int(one) for one in said if one.isascii() and one.isdecimal() and len(one) < 19}
    names = names_of(connection, numbers.values())
    return tuple(names.get(numbers.get(one, 0), one) for one in said)


def in_a_line(connection: Connection, tags: Sequence[str], now: datetime) -> list[str]:
    """The tags for a line with commas, which `meant` reads: by number where the name would mean something else."""
    return [str(added(connection, tag, now)) if "," in tag or tag.isdecimal() else tag for tag in tags]


def _add(connection: Connection, name: str, folded: str, now: datetime) -> Row[Any]:
    values = {"name": name, "folded": folded, "created_at": now}
    return connection.execute(insert(app_categories).values(values).returning(*app_categories.c)).one()


_USED: Final = (
    select(post_tags.c.folded, func.min(post_tags.c.name).label("name"), func.count().label("number"))
    .join(posts, posts.c.id == post_tags.c.post_id)
    .where(posts.c.state != "deleted")
    .group_by(post_tags.c.folded)
)
