"""A clock that was a day ahead, and is right again: nothing waits until it comes round."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from feedserver.jobs import housekeeping, queue
from feedserver.jobs.model import Job
from feedserver.jobs.worker import Worker
from feedserver.posts import scheduling
from feedserver.services import WebServices
from feedserver.storage import rate_limits
from feedserver.storage.rate_limits import Limit
from tests.jobs.conftest import Jobs, RunnerWith
from tests.support.fixtures import Publish
from tests.support.outside import Clock


@pytest.fixture
def seconds() -> list[float]:
    return [0.0]


def polled(jobs: Jobs, worker: Worker, seconds: list[float], times: int) -> None:
    """Lets seconds pass, in each of which a worker polls."""
    for _ in range(times):
        worker.poll()
        seconds[0] += 1
        jobs.clock.move(seconds=1)


def test_a_lease_that_ends_later_than_any_can_is_none(jobs: Jobs, runner_with: RunnerWith) -> None:
    jobs.clock.move(days=1)
    jobs.add("a")
    jobs.take()
    jobs.clock.move(days=-1)
    done: list[str] = []

    runner = runner_with(work=lambda job: done.append(job.subject))
    worker, seconds = Worker(runner), [0.0]
    polled(jobs, worker, seconds, 20)
    worker.stop()

    assert done == ["a"]


def test_a_lease_of_a_machine_whose_clock_is_a_little_ahead_stands(jobs: Jobs, runner_with: RunnerWith) -> None:
    jobs.add("a")
    jobs.clock.move(seconds=5)
    (job,) = jobs.take()
    jobs.clock.move(seconds=-5)

    assert runner_with().take([queue.FreeSlots("work", "first", 1)]) == []
    assert jobs.held(job)


def test_pauses_and_new_jobs_do_not_wait_for_a_clock_that_was_ahead(
    jobs: Jobs, runner_with: RunnerWith, seconds: list[float]
) -> None:
    done: list[str] = []

    def work(job: Job) -> None:
        done.append(job.subject)
        jobs.finish(job)

    worker = Worker(runner_with(work=work), lambda: seconds[0])
    jobs.add("failed before")
    jobs.postpone(jobs.take()[0], seconds=40)
    worker.poll()
    jobs.clock.move(days=1)
    jobs.postpone(jobs.take()[0], seconds=15)
    seconds[0] += 10
    worker.poll()
    seconds[0] += 10
    jobs.add("new")
    jobs.add("in ten days", days=10)
    jobs.clock.move(days=-1)

    polled(jobs, worker, seconds, 9)
    worker.stop()

    assert sorted(done) == ["new"]
    left = {job.subject: job.run_at - jobs.clock() for job in jobs.all()}
    assert timedelta() < left["failed before"] <= timedelta(seconds=15)
    assert timedelta(days=9) < left["in ten days"] <= timedelta(days=10)


def test_housekeeping_does_not_wait_either(services: WebServices, jobs: Jobs, seconds: list[float]) -> None:
    services.runner.run_due()
    worker = Worker(services.runner, lambda: seconds[0])
    jobs.clock.move(days=1)
    polled(jobs, worker, seconds, 2)
    worker.stop()
    jobs.clock.move(days=-1)

    Worker(services.runner, lambda: seconds[0]).poll()

    (job,) = [job for job in jobs.all() if job.kind == housekeeping.HOUSEKEEPING]
    assert job.run_at <= jobs.clock() + timedelta(hours=1)


def test_the_date_of_a_scheduled_post_stays_the_authors(
    services: WebServices, jobs: Jobs, publish: Publish, seconds: list[float]
) -> None:
    jobs.clock.move(days=1)
    post = publish("Later", date=(jobs.clock() + timedelta(days=3)).isoformat())
    jobs.clock.move(days=-1)

    Worker(services.runner, lambda: seconds[0]).poll()

    (job,) = [job for job in jobs.all() if job.kind == scheduling.PUBLISH]
    assert job.run_at == post.published_at


def test_a_limit_forgets_what_was_counted_by_a_clock_that_was_ahead(services: WebServices, clock: Clock) -> None:
    limit = Limit("ping:192.0.2.1", 2)

    def take() -> object:
        return services.database.transact(lambda connection: rate_limits.take(connection, [limit], clock()))

    clock.move(days=1)
    before = [take() for _ in range(3)]
    clock.move(days=-1)

    assert before[:2] == [None, None]
    assert before[2] is not None
    assert [take() for _ in range(2)] == [None, None]
    assert take() is not None
    clock.move(minutes=1)
    assert take() is None


def test_a_bucket_of_the_future_is_deleted(services: WebServices, clock: Clock) -> None:
    clock.move(days=1)
    services.database.transact(lambda connection: rate_limits.take(connection, [Limit("x", 2)], clock()))
    clock.move(days=-1)

    assert services.database.transact(lambda connection: rate_limits.forget_future(connection, clock())) == 1


def test_a_download_limit_forgets_it_too(services: WebServices, clock: Clock) -> None:
    limit, reader = services.download_limit, ("192.0.2.1", "atom")
    clock.move(days=1)
    while not limit.refuses(*reader):
        pass
    clock.move(days=-1)

    assert [limit.refuses(*reader) for _ in range(60)] == [0] * 60
    assert any(limit.refuses(*reader) for _ in range(2))


def test_a_page_and_a_feed_made_by_a_clock_that_was_ahead_are_made_again(
    client: FlaskClient, publish: Publish, clock: Clock
) -> None:
    publish("Today")
    publish("Tomorrow", date=(clock() + timedelta(hours=20)).isoformat())
    clock.move(days=1)
    ahead = [client.get(path).text for path in ("/", "/feed.atom")]
    clock.move(days=-1)
    right = [client.get(path).text for path in ("/", "/feed.atom")]

    assert all("Tomorrow" in text for text in ahead)
    assert not any("Tomorrow" in text for text in right)
    assert all("Today" in text for text in right)
