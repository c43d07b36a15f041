"""Thoughts have a position on their post, in the order in which they were first shown; pages are cut by it.

A trigger gives the positions: an older program that runs beside this schema shows thoughts too. Those that are or were
shown are numbered in the order in which the page has shown them until now: as they were received.
"""

import sqlalchemy as sa
from alembic import op

revision = "1020"
down_revision = "1019"
branch_labels = None
depends_on = None

_NUMBER = """
UPDATE thoughts SET position = numbered.position FROM (
    SELECT id, row_number() OVER (PARTITION BY post_id ORDER BY received_at, id) AS position FROM thoughts
    WHERE state = 'shown' OR restore = 'shown' OR (state IN ('held', 'gone', 'spam', 'deleted') AND EXISTS (
        SELECT 1 FROM thought_events
        WHERE thought_id = thoughts.id AND event = 'decided' AND (detail = 'shown' OR substr(detail, 1, 6) = 'shown:')
    ))
) AS numbered WHERE thoughts.id = numbered.id
"""
_IS_NEW = "WHEN (NEW.state = 'shown' AND NEW.position IS NULL)"
_NEXT = "(SELECT coalesce(max(position), 0) + 1 FROM thoughts WHERE post_id = NEW.post_id AND position > 0)"
_ON_SQLITE = f"""
CREATE TRIGGER thoughts_position_{{name}} AFTER {{event}} ON thoughts {_IS_NEW}
BEGIN UPDATE thoughts SET position = {_NEXT} WHERE id = NEW.id; END
"""  # noqa: S608 - constants
_ON_POSTGRESQL = (
    f"""
CREATE FUNCTION thoughts_position() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN NEW.position = {_NEXT}; RETURN NEW; END$$
""",
    f"""
CREATE TRIGGER thoughts_position BEFORE INSERT OR UPDATE OF state ON thoughts
FOR EACH ROW {_IS_NEW} EXECUTE FUNCTION thoughts_position()
""",
)


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column("thoughts", sa.Column("position", sa.Integer(), nullable=True))
    connection.execute(sa.text(_NUMBER))
    has_one = sa.text("position IS NOT NULL")
    op.create_index(
        "ix_thoughts_post_id_position_state",
        "thoughts",
        ["post_id", "position", "state"],
        sqlite_where=has_one,
        postgresql_where=has_one,
    )
    if connection.dialect.name == "sqlite":
        for name, event in (("inserted", "INSERT"), ("updated", "UPDATE OF state")):
            connection.exec_driver_sql(_ON_SQLITE.format(name=name, event=event))
    else:
        for statement in _ON_POSTGRESQL:
            connection.exec_driver_sql(statement)
