"""Whether the process that holds a lease still lives: told by a lock that ends with it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from feedserver.jobs import store
from feedserver.jobs.holder import Holder
from feedserver.jobs.model import LEASE, Job
from feedserver.jobs.worker import Runner
from feedserver.services import Services
from feedserver.storage.engine import Database
from tests.jobs.conftest import Desk

ANOTHER_PROCESS = """
import sys
from feedserver.jobs.holder import Holder
from feedserver.storage.engine import Database
print(Holder(Database(sys.argv[1])).name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(database_url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds leases, until it is killed."""
    command = [sys.executable, "-c", ANOTHER_PROCESS, database_url]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        yield process
        process.kill()


def read_name(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def wait_until_dead(holder: Holder, name: str) -> None:
    end = time.monotonic() + 10
    while not holder.is_dead(name):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_holder_lives_as_long_as_its_process_however_that_ends(
    services: Services, other: subprocess.Popen[str]
) -> None:
    name = read_name(other)
    holder = Holder(services.database)

    assert [holder.is_dead(name) for _ in range(3)] == [False] * 3
    assert not holder.is_dead(holder.name)

    other.kill()
    wait_until_dead(holder, name)


def test_the_leases_of_a_killed_process_are_had_at_once_and_those_of_a_living_one_are_not(
    desk: Desk, runner_with: Callable[..., Runner], other: subprocess.Popen[str]
) -> None:
    name = read_name(other)
    runner = runner_with(work=desk.finish)
    desk.add("a")
    with desk.database.write() as connection:
        (job,) = store.take_due(connection, desk.clock(), ["work"], 1, holder=name)

    runner.take_from_dead()
    assert desk.held(job)

    other.kill()
    wait_until_dead(runner.holder, name)
    runner.take_from_dead()

    (freed,) = desk.all()
    assert not desk.held(job)
    assert (freed.attempts, freed.last_error) == (1, "the process that carried it out has ended")
    assert freed.run_at - desk.clock() <= timedelta(seconds=1)
    desk.clock.move(seconds=1)
    assert runner.run_due() == 1


def test_a_job_that_kills_every_process_rests_longer_each_time(desk: Desk) -> None:
    desk.add("poison")
    rests = []
    for number in range(7):
        desk.clock.now = desk.all()[0].run_at
        with desk.database.write() as connection:
            assert store.take_due(connection, desk.clock(), ["work"], 1, holder=str(number))
            assert store.take_from_dead(connection, str(number), desk.clock()) == 1
        rests.append(desk.all()[0].run_at - desk.clock())

    assert rests == sorted(rests)
    assert rests[0] <= timedelta(seconds=1)
    assert rests[-1] == LEASE


def test_two_holders_of_one_process_are_two_and_end_with_their_database(services: Services, database_url: str) -> None:
    second = Database(database_url)
    ours, theirs = Holder(services.database), Holder(second).name

    assert ours.name != theirs
    assert not ours.is_dead(theirs)
    second.close()
    wait_until_dead(ours, theirs)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_lock_that_broke_with_its_session_is_taken_again(services: Services, database_url: str) -> None:
    holder, observer = Holder(services.database), Database(database_url)
    name = holder.name
    with observer.write() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        )
    watcher = Holder(observer)
    wait_until_dead(watcher, name)

    holder.refresh()

    assert holder.name == name
    assert not watcher.is_dead(name)
    observer.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_files_of_the_dead_are_swept_away(services: Services, other: subprocess.Popen[str]) -> None:
    name = read_name(other)
    assert services.database.file is not None
    path = services.database.file.with_name(f"{services.database.file.name}.holder-{name}")
    assert path.exists()
    other.kill()
    other.wait()

    assert Holder(services.database).name

    assert not path.exists()


def test_a_process_that_ends_gives_back_what_it_cannot_wait_for(desk: Desk, runner_with: Callable[..., Runner]) -> None:
    runners: list[Runner] = []

    def work(job: Job) -> None:
        runners[0].give_back()
        assert not desk.held(job)
        (again,) = desk.take()
        assert again.attempts == 0, "that cost no try"
        desk.finish(job)
        assert desk.held(again), "what comes late changes nothing"

    runners.append(runner_with(work=work))
    desk.add("a")

    assert runners[0].run_due() == 1
    assert len(desk.all()) == 1
