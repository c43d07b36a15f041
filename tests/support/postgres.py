"""A PostgreSQL cluster of the tests' own: a free port of loopback, a temporary folder, gone at the end."""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

VARIABLE = "TEST_POSTGRES_URL"  # a server that is there already; the tests make databases in it


class Cluster:
    """Runs from `start` to `stop`. Raises nothing when there is no PostgreSQL: `start` then returns why."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._programs: Path | None = None

    def start(self) -> str | None:
        """Starts the cluster and names it in the environment; returns why that was not possible, or None."""
        if os.environ.get(VARIABLE):
            return None
        self._programs = _programs()
        if self._programs is None:
            return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.getuid() == 0 and not _has_user("postgres"):
            return "PostgreSQL does not run as root, and there is no user “postgres” to run it as"
        self._folder = Path(tempfile.mkdtemp(prefix="feedserver-postgres-"))
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres")
        port = _free_port()
        data = self._folder / "data"
        self._run("initdb", "-D", str(data), "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        options = f"-h 127.0.0.1 -p {port} -k {self._folder} -c fsync=off -c max_connections=200"
        self._run("pg_ctl", "-D", str(data), "-w", "-t", "60", "-l", str(self._folder / "log"), "-o", options, "start")
        os.environ[VARIABLE] = f"postgresql+psycopg://tests@127.0.0.1:{port}/postgres"
        return None

    def stop(self) -> None:
        if self._folder is None:
            return
        try:
            self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-m", "immediate", "stop")
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.environ.pop(VARIABLE, None)

    def _run(self, program: str, *arguments: str) -> None:
        assert self._programs is not None
        command = [str(self._programs / program), *arguments]
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
