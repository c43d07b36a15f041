"""Sources that accept and stay silent, many at once, beside one that is well, and readers who want their feeds."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from feedserver.storage.engine import Database
from feedserver.thoughts.listing import listing
from tests.support.pinging import HEADERS, ping_body, read_answer
from tests.support.serving import Blog, Site, request, running_site
from tests.support.waiting import wait_until

WAIT = 2.5  # seconds: pingback.wait
PATHS = ("/feed.rss", "/feed.atom", "/posts/hello", "/")


@dataclass
class Held:
    """What was seen while sources stalled. Times are in seconds."""

    idle: list[float] = field(default_factory=list)  # of each request for a feed or page, before
    loaded: list[float] = field(default_factory=list)  # the same, meanwhile
    answers: list[float] = field(default_factory=list)  # of each ping
    outcomes: list[object] = field(default_factory=list)
    verified: list[float] = field(default_factory=list)  # from a ping of a source that is well until its thought stands


def stall(folder: Path, *, sources: int, well: int, requests: int, workers: int = 1) -> Held:
    """Pings `sources` silent sources, then `well` others one after the other, and asks for feeds all the while."""
    held = Held()
    url = f"sqlite:///{folder / 'site.sqlite3'}"
    environ = {
        "FEEDSERVER_DATABASE_URL": url,
        "FEEDSERVER_LIMITS_COPIES": "0",
        "FEEDSERVER_LIMITS_SENDER": "10000",
        "FEEDSERVER_LIMITS_HOST": "10000",  # the sources that are well are pages of one blog
        "FEEDSERVER_PINGBACK_WAIT": str(WAIT),
    }
    with ExitStack() as stack:
        silent = [stack.enter_context(_silent(f"127.0.2.{100 + number}")) for number in range(sources)]
        blog = Blog("127.0.2.9")
        stack.callback(blog.close)
        site = stack.enter_context(running_site(folder, environ=environ, workers=workers))
        target = f"{site.url}/posts/hello"
        pages = [blog.put(f"/{number}", f'<p>I read <a href="{target}">it</a>.</p>') for number in range(well)]
        _ask(site, requests, held.idle)
        _ping_all(site, silent, held)
        reader = threading.Thread(target=_ask, args=(site, requests, held.loaded))
        reader.start()
        for page in pages:
            _ping(site, page, held)
            held.verified.append(_seconds_until_shown(url, page))
        reader.join()
        site.stop(signal.SIGKILL)  # the fetches that wait for silent sources need not be waited for
    return held


def share(numbers: list[float], part: float) -> float:
    """The number below which `part` of them lie."""
    return sorted(numbers)[min(len(numbers) - 1, int(len(numbers) * part))]


@contextmanager
def _silent(address: str) -> Iterator[str]:
    """A source that never says anything: the kernel accepts, nobody reads."""
    with socket.create_server((address, 0)) as listener:
        yield f"http://{address}:{listener.getsockname()[1]}/"


def _ping_all(site: Site, sources: list[str], held: Held) -> None:
    threads = [threading.Thread(target=_ping, args=(site, source, held)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ping(site: Site, source: str, held: Held) -> None:
    begun = time.monotonic()
    body = ping_body(source, f"{site.url}/posts/hello")
    answer = request(f"{site.url}/pingback", body=body, headers=HEADERS)[2]
    held.answers.append(time.monotonic() - begun)
    held.outcomes.append(read_answer(answer))


def _ask(site: Site, requests: int, seconds: list[float]) -> None:
    for number in range(requests):
        begun = time.monotonic()
        assert site.get(PATHS[number % len(PATHS)])[0] == 200
        seconds.append(time.monotonic() - begun)
        time.sleep(0.01)


def _seconds_until_shown(url: str, source: str) -> float:
    database, begun = Database(url), time.monotonic()

    def shown() -> bool:
        with database.read() as connection:
            return source in [thought.source for thought in listing(connection, state="shown")]

    wait_until(shown, 60, lambda: f"{source} is not shown after a minute")
    database.close()
    return time.monotonic() - begun
