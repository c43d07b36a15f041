"""What Debian's nginx with config/nginx.conf must not cache: answers for one visitor, secrets, and momentary ones."""

import gzip
import re
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import brotli
import pytest

from tests.support.front import Answer, Front
from tests.support.pinging import HEADERS, ping_body, read_answer
from tests.support.proxy import PROGRAM, WHY_NOT, Nginx
from tests.support.serving import Blog, free_port, request
from tests.support.waiting import wait_until
from tests.thoughts.forms import TYPED, TYPING_SECONDS, CommentForm, read_form

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/posts/feed.rss", {"slug": "feed.rss"}),
        ("/posts/thoughts.json", {"slug": "thoughts.json"}),
        ("/tags/feed.atom", {"tags": "[feed.atom]"}),
        ("/authors/thoughts.rss", {"authors": "[thoughts.rss]"}),
    ],
)
def test_a_page_whose_url_looks_like_a_feeds_is_never_cached(front: Front, path: str, fields: dict[str, str]) -> None:
    assert front.get(path)[0] == 404
    front.publish(f"Called {path}", **fields)

    answers = [front.get(path) for _ in range(5)]

    assert {(status, headers["content-type"]) for status, headers, _ in answers} == {(200, "text/html; charset=utf-8")}
    assert {headers["x-cache"] for _, headers, _ in answers} == {"MISS"}
    assert not [key for key in keys(front) if path in key]


def test_each_visitor_of_a_post_that_is_called_like_a_feed_gets_another_form_token(front: Front) -> None:
    path = front.publish("A post", slug="thoughts.atom")

    tokens = {read_form(front.get(path)[2].decode()).values["token"] for _ in range(3)}

    assert len(tokens) == 3


@pytest.mark.parametrize(
    ("headers", "cached"),
    [
        ({}, True),
        ({"Cache-Control": "private"}, False),
        ({"Cache-Control": "max-age=60, no-store"}, False),
        ({"Set-Cookie": "visitor=1"}, False),
        ({"Access-Control-Allow-Origin": "https://one.example"}, False),
    ],
    ids=["a feed", "private", "not to be stored", "with a cookie", "for one site's scripts"],
)
def test_what_is_not_public_is_not_cached_at_a_feeds_url_either(
    tmp_path: Path, headers: dict[str, str], cached: bool
) -> None:
    """feedserver never sends this there, so another server takes its place."""
    server = Blog("127.0.0.1")
    server.put("/feed.rss", "<rss/>", "application/rss+xml", headers={"Access-Control-Allow-Origin": "*"} | headers)
    nginx = Nginx(tmp_path, int(server.url.rpartition(":")[2]), free_port())
    with closing(server), nginx.running():
        found = {request(f"{nginx.url}/feed.rss")[1]["x-cache"] for _ in range(20)}

    assert ("HIT" in found) is cached
    assert [path.is_file() for path in nginx.cache.rglob("*")].count(True) == cached


def test_a_429_for_one_address_is_not_cached_for_others(front: Front) -> None:
    for number in range(100):
        path = f"/feed.rss?copy={number}"
        status, headers, _ = front.get(path, X_Test_Address="192.0.2.78")
        if status == 429:
            break

    assert (status, headers["x-cache"]) == (429, "MISS")
    assert front.get(path)[0] == 200


def test_the_page_with_the_comment_form_and_what_is_sent_with_it_are_never_cached(front: Front) -> None:
    path = front.publish("To be commented on")
    before = set(front.cached())

    pages = [front.get(path) for _ in range(2)]
    forms = [read_form(body.decode()) for _, _, body in pages]
    answers = [send(front, forms[0], comment="") for _ in range(2)]
    time.sleep(TYPING_SECONDS)
    answers += [send(front, form) for form in forms]
    thanks = [front.get(headers["location"].removeprefix(front.nginx.url)) for _, headers, _ in answers[2:]]

    assert forms[0].values["token"] != forms[1].values["token"]
    assert [status for status, _, _ in answers + thanks] == [422, 422, 303, 303, 200, 200]
    assert all("x-cache" not in headers for _, headers, _ in pages + answers + thanks)
    assert set(front.cached()) <= before


def test_the_moderation_feed_is_never_cached(front: Front) -> None:
    path = front.author.urls.moderation_feed(front.author.moderation_key).removeprefix(front.nginx.url)
    before = set(front.cached())
    answers = [front.get(path)]
    form = read_form(front.get(front.publish("To be thought about"))[2].decode())
    time.sleep(TYPING_SECONDS)
    send(front, form, comment="A word that waits.")

    answers += [front.get(path) for _ in range(2)]

    assert [b"A word that waits." in body for _, _, body in answers] == [False, True, True]
    assert all("x-cache" not in headers for _, headers, _ in answers)
    assert set(front.cached()) <= before
    assert front.author.moderation_key not in front.nginx.log.read_text(), (
        "a reader of the log must not be able to moderate"
    )


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
    assert token not in front.nginx.log.read_text(), "a reader of the log must not be able to read receipts"
    wait_until(lambda: b"1 Thought to" in front.get(path)[2], 15, front.site.log)


@pytest.mark.parametrize(("coding", "decode"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_pages_reach_their_visitors_as_feedserver_compressed_them(
    front: Front, coding: str, decode: Callable[[bytes], bytes]
) -> None:
    path = front.publish(f"A post that is compressed by {coding}")

    answers = [front.get(path, Accept_Encoding=coding) for _ in range(2)]

    assert {headers["content-encoding"] for _, headers, _ in answers} == {coding}
    tokens = {read_form(decode(body).decode()).values["token"] for _, _, body in answers}
    assert len(tokens) == 2


def keys(front: Front) -> list[str]:
    """The keys in nginx's cache."""
    return [path.read_bytes().split(b"\nKEY: ")[1].split(b"\n")[0].decode() for path in front.cached()]


def send(front: Front, form: CommentForm, **typed: str) -> Answer:
    """Sends a comment as a browser does."""
    body = urlencode(form.values | TYPED | typed).encode()
    return request(front.nginx.url + form.action, body=body)
