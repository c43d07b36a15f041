"""gunicorn's settings and hooks: the same for `feedserver serve` and `gunicorn -c config/gunicorn.conf.py wsgi:app`.

gthread workers, as many as there are cores, with enough threads that slow pings cannot take them all; job threads
that start and end with their worker; half-sent requests that take no thread and are dropped.
"""

import ctypes
import os
import re
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from feedserver import settings
from feedserver.app import create_app
from feedserver.errors import FeedserverError, SettingsError
from feedserver.installation import init
from feedserver.jobs.worker import STOP_SECONDS, Worker
from feedserver.services import EXTENSION, Services

_RECEIVE_TIMEOUT: Final = 5  # seconds for the next bytes of a request’s body
_M_ARENA_MAX: Final = -8  # mallopt(3)
_GRACE: Final = 30  # seconds for requests and jobs under way when the server ends
_PRIVATE: Final = re.compile(r"(/(?:receipts|moderation)/)[^/.\s?]+")

_job_workers: dict[int, Worker] = {}


class Server(BaseApplication):  # type: ignore[misc] # gunicorn is published without types
    """gunicorn, started from inside with settings by name."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return create_app()


class DiscreetLogger(Logger):  # type: ignore[misc] # gunicorn is published without types
    """gunicorn's log, which keeps receipts and the moderation feed to those who have their addresses."""

    def atoms(self, *arguments: Any) -> dict[str, Any]:
        atoms: dict[str, Any] = super().atoms(*arguments)
        return {name: _PRIVATE.sub(r"\1…", value) if isinstance(value, str) else value for name, value in atoms.items()}


def gunicorn_settings(
    bind: str = settings.BIND, workers: int | None = None, threads: int = settings.THREADS
) -> dict[str, Any]:
    """gunicorn's settings by name. `workers` is one for each core unless given, or said by `WEB_CONCURRENCY`."""
    return {
        "bind": bind,
        "workers": workers or int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1),
        "worker_class": "gthread",
        "threads": threads,
        "keepalive": 15,
        "timeout": 60,
        "graceful_timeout": _GRACE,
        "max_requests": 0,
        "control_socket_disable": True,  # two servers on one machine would fight over it
        "forwarded_allow_ips": "",  # the application knows whom to believe: server.trusted_proxies
        "logger_class": DiscreetLogger,
        "accesslog": "-",
        "access_log_format": '%(h)s "%(r)s" %(s)s %(B)s %(M)sms "%(a)s"',
        "errorlog": "-",
        "on_starting": _on_starting,
        "when_ready": _when_ready,
        "post_worker_init": _post_worker_init,
        "worker_exit": _worker_exit,
    }


def prepare() -> Services:
    """Makes the site where there is none, and brings its database up to date.

    Raises SettingsError or StorageError. Its connections are closed, so that workers do not inherit them.
    """
    services = Services(settings.load())
    init(services, example=True)
    services.database.close()
    return services


def _on_starting(_server: Any) -> None:
    try:
        prepare()
    except SettingsError as error:
        sys.exit("\n".join(f"feedserver: {fault}" for fault in error.faults))
    except FeedserverError as error:
        sys.exit(f"feedserver: {error}")


def _when_ready(server: Any) -> None:
    seconds = struct.pack("ll", _RECEIVE_TIMEOUT, 0)
    for listener in server.LISTENERS:  # what is accepted from a listening socket inherits its timeout
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
    _announce(Services(settings.load()), [str(listener) for listener in server.LISTENERS])


def _announce(services: Services, listeners: list[str]) -> None:
    urls = services.urls
    lines = {
        "listening on": ", ".join(listeners),
        "site": urls.home(),
        "feeds": ", ".join(urls.site_feed(fmt) for fmt in ("rss", "atom", "json")),
        "pingback endpoint": urls.pingback(),
    }
    for name, value in lines.items():
        print(f"{name + ':':<19}{value}", flush=True)  # noqa: T201 - the operator asked for a server and waits for this


def _post_worker_init(worker: Any) -> None:
    share_memory()
    services = _services_of(worker)
    services.readership.start()
    if services.settings.jobs.in_web:
        _job_workers[worker.pid] = Worker(services.runner)
        _job_workers[worker.pid].start()


def share_memory() -> None:
    """Lets threads share two heaps where the C library can be told (glibc).

    It makes one for nearly each thread, and keeps in all of them what one of them needed once: a quarter of a worker's
    memory. Python lets one thread run at a time, so they need not queue for it.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _worker_exit(_server: Any, worker: Any) -> None:
    """Lets jobs under way end; what would outlast gunicorn's patience gives its lease back to whoever runs on."""
    end = time.monotonic() + STOP_SECONDS
    if worker.pid in _job_workers:
        _job_workers.pop(worker.pid).stop()
    if getattr(worker, "wsgi", None) is not None:
        services = _services_of(worker)
        services.waiting_slots.close(max(0.0, end - time.monotonic()))
        services.runner.leases.give_back()
        services.readership.stop()


def _services_of(worker: Any) -> Services:
    services = worker.wsgi.extensions[EXTENSION]
    assert isinstance(services, Services)
    return services
