"""What a reader's first page weighs: the page with its stylesheets, as they are sent."""

import re

import pytest
from flask.testing import FlaskClient

from feedserver.services import WebServices
from tests.feeds.happenings import say
from tests.pages.builders import hrefs
from tests.support.fixtures import Publish

MOST = 20_000  # bytes, compressed, without pictures
WORDS = (
    "When the tide turns, the harbour master writes the hour into a ledger that nobody reads until something is "
    "missed. Feeds are such ledgers: dull on each day, and the only witness afterwards of what was said, and when. "
)

pytestmark = pytest.mark.one_database


def weight(client: FlaskClient, path: str, coding: str) -> int:
    page = client.get(path, headers={"Accept-Encoding": coding})
    sheets = [re.sub(r"^http://[^/]+", "", url) for url in hrefs(client.get(path).text, "link[rel=stylesheet]")]
    return len(page.data) + sum(len(client.get(sheet, headers={"Accept-Encoding": coding}).data) for sheet in sheets)


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_the_home_page_and_a_long_post_weigh_at_most_twenty_kilobytes(
    client: FlaskClient, publish: Publish, services: WebServices, coding: str
) -> None:
    posts = [
        publish(f"Day {number}", f"{number}. {WORDS}" * 20, slug=f"day-{number}", tags=f"[ledger, tide, day{number}]")
        for number in range(12)
    ]
    for number in range(20):
        say(services, posts[0], f"Thought {number}: {WORDS}")

    assert 0 < weight(client, "/", coding) < MOST
    assert 0 < weight(client, "/posts/day-0", coding) < MOST
