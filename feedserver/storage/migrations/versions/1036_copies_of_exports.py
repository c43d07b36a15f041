"""What was imported is known by what it says: a copy of an export has another name."""

from alembic import op

revision = "1036"
down_revision = "1035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_imported_kind_hash"), "imported", ["kind", "hash"], unique=False)
