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
    post,
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


@pytest.mark.parametrize(("scope", "path"), [("tag", "tags/a%2Fb"), ("author", "authors/a%2Fb")])
def test_a_list_of_a_tag_or_an_author_links_visibly_to_its_own_feeds(scope: str, path: str) -> None:
    page = list_page(heading="a/b", scope=scope, posts=POSTS)

    own = elements(page, "main .feeds a")
    assert [(e.attrs["href"], e.text) for e in own] == [
        (URLS.at(f"/{path}/feed.rss"), "RSS"),
        (URLS.at(f"/{path}/feed.atom"), "Atom"),
        (URLS.at(f"/{path}/feed.json"), "JSON"),
    ]
    assert elements(list_page(posts=POSTS), "main .feeds") == []  # the header links to those of the site


@pytest.mark.parametrize(("scope", "what"), [("tag", "tagged"), ("author", "by")])
def test_the_heading_of_a_list_says_what_it_lists_and_whose_feeds_these_are(scope: str, what: str) -> None:
    page = list_page(heading="Sea", scope=scope, posts=POSTS, page=2)

    assert texts(page, "h1") == [f"Posts {what} Sea, page 2"]
    assert texts(page, "main .feeds") == [f"Subscribe to posts {what} Sea: RSS Atom JSON"]


def test_the_header_leads_to_all_feeds_in_one_link() -> None:
    links = [(e.attrs["href"], e.text) for e in elements(FIRST_PAGE, "header nav a")]

    assert (URLS.feeds(), "Subscribe") in links
    assert not [href for href, _ in links if "feed." in str(href)]
    assert elements(FIRST_PAGE, "footer a") == []


def test_a_tag_that_begins_with_a_hash_shows_one_only() -> None:
    page = list_page(posts=[post(tags=("#hash tag", "sea"))])

    assert [e.attrs.get("class") for e in elements(page, ".tags li")] == [["hashed"], None]


@pytest.mark.parametrize("state", STATES)
def test_a_receipt_has_plain_words_for_every_state(state: str) -> None:
    assert texts(receipt_page(state), ".notice")[0].startswith(("This ping ", "The link is gone"))


def test_a_receipt_links_to_the_post_alone_and_asks_not_to_be_indexed() -> None:
    assert [e.attrs["href"] for e in elements(FULL_RECEIPT, "main a")] == [PERMALINK]
    assert elements(FULL_RECEIPT, "meta[name=robots]")[0].attrs["content"] == "noindex"
    assert len(elements(FULL_RECEIPT, "ol.timeline > li")) == 2
