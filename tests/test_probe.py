"""Who may ask what the site sees of a request."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from feedserver import probe
from feedserver.services import WebServices
from feedserver.storage import revision
from tests.support.outside import Clock


def ask(client: FlaskClient, given: str) -> object:
    return client.get("/healthz", headers={"Authorization": given}).json


def secret(services: WebServices) -> str:
    with services.database.read() as connection:
        return revision.secret(connection)


def test_who_knows_the_secret_is_told_for_a_minute(client: FlaskClient, services: WebServices, clock: Clock) -> None:
    given = probe.credentials(secret(services), clock())

    told = {"status": "ok", "client": "127.0.0.1", "forwarded": "", "scheme": "http"}
    assert ask(client, given) == told
    clock.move(seconds=59)
    assert ask(client, given) == told
    clock.move(seconds=1)
    assert ask(client, given) == {"status": "ok"}


def test_another_secret_opens_nothing(client: FlaskClient, services: WebServices, clock: Clock) -> None:
    assert ask(client, probe.credentials(secret(services) + "x", clock())) == {"status": "ok"}


@pytest.mark.parametrize("given", ["", "Basic 1.x", "Feedserver-Probe", "Feedserver-Probe x.y", "Feedserver-Probe ².y"])
def test_other_credentials_do_not_ask(given: str) -> None:
    assert probe.sent_at(given) is None


def test_the_time_is_part_of_the_proof() -> None:
    now = datetime(2026, 3, 8, tzinfo=UTC)
    given = probe.credentials("secret", now)
    later = str(int((now + timedelta(seconds=1)).timestamp()))

    assert probe.is_genuine(given, given.split()[1].partition(".")[0], "secret")
    assert not probe.is_genuine(given, later, "secret")
