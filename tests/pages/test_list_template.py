"""The templates of lists and receipts."""

import pytest

from feedserver.thoughts.model import STATES
from tests.pages.builders import (
    FIRST_PAGE,
    FULL_RECEIPT,
    PERMALINK,
    POSTS,
    SECOND_PAGE,
    SITE,
    URLS,
    elements,
    list_page,
    receipt_page,
    texts,
)


def test_a_list_links_to_the_thoughts_of_posts_that_have_some() -> None:
    links = [(e.attrs["href"], e.text.split(" to ")[0]) for e in elements(FIRST_PAGE, ".count a")]

    assert links == [(f"{PERMALINK}#thoughts", "1 Thought"), (f"{URLS.post('note')}#thoughts", "5 Thoughts")]


def test_pages_of_a_list_lead_to_newer_and_older_ones() -> None:
    assert [e.attrs["href"] for e in elements(FIRST_PAGE, "nav.pages a")] == [URLS.home(2)]
    assert [e.attrs["href"] for e in elements(SECOND_PAGE, "nav.pages a")] == [URLS.home(1)]
    assert elements(list_page(posts=POSTS), "nav.pages") == []


def test_home_has_the_sites_title_as_its_heading_and_invites_when_it_is_empty() -> None:
    page = list_page()

    assert texts(page, "h1.unseen") == [SITE.title]
    assert texts(page, ".empty")[0].startswith("Nothing has been published here yet.")


@pytest.mark.parametrize("state", STATES)
def test_a_receipt_has_plain_words_for_every_state(state: str) -> None:
    assert texts(receipt_page(state), ".notice")[0].startswith(("This ping ", "The link is gone"))


def test_a_receipt_links_to_the_post_alone_and_asks_not_to_be_indexed() -> None:
    assert [e.attrs["href"] for e in elements(FULL_RECEIPT, "main a")] == [PERMALINK]
    assert elements(FULL_RECEIPT, "meta[name=robots]")[0].attrs["content"] == "noindex"
    assert len(elements(FULL_RECEIPT, "ol.timeline > li")) == 2
