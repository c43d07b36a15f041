"""Commands under measurement: how long one takes, and how much memory."""

import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer
from typing import NamedTuple

from bench import servers

_MOST_SECONDS = 600


class Ran(NamedTuple):
    """`megabytes` is the most resident memory that it had at once."""

    seconds: float
    megabytes: float


def run(folder: Path, *arguments: str) -> Ran:
    """Runs `feedserver` with these arguments in the folder of a site."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "feedserver", *arguments],
        cwd=folder,
        env=servers.environ_of("127.0.0.1:8000", servers.CHECKOUT, {}),
        stdout=subprocess.DEVNULL,
    )
    patience = Timer(_MOST_SECONDS, process.kill)
    patience.start()
    _, status, usage = os.wait4(process.pid, 0)
    patience.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return Ran(time.monotonic() - began, usage.ru_maxrss / 1024)
