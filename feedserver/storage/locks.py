"""Locks on names, held until a transaction ends, for what no row stands for.

SQLite needs none: it lets one writer in at a time.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select


def lock_names(connection: Connection, kind: int, names: Iterable[str]) -> None:
    """Makes other transactions that lock one of these names wait. `kind`, 32 bits, tells different uses apart.

    Names are locked in one order, or two transactions could wait for each other.
    """
    if connection.dialect.name == "postgresql":
        for name in sorted(names):
            connection.execute(select(func.pg_advisory_xact_lock(kind, func.hashtext(name))))
