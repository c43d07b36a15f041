"""Commenters are known by name and email address together, no longer by the address alone."""

import hashlib
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "1006"
down_revision = "1005"
branch_labels = None
depends_on = None

_IS_KNOWN = sa.text("commenter IS NOT NULL")
_ADDRESSED = "SELECT id, author_name, email FROM thoughts WHERE kind = 'comment' AND email IS NOT NULL"


def upgrade() -> None:
    op.add_column("thoughts", sa.Column("commenter", sa.Text(), nullable=True))
    connection = op.get_bind()
    known = [
        {"id": row.id, "commenter": _commenter(row.author_name, row.email)}
        for row in connection.execute(sa.text(_ADDRESSED))
    ]
    if known:
        connection.execute(sa.text("UPDATE thoughts SET commenter = :commenter WHERE id = :id"), known)
    op.drop_index("ix_thoughts_email_approved_state", "thoughts")
    op.create_index(
        "ix_thoughts_commenter_approved_state",
        "thoughts",
        ["commenter", "approved", "state"],
        sqlite_where=_IS_KNOWN,
        postgresql_where=_IS_KNOWN,
    )


def _commenter(name: str, email: str) -> str:
    who = f"{unicodedata.normalize('NFC', name.casefold())}\0{email.lower()}"
    return hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()[:32]
