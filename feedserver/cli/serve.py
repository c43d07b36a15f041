"""`feedserver serve` and `feedserver worker`: the processes that run until they are stopped."""

import logging
import signal
from argparse import ArgumentTypeError, Namespace
from threading import Event

from feedserver import listening
from feedserver.cli.arguments import Commands, open_site, positive, verb
from feedserver.condition import Condition
from feedserver.errors import SettingsError
from feedserver.jobs.worker import Worker
from feedserver.settings import BIND, THREADS

_log = logging.getLogger(__name__)
_ABOUT_BIND = """where to listen, IPv6 in brackets; default: %(default)s. Where no setting says site.url, it is this
address; site.url is what readers and other blogs see, this is what a proxy in front connects to. No effect where
systemd hands over the sockets"""


def add_commands(commands: Commands) -> None:
    serve = verb(commands, "serve", _serve, "run the whole server; creates the site first if there is none")
    serve.add_argument("--bind", metavar="HOST:PORT", type=_address, default=BIND, help=_ABOUT_BIND)
    serve.add_argument("--workers", metavar="N", type=positive, help="processes; default: one for each core")
    serve.add_argument("--threads", metavar="N", type=positive, default=THREADS, help="in each; default: %(default)s")
    verb(commands, "worker", _worker, "run background jobs alone, beside web processes or on further machines")


def _address(text: str) -> str:
    if listening.host_and_port(text) is None:
        raise ArgumentTypeError(f"“{text}” is not HOST:PORT, such as {BIND} or [::1]:8000")
    return text


def _serve(chosen: Namespace) -> None:
    # gunicorn reads WEB_CONCURRENCY when it is imported; a mistake there must not stop other commands.
    try:
        from feedserver import server
    except ValueError as error:
        raise SettingsError([f"WEB_CONCURRENCY: must be a whole number ({error})"]) from None
    server.Server(server.gunicorn_settings(chosen.bind, chosen.workers, chosen.threads)).run()


def _worker(_: Namespace) -> None:
    services = open_site(Condition("the database"))
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    worker = Worker(services.runner)
    worker.start()
    _log.info("running background jobs; SIGTERM ends this process")
    stopping.wait()
    worker.stop()
    services.database.close()
