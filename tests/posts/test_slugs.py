"""Slugs made from titles, in several scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedserver.posts.document import check_slug, slug_from


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("Ukraine’s 2nd winter", "ukraines-2nd-winter"),
        ("Crème brûlée & Straße", "creme-brulee-strasse"),
        ("İstanbul", "istanbul"),
        ("Łódź", "łodz"),
        ("Привет, мир", "привет-мир"),
        ("йод", "йод"),
        ("Ελλάδα", "ελλάδα"),
        ("日本語のタイトル", "日本語のタイトル"),
        ("ガギグ", "ガギグ"),
        ("한국어 제목", "한국어-제목"),
        ("שלום עולם", "שלום-עולם"),
        ("مرحبا بالعالم", "مرحبا-بالعالم"),
        ("हिन्दी शीर्षक", "हिन्दी-शीर्षक"),
        ("ภาษาไทย", "ภาษาไทย"),
        ("C++ / C# 100%", "c-c-100"),
        ("ﬁne ½ ℡", "fine-1-2-tel"),
        ("  --a--b--  ", "a-b"),
        ("../../etc/passwd", "etc-passwd"),
        ("<script>alert(1)</script>", "script-alert-1-script"),
        ("😀 🎉", ""),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_a_title_becomes_words_joined_by_hyphens(title: str, slug: str) -> None:
    assert slug_from(title) == slug


def test_a_long_title_is_cut_between_words() -> None:
    slug = slug_from("word " * 50)

    assert slug == "-".join(["word"] * 16)
    assert slug_from("w" * 300) == "w" * 80


@pytest.mark.parametrize("cluster", ["ที่", "नि", "क्षि"])
def test_a_long_word_is_cut_between_grapheme_clusters(cluster: str) -> None:
    slug = slug_from("x" + cluster * 100)

    assert slug == "x" + cluster * (79 // len(cluster))


@given(st.text(max_size=120))
def test_every_slug_that_is_made_can_be_taken_and_is_lower_case(title: str) -> None:
    slug = slug_from(title)

    assert slug == "" or check_slug(slug) == slug
    assert slug_from(slug) == slug
