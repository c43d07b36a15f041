"""Looks at settings, folders and the machine, which need no database."""

import stat
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from feedserver import private_files, theme_trial
from feedserver.clock import is_of_future
from feedserver.disk import free_bytes
from feedserver.doctor.model import Finding
from feedserver.errors import MediaStoreError, SettingsError
from feedserver.media.stores import MediaStore
from feedserver.pages import theme
from feedserver.setting_types import Network
from feedserver.settings import ServerSettings, Settings, SettingsReport

_MB: Final = 1_000_000
_LEAST_FREE: Final = 200 * _MB  # bytes, beside room for a backup
_WIDE: Final = {4: 8, 6: 16}  # bits of a prefix below which a network is everybody's
_PROBE_HASH: Final = "0" * 32
_PROBE_NAME: Final = "probe.txt"


def of_settings(report: SettingsReport) -> Iterator[Finding]:
    """The file and the variables. What cannot be read at all has stopped before."""
    file = str(report.file or "no file; `feedserver config init` writes one")
    if report.ignored_line and report.is_any_near:
        yield Finding("settings", report.ignored_line, "correct the names, or unset these variables")
    else:
        yield Finding("settings", "; ".join(filter(None, (file, report.ignored_line))))


def of_address(url: str) -> Finding:
    """Whether `site.url` is one that others can reach, and safely."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host):
        return Finding("address", f"{url}, which this machine alone reaches; set site.url before others are to read it")
    if parts.scheme != "https":
        return Finding(
            "address", f"{url} is not encrypted", f'let the proxy take https, and set `url = "https:{url[5:]}"`'
        )
    return Finding("address", url)


def of_theme(folder: str) -> Iterator[Finding]:
    """Whether the next start takes the theme, in its words."""
    try:
        theme_trial.require_working(theme.read(folder))
    except SettingsError as error:
        for fault in error.faults:
            yield Finding("theme", fault, "mend it before the next start or reload, which does not take it")
    else:
        yield Finding("theme", folder or "none")


def of_egress(allowed: tuple[Network, ...]) -> Finding:
    """Whether strangers, who name pages to fetch, may have all of the operator's own network contacted."""
    wide = [str(network) for network in allowed if _is_wide(network)]
    if wide:
        advice = "name the networks alone that strangers may have contacted, or `allow = []`"
        return Finding("egress", f"egress.allow holds {', '.join(wide)}, which is nearly everybody", advice)
    return Finding("egress", ", ".join(map(str, allowed)) or "public addresses alone")


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine by itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def of_networks(server: ServerSettings) -> Iterator[Finding]:
    """Whether everybody may claim to be anybody, or read the metrics."""
    for name, networks, what in (
        ("proxies", server.trusted_proxies, "trusted_proxies"),
        ("metrics", server.metrics, "metrics"),
    ):
        wide = [str(network) for network in networks if _is_wide(network)]
        if wide:
            advice = f'name the addresses alone that need it, as `{what} = ["127.0.0.0/8", "::1"]`'
            yield Finding(name, f"server.{what} holds {', '.join(wide)}, which is nearly everybody", advice)
        else:
            yield Finding(name, ", ".join(map(str, networks)) or "none")


def _is_wide(network: Network) -> bool:
    return network.prefixlen < _WIDE[network.version]


def of_files(data_dir: Path, database: Path | None) -> Finding:
    """Whether the site's files are for its owner's eyes alone, and this program may use them."""
    files = [path for path in (data_dir, private_files.secret(data_dir), database) if path is not None]
    if closed := private_files.why_closed(files[1:]):
        return Finding("files", closed, "as it says")
    for path in files:
        if path.exists() and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
            return Finding("files", f"{path} is open to others ({mode:04o})", f"`chmod go= {path}`")
    there = "is its owner’s alone" if data_dir.exists() else "is not there yet"
    return Finding("files", f"{data_dir.absolute()} {there}")


def of_disk(folder: Path, site_bytes: int) -> Finding:
    """Whether there is room for what comes, and for a backup. `site_bytes`: what the site has on this disk."""
    free = free_bytes(folder)
    if free is None:
        return Finding("disk", f"{folder} cannot be looked at", f"`mkdir {folder}`, or set data_dir")
    if free < _LEAST_FREE + site_bytes:
        return Finding("disk", f"{free // _MB} MB are free, less than a backup needs", "make room, or move data_dir")
    return Finding("disk", f"{free // _MB} MB are free")


def of_clock(now: datetime, newest: datetime) -> Finding:
    """Whether the clock is behind; `newest` is the latest time that another one, or this one, surely had."""
    if is_of_future(newest, now):
        late = f"it is {now:%Y-%m-%d %H:%M} UTC here, and was {newest:%Y-%m-%d %H:%M} elsewhere or before"
        return Finding("clock", late, "`timedatectl set-ntp true`")
    return Finding("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def of_media(store: MediaStore, settings: Settings) -> Finding:
    """Whether pictures and files can be stored, read and removed: tried with a small file."""
    where = settings.media.store or settings.media.dir or str(settings.data_dir / "media")
    sample = settings.data_dir / ".doctor"
    try:
        with open(sample, "wb", opener=private_files.opener) as file:
            file.write(b"feedserver")
        store.put(_PROBE_HASH, _PROBE_NAME, sample)
        reader = store.open(_PROBE_HASH, _PROBE_NAME)
        found = reader.read(100)
        reader.close()
        store.remove(_PROBE_HASH, _PROBE_NAME)
    except (MediaStoreError, OSError) as error:
        said = str(error) if isinstance(error, MediaStoreError) else f"{error.filename or sample}: {error.strerror}"
        return Finding("media", said, "media.dir or media.store must be writable for this user")
    finally:
        sample.unlink(missing_ok=True)
    if found != b"feedserver":
        return Finding("media", f"{where} gives other bytes than it was given", "look at its configuration")
    return Finding("media", f"{where}: stored, read and removed a file")
