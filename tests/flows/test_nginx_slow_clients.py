"""Debian's nginx with config/nginx.conf keeps slow clients from the site behind it; `make bench` measures how well."""

from collections.abc import Iterator

import pytest

from tests.support.front import Front, running_front
from tests.support.proxy import PROGRAM, WHY_NOT
from tests.support.slow_clients import slow_clients

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
    with slow_clients(front.nginx.url, LARGE, bodies=100, answers=0, heads=0):
        assert front.get("/feed.rss")[0] == 429
