"""Ids of imported posts: any text in RSS and JSON, an IRI in Atom."""

from datetime import UTC, datetime

import pytest

from feedserver.errors import InvalidDocument
from feedserver.posts import ids

DAY = datetime(2026, 5, 6, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "guid",
    [
        "http://old.example/?p=12",
        "https://old.example/2009/05/a-post/#c1",
        "http://bücher.example/straße?q=ä",
        "http://[2001:db8::1]:8080/x",
        "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a",
        "tag:blogger.com,1999:blog-12.post-3",
        "tag:old.example,2009:a%20b",
        "acct:ann@old.example",
    ],
)
def test_an_absolute_iri_is_the_id_in_atom_too(guid: str) -> None:
    assert ids.is_iri(guid)
    assert ids.atom_id(guid, "blog.example", DAY) is None


@pytest.mark.parametrize(
    ("guid", "made"),
    [
        ("42", "tag:blog.example,2026-05-06:42"),
        ("12 at http://old.example", "tag:blog.example,2026-05-06:12%20at%20http://old.example"),
        ("/2009/05/a-post", "tag:blog.example,2026-05-06:/2009/05/a-post"),
        ("old.example/?p=12", "tag:blog.example,2026-05-06:old.example/?p=12"),
        ("http://old.example/a b", "tag:blog.example,2026-05-06:http://old.example/a%20b"),
        ("http://old.example/100%", "tag:blog.example,2026-05-06:http://old.example/100%25"),
        ("http://old.example/a[1]", "tag:blog.example,2026-05-06:http://old.example/a%5B1%5D"),
        ("http://old.example/#a#b", "tag:blog.example,2026-05-06:http://old.example/%23a%23b"),
        ('x"<&>', "tag:blog.example,2026-05-06:x%22%3C%26%3E"),
        ("x:", "tag:blog.example,2026-05-06:x:"),
        ("grüße", "tag:blog.example,2026-05-06:gr%C3%BC%C3%9Fe"),
        ("private:\ue000", "tag:blog.example,2026-05-06:private:%EE%80%80"),
    ],
)
def test_any_other_text_becomes_a_tag_uri_of_the_site(guid: str, made: str) -> None:
    assert ids.atom_id(guid, "blog.example", DAY) == made
    assert ids.is_iri(made)


def test_a_site_without_a_name_has_tag_uris_too() -> None:
    assert ids.is_iri(ids.atom_id("42", "2001:db8::1", DAY) or "")


@pytest.mark.parametrize("guid", ["", " \n", "\x00", "x" * 2001])
def test_what_cannot_be_an_id_is_refused(guid: str) -> None:
    with pytest.raises(InvalidDocument, match=r"^guid: "):
        ids.checked(guid)


def test_an_id_is_kept_but_for_characters_that_no_feed_holds() -> None:
    assert ids.checked(" a\x00  b\n") == "a  b"


def test_a_long_text_takes_no_longer_than_it_is_long() -> None:
    assert not ids.is_iri("a:" + "%41" * 100_000 + "\x00")
