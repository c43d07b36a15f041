"""How far a long operation has come, for whoever wants to show it."""

from collections.abc import Callable, Iterable, Iterator

Report = Callable[[str, float], object]  # is told what is being done, and which share of it (0 to 1) is done
Meter = Callable[[int], None]  # is told of each number of bytes that are done


def metered(report: Report, doing: str, total: int) -> Meter:
    """Adds up the bytes of what is being done, and reports their share of `total`."""
    done = 0

    def add(size: int) -> None:
        nonlocal done
        done += size
        report(doing, done / total if total else 1)

    return add


def passing(pieces: Iterable[bytes], meter: Meter) -> Iterator[bytes]:
    """The pieces; `meter` is told of each when it is done."""
    for piece in pieces:
        yield piece
        meter(len(piece))
