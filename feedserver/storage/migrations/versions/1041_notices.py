"""Notices to the owner: what is untold of thoughts and jobs, what waits for mail and webhook, addresses in mails."""

import sqlalchemy as sa
from alembic import op

revision = "1041"
down_revision = "1040"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IS_UNTOLD = sa.text("untold_held_at IS NOT NULL OR untold_shown_at IS NOT NULL")


def upgrade() -> None:
    for name in ("first_shown_at", "untold_held_at", "untold_shown_at"):
        op.add_column("thoughts", sa.Column(name, sa.DateTime(timezone=True)))
    # A thought with a position was shown; of others, which are reactions, no more is known than what they are now.
    op.execute(
        "UPDATE thoughts SET first_shown_at = coalesce(decided_at, received_at)"
        " WHERE position = 0 AND (state = 'shown' OR restore = 'shown')"
    )
    op.create_index(
        op.f("ix_thoughts_untold_held_at_untold_shown_at"),
        "thoughts",
        ["untold_held_at", "untold_shown_at"],
        unique=False,
        sqlite_where=_IS_UNTOLD,
        postgresql_where=_IS_UNTOLD,
    )
    _failed_jobs()
    _notices()
    _channels()
    _links()


def _failed_jobs() -> None:
    op.create_table(
        "failed_jobs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_told", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_jobs")),
    )
    op.create_index(op.f("ix_failed_jobs_failed_at"), "failed_jobs", ["failed_at"], unique=False)
    op.create_index(op.f("ix_failed_jobs_is_told"), "failed_jobs", ["is_told"], unique=False)


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", _ID, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("thought_id", _ID),
        sa.Column("job", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mail", sa.Text()),
        sa.Column("webhook", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["thought_id"], ["thoughts.id"], name=op.f("fk_notices_thought_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("event", "thought_id", name=op.f("uq_notices_event_thought_id")),
    )
    op.create_index(op.f("ix_notices_thought_id"), "notices", ["thought_id"], unique=False)
    op.create_index(op.f("ix_notices_mail_created_at"), "notices", ["mail", "created_at"], unique=False)
    op.create_index(op.f("ix_notices_webhook_id"), "notices", ["webhook", "id"], unique=False)


def _channels() -> None:
    op.create_table(
        "notice_channels",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("message_id", sa.Text()),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_notice_channels")),
    )


def _links() -> None:
    op.create_table(
        "notice_links",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("thought_id", _ID),
        sa.Column("address", sa.Text()),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("used_for", sa.Text()),
        sa.ForeignKeyConstraint(
            ["thought_id"], ["thoughts.id"], name=op.f("fk_notice_links_thought_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_notice_links")),
    )
    op.create_index(op.f("ix_notice_links_thought_id"), "notice_links", ["thought_id"], unique=False)
    op.create_index(op.f("ix_notice_links_message_id"), "notice_links", ["message_id"], unique=False)
    op.create_index(op.f("ix_notice_links_expires_at"), "notice_links", ["expires_at"], unique=False)
