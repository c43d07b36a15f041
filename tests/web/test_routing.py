"""Encoded slashes are part of a name; paths with control characters match no route."""

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from feedserver.web.routing import NOWHERE, EncodedSlashes, NameConverter, encoded_path, plain_path

ROUTES = Map(
    [Rule("/tags/<name:name>", endpoint="list"), Rule("/tags/<name:name>/feed.rss", endpoint="feed")],
    converters={"name": NameConverter},
    merge_slashes=False,
)


def path_after(environ: dict[str, str]) -> str:
    seen: list[str] = []

    def app(environ: dict[str, str], _start_response: object) -> list[bytes]:
        seen.append(environ["PATH_INFO"])
        return []

    EncodedSlashes(app)(environ, lambda *_: None)
    return seen[0]


@pytest.mark.parametrize(
    ("raw", "path", "endpoint", "name"),
    [
        ("/tags/a%2Fb", "/tags/a/b", "list", "a/b"),
        ("/tags/a%2fb", "/tags/a/b", "list", "a/b"),
        ("/tags/a%2Ffeed.rss", "/tags/a/feed.rss", "list", "a/feed.rss"),
        ("/tags/a%2Ffeed.rss/feed.rss", "/tags/a/feed.rss/feed.rss", "feed", "a/feed.rss"),
        ("/tags/a/feed.rss", "/tags/a/feed.rss", "feed", "a"),
        ("/tags/%2F", "/tags//", "list", "/"),
        ("/tags/a%2F", "/tags/a/", "list", "a/"),
        ("/tags/%2F%2F/feed.rss", "/tags////feed.rss", "feed", "//"),
        ("/tags/a%252Fb", "/tags/a%2Fb", "list", "a%2Fb"),
        ("/tags/a%2Fb?x=%2F", "/tags/a/b", "list", "a/b"),
        ("http://host.example/tags/a%2Fb", "/tags/a/b", "list", "a/b"),
        ("/blog/tags/a%2Fb", "/tags/a/b", "list", "a/b"),
    ],
)
def test_a_name_with_encoded_slashes_is_one_segment(raw: str, path: str, endpoint: str, name: str) -> None:
    for variable in ("RAW_URI", "REQUEST_URI"):
        found = ROUTES.bind("blog.example").match(path_after({"PATH_INFO": path, variable: raw}))

        assert found == (endpoint, {"name": name})


@pytest.mark.parametrize(
    "environ",
    [
        {"PATH_INFO": "/tags/a/b"},
        {"PATH_INFO": "/tags/a/b", "RAW_URI": "/elsewhere/c%2Fd"},
        {"PATH_INFO": "/tags/a/b", "RAW_URI": ""},
    ],
    ids=["missing", "rewritten", "empty"],
)
def test_without_the_request_target_plain_slashes_are_accepted(environ: dict[str, str]) -> None:
    assert path_after(environ) == "/tags/a/b"
    assert ROUTES.bind("blog.example").match("/tags/a/b") == ("list", {"name": "a/b"})


@pytest.mark.parametrize("character", ["\x00", "\x1f", "\n", "\r", "\t", "\x7f"])
def test_a_path_with_a_control_character_matches_no_route(character: str) -> None:
    path = f"/tags/a{character}b"

    assert path_after({"PATH_INFO": path, "RAW_URI": "/tags/x%2Fy"}) == NOWHERE


@pytest.mark.parametrize(
    ("raw", "path", "plain"),
    [
        ("/tags/a/", "/tags/a/", "/tags/a"),
        ("/tags/a//", "/tags/a//", "/tags/a"),
        ("/tags//a", "/tags//a", "/tags/a"),
        ("/tags/%2F/", "/tags///", "/tags/%2F"),
        ("/tags/a%2F/", "/tags/a//", "/tags/a%2F"),
        ("/tags/a//feed.rss", "/tags/a//feed.rss", "/tags/a/feed.rss"),
        ("/tags/%2Fa//feed.rss/", "/tags//a//feed.rss/", "/tags/%2Fa/feed.rss"),
        ("/./tags/x/../ü%20b/.", "/./tags/x/../\u00c3\u00bc b/.", "/tags/%C3%BC%20b"),
    ],
)
def test_empty_and_dot_segments_lead_to_the_path_without_them(raw: str, path: str, plain: str) -> None:
    decoded = path_after({"PATH_INFO": path, "RAW_URI": raw}).encode("latin-1").decode()

    with pytest.raises(NotFound):
        ROUTES.bind("blog.example").match(decoded)
    assert encoded_path(plain_path(decoded)) == plain
