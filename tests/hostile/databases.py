"""Empty databases of both kinds, for measurements outside pytest."""

import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from tests.support.postgres import VARIABLE, Cluster


def databases(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """The kind and the URL of each; PostgreSQL runs in a cluster of its own, where it is installed."""
    yield "SQLite", f"sqlite:///{folder / name}.sqlite3"
    cluster = Cluster()
    if cluster.start() is not None:
        return
    try:
        admin = create_engine(os.environ[VARIABLE], isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        admin.dispose()
        yield "PostgreSQL", make_url(os.environ[VARIABLE]).set(database=name).render_as_string(hide_password=False)
    finally:
        cluster.stop()
