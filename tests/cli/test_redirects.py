"""`feedserver redirect …`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run

Write = Callable[..., str]
SITE = "http://blog.example"
LONG = "x" * 2100


@pytest.fixture(autouse=True)
def post(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write("---\ntitle: A post\n---\n"))


def listed(run: Run) -> list[tuple[str, str]]:
    rows = json.loads(run("redirect", "list", "--json").text)
    assert all(list(row) == ["old", "new"] for row in rows)
    return [(row["old"], row["new"]) for row in rows]


def test_what_was_added_is_listed_until_it_is_removed(run: Run) -> None:
    assert run("redirect", "add", "/2009/05/caf%c3%a9/", "/posts/a-post").out == [f"{SITE}/posts/a-post"]
    assert run("redirect", "add", "http://old.example/?b=2&a=1", "https://elsewhere.example/ü").status == 0
    assert listed(run) == [
        ("/2009/05/café/", "/posts/a-post"),
        ("/?a=1&b=2", "https://elsewhere.example/%C3%BC"),
    ]
    assert run("redirect", "list").out[0].split() == ["old", "new"]

    assert run("redirect", "remove", "/2009/05/café").status == 0
    assert run("redirect", "remove", "/?a=1&b=2").status == 0
    assert listed(run) == []
    refused = run("redirect", "remove", "/?a=1&b=2")
    assert (refused.status, len(refused.err)) == (1, 1)


def test_a_redirect_follows_its_post(run: Run) -> None:
    run("redirect", "add", "/old", f"{SITE}/posts/a-post?thoughts=2#x")
    run("post", "rename", "a-post", "renamed")

    assert listed(run) == [("/old", "/posts/renamed?thoughts=2#x")]


def test_chains_are_flattened_whatever_comes_first(run: Run) -> None:
    run("redirect", "add", "/b", "/c")
    run("redirect", "add", "/a", "/b")
    assert listed(run) == [("/a", "/c"), ("/b", "/c")]

    run("redirect", "add", "/c", "/posts/a-post")
    assert listed(run) == [("/a", "/posts/a-post"), ("/b", "/posts/a-post"), ("/c", "/posts/a-post")]


def test_adding_the_same_again_changes_nothing(run: Run) -> None:
    for new in ("/posts/a-post", "https://elsewhere.example/"):
        for _ in range(2):
            assert run("redirect", "add", f"/old{new[-3:-1]}", new).status == 0

    assert len(listed(run)) == 2


REFUSED = [
    ("/", "/posts/a-post", "/ is "),
    ("", "/posts/a-post", "OLD must be "),
    ("2009/x", "/posts/a-post", "OLD must be "),
    ("//evil.example/x", "/posts/a-post", "OLD must be "),
    ("ftp://old.example/x", "/posts/a-post", "this is no http(s) address"),
    (f"/{LONG}", "/posts/a-post", "OLD is over 2,048 bytes"),
    ("/?a=1&b=2&c=3&d=4&e=5", "/posts/a-post", "OLD has more than 4 parameters"),
    ("/?page=2", "/posts/a-post", "/?page=2 has “page”"),
    ("/archive?p=1", "/posts/a-post", "/archive?p=1 is an address of this site"),
    ("/feed.rss", "/posts/a-post", "/feed.rss is an address of this site (status 200)"),
    ("/feed/", "/posts/a-post", "/feed/ is an address of this site (status 301)"),
    ("/hub", "/posts/a-post", "/hub is an address of this site (status 405)"),
    ("/archive", "/posts/a-post", "/archive is an address of this site"),
    ("/posts/a-post/", "/feed.rss", "/posts/a-post/ is "),
    ("/old", "/old/", "/old leads to itself"),
    ("/old", "posts/a-post", "NEW must be "),
    ("/old", "javascript:alert(1)", "NEW must be "),
    ("/old", "//evil.example/", "NEW must be "),
    ("/old", f"/{LONG}", "NEW is over 2,048 bytes"),
    ("/c", "/b", "NEW leads back to OLD"),
    ("/b", "/posts/a-post", "/b leads to /c already; `feedserver redirect remove /b` ends that"),
]


def test_what_cannot_be_is_refused_in_a_line(run: Run) -> None:
    run("redirect", "add", "/b", "/c")

    for old, new, says in REFUSED:
        refused = run("redirect", "add", old, new)
        assert (refused.status, refused.out, len(refused.err)) == (1, [], 1), old
        assert refused.err[0].startswith(f"feedserver: {says}"), old
    assert listed(run) == [("/b", "/c")]


def test_what_the_site_does_not_answer_itself_may_be_an_old_address(run: Run, write: Write) -> None:
    run("post", "add", write("---\ntitle: Gone\n---\n"))
    run("post", "delete", "gone")

    for old in ("/?p=12", "/blog/feed/", "/feeds/posts/default", "/tags", "/posts/gone", "/posts/none"):
        assert run("redirect", "add", old, "/posts/a-post").status == 0, old


def test_a_target_with_nothing_there_yet_is_told(run: Run) -> None:
    done = run("redirect", "add", "/old", "/posts/a-psot")

    assert (done.status, done.out) == (0, [f"{SITE}/posts/a-psot"])
    assert done.err == ["feedserver: there is nothing at /posts/a-psot yet"]


def test_no_loop_is_made_over_deleted_posts(run: Run, write: Write) -> None:
    run("post", "add", write("---\ntitle: Two\n---\n"))
    run("post", "delete", "two")
    run("redirect", "add", "/posts/two", "/posts/a-post")
    run("post", "delete", "a-post")

    refused = run("redirect", "add", "/posts/a-post", "/posts/two")

    assert (refused.status, refused.err) == (1, ["feedserver: NEW leads back to OLD in the end; give another address"])
