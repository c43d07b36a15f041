"""`feedserver serve` and `feedserver worker`: the processes that run until they are stopped."""

import logging
import signal
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from feedserver import log_lines
from feedserver.cli.arguments import Commands, bind_address, open_jobs, positive, verb
from feedserver.condition import Condition
from feedserver.errors import FeedserverError, SettingsError
from feedserver.jobs.worker import Worker
from feedserver.notices import standing
from feedserver.services import JobServices
from feedserver.settings import BIND, THREADS
from feedserver.storage.explaining import DATABASE_ERRORS, explain

_log = logging.getLogger(__name__)
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # of a worker
_ABOUT_BIND = """where to listen, IPv6 in brackets; default: %(default)s. Where no setting says site.url, it is this
address; site.url is what readers and other blogs see, this is what a proxy in front connects to. No effect where
systemd hands over the sockets"""


def add_commands(commands: Commands) -> None:
    serve = verb(commands, "serve", _serve, "run the whole server; creates the site first if there is none")
    serve.add_argument("--bind", metavar="HOST:PORT", type=bind_address, default=BIND, help=_ABOUT_BIND)
    serve.add_argument("--workers", metavar="N", type=positive, help="processes; default: one for each core")
    serve.add_argument("--threads", metavar="N", type=positive, default=THREADS, help="in each; default: %(default)s")
    verb(commands, "worker", _worker, "run background jobs alone, beside web processes or on further machines")


def _serve(chosen: Namespace) -> None:
    # gunicorn reads WEB_CONCURRENCY when it is imported; a mistake there must not stop other commands.
    try:
        from feedserver import server
    except ValueError as error:
        raise SettingsError([f"WEB_CONCURRENCY: must be a whole number ({error})"]) from None
    server.Server(server.gunicorn_settings(chosen.bind, chosen.workers, chosen.threads)).run()


def _worker(_: Namespace) -> None:
    with _signals_that_wait():
        services: JobServices | None = _opened()
        while services is not None:
            worker = Worker(services.runner)
            worker.start()
            for line in standing.remarks(services.settings):
                _log.warning("%s", line)
            _log.info("running background jobs; SIGTERM ends this process, SIGHUP lets it read its settings anew")
            following = _followed_by_signal()
            worker.stop()
            services.database.close()
            services = following


@contextmanager
def _signals_that_wait() -> Iterator[None]:
    """No thread is interrupted by our signals: they wait for `sigwait`.

    Python runs handlers in the main thread, which goes on waiting where the system gives a signal to another thread.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _followed_by_signal() -> JobServices | None:
    """Waits for a signal: to end, then None, or to go on with the settings as they are now, if these are good."""
    while signal.sigwait(_SIGNALS) == signal.SIGHUP:
        try:
            return _opened()
        except FeedserverError as error:
            _log.error("nothing is reloaded: %s", error)
        except DATABASE_ERRORS as error:
            _log.error("nothing is reloaded: %s", explain(error))
    return None


def _opened() -> JobServices:
    services = open_jobs(Condition("the database"))
    log_lines.use(services.settings.server.log)
    return services
