"""Which language pages say that their words are in: of a site without a catalogue, ours are English."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
import turbohtml

from feedserver.languages.messages import Message
from tests.pages.builders import SITE, THEN, elements, form, list_page, post, post_page, render, thought

SWEDISH = replace(SITE, language="sv", title="Hamnen")
RECEIPT: dict[str, Any] = defaultdict(
    lambda: None, state="shown", source=SITE.url, target=SITE.url, timeline=[], received_at=THEN
)
POST = post(title="Dimma", lang="sv", tags=("Hav",))


def languages(page: str, words: str) -> set[str | None]:
    """What the elements whose own text begins with `words` are said to be in."""
    found = set()
    for element in elements(page, "body *"):
        own = "".join(node.text for node in element.children if isinstance(node, turbohtml.Text)).strip()
        if own.startswith(words):
            named = element.closest("[lang]")
            found.add(str(named.attrs["lang"]) if named else None)
    return found


def swedish_post(lang: str = "sv") -> str:
    said = replace(thought(1, "comment"), excerpt="Sant.")
    return post_page(
        site=SWEDISH, post=replace(POST, lang=lang, html="<p>Ord</p>"), authors=("Ann",), thoughts=(said,), form=form()
    )


@pytest.mark.parametrize("lang", ["sv", "en", "ar"])
def test_our_words_on_a_post_are_english_and_its_own_are_in_its_language(lang: str) -> None:
    page = swedish_post(lang)

    for ours in ("Skip to content", "Home", "Subscribe", "1 Thought to", "Write about", "Leave a Comment"):
        assert languages(page, ours) == {"en"}, ours
    for posts in ("Dimma", "Ord", "Hav"):
        assert languages(page, posts) == {lang}, posts
    assert elements(page, "html")[0].attrs["lang"] == "sv"


def test_the_sites_words_and_what_strangers_say_are_in_the_sites_language() -> None:
    page = swedish_post("en")

    assert languages(page, "Hamnen") == {"sv"}
    assert [e.closest("[lang]").attrs["lang"] for e in elements(page, ".p-content")] == ["sv"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("page", "ours", "theirs"),
    [
        (list_page(site=SWEDISH, heading="Hav", scope="tag", posts=[POST], page=2), "Posts tagged", "Hav"),
        (list_page(site=SWEDISH), "Nothing has been published", "Hamnen"),
        (
            render("error.html", site=SWEDISH, heading=Message("Gone"), message=Message("It is gone.")),
            "It is gone.",
            "Hamnen",
        ),
        (render("receipt.html", site=SWEDISH, receipt=RECEIPT), "Received", "Hamnen"),
    ],
    ids=["tag", "empty", "error", "receipt"],
)
def test_other_pages_say_it_too(page: str, ours: str, theirs: str) -> None:
    assert languages(page, ours) == {"en"}
    assert languages(page, theirs) == {"sv"}


def test_no_language_is_said_twice_on_an_english_site() -> None:
    assert elements(post_page(), "body [lang]") == []
    assert elements(list_page(posts=[post()]), "body [lang]") == []


@pytest.mark.parametrize(("lang", "marked"), [("de", None), ("en", "de")])
def test_with_a_catalogue_our_words_are_in_the_sites_language(lang: str, marked: str | None) -> None:
    german = replace(SITE, language="de", title="Hafen")
    page = post_page(site=german, post=replace(POST, lang=lang, html="<p>Ord</p>"), authors=("Ann",), form=form())

    assert elements(page, "html")[0].attrs["lang"] == "de"
    assert languages(page, "Startseite") == languages(page, "Hinterlass einen Kommentar") == {"de"}
    assert elements(page, "article .byline")[0].attrs.get("lang") == marked
    assert elements(page, "#thoughts-section")[0].attrs.get("lang") == marked


def test_a_site_from_right_to_left_is_laid_out_so_and_english_words_in_it_run_as_english_does() -> None:
    arabic, persian = (list_page(site=replace(SITE, language=tag), page=2, has_older=True) for tag in ("ar", "fa"))

    assert elements(arabic, "html")[0].attrs["dir"] == elements(persian, "html")[0].attrs["dir"] == "rtl"
    assert not elements(arabic, "nav[dir]")
    assert {nav.attrs["dir"] for nav in elements(persian, "nav")} == {"ltr"}
    assert [arrow.text.strip() for arrow in elements(arabic, "nav.pages [aria-hidden]")] == ["→", "←"]
    assert "dir" not in elements(list_page(), "html")[0].attrs
