"""What was released stays: its migrations byte for byte, its databases row for row, and its programs at work beside a
newer schema."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, Inspector, MetaData, inspect, text

from feedserver.app import create_app
from feedserver.errors import StorageError
from feedserver.installation import init, require_current
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings, SiteSettings
from feedserver.storage import conformity, migrate
from feedserver.storage.engine import Database
from feedserver.storage.schema import TRIGGERS, metadata
from tests.feeds.happenings import link, say
from tests.posts.builders import publish
from tests.support.fixtures import Assemble
from tests.support.freezing import frozen_hashes, frozen_schemas, hashes, make_site
from tests.support.upgrading import upgrade_to

FIRST_THAT_ONLY_ADDS = "1019"


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    """An empty database, of a test that changes its schema."""
    database = Database(empty_database_url)
    yield database
    database.close()


@pytest.fixture
def services(database: Database, empty_database_url: str, tmp_path: Path, assemble: Assemble) -> WebServices:
    settings = Settings(
        data_dir=tmp_path / "var",
        database=DatabaseSettings(url=empty_database_url),
        site=SiteSettings(url="http://blog.example"),
    )
    return assemble(settings)


# --- migrations and databases of releases ---


def test_no_released_migration_has_changed_and_all_others_come_later() -> None:
    frozen = frozen_hashes()

    assert {name: hashes().get(name) for name in frozen} == frozen, "released migrations stay as they are; add another"
    assert list(hashes())[: len(frozen)] == list(frozen), "a migration goes to the end"


def test_a_small_site_has_a_row_in_every_table(tmp_path: Path) -> None:
    with closing(sqlite3.connect(make_site(tmp_path))) as connection:
        empty = [
            name for name in metadata.tables if connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
        ]

    assert empty == []


@pytest.mark.parametrize("release", frozen_schemas())
def test_a_site_of_a_release_is_upgraded_without_losing_a_row_and_serves(
    services: WebServices, database: Database, release: str
) -> None:
    upgrade_to(database, release)
    before = fill(database, frozen_schemas()[release])

    init(services, example=True)

    with database.read() as connection:
        after = {name: primary_keys(connection, name) for name in before}
    assert {name: rows - after[name] for name, rows in before.items() if rows - after[name]} == {}
    client = create_app(services=services).test_client()
    pages = ["/", "/posts/fog", "/tags/sea", "/feed.rss", "/feed.atom", "/feed.json", "/thoughts.atom", "/feeds"]
    assert {path: client.get(path).status_code for path in pages} == dict.fromkeys(pages, 200)
    publish(services, "New")
    assert b"New" in client.get("/feed.atom").data


def fill(database: Database, dump: Path) -> dict[str, set[tuple[Any, ...]]]:
    """Puts the rows of a release into a database of its schema; returns their primary keys by table."""
    with closing(sqlite3.connect(":memory:")) as old, database.write() as connection:
        old.row_factory = sqlite3.Row
        old.executescript(dump.read_text())
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                flags = [column.name for column in table.columns if isinstance(column.type, Boolean)]
                for row in old.execute(f"SELECT * FROM {table.name}"):
                    values = dict(row) | {name: bool(row[name]) for name in flags}
                    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
                    connection.execute(text(f"INSERT INTO {table.name} ({names}) VALUES ({marks})"), values)
        numbered = [table.name for table in tables.sorted_tables if "id" in table.columns and table.name != "site"]
        if not database.is_sqlite:
            for name in numbered:
                connection.execute(text(f"SELECT setval('{name}_id_seq', 100)"))
        return {table.name: primary_keys(connection, table.name) for table in tables.sorted_tables if table.primary_key}


def primary_keys(connection: Connection, table: str) -> set[tuple[Any, ...]]:
    if table == "alembic_version":
        return set()
    names = inspect(connection).get_pk_constraint(table)["constrained_columns"]
    return {tuple(row) for row in connection.execute(text(f"SELECT {', '.join(names)} FROM {table}"))}


# --- migrations only add ---


def test_migrations_only_add(database: Database) -> None:
    """The program before reads and writes beside the new schema while machines are upgraded one by one."""
    numbers = [name.partition("_")[0] for name in hashes()]
    later = numbers[numbers.index(FIRST_THAT_ONLY_ADDS) :]
    upgrade_to(database, numbers[numbers.index(FIRST_THAT_ONLY_ADDS) - 1])

    before = shape(database)
    for number in later:
        upgrade_to(database, number)
        after = shape(database)
        assert lost(before, after) == [], number
        before = after


Shape = dict[str, dict[str, Any]]


def shape(database: Database) -> Shape:
    """Each column and constraint of each table."""
    with database.read() as connection:
        found = inspect(connection)
        return {name: parts(found, name) for name in found.get_table_names()}


def parts(found: Inspector, table: str) -> dict[str, Any]:
    columns = {
        f"column {one['name']}": (str(one["type"]), one["nullable"], one["default"] is not None)
        for one in found.get_columns(table)
    }
    indexes = {f"index {one['name']}": (one["column_names"], one["unique"]) for one in found.get_indexes(table)}
    others = {
        "primary key": found.get_pk_constraint(table)["constrained_columns"],
        "foreign keys": sorted(one["constrained_columns"] for one in found.get_foreign_keys(table)),
        "unique": sorted(one["column_names"] for one in found.get_unique_constraints(table)),
        "checks": sorted(one["sqltext"] for one in found.get_check_constraints(table)),
    }
    return columns | indexes | others


def lost(before: Shape, after: Shape) -> list[str]:
    """What the program before would miss, or could not write."""
    found = [f"table {name}" for name in before.keys() - after.keys()]
    for table in before.keys() & after.keys():
        old, new = before[table], after[table]
        found += [f"{table}: {part}" for part in old if old[part] != new.get(part)]
        for part in new.keys() - old.keys():
            kind = part.partition(" ")[0]
            if kind == "column" and not (new[part][1] or new[part][2]):
                found.append(f"{table}: {part} needs a value")
            if kind == "index" and new[part][1]:
                found.append(f"{table}: {part} allows one row where there could be two")
    return found


# --- beside a newer schema ---


@pytest.fixture
def newer(services: WebServices, database: Database) -> Callable[..., None]:
    """The site after a newer program has migrated it, with further statements."""

    def become(*statements: str) -> None:
        init(services, example=False)
        with database.write() as connection:
            for statement in statements:
                connection.execute(text(statement))
            connection.execute(text("UPDATE alembic_version SET version_num = '9998'"))

    return become


ADDED = [
    "ALTER TABLE posts ADD COLUMN motto TEXT",
    "ALTER TABLE thoughts ADD COLUMN warmth INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE recipes (name TEXT PRIMARY KEY)",
    "CREATE INDEX ix_posts_motto ON posts (motto)",
]


def test_beside_a_newer_schema_that_only_added_the_program_reads_and_writes(
    newer: Callable[..., None], services: WebServices, database: Database
) -> None:
    newer(*ADDED)
    before = shape(database)

    assert init(services, example=True) is False
    require_current(services)
    client = create_app(services=services).test_client()
    post = publish(services, "Fog", tags="[sea]")
    say(services, post)
    link(services, post, "https://other.example/")
    services.runner.run_due()
    page, ready = client.get("/posts/fog"), client.get("/readyz")

    assert migrate.state(database) == "newer"
    assert shape(database) == before
    assert page.text.count('<li id="thought-') == 2
    assert b"Fog" in client.get("/feed.atom").data
    assert ready.status_code == 200
    assert ready.json is not None
    assert ready.json["checks"]["schema"] == {"status": "ok", "detail": migrate.NEWER}


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("DROP TABLE heartbeats", "the table heartbeats is missing"),
        ("ALTER TABLE posts RENAME COLUMN summary TO teaser", "the column posts.summary is missing"),
        (
            "ALTER TABLE rate_limits RENAME TO old_limits; CREATE TABLE rate_limits "
            "(bucket TEXT PRIMARY KEY, events TEXT, expires_at TIMESTAMP, rank INTEGER NOT NULL)",
            "the column rate_limits.rank needs a value that this program does not know",
        ),
    ],
)
def test_a_newer_schema_without_what_this_program_needs_is_refused(
    newer: Callable[..., None], services: WebServices, database: Database, statement: str, line: str
) -> None:
    newer(*statement.split("; "))

    for use in (lambda: init(services, example=True), lambda: require_current(services)):
        with pytest.raises(
            StorageError, match=f"newer feedserver that this one cannot go on beside.*: {line}; install"
        ):
            use()


def test_a_database_from_before_the_first_release_is_refused(services: WebServices, database: Database) -> None:
    init(services, example=False)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0010'"))

    with pytest.raises(StorageError, match="before the first release; install the newer one, or start anew"):
        init(services, example=False)


# --- what is missing ---


def test_what_a_schema_lacks_is_named(services: WebServices, database: Database) -> None:
    init(services, example=False)
    with database.write() as connection:
        for statement in ("DROP TABLE related", "DROP INDEX ix_sources_expires_at"):
            connection.execute(text(statement))
        if not database.is_sqlite:
            connection.execute(text("ALTER TABLE listed DROP CONSTRAINT uq_listed_list_position"))

    of_postgres = [] if database.is_sqlite else ["the unique constraint uq_listed_list_position of listed is missing"]
    assert sorted(lacking(database)) == [
        "the index ix_sources_expires_at of sources is missing",
        "the table related is missing",
        *of_postgres,
    ]


def test_a_current_schema_lacks_nothing(services: WebServices, database: Database) -> None:
    init(services, example=False)

    assert lacking(database) == []


def test_a_trigger_that_is_missing_is_named(services: WebServices, database: Database) -> None:
    init(services, example=False)
    triggers = TRIGGERS["sqlite" if database.is_sqlite else "postgresql"]
    with database.write() as connection:
        for name, table in triggers.items():
            connection.execute(text(f"DROP TRIGGER {name}{'' if database.is_sqlite else f' ON {table}'}"))

    assert lacking(database) == [f"the trigger {name} of {table} is missing" for name, table in triggers.items()]


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)  # SQLite disables none
def test_a_trigger_that_is_disabled_is_named(services: WebServices, database: Database) -> None:
    init(services, example=False)
    with database.write() as connection:
        connection.execute(text("ALTER TABLE thoughts DISABLE TRIGGER ALL"))

    assert lacking(database) == [
        f"the trigger {name} of {table} is missing" for name, table in TRIGGERS["postgresql"].items()
    ]


def lacking(database: Database) -> list[str]:
    with database.read() as connection:
        return [line for look in conformity.LOOKS for line in look(connection)]
