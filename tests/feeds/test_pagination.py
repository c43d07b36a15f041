"""The documents of a feed, and the links between them (RFC 5005)."""

import pytest

from feedserver.feeds.pagination import Extent, links
from feedserver.feeds.scopes import FeedAddress
from feedserver.urls import Urls

URLS = Urls("https://blog.example")
FEED = FeedAddress("tag", "atom", "a/b")
BASE = "https://blog.example/tags/a%2Fb/feed.atom"


def seen_from(address: FeedAddress, extent: Extent) -> dict[str, str]:
    found = links(address, extent, URLS)
    assert {link.type for link in found} <= {"application/atom+xml"}
    return {link.rel: link.href.removeprefix(BASE) for link in found}


@pytest.mark.parametrize(
    ("entries", "pages"), [(0, 1), (1, 1), (20, 1), (21, 2), (40, 2), (41, 3)], ids=lambda value: str(value)
)
def test_pages_hold_all_entries_and_an_empty_list_has_one(entries: int, pages: int) -> None:
    extent = Extent(entries, 20)

    assert extent.pages == pages
    assert [number for number in range(5) if extent.holds(FEED.page(number))] == list(range(1, pages + 1))


def test_only_full_archives_exist() -> None:
    assert [number for number in range(5) if Extent(70, 20, 3).holds(FEED.archive(number))] == [1, 2, 3]


@pytest.mark.parametrize("extent", [Extent(0, 20), Extent(20, 20, 1)], ids=["empty", "just full"])
def test_a_list_that_fits_into_one_document_links_to_no_other(extent: Extent) -> None:
    assert seen_from(FEED, extent) == {}
    assert seen_from(FEED.page(1), extent) == {}


def test_the_newest_document_links_to_the_newest_archive_and_to_the_pages() -> None:
    assert seen_from(FEED, Extent(65, 20, 3)) == {
        "prev-archive": "?archive=3",
        "first": "?page=1",
        "next": "?page=2",
        "last": "?page=4",
    }


def test_without_a_count_there_is_no_link_to_the_last_page() -> None:
    assert seen_from(FEED, Extent(21, 20, counted=False)) == {"first": "?page=1", "next": "?page=2"}
    assert seen_from(FEED, Extent(20, 20, counted=False)) == {}


def test_a_page_links_to_its_neighbours_but_not_beyond_the_ends() -> None:
    extent = Extent(50, 20, 2)

    assert seen_from(FEED.page(1), extent) == {"first": "?page=1", "next": "?page=2", "last": "?page=3"}
    assert seen_from(FEED.page(2), extent) == {
        "first": "?page=1",
        "previous": "?page=1",
        "next": "?page=3",
        "last": "?page=3",
    }
    assert seen_from(FEED.page(3), extent) == {"first": "?page=1", "previous": "?page=2", "last": "?page=3"}


def test_an_archive_links_to_the_feed_and_to_both_neighbours_from_the_start() -> None:
    for archives in (2, 3, 30):
        extent = Extent(archives * 20, 20, archives)
        assert seen_from(FEED.archive(1), extent) == {"current": "", "next-archive": "?archive=2"}
        assert seen_from(FEED.archive(2), extent) == {
            "current": "",
            "prev-archive": "?archive=1",
            "next-archive": "?archive=3",
        }


def test_the_archive_after_the_last_full_one_is_the_one_being_filled() -> None:
    assert [number for number in range(6) if Extent(70, 20, 3).fills(FEED.archive(number))] == [4]
    assert not Extent(7, 20).fills(FEED.archive(1))
    assert not Extent(70, 20, 3).fills(FEED.page(4))
