"""/metrics: who may read it, and what it says."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from feedserver.app import create_app
from feedserver.services import WebServices
from feedserver.setting_types import networks
from feedserver.settings import Settings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from tests.feeds.happenings import take_the_database_away
from tests.metrics.reading import value, values
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock


def read(client: FlaskClient) -> str:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.text


def test_requests_are_counted_by_route_and_status(client: FlaskClient, publish: Publish) -> None:
    publish("Fog", slug="fog")
    for path in ("/posts/fog", "/posts/fog", "/posts/none", "/no/where", "/no/where/else"):
        client.get(path)
    client.post("/posts/fog")

    found = values(read(client), "feedserver_requests_total")

    assert found[("pages.post", "200")] == 2
    assert found[("pages.post", "404")] == 1
    assert found[("none", "404")] == 2
    assert found[("none", "405")] == 1


def test_answers_to_feed_readers_are_counted_before_and_in_flask(client: FlaskClient) -> None:
    etag = client.get("/feed.atom").headers["ETag"]
    for _ in range(3):
        client.get("/feed.atom", headers={"If-None-Match": etag})

    text = read(client)

    assert values(text, "feedserver_feed_responses_total") == {("200",): 1, ("304",): 3}
    assert values(text, "feedserver_requests_total") == {("feeds.site_feed", "200"): 1, ("feeds.site_feed", "304"): 3}
    assert values(text, "feedserver_request_duration_seconds_count") == values(text, "feedserver_requests_total")


def test_no_label_is_a_strangers_word(client: FlaskClient) -> None:
    for path in ("/strange", "/posts/strange", "/tags/strange/feed.rss", "/feed.rss?strange"):
        client.get(path, headers={"Host": "strange", "User-Agent": "strange"})
        client.open(path, method="STRANGE")

    assert "strange" not in read(client).lower()


def test_names_have_units_and_a_type(client: FlaskClient, publish: Publish) -> None:
    publish()
    client.get("/")

    families = list(text_string_to_metric_families(read(client)))

    assert all(family.name.startswith("feedserver_") and family.documentation for family in families)
    assert {family.type for family in families} <= {"counter", "gauge", "histogram"}


@pytest.mark.parametrize(
    ("address", "status"), [("127.0.0.1", 200), ("::1", 200), ("", 200), ("192.0.2.7", 404), ("2001:db8::1", 404)]
)
def test_loopback_alone_may_read_it(client: FlaskClient, address: str, status: int) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == status


def test_what_a_trusted_proxy_forwards_is_the_clients_request(client: FlaskClient) -> None:
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 200


def test_a_client_whom_a_trusted_proxy_hides_reads_nothing(client: FlaskClient) -> None:
    assert client.get("/metrics", headers={"X-Forwarded-For": "unknown"}).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_setting_says_who_may_read_it(settings: Settings, assemble: Assemble) -> None:
    def status(allowed: str, address: str) -> int:
        server = replace(settings.server, metrics=networks(allowed))
        client = create_app(services=assemble(replace(settings, server=server))).test_client()
        return client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code

    assert status("192.0.2.0/24", "192.0.2.7") == 200
    assert status("192.0.2.0/24", "127.0.0.1") == 404
    assert status("", "127.0.0.1") == 404


def test_below_the_path_of_a_site_nobody_reads_it(settings: Settings, assemble: Assemble) -> None:
    below = replace(settings, site=replace(settings.site, url="https://blog.example/notes"))
    client = create_app(services=assemble(below)).test_client()

    assert client.get("/metrics").status_code == 200
    assert client.get("/notes/metrics").status_code == 404


def test_without_its_database_a_site_tells_what_it_has_counted(client: FlaskClient, services: WebServices) -> None:
    client.get("/healthz")
    take_the_database_away(services)

    text = read(client)

    assert value(text, "feedserver_database_up") == 0
    assert values(text, "feedserver_requests_total")[("health.healthz", "200")] == 1
    assert "feedserver_posts" not in text


def test_the_last_backup_is_told_once_there_is_one(
    client: FlaskClient, database: Database, services: WebServices, assemble: Assemble, clock: Clock
) -> None:
    name = "feedserver_last_backup_timestamp_seconds"
    assert name not in read(client)

    with database.write() as connection:
        revision.note_backup(connection, clock())

    fresh = create_app(services=assemble(services.settings)).test_client()
    assert value(read(fresh), name) == clock().timestamp()
