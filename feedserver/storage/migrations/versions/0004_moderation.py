"""Acts that can be taken back, looks again on a slow schedule, and words that are known again."""

import hashlib
import random
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.add_column("sources", sa.Column("read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("thoughts", sa.Column("fingerprint", sa.Text(), nullable=True))
    op.add_column("thoughts", sa.Column("new_words_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_thoughts_fingerprint"), "thoughts", ["fingerprint"], unique=False)
    op.create_table(
        "acts",
        sa.Column("id", _BigId, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
    )
    op.create_table(
        "acts_before",
        sa.Column("act_id", _BigId, nullable=False),
        sa.Column("thought_id", _BigId, nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["acts.id"], name=op.f("fk_acts_before_act_id")),
        sa.ForeignKeyConstraint(["thought_id"], ["thoughts.id"], name=op.f("fk_acts_before_thought_id")),
        sa.PrimaryKeyConstraint("act_id", "thought_id", name=op.f("pk_acts_before")),
    )
    op.create_index(op.f("ix_acts_before_thought_id"), "acts_before", ["thought_id"], unique=False)
    _fill()


def downgrade() -> None:
    op.drop_index(op.f("ix_acts_before_thought_id"), table_name="acts_before")
    op.drop_table("acts_before")
    op.drop_table("acts")
    op.drop_index(op.f("ix_thoughts_fingerprint"), table_name="thoughts")
    op.drop_column("thoughts", "new_words_at")
    op.drop_column("thoughts", "fingerprint")
    op.drop_column("sources", "read_at")
    op.drop_column("jobs", "priority")


_thoughts = sa.table(
    "thoughts",
    *map(sa.column, ("id", "kind", "state", "page", "excerpt", "new_words", "fingerprint")),
    sa.column("new_words_at", sa.DateTime(timezone=True)),
    sa.column("checked_at", sa.DateTime(timezone=True)),
    sa.column("next_check_at", sa.DateTime(timezone=True)),
)
_jobs = sa.table(
    "jobs",
    *map(sa.column, ("kind", "subject", "attempts", "priority")),
    sa.column("run_at", sa.DateTime(timezone=True)),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
_sources = sa.table("sources", sa.column("findings"))


def _fill() -> None:
    """What is stored already gets fingerprints and a look within a month. What sources said is read anew then, as it
    is kept in another shape now."""
    connection = op.get_bind()
    connection.execute(sa.update(_sources).values(findings="{}"))
    connection.execute(
        sa.update(_thoughts).where(_thoughts.c.new_words.is_not(None)).values(new_words_at=_thoughts.c.checked_at)
    )
    pings = sa.select(_thoughts.c.id, _thoughts.c.excerpt).where(_thoughts.c.kind == "pingback")
    for thought_id, excerpt in connection.execute(pings).all():
        if said := " ".join(excerpt.casefold().split()):
            fingerprint = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()
            connection.execute(sa.update(_thoughts).where(_thoughts.c.id == thought_id).values(fingerprint=fingerprint))
    _plan_looks(connection)


def _plan_looks(connection: sa.Connection) -> None:
    # SQLite keeps moments in UTC without a zone.
    now = datetime.now(UTC).replace(tzinfo=None if connection.dialect.name == "sqlite" else UTC)
    standing = sa.select(_thoughts.c.page).where(
        _thoughts.c.state.in_(("shown", "held")), _thoughts.c.page.is_not(None)
    )
    planned = set(connection.execute(sa.select(_jobs.c.subject).where(_jobs.c.kind == "verify")).scalars())
    for page in set(connection.execute(standing).scalars()) - planned:
        run_at = now + timedelta(days=30) * random.random()  # noqa: S311 - no secret
        values = {"kind": "verify", "subject": page, "attempts": 0, "priority": 1, "run_at": run_at, "created_at": now}
        connection.execute(sa.insert(_jobs).values(values))
        looked_at = sa.and_(_thoughts.c.page == page, _thoughts.c.state.in_(("shown", "held")))
        connection.execute(sa.update(_thoughts).where(looked_at).values(next_check_at=run_at))
