"""The lines that the server prints for its operator when it begins to listen."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.sock import create_sockets

from feedserver.server import announce
from feedserver.urls import Urls

Listen = Callable[..., list[socket.socket]]


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Listen]:
    """Binds as gunicorn does: `listen("0.0.0.0:0")`."""
    with ExitStack() as stack:

        def bind(*addresses: str) -> list[socket.socket]:
            config = Config()
            config.set("bind", [address.format(folder=tmp_path) for address in addresses])
            listeners: list[socket.socket] = create_sockets(config, Logger(config))
            for listener in listeners:
                stack.callback(listener.close)
            return listeners

        yield bind


def announced(listeners: list[socket.socket], capsys: pytest.CaptureFixture[str]) -> list[str]:
    announce(Urls("https://blog.example"), listeners)
    return capsys.readouterr().out.splitlines()


def test_the_operator_reads_where_the_site_its_feeds_and_its_endpoint_are(
    listen: Listen, capsys: pytest.CaptureFixture[str]
) -> None:
    listeners = listen("127.0.0.1:0")

    assert announced(listeners, capsys) == [
        f"listening on:      {listeners[0]}",
        "site:              https://blog.example/",
        "feeds:             https://blog.example/feed.rss, https://blog.example/feed.atom, https://blog.example/feed.json",
        "pingback endpoint: https://blog.example/pingback",
    ]


@pytest.mark.parametrize("bind", ["0.0.0.0:0", "[::]:0", "127.0.0.1:0 0.0.0.0:0"])
def test_one_line_says_that_a_proxy_belongs_in_front_of_what_other_machines_reach(
    listen: Listen, capsys: pytest.CaptureFixture[str], bind: str
) -> None:
    listeners = listen(*bind.split())

    (line,) = [line for line in announced(listeners, capsys) if "proxy" in line]

    assert line == (
        f"warning:           other machines reach {listeners[-1]}; a proxy that buffers slow clients belongs in front "
        "of it, as in config/nginx.conf"
    )


@pytest.mark.parametrize(
    "bind", ["127.0.0.1:0", "127.0.0.5:0", "[::1]:0", "[::ffff:127.0.0.1]:0", "localhost:0", "unix:{folder}/x"]
)
def test_what_only_this_machine_reaches_needs_no_proxy(
    listen: Listen, capsys: pytest.CaptureFixture[str], bind: str
) -> None:
    assert not [line for line in announced(listen(bind), capsys) if "proxy" in line]
