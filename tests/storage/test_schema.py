"""The tables: migrations and `schema.py` agree, and values come back as they went in."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, inspect, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from feedserver.posts import store
from feedserver.posts.model import Listing
from feedserver.services import WebServices
from feedserver.storage import word_index
from feedserver.storage.schema import host_rules, metadata, posts, slugs
from tests.posts.builders import document

MOMENT = datetime(2026, 3, 8, 12, 30, 15, 250_000, tzinfo=UTC)


def test_the_migrated_schema_is_the_one_in_schema_py(services: WebServices) -> None:
    with services.database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "target_metadata": metadata,
                "include_name": _is_in_schema,
            },
        )

        assert compare_metadata(context, metadata) == []


def _is_in_schema(name: str | None, _type: str, _parents: object) -> bool:
    """Whether it is no part of the index of search, which is made of the tables."""
    return name not in word_index.TABLES


def test_indexes_and_constraints_have_the_names_of_schema_py(services: WebServices) -> None:
    """Autogeneration does not compare primary keys, and foreign keys on SQLite only by their columns."""
    with services.database.read() as connection:
        found = inspect(connection)
        for table in metadata.sorted_tables:
            kept = {index["name"] for index in found.get_indexes(table.name) if not index.get("duplicates_constraint")}
            kept.discard(word_index.NAME)
            assert kept == {index.name for index in table.indexes}
            assert found.get_pk_constraint(table.name)["constrained_columns"] == list(table.primary_key.columns.keys())
            assert {key["name"] for key in found.get_foreign_keys(table.name)} == {
                key.name for key in table.foreign_key_constraints
            }


def test_partial_indexes_have_the_conditions_of_schema_py(services: WebServices) -> None:
    with services.database.read() as connection:
        where = f"{connection.dialect.name}_where"
        found = {
            index["name"]: _plain(index.get("dialect_options", {}).get(where, ""))
            for table in metadata.sorted_tables
            for index in inspect(connection).get_indexes(table.name)
            if not index.get("duplicates_constraint") and index["name"] != word_index.NAME
        }
    wanted = {
        index.name: _plain(index.info.get("where", "")) for table in metadata.sorted_tables for index in table.indexes
    }
    assert found == wanted
    assert any(wanted.values())


def _plain(condition: object) -> str:
    """As SQL without what the two databases put in: names of tables, types, parentheses."""
    return re.sub(r"\w+\.|::\w+|[()\s\"]", "", str(condition)).lower()


@pytest.mark.parametrize(
    "moment",
    [
        MOMENT,
        MOMENT.astimezone(timezone(timedelta(hours=5, minutes=45))),
        datetime(2, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC),
    ],
    ids=["UTC", "Nepal", "early", "late"],
)
def test_moments_come_back_aware_and_in_utc(services: WebServices, moment: datetime) -> None:
    with services.database.write() as connection:
        connection.execute(insert(host_rules).values(host="a", rule="block", created_at=moment))
        found = connection.execute(select(host_rules.c.created_at)).scalar_one()
        same = connection.execute(
            select(host_rules.c.host).where(host_rules.c.created_at == moment)
        ).scalar_one_or_none()

    assert (found, found.tzinfo) == (moment, UTC)
    assert same == "a"


def test_moments_without_a_zone_are_not_stored(services: WebServices) -> None:
    naive = MOMENT.replace(tzinfo=None)

    with pytest.raises((AssertionError, StatementError), match="aware"), services.database.write() as connection:
        connection.execute(insert(host_rules).values(host="a", rule="block", created_at=naive))


@pytest.mark.parametrize("asked", ["\x00", "a\x00", "\ud800", "hello\udcff", "'; DROP TABLE posts; --"])
def test_text_that_no_database_takes_is_not_found(services: WebServices, asked: str) -> None:
    services.publisher.add(services.publisher.read(document("Hello", tags="[a]")), MOMENT)

    with services.database.read() as connection:
        assert store.by_slug(connection, asked) is None
        assert store.slug_owner(connection, asked) is None
        assert store.latest(connection, MOMENT, 10, listing=Listing(tag=asked)) == []
        assert store.count(connection, MOMENT, Listing(author=asked)) == 0


@pytest.mark.parametrize("path", ["/posts/%00", "/tags/%00", "/authors/a%00", "/tags/%00/feed.rss", "/posts/%ff%00"])
def test_an_address_with_such_text_is_not_found(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404


def test_any_other_text_comes_back_as_it_was(services: WebServices) -> None:
    text = "é語😀\t\n\\'\"%s :x \x7f\ufffd" + "a" * 100_000

    with services.database.write() as connection:
        connection.execute(insert(host_rules).values(host=text, rule="", created_at=MOMENT))
        assert connection.execute(select(host_rules.c.host, host_rules.c.rule)).one() == (text, "")


def test_a_slug_needs_its_post(services: WebServices) -> None:
    with pytest.raises(IntegrityError), services.database.write() as connection:
        connection.execute(insert(slugs).values(slug="orphan", post_id=999))


@pytest.mark.parametrize("column", ["guid", "slug"])
def test_what_names_a_post_is_unique(services: WebServices, column: str) -> None:
    for title in ("One", "Two"):
        services.publisher.add(services.publisher.read(document(title)), MOMENT)

    with services.database.read() as connection:
        value = connection.execute(select(posts.c[column]).where(posts.c.slug == "one")).scalar_one()
    with pytest.raises(IntegrityError), services.database.write() as connection:
        connection.execute(update(posts).where(posts.c.slug == "two").values({column: value}))
