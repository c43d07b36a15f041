"""What Debian's nginx with config/nginx.conf must not keep: what is one visitor's own, a secret, or of the moment."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.front import Front, running_front
from tests.support.pinging import HEADERS, ping_body, read_answer
from tests.support.proxy import PROGRAM, WHY_NOT, Nginx
from tests.support.serving import Blog, free_port, request, wait_until
from tests.thoughts.forms import read_form

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with running_front(tmp_path_factory.mktemp("front")) as front:
        yield front


@pytest.fixture
def blog() -> Iterator[Blog]:
    blog = Blog()
    yield blog
    blog.close()


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/posts/feed.rss", {"slug": "feed.rss"}),
        ("/posts/thoughts.json", {"slug": "thoughts.json"}),
        ("/tags/feed.atom", {"tags": "[feed.atom]"}),
        ("/authors/thoughts.rss", {"authors": "[thoughts.rss]"}),
    ],
)
def test_a_page_with_an_address_like_a_feeds_is_never_kept(front: Front, path: str, fields: dict[str, str]) -> None:
    assert front.get(path)[0] == 404
    front.publish(f"Called {path}", **fields)

    answers = [front.get(path) for _ in range(5)]

    assert {(status, headers["content-type"]) for status, headers, _ in answers} == {(200, "text/html; charset=utf-8")}
    assert {headers["x-cache"] for _, headers, _ in answers} == {"MISS"}
    assert not [key for key in keys(front) if path in key]


def test_each_visitor_of_a_post_that_is_called_like_a_feed_has_a_form_of_their_own(front: Front) -> None:
    path = front.publish("A post", slug="thoughts.atom")

    tokens = {read_form(front.get(path)[2].decode()).values["token"] for _ in range(3)}

    assert len(tokens) == 3


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({}, True),
        ({"Cache-Control": "private"}, False),
        ({"Cache-Control": "max-age=60, no-store"}, False),
        ({"Set-Cookie": "visitor=1"}, False),
        ({"Access-Control-Allow-Origin": "https://one.example"}, False),
    ],
    ids=["a feed", "private", "not to be stored", "with a cookie", "for one site's scripts"],
)
def test_what_is_not_for_everybody_is_not_kept_at_a_feeds_address_either(
    tmp_path: Path, headers: dict[str, str], kept: bool
) -> None:
    """feedserver sends nothing of the kind there; so a server that does stands in its place."""
    server = Blog("127.0.0.1")
    server.put("/feed.rss", "<rss/>", "application/rss+xml", headers={"Access-Control-Allow-Origin": "*"} | headers)
    nginx = Nginx(tmp_path, int(server.url.rpartition(":")[2]), free_port())
    with closing(server), nginx.running():
        found = {request(f"{nginx.url}/feed.rss")[1]["x-cache"] for _ in range(20)}

    assert ("HIT" in found) is kept
    assert [path.is_file() for path in nginx.cache.rglob("*")].count(True) == kept


def test_pages_pings_receipts_and_health_are_never_cached(front: Front, blog: Blog) -> None:
    path = front.publish("To be pinged")
    permalink = front.nginx.url + path
    before = set(front.cached())
    source = blog.put("/page", f'<title>Other</title><p>See <a href="{permalink}">this</a>.</p>')

    answers = [request(front.nginx.url + "/pingback", body=ping_body(source, permalink), headers=HEADERS)]
    receipt = re.search(r"/receipts/\S+", str(read_answer(answers[0][2])))
    assert receipt, answers
    for asked in ("/", path, receipt[0], f"{receipt[0]}.json", "/healthz", "/readyz"):
        answers += [front.get(asked) for _ in range(2)]

    assert {status for status, _, _ in answers} == {200}
    assert all("x-cache" not in headers for _, headers, _ in answers)
    assert set(front.cached()) <= before
    token = receipt[0].removeprefix("/receipts/")
    assert token not in front.nginx.log.read_text(), "who reads the log must not read receipts"
    wait_until(lambda: b"1 Thought to" in front.get(path)[2], 15, front.site.log)


def keys(front: Front) -> list[str]:
    """Under which names nginx keeps what it keeps."""
    return [path.read_bytes().split(b"\nKEY: ")[1].split(b"\n")[0].decode() for path in front.cached()]
