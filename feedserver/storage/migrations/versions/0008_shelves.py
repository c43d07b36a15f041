"""Lists counted in shelves, and a list of the thoughts that readers see: their last page costs what the first does."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SHELF = 1000

_moment = sa.DateTime(timezone=True)
_lists = sa.table("lists", sa.column("list"), sa.column("since", _moment), sa.column("members"))
_listed = sa.table("listed", sa.column("list"), sa.column("published_at", _moment))
_posts = sa.table("posts", sa.column("id"), sa.column("state"))
_thoughts = sa.table(
    "thoughts",
    *map(sa.column, ("id", "post_id", "state")),
    sa.column("received_at", _moment),
    sa.column("listed_at", _moment),
)


def upgrade() -> None:
    op.add_column("thoughts", sa.Column("listed_at", _moment, nullable=True))
    op.drop_table("lists")
    op.create_table(
        "lists",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("since", _moment, nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list", "since", name=op.f("pk_lists")),
    )
    _fill(op.get_bind())
    op.create_index(op.f("ix_thoughts_listed_at_id"), "thoughts", ["listed_at", "id"], unique=False)


def _fill(connection: sa.Connection) -> None:
    published = sa.select(_posts.c.id).where(_posts.c.id == _thoughts.c.post_id, _posts.c.state == "published").exists()
    shown = sa.update(_thoughts).where(_thoughts.c.state == "shown", published)
    connection.execute(shown.values(listed_at=_thoughts.c.received_at))
    standing = sa.select(_listed.c.list, _listed.c.published_at.label("at")).where(_listed.c.published_at.is_not(None))
    heard = sa.select(sa.literal("thoughts").label("list"), _thoughts.c.listed_at.label("at"))
    for members in (standing, heard.where(_thoughts.c.listed_at.is_not(None))):
        _count(connection, members.subquery())


def _count(connection: sa.Connection, members: sa.Subquery) -> None:
    rank = sa.func.rank().over(partition_by=members.c.list, order_by=members.c.at)
    ranked = sa.select(members, ((rank - 1) // _SHELF).label("shelf")).subquery()
    shelves = sa.select(ranked.c.list, sa.func.min(ranked.c.at), sa.func.count())
    shelves = shelves.group_by(ranked.c.list, ranked.c.shelf)
    connection.execute(sa.insert(_lists).from_select(["list", "since", "members"], shelves))
