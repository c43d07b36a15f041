"""Many sources that accept a connection and stay silent, beside responsive ones, and requests for feeds and pages."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from feedserver.storage.engine import Database
from tests.support.listing import listing
from tests.support.pinging import HEADERS, ping_body, read_answer
from tests.support.serving import Blog, Site, request, running_site
from tests.support.waiting import wait_until

WAIT = 2.5  # seconds: pingback.wait
PATHS = ("/feed.rss", "/feed.atom", "/posts/hello", "/")


@dataclass
class Measured:
    """Times in seconds, and outcomes of pings."""

    idle: list[float] = field(default_factory=list)  # of each request for a feed or page, before the pings
    loaded: list[float] = field(default_factory=list)  # the same, while sources stall
    answers: list[float] = field(default_factory=list)  # of each ping
    outcomes: list[object] = field(default_factory=list)
    verified: list[float] = field(default_factory=list)  # from the ping of a responsive source until it is shown


def stall(folder: Path, *, sources: int, responsive: int, requests: int, workers: int = 1) -> Measured:
    """Pings `sources` silent sources at once, then `responsive` others one by one while it requests feeds and pages."""
    measured = Measured()
    url = f"sqlite:///{folder / 'site.sqlite3'}"
    environ = {
        "FEEDSERVER_DATABASE_URL": url,
        "FEEDSERVER_LIMITS_COPIES": "0",
        "FEEDSERVER_LIMITS_SENDER": "10000",
        "FEEDSERVER_LIMITS_HOST": "10000",  # the responsive sources are pages of one blog
        "FEEDSERVER_PINGBACK_WAIT": str(WAIT),
    }
    with ExitStack() as stack:
        silent = [stack.enter_context(_silent(f"127.0.2.{100 + number}")) for number in range(sources)]
        blog = Blog("127.0.2.9")
        stack.callback(blog.close)
        site = stack.enter_context(running_site(folder, environ=environ, workers=workers))
        target = f"{site.url}/posts/hello"
        pages = [blog.put(f"/{number}", f'<p>I read <a href="{target}">it</a>.</p>') for number in range(responsive)]
        _ask(site, requests, measured.idle)
        _ping_all(site, silent, measured)
        reader = threading.Thread(target=_ask, args=(site, requests, measured.loaded))
        reader.start()
        for page in pages:
            _ping(site, page, measured)
            measured.verified.append(_seconds_until_shown(url, page))
        reader.join()
        site.stop(signal.SIGKILL)  # does not wait for the fetches from silent sources
    return measured


def quantile(numbers: list[float], part: float) -> float:
    """The number below which `part` of them lie, as 0.95 for the 95th percentile."""
    return sorted(numbers)[min(len(numbers) - 1, int(len(numbers) * part))]


@contextmanager
def _silent(address: str) -> Iterator[str]:
    """A source that never says anything: the kernel accepts, nobody reads."""
    with socket.create_server((address, 0)) as listener:
        yield f"http://{address}:{listener.getsockname()[1]}/"


def _ping_all(site: Site, sources: list[str], measured: Measured) -> None:
    threads = [threading.Thread(target=_ping, args=(site, source, measured)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ping(site: Site, source: str, measured: Measured) -> None:
    begun = time.monotonic()
    body = ping_body(source, f"{site.url}/posts/hello")
    answer = request(f"{site.url}/pingback", body=body, headers=HEADERS)[2]
    measured.answers.append(time.monotonic() - begun)
    measured.outcomes.append(read_answer(answer))


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
