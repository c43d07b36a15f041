"""What an operator sees of a server with two workers: metrics of both, whichever answers, through kills and reloads."""

import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.metrics.reading import values
from tests.support.serving import Site, running_site
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("operated"), environ={"FEEDSERVER_SERVER_LOG": "json"}) as site:
        yield site


def workers(site: Site) -> set[int]:
    assert site.process is not None
    pid = site.process.pid
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()))


def feeds(site: Site) -> float:
    """How many feeds were answered, by /metrics."""
    status, _, body = site.get("/metrics")
    assert status == 200
    return values(body.decode(), "feedserver_requests_total").get(("feeds.site_feed", "200"), 0)


def folder(site: Site) -> Path:
    mapped = [Path(f"/proc/{worker}/maps").read_text("utf-8") for worker in workers(site)]
    (found,) = set(re.findall(r"/\S+/feedserver-metrics-[^/]+(?=/)", "\n".join(mapped)))
    return Path(found)


def files(site: Site) -> list[str]:
    return [path.name for path in folder(site).iterdir() if path.suffix == ".db"]


def test_all_workers_count_together_and_no_total_goes_back(site: Site) -> None:
    for _ in range(20):
        site.get("/feed.rss")
    assert {feeds(site) for _ in range(10)} == {20}, "whichever worker answers"

    before = workers(site)
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: len(workers(site) - before) == 1)
    assert {feeds(site) for _ in range(10)} == {20}, "after a kill"

    before = workers(site)
    assert site.process is not None
    site.process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(workers(site)) == 2 and not workers(site) & before)
    for _ in range(5):
        site.get("/feed.rss")
    assert {feeds(site) for _ in range(10)} == {25}, "after a reload"
    assert len(files(site)) <= 2 * 3, "two of each worker, and two of all that have ended"


def test_each_line_of_the_log_is_an_object_and_the_id_of_a_request_is_in_it(site: Site) -> None:
    body = site.get("/none/such", {"X-Request-ID": "looked-for"})[2].decode()
    assert "<code>looked-for</code>" in body

    wait_until(lambda: "looked-for" in site.log())
    lines = [json.loads(line) for line in site.log().splitlines()]

    (found,) = (line for line in lines if line.get("request_id") == "looked-for")
    assert (found["event"], found["route"], found["status"], found["level"]) == ("request", "none", 404, "info")
    assert all(line["time"].endswith("Z") and line["level"] and line["event"] for line in lines)


def test_a_server_whose_counts_others_remove_goes_on_and_counts_anew(site: Site) -> None:
    """As systemd-logind does with the shared memory of a user who logs out."""
    assert site.process is not None
    site.get("/feed.rss")
    shutil.rmtree(folder(site))
    assert site.get("/metrics")[0] == 200, "each worker for itself"

    before = workers(site)
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: len(workers(site) - before) == 1)
    assert site.get("/feed.rss")[0] == 200
    assert "was removed by another program" in site.log()

    before = workers(site)
    site.process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(workers(site)) == 2 and not workers(site) & before)
    began = feeds(site)
    for _ in range(5):
        site.get("/feed.rss")
    assert {feeds(site) for _ in range(10)} == {began + 5}, "after a reload"
