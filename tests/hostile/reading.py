"""Reads an export of WordPress, and prints how many items it has and the most memory that took, in kilobytes.

`python -m tests.hostile.reading FILE [forgiving]`: in a process of its own, so that nothing else is counted.
"""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from feedserver.transfer.formats import wordpress
from feedserver.transfer.options import Options
from feedserver.transfer.source import opened


def main() -> None:
    path = Path(sys.argv[1])
    options = Options(zone=UTC, now=datetime(2026, 11, 30, tzinfo=UTC), forgiving="forgiving" in sys.argv)
    with opened(path, path.parent) as source:
        items = sum(1 for _ in wordpress.read(source, options))
    peak = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    sys.stdout.write(f"{items} {peak[1] if peak else 0}\n")


if __name__ == "__main__":
    main()
