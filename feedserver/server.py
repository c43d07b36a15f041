"""gunicorn's settings and hooks: the same for `feedserver serve` and `gunicorn -c config/gunicorn.conf.py wsgi:app`.

gthread workers, one for each core, with more threads than waiting slots for pings. Job threads start and end with their
worker.
"""

import ctypes
import logging
import os
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TextIO

from gunicorn.app.base import BaseApplication

from feedserver import access_log, listening, log_lines, settings, site_address, theme_trial, worker_settings
from feedserver.access_log import AccessLogger
from feedserver.accounts.managing import Accounts
from feedserver.app import compile_templates, create_app
from feedserver.clock import utc_now
from feedserver.errors import FeedserverError, SettingsError
from feedserver.feeds.scopes import SITE, urls_by_format
from feedserver.installation import init
from feedserver.jobs.worker import STOP_SECONDS, Worker
from feedserver.metrics import folder
from feedserver.notices import standing
from feedserver.pages import theme
from feedserver.services import EXTENSION, Services, WebServices
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS, explain
from feedserver.thoughts import comments
from feedserver.urls import Urls
from feedserver.web.bodies import MUST_CLOSE, is_left_unread, stop_reading

_RECEIVE_SECONDS: Final = 5  # for the next bytes of a request: gunicorn's own timeout does not end a blocked read
_GRACE_SECONDS: Final = 30  # for running requests and jobs when the server stops
_M_ARENA_MAX: Final = -8  # mallopt(3)
_SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108 - for gunicorn's empty heartbeat files, which have no name, and a private folder

_log = logging.getLogger(__name__)
_job_workers: dict[int, Worker] = {}  # by process id


class Server(BaseApplication):  # type: ignore[misc] # gunicorn is published without types
    """gunicorn as started by `feedserver serve`. `options` are gunicorn's settings by name."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            if name != "on_starting":  # `run` has done it, before gunicorn's first line
                self.cfg.set(name, value)

    def run(self) -> None:
        """Runs until it is stopped. Raises what `prepare` raises."""
        prepare(self.cfg.address, reuse_port=self.cfg.reuse_port)
        super().run()

    def load(self) -> Any:
        return create_app()


def gunicorn_settings(
    bind: str = settings.BIND, workers: int | None = None, threads: int = settings.THREADS
) -> dict[str, Any]:
    """gunicorn's settings by name. `workers` defaults to `WEB_CONCURRENCY` or the number of cores.

    Chooses the form of log lines, before gunicorn writes its first one.
    """
    with suppress(SettingsError):  # which `prepare` tells
        log_lines.use(settings.load().server.log)
    return {
        "bind": bind,
        "workers": workers or int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1),
        "worker_class": "gthread",
        "threads": threads,
        "keepalive": 15,
        "timeout": 60,
        "graceful_timeout": _GRACE_SECONDS,
        "max_requests": 0,
        "control_socket_disable": True,  # two servers on one machine would share it
        "forwarded_allow_ips": "",  # the application decides: server.trusted_proxies
        "logger_class": AccessLogger,
        "accesslog": "-",
        "access_log_format": access_log.FORMAT,
        "errorlog": "-",
        "worker_tmp_dir": _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None,  # else in /tmp, on a disk
        "on_starting": _on_starting,
        "when_ready": _when_ready,
        "on_reload": _on_reload,
        "pre_fork": _pre_fork,
        "post_worker_init": _post_worker_init,
        "pre_request": _pre_request,
        "post_request": _post_request,
        "worker_exit": _worker_exit,
        "child_exit": _child_exit,
        "on_exit": _on_exit,
    }


def prepare(addresses: Sequence[object], *, reuse_port: bool = False) -> None:
    """Checks settings and addresses, creates the site if there is none, and migrates its database.

    `addresses` are gunicorn's: a pair of host and port is tried, unless the sockets are there already. Raises
    SettingsError, AddressUnusable or StorageError.
    """
    report = settings.read()
    if report.ignored_line:
        _log.warning("%s", report.ignored_line)
    if listening.is_activated():
        _log.info("systemd has handed over the sockets (LISTEN_FDS); --bind has no effect")
    if not listening.is_inherited():
        for address in addresses:
            if isinstance(address, tuple):
                listening.try_binding(*address, reuse_port=reuse_port)
    look = theme.read(report.settings.site.theme)
    services = Services(report.settings)
    init(services, example=True)
    services.database.close()  # workers must not inherit its connections
    theme_trial.require_working(look)
    if report.settings.server.metrics:
        _count_together()


def _count_together() -> None:
    """Lets all workers count requests together, before the first of them imports what counts."""
    try:
        folder.begin(Path(_SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else tempfile.gettempdir()))
    except OSError as error:
        _log.warning("/metrics counts the requests of one worker alone: %s: %s", error.filename, error.strerror)


def _on_starting(server: Any) -> None:
    try:
        prepare(server.cfg.address, reuse_port=server.cfg.reuse_port)
    except SettingsError as error:
        sys.exit("\n".join(f"feedserver: {fault}" for fault in error.faults))
    except FeedserverError as error:
        sys.exit(f"feedserver: {error}")
    except DATABASE_ERRORS as error:
        sys.exit(f"feedserver: {explain(error)}")


def _when_ready(server: Any) -> None:
    seconds = struct.pack("ll", _RECEIVE_SECONDS, 0)
    for listener in server.LISTENERS:  # accepted connections inherit the timeout of the listening socket
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
    worker_settings.read_anew()
    if address := listening.own_address(listener.sock for listener in server.LISTENERS):
        listening.note(worker_settings.in_force().data_dir, address)
    has_hub, urls = worker_settings.in_force().websub.hub, Urls(_follow_address(server))
    announce(urls, server.LISTENERS, _restored_at(), has_hub=has_hub)
    for line in standing.remarks(worker_settings.in_force()):
        _log.warning("%s", line)
    terminal = next((stream for stream in (sys.stdout, sys.stderr) if stream.isatty()), None)
    if terminal is not None:
        welcome(urls, terminal)


def _on_reload(server: Any) -> None:
    try:
        theme_trial.require_working(theme.read(settings.load().site.theme))
        worker_settings.read_anew()
    except FeedserverError as error:
        _log.error("reloaded with the settings of before: %s", error)
        return
    log_lines.use(worker_settings.in_force().server.log)
    if worker_settings.in_force().server.metrics and folder.in_use() is None:
        _count_together()
    _follow_address(server)


def _pre_fork(_server: Any, _worker: Any) -> None:
    folder.begin_again()


def _follow_address(server: Any) -> str:
    """Notes the address in force, which follows the listening socket where no setting says `site.url`. Returns it."""
    given = worker_settings.in_force()
    site_address.listen_at(listening.url(listener.sock for listener in server.LISTENERS))
    with closing(Database(given.database_url)) as database:
        url = site_address.settings_in_force(given, database).site.url
        try:
            site_address.note(database, url)
        except DATABASE_ERRORS as error:
            server.log.warning("the address %s could not be noted for commands: %s", url, type(error).__name__)
    return url


def _restored_at() -> datetime | None:
    database = Database(worker_settings.in_force().database_url)
    with closing(database), suppress(*DATABASE_ERRORS), database.read() as connection:
        return revision.restored_at(connection)
    return None


def announce(
    urls: Urls, listeners: Iterable[Any], restored_at: datetime | None = None, *, has_hub: bool = True
) -> None:
    """Logs for the operator where the server listens, its main URLs, and that the site is a restored copy."""
    sockets = [listener.sock for listener in listeners]
    for name, value in (
        ("listening on", ", ".join(map(str, listeners))),
        ("site", urls.home()),
        ("feeds", ", ".join(urls_by_format(urls, SITE).values())),
        ("pingback endpoint", urls.pingback()),
        ("webmentions", urls.webmention()),
        *([("hub", urls.hub())] if has_hub else []),
    ):
        _log.info("%-18s %s", f"{name}:", value)
    public = [str(listener) for listener in listeners if not listening.is_local(listener.sock)]
    if public:
        _log.warning(
            "other machines reach %s; a proxy that buffers slow clients belongs in front of it, "
            "as in config/nginx.conf",
            ", ".join(public),
        )
    if not listening.answers(urls.base, sockets):
        _log.warning(
            "site.url is %s, where this server does not listen: unless a proxy does, links lead nowhere", urls.base
        )
    if restored_at:
        _log.warning("%s", revision.reminder(restored_at))


def welcome(urls: Urls, terminal: TextIO) -> None:
    """Prints where the first person sets a password, while there is no account. No log has such an address."""
    database = Database(worker_settings.in_force().database_url)
    with closing(database), suppress(*DATABASE_ERRORS):
        if token := Accounts(database, utc_now).first_link():
            print(f"sign in, within an hour: {urls.sign_in_link(token)}", file=terminal, flush=True)


def _post_worker_init(worker: Any) -> None:
    share_memory()
    compile_templates(worker.wsgi)
    services = _services_of(worker)
    services.readership.start()
    if services.settings.jobs.in_web:
        _job_workers[worker.pid] = Worker(services.runner)
        _job_workers[worker.pid].start()


def share_memory() -> None:
    """Lets all threads share two malloc arenas, if the C library is glibc.

    By default nearly each thread has its own, which never shrinks: a quarter of a worker's memory. Python runs one
    thread at a time, so they do not contend for the two.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _pre_request(_worker: Any, request: Any) -> None:
    """Lets the answer say `Connection: close` if the request's body is not going to be read."""
    headers = dict(request.headers)
    announced, is_chunked = headers.get("CONTENT-LENGTH", ""), "TRANSFER-ENCODING" in headers
    if is_left_unread(request.method, announced, is_chunked, comments.MAX_BODY):
        request.force_close()


def _post_request(_worker: Any, request: Any, environ: dict[str, Any], _response: Any) -> None:
    """Ends the connection of a request whose body has not come whole, so that none of its bytes is ever answered.

    Whatever still comes is not read: before a connection ends, gunicorn waits two seconds for its client to end it, and
    meanwhile accepts no other.
    """
    if MUST_CLOSE in environ:
        request.force_close()
    if request.should_close():
        stop_reading(environ.get("gunicorn.socket"))


def _worker_exit(_server: Any, worker: Any) -> None:
    """Waits for running jobs; gives back the leases of those that take longer than gunicorn waits."""
    end = time.monotonic() + STOP_SECONDS
    if worker.pid in _job_workers:
        _job_workers.pop(worker.pid).stop()
    if getattr(worker, "wsgi", None) is not None:
        services = _services_of(worker)
        services.waiting_slots.close(max(0.0, end - time.monotonic()))
        services.runner.leases.give_back()
        services.readership.stop()
        services.database.close()
    if isinstance(worker.log, AccessLogger):
        worker.log.close()


def _child_exit(_server: Any, worker: Any) -> None:
    """Keeps what a worker has counted that has ended, in whatever way."""
    folder.merge(worker.pid)


def _on_exit(_server: Any) -> None:
    folder.end()


def _services_of(worker: Any) -> WebServices:
    services = worker.wsgi.extensions[EXTENSION]
    assert isinstance(services, WebServices)
    return services
