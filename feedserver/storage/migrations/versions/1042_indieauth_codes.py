"""Codes that the author has given to apps, until they become tokens."""

import sqlalchemy as sa
from alembic import op

revision = "1042"
down_revision = "1041"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "indieauth_codes",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("challenge", sa.Text()),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME),
        sa.Column("used_again", sa.Boolean(), nullable=False),
        sa.Column("app_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_indieauth_codes")),
    )
