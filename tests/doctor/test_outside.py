"""The site as others see it, through proxies that do what they should, and through those that do not."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from feedserver.app import create_app
from feedserver.doctor import looking, outside
from feedserver.doctor.model import Finding
from feedserver.errors import ConnectionFailed
from feedserver.net.exchange import Request, Response
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.posts import builders
from tests.support.fixtures import Assemble

Change = Callable[[Request], Request]
ChangeBack = Callable[[Response], Response]

FROM = "192.0.2.7"  # where doctor seems to run


def as_it_is(request: Request) -> Request:
    return request


class Proxy:
    """A proxy in front of the site at https://blog.example, on a machine of its own."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.address = "127.0.0.1"  # from which it connects
        self.sends = {"X-Forwarded-For": FROM, "X-Forwarded-Proto": "https"}
        self.drops: tuple[str, ...] = ()
        self.loses: tuple[str, ...] = ()
        self.most_bytes = 1_000_000
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        parts = urlsplit(request.url)
        if len(request.body) > self.most_bytes:
            return Response(request.url, 413, ())
        headers = {name: value for name, value in request.headers if name not in self.drops} | self.sends
        answer = self.client.open(
            parts.path, method=request.method, headers=headers, data=request.body,
            environ_base={"REMOTE_ADDR": self.address},
        )  # fmt: skip
        kept = tuple((name, value) for name, value in answer.headers if name not in self.loses)
        return Response(request.url, answer.status_code, kept, answer.data)


@pytest.fixture
def services(settings: Settings, assemble: Assemble) -> WebServices:
    return assemble(replace(settings, site=replace(settings.site, url="https://blog.example")))


@pytest.fixture
def proxy(services: WebServices) -> Proxy:
    builders.publish(services, "Fog", slug="fog")
    return Proxy(create_app(services=services).test_client())


def found(services: WebServices, proxy: Proxy) -> dict[str, Finding]:
    with services.database.read() as connection:
        known = looking.known(connection, services)
    return {finding.name: finding for finding in outside.looks(known, services.clock(), proxy)}


def wrong(services: WebServices, proxy: Proxy) -> dict[str, str]:
    return {name: str(finding.advice) for name, finding in found(services, proxy).items() if finding.is_wrong}


def test_a_proxy_that_does_all_it_should_leaves_nothing_to_say(services: WebServices, proxy: Proxy) -> None:
    looks = found(services, proxy)

    assert [name for name, finding in looks.items() if finding.is_wrong] == []
    assert list(looks) == [
        *("connection", "site", "alive", "headers", "client", "scheme", "path", "304", "gzip", "feed"),
        *("bodies", "endpoint", "pingback", "metrics"),
    ]
    assert looks["client"].detail == f"this machine is seen as {FROM}"
    assert looks["metrics"].detail == "hidden"
    with services.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM thoughts").scalar_one() == 0


def test_a_site_that_does_not_answer_is_one_finding(services: WebServices, proxy: Proxy) -> None:
    def silent(_: Request) -> Response:
        error = ConnectionFailed("{peer}’s certificate is not valid")
        error.peer = "the site"
        raise error

    with services.database.read() as connection:
        known = looking.known(connection, services)
    (only,) = outside.looks(known, services.clock(), silent)

    assert (only.name, only.is_wrong, only.detail) == ("connection", True, "the site’s certificate is not valid")


def test_another_site_at_the_address_is_told_and_nothing_is_sent_to_it(services: WebServices, proxy: Proxy) -> None:
    with services.database.read() as connection:
        known = replace(looking.known(connection, services), guid="another")
    looks = list(outside.looks(known, services.clock(), proxy))

    assert [look.name for look in looks if look.is_wrong] == ["site"]
    assert [request.method for request in proxy.requests] == ["GET"]


def test_a_proxy_that_names_no_client_is_told(services: WebServices, proxy: Proxy) -> None:
    del proxy.sends["X-Forwarded-For"]

    assert "X-Forwarded-For" in wrong(services, proxy)["client"]


def test_a_proxy_that_is_not_trusted_is_told_with_the_line_to_change(services: WebServices, proxy: Proxy) -> None:
    proxy.address = "10.0.0.5"

    told = wrong(services, proxy)

    assert told["client"] == '`trusted_proxies = ["127.0.0.0/8", "::1", "10.0.0.5"]`'
    assert "scheme" in told


def test_a_proxy_that_names_no_scheme_is_told(services: WebServices, proxy: Proxy) -> None:
    del proxy.sends["X-Forwarded-Proto"]

    assert set(wrong(services, proxy)) == {"scheme"}


def test_a_server_that_is_away_behind_a_cache_of_feeds_is_one_finding(services: WebServices, proxy: Proxy) -> None:
    def cached(request: Request) -> Response:
        return proxy(request) if "feed" in request.url else Response(request.url, 502, ())

    with services.database.read() as connection:
        known = looking.known(connection, services)
    looks = list(outside.looks(known, services.clock(), cached))

    assert [(look.name, look.detail) for look in looks if look.is_wrong] == [("alive", "/healthz answers 502")]


@pytest.mark.parametrize(
    ("drops", "loses", "name"),
    [
        (("Authorization",), (), "headers"),
        (("If-None-Match",), (), "304"),
        ((), ("ETag",), "304"),
        (("Accept-Encoding",), (), "gzip"),
        ((), ("X-Pingback",), "endpoint"),
        (("Content-Type",), (), "bodies"),
    ],
)
def test_what_a_proxy_takes_away_is_told(
    services: WebServices, proxy: Proxy, drops: tuple[str, ...], loses: tuple[str, ...], name: str
) -> None:
    proxy.drops, proxy.loses = drops, loses

    assert name in wrong(services, proxy)


def test_a_proxy_that_takes_small_bodies_alone_is_told(services: WebServices, proxy: Proxy) -> None:
    proxy.most_bytes = 10_000

    assert wrong(services, proxy) == {"bodies": "`client_max_body_size 256k;` in nginx"}


def test_a_proxy_that_shows_the_metrics_is_told(services: WebServices, proxy: Proxy) -> None:
    proxy.sends["X-Forwarded-For"] = "127.0.0.1"

    assert "metrics" in wrong(services, proxy)


# --- what the site tells who asks ---


def test_strangers_are_told_nothing_of_their_requests(proxy: Proxy) -> None:
    for given in (
        "",
        "Feedserver-Probe",
        "Feedserver-Probe x.y",
        "Feedserver-Probe 1.y",
        f"Feedserver-Probe {'9' * 20}.y",
    ):
        assert proxy.client.get("/healthz", headers={"Authorization": given}).json == {"status": "ok"}
