"""What became of the jobs that this process ran, for a line in the log now and then."""

from collections import Counter
from collections.abc import Mapping
from threading import Lock

from feedserver.jobs.model import Outcome


class Tally:
    """Counts jobs by kind and outcome. Safe to share between threads."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Outcome]] = Counter()
        self._lock = Lock()

    def count(self, kind: str, outcome: Outcome) -> None:
        with self._lock:
            self._counts[kind, outcome] += 1

    def take(self) -> Mapping[tuple[str, Outcome], int]:
        """The counts since the last call."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return counts


def described(counts: Mapping[tuple[str, Outcome], int]) -> str:
    """Counts as a person reads them: “housekeeping: 1 done; verify: 12 done, 3 to be tried again”."""
    kinds = sorted({kind for kind, _ in counts})
    return "; ".join(
        f"{kind}: " + ", ".join(f"{counts[of, outcome]} {outcome}" for of, outcome in sorted(counts) if of == kind)
        for kind in kinds
    )
