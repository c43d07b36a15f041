"""The index follows the posts, is built for a site that has none, and keeps nothing of what was taken away."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from feedserver import installation
from feedserver.posts import store
from feedserver.search import building, finding, index
from feedserver.search.query import parsed
from feedserver.services import WebServices
from feedserver.storage import word_index
from feedserver.storage.copying import copy
from feedserver.storage.engine import Database
from feedserver.storage.schema import posts, search_texts
from tests.posts.builders import edit
from tests.search.test_finding import found
from tests.support.fixtures import Publish


def rows(services: WebServices) -> int:
    with services.database.read() as connection:
        return connection.execute(select(func.count()).select_from(search_texts)).scalar_one()


def has_index(database: Database) -> bool:
    with database.read() as connection:
        return word_index.is_there(connection)


def test_an_edited_post_is_found_by_its_new_words_alone(services: WebServices, publish: Publish) -> None:
    publish("Moon landing", "Craters.", slug="moon", tags="[apollo]")

    edit(services, "moon", "Mars", "Canals.")

    assert found(services, "mars canals") == ["moon"]
    assert [found(services, word) for word in ("moon", "landing", "craters", "apollo")] == [[], [], [], []]


def test_a_renamed_post_is_found_as_before(services: WebServices, publish: Publish) -> None:
    publish("Moon", slug="moon")

    services.publisher.rename("moon", "luna")

    assert found(services, "moon") == ["luna"]
    assert found(services, "luna") == []


def test_what_is_no_longer_published_is_not_in_the_index(services: WebServices, publish: Publish) -> None:
    publish("Moon", slug="moon")
    publish("Mars", slug="mars")

    services.publisher.delete("moon")
    edit(services, "mars", "Mars", draft="true")

    assert rows(services) == 0
    assert found(services, "mars") == []


@pytest.mark.one_database
def test_of_an_erased_post_no_word_is_left_in_the_file(services: WebServices, publish: Publish) -> None:
    publish("Unforgettable", "Zyzzyvas everywhere.", slug="gone")
    publish("Another", "Words that stay.", slug="stays")
    services.publisher.delete("gone")
    services.publisher.erase("gone")
    services.database.forget_deleted()

    assert services.database.file is not None
    kept = services.database.file.read_bytes().lower()

    assert b"zyzzyvas" not in kept
    assert b"unforgettable" not in kept
    assert b"words that stay" in kept


def test_words_that_all_texts_have_are_asked_of_the_index(services: WebServices, publish: Publish) -> None:
    with services.database.write() as connection:
        if (
            not services.database.is_sqlite
        ):  # which would not ask it at once, made beside rows that earlier tests changed
            connection.exec_driver_sql("TRUNCATE search_texts")
        word_index.make(connection)
    publish("The moon")
    with services.database.write() as connection:
        connection.exec_driver_sql("ANALYZE search_texts")  # PostgreSQL knows now that all have it

    with services.database.read() as connection, word_index.asked(connection):
        having = word_index.having(connection, [word_index.Entry("the")], [])
        question = having.compile(connection, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if services.database.is_sqlite else "EXPLAIN"
        plan = str(connection.exec_driver_sql(f"{explain} {question}").all())

    assert word_index.NAME in plan
    assert "Seq Scan" not in plan


def test_a_site_without_an_index_gets_one_at_its_next_start(services: WebServices, publish: Publish) -> None:
    for number in range(3):
        publish(f"Moon {number}", slug=f"moon-{number}")
    services.database.transact(word_index.remove)
    with services.database.write() as connection:
        connection.execute(search_texts.delete())

    assert installation.upgrade(services)

    assert has_index(services.database)
    assert len(found(services, "moon")) == 3
    assert not installation.upgrade(services)


def test_what_an_older_program_has_changed_is_followed_at_the_next_start(
    services: WebServices, publish: Publish
) -> None:
    later = publish("Moon", slug="moon").updated_at.replace(year=2027)
    publish("Mars", slug="mars")
    with services.database.write() as connection:
        at = posts.c.slug == "moon"
        connection.execute(update(posts).where(at).values(title="Venus", updated_at=later))
        connection.execute(update(posts).where(posts.c.slug == "mars").values(state="draft"))

    assert building.build(services.database)

    assert (found(services, "moon"), found(services, "venus")) == ([], ["moon"])
    assert rows(services) == 1


def test_an_index_that_another_version_has_made_is_made_anew(
    services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "_MANY", 2)
    for number in range(5):
        publish(f"Moon {number}", slug=f"moon-{number}")
    with services.database.write() as connection:
        word_index.remove(connection)
        connection.execute(update(search_texts).values(cutting=0, entries="mars", words="mars"))
        word_index.make(connection)

    assert len(found(services, "mars")) == 5
    assert building.build(services.database)
    assert (found(services, "mars"), len(found(services, "moon"))) == ([], 5)


def test_a_building_that_was_interrupted_goes_on(
    services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        publish(f"Moon {number}", slug=f"moon-{number}")
    with services.database.write() as connection:
        word_index.remove(connection)
        connection.execute(search_texts.delete())
    monkeypatch.setattr(building, "_AT_A_TIME", 2)
    put, calls = index.put, []

    def failing(*arguments: object, **named: object) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        put(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(index, "put", failing)
    with pytest.raises(KeyboardInterrupt):
        building.build(services.database)
    assert rows(services) == 2
    assert len(found(services, "moon")) == 2

    building.build(services.database)
    assert len(calls) == 2 + 2
    assert len(found(services, "moon")) == 5


def test_a_copy_in_another_database_gets_its_index_at_its_first_start(
    services: WebServices, publish: Publish, tmp_path: Path
) -> None:
    publish("Moon", slug="moon")
    target = Database(f"sqlite:///{tmp_path / 'copy.sqlite3'}")
    copy(services.database, target)

    assert not has_index(target)
    assert building.build(target)
    assert has_index(target)
    with target.read() as connection:
        ids = finding.find(connection, parsed("moo"), services.clock(), 10)
        assert [post.slug for post in store.in_order(connection, ids)] == ["moon"]
    target.close()


@pytest.mark.one_database
def test_sqlite_without_fts5_says_so_and_looks_through_all_texts(
    services: WebServices, publish: Publish, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    services.database.transact(word_index.remove)
    monkeypatch.setattr(word_index, "can_be_made", lambda _connection: False)
    publish("Moon landing", slug="moon")
    publish("Mars", slug="mars")

    installation.upgrade(services)

    assert "this SQLite has no FTS5" in caplog.text
    assert found(services, '"moon landing" -mars') == ["moon"]
    assert not has_index(services.database)
