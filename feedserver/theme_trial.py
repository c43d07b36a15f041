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
_MOST_CPU: Final = 20  # seconds; most themes take one
_PATIENCE: Final = 90  # seconds, in which a machine may be busy
_ENDED: Final = f"its pages were not made: they take more than {_MOST_CPU} seconds of CPU, or there is no memory left"


def require_working(theme: Theme) -> None:
    """Has pages made with the settings of this moment, whose theme has been read. Raises SettingsError with a line for
    each fault.

    `theme_process` makes them, as templates may take any time and memory. Where it cannot tell, nothing is held against
    the theme: what keeps it from that, such as a database that is away, is told by others.
    """
    if not theme.templates:
        return
    # Not by its exit status, which gunicorn takes where it waits for its workers.
    output, errors = _outcome()
    if output:
        if faults := json.loads(output):
            raise SettingsError(faults)
    elif errors:
        _log.warning("the theme was not tried: %s", strangers_line(errors.rpartition("\n")[2], 200))
    else:
        raise SettingsError([f"site.theme: {_ENDED}"])


def _outcome() -> tuple[str, str]:
    """What the process has written, and its errors; neither where it was ended."""
    command = [sys.executable, "-P", "-m", "feedserver.theme_process", str(_MOST_CPU)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        process = subprocess.run(  # noqa: S603 - our own program
            command, capture_output=True, text=True, env=environment, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return "", f"its pages were not made within {_PATIENCE} seconds"
    return process.stdout, process.stderr.strip()
