"""Counting who reads: a day at a time, from all processes, without addresses, and never at a reader's expense."""

import logging
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, insert, select

from feedserver.readership import counting, store
from feedserver.readership.counting import Readership
from feedserver.services import Services
from feedserver.settings import Settings
from feedserver.storage.engine import Database
from feedserver.storage.schema import metadata, reader_keys
from tests.feeds.happenings import take_the_database_away
from tests.support.outside import Clock
from tests.support.serving import wait_until

TODAY = date(2026, 3, 8)
ATOM, RSS = "site/.atom", "site/.rss"
FRESHRSS = "FreshRSS/1.20 (Linux; https://freshrss.org)"
TABLES = ("reader_days", "reader_hashes", "reader_keys", "reader_counts")


def feedly(subscribers: int) -> str:
    return f"Feedly/1.0 (+http://www.feedly.com/fetcher.html; {subscribers} subscribers)"


@pytest.fixture
def readers(services: Services) -> Readership:
    return services.readership


@pytest.fixture
def told(services: Services) -> Callable[..., dict[str, tuple[int, ...]]]:
    """What the table says of a day: by reader subscribers, requests, 304s and bytes."""

    def tell(day: date = TODAY) -> dict[str, tuple[int, ...]]:
        with services.database.read() as connection:
            found = store.of_day(connection, day)
        return {item.reader: (item.subscribers, item.requests, item.not_modified, item.sent) for item in found}

    return tell


def rows(database: Database, *names: str) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        return [tuple(row) for name in names for row in connection.execute(select(metadata.tables[name]))]


Told = Callable[..., dict[str, tuple[int, ...]]]


# --- what is counted ---


def test_requests_304s_and_bytes_are_summed_by_reader(readers: Readership, told: Told) -> None:
    readers.saw(FRESHRSS, "192.0.2.1", ATOM, 200, 5000)
    readers.saw(FRESHRSS, "192.0.2.1", ATOM, 304, 0)
    readers.write()
    readers.saw(FRESHRSS, "192.0.2.1", RSS, 200, 300)
    readers.saw("curl/8.5.0", "192.0.2.2", ATOM, 200, 7)
    readers.write()

    assert told() == {"FreshRSS": (1, 3, 1, 5300), "curl": (1, 1, 0, 7)}


def test_pages_and_archives_of_a_feed_are_read_by_the_same_subscribers(
    client: FlaskClient, readers: Readership, told: Told
) -> None:
    for path in ("/feed.atom", "/feed.atom?page=1", "/feed.atom"):
        client.get(path, headers={"User-Agent": feedly(120)})
    readers.write()

    assert told()["Feedly"][:2] == (120, 3)


def test_stated_subscribers_are_the_most_of_the_day_summed_over_feeds(readers: Readership, told: Told) -> None:
    for subscribers in (100, 120, 110):
        readers.saw(feedly(subscribers), "192.0.2.1", ATOM, 304, 0)
        readers.write()
    readers.saw(feedly(7), "192.0.2.1", RSS, 304, 0)
    readers.saw("FeedlyBot/1.0", "192.0.2.1", RSS, 304, 0)
    readers.write()

    assert told()["Feedly"][0] == 127


def test_who_states_none_is_counted_by_address_and_words(readers: Readership, told: Told) -> None:
    older = FRESHRSS.replace("1.20", "1.19")
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"):
        for feed in (ATOM, RSS):
            readers.saw(FRESHRSS, address, feed, 200, 1)
    readers.write()
    readers.saw(older, "192.0.2.1", ATOM, 200, 1)
    readers.saw(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    readers.write()

    assert told()["FreshRSS"] == (4, 10, 0, 10)


def test_every_answer_to_a_request_for_a_feed_counts(client: FlaskClient, readers: Readership, told: Told) -> None:
    agent = {"User-Agent": FRESHRSS}
    full = client.get("/feed.atom", headers=agent)
    client.head("/feed.atom", headers=agent)
    client.get("/feed.atom", headers=agent | {"If-None-Match": full.headers["ETag"]})
    compressed = client.get("/feed.json", headers=agent | {"Accept-Encoding": "gzip"})
    client.get("/tags/none/feed.atom", headers=agent)
    client.get("/", headers=agent)
    readers.write()

    assert told() == {"FreshRSS": (1, 4, 1, len(full.data) + len(compressed.data))}


def test_a_day_ends_at_midnight_utc(readers: Readership, told: Told, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 8, 23, 59, 59, tzinfo=UTC)
    readers.saw(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    clock.move(seconds=2)
    readers.saw(FRESHRSS, "192.0.2.1", ATOM, 200, 2)
    readers.write()

    assert told(TODAY) == {"FreshRSS": (1, 1, 0, 1)}
    assert told(date(2026, 3, 9)) == {"FreshRSS": (1, 1, 0, 2)}


def test_processes_and_threads_count_together(
    services: Services, settings: Settings, assemble: Callable[[Settings], Services], told: Told
) -> None:
    processes = [services.readership, assemble(settings).readership, assemble(settings).readership]

    def read(turn: int) -> None:
        process = processes[turn % 3]
        process.saw(FRESHRSS, f"192.0.2.{turn % 4}", ATOM, 304, 0)
        process.saw(f"Reader{chr(97 + turn % 5)}/1", "192.0.2.9", f"tag/{turn % 7}.rss", 200, 1)
        process.write()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(read, range(60)))

    said = told()
    assert said["FreshRSS"] == (4, 60, 60, 0)
    assert sum(requests for _, requests, _, _ in said.values()) == 120


# --- nobody is kept ---


def test_neither_addresses_nor_words_are_stored(services: Services, readers: Readership) -> None:
    readers.saw(FRESHRSS + " of Jane", "192.0.2.111", ATOM, 200, 1)
    readers.saw(FRESHRSS + " of Jane", "2001:db8:7:7::1", ATOM, 200, 1)
    readers.write()

    stored = repr(rows(services.database, *TABLES))
    assert "FreshRSS" in stored
    assert not any(trace in stored for trace in ("192.0.2", "2001:db8", "Jane", "freshrss.org"))


def test_marks_mean_nothing_on_another_day(services: Services, readers: Readership, clock: Clock) -> None:
    marks: list[object] = []
    for _ in range(2):
        readers.saw(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
        readers.write()
        marks.extend(row[1] for row in rows(services.database, "reader_hashes"))
        clock.move(days=1)

    assert len(set(marks)) == 2


def test_when_a_day_is_over_only_its_numbers_remain(
    services: Services, readers: Readership, told: Told, clock: Clock
) -> None:
    for address in ("192.0.2.1", "192.0.2.2"):
        readers.saw(FRESHRSS, address, ATOM, 200, 1)
    readers.saw(feedly(9), "192.0.2.3", ATOM, 200, 1)
    readers.write()
    before = told()
    assert len(rows(services.database, "reader_hashes")) == 2
    assert len(rows(services.database, "reader_keys")) == 1

    clock.now = datetime(2026, 3, 9, 0, 2, tzinfo=UTC)
    readers.write()

    assert rows(services.database, "reader_hashes", "reader_keys") == []
    assert told() == before
    assert before["FreshRSS"][0] == 2


def test_the_file_forgets_the_marks_and_their_key_too(
    assemble: Callable[[Settings], Services], prepared_sqlite: Path, tmp_path: Path, clock: Clock
) -> None:
    folder = tmp_path / "file"
    folder.mkdir()
    file = Path(shutil.copy(prepared_sqlite, folder / "feedserver.sqlite3"))
    services = assemble(Settings(data_dir=folder))
    event.listen(services.database.engine, "connect", lambda new, _: new.execute("PRAGMA secure_delete = OFF"))
    services.readership.saw(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    services.readership.write()
    secrets = [row[1].encode() for row in rows(services.database, "reader_hashes", "reader_keys")]
    services.database.close()  # what is in the write-ahead log goes into the file
    assert len(secrets) == 2
    assert all(secret in file.read_bytes() for secret in secrets)

    clock.move(days=1)
    services.readership.write()
    services.database.close()

    assert not any(secret in file.read_bytes() for secret in secrets)


def test_what_comes_late_for_a_day_that_is_over_brings_no_key_back(
    services: Services, settings: Settings, assemble: Callable[[Settings], Services], told: Told, clock: Clock
) -> None:
    late = assemble(settings).readership
    services.readership.saw(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    services.readership.write()
    late.saw(FRESHRSS, "192.0.2.2", ATOM, 200, 1)
    clock.move(days=1)
    services.readership.write()

    late.write()

    assert told() == {"FreshRSS": (1, 2, 0, 2)}
    assert rows(services.database, "reader_hashes", "reader_keys") == []


def test_a_day_that_another_machine_began_anew_is_reduced_too(
    services: Services, readers: Readership, told: Told, clock: Clock
) -> None:
    readers.saw(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    readers.write()
    clock.move(days=1)
    readers.write()
    clock.move(days=-1)  # a clock that is late
    readers.saw(FRESHRSS, "192.0.2.2", ATOM, 200, 1)
    readers.write()
    clock.move(days=1)
    readers.write()

    assert rows(services.database, "reader_hashes", "reader_keys") == []
    assert told()["FreshRSS"][0] == 2


# --- bounds ---


def test_names_beyond_those_told_apart_are_others(
    readers: Readership, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "NAMES", 3)
    for letter in "abcde":
        readers.saw(f"{letter}/1", f"192.0.2.{ord(letter)}", ATOM, 200, 1)
        readers.write()
    readers.saw("a/1", "192.0.2.200", ATOM, 200, 1)
    readers.write()

    assert told() == {"a": (2, 2, 0, 2), "b": (1, 1, 0, 1), "c": (1, 1, 0, 1), "Others": (2, 2, 0, 2)}


def test_feeds_beyond_those_told_apart_are_not_named(
    services: Services, readers: Readership, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "ROWS", 4)
    for number in range(9):
        readers.saw("a/1", "192.0.2.1", f"tag/{number}.rss", 200, 1)
    readers.write()

    assert len(rows(services.database, "reader_days")) == 5
    assert (told()["a"][1], told()["Others"][1]) == (4, 5)


def test_marks_are_bounded(
    services: Services, readers: Readership, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MARKS", 7)
    for turn in range(2):
        for host in range(10):
            readers.saw(FRESHRSS, f"192.0.{turn}.{host}", ATOM, 304, 0)
        readers.write()

    assert len(rows(services.database, "reader_hashes")) == 7
    assert told()["FreshRSS"] == (7, 20, 20, 0)


def test_many_marks_at_once_are_all_kept(readers: Readership, told: Told) -> None:
    for _ in range(2):
        for host in range(1200):
            readers.saw(FRESHRSS, f"10.0.{host // 250}.{host % 250}", ATOM, 304, 0)
        readers.write()

    assert told()["FreshRSS"] == (1200, 2400, 2400, 0)


def test_memory_is_bounded_between_two_writings(readers: Readership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_MOST_PLACES", 10)
    monkeypatch.setattr(counting, "_MOST_SEEN", 5)

    for letter in range(26):
        readers.saw(f"{chr(97 + letter)}/1 " + "x" * 9999, f"192.0.2.{letter}", ATOM, 200, 1)

    batch = readers._batch
    assert (len(batch.tallies), len(batch.seen)) == (11, 5)
    assert sum(tally.requests for tally in batch.tallies.values()) == 26
    assert max(len(seen.user_agent) for seen in batch.seen) <= 300


# --- at nobody's expense ---


def test_a_request_writes_nothing(client: FlaskClient, services: Services) -> None:
    statements: list[str] = []
    client.get("/feed.atom")
    event.listen(services.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    client.get("/feed.atom", headers={"User-Agent": FRESHRSS, "If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"})

    assert not [statement for statement in statements if not statement.lstrip().upper().startswith(("SELECT", "BEGIN"))]


def test_what_cannot_be_written_is_kept_and_said(
    client: FlaskClient, services: Services, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    engine = services.database.engine
    client.get("/feed.atom", headers={"User-Agent": FRESHRSS})
    take_the_database_away(services)
    caplog.set_level(logging.WARNING, logger=counting.__name__)

    services.readership.write()
    services.readership.saw(FRESHRSS, "192.0.2.1", ATOM, 304, 0)
    said = [record.getMessage() for record in caplog.records if record.name == counting.__name__]
    services.database.engine = engine
    services.readership.write()

    assert len(said) == 1
    assert told()["FreshRSS"][:3] == (2, 2, 1)


def test_a_thread_writes_what_was_counted_and_the_end_the_rest(
    readers: Readership, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_LOOK_EVERY", 0.02)
    monkeypatch.setattr(counting, "_WRITE_EVERY", 1000)
    readers.start()
    wait_until(lambda: readers._closed_before is not None, 20, lambda: "the days before were not looked at")
    readers.saw(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    wait_until(lambda: "FreshRSS" in told(), 20, lambda: "nothing was written")

    readers.saw(FRESHRSS, "192.0.2.1", ATOM, 304, 0)
    Event().wait(0.3)
    assert told()["FreshRSS"][1] == 1, "not again within a while"
    readers.stop()

    assert told()["FreshRSS"][1] == 2


def test_days_that_ended_while_no_server_ran_are_reduced_at_the_start(services: Services, readers: Readership) -> None:
    with services.database.write() as connection:
        connection.execute(insert(reader_keys).values(day=date(2026, 3, 1), key="00"))

    readers.start()
    wait_until(lambda: not rows(services.database, "reader_keys"), 20, lambda: "the key is still there")
    readers.stop()


def test_the_thread_outlives_what_goes_wrong(
    readers: Readership, told: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(counting, "_LOOK_EVERY", 0.02)
    monkeypatch.setattr(counting, "_WRITE_EVERY", 0.02)
    add, failed = store.add, list[object]()

    def fail_once(*given: Any) -> None:
        if not failed:
            failed.append(True)
            raise ZeroDivisionError
        add(*given)

    monkeypatch.setattr(store, "add", fail_once)
    readers.start()
    readers.saw(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    wait_until(lambda: bool(failed), 20, lambda: "nothing was written")
    readers.saw(FRESHRSS, "192.0.2.1", ATOM, 304, 0)
    wait_until(lambda: "FreshRSS" in told(), 20, lambda: "nothing was written")
    readers.stop()

    assert "could not be written" in caplog.text
