"""Jobs that were given up: kept for the owner, a bounded number of them, and told once."""

from datetime import timedelta

import pytest

from feedserver.jobs import failures
from feedserver.jobs.model import Job
from feedserver.jobs.retry import PAUSES
from feedserver.services import WebServices
from feedserver.storage.engine import Database
from tests.jobs.conftest import Jobs, RunnerWith
from tests.support.outside import Clock


def recorded(database: Database, most: int = 100) -> list[Job]:
    with database.read() as connection:
        return [job for job, _ in failures.latest(connection, most)]


def test_a_job_of_the_site_that_fails_for_two_days_is_noted_once(
    jobs: Jobs, runner_with: RunnerWith, database: Database, clock: Clock
) -> None:
    def fail(_: Job) -> None:
        raise ValueError("broken")

    runner = runner_with(work=fail)
    jobs.add("it", kind="work")
    for pause in (timedelta(), *PAUSES):
        assert recorded(database) == []
        clock.now += pause * 1.25
        assert runner.run_due() == 1

    (found,) = recorded(database)
    clock.move(days=3)
    runner.run_due()

    assert (found.kind, found.subject, found.attempts) == ("work", "it", len(PAUSES) + 1)
    assert found.last_error == "an internal error; see the log"
    assert len(recorded(database)) == 1
    assert [job.subject for job in jobs.all()] == ["it"], "it goes on, once a day"


def test_each_is_told_once_the_oldest_first(services: WebServices, clock: Clock) -> None:
    with services.database.write() as connection:
        for number in range(3):
            failures.record(connection, Job(number, "send", str(number), clock(), 9, clock()), "no answer", clock())
        first = failures.take_untold(connection, 2)
        then = failures.take_untold(connection, 2)

        assert not failures.is_any_untold(connection)
    assert [[job.subject for job, _ in some] for some in (first, then)] == [["0", "1"], ["2"]]


@pytest.mark.one_database
def test_a_thousand_are_kept_for_a_month(services: WebServices, clock: Clock) -> None:
    with services.database.write() as connection:
        for number in range(1_010):
            failures.record(connection, Job(number, "send", str(number), clock(), 9, clock()), "no answer", clock())
        failures.forget_old(connection, clock())
    assert len(recorded(services.database, 2_000)) == 1_000
    assert recorded(services.database)[0].subject == "1009"

    with services.database.write() as connection:
        failures.forget_old(connection, clock.move(days=31))
    assert recorded(services.database) == []
