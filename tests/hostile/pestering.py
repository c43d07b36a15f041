"""What one source and one host are asked by a real server of several processes, however often they are named."""

import threading
from dataclasses import dataclass
from pathlib import Path

from tests.support.pinging import HEADERS, ping_body
from tests.support.serving import Blog, Site, request, running_site


@dataclass(frozen=True)
class Asked:
    """How often they were pinged, and how often a source's server was asked for something."""

    source_pings: int
    source_fetches: int
    host_pings: int
    host_fetches: int


def pester(folder: Path, *, threads: int = 8, pings: int = 10) -> Asked:
    """Names one source again and again for three posts, and one host with random queries, from several threads."""
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
    return Asked(threads * pings, len(source.requests), threads * pings, len(host.requests))


def _all_at_once(site: Site, groups: list[list[tuple[str, str]]]) -> None:
    def send(pairs: list[tuple[str, str]]) -> None:
        for source, target in pairs:
            request(f"{site.url}/pingback", body=ping_body(source, target), headers=HEADERS)

    threads = [threading.Thread(target=send, args=(pairs,)) for pairs in groups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
