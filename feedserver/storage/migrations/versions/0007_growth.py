"""Indexes for what each ping asks, so that it costs the same on a large site; whom jobs burden, whom posts link to."""

import sqlalchemy as sa
from alembic import op

# As they are today: what is stored is compared with what the same functions say of new pings.
from feedserver.domains import owned
from feedserver.thoughts.moderation.trust import place
from feedserver.thoughts.parties import party_of

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_AT_A_TIME = 5_000
_INDEXES = {
    "thoughts": (["fingerprint", "post_id"], ["place", "approved", "state"], ["email"]),
    "jobs": (
        ["kind", "priority", "run_at", "id"],
        ["leased_until", "party"],
        ["party", "leased_until"],
        ["party", "priority", "run_at"],
    ),
    "limits": (["window"],),
}
_FORMER = {"thoughts": (["fingerprint"],), "jobs": (["run_at"], ["party"])}
_thoughts = sa.table("thoughts", *map(sa.column, ("id", "page", "place")))
_jobs = sa.table("jobs", *map(sa.column, ("id", "kind", "subject", "party")))
_post_hosts = sa.table("post_hosts", *map(sa.column, ("post_id", "host")))


def upgrade() -> None:
    op.add_column("thoughts", sa.Column("place", sa.Text(), nullable=True))
    _fill()
    for table, indexes in _FORMER.items():
        for columns in indexes:
            op.drop_index(op.f(_name(table, columns)), table_name=table)
    for table, indexes in _INDEXES.items():
        for columns in indexes:
            op.create_index(op.f(_name(table, columns)), table, columns, unique=False)


def downgrade() -> None:
    for table, indexes in _INDEXES.items():
        for columns in indexes:
            op.drop_index(op.f(_name(table, columns)), table_name=table)
    for table, indexes in _FORMER.items():
        for columns in indexes:
            op.create_index(op.f(_name(table, columns)), table, columns, unique=False)
    op.drop_column("thoughts", "place")


def _name(table: str, columns: list[str]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"


def _fill() -> None:
    connection = op.get_bind()
    pages = connection.execute(sa.select(_thoughts.c.id, _thoughts.c.page).where(_thoughts.c.page.is_not(None)))
    _set(connection, _thoughts, "place", [{"of": row.id, "to": place(row.page)} for row in pages.all()])
    looks = sa.select(_jobs.c.id, _jobs.c.subject).where(_jobs.c.kind == "verify", _jobs.c.party.is_(None))
    _set(connection, _jobs, "party", [{"of": row.id, "to": party_of(row.subject)} for row in connection.execute(looks)])
    _join_hosts(connection)


def _set(connection: sa.Connection, table: sa.TableClause, column: str, rows: list[dict[str, object]]) -> None:
    query = sa.update(table).where(table.c.id == sa.bindparam("of")).values({column: sa.bindparam("to")})
    for start in range(0, len(rows), _AT_A_TIME):
        connection.execute(query, rows[start : start + _AT_A_TIME])


def _join_hosts(connection: sa.Connection) -> None:
    """Hosts of one owner become one row."""
    found = {(row.post_id, row.host) for row in connection.execute(sa.select(_post_hosts))}
    wanted = {(post_id, owned(host)) for post_id, host in found}
    for post_id, host in found - wanted:
        connection.execute(sa.delete(_post_hosts).where(_post_hosts.c.post_id == post_id, _post_hosts.c.host == host))
    rows = [{"post_id": post_id, "host": host} for post_id, host in sorted(wanted - found)]
    for start in range(0, len(rows), _AT_A_TIME):
        connection.execute(sa.insert(_post_hosts), rows[start : start + _AT_A_TIME])
