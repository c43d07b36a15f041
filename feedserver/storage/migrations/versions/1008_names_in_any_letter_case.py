"""Tags and authors that differ only in letter case or Unicode form become one, spelled as on the first post.

Their lists are joined: that of the first spelling keeps its positions, and so its archives; the posts of the others
follow in the order in which readers first saw them.
"""

import unicodedata
from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "1008"
down_revision = "1007"
branch_labels = None
depends_on = None

_NAMES = {"tag": "post_tags", "author": "post_authors"}
_LISTED = sa.table(
    "listed",
    sa.column("list", sa.Text()),
    sa.column("post_id", sa.BigInteger()),
    sa.column("published_at", sa.DateTime(timezone=True)),
    sa.column("position", sa.Integer()),
)


def upgrade() -> None:
    for kind, table in _NAMES.items():
        spellings = _first_spellings(kind, table)
        _spell(table, spellings)
        _join_lists(kind, spellings)


def _first_spellings(kind: str, table: str) -> dict[str, str]:
    """The name to be shown, by what names have in common; the site's author is spelled as in its settings."""
    spellings: dict[str, str] = {}
    rows = sa.text(f"SELECT name, MIN(post_id * 1000 + position) AS place FROM {table} GROUP BY name ORDER BY place")  # noqa: S608
    for name, _ in op.get_bind().execute(rows):
        spellings.setdefault(_folded(name), name)
    author = op.get_bind().execute(sa.text("SELECT author FROM site")).scalar() if kind == "author" else None
    return spellings | ({_folded(author): author} if author else {})


def _spell(name_of_table: str, spellings: dict[str, str]) -> None:
    op.add_column(name_of_table, sa.Column("folded", sa.Text(), nullable=True))
    table = sa.table(name_of_table, sa.column("post_id"), sa.column("position"), sa.column("name"), sa.column("folded"))
    op.create_index("ix_spelling", name_of_table, ["name"])  # else each update below reads the whole table
    connection = op.get_bind()
    for (name,) in connection.execute(sa.select(table.c.name).distinct()).all():
        values = {"folded": _folded(name), "name": spellings[_folded(name)]}
        connection.execute(sa.update(table).where(table.c.name == name).values(values))
    op.drop_index("ix_spelling", name_of_table)
    with op.batch_alter_table(name_of_table) as batch:
        batch.alter_column("folded", existing_type=sa.Text(), nullable=False)
    op.create_index(op.f(f"ix_{name_of_table}_folded"), name_of_table, ["folded"])
    earlier = table.alias()
    repeated = sa.exists().where(
        earlier.c.post_id == table.c.post_id,
        earlier.c.folded == table.c.folded,
        earlier.c.position < table.c.position,
    )
    connection.execute(sa.delete(table).where(repeated))


def _join_lists(kind: str, spellings: dict[str, str]) -> None:
    keys = op.get_bind().execute(sa.select(_LISTED.c.list).distinct().order_by(_LISTED.c.list)).scalars()
    groups: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if key.startswith(f"{kind}/"):
            groups[_folded(key.removeprefix(f"{kind}/"))].append(key)
    for folded, found in groups.items():
        shown = f"{kind}/{spellings.get(folded)}"
        first = shown if shown in found else found[0]
        joined = f"joined {kind}/{folded}"  # one of the others may have the final key
        _rename(first, joined)
        if len(found) > 1:
            _append(joined, [key for key in found if key != first])
        _rename(joined, f"{kind}/{folded}")


def _append(joined: str, others: list[str]) -> None:
    connection = op.get_bind()
    site, present = _LISTED.alias(), set(_posts_in(joined))
    rows = connection.execute(
        sa.select(_LISTED)
        .outerjoin(site, sa.and_(site.c.list == "site", site.c.post_id == _LISTED.c.post_id))
        .where(_LISTED.c.list.in_(others))
        .order_by(site.c.position, _LISTED.c.post_id)
    ).all()
    highest = sa.select(sa.func.max(_LISTED.c.position)).where(_LISTED.c.list == joined)
    position = connection.execute(highest).scalar() or 0
    connection.execute(sa.delete(_LISTED).where(_LISTED.c.list.in_(others)))
    for row in rows:
        if row.post_id in present:
            _show(joined, row)
            continue
        present.add(row.post_id)
        position += row.position is not None
        values = {**row._asdict(), "list": joined, "position": None if row.position is None else position}
        connection.execute(sa.insert(_LISTED).values(values))


def _show(joined: str, row: Any) -> None:
    """A post that is in two of the lists is in the joined one if it has not left both."""
    same = _LISTED.c.list == joined, _LISTED.c.post_id == row.post_id
    if row.published_at is not None:
        op.get_bind().execute(sa.update(_LISTED).where(*same).values(published_at=row.published_at))


def _posts_in(key: str) -> list[int]:
    return list(op.get_bind().execute(sa.select(_LISTED.c.post_id).where(_LISTED.c.list == key)).scalars())


def _rename(old: str, new: str) -> None:
    op.get_bind().execute(sa.update(_LISTED).where(_LISTED.c.list == old).values(list=new))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
