"""Pings to a real server: no trick leads to a connection to a forbidden address."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job
from feedserver.websub import store
from feedserver.websub.verification import CONFIRM
from tests.hostile.inside import Network, PingAnswer, running_network
from tests.support.listing import listing
from tests.support.waiting import wait_until

UNKNOWN = PingAnswer(16, "the source does not exist or cannot be fetched")


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Network]:
    """One for each test: a name that is looked up again has another address."""
    with running_network(tmp_path) as net:
        yield net


def test_no_trick_leads_to_a_connection_and_all_are_answered_alike(net: Network) -> None:
    answers = {}
    for trick in net.tricks():
        answers[trick.name] = net.ping(trick.source)
        assert net.connections() == 0, trick

    # A source that is not a URL to every parser is refused before any look-up. A name that still has the allowed
    # address, where nobody listens, is in trouble.
    assert {name for name, answer in answers.items() if answer.code is None} == {"http, name rebinding.example"}
    texts = {answer.text for answer in answers.values() if answer.code is not None}
    assert texts == {UNKNOWN.text, "the source is not an absolute http or https URL"}
    assert {answer.code for answer in answers.values()} == {16, None}
    assert sum(answer == UNKNOWN for answer in answers.values()) > 80


def test_no_trick_as_a_callback_leads_to_a_connection(net: Network) -> None:
    topics = itertools.cycle(f"/{name}.{fmt}" for name in ("feed", "thoughts") for fmt in ("rss", "atom", "json"))

    statuses = {
        trick.name: net.subscribe(trick.source, next(topics))
        for trick in net.tricks()
        if not trick.name.startswith("https")
    }
    wait_until(lambda: not untried(net))

    assert net.connections() == 0
    assert set(statuses.values()) == {202, 400}
    with net.database.read() as connection:
        assert {one.state for one in store.everything(connection)} <= {"ended", "pending"}


def untried(net: Network) -> list[Job]:
    """The verifications that were not tried yet."""
    with net.database.read() as connection:
        return [job for job in jobs.everything(connection) if job.kind == CONFIRM and not job.attempts]


def test_a_forbidden_address_and_an_unknown_name_differ_neither_in_their_receipts_nor_in_time(
    net: Network,
) -> None:
    def ping(name: str) -> tuple[float, list[str]]:
        path = f"/{time.monotonic_ns()}"
        begun = time.monotonic()
        net.ping(f"http://{name}:{net.port}{path}")
        seconds = time.monotonic() - begun
        return seconds, receipt_of(net, path)

    rounds = [(ping("inside.example"), ping("no-such.example")) for _ in range(7)]

    assert {tuple(lines) for both in rounds for _, lines in both} == {tuple(rounds[0][0][1])}
    forbidden, unknown = (median(both[number][0] for both in rounds) for number in (0, 1))
    assert abs(forbidden - unknown) < 0.1
    assert net.connections() == 0


def receipt_of(net: Network, path: str) -> list[str]:
    """The lines of the receipt for the ping whose source ends in `path`."""
    with net.database.read() as connection:
        (found,) = [one for one in listing(connection) if (one.source or "").endswith(path)]
    receipt = json.loads(net.site.get(f"/receipts/{found.receipt_token}.json")[2])
    return [f"{line['event']}: {line['detail']}" for line in receipt["timeline"]]
