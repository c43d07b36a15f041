"""The settings of a server's workers: read by the server at its start and at each reload, and inherited when they fork.

So a mistake in the file does not end a server that is reloaded (gunicorn gives up if its workers do not start), and a
worker that replaces a crashed one has the settings of the others.
"""

from contextlib import closing

from feedserver import settings
from feedserver.services import Services
from feedserver.settings import Settings

_read: list[Settings] = []


def read_anew() -> None:
    """Reads them. Raises SettingsError or StorageError, and then keeps those of before."""
    given = settings.load()
    with closing(Services(given).database):  # what a worker makes of them first
        _read[:] = [given]


def in_force() -> Settings:
    """Those that the server has read; where there is no server, those of the file and the environment.

    Raises SettingsError.
    """
    return _read[0] if _read else settings.load()
