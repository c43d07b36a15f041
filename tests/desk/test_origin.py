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
        (None, "HTTPS://Blog.Example:443", True),
        (None, "https://blog.example/", False),
        (None, "https://user@blog.example", False),
        (None, "https://blog.example:x", False),
        (None, "https://[blog.example", False),
        (None, None, True),
    ],
)
def test_fetch_metadata_decides_and_without_it_the_origin(
    fetch_site: str | None, origin: str | None, is_taken: bool
) -> None:
    assert is_from_here(fetch_site, origin, origin_of("https://blog.example/below")) == is_taken


@pytest.mark.parametrize(
    ("site_url", "origin"),
    [
        ("http://Blog.Example", "http://blog.example"),
        ("HTTP://blog.example:80/below", "http://blog.example"),
        ("https://blog.example:443", "https://blog.example"),
        ("https://blog.example:80", "https://blog.example:80"),
        ("http://BLOG.example:8080", "http://blog.example:8080"),
        ("https://Bücher.example", "https://xn--bcher-kva.example"),
        ("http://[2001:DB8::0:1]:80", "http://[2001:db8::1]"),
    ],
)
def test_a_site_is_known_by_the_origin_that_browsers_send_however_its_address_is_written(
    site_url: str, origin: str
) -> None:
    assert origin_of(site_url) == origin
    assert is_from_here(None, origin, origin_of(site_url))
