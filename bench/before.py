"""The code before the rearrangement of the package, to measure the present one beside it."""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.servers import CHECKOUT

COMMIT_BEFORE = "b45c245e7789f2f8dc5c008c242a2d909007927e"


@contextmanager
def tree() -> Iterator[Path | None]:
    """The files of COMMIT_BEFORE in a temporary folder; None, and a line why, where this clone does not hold it."""
    command = ["git", "archive", "--format=tar", COMMIT_BEFORE]
    archive = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=False)
    if archive.returncode:
        why = archive.stderr.decode("utf-8", "replace").strip()
        print(f"bench: nothing is measured beside commit {COMMIT_BEFORE[:12]}: {why}", file=sys.stderr)
        yield None
        return
    with TemporaryDirectory(prefix="feedserver-before-") as name:
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
            files.extractall(name, filter="data")
        yield Path(name)
