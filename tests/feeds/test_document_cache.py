"""The documents in memory: bounded in number and in bytes, whatever threads do."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from feedserver.feeds.conditional import Validators
from feedserver.feeds.document import Document, make_document
from feedserver.feeds.document_cache import MAX_BYTES, MAX_DOCUMENTS, DocumentCache
from feedserver.feeds.scopes import FeedAddress
from feedserver.storage.changes import SiteState
from tests.feeds.builders import a_feed

VALIDATORS = Validators('W/"x"', datetime(2026, 3, 8, tzinfo=UTC))


def at(name: str) -> FeedAddress:
    return FeedAddress("tag", "rss", name)


def a_document(size: int) -> Document:
    return make_document(at("x"), a_feed(), VALIDATORS, SiteState(1, None), {"identity": b"x" * size})


def held(cache: DocumentCache, *documents: tuple[str, int]) -> str:
    """The names that are still cached after these documents were put, in order."""
    for name, size in documents:
        cache.put(at(name), a_document(size))
    return "".join(name for name, _ in dict(documents).items() if cache.get(at(name)))


def test_the_least_recently_used_document_is_evicted() -> None:
    cache = DocumentCache(2, 100)
    held(cache, ("a", 1), ("b", 1))
    assert cache.get(at("a"))

    cache.put(at("c"), a_document(1))

    assert [name for name in "abc" if cache.get(at(name))] == ["a", "c"]


@pytest.mark.parametrize("size", [1, MAX_BYTES // MAX_DOCUMENTS])
def test_no_more_documents_are_held_than_the_bound_says(size: int) -> None:
    cache = DocumentCache()
    document = a_document(size)

    for number in range(MAX_DOCUMENTS + 10):
        cache.put(at(str(number)), document)

    assert len(cache) == MAX_DOCUMENTS


def test_a_large_document_evicts_as_many_as_necessary() -> None:
    assert held(DocumentCache(10, 100), ("a", 30), ("b", 30), ("c", 30), ("d", 70)) == "cd"


def test_a_document_that_is_larger_than_the_bound_is_held_alone() -> None:
    assert held(DocumentCache(10, 100), ("a", 30), ("b", 500)) == "b"
    assert held(DocumentCache(10, 100), ("b", 500), ("a", 30)) == "a"


def test_what_was_replaced_or_discarded_takes_no_room() -> None:
    cache = DocumentCache(10, 100)
    held(cache, *[("a", 90)] * 5, ("b", 5))
    cache.discard(at("a"))
    cache.discard(at("a"))

    cache.put(at("c"), a_document(90))

    assert (cache.get(at("a")), len(cache)) == (None, 2)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Makes threads switch as often as Python allows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_that_read_and_write_at_once_do_not_disturb_each_other() -> None:
    cache = DocumentCache(50, 50_000)
    document = a_document(10)

    def work(turn: int) -> None:
        for number in range(4000):
            address = at(str((number + turn) % 100))
            if turn % 2:
                cache.put(address, document)
            else:
                assert cache.get(address) in (None, document)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(work, turn) for turn in range(4)]:
            done.result()

    assert len(cache) == 50
