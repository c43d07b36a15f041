"""Strangers' texts lose the controls that turn what follows them (UAX #9); new ones are stored without."""

import sqlalchemy as sa
from alembic import op

revision = "1018"
down_revision = "1017"
branch_labels = None
depends_on = None

_THOUGHTS = sa.table("thoughts", sa.column("id"), sa.column("author_name"), sa.column("title"), sa.column("excerpt"))
_CONTROLS = [*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))]
_NONE = str.maketrans("", "", "".join(_CONTROLS))
_AT_A_TIME = 500


def upgrade() -> None:
    connection = op.get_bind()
    texts = [_THOUGHTS.c.author_name, _THOUGHTS.c.title, _THOUGHTS.c.excerpt]
    has_one = sa.or_(*(text.contains(control) for text in texts for control in _CONTROLS))
    query = sa.select(_THOUGHTS).where(has_one).order_by(_THOUGHTS.c.id).limit(_AT_A_TIME)
    last = 0
    while rows := connection.execute(query.where(_THOUGHTS.c.id > last)).mappings().all():
        last = rows[-1]["id"]
        for row in rows:
            cleaned = {text.name: row[text.name].translate(_NONE) for text in texts}
            connection.execute(sa.update(_THOUGHTS).where(_THOUGHTS.c.id == row["id"]).values(cleaned))
