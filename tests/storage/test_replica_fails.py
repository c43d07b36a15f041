"""A replica that fails during a request, at its first statement or its last: the request is answered all the same."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import ProgrammingError

from feedserver.app import create_app
from feedserver.installation import init
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, LimitsSettings, Settings
from tests.posts.builders import publish
from tests.support.fixtures import Assemble
from tests.support.outside import Web
from tests.support.postgres import Server
from tests.support.replicas import CATCHES_UP, is_the_replica, on_the_replica, wait_for_replica
from tests.support.serving import LONG
from tests.support.waiting import wait_until

Answer = tuple[int, str | None, str]  # status, ETag, body
PERSON = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
TOKEN = re.compile(r'name="token" value="[^"]+"')  # of the comment form: another one each time
REQUESTS = [
    pytest.param("/", {}, id="home"),
    pytest.param("/tags/a", {}, id="a list"),
    pytest.param("/posts/first", {}, id="a post"),
    pytest.param("/posts/first?comment=held", {}, id="a post after its comment"),
    pytest.param("/posts/first/comments", {"method": "POST"}, id="a comment with faults"),
    pytest.param("/receipts/{receipt}.json", {}, id="a receipt"),
    pytest.param("/feeds", {}, id="the list of feeds"),
    pytest.param("/feed.rss", {"headers": PERSON}, id="a feed for people"),
    pytest.param("/feed.rss", {}, id="RSS"),
    pytest.param("/authors/Ann/feed.atom", {}, id="Atom of an author"),
    pytest.param("/posts/first/thoughts.json", {}, id="JSON of thoughts"),
]
END = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid = :pid")  # milliseconds


@pytest.fixture
def services(replicated: DatabaseSettings, tmp_path: Path, assemble: Assemble, web: Web) -> WebServices:
    """A site with two posts and a thought, whose public reads go to the replica."""
    services = assemble(Settings(data_dir=tmp_path, database=replicated, limits=LimitsSettings(copies=0)))
    init(services, example=False)
    for title in ("First", "Second"):
        publish(services, title, tags="[a]", authors="[Ann]")
    target = services.urls.post("first")
    services.receiver.receive(web.put("http://other.example/", f'<a href="{target}">See</a>'), target, "192.0.2.1")
    wait_for_replica(services)
    return services


def ask(services: WebServices, path: str, **how: Any) -> Answer:
    """The answer of a process with empty caches."""
    answer = create_app(services=services).test_client().open(path, **how)
    return answer.status_code, answer.headers.get("ETag"), TOKEN.sub("", answer.get_data(as_text=True))


@contextmanager
def before_statement(number: int, server: Server, operation: Callable[[Connection], None]) -> Iterator[list[str]]:
    """Runs `operation` once, just before the statement with this number is sent to the replica; never for 0.

    Yields the statements up to that one, for 0 all of them.
    """
    sent: list[str] = []

    def note(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if connection.engine.url.port == server.port and (not number or len(sent) < number):
            sent.append(statement)
            if len(sent) == number:
                operation(connection)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def end_session(connection: Connection) -> None:
    """Ends the session of a statement that is about to be sent, as an operator would."""
    other = create_engine(connection.engine.url)
    with other.connect() as admin:
        admin.execute(END, {"pid": connection.connection.driver_connection.info.backend_pid})  # type: ignore[union-attr]
    other.dispose()


@pytest.mark.parametrize(("path", "how"), REQUESTS if LONG else REQUESTS[1::3])
def test_the_primary_answers_when_the_session_on_the_replica_ends_during_a_request(
    services: WebServices,
    replica_server: Server,
    assemble: Assemble,
    caplog: pytest.LogCaptureFixture,
    path: str,
    how: dict[str, Any],
) -> None:
    with services.database.read() as connection:
        path = path.format(receipt=connection.execute(text("SELECT receipt_token FROM thoughts")).scalar_one())
    alone = replace(services.settings, database=DatabaseSettings(url=services.settings.database.url))
    expected = ask(assemble(alone), path, **how)
    assert expected[0] == (422 if how.get("method") == "POST" else 200)
    wait_for_replica(services)

    with before_statement(0, replica_server, end_session) as every:
        assert ask(assemble(services.settings), path, **how) == expected
    assert len(every) > 1, "more is read than its replay position"
    for number in (1, 2, len(every)):
        caplog.clear()
        with before_statement(number, replica_server, end_session):
            assert ask(assemble(services.settings), path, **how) == expected, every[number - 1]
        assert [record.name for record in caplog.records] == ["feedserver.condition"]


@pytest.mark.parametrize("path", ["/", "/feed.atom"])
def test_the_primary_answers_when_the_replica_stops_during_a_request_and_feeds_go_on_changing(
    services: WebServices, replica_server: Server, path: str
) -> None:
    client = create_app(services=services).test_client()
    assert b"Second" in client.get(path).data
    publish(services, "Third")
    wait_for_replica(services)

    try:
        with before_statement(2, replica_server, lambda _: replica_server.stop()) as sent:
            answer = client.get(path)
        assert len(sent) == 2
        assert (answer.status_code, b"Third" in answer.data) == (200, True)
        assert services.database.replica_state() == "away"

        publish(services, "Fourth")
        assert b"Fourth" in client.get(path).data
    finally:
        replica_server.start()


def test_a_read_that_the_replica_cancels_to_replay_a_change_is_made_on_the_primary(
    services: WebServices,
) -> None:
    def read(connection: Connection) -> bool:
        on_replica = is_the_replica(connection)
        seconds = 60 if on_replica else 0
        connection.execute(text("SELECT pg_sleep(:seconds) FROM posts LIMIT 1"), {"seconds": seconds})
        return on_replica

    with replay_without_delay(services) as replica, ThreadPoolExecutor(1) as thread:
        reading = thread.submit(services.database.read_public, read)
        sleeping = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        wait_until(lambda: replica.execute(sleeping).scalar_one() == 1, CATCHES_UP, lambda: "nobody reads")
        with services.database.write() as connection:
            connection.execute(text("LOCK TABLE posts IN ACCESS EXCLUSIVE MODE"))

        assert reading.result(CATCHES_UP) is False
        assert services.database.replica_state() == "away"


def test_an_invalid_statement_is_raised_at_once_and_the_replica_is_still_used(services: WebServices) -> None:
    asked: list[bool] = []

    def read(connection: Connection) -> None:
        asked.append(is_the_replica(connection))
        connection.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(ProgrammingError):
        services.database.read_public(read)

    assert asked == [True]
    assert services.database.replica_state() == "ok"


@contextmanager
def replay_without_delay(services: WebServices) -> Iterator[Connection]:
    """A connection to the replica, whose replay cancels conflicting queries at once."""
    with on_the_replica(services) as connection:
        connection.execute(text("ALTER SYSTEM SET max_standby_streaming_delay = 0"))
        connection.execute(text("SELECT pg_reload_conf()"))
        shown = text("SELECT current_setting('max_standby_streaming_delay') = '0'")
        wait_until(lambda: bool(connection.execute(shown).scalar_one()), CATCHES_UP, lambda: "nothing is reloaded")
        try:
            yield connection
        finally:
            connection.execute(text("ALTER SYSTEM RESET max_standby_streaming_delay"))
            connection.execute(text("SELECT pg_reload_conf()"))
