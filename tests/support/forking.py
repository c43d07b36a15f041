"""A process that has imported feedserver, and forks for each run of the program that `tests.support.runs` asks for.

To start Python and to import everything took more CPU than most runs take after it. A run is a process of its own all
the same, with its own arguments, folder, environment, files and process group.

    python -m tests.support.forking NUMBER

with the number of a Unix socket, each of whose messages holds arguments, folder, environment, umask and user. It brings
standard input, output and error, and a socket which gets the process id at once, and the exit status at the end.
"""

import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from flask import Flask

import feedserver
from feedserver.app import compile_templates, create_app
from feedserver.cli import main
from feedserver.installation import init
from feedserver.metrics import folder as metrics_folder
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.support.templates import SharingEnvironment

_MOST_BYTES = 1 << 17  # of a message
_FILES = 4
_USUAL = ("/", "/posts/hello", "/feed.rss", "/feed.atom", "/feed.json", "/thoughts.rss", "/readyz")


def _warm_up() -> None:
    """Does once what each process would do for itself: imports all modules, also late ones, and compiles templates."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ[metrics_folder.VARIABLE] = folder  # else no process that is forked would count with others
        for module in pkgutil.walk_packages(feedserver.__path__, "feedserver."):
            if ".migrations." not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
        Flask.jinja_environment = SharingEnvironment  # type: ignore[assignment]
        services = WebServices(Settings(data_dir=Path(folder)))
        init(services, example=True)
        app = create_app(services=services)
        compile_templates(app)
        for path in _USUAL:
            assert app.test_client().get(path).status_code == 200, path
        services.waiting_slots.close()
        services.database.close()


def _serve(control: socket.socket) -> int:
    """Forks until the other side is gone, and then kills what still runs.

    Returns an exit status: in each process that it has forked, that of a run.
    """
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is not control:
                selector.unregister(key.fileobj)
                _tell_end(key.fd, *key.data)
                continue
            message, files, _, _ = socket.recv_fds(control, _MOST_BYTES, _FILES)
            if not message:
                _kill_all(selector)
                return 0
            told = socket.socket(fileno=files[3])
            pid = os.fork()
            if pid == 0:
                _close(selector, control, told)
                return _run(message, files[:3])
            for file in files[:3]:
                os.close(file)
            _tell(told, pid)
            selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, told))


def _kill_all(selector: selectors.BaseSelector) -> None:
    """Kills the process groups of all runs: servers of tests that were interrupted."""
    for key in selector.get_map().values():
        if key.data is not None:
            with suppress(ProcessLookupError):  # it has just begun, and has no group of its own yet
                os.killpg(key.data[0], signal.SIGKILL)


def _close(selector: selectors.BaseSelector, control: socket.socket, told: socket.socket) -> None:
    """Closes what a run must not have."""
    for key in selector.get_map().values():
        if key.fileobj is not control:
            os.close(key.fd)
            key.data[1].close()
    selector.close()
    control.close()
    told.close()


def _tell_end(pidfd: int, pid: int, told: socket.socket) -> None:
    os.close(pidfd)
    with told:
        _tell(told, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _tell(told: socket.socket, number: int) -> None:
    with suppress(OSError):  # nobody waits for it any more
        told.send(str(number).encode())


def _run(message: bytes, streams: list[int]) -> int:
    """Becomes a run of the program, as `python -m feedserver` is one. Returns its exit status."""
    arguments, folder, environ, umask, user = json.loads(message)
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if umask is not None:
        os.umask(umask)
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    return main(arguments)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # it ends after the tests, which these interrupt
        signal.signal(number, signal.SIG_IGN)
    _warm_up()
    gc.freeze()
    sys.exit(_serve(socket.socket(fileno=int(sys.argv[1]))))
