"""A PostgreSQL cluster of the tests' own, and a replica: free ports of loopback, temporary folders, gone at the end."""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

VARIABLE = "TEST_POSTGRES_URL"  # a server that is there already; the tests make databases in it


class Cluster:
    """Runs from `start` to `stop`. Raises nothing when there is no PostgreSQL: `start` then returns why."""

    def __init__(self) -> None:
        self._server: Server | None = None

    def start(self) -> str | None:
        """Starts the cluster and names it in the environment; returns why that was not possible, or None."""
        if os.environ.get(VARIABLE):
            return None
        if _programs() is None:
            return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.getuid() == 0 and not _has_user("postgres"):
            return "PostgreSQL does not run as root, and there is no user “postgres” to run it as"
        self._server = new_server()
        os.environ[VARIABLE] = self._server.url
        return None

    def stop(self) -> None:
        if self._server is not None:
            self._server.remove()
            os.environ.pop(VARIABLE, None)


class Server:
    """One PostgreSQL server in a folder of its own."""

    def __init__(self) -> None:
        self.port = _free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="feedserver-postgres-"))
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres")
        self._data = self._folder / "data"
        self.url = f"postgresql+psycopg://tests@127.0.0.1:{self.port}/postgres"

    def make(self, program: str, *arguments: str) -> None:
        """Makes its files: `initdb` new ones, `pg_basebackup` those of another server."""
        _run(program, "-D", str(self._data), *arguments)

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k {self._folder} -c fsync=off -c max_connections=200"
        log = str(self._folder / "log")
        _run("pg_ctl", "-D", str(self._data), "-w", "-t", "60", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        _run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def remove(self) -> None:
        try:
            if (self._data / "postmaster.pid").exists():
                self.stop()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """The URL of an empty database of a server, which is dropped with the block."""
    name = f"test_{uuid.uuid4().hex}"
    admin = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def new_server() -> Server:
    """A server with nothing in it, running. The caller removes it."""
    return _started("initdb", "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")


def replica_of(primary: Server) -> Server:
    """A streaming replica of one of the tests' servers, running. The caller removes it."""
    source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "tests"]
    return _started("pg_basebackup", *source, "-R", "-X", "stream", "-c", "fast", "--no-sync")


def _started(program: str, *arguments: str) -> Server:
    server = Server()
    try:
        server.make(program, *arguments)
        server.start()
    except BaseException:
        server.remove()
        raise
    return server


def _run(program: str, *arguments: str) -> None:
    programs = _programs()
    assert programs is not None
    command = [str(programs / program), *arguments]
    if os.getuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120, cwd="/")


def _programs() -> Path | None:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        return None
    return Path(found[-1] if found else on_path or "").parent


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
