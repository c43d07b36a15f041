"""The last page of a long list beside its first one, both rendered anew, as after a change. In this process."""

import time
from functools import partial

from flask.testing import FlaskClient

from bench.figures import GROWTH, Figure, number
from bench.loading import interleaved
from bench.sites import Both
from feedserver.app import create_app
from feedserver.pages.views import POSTS_ON_A_PAGE
from feedserver.services import WebServices
from feedserver.storage.revision import revise

_ROUNDS = 15


def measure(both: Both) -> list[Figure]:
    with both.large.opened() as services:
        client = create_app(services=services).test_client()
        entries = services.settings.feeds.entries
        last = {
            "list": ("/", both.large.posts // POSTS_ON_A_PAGE),
            "feed": ("/feed.rss", both.large.posts // entries),
            "thoughts feed": ("/thoughts.rss", both.large.posts // entries),
        }
        figures = []
        for name, (path, number_of_pages) in last.items():
            pages = {"first": 1, "last": number_of_pages}
            asked = {page: partial(_seconds, services, client, f"{path}?page={n}") for page, n in pages.items()}
            figures.append(_figure(name, interleaved(asked, _ROUNDS)))
        return figures


def _seconds(services: WebServices, client: FlaskClient, url: str) -> float:
    with services.database.write() as connection:
        revise(connection)
    began = time.perf_counter()
    response = client.get(url)
    seconds = time.perf_counter() - began
    assert response.status_code == 200
    return seconds


def _figure(name: str, found: dict[str, float]) -> Figure:
    note = f"{number(found['first'] * 1000)} → {number(found['last'] * 1000)} ms"
    return Figure(
        GROWTH, f"last page of the {name}, of the first", found["last"] / found["first"], "×", most=3, note=note
    )
