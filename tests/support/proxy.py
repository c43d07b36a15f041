"""Debian's nginx on config/nginx.conf: the very file, with other ports and folders, in front of a site."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.serving import free_port
from tests.support.waiting import wait_until

SHIPPED = Path(__file__).parents[2] / "config" / "nginx.conf"
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
WHY_NOT = "nginx is not installed (Debian: apt-get install nginx-light)"


class Nginx:
    """nginx in a folder of its own, on a free port."""

    def __init__(
        self,
        folder: Path,
        site_port: int,
        port: int,
        *,
        tried_first: str = "",
        also: str = "",
        media: Path | None = None,
    ) -> None:
        """`tried_first` goes before the site in `upstream feedserver`, as `server HOST:PORT;`; `also` holds further
        directives of the server. `media`: nginx sends the pictures and files in there itself."""
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self.cache = folder / "cache"
        self.log = folder / "access.log"
        self._file = folder / "nginx.conf"
        self.error_log = folder / "error.log"
        text = rendered(folder, site_port, port, tried_first=tried_first, also=also)
        self._file.write_text(text if media is None else sending_media(text, media), "utf-8")
        assert PROGRAM is not None
        self._command = [PROGRAM, "-p", str(folder), "-c", str(self._file)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        subprocess.run([*self._command, "-t"], check=True, capture_output=True, timeout=30)
        self._process = subprocess.Popen([*self._command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
        wait_until(self._listens, 15, lambda: self.error_log.read_text())

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=30)

    @contextmanager
    def running(self) -> Iterator[None]:
        """From here to the end of the block."""
        try:
            self.start()
            yield
        finally:
            self.stop()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


def rendered(folder: Path, site_port: int, port: int, *, tried_first: str = "", also: str = "") -> str:
    """The shipped configuration with nothing changed but where things are, and who nginx runs as."""
    text = SHIPPED.read_text("utf-8")
    for old, new in {
        "user www-data;": "user root root;" if os.getuid() == 0 else "",  # so that it reaches the test's own folder
        "worker_processes auto;": "worker_processes 2;",
        "/run/nginx.pid": f"{folder}/nginx.pid",
        "/var/log/nginx/error.log": f"{folder}/error.log",
        "/var/log/nginx/access.log": f"{folder}/access.log",
        "/var/lib/nginx/feedserver": f"{folder}/cache",
        "server 127.0.0.1:8000;": f"{tried_first} server 127.0.0.1:{site_port};",
        "127.0.0.1:8001;": f"127.0.0.1:{free_port()};",
        "location @feedserver {": f"{also} location @feedserver {{",
        "listen 80;": f"listen 127.0.0.1:{port};",
    }.items():
        assert old in text, f"{old} is no longer in {SHIPPED.name}"
        text = text.replace(old, new)
    kept = [f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    return text.replace("http {\n", "http {\n" + "\n".join(kept) + "\n", 1)


def sending_media(text: str, folder: Path) -> str:
    """The configuration with its commented parts for pictures and files in force."""
    for begin in ("map $sent_http_content_type ", 'location ~ "/media/'):
        part = re.compile(rf"^( +)# {re.escape(begin)}.*?^\1# }}$", re.MULTILINE | re.DOTALL)
        text, number = part.subn(lambda found: re.sub(r"^( +)# ", r"\1", found[0], flags=re.MULTILINE), text)
        assert number == 1, f"{begin} is no longer in {SHIPPED.name}"
    return text.replace("root /srv/blog/media;", f"root {folder};")
