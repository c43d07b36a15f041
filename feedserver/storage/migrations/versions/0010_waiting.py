"""An index for the new words that wait for a moderator, so that they are found without looking at every thought."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE thoughts SET new_words_at = received_at WHERE new_words IS NOT NULL AND new_words_at IS NULL")
    some = sa.text("new_words_at IS NOT NULL")
    name = op.f("ix_thoughts_new_words_at")
    op.create_index(name, "thoughts", ["new_words_at"], unique=False, sqlite_where=some, postgresql_where=some)
