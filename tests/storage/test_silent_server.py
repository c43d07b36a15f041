"""A PostgreSQL that is silent: it is stopped or its disk hangs, and its system still takes connections."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask.testing import FlaskClient
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from feedserver.app import create_app
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings
from feedserver.storage.answer_deadline import ImpatientConnection
from feedserver.storage.engine import Database
from tests.posts.builders import publish
from tests.support.pinging import ping_body, read_answer
from tests.support.silent import SilentWay, way_to
from tests.support.waiting import together

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
BOUND = 6.0  # seconds: one without an answer, then two for a new connection, and a slow machine


@pytest.fixture
def way(database_url: str) -> Iterator[SilentWay]:
    with way_to(make_url(database_url).port or 5432) as way:
        yield way


@pytest.fixture
def services(
    settings: Settings, way: SilentWay, assemble: Callable[[Settings], WebServices], monkeypatch: pytest.MonkeyPatch
) -> WebServices:
    """A site whose way to the database can go silent, and which waits for a second."""
    monkeypatch.setattr(ImpatientConnection, "answer_seconds", 1.0)
    url = make_url(settings.database.url).set(port=way.port, query={"connect_timeout": "2"})
    database = DatabaseSettings(url=url.render_as_string(hide_password=False))
    return assemble(Settings(settings.data_dir, settings.site, database, egress=settings.egress))


@pytest.fixture
def client(services: WebServices) -> FlaskClient:
    return create_app(services=services).test_client()


def timed(operation: Callable[[], object]) -> tuple[float, object]:
    began = time.monotonic()
    found = operation()
    return time.monotonic() - began, found


def test_all_is_answered_in_bounded_time_while_it_is_silent_and_at_once_when_it_speaks(
    services: WebServices, client: FlaskClient, way: SilentWay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "feedserver")
    post = publish(services, "Fog")
    target = f"http://blog.example/posts/{post.slug}"
    feed = client.get("/feed.atom").data
    assert client.get("/readyz").get_json()["status"] == "degraded", "no worker runs here"

    def ping(name: str) -> object:
        body = ping_body(f"http://127.0.2.1:1/{name}", target)
        return read_answer(client.post("/pingback", data=body, content_type="text/xml").data)

    with way.silent():
        pages, pings, feeds, ready = together(
            lambda: timed(lambda: client.get("/").status_code),
            lambda: timed(lambda: ping("lost")),
            lambda: timed(lambda: client.get("/feed.atom").data),
            lambda: timed(lambda: client.get("/readyz").status_code),
        )
        alive = timed(lambda: client.get("/healthz").status_code)
    back = timed(lambda: ping("second"))

    answers = {"pages": pages, "pings": pings, "feeds": feeds, "ready": ready}
    assert {name: answer[1] for name, answer in answers.items()} == {  # type: ignore[index]
        "pages": 503,
        "pings": 50,
        "feeds": feed,
        "ready": 503,
    }
    assert max(answer[0] for answer in answers.values()) < BOUND  # type: ignore[index]
    assert alive[1] == 200
    assert alive[0] < 0.5
    assert back[1] == 16, "the source was asked for, and is not there"
    assert back[0] < BOUND
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert line.startswith("the database did not answer: ")
    assert not any(record.exc_info for record in caplog.records)


def test_a_silent_commit_is_not_acknowledged(services: WebServices, way: SilentWay) -> None:
    with ExitStack() as silence:

        def commit() -> None:
            with services.database.write() as connection:
                connection.exec_driver_sql("UPDATE site SET revision = revision + 1")
                silence.enter_context(way.silent())

        with pytest.raises(OperationalError, match="has not answered for 1 s"):
            commit()


def test_a_command_waits_for_as_long_as_it_takes(services: WebServices) -> None:
    patient = Database(services.database.url.render_as_string(hide_password=False))
    with patient.read() as connection:
        assert connection.exec_driver_sql("SELECT pg_sleep(1.5)").all()
    patient.close()
