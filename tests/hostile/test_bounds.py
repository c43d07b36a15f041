"""Bounded work: what a hostile source or request body may cost, from the received bytes to the thought."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hostile.measure import TLS, Cost
from tests.hostile.pages import PAGES
from tests.support.pace import slowness

SECONDS = 1.5  # egress.timeout, short so that the test is


def measured() -> list[Cost]:
    command = [sys.executable, "-W", "error", "-m", "tests.hostile.measure", str(SECONDS)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=170, cwd=Path(__file__).parents[2])
    assert run.returncode == 0, run.stderr
    return [Cost(**json.loads(line)) for line in run.stdout.splitlines()]


def least_of(some: list[Cost], others: list[Cost]) -> list[Cost]:
    """The least of two runs of each case: on a busy machine the same work takes more CPU, and longer, now and then."""
    other = {(cost.group, cost.name): cost for cost in others}
    pairs = [(cost, other[cost.group, cost.name]) for cost in some]
    return [
        replace(one, cpu=min(one.cpu, another.cpu), seconds=min(one.seconds, another.seconds)) for one, another in pairs
    ]


@pytest.mark.timeout(600)
def test_every_kind_of_case_ends_as_it_should_and_costs_no_more_than_a_hostile_source_may() -> None:
    costs, slow = measured(), slowness()
    for _ in range(2):
        if any(cost.cpu > most(cost) * slow or cost.seconds > longest(cost) for cost in costs):
            costs, slow = least_of(costs, measured()), max(slow, slowness())

    assert_bounded(costs, slow)
    assert_ended_as_they_should(costs)


def most(cost: Cost) -> float:
    """Seconds of CPU that a case may cost on an ordinary machine."""
    return 0.1 if cost.name.startswith("microformats: ") else 1


def longest(cost: Cost) -> float:
    """Seconds by the clock."""
    return SECONDS + 5 if cost.group == "late" else 10


def assert_bounded(costs: list[Cost], slow: float) -> None:
    assert [cost for cost in costs if cost.cpu > most(cost) * slow] == []
    assert [cost for cost in costs if cost.memory > 16_000_000] == []
    assert [cost for cost in costs if cost.seconds > longest(cost)] == []
    assert [cost for cost in costs if cost.body > 1_048_576] == []
    assert [cost for cost in costs if cost.taken > 2 * 1_048_576 + 4 * 131_072] == []


def assert_ended_as_they_should(costs: list[Cost]) -> None:
    outcomes = {(cost.group, cost.name): cost.outcome for cost in costs}

    assert {outcome for (group, _), outcome in outcomes.items() if group == "late"} == {
        f"not fetched: the source did not answer within {SECONDS:g} seconds"
    }
    assert all(outcome.startswith("not fetched: ") for (group, _), outcome in outcomes.items() if group == "broken")
    assert all("bytes; only the first" in outcome for (group, _), outcome in outcomes.items() if group == "long")
    assert all(
        outcome.endswith("; the rest did not come") for (group, _), outcome in outcomes.items() if group == "cut"
    )
    assert {outcomes["tls", name] for name in TLS} == {"not fetched: the source’s certificate is not valid"}
    assert len([group for group, _ in outcomes if group == "page"]) == len(PAGES)
    assert outcomes["page", "links to 200 posts after paragraphs"].endswith("; 200 posts")
    assert outcomes["xml", "a billion laughs"] == outcomes["xml", "deep elements"] == "fault -32700"
