"""Which addresses in a text mean pictures and files of the site."""

import pytest

from feedserver.media.references import Own, leads_out, may_be_linked, name_beside

HASH = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("roof.jpg", "roof.jpg"),
        ("./roof.jpg", "roof.jpg"),
        ("a/./b.jpg", "a/b.jpg"),
        ("a%2Fb.jpg", "a/b.jpg"),
        ("a\\b.jpg", "a/b.jpg"),
        ("the%20roof.jpg", "the roof.jpg"),
        ("the roof.jpg", "the roof.jpg"),
        ("talk.pdf?raw=1#page=3", "talk.pdf"),
        ("Da\u0308cher.jpg", "D\u00e4cher.jpg"),
    ],
)
def test_a_relative_address_may_be_a_file_beside_the_document(address: str, name: str) -> None:
    assert name_beside(address) == name


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "#top",
            "?page=2",
            "/roof.jpg",
            "//host/roof.jpg",
            "http://host/roof.jpg",
            "data:image/png,x",
            "C:/a.jpg",
        ),
        *(
            "../roof.jpg",
            "a/../b.jpg",
            "%2e%2e/roof.jpg",
            "a/..",
            "..",
            ".",
            "a//b.jpg",
            "a%00.jpg",
            "%5c..%5croof.jpg",
        ),
        *("..\\roof.jpg", "a" * 2000),
    ],
)
def test_other_addresses_are_no_files_beside_it(address: str) -> None:
    assert name_beside(address) is None


def test_only_a_relative_address_leads_out_of_the_folder() -> None:
    assert [leads_out(one) for one in ("../a.jpg", "b/%2e%2e/a.jpg", "..\\a.jpg")] == [True] * 3
    assert [leads_out(one) for one in ("/../a.jpg", "http://h/../a", "a..jpg", "#../a")] == [False] * 4


def test_a_link_means_a_file_only_where_it_is_no_post_and_no_document() -> None:
    assert [may_be_linked(one) for one in ("talk.pdf", "a.b/c.zip", "talk.html")] == [True] * 3
    assert [may_be_linked(one) for one in ("other-post", "a.b/c", ".env", "draft.md", "draft.Markdown")] == [False] * 5


@pytest.mark.parametrize("base", ["http://blog.example", "https://blog.example/notes"])
def test_each_way_to_write_an_address_of_ours_is_recognized(base: str) -> None:
    own, path = Own(base), f"media/{HASH}/roof.jpg"

    for address in (
        f"{base}/{path}",
        f"/{path}",
        f"../{path}",
        path,
        f"./{path}",
        f"{base}/{path}?x#y",
        f"../../{path}",
    ):
        assert own.hash_in(address) == HASH
    assert own.hash_in(f"/notes/{path}") == (HASH if base.endswith("notes") else None)


@pytest.mark.parametrize(
    "address",
    [
        *(f"http://other.example/media/{HASH}/a.jpg", f"//other.example/media/{HASH}/a.jpg", f"/x/media/{HASH}/a.jpg"),
        *(
            f"/media/{HASH}",
            f"/media/{HASH}/",
            f"/media/{HASH}/a/b",
            f"/media/{HASH[:-1]}/a",
            f"/media/{HASH.upper()}/a",
        ),
        f"mailto:/media/{HASH}/a.jpg",
    ],
)
def test_addresses_of_others_and_what_is_no_file_are_not(address: str) -> None:
    assert Own("http://blog.example").hash_in(address) is None
