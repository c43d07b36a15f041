"""What fails is told once, and once when it works again."""

import pytest

from feedserver.condition import Condition


class Passing:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Passing:
    return Passing()


@pytest.fixture
def database(seconds: Passing, caplog: pytest.LogCaptureFixture) -> Condition:
    caplog.set_level("INFO", "feedserver")
    return Condition("the database", seconds)


def test_what_works_is_not_told(database: Condition, caplog: pytest.LogCaptureFixture) -> None:
    database.works()

    assert caplog.messages == []
    assert database.failing is None


def test_a_failure_is_told_once_and_once_that_it_is_over(
    database: Condition, seconds: Passing, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(42):
        database.fails("away", "no answer: refused")
        seconds.now += 1
    for _ in range(20):
        database.works()
        seconds.now += 1

    assert caplog.messages == ["no answer: refused", "the database works again; it was away for 42 s"]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_each_way_to_fail_is_told_once_until_it_works_again(
    database: Condition, seconds: Passing, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(10):
        database.fails("away", "no answer")
        database.fails("full", "no space")
        seconds.now += 1
    database.works()
    seconds.now += 5
    database.works()
    database.fails("away", "no answer")

    assert caplog.messages == ["no answer", "no space", "the database works again; it was full for 10 s", "no answer"]


def test_what_wavers_is_not_told_again_and_again(
    database: Condition, seconds: Passing, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(100):
        database.fails("full", "no space")
        seconds.now += 2
        database.works()
        seconds.now += 2

    assert caplog.messages == ["no space"]


def test_an_error_of_ours_is_told_with_its_traceback_and_how_long_it_lasted(
    database: Condition, seconds: Passing, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        database.breaks(KeyError("lost"), "nothing was read")
        seconds.now += 1
    database.works()
    seconds.now += 5
    database.works()

    assert caplog.messages == ["nothing was read", "the database works again; it was broken (KeyError) for 3 s"]
    assert caplog.records[0].exc_info is not None
