"""`python -m bench.taking FILE FOLDER`: takes a picture in, and prints the seconds and megabytes that this took."""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from feedserver.media.pictures import take


def main(file: Path, folder: Path) -> None:
    place = Path(tempfile.mkdtemp(dir=folder))
    began = time.perf_counter()
    take(file, file.name, place, largest=200_000_000, turns=folder)
    seconds = time.perf_counter() - began
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps([seconds, kilobytes * 1024 / 1e6]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
