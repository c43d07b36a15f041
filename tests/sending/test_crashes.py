"""A process that dies at any moment leaves its duty to another."""

from typing import Any

import pytest
from sqlalchemy.exc import TimeoutError as NoConnection

from feedserver.jobs.model import LEASE
from feedserver.net.exchange import Request
from feedserver.sending import store
from feedserver.sending.store import SEND
from feedserver.services import WebServices
from feedserver.storage.engine import Database
from tests.posts.builders import edit, publish
from tests.sending.desk import Desk
from tests.sending.elsewhere import Elsewhere
from tests.support.waiting import together

A = "http://a.example/page"
BODY = f"[a link]({A})"


class Killed(BaseException):
    """Ends a handler where a kill would, as no handler catches it."""


@pytest.mark.parametrize("moment", ["GET", "POST"])
def test_a_process_that_dies_while_a_ping_is_under_way_leaves_it_to_another(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, moment: str
) -> None:
    elsewhere.takes_webmentions(A)
    publish(services, body=BODY)
    desk.clock.move(seconds=5)

    def die(request: Request) -> None:
        if request.method == moment:
            elsewhere.meanwhile = lambda _: None
            raise Killed

    elsewhere.meanwhile = die
    with pytest.raises(Killed):
        services.runner.run_due()
    assert desk.ping().state == "waiting"

    desk.until_later(minutes=1)

    assert (desk.ping().state, desk.waiting()) == ("told", [])


def test_a_page_that_may_have_heard_from_a_process_that_died_hears_that_the_link_is_gone(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.takes_webmentions(A)
    publish(services, body=BODY)
    desk.clock.move(seconds=5)

    def die(request: Request) -> None:
        if request.method == "POST":
            elsewhere.meanwhile = lambda _: None
            raise Killed

    elsewhere.meanwhile = die
    with pytest.raises(Killed):
        services.runner.run_due()
    desk.clock.move(seconds=LEASE.total_seconds())
    edit(services, "a-post")
    desk.until_later(minutes=2)

    assert (elsewhere.told, desk.ping().told_version) == ([A, A], "removed")


def test_an_answer_that_was_heard_is_stored_with_the_end_of_its_job_or_not_at_all(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.takes_webmentions(A)
    publish(services, body=BODY)
    desk.clock.move(seconds=5)

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(store, "write", die)
    with pytest.raises(Killed):
        services.runner.run_due()

    assert (desk.ping().state, desk.waiting()) == ("waiting", [SEND])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_receiver_answers_while_the_database_is_away_is_stored_when_it_is_back(
    services: WebServices, desk: Desk, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.takes_webmentions(A)
    publish(services, body=BODY)
    desk.clock.move(seconds=5)
    real, left = Database.transact, iter(range(3))

    def transact(database: Database, *arguments: Any, **named: Any) -> Any:
        if elsewhere.told and next(left, None) is not None:
            raise NoConnection("no connection was free")
        return real(database, *arguments, **named)

    monkeypatch.setattr(Database, "transact", transact)
    services.runner.run_due()

    assert next(left, None) is None
    assert (desk.ping().state, elsewhere.told) == ("told", [A])


def test_who_lost_its_lease_before_the_ping_was_sent_sends_nothing(
    services: WebServices, database: Database, desk: Desk, elsewhere: Elsewhere
) -> None:
    elsewhere.takes_webmentions(A)
    publish(services, body=BODY)

    def lose(_: object) -> None:
        elsewhere.meanwhile = lambda _: None
        with database.write() as connection:
            connection.exec_driver_sql("UPDATE jobs SET lease_token = 'of another' WHERE kind = 'send'")

    elsewhere.meanwhile = lose
    desk.settle()

    assert elsewhere.heard == []


def test_processes_that_work_at_once_tell_each_page_once(
    services: WebServices, desk: Desk, elsewhere: Elsewhere
) -> None:
    pages = [f"http://h{number}.example/" for number in range(6)]
    for page in pages:
        elsewhere.takes_webmentions(page)
    publish(services, body=" ".join(f"[x]({page})" for page in pages))
    desk.clock.move(seconds=5)

    together(*[services.runner.run_due] * 3)
    services.runner.run_due()

    assert sorted(elsewhere.told) == pages
    assert set(desk.states().values()) == {"told"}
