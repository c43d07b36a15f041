"""The queries of a request for a cached feed: none on SQLite, one for the revision on PostgreSQL."""

import re
import time

import pytest
from flask.testing import FlaskClient

from feedserver.services import WebServices
from tests.support.fixtures import Publish
from tests.support.statements import record_statements

STALE = 0.06  # seconds after which the revision is looked up again; a longer sleep does no harm
THE_REVISION = re.compile(r"SELECT (site\.\w+(, )?)+ \nFROM site")


@pytest.fixture
def etag(client: FlaskClient, publish: Publish, path: str) -> str:
    """The ETag of a feed that is cached and whose address the fast path knows."""
    publish("First", tags="[a]")
    publish("Second", tags="[a]")
    etag = client.get(path).headers["ETag"]
    time.sleep(STALE)
    # After the feed was stored, the revision is looked up once more.
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    return etag


@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom", "/feed.json", "/tags/a/feed.atom", "/thoughts.rss"])
@pytest.mark.parametrize("status", [200, 304])
def test_a_cached_feed_costs_no_query_but_that_for_the_revision(
    services: WebServices, client: FlaskClient, etag: str, path: str, status: int
) -> None:
    headers = {"If-None-Match": etag} if status == 304 else {"Accept-Encoding": "gzip"}
    sent = record_statements(services.database.engine)
    for number in range(2):
        time.sleep(STALE)
        reader = {"REMOTE_ADDR": f"192.0.2.{number}"}  # the first download of each reader is not counted

        sent.clear()
        answer = client.get(path, headers=headers, environ_base=reader)

        assert (answer.status_code, answer.headers["ETag"]) == (status, etag)
        if services.database.is_sqlite:
            assert sent == []
        else:
            assert len(sent) == 1, sent
            assert THE_REVISION.fullmatch(sent[0]), sent


@pytest.mark.parametrize("path", ["/feed.atom"])
def test_requests_that_come_shortly_after_each_other_share_one_query(
    services: WebServices, client: FlaskClient, etag: str, path: str
) -> None:
    time.sleep(STALE)
    began = time.monotonic()
    sent = record_statements(services.database.engine)
    for _ in range(50):
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    moments = (time.monotonic() - began) / (services.changes.max_age / 2)  # for which a revision is used again

    assert len(sent) <= (0 if services.database.is_sqlite else 1 + moments)
    assert all(map(THE_REVISION.fullmatch, sent)), sent
