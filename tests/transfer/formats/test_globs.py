"""Patterns of paths."""

import time

import pytest

from feedserver.transfer.formats.globs import matches


@pytest.mark.parametrize(
    ("pattern", "path", "is_named"),
    [
        ("/private/**", "/private/a/b", True),
        ("/private/**", "/private", False),
        ("/private/**", "/privateer/a", False),
        ("/private**", "/privateer/a", True),
        ("{/private,/private/**}", "/private", True),
        ("{/a,{/b,/c}/*}", "/c/d", True),
        ("{/a,{/b,/c}/*}", "/c/d/e", False),
        ("/posts/*", "/posts/a", True),
        ("/posts/*", "/posts/a/b", False),
        ("/posts/*.md", "/posts/a.md", True),
        ("**/secret", "secret", True),
        ("**/secret", "a/b/secret", True),
        ("**/secret", "a/top-secret", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b*c", "a/b/x/bxc", True),
        ("/p?sts/[ab]", "/posts/b", True),
        ("/p?sts/[ab]", "/posts/c", False),
        ("/a[", "/a[", True),
        ("", "a", False),
    ],
)
def test_a_pattern_names_paths(pattern: str, path: str, is_named: bool) -> None:
    assert matches(pattern, path) is is_named


@pytest.mark.parametrize("pattern", ["{a,b}" * 7, "*a" * 200])
def test_a_pattern_that_is_too_long_to_be_looked_at_names_everything(pattern: str) -> None:
    assert matches(pattern, "c")


@pytest.mark.parametrize("pattern", ["**a" * 100, "**/" * 100, "*" * 300, "{**,*}" * 6 + "b"])
def test_a_pattern_of_many_readings_takes_little_time(pattern: str) -> None:
    began = time.process_time()
    matches(pattern, "a/" * 500)

    assert time.process_time() - began < 5
