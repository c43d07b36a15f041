"""Which language pages say that their words are in: our own are English, whatever the site's and the post's are."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
import turbohtml

from tests.pages.builders import SITE, THEN, elements, form, list_page, post, post_page, render, thought

GERMAN = replace(SITE, language="de", title="Hafen")
RECEIPT: dict[str, Any] = defaultdict(
    lambda: None, state="shown", source=SITE.url, target=SITE.url, timeline=[], received_at=THEN
)
POST = post(title="Nebel", lang="de", tags=("Meer",))


def languages(page: str, words: str) -> set[str | None]:
    """What the elements whose own text begins with `words` are said to be in."""
    found = set()
    for element in elements(page, "body *"):
        own = "".join(node.text for node in element.children if isinstance(node, turbohtml.Text)).strip()
        if own.startswith(words):
            named = element.closest("[lang]")
            found.add(str(named.attrs["lang"]) if named else None)
    return found


def german_post(lang: str = "de") -> str:
    said = replace(thought(1, "comment"), excerpt="Wohl wahr.")
    return post_page(
        site=GERMAN, post=replace(POST, lang=lang, html="<p>Worte</p>"), authors=("Ann",), thoughts=(said,), form=form()
    )


@pytest.mark.parametrize("lang", ["de", "en", "ar"])
def test_our_words_on_a_post_are_english_and_its_own_are_in_its_language(lang: str) -> None:
    page = german_post(lang)

    for ours in ("Skip to content", "Home", "Subscribe", "March 8", "1 Thought to", "Write about", "Leave a Comment"):
        assert languages(page, ours) == {"en"}, ours
    for posts in ("Nebel", "Worte", "Meer"):
        assert languages(page, posts) == {lang}, posts
    assert elements(page, "html")[0].attrs["lang"] == "de"


def test_the_sites_words_and_what_strangers_say_are_in_the_sites_language() -> None:
    page = german_post("en")

    assert languages(page, "Hafen") == {"de"}
    assert [e.closest("[lang]").attrs["lang"] for e in elements(page, ".p-content")] == ["de"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("page", "ours", "theirs"),
    [
        (list_page(site=GERMAN, heading="Meer", scope="tag", posts=[POST], page=2), "Posts tagged", "Meer"),
        (list_page(site=GERMAN), "Nothing has been published", "Hafen"),
        (render("error.html", site=GERMAN, heading="Gone", message="It is gone."), "It is gone.", "Hafen"),
        (render("receipt.html", site=GERMAN, receipt=RECEIPT), "Received", "Hafen"),
    ],
    ids=["tag", "empty", "error", "receipt"],
)
def test_other_pages_say_it_too(page: str, ours: str, theirs: str) -> None:
    assert languages(page, ours) == {"en"}
    assert languages(page, theirs) == {"de"}


def test_no_language_is_said_twice_on_an_english_site() -> None:
    assert elements(post_page(), "body [lang]") == []
    assert elements(list_page(posts=[post()]), "body [lang]") == []
