"""Hashes of passwords: two at a time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from feedserver.accounts.passwords import Hasher
from feedserver.errors import TooManyAtOnce
from tests.support.waiting import wait_until


def test_the_third_hash_waits_for_a_slot() -> None:
    hasher, begun, order = Hasher(), Event(), list[str]()

    def third() -> None:
        begun.set()
        with hasher.slot():
            order.append("the third begins")

    with ThreadPoolExecutor(1) as pool, hasher.slot():
        with hasher.slot():
            waiting = pool.submit(third)
            begun.wait(5)
            order.append("a slot is free")
        waiting.result(5)

    assert order == ["a slot is free", "the third begins"]


def test_after_two_seconds_it_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedserver.accounts.passwords._WAIT", 0.01)
    hasher = Hasher()
    with hasher.slot(), hasher.slot(), pytest.raises(TooManyAtOnce), hasher.slot():
        pytest.fail("there was room")

    with hasher.slot():
        pass


def test_four_wait_and_more_are_refused_at_once() -> None:
    hasher, end = Hasher(), Event()

    def hold() -> None:
        with hasher.slot():
            end.wait(10)

    def refused() -> bool:
        try:
            with hasher.slot():
                return False
        except TooManyAtOnce:
            return True

    with ThreadPoolExecutor(6) as pool:
        held = [pool.submit(hold) for _ in range(6)]
        try:
            wait_until(refused, 5, lambda: "nobody was refused")
        finally:
            end.set()
        assert [one.exception(10) for one in held] == [None] * 6


def test_a_hash_has_its_salt_and_parameters() -> None:
    hasher = Hasher()
    first, second = hasher.make("a long password"), hasher.make("a long password")

    assert first != second
    assert first.startswith("scrypt:")
    assert hasher.is_right(first, "a long password")
    assert not hasher.is_right(first, "a long passwore")
    assert not hasher.is_right(None, "")
