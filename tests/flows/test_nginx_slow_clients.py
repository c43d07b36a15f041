"""Debian's nginx with config/nginx.conf keeps slow clients from the site behind it; `make bench` measures how well."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.support.front import Front, running_front
from tests.support.proxy import PROGRAM, WHY_NOT
from tests.support.slow_clients import slow_clients
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)

LARGE = "/posts/large"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with running_front(tmp_path_factory.mktemp("front")) as front:
        front.publish("Large", slug="large", body="Many words. " * 50_000)
        assert front.get(LARGE)[0] == 200
        yield front


@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom?not=cached", "/posts/hello"])
def test_others_are_answered_while_bodies_answers_and_heads_are_held(front: Front, path: str) -> None:
    with slow_clients(front.nginx.url, LARGE) as slow:
        assert front.get(path)[0] == 200
        assert slow.all_held(), "whoever waits until nginx ends slow connections was not served meanwhile"


def test_one_address_has_no_more_than_a_hundred_requests_under_way(front: Front) -> None:
    sender = "127.0.0.78"  # not that of other tests, whose connections nginx may still count

    def status() -> int:
        address = urlsplit(front.nginx.url)
        connection = HTTPConnection(str(address.hostname), address.port, timeout=20, source_address=(sender, 0))
        with closing(connection):
            connection.request("GET", "/feed.rss")
            return connection.getresponse().status

    # nginx counts a request once it has read its head, perhaps a moment after the client has sent it. Meanwhile a
    # request of `status` may take the place of a slow one, so there are more of these than a hundred.
    with slow_clients(front.nginx.url, LARGE, bodies=120, answers=0, heads=0, sender=sender) as slow:
        wait_until(lambda: status() == 429, 5, lambda: "one address may have more")
        wait_until(lambda: slow.unanswered() == 100, 5, lambda: f"{slow.unanswered()} are under way")
        assert front.get("/feed.rss")[0] == 200, "other addresses are served"
