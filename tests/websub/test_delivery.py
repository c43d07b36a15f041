"""What is pushed, what an answer means, and how long and how often a push is tried."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from feedserver.websub.delivery import Due, Push, Result, meaning, patience, pause_after_wait, request_of

PUSH = Push('W/"x"', (("Content-Type", "application/atom+xml; charset=utf-8"),), b"<feed/>")


def due(secret: str | None = None, failures: int = 0, push_seconds: float | None = None) -> Due:
    since = datetime(2026, 3, 8, tzinfo=UTC)
    callback, site = "http://reader.example/1?a=b", "reader.example"
    return Due(1, "site/.atom", callback, site, secret, failures, push_seconds, PUSH.etag, since)


def test_a_push_is_signed_with_the_secret_of_its_reader() -> None:
    request = request_of(PUSH, due(secret="clé"))

    assert (request.method, request.url, request.body) == ("POST", "http://reader.example/1?a=b", b"<feed/>")
    assert request.headers == (
        ("Content-Type", "application/atom+xml; charset=utf-8"),
        ("X-Hub-Signature", "sha256=2517b4632c305775da3b7bd74ab567c12210ef47b6ab5e7ffdb55a1835989392"),
    )


def test_what_is_printed_of_a_push_tells_no_secret() -> None:
    assert "s3cr3t" not in repr(Result(due(secret="s3cr3t"), PUSH.etag, "again", "no", 1.0))


def test_without_a_secret_there_is_no_signature() -> None:
    assert request_of(PUSH, due()).headers == PUSH.headers


@pytest.mark.parametrize(
    ("status", "reception"),
    [(200, "taken"), (202, "taken"), (204, "taken"), (299, "taken"), (410, "ended")]
    + [(status, "again") for status in (301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 503)],
)
def test_only_2xx_takes_a_push_and_only_410_ends_the_subscription(status: int, reception: str) -> None:
    found, words = meaning(status)

    assert found == reception
    assert reception == "taken" or str(status) in words


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_a_failed_push_comes_again_within_thirty_seconds_then_with_growing_pauses_for_a_day(
    jitter: float,
) -> None:
    pauses: list[timedelta] = []
    failing = timedelta()
    while (pause := pause_after_wait(failing, jitter)) is not None:
        pauses.append(pause)
        failing += pause

    hung = timedelta(seconds=10)  # the first try
    assert hung + pauses[0] <= timedelta(seconds=30)
    assert all(earlier <= later for earlier, later in pairwise(pauses))
    assert timedelta(hours=17) < failing <= timedelta(days=1)
    assert 10 <= len(pauses) <= 20


@pytest.mark.parametrize(
    ("waiting", "behind", "usual", "known", "seconds"),
    [
        (1, 0, 0.01, None, 10.0),
        (2, 0, 0.01, None, 10.0),
        (10, 0, 0.01, None, 2.0),
        (1000, 0, 0.01, None, 0.4),
        (1, 1, 0.01, None, 3.0),
        (1, 9, 0.01, None, 1.0),
        (1, 9, 0.01, 2.5, 5.0),
        (1000, 0, 0.1, None, 1.0),
        (1000, 0, 0.01, 2.5, 5.0),
        (1, 0, 3.0, 8.0, 10.0),
    ],
    ids=[
        "alone",
        "few",
        "some wait",
        "many wait",
        "one of its site waits",
        "many of its site wait",
        "many of its site wait and it was slow the last time",
        "all answer slowly",
        "it was slow the last time",
        "never longer than any fetch",
    ],
)
def test_a_callback_has_less_time_while_others_wait_but_always_a_few_times_what_answers_take(
    waiting: int, behind: int, usual: float, known: float | None, seconds: float
) -> None:
    assert patience(waiting, behind, usual, known, 10.0) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("failures", "push_seconds", "expected"),
    [(0, None, False), (0, 0.9, False), (0, 1.1, True), (1, None, True), (3, 0.1, True)],
)
def test_a_callback_that_failed_or_was_slow_the_last_time_is_slow(
    failures: int, push_seconds: float | None, expected: bool
) -> None:
    assert due(failures=failures, push_seconds=push_seconds).is_slow is expected
