"""A process that has imported feedserver, and forks for each run of the program that `tests.support.runs` asks for.

To start Python and to import everything took more CPU than most runs take after it. A run is a process of its own all
the same, with its own arguments, folder, environment, files and process group.

    python -m tests.support.forking FILE

with the number of a Unix socket, each of whose messages holds arguments, folder and environment, and brings standard
input, output and error, and a socket which gets the process id at once, and the exit status at the end.
"""

import gc
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path

from flask import Flask

from feedserver import server
from feedserver.app import compile_templates, create_app
from feedserver.cli import main, program
from feedserver.installation import init
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.support import compiled_statements
from tests.support.templates import SharingEnvironment

MOST_BYTES = 1 << 17  # of a message
_FILES = 4
_LATE = (program, server)  # what `main` imports when it is called
_USUAL = ("/", "/posts/hello", "/feed.rss", "/feed.atom", "/feed.json", "/thoughts.rss", "/readyz")


def _warm_up() -> None:
    """Does once what each process would do for itself: compiles templates and SQL, imports what is imported late."""
    Flask.jinja_environment = SharingEnvironment  # type: ignore[assignment]
    compiled_statements.share()
    with tempfile.TemporaryDirectory() as folder:
        services = WebServices(Settings(data_dir=Path(folder)))
        init(services, example=True)
        app = create_app(services=services)
        compile_templates(app)
        for path in _USUAL:
            assert app.test_client().get(path).status_code == 200, path
        services.waiting_slots.close()
        services.database.close()


def _serve(control: socket.socket) -> None:
    """Forks until the other side is gone."""
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is not control:
                selector.unregister(key.fileobj)
                _tell_end(key.fd, *key.data)
                continue
            message, files, _, _ = socket.recv_fds(control, MOST_BYTES, _FILES)
            if not message:
                return
            pid = os.fork()
            if pid == 0:
                _run(message, files[:3])
            for file in files[:3]:
                os.close(file)
            told = socket.socket(fileno=files[3])
            _tell(told, pid)
            selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, told))


def _tell_end(pidfd: int, pid: int, told: socket.socket) -> None:
    os.close(pidfd)
    with told:
        _tell(told, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _tell(told: socket.socket, number: int) -> None:
    with suppress(OSError):  # nobody waits for it any more
        told.send(str(number).encode())


def _run(message: bytes, streams: list[int]) -> None:
    """Becomes a run of the program, as `python -m feedserver` is one; does not return."""
    status: object = 1
    try:
        arguments, folder, environ = json.loads(message)
        os.setsid()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # no object that has one of these is ever freed: see `_exit`
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environ)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        status = main(arguments)
    except SystemExit as ended:  # of a server or one of its workers
        status = ended.code or 0
    except BaseException:  # noqa: BLE001 - as Python itself prints it
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(status if isinstance(status, int) else 1)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends after the tests, which this interrupts
    _warm_up()
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
