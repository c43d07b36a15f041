"""The site's addresses, made and read back; “same post?” in all its forms."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedserver.errors import InvalidDocument
from feedserver.feeds.scopes import FeedAddress
from feedserver.posts.document import check_slug
from feedserver.urls import Urls, host_name, normalize_source, segment, split_http

ROOT = Urls("https://blog.example")
BELOW = Urls("https://blog.example/my%20blog")
PORT = Urls("http://127.0.0.1:8000")


# --- same post? ---


@pytest.mark.parametrize(
    "url",
    [
        "https://blog.example/posts/hello",
        "https://blog.example/posts/hello#thoughts",
        "https://blog.example/posts/hello?utm_source=x&a=b",
        "https://blog.example/posts/hello/",
        "https://blog.example/posts/hello/?a#b",
        "http://blog.example/posts/hello",
        "HTTPS://BLOG.Example/posts/hello",
        "https://blog.example:443/posts/hello",
        "http://blog.example:80/posts/hello",
        "https://blog.example./posts/hello",
        "https://blog.example/./posts/hello",
        "https://blog.example/tags/../posts/hello",
        "https://blog.example/posts/x/../hello",
        "https://blog.example/p%6Fsts/h%65llo",
        "https://blog.example/posts/hell%6f",
    ],
)
def test_harmless_differences_name_the_same_post(url: str) -> None:
    assert ROOT.post_slug(url) == "hello"


@pytest.mark.parametrize(
    "url",
    [
        "https://blog.example",
        "https://blog.example/",
        "https://blog.example/posts",
        "https://blog.example/posts/",
        "https://blog.example/post/hello",
        "https://blog.example/posts/hello/comments",
        "https://blog.example/posts/hello/thoughts.rss",
        "https://blog.example/Posts/hello",
        "https://blog.example//posts/hello",
        "https://blog.example/posts//hello",
        "https://blog.example/feed.rss",
        "https://blog.example/x/posts/hello",
        "https://blog.example/posts/hello/../..",
        "https://blog.example.evil.example/posts/hello",
        "https://xblog.example/posts/hello",
        "https://blog.example:8443/posts/hello",
        "https://evil.example/https://blog.example/posts/hello",
        "https://blog.example@evil.example/posts/hello",
        "https://user@blog.example/posts/hello",
        "https://blog.example\\@evil.example/posts/hello",
        "https://blog.example/posts/he\tllo",
        "https://blog.example/posts/hello\n",
        " https://blog.example/posts/hello",
        "ftp://blog.example/posts/hello",
        "//blog.example/posts/hello",
        "/posts/hello",
        "posts/hello",
        "",
    ],
)
def test_similar_urls_name_no_post(url: str) -> None:
    assert ROOT.post_slug(url) is None


def test_letter_case_of_a_slug_matters() -> None:
    assert ROOT.post_slug("https://blog.example/posts/Hello") == "Hello"


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://blog.example/my%20blog/posts/hello", "hello"),
        ("https://blog.example/my%20blog/posts/hello/", "hello"),
        ("https://blog.example/%6dy%20blog/posts/hello", "hello"),
        ("https://blog.example/other/../my%20blog/posts/hello", "hello"),
        ("https://blog.example/posts/hello", None),
        ("https://blog.example/my%20blog", None),
        ("https://blog.example/my%20blogs/posts/hello", None),
        ("https://blog.example/my%20blog-posts/hello", None),
        ("https://blog.example/my%2520blog/posts/hello", None),
        ("https://blog.example/my%20blog%2Fposts/hello", None),
    ],
)
def test_a_base_with_a_path_holds_only_what_lies_below_it(url: str, slug: str | None) -> None:
    assert BELOW.post_slug(url) == slug
    assert BELOW.owns(url) is (slug is not None or url.endswith("my%20blog"))


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("http://127.0.0.1:8000", True),
        ("https://127.0.0.1:8000/anything?x", True),
        ("http://127.0.0.1/", False),
        ("http://127.0.0.1:80000/", False),
        ("http://127.0.0.2:8000/", False),
        ("mailto:ann@127.0.0.1:8000", False),
    ],
)
def test_a_site_owns_urls_with_its_host_and_port(url: str, ours: bool) -> None:
    assert PORT.owns(url) is ours


# --- making addresses ---


@given(st.text(alphabet=st.characters(categories=["L", "M", "N"]) | st.sampled_from("-._~"), min_size=1, max_size=200))
def test_every_valid_slug_is_parsed_back_from_its_permalink(text: str) -> None:
    try:
        slug = check_slug(text)
    except InvalidDocument:
        return

    for urls in (ROOT, BELOW, Urls("http://" + "b" * 60 + ".example/" + "p" * 400)):
        assert urls.post_slug(urls.post(slug)) == slug
        assert split_http(FeedAddress("post", "atom", slug).url(urls)) is not None


@pytest.mark.parametrize("slug", ["\U00020000" * 83, "語" * 111, "a" * 200])
def test_the_longest_slugs_fit_into_an_address(slug: str) -> None:
    assert ROOT.post_slug(ROOT.post(check_slug(slug))) == slug


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a/b", "a%2Fb"),
        ("100%", "100%25"),
        ("C#", "C%23"),
        ("a b?", "a%20b%3F"),
        ("語", "%E8%AA%9E"),
        ("a.b-c_d~", None),
    ],
)
def test_a_name_becomes_one_segment(name: str, written: str | None) -> None:
    assert segment(name) == (written or name)
    assert ROOT.tag(name) == f"https://blog.example/tags/{written or name}"
    assert FeedAddress("author", "json", name).url(ROOT) == f"https://blog.example/authors/{written or name}/feed.json"


def test_every_address_starts_with_the_base() -> None:
    slug, made = "hello", []
    for urls in (ROOT, BELOW):
        made = [
            urls.home(),
            urls.home(2),
            urls.post(slug),
            urls.thought(slug, 7),
            urls.comments(slug),
            urls.tag("a", 3),
            urls.author("b"),
            FeedAddress("site", "rss").url(urls),
            FeedAddress("tag", "atom", "a").url(urls),
            FeedAddress("author", "json", "b").url(urls),
            FeedAddress("thoughts", "rss").url(urls),
            FeedAddress("post", "rss", slug).url(urls),
            urls.pingback(),
            urls.receipt("token"),
        ]

        assert [url for url in made if not url.startswith(urls.base + "/")] == []
        assert len(set(made)) == len(made)


def test_only_later_pages_are_numbered() -> None:
    assert ROOT.home(1) == "https://blog.example/"
    assert ROOT.home(2) == "https://blog.example/?page=2"
    assert ROOT.tag("a", 2) == "https://blog.example/tags/a?page=2"


# --- URLs of strangers ---


@pytest.mark.parametrize(
    "url",
    [
        "http://h/" + "a" * 2040,
        "http://h/" + "é" * 1020,
        "http://user:password@h/",
        "http://@h/",
        "http://h/a b",
        "http://h/a\xa0b",
        "http://h/a\x7f",
        "http://h/a\x85",
        "http://h\\x/",
        "http://h:0/",
        "http://h:65536/",
        "http://h:x/",
        "http://[::1/",
        "http:///path",
        "http://",
        "http:h/path",
        "h/path",
        "javascript:alert(1)",
        "http://\u2100.example/",
        "http://" + "é" * 80 + ".example/",
    ],
    ids=lambda url: url if len(url) < 40 else f"{url[:12]}…{len(url)}",
)
def test_a_url_that_parsers_read_differently_is_refused(url: str) -> None:
    assert split_http(url) is None


@pytest.mark.parametrize(
    "url", ["http://h", "https://h:65535/ü?q#f", "http://[::1]:8080/", "HTTP://H/", "http://bücher.example/"]
)
def test_ordinary_urls_are_accepted(url: str) -> None:
    assert split_http(url) is not None


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("HTTP://Blog.Example:80/A?b#c", "http://blog.example/A?b"),
        ("https://h:443", "https://h/"),
        ("https://h:80/", "https://h:80/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://h./a", "http://h/a"),
    ],
)
def test_a_source_key_is_a_normalized_url(url: str, page: str) -> None:
    assert normalize_source(url) == page
    assert normalize_source(page) == page


@pytest.mark.parametrize(
    ("spelled", "host"),
    [
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:DB8:0:0::1]", "2001:db8::1"),
        ("[::ffff:192.0.2.1]", "192.0.2.1"),
        ("1.example", "1.example"),
        ("0x.example", "0x.example"),
        ("example.0xg", "example.0xg"),
    ],
)
def test_all_spellings_of_an_address_become_one(spelled: str, host: str) -> None:
    assert host_name(urlsplit(f"http://{spelled}:8080/x")) == host


@pytest.mark.parametrize("spelled", ["256.0.0.1", "1.2.3.4.5", "4294967296", "example.123", "0x100000000", "09.0.0.1"])
def test_an_invalid_address_is_no_host(spelled: str) -> None:
    assert split_http(f"http://{spelled}/") is None
