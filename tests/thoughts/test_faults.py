"""When the server itself is in trouble, senders still read XML-RPC: docs/interface.md, “pingback.ping”."""

import logging
from collections.abc import Callable

import pytest
from sqlalchemy.exc import DataError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.storage.engine import Database
from feedserver.thoughts.receiving import Receiver
from tests.support.pinging import call_body
from tests.thoughts.site import SOURCE, Answer, Site, SiteWith, linking

AWAY = {
    "pool timeout": NoConnection("QueuePool limit reached"),
    "locked": OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked")),
    "read-only": InternalError("INSERT", {}, Exception("cannot execute INSERT in a read-only transaction")),
}


@pytest.fixture(params=["pingback.ping", "pingback.extensions.getPingbacks"])
def call(request: pytest.FixtureRequest, site: Site, target: str) -> Callable[[], Answer]:
    params = (SOURCE, target) if request.param == "pingback.ping" else (target,)
    return lambda: site.call(call_body(request.param, *params))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("error", AWAY.values(), ids=AWAY.keys())
def test_a_database_that_does_not_answer_is_50(
    call: Callable[[], Answer], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(Database, "read", fails)

    assert_is_fault(call(), 50, hidden=str(error))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_was_taken_away_is_50_and_told_once(
    site: Site, call: Callable[[], Answer], caplog: pytest.LogCaptureFixture
) -> None:
    database = site.services.database
    database.close()
    assert database.file is not None
    database.file.rename(database.file.with_name("elsewhere"))
    database.file.mkdir()

    for _ in range(3):
        assert_is_fault(call(), 50, hidden="unable to open")
    (line,) = caplog.messages
    assert line.startswith("the database did not answer: unable to open database file; ")
    assert not caplog.records[0].exc_info


@pytest.mark.parametrize("error", [ValueError("a secret detail"), DataError("x", {}, Exception("a secret detail"))])
def test_an_unexpected_error_is_32603_and_shown_to_the_operator_alone(
    site: Site,
    target: str,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(Receiver, "receive", fails)

    with caplog.at_level(logging.ERROR):
        answer = site.ping(SOURCE, target)

    assert_is_fault(answer, -32603, hidden="a secret detail")
    assert "a secret detail" in caplog.text
    assert "Traceback" in caplog.text


def test_a_server_that_stops_answers_50_and_leaves_a_stored_ping_to_the_next(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target))
    site.services.waiting_slots.close()

    assert_is_fault(site.ping(SOURCE, target), 50, hidden="shutdown")

    assert site.web.fetched == []
    assert site.run_jobs() == 1, "its lease was given back"
    assert site.only_thought().state == "shown"


def test_a_slot_that_is_not_used_is_given_back_when_the_server_stops(site_with: SiteWith) -> None:
    site = site_with(pingback_places=1)
    site.services.waiting_slots.close()

    assert site.ping(SOURCE, site.target).outcome == 50

    site.wait_for_a_free_slot()


def assert_is_fault(answer: Answer, code: int, *, hidden: str) -> None:
    assert answer.outcome == code
    assert hidden not in answer.text
