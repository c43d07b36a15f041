"""Servers on loopback: on 127.0.2.0/24, which is allowed, and listeners on forbidden addresses."""

from ipaddress import ip_network

import pytest

from feedserver.net.connection import Policy
from tests.hostile.forbidden import Forbidden
from tests.hostile.server import PAGE, Server


@pytest.fixture
def page():
    return PAGE


@pytest.fixture
def policy():
    return Policy(
        allow=(ip_network("127.0.2.0/24"),),
        ports=None,
        timeout=5,
        max_bytes=1_048_576,
        user_agent="feedserver/1 (+https://blog.example)",
    )


@pytest.fixture
def serve():
    """Starts servers: `serve(answer, address=…, tls=…, speaks_first=…)`."""
    servers = []

    def start(answer=PAGE, **settings):
        servers.append(Server(answer, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def forbid():
    """Starts listeners that must count no connection when the test is over."""
    listeners = []

    def start(address):
        try:
            listeners.append(Forbidden(address))
        except OSError as error:
            pytest.skip(f"{address} cannot be bound here: {error}")
        return listeners[-1]

    yield start
    counts = {listener.url: listener.connections() for listener in listeners}
    for listener in listeners:
        listener.close()
    assert not any(counts.values()), counts
