"""Accounts, who is signed in, and tokens for writing apps."""

import sqlalchemy as sa
from alembic import op

revision = "1038"
down_revision = "1037"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("password", sa.Text()),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("signed_in_at", _TIME),
        sa.Column("totp_key", sa.Text()),
        sa.Column("totp_step", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("folded", name=op.f("uq_accounts_folded")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        _account("sessions", nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("hash", name=op.f("uq_sessions_hash")),
    )
    op.create_index(op.f("ix_sessions_account_id"), "sessions", ["account_id"], unique=False)
    op.create_table(
        "sign_in_links",
        sa.Column("hash", sa.Text(), nullable=False),
        _account("sign_in_links"),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("asks_code", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sign_in_links")),
        sa.UniqueConstraint("account_id", name=op.f("uq_sign_in_links_account_id")),
    )
    op.create_table(
        "known_networks",
        _account("known_networks", nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("signed_in_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "network", name=op.f("pk_known_networks")),
    )
    op.create_table(
        "recovery_codes",
        _account("recovery_codes", nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "hash", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "app_tokens",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _account("app_tokens", nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("last_used_at", _TIME),
        sa.Column("client_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_app_tokens_hash")),
    )
    op.create_index(op.f("ix_app_tokens_name"), "app_tokens", ["name"], unique=False)
    op.create_index(op.f("ix_app_tokens_account_id"), "app_tokens", ["account_id"], unique=False)


def _account(table: str, *, nullable: bool = True) -> sa.Column[int]:
    """The column that says of which account a row is."""
    return sa.Column(
        "account_id", _ID, sa.ForeignKey("accounts.id", name=op.f(f"fk_{table}_account_id")), nullable=nullable
    )
