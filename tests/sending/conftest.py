"""Another site on loopback, and the guarded way out to it."""

from collections.abc import Iterator
from functools import partial
from ipaddress import ip_network

import pytest

from feedserver.net.connection import Policy
from feedserver.net.exchange import Exchange, exchange
from feedserver.services import WebServices
from feedserver.settings import Settings
from feedserver.urls import Urls
from tests.sending.desk import Desk
from tests.sending.elsewhere import Elsewhere
from tests.sending.receiving import OtherSite
from tests.support.outside import Clock, Web


@pytest.fixture(scope="module")
def other_server() -> Iterator[OtherSite]:
    site = OtherSite()
    yield site
    site.close()


@pytest.fixture
def other(other_server: OtherSite) -> OtherSite:
    """Another site, empty again for each test."""
    other_server.answers.clear()
    other_server.requests.clear()
    return other_server


@pytest.fixture
def way_out() -> Exchange:
    """The guarded way out, which may contact the test internet."""
    policy = Policy(
        allow=(ip_network("127.0.2.0/24"),),
        ports=None,
        timeout=5,
        max_bytes=1_048_576,
        user_agent="feedserver/1 (+http://blog.example; Webmention and Pingback)",
    )
    return partial(exchange, policy=policy)


@pytest.fixture
def urls() -> Urls:
    """The URLs of our site."""
    return Urls("http://blog.example")


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
def services(settings: Settings, clock: Clock, web: Web, elsewhere: Elsewhere) -> Iterator[WebServices]:
    """The services of a site whose ways out lead to pages in memory."""
    services = WebServices(settings, clock=clock, fetch=web, exchange=elsewhere)
    yield services
    services.waiting_slots.close()
    services.database.close()


@pytest.fixture
def desk(services: WebServices, clock: Clock) -> Desk:
    return Desk(services, clock)
