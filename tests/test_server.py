"""What the server does before it listens, and the lines that it prints for its operator when it does."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.sock import create_sockets

from feedserver import site_address, worker_settings
from feedserver.app import create_app
from feedserver.errors import AddressUnusable
from feedserver.server import announce, gunicorn_settings, prepare
from feedserver.settings import Settings
from feedserver.storage.engine import Database
from feedserver.urls import Urls
from tests.posts.builders import publish
from tests.support.fixtures import Assemble

pytestmark = pytest.mark.usefixtures("no_common_counts")
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


def announced(
    listeners: list[socket.socket],
    caplog: pytest.LogCaptureFixture,
    base: str = "https://blog.example",
    *,
    has_hub: bool = True,
) -> list[str]:
    with caplog.at_level(logging.INFO, "feedserver"):
        announce(Urls(base), listeners, has_hub=has_hub)
    return caplog.messages


def test_the_operator_reads_where_the_site_its_feeds_and_its_endpoint_are(
    listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    listeners = listen("127.0.0.1:0")

    assert announced(listeners, caplog) == [
        f"listening on:      {listeners[0]}",
        "site:              https://blog.example/",
        "feeds:             https://blog.example/feed.rss, https://blog.example/feed.atom, https://blog.example/feed.json",
        "pingback endpoint: https://blog.example/pingback",
        "webmentions:       https://blog.example/webmention",
        "hub:               https://blog.example/hub",
    ]


def test_the_operator_reads_of_no_hub_that_is_turned_off(listen: Listen, caplog: pytest.LogCaptureFixture) -> None:
    assert not [line for line in announced(listen("127.0.0.1:0"), caplog, has_hub=False) if "hub" in line]


def test_one_line_says_that_a_setting_and_the_address_contradict_each_other_on_loopback(
    listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    listeners = listen("127.0.0.1:0")

    (line,) = [line for line in announced(listeners, caplog, "http://127.0.0.1:1") if "proxy" in line]

    assert line == (
        "site.url is http://127.0.0.1:1, where this server does not listen: unless a proxy does, links lead nowhere"
    )


@pytest.mark.parametrize("bind", ["0.0.0.0:0", "[::]:0", "127.0.0.1:0 0.0.0.0:0"])
def test_one_line_says_that_a_proxy_belongs_in_front_of_what_other_machines_reach(
    listen: Listen, caplog: pytest.LogCaptureFixture, bind: str
) -> None:
    listeners = listen(*bind.split())

    (line,) = [line for line in announced(listeners, caplog) if "proxy" in line]

    assert line == (
        f"other machines reach {listeners[-1]}; a proxy that buffers slow clients belongs in front "
        "of it, as in config/nginx.conf"
    )


@pytest.mark.parametrize(
    "bind", ["127.0.0.1:0", "127.0.0.5:0", "[::1]:0", "[::ffff:127.0.0.1]:0", "localhost:0", "unix:{folder}/x"]
)
def test_what_only_this_machine_reaches_needs_no_proxy(
    listen: Listen, caplog: pytest.LogCaptureFixture, bind: str
) -> None:
    assert not [line for line in announced(listen(bind), caplog) if "proxy" in line]


def test_one_line_reminds_of_a_restored_site(listen: Listen, caplog: pytest.LogCaptureFixture) -> None:
    announce(Urls("https://blog.example"), listen("127.0.0.1:0"), datetime(2026, 3, 8, 12, tzinfo=UTC))

    assert caplog.messages[-1] == (
        "restored from a backup on 2026-03-08T12:00:00Z; "
        "it sends nothing to others until `feedserver resume` says that it is the real site"
    )


# --- the address that is noted ---


@pytest.fixture
def unaddressed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> None:
    """A site of which no setting says `site.url`, and a process that does not listen yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDSERVER_DATABASE_URL", database_url)
    monkeypatch.setattr(site_address, "_listening", [])
    monkeypatch.setattr(worker_settings, "_read", [])


def a_server(listeners: list[socket.socket]) -> Any:
    """What gunicorn gives its hooks."""
    return SimpleNamespace(LISTENERS=listeners, log=Logger(Config()))


@pytest.mark.usefixtures("unaddressed")
@pytest.mark.parametrize("hook", ["when_ready", "on_reload"])
def test_the_address_follows_the_socket_and_is_noted_for_commands(
    listen: Listen, database: Database, caplog: pytest.LogCaptureFixture, hook: str
) -> None:
    (listener,) = listen("0.0.0.0:0")
    caplog.set_level(logging.INFO, "feedserver")

    gunicorn_settings()[hook](a_server([listener]))

    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert site_address.noted(database) == url
    assert hook == "on_reload" or f"site:              {url}/" in caplog.messages


@pytest.mark.usefixtures("unaddressed")
def test_a_setting_is_noted_as_it_is_for_commands_that_do_not_get_it(
    listen: Listen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSERVER_SITE_URL", "https://blog.example")

    gunicorn_settings()["when_ready"](a_server(listen("127.0.0.1:0")))

    assert site_address.noted(database) == "https://blog.example"


@pytest.mark.usefixtures("unaddressed")
def test_a_unix_socket_keeps_the_noted_address(listen: Listen, database: Database) -> None:
    site_address.note(database, "http://127.0.0.1:8765")

    gunicorn_settings()["when_ready"](a_server(listen("unix:{folder}/x")))

    assert site_address.noted(database) == "http://127.0.0.1:8765"


@pytest.mark.usefixtures("unaddressed")
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("FEEDSERVER_FEEDS_ENTRIES", "many", "feeds.entries: "),
        ("FEEDSERVER_DATABASE_READ_URL", "mysql://127.0.0.1/x", "database.read_url: "),
    ],
    ids=["a value that is none", "a value that no worker can use"],
)
def test_a_mistake_in_the_settings_neither_ends_a_server_that_is_reloaded_nor_changes_anything(
    listen: Listen,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    value: str,
    told: str,
) -> None:
    server = a_server(listen("127.0.0.1:0"))
    gunicorn_settings()["when_ready"](server)
    before, noted = worker_settings.in_force(), site_address.noted(database)
    monkeypatch.setenv("FEEDSERVER_SITE_URL", "https://blog.example")
    monkeypatch.setenv(name, value)

    gunicorn_settings()["on_reload"](server)

    assert worker_settings.in_force() is before
    assert site_address.noted(database) == noted
    assert f"reloaded with the settings of before: {told}" in caplog.text


@pytest.mark.usefixtures("unaddressed")
def test_a_reload_reads_the_settings_of_the_workers_anew(
    listen: Listen, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = a_server(listen("127.0.0.1:0"))
    gunicorn_settings()["when_ready"](server)
    monkeypatch.setenv("FEEDSERVER_FEEDS_ENTRIES", "30")
    assert worker_settings.in_force().feeds.entries == 20, "a worker that replaces a crashed one is like the others"

    gunicorn_settings()["on_reload"](server)

    assert worker_settings.in_force().feeds.entries == 30


# --- before it listens ---


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_taken_port_stops_the_start_before_a_site_is_made(listen: Listen, elsewhere: Path) -> None:
    taken = listen("127.0.0.1:0")[0].getsockname()

    with pytest.raises(AddressUnusable, match="--bind"):
        prepare([taken])

    assert list(elsewhere.iterdir()) == []


def test_gunicorn_alone_ends_with_the_same_line(listen: Listen, elsewhere: Path) -> None:
    host, port = listen("127.0.0.1:0")[0].getsockname()
    config = Config()
    config.set("bind", f"{host}:{port}")

    with pytest.raises(SystemExit, match=r"^feedserver: 127\.0\.0\.1:\d+ is taken by another program; .*--bind"):
        gunicorn_settings()["on_starting"](SimpleNamespace(cfg=config))


def test_sockets_from_systemd_are_not_tried_and_a_line_says_that_bind_has_no_effect(
    listen: Listen, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "feedserver")
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))

    prepare([listen("127.0.0.1:0")[0].getsockname()])

    assert caplog.messages == ["systemd has handed over the sockets (LISTEN_FDS); --bind has no effect"]


def test_unknown_variables_are_named_in_one_line(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FEEDSERVER_PORT", "tcp://10.0.0.7:80")

    prepare(["/a/unix/socket"])

    assert caplog.messages == ["ignored, as no setting has this name: FEEDSERVER_PORT"]


def test_heartbeat_files_lie_in_memory_where_there_is_a_place_for_them() -> None:
    """In a container with a read-only root, /tmp may not be there; on a disk, a heartbeat may wait for it."""
    assert gunicorn_settings()["worker_tmp_dir"] == ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_visitor_waits_until_templates_are_compiled(
    settings: Settings, assemble: Assemble, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = assemble(replace(settings, jobs=replace(settings.jobs, in_web=False)))
    publish(services, "Fog", slug="fog")
    app = create_app(services=services)

    gunicorn_settings()["post_worker_init"](SimpleNamespace(wsgi=app, pid=0))
    services.readership.stop()

    assert app.jinja_env.loader is not None
    monkeypatch.setattr(app.jinja_env.loader, "load", pytest.fail)
    for path in ("/", "/posts/fog", "/thoughts", "/archive", "/feeds", "/none"):
        assert app.test_client().get(path).status_code == (404 if path == "/none" else 200)
