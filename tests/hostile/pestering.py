"""Counts the requests of a real server to one source and one host that many pings name."""

import threading
from dataclasses import dataclass
from pathlib import Path

from tests.support.pinging import HEADERS, ping_body
from tests.support.serving import Blog, Site, request, running_site


@dataclass(frozen=True)
class RequestCounts:
    """The numbers of pings, and of requests to the servers of their sources."""

    source_pings: int
    source_fetches: int
    host_pings: int
    host_fetches: int


def pester(folder: Path, *, threads: int = 8, pings: int = 10) -> RequestCounts:
    """Pings from several threads: for three posts from one source, and from one host with a new query each time."""
    source, host = Blog("127.0.2.60"), Blog("127.0.2.61")
    with running_site(folder, environ={"FEEDSERVER_LIMITS_SENDER": "100000"}, workers=2) as site:
        targets = [f"{site.url}/posts/hello"]
        for number in range(2):
            given = f"---\ntitle: Post {number}\n---\nWords.\n"
            targets.append(site.command("post", "add", "-", given=given).stdout.split()[-1])
        links = "".join(f'<p>I read <a href="{target}">this</a>.</p>' for target in targets)
        page = source.put("/", links)
        named = [[(page, targets[number % 3]) for number in range(pings)] for _ in range(threads)]
        queries = [
            [(host.put(f"/?{thread}.{number}", links), targets[0]) for number in range(pings)]
            for thread in range(threads)
        ]
        _all_at_once(site, named + queries)
    for blog in (source, host):
        blog.close()
    return RequestCounts(threads * pings, len(source.requests), threads * pings, len(host.requests))


def _all_at_once(site: Site, groups: list[list[tuple[str, str]]]) -> None:
    def send(pairs: list[tuple[str, str]]) -> None:
        for source, target in pairs:
            request(f"{site.url}/pingback", body=ping_body(source, target), headers=HEADERS)

    threads = [threading.Thread(target=send, args=(pairs,)) for pairs in groups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
