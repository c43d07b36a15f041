"""Where the server listens: a trial before gunicorn starts, and the URL that a listening socket stands for."""

import errno
import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from feedserver import private_files
from feedserver.errors import AddressUnusable
from feedserver.host_names import DEFAULT_PORTS, unmapped
from feedserver.settings import BIND

_NOTE: Final = "listening"  # in the data directory
_REASONS: Final = {
    errno.EADDRINUSE: "is taken by another program; choose another port, such as --bind {other}",
    errno.EADDRNOTAVAIL: "is no address of this machine; choose another one with --bind",
    errno.EACCES: "is for root alone; choose a port above 1023 with --bind, and let a proxy take {port}",
}

Address = IPv4Address | IPv6Address


def is_activated(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this process was given its sockets by systemd (sd_listen_fds(3)): gunicorn then binds nothing itself."""
    numbers = [environ.get(name, "") for name in ("LISTEN_PID", "LISTEN_FDS")]
    return numbers[0] == str(os.getpid()) and numbers[1] not in ("", "0")


def is_inherited(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the sockets are those of systemd, or of the gunicorn that this one replaces (its signal USR2)."""
    return is_activated(environ) or "GUNICORN_PID" in environ


def host_and_port(bind: str) -> tuple[str, int] | None:
    """Parses HOST:PORT, IPv6 in brackets, which are not part of the host; None for other text. Port 0 is a free one."""
    host, _, port = bind.rpartition(":")
    if not (port.isascii() and port.isdecimal() and int(port) < 65536):
        return None
    if host.startswith("[") and host.endswith("]"):
        return (host[1:-1], int(port)) if ":" in host else None
    return None if not host or set(host) & set("[]:/@ ") else (host, int(port))


def try_binding(host: str, port: int, *, reuse_port: bool = False) -> None:
    """Binds to an address as gunicorn will, and lets go of it again.

    gunicorn itself tries five times and writes two lines each time. Raises AddressUnusable, which names `--bind`.
    """
    family, shown = (socket.AF_INET6, f"[{host}]") if ":" in host else (socket.AF_INET, host)
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            trial.bind((host, port))
        except socket.gaierror:
            raise AddressUnusable(f"{shown}:{port}", "names no known host; choose another one with --bind") from None
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, f"cannot be used: {error.strerror or error}; choose another --bind")
            reason = reason.format(other=f"{shown}:{port % 65535 + 1}", port=port)
            raise AddressUnusable(f"{shown}:{port}", reason) from None


def is_local(sock: socket.socket) -> bool:
    """Whether only this machine can connect to a listening socket: a Unix socket, or a loopback address."""
    return (address := _address(sock)) is None or address.is_loopback


def url(sockets: Iterable[socket.socket]) -> str | None:
    """The URL of the first listening socket that has one; a wildcard means 127.0.0.1, Unix sockets have none."""
    for sock in sockets:
        if (address := _address(sock)) is not None:
            host = "127.0.0.1" if address.is_unspecified else str(address)
            port = sock.getsockname()[1]
            ending = "" if port == DEFAULT_PORTS["http"] else f":{port}"
            return f"http://{f'[{host}]' if ':' in host else host}{ending}"
    return None


def own_address(sockets: Iterable[socket.socket]) -> str | None:
    """Where a program on this machine reaches the server: `http://HOST:PORT`, else `unix:PATH`; None if nowhere."""
    sockets = list(sockets)
    paths = [sock.getsockname() for sock in sockets if sock.family == socket.AF_UNIX]
    return url(sockets) or next((f"unix:{path}" for path in paths if isinstance(path, str) and path), None)


def note(data_dir: Path, address: str) -> None:
    """Notes where the server listens, for commands on the same machine."""
    with suppress(OSError), open(data_dir / _NOTE, "w", encoding="utf-8", opener=private_files.opener) as file:
        file.write(address + "\n")


def noted(data_dir: Path) -> str:
    """Where the server that started last listens, as it noted; where it listens by default, if none has."""
    with suppress(OSError, UnicodeDecodeError):
        return (data_dir / _NOTE).read_text("utf-8").strip()
    return f"http://{BIND}"


def answers(base: str, sockets: Iterable[socket.socket]) -> bool:
    """Whether an http URL of loopback, such as `site.url` may be, leads to a listening socket. True of other URLs.

    Others, https on loopback too, need a proxy, of which nothing can be told here.
    """
    parts = urlsplit(base)
    if parts.scheme != "http" or not (wanted := _loopback(parts.hostname or "")):
        return True
    port = parts.port or DEFAULT_PORTS["http"]
    return any(
        sock.getsockname()[1] == port and _takes(listening, wanted)
        for sock in sockets
        if (listening := _address(sock)) is not None
    )


def _takes(listening: Address, wanted: set[Address]) -> bool:
    if not listening.is_unspecified:
        return listening in wanted
    return listening.version == 6 or any(address.version == 4 for address in wanted)  # `::` takes IPv4 too


def _loopback(host: str) -> set[Address]:
    """The loopback addresses that a host means; none if it is another machine's."""
    if host == "localhost":
        return {ip_address("127.0.0.1"), ip_address("::1")}
    with suppress(ValueError):
        return {address} if (address := unmapped(ip_address(host))).is_loopback else set()
    return set()


def _address(sock: socket.socket) -> Address | None:
    """The address of a listening socket; None of a Unix socket."""
    return None if sock.family == socket.AF_UNIX else unmapped(ip_address(sock.getsockname()[0].partition("%")[0]))
