"""Pages far from the newest: in the middle of a list, and its last one; written anew each time, as after a change."""

import time
from contextlib import ExitStack
from statistics import median

from flask.testing import FlaskClient

from bench.figures import Figure
from bench.sites import Site
from feedserver.app import create_app
from feedserver.pages.views import POSTS_ON_A_PAGE
from feedserver.services import WebServices
from feedserver.storage import revision as state

_ROUNDS = 15


def measure(small: Site, large: Site) -> list[Figure]:
    """Requests in this process, without gunicorn; the two sites take turns."""
    with ExitStack() as stack:
        asked = [_Asked(stack.enter_context(site.opened()), site.posts) for site in (small, large)]
        return [_figure(name, where, asked) for name in ("list", "feed", "thoughts") for where in ("middle", "last")]


class _Asked:
    """A site, and where its pages are."""

    def __init__(self, services: WebServices, posts: int) -> None:
        self._services = services
        self._client: FlaskClient = create_app(services=services).test_client()
        on_a_page = services.settings.feeds.entries
        self._lists = {
            "list": ("/", posts // POSTS_ON_A_PAGE),
            "feed": ("/feed.rss", posts // on_a_page),
            "thoughts": ("/thoughts.rss", posts // on_a_page),
        }

    def seconds(self, name: str, where: str) -> float:
        path, pages = self._lists[name]
        number = pages if where == "last" else pages // 2
        with self._services.database.write() as connection:
            state.revise(connection)
        began = time.perf_counter()
        response = self._client.get(f"{path}?page={number}")
        seconds = time.perf_counter() - began
        assert response.status_code == 200
        return seconds


def _figure(name: str, where: str, asked: list[_Asked]) -> Figure:
    times = [[one.seconds(name, where) for one in asked] for _ in range(_ROUNDS)]
    ours, grown = (median(column) * 1000 for column in zip(*times, strict=True))
    called = f"{where} page of the {name}"
    note = f"{ours:.1f} → {grown:.1f} ms, written anew"
    return Figure("from 100 to 100,000 posts", called, grown / ours, "× slower", most=1.2, note=note)
