"""Whether pages of the site can be made with its theme: templates may compile, and still fail when they are shown."""

import json
import logging
import os
import subprocess
import sys
from typing import Final

from feedserver.errors import SettingsError
from feedserver.pages.theme import Theme
from feedserver.text import strangers_line

_log = logging.getLogger(__name__)
_PATIENCE: Final = 90  # seconds: most themes take one or two, unless a machine is busy


def require_working(theme: Theme) -> None:
    """Has pages made with the settings of this moment, whose theme has been read. Raises SettingsError with a line for
    each fault.

    Where `theme_process` cannot tell, nothing is held against the theme: what keeps it from that, such as a database
    that is away, is told by others.
    """
    if not theme.templates:
        return
    command = [sys.executable, "-P", "-m", "feedserver.theme_process"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        process = subprocess.run(  # noqa: S603 - our own program
            command, capture_output=True, text=True, env=environment, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise SettingsError([f"site.theme: its pages were not made within {_PATIENCE} seconds"]) from None
    except OSError as error:
        _log.warning("the theme was not tried: %s", error)
        return
    # Not by its exit status, which gunicorn takes where it waits for its workers.
    if not process.stdout:
        _log.warning("the theme was not tried: %s", strangers_line(process.stderr.strip().rpartition("\n")[2], 200))
    elif faults := json.loads(process.stdout):
        raise SettingsError(faults)
