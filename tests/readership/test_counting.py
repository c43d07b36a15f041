"""Counting readers: by day, from all processes, without addresses, and without cost to a reader."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, insert, select

from feedserver.readership import store
from feedserver.readership.admission import CLIENTS_OF_NETWORK, NAMES_OF_NETWORK
from feedserver.readership.batch import MAX_CLIENTS, Batch, ClientFeed
from feedserver.readership.counting import Readership
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.storage.engine import Database
from feedserver.storage.schema import metadata, reader_keys
from tests.feeds.happenings import take_the_database_away
from tests.support.fixtures import Assemble
from tests.support.outside import Clock
from tests.support.statements import record_statements

TODAY = date(2026, 3, 8)
ATOM, RSS = "site/.atom", "site/.rss"
FRESHRSS = "FreshRSS/1.20 (Linux; https://freshrss.org)"
TABLES = ("reader_days", "reader_hashes", "reader_keys", "reader_counts")


def feedly(subscribers: int) -> str:
    return f"Feedly/1.0 (+http://www.feedly.com/fetcher.html; {subscribers} subscribers)"


@pytest.fixture
def readers(services: WebServices) -> Readership:
    return services.readership


@pytest.fixture
def totals(services: WebServices) -> Callable[..., dict[str, tuple[int, ...]]]:
    """Of a day, by reader: subscribers, requests, 304s and bytes."""

    def totals_of(day: date = TODAY) -> dict[str, tuple[int, ...]]:
        with services.database.read() as connection:
            found = store.of_day(connection, day)
        return {item.reader: (item.subscribers, item.requests, item.not_modified, item.sent) for item in found}

    return totals_of


def rows(database: Database, *names: str) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        return [tuple(row) for name in names for row in connection.execute(select(metadata.tables[name]))]


Totals = Callable[..., dict[str, tuple[int, ...]]]


# --- what is counted ---


def test_requests_304s_and_bytes_are_summed_by_reader(readers: Readership, totals: Totals) -> None:
    readers.count(FRESHRSS, "192.0.2.1", ATOM, 200, 5000)
    readers.count(FRESHRSS, "192.0.2.1", ATOM, 304, 0)
    readers.write()
    readers.count(FRESHRSS, "192.0.2.1", RSS, 200, 300)
    readers.count("curl/8.5.0", "192.0.2.2", ATOM, 200, 7)
    readers.write()

    assert totals() == {"FreshRSS": (1, 3, 1, 5300), "curl": (1, 1, 0, 7)}


def test_pages_and_archives_of_a_feed_are_read_by_the_same_subscribers(
    client: FlaskClient, readers: Readership, totals: Totals
) -> None:
    for path in ("/feed.atom", "/feed.atom?page=1", "/feed.atom"):
        client.get(path, headers={"User-Agent": feedly(120)})
    readers.write()

    assert totals()["Feedly"][:2] == (120, 3)


def test_stated_subscribers_are_the_most_of_the_day_summed_over_feeds(readers: Readership, totals: Totals) -> None:
    for subscribers in (100, 120, 110):
        readers.count(feedly(subscribers), "192.0.2.1", ATOM, 304, 0)
        readers.write()
    readers.count(feedly(7), "192.0.2.1", RSS, 304, 0)
    readers.count("FeedlyBot/1.0", "192.0.2.1", RSS, 304, 0)
    readers.write()

    assert totals()["Feedly"][0] == 127


def test_clients_that_state_no_subscribers_are_told_apart_by_address_and_user_agent(
    readers: Readership, totals: Totals
) -> None:
    older = FRESHRSS.replace("1.20", "1.19")
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"):
        for feed in (ATOM, RSS):
            readers.count(FRESHRSS, address, feed, 200, 1)
    readers.write()
    readers.count(older, "192.0.2.1", ATOM, 200, 1)
    readers.count(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    readers.write()

    assert totals()["FreshRSS"] == (4, 10, 0, 10)


def test_every_answer_to_a_request_for_a_feed_counts(client: FlaskClient, readers: Readership, totals: Totals) -> None:
    agent = {"User-Agent": FRESHRSS}
    full = client.get("/feed.atom", headers=agent)
    client.head("/feed.atom", headers=agent)
    client.get("/feed.atom", headers=agent | {"If-None-Match": full.headers["ETag"]})
    compressed = client.get("/feed.json", headers=agent | {"Accept-Encoding": "gzip"})
    client.get("/tags/none/feed.atom", headers=agent)
    client.get("/", headers=agent)
    readers.write()

    assert totals() == {"FreshRSS": (1, 4, 1, len(full.data) + len(compressed.data))}


def test_a_day_ends_at_midnight_utc(readers: Readership, totals: Totals, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 8, 23, 59, 59, tzinfo=UTC)
    readers.count(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    clock.move(seconds=2)
    readers.count(FRESHRSS, "192.0.2.1", ATOM, 200, 2)
    readers.write()

    assert totals(TODAY) == {"FreshRSS": (1, 1, 0, 1)}
    assert totals(date(2026, 3, 9)) == {"FreshRSS": (1, 1, 0, 2)}


def test_processes_and_threads_count_together(
    services: WebServices, settings: Settings, assemble: Assemble, totals: Totals
) -> None:
    processes = [services.readership, assemble(settings).readership, assemble(settings).readership]

    def read(turn: int) -> None:
        process = processes[turn % 3]
        process.count(FRESHRSS, f"192.0.2.{turn % 4}", ATOM, 304, 0)
        process.count(f"Reader{chr(97 + turn % 5)}/1", "192.0.2.9", f"tag/{turn % 7}.rss", 200, 1)
        process.write()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(read, range(60)))

    found = totals()
    assert found["FreshRSS"] == (4, 60, 60, 0)
    assert sum(requests for _, requests, _, _ in found.values()) == 120


# --- privacy ---


def test_neither_addresses_nor_user_agents_are_stored(services: WebServices, readers: Readership) -> None:
    readers.count(FRESHRSS + " of Jane", "192.0.2.111", ATOM, 200, 1)
    readers.count(FRESHRSS + " of Jane", "2001:db8:7:7::1", ATOM, 200, 1)
    readers.write()

    stored = repr(rows(services.database, *TABLES))
    assert "FreshRSS" in stored
    assert not any(trace in stored for trace in ("192.0.2", "2001:db8", "Jane", "freshrss.org"))


def test_hashes_mean_nothing_on_another_day(services: WebServices, readers: Readership, clock: Clock) -> None:
    hashes: list[object] = []
    for _ in range(2):
        readers.count(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
        readers.write()
        hashes.extend(row[1] for row in rows(services.database, "reader_hashes"))
        clock.move(days=1)

    assert len(set(hashes)) == 2


def test_when_a_day_is_over_only_its_totals_remain(
    services: WebServices, readers: Readership, totals: Totals, clock: Clock
) -> None:
    for address in ("192.0.2.1", "192.0.2.2"):
        readers.count(FRESHRSS, address, ATOM, 200, 1)
    readers.count(feedly(9), "192.0.2.3", ATOM, 200, 1)
    readers.write()
    before = totals()
    assert len(rows(services.database, "reader_hashes")) == 3
    assert len(rows(services.database, "reader_keys")) == 1

    clock.now = datetime(2026, 3, 9, 0, 2, tzinfo=UTC)
    readers.write()

    assert rows(services.database, "reader_hashes", "reader_keys") == []
    assert totals() == before
    assert (before["FreshRSS"][0], before["Feedly"][0]) == (2, 9)


def test_the_hashes_and_their_key_are_erased_from_the_file_too(
    assemble: Assemble, prepared_sqlite: Path, tmp_path: Path, clock: Clock
) -> None:
    folder = tmp_path / "file"
    folder.mkdir()
    file = Path(shutil.copy(prepared_sqlite, folder / "feedserver.sqlite3"))
    services = assemble(Settings(data_dir=folder))
    event.listen(services.database.engine, "connect", lambda new, _: new.execute("PRAGMA secure_delete = OFF"))
    services.readership.count(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    services.readership.write()
    ((_, client, _, network),) = rows(services.database, "reader_hashes")
    ((_, key),) = rows(services.database, "reader_keys")
    secrets = [secret.encode() for secret in (client, network, key)]
    services.database.close()  # writes the write-ahead log into the file
    assert all(secret in file.read_bytes() for secret in secrets)

    clock.move(days=1)
    services.readership.write()
    services.database.close()

    assert not any(secret in file.read_bytes() for secret in secrets)


def test_a_log_that_could_not_be_emptied_is_emptied_after_a_later_write(
    services: WebServices, readers: Readership, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [True, False, True]
    monkeypatch.setattr(services.database, "forget_log", lambda: answers.pop(0))
    readers.write()
    clock.move(days=1)

    for left in (1, 0, 0):
        readers.write()
        assert len(answers) == left


def test_late_counts_for_a_day_that_is_over_make_no_new_key(
    services: WebServices, settings: Settings, assemble: Assemble, totals: Totals, clock: Clock
) -> None:
    late = assemble(settings).readership
    services.readership.count(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    services.readership.write()
    late.count(FRESHRSS, "192.0.2.2", ATOM, 200, 1)
    clock.move(days=1)
    services.readership.write()

    late.write()

    assert totals() == {"FreshRSS": (1, 2, 0, 2)}
    assert rows(services.database, "reader_hashes", "reader_keys") == []


def test_a_day_that_a_machine_with_a_late_clock_reopens_is_reduced_again(
    services: WebServices, readers: Readership, totals: Totals, clock: Clock
) -> None:
    readers.count(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    readers.write()
    clock.move(days=1)
    readers.write()
    clock.move(days=-1)  # another machine, whose clock is late
    readers.count(FRESHRSS, "192.0.2.2", ATOM, 200, 1)
    readers.write()
    clock.move(days=1)
    readers.write()

    assert rows(services.database, "reader_hashes", "reader_keys") == []
    assert totals()["FreshRSS"][0] == 2


# --- bounds ---


def test_names_beyond_the_bound_are_others(
    readers: Readership, totals: Totals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "NAMES", 3)
    for letter in "abcde":
        readers.count(f"{letter}/1", f"192.0.2.{ord(letter)}", ATOM, 200, 1)
        readers.write()
    readers.count("a/1", "192.0.2.200", ATOM, 200, 1)
    readers.write()

    assert totals() == {"a": (2, 2, 0, 2), "b": (1, 1, 0, 1), "c": (1, 1, 0, 1), "Others": (2, 2, 0, 2)}


def test_feeds_beyond_the_bound_have_no_name_and_their_readers_keep_theirs(
    services: WebServices, readers: Readership, totals: Totals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "ROWS", 4)
    for number in range(9):
        readers.count("a/1", "192.0.2.1", f"tag/{number}.rss", 200, 1)
    readers.write()

    assert len(rows(services.database, "reader_days")) == 5
    assert totals() == {"a": (1, 9, 0, 9)}


def test_hashes_are_bounded(
    services: WebServices, readers: Readership, totals: Totals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "HASHES", 7)
    for turn in range(2):
        for host in range(10):
            readers.count(FRESHRSS, f"192.0.{turn}.{host}", ATOM, 304, 0)
        readers.write()

    assert len(rows(services.database, "reader_hashes")) == 7
    assert totals()["FreshRSS"] == (7, 20, 20, 0)


INVENTED = 2_000  # of a write: beyond what one network may have


def invent(readers: Readership, address: str, turn: int) -> None:
    for number in range(INVENTED):
        letters = "".join(chr(97 + int(digit)) for digit in str(turn * INVENTED + number))
        readers.count(f"Bot{letters}/1 (9{number} subscribers)", address, ATOM, 200, 1)
        readers.count(f"Bot{letters}/1", address, ATOM, 200, 1)
        readers.count(f"FreshRSS/1.{turn} (no {number})", address, ATOM, 200, 1)


def test_one_address_with_any_number_of_invented_names_takes_nobodys_place(
    services: WebServices, readers: Readership, totals: Totals
) -> None:
    for turn in range(4):
        invent(readers, "192.0.2.66", turn)
        readers.write()
    before = len(rows(services.database, *TABLES))
    invent(readers, "192.0.2.77", 5)  # of the same network
    readers.count(feedly(120), "198.51.100.1", RSS, 304, 0)
    readers.count("Homemade/1.0", "198.51.100.2", RSS, 304, 0)
    readers.count("Miniflux/2.2", "198.51.100.3", ATOM, 304, 0)
    readers.count("FreshRSS/1.20", "198.51.100.4", ATOM, 304, 0)
    readers.write()

    found = totals()
    assert (found["Feedly"][0], found["Homemade"][0], found["Miniflux"][0]) == (120, 1, 1)
    assert sum(name.startswith("Bot") for name in found) == NAMES_OF_NETWORK
    assert found["FreshRSS"][0] <= CLIENTS_OF_NETWORK + 1
    assert sum(requests for _, requests, _, _ in found.values()) == 5 * 3 * INVENTED + 4
    assert before <= 2 * CLIENTS_OF_NETWORK
    assert len(rows(services.database, *TABLES)) <= before + MAX_CLIENTS // 50 + 8


def test_a_known_reader_has_its_name_however_many_are_invented(
    readers: Readership, totals: Totals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "NAMES", 3)
    for number in range(6):
        readers.count(f"Bot{chr(97 + number)}/1", f"192.0.{number}.1", ATOM, 200, 1)
    readers.count("newsboat/2.21", "198.51.100.1", ATOM, 200, 1)
    readers.write()

    assert totals() == {
        "Bota": (1, 1, 0, 1),
        "Botb": (1, 1, 0, 1),
        "Botc": (1, 1, 0, 1),
        "newsboat": (1, 1, 0, 1),
        "Others": (3, 3, 0, 3),
    }


def test_many_hashes_at_once_are_all_stored(readers: Readership, totals: Totals) -> None:
    for _ in range(2):
        for host in range(1200):
            readers.count(FRESHRSS, f"10.0.{host // 100}.{host % 100}", ATOM, 304, 0)
        readers.write()

    assert totals()["FreshRSS"] == (1200, 2400, 2400, 0)


def test_memory_is_bounded_between_two_writes() -> None:
    batch = Batch(most=100)

    for number in range(260):
        batch.counts_of(ClientFeed(TODAY, "a/1", f"192.0.{number}.1", ATOM)).requests += 1

    ((_, day),) = batch.by_day()
    assert len(batch) == 101
    assert len(day.clients) == 100
    assert day.counts["Others", ""].requests == 160
    assert sum(counts.requests for counts in day.counts.values()) == 260


def test_one_network_fills_no_more_than_its_part_of_the_memory() -> None:
    batch = Batch(most=100)
    for number in range(260):
        batch.counts_of(ClientFeed(TODAY, f"invented {number}", f"192.0.2.{number % 256}", ATOM)).requests += 1
        batch.counts_of(ClientFeed(TODAY, f"invented {number}", f"2001:db8:1:{number:x}::1", ATOM)).requests += 1
    batch.counts_of(ClientFeed(TODAY, FRESHRSS, "198.51.100.1", ATOM)).requests += 1

    ((_, day),) = batch.by_day()
    assert len(day.clients) == 2 * 2 + 1
    assert day.counts["FreshRSS", ATOM].requests == 1
    assert day.counts["Others", ""].requests == 2 * 258


def test_of_a_long_user_agent_only_the_beginning_is_held(
    services: WebServices, readers: Readership, totals: Totals
) -> None:
    for end in "ab":
        readers.count(FRESHRSS + "x" * 9999 + end, "192.0.2.1", ATOM, 200, 1)
    readers.write()

    assert totals()["FreshRSS"][0] == 1


# --- cost ---


def test_a_request_writes_nothing(client: FlaskClient, services: WebServices) -> None:
    client.get("/feed.atom")

    sent = record_statements(services.database.engine)
    client.get("/feed.atom", headers={"User-Agent": FRESHRSS, "If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"})

    assert not [statement for statement in sent if not statement.lstrip().upper().startswith(("SELECT", "BEGIN"))]


def test_counts_that_cannot_be_written_stay(client: FlaskClient, services: WebServices, totals: Totals) -> None:
    engine, url = services.database.engine, services.database.url
    client.get("/feed.atom", headers={"User-Agent": FRESHRSS})
    take_the_database_away(services)

    services.readership.write()
    services.readership.count(FRESHRSS, "192.0.2.1", ATOM, 304, 0)
    services.database.engine, services.database.url = engine, url
    services.readership.write()

    assert totals()["FreshRSS"][:3] == (2, 2, 1)


# --- the thread ---


class Turns(Event):
    """Ends the thread's waits when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self._go, self._waits = Semaphore(0), Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self._waits.release()
        self._go.acquire()
        return self.is_set()

    def set(self) -> None:
        super().set()
        self._go.release()

    def wait_for_thread(self) -> None:
        """Returns when the thread waits."""
        assert self._waits.acquire(timeout=20)

    def take(self) -> None:
        """Lets the thread run one round."""
        self._go.release()
        self.wait_for_thread()


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def threaded(services: WebServices, clock: Clock, turns: Turns) -> Iterator[Readership]:
    """A readership whose thread takes turns."""
    readership = Readership(services.database, clock, turns)
    yield readership
    readership.stop()


def test_the_thread_writes_the_counts_and_stopping_writes_the_rest(
    threaded: Readership, turns: Turns, totals: Totals
) -> None:
    threaded.start()
    turns.wait_for_thread()
    threaded.count(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    assert totals() == {}

    turns.take()
    assert totals()["FreshRSS"][1] == 1

    threaded.count(FRESHRSS, "192.0.2.1", ATOM, 304, 0)
    threaded.stop()
    assert totals()["FreshRSS"][1] == 2


def test_the_thread_of_an_idle_process_sends_nothing_to_the_database_but_closes_a_day(
    services: WebServices, threaded: Readership, turns: Turns, clock: Clock
) -> None:
    threaded.start()
    turns.wait_for_thread()

    sent = record_statements(services.database.engine)
    for _ in range(5):
        turns.take()
    assert sent == []

    clock.move(days=1)
    turns.take()
    assert any("reader_keys" in statement for statement in sent)


def test_days_that_ended_while_no_server_ran_are_closed_at_the_start(
    services: WebServices, threaded: Readership, turns: Turns
) -> None:
    with services.database.write() as connection:
        connection.execute(insert(reader_keys).values(day=date(2026, 3, 1), key="00"))

    threaded.start()
    turns.wait_for_thread()

    assert not rows(services.database, "reader_keys")


def test_the_thread_survives_an_unexpected_error(
    threaded: Readership,
    turns: Turns,
    totals: Totals,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*given: Any) -> None:
        raise ZeroDivisionError

    threaded.start()
    turns.wait_for_thread()
    threaded.count(FRESHRSS, "192.0.2.1", ATOM, 200, 1)
    with monkeypatch.context() as patch:
        patch.setattr(store, "add", fail)
        turns.take()
    threaded.count(FRESHRSS, "192.0.2.1", ATOM, 304, 0)
    turns.take()

    assert "FreshRSS" in totals()
    assert "could not be written" in caplog.text
