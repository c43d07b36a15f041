"""Two servers and two workers, each in a folder of its own, on one PostgreSQL: one site, also if some are killed."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, create_engine, text

from tests.posts.builders import document
from tests.support.pinging import HEADERS, ping_body, read_answer
from tests.support.postgres import VARIABLE, new_database
from tests.support.serving import Blog, Process, Site, free_port, request
from tests.support.waiting import wait_until
from tests.thoughts.forms import TYPING_SECONDS

DIED = "the process that ran it has ended"
pytestmark = pytest.mark.timeout(180)


class StallingPages(dict[str, tuple[int, dict[str, str], bytes]]):
    """Pages of a blog that answers nothing until `open` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.open = Event()

    def get(self, *arguments: object) -> Any:
        self.open.wait(20)
        return super().get(*arguments)  # type: ignore[call-overload]


class Machines:
    """The servers `one` and `two`, the workers beside them, and a connection to their database."""

    def __init__(self, folder: Path, url: str, stack: ExitStack) -> None:
        ports = free_port(), free_port()
        shared = {
            "FEEDSERVER_SITE_URL": f"http://127.0.0.1:{ports[0]}",
            "FEEDSERVER_DATABASE_URL": url,
            "FEEDSERVER_JOBS_IN_WEB": "false",
        }
        own: list[dict[str, str]] = [{}, {"FEEDSERVER_PINGBACK_PLACES": "0"}]  # the second leaves pings to the workers
        self.one, self.two = (
            Site(_made(folder / f"machine-{port}"), port, shared | differs)
            for port, differs in zip(ports, own, strict=True)
        )
        self.engine: Engine = create_engine(url)
        self.workers: list[Process] = []
        stack.callback(self.engine.dispose)
        stack.callback(self.kill_all)

    def start_servers(self) -> None:
        """Starts both at the same moment."""
        with ThreadPoolExecutor(2) as threads:
            for started in [threads.submit(site.start, workers=1) for site in (self.one, self.two)]:
                started.result()

    def start_worker(self, site: Site) -> None:
        with (site.folder / "worker.log").open("ab") as log:
            self.workers.append(site.started("worker", log=log))

    def kill_workers(self) -> None:
        """With SIGKILL: no job is finished, no lease is given back."""
        while self.workers:
            worker = self.workers.pop()
            worker.kill()
            worker.wait(10)

    def kill_all(self) -> None:
        self.kill_workers()
        for site in (self.one, self.two):
            if site.process is not None and site.process.poll() is None:
                site.stop(signal.SIGKILL)

    def wait_until_taken_over(self, source: str) -> None:
        """Waits until the lease on the job for `source` has ended: at most 20 seconds after its process was killed."""
        query = text("SELECT last_error FROM jobs WHERE subject = :source")
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            wait_until(
                lambda: connection.execute(query, {"source": source}).scalar() == DIED,
                30,
                lambda: f"{connection.execute(text('SELECT * FROM jobs')).all()}\n{self.log()}",
            )

    def thoughts(self) -> list[tuple[str | None, str]]:
        """Source and excerpt of each."""
        with self.engine.connect() as connection:
            return [(row.source, row.excerpt) for row in connection.execute(text("SELECT * FROM thoughts"))]

    def log(self) -> str:
        return self.one.log() + self.two.log()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def empty_database(prepared_postgres: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    with new_database(os.environ[VARIABLE]) as url:
        yield url


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, empty_database: str) -> Iterator[Machines]:
    with ExitStack() as stack:
        machines = Machines(tmp_path_factory.mktemp("machines"), empty_database, stack)
        machines.start_servers()
        for site in (machines.one, machines.two):
            machines.start_worker(site)
        yield machines


@pytest.fixture
def stalling(blog: Blog) -> Iterator[StallingPages]:
    """The pages of the blog, which answers nothing before `open` is set."""
    pages = StallingPages()
    blog.pages = pages
    yield pages
    pages.open.set()


@pytest.fixture(scope="module")
def publish(machines: Machines) -> Callable[[str], str]:
    """Publishes a post by a command on the first machine; returns its permalink."""

    def add(title: str) -> str:
        told = machines.one.command("post", "add", "-", given=document(title).decode())
        return told.stdout.splitlines()[-1]

    return add


def ping(site: Site, source: str, target: str) -> str | int | list[object]:
    return read_answer(request(f"{site.url}/pingback", body=ping_body(source, target), headers=HEADERS)[2])


def test_two_servers_that_start_together_on_an_empty_database_make_one_site(machines: Machines) -> None:
    with machines.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM site")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM posts")).scalar_one() == 1

    assert machines.one.get("/feed.json")[2] == machines.two.get("/feed.json")[2]
    assert "Traceback" not in machines.log()


def test_a_post_published_on_one_is_in_the_same_bytes_of_the_others_feeds_within_a_second(
    machines: Machines, publish: Callable[[str], str]
) -> None:
    paths = [f"/feed.{fmt}" for fmt in ("rss", "atom", "json")]
    for site in (machines.one, machines.two):
        assert [site.get(path)[0] for path in paths] == [200] * 3

    publish("Known everywhere")
    time.sleep(1)  # what is promised; a longer sleep does no harm

    for path in paths:
        answers = [site.get(path, {"Accept-Encoding": "gzip"}) for site in (machines.two, machines.one)]
        for name in ("etag", "last-modified", "content-length"):
            assert answers[0][1][name] == answers[1][1][name]
        assert answers[0][2] == answers[1][2]
        assert b"Known everywhere" in machines.two.get(path)[2]
        assert machines.two.get(path, {"If-None-Match": answers[1][1]["etag"]})[0] == 304


def test_pings_to_both_for_one_pair_make_one_thought(
    machines: Machines, blog: Blog, publish: Callable[[str], str]
) -> None:
    target = publish("Pinged twice")
    source = blog.put("/twice", f'<title>Other</title><p>See <a href="{target}">this</a>.</p>')

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda site: ping(site, source, target), [machines.one, machines.two] * 4))

    assert all(answer == 48 or str(answer).startswith("Pingback from") for answer in answers), answers
    path = target.removeprefix(machines.one.url)
    for site in (machines.one, machines.two):
        wait_until(lambda: b"1 Thought to" in site.get(path)[2], 15, machines.log)  # noqa: B023 - called in this iteration
    assert [known for known, _ in machines.thoughts()].count(source) == 1
    assert len(blog.requests) == 1, "one fetch serves them all"


def test_the_form_of_one_server_is_accepted_by_the_other(machines: Machines, publish: Callable[[str], str]) -> None:
    path = publish("Commented").removeprefix(machines.one.url)
    page = machines.one.get(path)[2].decode()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token, page
    time.sleep(TYPING_SECONDS)

    form = {
        "token": token[1],
        "comment": "From over there.",
        "name": "Rita",
        "email": "",
        "website": "",
        "homepage": "",
    }
    status, headers, _ = request(f"{machines.two.url}{path}/comments", body=urlencode(form).encode())

    assert status == 303
    assert "comment=held" in headers["location"]
    assert (None, "From over there.") in machines.thoughts()


def test_what_a_server_and_workers_were_fetching_when_they_were_killed_is_taken_over(
    machines: Machines, blog: Blog, stalling: StallingPages, publish: Callable[[str], str]
) -> None:
    targets = [publish(f"Pinged before the fall of {who}") for who in ("a server", "the workers")]
    sources = [
        blog.put(f"/{place}", f'<p>See <a href="{target}">this</a>.</p>') for place, target in enumerate(targets)
    ]
    assert "accepted" in str(ping(machines.one, sources[0], targets[0]))
    assert len(blog.requests) == 1, "the server itself fetches"
    assert "accepted" in str(ping(machines.two, sources[1], targets[1]))
    wait_until(lambda: len(blog.requests) == 2, 15, machines.log)

    machines.one.stop(signal.SIGKILL)
    machines.kill_workers()
    machines.start_worker(machines.two)
    for source in sources:
        machines.wait_until_taken_over(source)
    stalling.open.set()

    paths = [target.removeprefix(machines.one.url) for target in targets]
    for path in paths:
        wait_until(lambda: b"1 Thought to" in machines.two.get(path)[2], 20, machines.log)  # noqa: B023 - called in this iteration
    machines.one.start(workers=1)
    assert [b"1 Thought to" in machines.one.get(path)[2] for path in paths] == [True, True]
    assert [[known for known, _ in machines.thoughts()].count(source) for source in sources] == [1, 1]
