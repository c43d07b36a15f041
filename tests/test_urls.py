"""The site's addresses, made and read back; “same post?” in all its forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedserver.errors import InvalidDocument
from feedserver.feeds.scopes import FeedAddress
from feedserver.posts.document import check_slug
from feedserver.urls import Urls, absolute_url, ascii_url, base_of_post, normalize_source, segment, split_http

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
        "https://blog.example//posts/hello",
        "https://blog.example/posts///hello//",
        "https://blog.example/tags/../posts/hello",
        "https://blog.example/posts/x/../hello",
        "https://blog.example/p%6Fsts/h%65llo",
        "https://blog.example/posts/hell%6f",
        "https://blog.example/posts/hell%6F",
        "https://blog.example/%2e/x/%2E%2e/posts/hello",
        "https://blog.example/posts/x/.%2E/hello/",
        "https://ｂlog。example/posts/hello",
        "https://bl\u00adog.example/posts/hello",
        "https://bl%6Fg.example/posts/hello",
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


STREET = Urls("https://xn--strae-oqa.example")


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("xn--strae-oqa.example", True),
        ("straße.example", True),
        ("STRAßE.example", True),
        ("XN--STRAE-OQA.Example", True),
        ("straße。example", True),
        ("stra%C3%9Fe.example", True),
        ("strasse.example", False),
        ("STRASSE.example", False),
        ("straße.example.evil.example", False),
    ],
)
def test_a_host_is_compared_by_uts_46_which_keeps_the_sharp_s(host: str, is_ours: bool) -> None:
    assert STREET.post_slug(f"https://{host}/posts/idn") == ("idn" if is_ours else None)
    assert Urls("https://straße.example").owns(f"http://{host}/") is is_ours


@pytest.mark.parametrize("base", ["https://blog.example/café", "https://blog.example/cafe%CC%81"])
@pytest.mark.parametrize("slug", ["café", "cafe\u0301", "caf%C3%A9", "caf%c3%a9", "cafe%CC%81", "%63afe%cc%81/"])
def test_unicode_forms_and_percent_encodings_name_the_same_post(base: str, slug: str) -> None:
    assert Urls(base).post_slug(f"https://blog.example/cafe\u0301/posts/{slug}") == "café"


def test_letter_case_of_a_slug_matters() -> None:
    assert ROOT.post_slug("https://blog.example/posts/Hello") == "Hello"


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://blog.example/my%20blog/posts/hello", "hello"),
        ("https://blog.example/my%20blog/posts/hello/", "hello"),
        ("https://blog.example/%6dy%20blog/posts/hello", "hello"),
        ("https://blog.example/other/../my%20blog/posts/hello", "hello"),
        ("https://blog.example//my%20blog//posts/hello", "hello"),
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
            urls.thought(slug, 7, 3),
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
        ("http://h", "http://h/"),
        ("http://h?x", "http://h/?x"),
        ("http://h/%6Fk", "http://h/ok"),
        ("http://h/./a/.././ok", "http://h/ok"),
        ("http://h/a/%2E%2e/ok", "http://h/ok"),
        ("http://h/a/..", "http://h/"),
        ("http://h/a/.", "http://h/a/"),
        ("http://h/../../ok", "http://h/ok"),
        ("http://h//a//b", "http://h//a//b"),
        ("http://h/日", "http://h/%E6%97%A5"),
        ("http://h/%e6%97%a5", "http://h/%E6%97%A5"),
        ("http://h/%7eann/a%2fb", "http://h/~ann/a%2Fb"),
        ("http://h/100%?q=5%&r=%4", "http://h/100%25?q=5%25&r=%254"),
        ("http://h/a[1]|b", "http://h/a%5B1%5D%7Cb"),
        ("http://h/a;b=c,d!e?f=g/h?i&j=%C3%BC", "http://h/a;b=c,d!e?f=g/h?i&j=%C3%BC"),
        ("http://h/?ü=%61", "http://h/?%C3%BC=a"),
        ("http://straße.example/", "http://xn--strae-oqa.example/"),
    ],
)
def test_a_source_key_is_a_normalized_url(url: str, page: str) -> None:
    assert normalize_source(url) == page
    assert normalize_source(page) == page


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("https://h/a?b#c", None),
        ("https://h/%41/[x]", None),
        ("a:b", None),
        ("", None),
        ("/a b", "/a%20b"),
        ("  /a ", "/a"),
        ("https://straße.example/ü?ü#ü", "https://xn--strae-oqa.example/%C3%BC?%C3%BC#%C3%BC"),
        ("http://h:8080/日/%e6?a|b", "http://h:8080/%E6%97%A5/%e6?a%7Cb"),
        ("http://ü.example:8080/", "http://xn--tda.example:8080/"),
        ("//ü.example/x", "//xn--tda.example/x"),
        ("ü.html", "%C3%BC.html"),
        ("?ü b", "?%C3%BC%20b"),
        ("#ü", "#%C3%BC"),
        ("http://h/100%", "http://h/100%25"),
        ("http://h\\x/ü", "http://h/x/%C3%BC"),
        ("img\\ü.png", "img/%C3%BC.png"),
        ("mailto:ü@h.example", "mailto:%C3%BC@h.example"),
        ("http://[bad/ü", "http://[bad/%C3%BC"),
        ("http://é\u0080/", "http://%C3%A9%C2%80/"),
        ("my%20file.pdf?a=%C3%BC", None),
        ("/a\n\tb", "/ab"),
        ("http:\\\\h.example\\a b?c\\d", "http://h.example/a%20b?c%5Cd"),
        ("http:///h.example/", "http://h.example/"),
        ("http://ann:ü@h.example/", "http://ann:%C3%BC@h.example/"),
        ("a\x01\x7fb", "a%01%7Fb"),
        ('a"<>^`{|}', "a%22%3C%3E%5E%60%7B%7C%7D"),
        ("mailto:ann@h.example?subject=a%20b", None),
        ("tel:+49\\1", None),
        ("magnet:?xt=urn:btih:0&dn=a|b", None),
        ("\ud800", "%3F"),
    ],
)
def test_any_address_can_be_written_in_ascii(address: str, written: str | None) -> None:
    assert ascii_url(address) == (address if written is None else written)


@given(st.text())
def test_an_address_in_ascii_stays_as_it_is(text: str) -> None:
    once = ascii_url(text)

    assert once.isascii()
    assert ascii_url(once) == once


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a b", "https://h.example/posts/a%20b"),
        ("#ü", "https://h.example/posts/p#%C3%BC"),
        ("//ü.example", "https://xn--tda.example"),
        ("http://[", None),
    ],
)
def test_an_address_becomes_absolute_in_ascii(address: str, expected: str | None) -> None:
    assert absolute_url(address, "https://h.example/posts/p") == expected


@pytest.mark.parametrize(
    ("target", "base"),
    [
        ("http://old.example/posts/a", "http://old.example"),
        ("https://Old.example:443/my%20blog/posts/a/?next=/posts/b#c", "https://old.example/my%20blog"),
        ("http://old.example/posts/posts/a", "http://old.example/posts"),
        ("http://old.example/blog//posts//a//", "http://old.example/blog/"),
    ],
)
def test_the_address_of_a_post_tells_that_of_its_site(target: str, base: str) -> None:
    assert base_of_post(target) == base
    assert Urls("https://new.example", former=(base,)).post_slug(target) == "a"
    assert Urls("https://new.example").post_slug(target) is None
