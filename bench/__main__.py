"""`python -m bench [FOLDER [PART…]]`: measures, prints a table, and writes it into FOLDER (default: docs).

A run of some parts alone prints its table and leaves the folder as it is. A missed target fails nothing: machines
differ. Exit status 1 where wrk is not installed, 2 for a part that does not exist.
"""

import shutil
import sys
import time
from pathlib import Path

from bench import (
    busy,
    changes,
    deep_pages,
    desk,
    discussed,
    feeds,
    keeping,
    moving_in,
    nginx,
    pictures,
    pings,
    profiles,
    renderings,
    report,
    searching,
    signing_in,
    sites,
    starting,
)
from bench.figures import Figure
from feedserver.clock import utc_now

PARTS = {
    "feeds": feeds.measure,
    "nginx": nginx.measure,
    "renderings": renderings.measure,
    "deep-pages": deep_pages.measure,
    "discussed": discussed.measure,
    "desk": desk.measure,
    "searching": searching.measure,
    "changes": changes.measure,
    "starting": starting.measure,
    "busy": busy.measure,
    "pictures": pictures.measure,
    "pings": pings.measure,
    "signing-in": signing_in.measure,
    "keeping": keeping.measure,
    "moving-in": moving_in.measure,
}
PROFILES = "profiles"


def main(folder: Path, chosen: list[str]) -> int:
    if unknown := set(chosen) - {*PARTS, PROFILES}:
        print(f"bench: no part {', '.join(unknown)}; there are {', '.join([*PARTS, PROFILES])}", file=sys.stderr)
        return 2
    if shutil.which("wrk") is None:
        print("bench: needs wrk; on Debian: apt-get install wrk", file=sys.stderr)
        return 1
    began = time.monotonic()
    figures: list[Figure] = []
    profiled: list[profiles.Profile] = []
    with sites.both() as both:
        for part in chosen or [*PARTS, PROFILES]:
            print(f"{time.monotonic() - began:4.0f} s  {part}", file=sys.stderr, flush=True)
            if part == PROFILES:
                profiled = profiles.measure(both)
            else:
                figures += PARTS[part](both)
    found = report.Run.of(figures, profiled, time.monotonic() - began, utc_now())
    print(report.table(found))
    if not chosen:
        report.write(folder, found)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"), sys.argv[2:]))
