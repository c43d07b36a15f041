"""Freezes the migrations and a small site of the present schema, when a release is made:

    python -m tests.support.freezing

writes the hashes of all migrations to tests/data/migrations.sha256, and a database with a row in every table to
tests/data/schema-NUMBER.sql, from which `tests/storage/test_releases.py` upgrades.
"""

import hashlib
import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Column, Connection, TypeDecorator, func, insert, select

from feedserver.clock import utc_now
from feedserver.installation import init
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage import migrate, word_index
from feedserver.storage.schema import metadata
from tests.feeds.happenings import link, say
from tests.posts.builders import publish
from tests.support.outside import Clock, Web

DATA = Path(__file__).parents[1] / "data"
MIGRATIONS = Path(migrate.__file__).parent / "migrations" / "versions"
_ENCLOSURE = "[{url: 'https://files.example/a.mp3', type: audio/mpeg, length: 1}]"
_VALUES: dict[type, Any] = {str: "a", int: 1, float: 0.5, bool: False, datetime: utc_now(), date: utc_now().date()}


def hashes() -> dict[str, str]:
    """The SHA-256 of each migration, by file name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(MIGRATIONS.glob("[0-9]*.py"))}


def frozen_hashes() -> dict[str, str]:
    """Those of the released ones."""
    lines = (DATA / "migrations.sha256").read_text().splitlines()
    return {name: digest for digest, name in map(str.split, lines)}


def frozen_schemas() -> dict[str, Path]:
    """The small sites of releases, by the number of their schema."""
    return {path.stem.partition("-")[2]: path for path in sorted(DATA.glob("schema-*.sql"))}


def make_site(folder: Path) -> Path:
    """A site with a row in every table, in a SQLite file, which it returns."""
    services = WebServices(Settings(data_dir=folder), clock=Clock(), fetch=Web())
    init(services, example=False)
    other = publish(services, "Tide", "Herring and fog.", tags="[sea]")
    body = "Herring and [fog](https://fog.example/)."
    post = publish(services, "Fog", body, tags="[sea]", authors="[Ann]", enclosures=_ENCLOSURE)
    say(services, post, state="held")
    link(services, other, "https://other.example/")
    with services.database.write() as connection:
        for table in metadata.sorted_tables:
            if not connection.execute(select(func.count()).select_from(table)).scalar_one():
                connection.execute(
                    insert(table).values({column.name: _value(connection, column) for column in table.columns})
                )
    services.database.close()
    return folder / "feedserver.sqlite3"


def _value(connection: Connection, column: Column[Any]) -> Any:
    for key in column.foreign_keys:
        return connection.execute(select(func.min(key.column))).scalar_one()
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    return _VALUES[kind.python_type]


def main() -> None:
    (DATA / "migrations.sha256").write_text("".join(f"{digest}  {name}\n" for name, digest in hashes().items()))
    with TemporaryDirectory() as folder, closing(sqlite3.connect(make_site(Path(folder)))) as connection:
        word_index.remove_from_file(connection)  # no part of the schema: each start makes it
        lines = "\n".join(connection.iterdump())
    (DATA / f"schema-{migrate.head()}.sql").write_text(f"{lines}\n")


if __name__ == "__main__":
    main()
