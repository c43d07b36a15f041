"""Which pages a post links to, and what makes another version of it."""

from dataclasses import replace
from typing import Any

import pytest

from feedserver.posts.model import Post
from feedserver.sending.links import may_link, pages_of, version_of
from feedserver.urls import Urls
from tests.pages import builders

URLS = Urls("http://blog.example/path")


SOURCE = "---\ntitle: A post\n---\n[a link](http://a.example/page)\n"


@pytest.fixture
def post() -> Post:
    return builders.post(title="A post", source=SOURCE, html='<p><a href="http://a.example/page">a link</a></p>')


def targets(post: Post, html: str, **fields: Any) -> list[str]:
    return list(pages_of(replace(post, html=html, **fields), URLS).values())


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<a href="http://a.example/ü?q=1&amp;r#part">x</a>', ["http://a.example/ü?q=1&r#part"]),
        ('<A HREF=" HTTPS://A.example ">x</A>', ["HTTPS://A.example"]),
        (
            '<a href="http://a.example/x?">x</a><a href="http://b.example/#">y</a>',
            ["http://a.example/x?", "http://b.example/#"],
        ),
        ('<a href="//a.example/x">x</a>', ["http://a.example/x"]),
        ('<a href="http://a.example/#one">x</a><a href="http://A.example">y</a>', ["http://a.example/#one"]),
        ('<a href="http://a.example/" rel="me NoFollow">x</a>', []),
        (
            '<a href="http://a.example/" rel="nofollow">x</a><a href="http://a.example/#2">y</a>',
            ["http://a.example/#2"],
        ),
        ('<a href="http://a.example/" rel="nofollowed me">x</a>', ["http://a.example/"]),
        ('<a href="http://blog.example/path/posts/other">x</a><a href="/path/x">y</a><a href="#fn">z</a>', []),
        ('<a href="http://blog.example/elsewhere">x</a>', ["http://blog.example/elsewhere"]),
        ('<a href="/elsewhere">x</a><a href="../../x">y</a><a href="">z</a><a href="http:/x">z</a>', []),
        ('<a href="mailto:ann@a.example">x</a><a href="ftp://a.example/">x</a><a name="top">x</a>', []),
        ('<a href="http://user@a.example/">x</a><a href="http://[">x</a><a href="http://a.example:0/">x</a>', []),
        ('<img src="http://a.example/"><link href="http://a.example/"><iframe src="http://a.example/"></iframe>', []),
        ('<!-- <a href="http://a.example/">x</a> --><template><a href="http://a.example/">x</a></template>', []),
        ('</template><template><a href="http://a.example/">x</a></template>', []),
        ('<script>"<a href=http://a.example/>"</script><textarea><a href="http://a.example/"></textarea>', []),
        (f'<a href="http://a.example/{"x" * 2048}">x</a>', []),
    ],
)
def test_links_that_count(post: Post, html: str, found: list[str]) -> None:
    assert targets(post, html) == found


def test_the_addresses_of_the_front_matter_come_first_and_once(post: Post) -> None:
    html = '<a href="http://a.example/">x</a><a href="http://b.example/#x">x</a>'
    fields = {"reply_to": ("http://b.example/",), "bookmark_of": ("http://c.example/", "http://blog.example/path")}

    assert targets(post, html, **fields) == ["http://b.example/", "http://c.example/", "http://a.example/"]


def test_a_post_that_may_link_is_told_from_one_that_cannot(post: Post) -> None:
    assert may_link(post)
    assert may_link(replace(post, html="", like_of=("http://a.example/",)))
    assert not may_link(replace(post, html="<p>Words.</p>"))


@pytest.mark.parametrize(
    ("change", "is_another"),
    [
        ({"title": "Another"}, True),
        ({"source": "---\ntitle: A post\n---\nOther words."}, True),
        ({"reply_to": ("http://b.example/",)}, True),
        ({"source": "---\ntitle: A post\ntags: [x]\n---\n\n \n[a link](http://a.example/page)  \r\n\n"}, False),
        ({"html": "<p>rendered anew</p>", "feed_html": "", "excerpt": "", "slug": "renamed", "tags": ("x",)}, False),
    ],
)
def test_title_text_and_links_make_a_version_and_nothing_else(
    post: Post, change: dict[str, Any], is_another: bool
) -> None:
    assert (version_of(replace(post, **change)) != version_of(post)) is is_another
