"""`python -m bench [FOLDER]`: measures, prints, and writes what it found into FOLDER (docs). Exit status 0 either way.

A target that is not reached is said, and fails nothing: machines differ, and are shared.
"""

import shutil
import sys
import time
from pathlib import Path

from bench import changing, deep, front, pinging, profiling, reading, rendering, report, sites, starting, tail
from feedserver.clock import utc_now


def main(folder: Path) -> int:
    if shutil.which("wrk") is None:
        print("bench: needs wrk; on Debian: apt-get install wrk", file=sys.stderr)
        return 1
    began = time.monotonic()
    _say("filling two sites", began)
    with sites.both() as (small, large):
        measures = {
            "feeds and pages": lambda: reading.measure(small, large),
            "nginx in front": lambda: front.measure(small),
            "renderings": lambda: rendering.measure(large),
            "deep pages": lambda: deep.measure(large),
            "changes": lambda: changing.measure(small, large),
            "starting": lambda: starting.measure(small, large),
            "the tail": lambda: tail.measure(small),
            "pings": lambda: pinging.measure(small, large),
        }
        figures = []
        for name, measure in measures.items():
            _say(name, began)
            figures += measure()
        _say("profiles", began)
        profiles = profiling.measure(small)
    groups = list(dict.fromkeys(figure.group for figure in figures if not figure.group.startswith("from ")))
    figures.sort(key=lambda figure: groups.index(figure.group) if figure.group in groups else len(groups))
    report.tell(figures)
    report.write(folder, figures, profiles, time.monotonic() - began, utc_now())
    return 0


def _say(what: str, began: float) -> None:
    print(f"{time.monotonic() - began:4.0f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs")))
