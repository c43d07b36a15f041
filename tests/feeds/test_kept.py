"""A bounded memory: by number and by weight."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from feedserver.feeds.kept import Kept


def filled(memory: Kept[str, bytes], *values: tuple[str, int]) -> list[str]:
    for key, size in values:
        memory.keep(key, b"x" * size)
    return list(memory)


def test_what_was_asked_for_least_lately_goes_first() -> None:
    memory: Kept[str, bytes] = Kept(2)
    filled(memory, ("a", 1), ("b", 1))
    memory.get("a")

    assert filled(memory, ("c", 1)) == ["a", "c"]


def test_heavy_values_push_out_as_many_as_it_takes() -> None:
    assert filled(Kept(10, 100, len), ("a", 30), ("b", 30), ("c", 30), ("d", 70)) == ["c", "d"]


def test_one_that_is_too_heavy_alone_is_kept_alone() -> None:
    assert filled(Kept(10, 100, len), ("a", 30), ("b", 500)) == ["b"]
    assert filled(Kept(10, 100, len), ("b", 500), ("a", 30)) == ["a"]


def test_what_is_replaced_or_forgotten_weighs_nothing() -> None:
    memory: Kept[str, bytes] = Kept(10, 100, len)
    filled(memory, *[("a", 90)] * 5, ("b", 5))
    memory.forget("a")
    memory.forget("a")

    assert filled(memory, ("c", 90)) == ["b", "c"]


def test_what_was_never_kept_is_none() -> None:
    empty: Kept[str, str] = Kept(1)

    assert empty.get("a") is None


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns as often as Python lets them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_that_read_do_not_disturb_one_that_writes() -> None:
    memory: Kept[int, bytes] = Kept(50)
    end = time.monotonic() + 1

    def read() -> None:
        while time.monotonic() < end:
            for key in list(range(50)):
                memory.get(key)

    def write() -> int:
        for number in count():
            memory.keep(number % 100, b"x")
            if time.monotonic() >= end:
                return number
        raise AssertionError

    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(read) for _ in range(3)]
        assert threads.submit(write).result() > 100
        for reader in readers:
            reader.result()
