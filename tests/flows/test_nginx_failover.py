"""Debian's nginx with config/nginx.conf in front of two machines, one of which is down."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.front import Front, running_front
from tests.support.proxy import PROGRAM, WHY_NOT

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)


@pytest.fixture
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A site that nginx tries only after a machine that refuses connections, every time."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nothing listens there, and nothing else can
        refuses = f"server 127.0.0.1:{taken.getsockname()[1]} weight=1000000 max_fails=0;"
        with running_front(tmp_path_factory.mktemp("front"), tried_first=refuses) as front:
            yield front


def test_a_feed_from_the_second_machine_is_revalidated_a_second_later_like_any_other(front: Front) -> None:
    refused = front.refusals()
    time.sleep(1 - time.time() % 1)  # to the start of a second, until whose end the feed is fresh
    assert front.get("/feed.rss")[1]["x-cache"] == "MISS"
    assert front.refusals() == refused + 1, "the feed must come through the failover"
    assert front.get("/feed.rss")[1]["x-cache"] == "HIT"

    front.publish("Seen soon")
    time.sleep(1.05 - time.time() % 1)

    assert b"Seen soon" in front.get("/feed.rss")[2]
