"""The address in force where no setting says `site.url`: where this server listens, else what `serve` last noted."""

from dataclasses import replace
from typing import Final

from feedserver.settings import BIND, Settings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.storage.explaining import DATABASE_ERRORS

DEFAULT: Final = f"http://{BIND}"

_listening: list[str] = []  # the URL of this server's socket: set before its workers are forked, which inherit it


def listen_at(url: str | None) -> None:
    """Tells this process and those that it forks where the server listens."""
    _listening[:] = [url] if url else []


def settings_in_force(settings: Settings, database: Database) -> Settings:
    """`settings` with a `site.url`, which a setting need not give."""
    if settings.site.url:
        return settings
    url = _listening[0] if _listening else noted(database) or DEFAULT
    return replace(settings, site=replace(settings.site, url=url))


def noted(database: Database) -> str | None:
    """The address that `serve` noted in the database.

    None also if the database is not there, or cannot be read: what is wrong with it is told where it is needed.
    """
    if database.file is not None and not database.file.exists():
        return None
    try:
        with database.read() as connection:
            return revision.noted_url(connection)
    except DATABASE_ERRORS:
        return None


def note(database: Database, url: str) -> None:
    """Notes the address in force for commands and workers. Nothing is written where it is noted already."""
    if noted(database) != url:
        with database.write() as connection:
            revision.note_url(connection, url)
