"""Debian's nginx with config/nginx.conf before two machines, of which one is away."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.front import Front, running_front
from tests.support.proxy import PROGRAM, WHY_NOT

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)


@pytest.fixture
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A site that is asked only after a machine that refuses has been asked, every time."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens, and nobody else can
        refuses = f"server 127.0.0.1:{taken.getsockname()[1]} weight=1000000 max_fails=0;"
        with running_front(tmp_path_factory.mktemp("front"), tried_first=refuses) as front:
            yield front


def test_a_feed_that_came_from_the_second_machine_is_asked_after_a_second_later_like_any_other(front: Front) -> None:
    refused = front.refusals()
    time.sleep(1 - time.time() % 1)  # at the beginning of a second, in which the copy is good
    assert front.get("/feed.rss")[1]["x-cache"] == "MISS"
    assert front.refusals() == refused + 1, "the copy has to come by way of the failover"
    assert front.get("/feed.rss")[1]["x-cache"] == "HIT"

    front.publish("Seen soon")
    time.sleep(1.05 - time.time() % 1)

    assert b"Seen soon" in front.get("/feed.rss")[2]
