"""`Location` read as browsers read it."""

import pytest

from feedserver.errors import RedirectRefused
from feedserver.net.location import redirect_target

BASE = "http://a.example/b//c?q"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("d", "http://a.example/b//d"),
        ("?", "http://a.example/b//c?"),
        ("..", "http://a.example/b/"),
        ("../../../x", "http://a.example/x"),
        ("/..//x/.", "http://a.example//x/"),
        ("//h.example", "http://h.example/"),
        ("\\/h.example\\x", "http://h.example/x"),
        ("///h.example/x", "http://h.example/x"),
        ("http:x", "http://a.example/b//x"),
        ("http:/x", "http://a.example/x"),
        ("HTTP:////h.example/./x", "http://h.example/x"),
        ("https:h.example", "https://h.example/"),
        ("https:/h.example?x", "https://h.example/?x"),
        ("https://H.example:443/x#y", "https://H.example:443/x"),
        ("ht\ntps://h.example/\t x", "https://h.example/%20x"),
        ("//b\u00c3\u00bccher.example/", "http://bücher.example/"),  # UTF-8, one character for each byte
        ('/"<>`{}|^\x7f', "http://a.example/%22%3C%3E%60%7B%7D%7C%5E%7F"),
        ("/%E9%2f%zz", "http://a.example/%E9%2f%zz"),
    ],
)
def test_a_location_names_one_url(location: str, target: str) -> None:
    assert redirect_target(BASE, location) == target


def test_an_address_that_is_not_ascii_may_be_the_base() -> None:
    assert redirect_target("http://bücher.example/ö/", "\u00c3\u00bc") == "http://bücher.example/ö/%C3%BC"


@pytest.mark.parametrize(
    "location",
    [
        *("mailto:a@b.example", "a:b", "//u@h.example/", "https://:@h.example/", "//h:0/"),
        *("//b\xfccher.example/", "http://[::1/", "//h:port/", "http:///", "//:80/", "http://a b/", "//a%20b/"),
    ],
)
def test_what_is_never_contacted_is_refused(location: str) -> None:
    with pytest.raises(RedirectRefused):
        redirect_target(BASE, location)
