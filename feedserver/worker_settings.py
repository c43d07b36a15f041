"""The settings of a server's workers: read by the server at its start and at each reload, and inherited when they fork.

So a mistake in the file does not end a server that is reloaded (gunicorn gives up if its workers do not start), and a
worker that replaces a crashed one has the settings of the others.
"""

from contextlib import closing

from feedserver import settings
from feedserver.pages import theme
from feedserver.pages.theme import Theme
from feedserver.services import Services
from feedserver.settings import Settings

_read: list[tuple[Settings, Theme]] = []


def read_anew() -> None:
    """Reads them, and the theme that they name. Raises SettingsError or StorageError, and keeps those of before."""
    given = settings.load()
    look = theme.read(given.site.theme)
    with closing(Services(given).database):  # what a worker makes of them first
        _read[:] = [(given, look)]


def in_force() -> Settings:
    """Those that the server has read; where there is no server, those of the file and the environment.

    Raises SettingsError.
    """
    return _read[0][0] if _read else settings.load()


def theme_in_force() -> Theme | None:
    """The theme that the server has read with them; None where there is no server."""
    return _read[0][1] if _read else None
