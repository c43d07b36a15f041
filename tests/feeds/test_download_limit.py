"""`limits.copies`: repeated full downloads of one feed are refused, conditional requests never."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from feedserver.app import create_app
from feedserver.feeds import download_limit
from feedserver.feeds.download_limit import DownloadLimit
from feedserver.feeds.responses import FeedRequest
from feedserver.services import WebServices
from feedserver.settings import LimitsSettings, Settings
from feedserver.storage import rate_limits
from feedserver.storage.rate_limits import Limit
from feedserver.storage.schema import rate_limits as table
from tests.feeds.happenings import take_the_database_away
from tests.support.fixtures import Assemble
from tests.support.outside import Clock
from tests.support.statements import record_statements
from tests.support.waiting import SECONDS

MOST = 4
READER = "192.0.2.7"
FEED = "site/.atom"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=LimitsSettings(copies=MOST))


@pytest.fixture
def limit(services: WebServices) -> DownloadLimit:
    return services.download_limit


def passed(limit: DownloadLimit, times: int, reader: str = READER, feed: str = FEED) -> int:
    return [bool(limit.refuses(reader, feed)) for _ in range(times)].count(False)


def written(services: WebServices) -> int:
    """The downloads that the database knows."""
    with services.database.read() as connection:
        rows = connection.execute(select(table.c.events)).scalars()
        return sum(amount for events in rows for _, amount in json.loads(events))


def fetch(client: FlaskClient, path: str = "/feed.atom", method: str = "GET", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(path, method=method, headers=named, environ_base={"REMOTE_ADDR": READER})


# --- over HTTP ---


def test_a_refusal_is_small_says_when_to_come_again_and_is_not_cached(client: FlaskClient) -> None:
    assert [fetch(client).status_code for _ in range(MOST)] == [200] * MOST

    refused = fetch(client)

    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert refused.headers["Content-Type"].startswith("text/plain")
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert len(refused.data) < 100
    assert not {"ETag", "Last-Modified", "Set-Cookie"} & set(refused.headers.keys())


def test_a_reader_that_comes_again_when_told_is_served(client: FlaskClient, clock: Clock) -> None:
    clock.move(seconds=17, microseconds=500)
    for _ in range(MOST):
        fetch(client)
    wait = int(fetch(client).headers["Retry-After"])

    clock.move(seconds=wait - 1)
    assert fetch(client).status_code == 429
    clock.move(seconds=1)
    assert fetch(client).status_code == 200


def test_conditional_requests_neither_count_nor_are_refused(client: FlaskClient) -> None:
    etag = fetch(client).headers["ETag"]
    conditions = [
        {"If_None_Match": etag},
        {"If_None_Match": '"old"'},
        {"If_Modified_Since": "Thu, 01 Jan 2015 00:00:00 GMT"},
    ]

    before = [fetch(client, **condition).status_code for condition in conditions * MOST]
    unconditional = [fetch(client).status_code for _ in range(MOST)]
    after = [fetch(client, **condition).status_code for condition in conditions]

    assert before == [304, 200, 200] * MOST
    assert unconditional == [200] * (MOST - 1) + [429]
    assert after == [304, 200, 200]


def test_head_neither_counts_nor_is_refused(client: FlaskClient) -> None:
    assert {fetch(client, method="HEAD").status_code for _ in range(MOST + 1)} == {200}
    assert [fetch(client).status_code for _ in range(MOST + 1)] == [200] * MOST + [429]
    assert fetch(client, method="HEAD").status_code == 200


def test_other_feeds_and_other_clients_are_not_refused(client: FlaskClient) -> None:
    for _ in range(MOST + 1):
        fetch(client)

    assert fetch(client, "/feed.rss").status_code == 200
    assert fetch(client, "/thoughts.atom").status_code == 200
    assert client.get("/feed.atom", environ_base={"REMOTE_ADDR": "192.0.2.8"}).status_code == 200
    assert fetch(client, "/tags/none/feed.atom").status_code == 404


@pytest.mark.parametrize("reader", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_neither_counts_nor_is_refused(limit: DownloadLimit, services: WebServices, reader: str) -> None:
    assert passed(limit, 3 * MOST, reader) == 3 * MOST
    assert written(services) == 0


def test_sixty_a_minute_is_the_default() -> None:
    assert LimitsSettings().copies == 60


def test_zero_is_no_limit(settings: Settings, assemble: Assemble) -> None:
    services = assemble(replace(settings, limits=LimitsSettings(copies=0)))
    client = create_app(services=services).test_client()

    assert {fetch(client).status_code for _ in range(100)} == {200}
    assert written(services) == 0


@pytest.mark.parametrize(
    ("method", "if_none_match", "if_modified_since", "is_full"),
    [
        ("GET", None, None, True),
        ("GET", "", None, True),
        ("GET", None, "yesterday", True),
        ("GET", None, "Thu, 01 Jan 2015 00:00:00 GMT", False),
        ("GET", '"x"', "yesterday", False),
        ("HEAD", None, None, False),
    ],
)
def test_a_full_download_is_a_get_without_a_condition(
    method: str, if_none_match: str | None, if_modified_since: str | None, is_full: bool
) -> None:
    asked = FeedRequest(method, "192.0.2.1", None, if_none_match, if_modified_since, None)

    assert asked.is_full_download is is_full


# --- counting ---


@pytest.mark.parametrize("most", [1, 2, 3, 30])
def test_one_process_lets_exactly_the_limit_pass(services: WebServices, clock: Clock, most: int) -> None:
    limit = DownloadLimit(services.database, most, clock)

    assert passed(limit, most + 5) == most


@pytest.mark.parametrize("before", range(MOST + 1))
def test_a_new_minute_does_not_reset_the_limit(limit: DownloadLimit, clock: Clock, before: int) -> None:
    clock.move(seconds=59, microseconds=900)
    assert passed(limit, before) == before

    clock.move(microseconds=200_000)

    assert passed(limit, MOST + 1) == MOST - before


def test_many_threads_at_once_get_no_more(limit: DownloadLimit) -> None:
    with ThreadPoolExecutor(8) as threads:
        refusals = list(threads.map(lambda _: limit.refuses(READER, FEED), range(24)))

    assert refusals.count(0) == MOST


def test_processes_count_together_but_for_one_uncounted_download_each(
    services: WebServices, settings: Settings, assemble: Assemble
) -> None:
    others = [assemble(settings), assemble(settings)]

    # Each turn is one download from each of three processes; the first turn is not counted.
    served = [[process.download_limit.refuses(READER, FEED) == 0 for process in (services, *others)] for _ in range(4)]

    assert served[0] == [True] * 3
    assert MOST <= sum(map(sum, served)) <= MOST + 2
    assert served[-1] == [False] * 3


def test_two_processes_that_have_both_counted_share_what_is_left(
    services: WebServices, settings: Settings, assemble: Assemble, clock: Clock
) -> None:
    large = replace(settings, limits=LimitsSettings(copies=20))
    one, other = assemble(large).download_limit, assemble(large).download_limit
    assert passed(one, 2) + passed(other, 2) == 4

    assert passed(one, 10) + passed(other, 10) == 16


def test_a_well_behaved_reader_costs_no_query(services: WebServices, limit: DownloadLimit, clock: Clock) -> None:
    statements = record_statements(services.database.engine)

    for _ in range(5):
        assert passed(limit, 1) == 1
        clock.move(seconds=60)

    assert not statements


def test_a_refusal_costs_no_query(services: WebServices, limit: DownloadLimit, clock: Clock) -> None:
    assert passed(limit, MOST + 1) == MOST
    statements = record_statements(services.database.engine)

    for seconds in range(60):
        assert limit.refuses(READER, FEED) == 60 - seconds
        clock.move(seconds=1)

    assert not statements


def test_a_refusal_does_not_wait_for_a_count(limit: DownloadLimit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert passed(limit, MOST + 1) == MOST
    counting, may_end = Event(), Event()

    def slow_take(*_: object) -> None:
        counting.set()
        may_end.wait(SECONDS)

    monkeypatch.setattr(rate_limits, "take", slow_take)
    with ThreadPoolExecutor(2) as threads:
        other = threads.submit(passed, limit, 2, "192.0.2.8")  # the second of them is counted
        assert counting.wait(SECONDS)

        assert threads.submit(limit.refuses, READER, FEED).result(SECONDS / 2) == 60

        assert not other.done()
        may_end.set()


def test_with_the_second_download_in_a_minute_the_first_is_counted_too(
    services: WebServices, limit: DownloadLimit, clock: Clock
) -> None:
    limit.refuses(READER, FEED)
    clock.move(seconds=60)
    limit.refuses(READER, FEED)
    assert written(services) == 0

    clock.move(seconds=59.9)
    limit.refuses(READER, FEED)

    assert written(services) == 2


@pytest.mark.parametrize("pause", [0, 0.7, 13, 59.9, 61])
def test_no_minute_holds_more_downloads_than_the_limit(limit: DownloadLimit, clock: Clock, pause: float) -> None:
    served = []
    for _ in range(5 * MOST):
        if not limit.refuses(READER, FEED):
            served.append(clock())
        clock.move(seconds=pause)

    assert all(last - first >= rate_limits.WINDOW for first, last in zip(served, served[MOST:], strict=False))
    assert len(served) >= MOST


def test_a_network_of_ipv6_counts_as_one_reader(limit: DownloadLimit) -> None:
    assert sum(passed(limit, 1, f"2001:db8::{host:x}") for host in range(1, 9)) == MOST
    assert passed(limit, 1, "2001:db8:0:1::1") == 1
    assert sum(passed(limit, 1, address) for address in ["192.0.2.1", "::ffff:192.0.2.1"] * MOST) == MOST


# --- when things go wrong ---


def test_feeds_are_served_while_the_database_is_away_and_the_log_says_so_once(
    client: FlaskClient, services: WebServices, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(client)
    take_the_database_away(services)

    assert {fetch(client).status_code for _ in range(3 * MOST)} == {200}
    monkeypatch.setattr(download_limit, "_PAUSE", 0)
    assert {fetch(client).status_code for _ in range(3 * MOST)} == {200}

    assert len([line for line in caplog.messages if line.startswith("downloads of feeds are not counted: ")]) == 1


def test_a_locked_database_delays_no_reader(
    services: WebServices,
    settings: Settings,
    assemble: Assemble,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(download_limit, "_LOCK_TIMEOUT", 0.05)
    limit = assemble(settings).download_limit
    assert passed(limit, 2) == 2  # so that there is a row to lock

    with services.database.write() as connection:
        rate_limits.take(connection, [Limit(f"copies:{READER} {FEED}", MOST)], services.clock())

        assert passed(limit, 3 * MOST) == 3 * MOST


def test_a_database_that_is_back_counts_again(
    services: WebServices, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_limit, "_PAUSE", 0)
    engine = services.database.engine
    limit = services.download_limit
    take_the_database_away(services)
    assert passed(limit, 2 * MOST) == 2 * MOST
    services.database.engine = engine

    clock.move(minutes=3)

    assert passed(limit, 2 * MOST) == MOST


def test_no_more_clients_are_remembered_than_memory_has_room_for(services: WebServices, clock: Clock) -> None:
    limit = DownloadLimit(services.database, 1, clock, most_downloaders=3)

    first = [limit.refuses(f"192.0.2.{host}", FEED) for host in range(1, 5)]
    again = [bool(limit.refuses(f"192.0.2.{host}", FEED)) for host in (4, 3, 1)]

    assert first == [0, 0, 0, 0]
    assert again == [True, True, False]  # the first client’s uncounted download was forgotten
