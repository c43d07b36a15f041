"""From where forms are taken."""

import pytest

from feedserver.desk.origin import is_from_here, origin_of


@pytest.mark.parametrize(
    ("fetch_site", "origin", "is_taken"),
    [
        ("same-origin", None, True),
        ("none", None, True),
        ("same-site", "https://blog.example", False),
        ("cross-site", "https://blog.example", False),
        ("", None, False),
        ("same-origin", "null", True),
        (None, "https://blog.example", True),
        (None, "https://blog.example:444", False),
        (None, "http://blog.example", False),
        (None, "https://evil.example", False),
        (None, "null", False),
        (None, "", False),
        (None, None, True),
    ],
)
def test_fetch_metadata_decides_and_without_it_the_origin(
    fetch_site: str | None, origin: str | None, is_taken: bool
) -> None:
    assert is_from_here(fetch_site, origin, origin_of("https://blog.example/below")) == is_taken
