"""Every feed of a site full of nasty posts, of an empty one, and of one with posts from hypothesis."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from feedserver.app import create_app
from feedserver.feeds.scopes import FORMATS, FeedAddress, Format
from feedserver.services import WebServices
from feedserver.settings import LimitsSettings, Settings
from feedserver.urls import Urls
from tests.conformance.judging import judge
from tests.support import nasty, written
from tests.support.outside import Clock


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One client downloads more here than readers do."""
    return replace(settings, limits=LimitsSettings(copies=0))


def documents(client: FlaskClient, url: str) -> Iterator[tuple[str, bytes]]:
    """The feed at a URL, its pages and its archives: address and bytes."""
    parts = urlsplit(url)
    for query in ("", "?page=1", "?page=2", "?archive=1"):
        answer = client.get(parts.path + query)
        if answer.status_code == 200:
            yield f"{parts.path}{query}", answer.data
        else:
            assert (query != "", answer.status_code) in {(True, 404), (True, 307)}


def test_every_feed_of_a_site_full_of_nasty_posts_is_valid(
    client: FlaskClient, services: WebServices, clock: Clock
) -> None:
    posts = nasty.fill(services, clock)
    urls = services.urls
    tags = {tag for post in posts for tag in post.tags}
    authors = {name for post in posts for name in post.authors} | {"Ann Author"}
    judged = 0

    for fmt in FORMATS:
        feeds = [FeedAddress("site", fmt).url(urls), FeedAddress("thoughts", fmt).url(urls)]
        feeds += [FeedAddress("tag", fmt, tag).url(urls) for tag in tags] + [
            FeedAddress("author", fmt, name).url(urls) for name in authors
        ]
        feeds += [FeedAddress("post", fmt, post.slug).url(urls) for post in posts]
        for url, body in (found for feed in feeds for found in documents(client, feed)):
            judge(url, body)
            judged += 1

    assert judged > 200


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_feed_of_posts_that_are_hard_to_hand_on_is_valid(
    client: FlaskClient, services: WebServices, clock: Clock, fmt: Format
) -> None:
    for post in written.POSTS:
        services.publisher.add(services.publisher.read(post.document), clock())
    scopes = {"tag": {tag for post in written.POSTS for tag in post.tags}}
    scopes["author"] = {name for post in written.POSTS for name in post.names}
    feeds = [FeedAddress(scope, fmt, name) for scope, names in scopes.items() for name in names]

    for feed in (FeedAddress("site", fmt), FeedAddress("site", fmt).archive(1), *feeds):
        url = feed.url(services.urls).removeprefix("http://blog.example")
        answer = client.get(url)
        assert answer.status_code == 200
        judge(url, answer.data)


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_feed_of_a_site_without_posts_is_valid(client: FlaskClient, fmt: Format) -> None:
    urls = Urls("http://blog.example")

    for feed in (
        FeedAddress("site", fmt).url(urls),
        FeedAddress("thoughts", fmt).url(urls),
        FeedAddress("author", fmt, "Ann Author").url(urls),
    ):
        found = dict(documents(client, feed))
        assert len(found) == 2
        for url, body in found.items():
            judge(url, body)


MARKUP = "<b> </b> <script> </script> <iframe\tsrc=//x> <svg> <p </item> <entry> <a\thref=' '\tonclick=' <td>"
NOT_TEXT = "\x00 \x0b \x85 \ufffe \U0001ffff \u202e & &#x1f; &#0; &amp; ]]> <![CDATA["
MARKDOWN = "` <!-- \n\n #\t [a]( ) | javascript: words"
PIECES = st.sampled_from([*MARKUP.split(" "), *NOT_TEXT.split(" "), *MARKDOWN.split(" ")])
TEXT = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=40))


def quoted(text: str) -> str:
    """`text` as a YAML scalar: in double quotes, everything unusual escaped."""
    plain = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(plain.get(c, c if " " <= c <= "~" else f"\\U{ord(c):08x}") for c in text) + '"'


@trying(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=TEXT, body=TEXT, summary=TEXT, tags=st.lists(TEXT, max_size=3), authors=st.lists(TEXT, max_size=3))
def test_no_accepted_post_makes_a_feed_invalid_or_fail(
    services: WebServices, title: str, body: str, summary: str, tags: list[str], authors: list[str]
) -> None:
    lists = {"tags": tags, "authors": authors}
    front = [f"{name}: [{', '.join(map(quoted, values))}]" for name, values in lists.items()]
    document = "\n".join(["---", f"title: {quoted(title)}", f"summary: {quoted(summary)}", *front, "---", body])
    nasty.try_to_publish(services, document.encode("utf-8", "surrogatepass"))
    client = create_app(services=services).test_client()

    for fmt in FORMATS:
        answer = client.get(f"/feed.{fmt}")
        assert answer.status_code == 200
        judge(f"/feed.{fmt}", answer.data)
