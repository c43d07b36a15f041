"""The template of one post: the elements of its endpoints, thoughts, related posts, enclosures, language."""

from dataclasses import replace

import pytest

from feedserver.posts.model import Enclosure
from tests.pages.builders import (
    CLIENT_PATTERN,
    PERMALINK,
    PINGBACK,
    WEBMENTION,
    WEBMENTION_PATTERN,
    elements,
    form,
    post,
    post_page,
    rich_post_page,
    texts,
    thought,
)


def test_a_post_that_takes_no_pings_has_no_element_of_an_endpoint_at_all() -> None:
    page = post_page(takes_pings=False, post=post(pings_open=False))

    assert elements(page, "link[rel=pingback], [rel~=webmention], #thoughts-elsewhere") == []
    assert CLIENT_PATTERN.findall(page) == []
    assert WEBMENTION_PATTERN.findall(page) == []


def test_the_elements_of_the_endpoints_are_byte_exact_and_come_before_any_text() -> None:
    page = rich_post_page()

    assert page.count(f"{PINGBACK}\n{WEBMENTION}\n") == 1
    assert page.count(PINGBACK) == page.count(WEBMENTION) == 1
    assert page.index(WEBMENTION) < page.index("<title>")
    assert WEBMENTION_PATTERN.findall(page) == [WEBMENTION]


@pytest.mark.parametrize(
    ("number", "heading"),
    [
        (0, "No thoughts on “Feeds in the Fog” yet"),
        (1, "1 Thought to “Feeds in the Fog”"),
        (2, "2 Thoughts to “Feeds in the Fog”"),
    ],
    ids=["none", "one", "two"],
)
def test_the_heading_counts_the_thoughts_and_their_list_is_there_when_there_are_some(number: int, heading: str) -> None:
    page = post_page(thoughts=tuple(thought(n, "comment") for n in range(number)))

    assert texts(page, "#thoughts-heading") == [heading]
    assert len(elements(page, "ol")) == min(number, 1)
    assert [li.attrs["id"] for li in elements(page, "ol#thoughts > li")] == [f"thought-{n}" for n in range(number)]


def test_addresses_of_strangers_are_ascii() -> None:
    page = post_page(thoughts=(replace(thought(1, "pingback"), source="https://bücher.example/ß"),))

    assert 'href="https://xn--bcher-kva.example/%C3%9F"' in page
    assert "bücher" not in page


def test_links_to_strangers_carry_nofollow_and_ugc() -> None:
    links = [
        e for e in elements(rich_post_page(), "#thoughts a[href]") if not str(e.attrs["href"]).startswith(PERMALINK)
    ]

    assert [e.attrs["href"] for e in links] == [
        "https://other.example/a?b=1&c=2",
        "https://other.example/2",
        "https://grace.example/",
    ]
    assert [e.attrs["rel"] for e in links] == [["nofollow", "ugc"]] * 3


def test_a_thought_without_a_name_is_named_by_its_host_or_as_somebody() -> None:
    assert texts(rich_post_page(), ".p-author.h-card")[-4:] == ["Writer 1", "other.example", "Writer 3", "Somebody"]


@pytest.mark.parametrize(
    ("pings", "comments", "words"),
    [
        (True, True, "can send a webmention or a pingback and appears here. Or leave a comment below."),
        (True, False, "can send a webmention or a pingback and appears here."),
        (False, True, "Be the first: leave a comment below."),
        (False, False, "This post takes no pings and no comments."),
    ],
    ids=["both", "pings", "comments", "closed"],
)
def test_the_invitation_asks_for_what_is_open(pings: bool, comments: bool, words: str) -> None:
    given = post(pings_open=pings, comments_open=comments)
    page = post_page(post=given, takes_pings=pings, form=form() if comments else None)

    assert texts(page, ".invitation")[0].endswith(words)
    assert [e.attrs["action"] for e in elements(page, "form")] == [
        *(["https://blog.example/webmention"] if pings else []),
        *(["https://blog.example/posts/fog/comments"] if comments else []),
    ]


def test_related_posts_are_left_out_where_there_are_none() -> None:
    assert texts(rich_post_page(), "nav.related a") == ["Tides"]
    assert "Related posts" not in post_page()


def test_lang_is_set_if_a_post_has_another_language_than_the_site() -> None:
    assert [e.attrs.get("lang") for e in elements(rich_post_page(), "article, #thoughts-section")] == ["ar", "en"]
    assert elements(post_page(), "main [lang]") == []


def test_an_attached_image_that_the_text_shows_already_is_not_shown_again() -> None:
    picture = Enclosure("https://blog.example/a.png?b=1&c=2", "image/png", 5)
    shown = '<p><img src="https://blog.example/a.png?b=1&amp;c=2"></p>'

    assert len(elements(post_page(post=post(enclosures=(picture,))), "figure img")) == 1
    assert elements(post_page(post=post(enclosures=(picture,), feed_html=shown)), "figure img") == []
