"""Fingerprints are of the words around a link, no longer of the whole excerpt; the next inspection makes them anew."""

import sqlalchemy as sa
from alembic import op

revision = "1004"
down_revision = "1003"
branch_labels = None
depends_on = None

_HAS_WORDS = sa.text("fingerprint IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_thoughts_fingerprint_post_id", "thoughts")
    op.execute("UPDATE thoughts SET fingerprint = NULL")
    op.create_index(
        "ix_thoughts_fingerprint_source_site_received_at_post_id",
        "thoughts",
        ["fingerprint", "source_site", "received_at", "post_id"],
        sqlite_where=_HAS_WORDS,
        postgresql_where=_HAS_WORDS,
    )
