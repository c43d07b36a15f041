"""Pages far from the newest: in the middle of a list, and its last one; rendered anew each time, as after a change."""

import time
from collections.abc import Callable
from functools import partial
from statistics import median

from flask.testing import FlaskClient

from bench.figures import Figure
from bench.sites import Site
from feedserver.app import create_app
from feedserver.pages.views import POSTS_ON_A_PAGE
from feedserver.services import WebServices
from feedserver.storage.revision import revise

_ROUNDS = 15


def measure(site: Site) -> list[Figure]:
    """Requests in this process, without gunicorn; the pages of a list take turns."""
    with site.opened() as services:
        client = create_app(services=services).test_client()
        on_a_page = services.settings.feeds.entries
        lists = {
            "list": ("/", site.posts // POSTS_ON_A_PAGE),
            "feed": ("/feed.rss", site.posts // on_a_page),
            "thoughts": ("/thoughts.rss", site.posts // on_a_page),
        }
        return [
            figure for name, (path, pages) in lists.items() for figure in _figures(services, client, name, path, pages)
        ]


def _figures(services: WebServices, client: FlaskClient, name: str, path: str, pages: int) -> list[Figure]:
    ask = partial(_seconds, services, client, path)
    first, middle, last = _medians([partial(ask, page) for page in (1, pages // 2, pages)])
    return [
        Figure(
            "deep pages of 100,000",
            f"{where} page of the {name}",
            taken / first,
            "× the first",
            most=3,
            note=f"{first * 1000:.1f} → {taken * 1000:.1f} ms, rendered anew",
        )
        for where, taken in (("middle", middle), ("last", last))
    ]


def _medians(measures: list[Callable[[], float]]) -> list[float]:
    rounds = [[measure() for measure in measures] for _ in range(_ROUNDS)]
    return [median(column) for column in zip(*rounds, strict=True)]


def _seconds(services: WebServices, client: FlaskClient, path: str, page: int) -> float:
    with services.database.write() as connection:
        revise(connection)
    began = time.perf_counter()
    response = client.get(f"{path}?page={page}")
    seconds = time.perf_counter() - began
    assert response.status_code == 200
    return seconds
