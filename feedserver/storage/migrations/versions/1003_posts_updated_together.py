"""Several posts may have been updated in the same second, and long ago: their times are no longer moved."""

import sqlalchemy as sa
from alembic import op

revision = "1003"
down_revision = "1002"
branch_labels = None
depends_on = None

_NAME = "uq_posts_updated_at"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _upgrade_sqlite()
    else:
        op.drop_constraint(_NAME, "posts", type_="unique")
        op.execute("UPDATE posts SET updated_at = date_trunc('second', updated_at)")
    # A time before 1990 was replaced by that of publication.
    op.execute(
        "UPDATE posts SET updated_at = published_at WHERE published_at < '1990-01-01' AND updated_at = created_at"
    )


def _upgrade_sqlite() -> None:
    """Makes the table anew, as SQLite cannot drop a constraint.

    It must be empty meanwhile: dropping it deletes its rows, to which other tables refer. That they refer to rows again
    is checked at the end of the transaction.
    """
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TABLE posts_meanwhile AS SELECT * FROM posts")
    op.execute("DELETE FROM posts")
    with op.batch_alter_table("posts", recreate="always") as posts:
        posts.drop_constraint(_NAME, type_="unique")
    columns = ", ".join(column["name"] for column in sa.inspect(op.get_bind()).get_columns("posts"))
    op.execute(f"INSERT INTO posts ({columns}) SELECT {columns} FROM posts_meanwhile")  # noqa: S608 - names of ours
    op.execute("DROP TABLE posts_meanwhile")
    op.execute("UPDATE posts SET updated_at = substr(updated_at, 1, 19) || '.000000'")
