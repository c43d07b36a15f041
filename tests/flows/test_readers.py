"""Feed readers of a real server with two processes: too many full downloads are refused, and all are counted."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.serving import Site, free_port, request
from tests.support.waiting import wait_until

MOST = 10
WORKERS = 2
FRESHRSS = "FreshRSS/1.20 (Linux; https://freshrss.org)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that trusts X-Forwarded-For from loopback, as by default, so that a test can be many readers."""
    environ = {"FEEDSERVER_LIMITS_COPIES": str(MOST)}
    site = Site(tmp_path_factory.mktemp("readers"), free_port(), environ)
    site.start(workers=WORKERS)
    yield site
    if site.process is not None:
        site.stop()


def get(site: Site, address: str, path: str = "/feed.atom", **headers: str) -> tuple[int, dict[str, str], bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(site.url + path, headers={"X-Forwarded-For": address, **named})


def listed(site: Site) -> dict[str, dict[str, Any]]:
    return {row["reader"]: row for row in json.loads(site.command("feed", "readers", "--json").stdout)}


def test_readers_are_counted_while_the_server_runs(site: Site) -> None:
    for host in range(3):
        get(site, f"192.0.2.{10 + host}", "/feed.json", User_Agent=FRESHRSS)

    wait_until(lambda: listed(site).get("FreshRSS", {}).get("requests") == 3, 30, lambda: f"after 30 s: {listed(site)}")
    assert listed(site)["FreshRSS"]["subscribers"] == 3


def test_two_processes_refuse_the_same_reader(site: Site) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: get(site, "192.0.2.1"), range(3 * MOST)))
    served = [status for status, _, _ in answers].count(200)
    refused = [(status, headers, body) for status, headers, body in answers if status != 200]

    assert MOST <= served <= MOST + WORKERS - 1
    for status, headers, body in refused:
        assert (status, headers["cache-control"], headers["access-control-allow-origin"]) == (429, "no-store", "*")
        assert 1 <= int(headers["retry-after"]) <= 61
        assert len(body) < 100
    etag = answers[0][1].get("etag") or get(site, "192.0.2.2")[1]["etag"]
    assert {get(site, "192.0.2.1", If_None_Match=etag)[0] for _ in range(4)} == {304}
    assert get(site, "192.0.2.1", "/feed.rss")[0] == 200


def test_what_this_machine_asks_for_itself_never_counts(site: Site) -> None:
    assert {request(site.url + "/feed.json")[0] for _ in range(2 * MOST)} == {200}


def test_the_last_counts_are_written_when_the_server_stops(site: Site) -> None:
    for host in (13, 14, 13, 13):
        etag = get(site, f"192.0.2.{host}", "/feed.rss", User_Agent="Feedly/1.0 (+x; 120 subscribers)")[1]["etag"]
        get(site, f"192.0.2.{host}", "/feed.rss", User_Agent="Miniflux/2.2", If_None_Match=etag)
    get(site, "192.0.2.15", "/feed.rss", User_Agent="Miniflux/2.2")

    assert site.stop() == 0

    rows = listed(site)
    found = [rows["Miniflux"][name] for name in ("subscribers", "requests", "share_304")]
    assert found == [3, 5, 80.0]
    assert (rows["Feedly"]["subscribers"], rows["Feedly"]["requests"]) == (120, 4)
