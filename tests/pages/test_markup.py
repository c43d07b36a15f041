"""Every page has well-formed markup, headings in order, landmarks, at most one element of each endpoint."""

import itertools
from urllib.parse import urldefrag

import pytest
import turbohtml

from feedserver.languages.messages import Message
from feedserver.thoughts.webmention import Answer
from tests.pages.builders import (
    CLIENT_PATTERN,
    FIRST_PAGE,
    FULL_RECEIPT,
    PERMALINK,
    QUOTED,
    SECOND_PAGE,
    WEBMENTION,
    WEBMENTION_PATTERN,
    elements,
    form,
    list_page,
    post,
    post_page,
    receipt_page,
    render,
    rich_post_page,
    webmention_page,
)

VOID = frozenset("br hr img input link meta".split())
ALL_PAGES = {
    "rich post": rich_post_page(),
    "bare post": post_page(post=post(html="", excerpt="")),
    "untitled post": post_page(post=post(title="", excerpt="word " * 50), form=form()),
    "home": FIRST_PAGE,
    "second page of a tag": SECOND_PAGE,
    "empty home": list_page(),
    "full receipt": FULL_RECEIPT,
    "bare receipt": receipt_page("received"),
    "form of webmentions": webmention_page(),
    "form of webmentions, refused": webmention_page(
        Answer(400, "rejected", "the source holds no link", "https://blog.example/receipts/x"), QUOTED, QUOTED
    ),
    "error": render("error.html", heading=Message("This post is gone"), message=Message("Its author took it down.")),
}
every_page = pytest.mark.parametrize("page", ALL_PAGES.values(), ids=list(ALL_PAGES))


@every_page
def test_markup_is_well_formed(page: str) -> None:
    stack: list[str] = []
    for token in turbohtml.tokenize(page):
        if token.type is turbohtml.TokenType.START_TAG and token.tag not in VOID:
            stack.append(token.tag or "")
        elif token.type is turbohtml.TokenType.END_TAG:
            assert stack.pop() == token.tag

    assert page.startswith('<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n')
    assert stack == []
    assert turbohtml.parse(page).errors == []


@every_page
def test_ids_are_unique_and_every_reference_within_the_page_has_its_id(page: str) -> None:
    ids = [element.attrs["id"] for element in elements(page, "[id]")]
    named = [
        e.attrs[name] for name in ("for", "aria-labelledby", "aria-describedby") for e in elements(page, f"[{name}]")
    ]
    links = [urldefrag(str(e.attrs["href"])) for e in elements(page, "a[href*='#']")]
    here = [fragment for url, fragment in links if url in ("", PERMALINK) and elements(page, "form, #thoughts-section")]

    assert len(ids) == len(set(ids))
    assert {*named, *here} <= set(ids)


@every_page
def test_there_is_one_h1_and_no_heading_level_is_skipped(page: str) -> None:
    levels = [int(element.tag[1]) for element in elements(page, "h1, h2, h3, h4, h5, h6")]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@every_page
def test_landmarks_are_there_once_and_navigations_are_told_apart_by_their_names(page: str) -> None:
    names = [e.attrs.get("aria-label") or e.attrs.get("aria-labelledby") for e in elements(page, "nav")]

    assert [len(elements(page, selector)) for selector in ("body > header", "main", "body > footer")] == [1, 1, 1]
    assert None not in names
    assert len(names) == len(set(names))
    assert elements(page, "body > a")[0].attrs["href"] == "#content"


@every_page
def test_nothing_would_need_a_weaker_content_security_policy(page: str) -> None:
    attributes = {name for element in elements(page, "*") for name in element.attrs}

    assert elements(page, "script, style, iframe, object, base") == []
    assert not [name for name in attributes if name == "style" or name.startswith("on")]


@every_page
def test_only_the_one_element_of_an_endpoint_matches_what_its_clients_look_for(page: str) -> None:
    is_post = "h-entry" in page and "h-feed" not in page

    assert CLIENT_PATTERN.findall(page) == (["https://blog.example/pingback"] if is_post else [])
    assert WEBMENTION_PATTERN.findall(page) == ([WEBMENTION] if is_post else [])
