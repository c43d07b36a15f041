"""One network of senders can take a part of the site's CPU and of the places that wait, and no more."""

from pathlib import Path

from feedserver.thoughts.verification.cpu_budget import MOST
from tests.hostile.tiring import crowd, tire


def test_dear_pages_of_one_network_take_what_they_may(tmp_path: Path) -> None:
    pings, cpu = tire(tmp_path, 60)

    # Beside the limit: what is being read when it is reached, and about 20 ms for each answer to a ping.
    assert cpu <= MOST / 1_000 + 5 + pings * 0.02


def test_one_network_has_a_tenth_of_what_may_wait(tmp_path: Path) -> None:
    assert crowd(tmp_path, 20, 10_000) == 1_000
