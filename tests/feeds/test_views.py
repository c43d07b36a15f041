"""Feeds over HTTP: addresses, headers, and the feeds of posts that moved."""

import gzip
import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import brotli
import feedparser
import pytest
from flask.testing import FlaskClient
from lxml import etree

from feedserver.feeds.scopes import FORMATS, FeedAddress, Format
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.urls import Urls
from tests.feeds.happenings import say
from tests.feeds.reading import ALL_FEEDS, TYPES
from tests.support.fixtures import Publish

ODD_NAMES = [
    "a/b",
    "/a",
    "a/",
    "/",
    "//",
    "a//b",
    "x/feed.rss",
    "feed.rss",
    "50%",
    "%2F",
    "%252f",
    "a b",
    " ü ö".strip(),
    "日本語",
    "a?b=c&d#e",
    "...",
    "+",
    "\\",
    "😀",
    "'\"<&>",
]


def titles(body: bytes, path: str) -> list[str]:
    if path.endswith(".json"):
        return [item["title"] for item in json.loads(body)["items"]]
    parsed = feedparser.parse(body)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return [entry.title for entry in parsed.entries]


def slugs_in(body: bytes) -> set[str]:
    return set(re.findall(r"/posts/(post-\d+)", body.decode()))


@pytest.mark.parametrize("path", ALL_FEEDS)
def test_every_feed_answers_with_its_exact_type_whatever_a_reader_accepts(
    client: FlaskClient, fog: Post, path: str
) -> None:
    for accept in (None, "text/html", "application/json;q=0", "image/png"):
        answer = client.get(path, headers={"Accept": accept} if accept else {})

        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == TYPES[path.rsplit(".")[-1]]
    expected = ["The Far Shore on “Fog”", "Bob on “Fog”"] if "thoughts" in path else ["Fog"]
    assert sorted(titles(answer.data, path)) == sorted(expected)


def test_every_feed_has_the_headers_that_readers_and_caches_need_and_no_cookie(client: FlaskClient, fog: Post) -> None:
    for path in ALL_FEEDS:
        headers = client.get(path, headers={"Cookie": "session=x"}).headers

        assert headers["Cache-Control"].startswith("public, max-age=300")
        assert headers["Vary"] == "Accept-Encoding, Sec-Fetch-Dest, Sec-Fetch-Mode"
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Link"].endswith(f'<http://blog.example{path}>; rel="self"')
        assert headers.get("X-Robots-Tag") == ("noindex" if "thoughts" in path else None)
        assert headers["ETag"].startswith('W/"')
        assert headers["Last-Modified"].endswith(" GMT")
        assert "Set-Cookie" not in headers


@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom"])
def test_time_to_live_is_the_same_in_header_and_document(client: FlaskClient, fog: Post, path: str) -> None:
    answer = client.get(path)
    root = etree.fromstring(answer.data)
    sy = "{http://purl.org/rss/1.0/modules/syndication/}"

    assert "max-age=300" in answer.headers["Cache-Control"]
    assert [element.text for element in root.iter("ttl")] == ["5"] * path.endswith("rss")
    assert (root.findtext(f".//{sy}updatePeriod"), root.findtext(f".//{sy}updateFrequency")) == ("hourly", "12")


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_tag_and_an_author_of_any_name_have_a_list_and_feeds(
    client: FlaskClient, publish: Publish, fmt: Format
) -> None:
    for name in ODD_NAMES:
        names = json.dumps([name], ensure_ascii=False)
        publish("Fog", slug=f"post-{ODD_NAMES.index(name)}", tags=names, authors=names)
    urls = Urls("http://blog.example")

    for name in ODD_NAMES:
        for url in (FeedAddress("tag", fmt, name).url(urls), FeedAddress("author", fmt, name).url(urls)):
            answer = client.get(urlsplit(url).path)

            assert (name, answer.headers["Content-Type"]) == (name, TYPES[fmt])
            assert slugs_in(answer.data) == {f"post-{ODD_NAMES.index(name)}"}
            assert url.encode() in answer.data
        for url in (urls.tag(name), urls.author(name)):
            assert (name, client.get(urlsplit(url).path).status_code) == (name, 200)


def test_an_unknown_feed_is_a_404(client: FlaskClient, fog: Post) -> None:
    for path in (
        "/tags/se/feed.rss",
        "/tags/%00/feed.rss",
        "/tags/sea%1F/feed.rss",
        "/tags/%FF%FE/feed.atom",
        "/authors/Nobody/feed.json",
        "/posts/none/thoughts.rss",
        "/posts/%00/thoughts.rss",
        "/posts/fog%2Fthoughts.rss",
        "/feed.xhtml",
        "/feed.RSS",
        "/posts/fog/feed.rss",
    ):
        assert (path, client.get(path).status_code) == (path, 404)


def test_plain_slashes_belong_to_a_name_too_because_some_proxies_decode_them(
    client: FlaskClient, publish: Publish
) -> None:
    publish("Fog", tags='["a/b"]')

    assert client.get("/tags/a/b").status_code == 200
    assert client.get("/tags/a/b/").headers["Location"] == "http://blog.example/tags/a/b"
    assert client.get("/tags/a/b/feed.rss").status_code == 200


def test_a_slash_after_a_feed_leads_to_the_feed_with_its_query(
    client: FlaskClient, mounted: FlaskClient, publish: Publish
) -> None:
    names = ["sea", "a/b", "/a", "日本語", "x/feed.rss", "50%", "feed.rss"]
    publish("Fog", slug="fog", tags=json.dumps(names), authors=json.dumps(names))
    feeds = ALL_FEEDS + [
        urlsplit(FeedAddress(scope, fmt, name).url(Urls("http://x"))).path
        for scope in ("tag", "author")
        for name in names
        for fmt in FORMATS
    ]

    for feed in feeds:
        for query in ("", "?page=1", "?archive=1&x=%2F"):
            for method in ("GET", "HEAD"):
                here = client.open(f"{feed}/{query}", method=method, headers={"Host": "evil.example"})
                there = mounted.open(f"/my%20blog{feed}/{query}", method=method)

                assert (here.status_code, here.headers["Location"]) == (301, f"http://blog.example{feed}{query}")
                assert (there.status_code, there.headers["Location"]) == (
                    301,
                    f"https://host.example/my%20blog{feed}{query}",
                )


FORMER = {
    "/feed": "/feed.rss",
    "/rss": "/feed.rss",
    "/rss.xml": "/feed.rss",
    "/atom.xml": "/feed.atom",
    "/feed.xml": "/feed.rss",
    "/index.xml": "/feed.rss",
    "/feed/atom": "/feed.atom",
    "/comments/feed": "/thoughts.rss",
}


@pytest.mark.parametrize("end", ["", "/", "?utm_source=x", "/?feed=rss2"])
def test_former_addresses_redirect_to_the_feed_meant(client: FlaskClient, mounted: FlaskClient, end: str) -> None:
    for former, meant in FORMER.items():
        for method in ("GET", "HEAD"):
            here = client.open(former + end, method=method, headers={"Host": "evil.example"})
            there = mounted.open("/my%20blog" + former + end, method=method)

            assert (here.status_code, here.headers["Location"]) == (301, f"http://blog.example{meant}")
            assert (there.status_code, there.headers["Location"]) == (301, f"https://host.example/my%20blog{meant}")
            assert mounted.open(former + end, method=method).status_code == 404


@pytest.mark.parametrize("fmt", list(TYPES))
def test_the_thoughts_of_a_renamed_post_redirect_and_those_of_a_deleted_one_are_gone(
    client: FlaskClient, services: WebServices, fog: Post, fmt: str
) -> None:
    services.publisher.rename("fog", "mist")
    moved = client.get(f"/posts/fog/thoughts.{fmt}", headers={"Host": "evil.example"})
    services.publisher.delete("mist")

    assert (moved.status_code, moved.headers["Location"]) == (301, f"http://blog.example/posts/mist/thoughts.{fmt}")
    assert client.get(f"/posts/mist/thoughts.{fmt}").status_code == 410
    assert client.get(f"/posts/fog/thoughts.{fmt}").status_code == 410


@pytest.mark.parametrize("front", [{"draft": "true"}, {"date": "2030-01-01"}], ids=["draft", "scheduled"])
def test_the_thoughts_of_a_hidden_post_are_not_found(
    client: FlaskClient, publish: Publish, services: WebServices, front: dict[str, str]
) -> None:
    post = publish("Secret", slug="secret", **front)
    say(services, post)

    assert client.get("/posts/secret/thoughts.rss").status_code == 404
    services.publisher.rename("secret", "still-secret")
    assert client.get("/posts/secret/thoughts.rss").status_code == 404
    assert b"ecret" not in client.get("/thoughts.rss").data


@pytest.mark.parametrize(("accepted", "decode"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_compressed_feeds_hold_the_same_bytes_with_the_same_tag_and_an_exact_length(
    client: FlaskClient, fog: Post, accepted: str, decode: Callable[[bytes], bytes]
) -> None:
    for path in ALL_FEEDS:
        plain = client.get(path)
        packed = client.get(path, headers={"Accept-Encoding": accepted})

        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == accepted
        assert decode(packed.data) == plain.data
        assert packed.headers["ETag"] == plain.headers["ETag"]
        assert packed.headers["Vary"] == plain.headers["Vary"]
        for answer in (plain, packed):
            assert answer.headers["Content-Length"] == str(len(answer.data))


def test_unknown_queries_are_ignored(client: FlaskClient, fog: Post) -> None:
    plain = client.get("/feed.rss")

    for query in ("?utm_source=x&y", "?pages=2", "?PAGE=7", "?%FF=%00", "?a=1&a=2", "?feed=atom"):
        asked = client.get("/feed.rss" + query)
        assert (asked.status_code, asked.data, asked.headers) == (200, plain.data, plain.headers)


@pytest.mark.parametrize("path", ["/feed.rss", "/tags/sea/feed.atom", "/thoughts.json", "/posts/fog/thoughts.atom"])
def test_below_a_path_every_link_keeps_it_and_ignores_the_host_header(
    mounted: FlaskClient, fog: Post, path: str
) -> None:
    answer = mounted.get(f"/my%20blog{path}", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})

    assert answer.status_code == 200
    hub = "<https://host.example/my%20blog/hub>"
    assert answer.headers["Link"] == f'{hub}; rel="hub", <https://host.example/my%20blog{path}>; rel="self"'
    assert f"https://host.example/my%20blog{path}".encode() in answer.data
    assert b"evil.example" not in answer.data
    assert "evil.example" not in str(answer.headers)
    assert b"https://host.example/posts" not in answer.data


def test_a_site_without_posts_has_feeds_of_its_own_and_of_its_author(client: FlaskClient) -> None:
    for path in ("/feed", "/thoughts", "/authors/Ann%20Author/feed"):
        for fmt in TYPES:
            answer = client.get(f"{path}.{fmt}")
            assert answer.status_code == 200
            assert titles(answer.data, f".{fmt}") == []
    assert client.get("/tags/sea/feed.rss").status_code == 404


def test_the_feed_of_the_sites_author_lists_posts_without_authors_too(client: FlaskClient, publish: Publish) -> None:
    publish("Unnamed", date="2026-01-01")
    publish("Named", authors="[Ben, Ann Author]", date="2026-01-02")
    publish("Of another", authors="[Ben]", date="2026-01-03")

    assert titles(client.get("/authors/Ann%20Author/feed.rss").data, "") == ["Named", "Unnamed"]
    assert titles(client.get("/authors/Ben/feed.rss").data, "") == ["Of another", "Named"]
