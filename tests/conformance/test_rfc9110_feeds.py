"""HTTP semantics of feeds (RFC 9110); each test names its section."""

from email.utils import format_datetime, parsedate_to_datetime

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.posts.model import Post
from tests.support.fixtures import Publish
from tests.support.outside import Clock

FEEDS = ["/feed.rss", "/feed.atom", "/feed.json", "/thoughts.rss", "/tags/sea/feed.atom", "/posts/fog/thoughts.json"]
REPEATED = ["ETag", "Last-Modified", "Cache-Control", "Vary", "Link", "Access-Control-Allow-Origin"]
every_feed = pytest.mark.parametrize("path", FEEDS)


@pytest.fixture(autouse=True)
def fog(publish: Publish) -> Post:
    return publish("Fog", slug="fog", tags="[sea]")


def conditional(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@every_feed
def test_9_3_2_head_answers_as_get_would_without_the_content(client: FlaskClient, path: str) -> None:
    for coding in ("identity", "gzip", "br"):
        got = client.get(path, headers={"Accept-Encoding": coding})
        head = client.head(path, headers={"Accept-Encoding": coding})

        assert (head.status_code, head.data, head.headers) == (200, b"", got.headers)
    assert client.head(path, headers={"If-None-Match": got.headers["ETag"]}).status_code == 304


@every_feed
def test_15_5_6_other_methods_are_not_allowed_and_allow_lists_the_others(client: FlaskClient, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND", "BREW"):
        answer = client.open(path, method=method)

        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_9_3_7_options_lists_the_methods_of_a_feed(client: FlaskClient) -> None:
    answer = client.options("/feed.rss")

    assert (answer.status_code, answer.data) == (200, b"")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@every_feed
def test_15_4_5_a_304_repeats_the_fields_of_a_200_without_content_and_its_fields(
    client: FlaskClient, path: str
) -> None:
    whole = client.get(path)
    by_tag = conditional(client, path, If_None_Match=whole.headers["ETag"], Accept_Encoding="gzip")
    by_date = conditional(client, path, If_Modified_Since=whole.headers["Last-Modified"])

    for answer in (by_tag, by_date):
        assert (answer.status_code, answer.data) == (304, b"")
        assert {name: answer.headers[name] for name in REPEATED} == {name: whole.headers[name] for name in REPEATED}
        assert set(answer.headers.keys()) <= set(whole.headers.keys())
        assert not {"Content-Type", "Content-Length", "Content-Encoding", "Set-Cookie"} & set(answer.headers.keys())


def test_8_8_1_a_tag_of_one_coding_serves_for_the_others_since_it_is_weak(client: FlaskClient) -> None:
    tags = {client.get("/feed.rss", headers={"Accept-Encoding": name}).headers["ETag"] for name in ("gzip", "br", "")}

    (tag,) = tags
    assert tag.startswith('W/"')
    for name in ("gzip", "br", "identity"):
        assert conditional(client, "/feed.rss", If_None_Match=tag, Accept_Encoding=name).status_code == 304


def test_8_8_2_last_modified_is_a_date_of_whole_seconds_in_gmt(client: FlaskClient, clock: Clock) -> None:
    said = client.get("/feed.rss").headers["Last-Modified"]

    assert said == format_datetime(clock().replace(microsecond=0), usegmt=True)
    assert parsedate_to_datetime(said) <= clock()


@pytest.mark.parametrize(
    ("dress", "status"),
    [
        ("{}", 304),
        ('"a", {}', 304),
        ("*", 304),
        ('"other"', 200),
        ('W/"other", "x"', 200),
        ("", 200),
    ],
    ids=["ours", "list", "any", "other", "others", "empty"],
)
def test_13_1_2_if_none_match_takes_tags_lists_and_any(client: FlaskClient, dress: str, status: int) -> None:
    tag = client.get("/feed.rss").headers["ETag"]

    assert conditional(client, "/feed.rss", If_None_Match=dress.format(tag)).status_code == status


@pytest.mark.parametrize(
    ("days", "status"), [(0, 304), (1, 304), (4000, 304), (-1, 200)], ids=["same", "later", "far-later", "earlier"]
)
def test_13_1_3_if_modified_since_takes_our_date_and_later_ones(
    client: FlaskClient, clock: Clock, days: int, status: int
) -> None:
    client.get("/feed.rss")
    since = format_datetime(clock.move(days=days), usegmt=True)

    assert conditional(client, "/feed.rss", If_Modified_Since=since).status_code == status


@pytest.mark.parametrize("since", ["garbage", "", "2026-03-08", "Sun, 08 Mar 99999999999999999999 12:00:00 GMT"])
def test_13_1_3_an_invalid_date_is_ignored(client: FlaskClient, since: str) -> None:
    assert conditional(client, "/feed.rss", If_Modified_Since=since).status_code == 200


def test_13_2_2_if_none_match_goes_before_if_modified_since(client: FlaskClient) -> None:
    whole = client.get("/feed.rss")
    today, long_ago = whole.headers["Last-Modified"], "Sat, 01 Jan 2000 00:00:00 GMT"

    changed = conditional(client, "/feed.rss", If_None_Match='"other"', If_Modified_Since=today)
    unchanged = conditional(client, "/feed.rss", If_None_Match=whole.headers["ETag"], If_Modified_Since=long_ago)

    assert (changed.status_code, unchanged.status_code) == (200, 304)


def test_13_2_1_conditions_do_not_change_404_and_301(client: FlaskClient) -> None:
    for path, status in (("/tags/none/feed.rss", 404), ("/feed", 301)):
        assert conditional(client, path, If_None_Match="*").status_code == status


@pytest.mark.parametrize("manipulations", ["feed", "feed, gzip", "vcdiff;q=0.5, feed", "*"])
def test_rfc_3229_no_delta_is_ever_sent(client: FlaskClient, publish: Publish, manipulations: str) -> None:
    before = client.get("/feed.atom")
    publish("Mist", tags="[sea]")
    whole = client.get("/feed.atom")
    assert whole.data != before.data

    for tag in (before.headers["ETag"], '"never"'):
        answer = conditional(client, "/feed.atom", A_IM=manipulations, If_None_Match=tag)
        assert (answer.status_code, answer.data, answer.headers) == (200, whole.data, whole.headers)
    assert conditional(client, "/feed.atom", A_IM="feed", If_None_Match=whole.headers["ETag"]).status_code == 304


@pytest.mark.parametrize("range_", ["bytes=0-10", "bytes=999999-", "lines=1-2"])
def test_14_2_a_range_may_be_ignored_and_is(client: FlaskClient, range_: str) -> None:
    assert conditional(client, "/feed.rss", Range=range_).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip;q=0.2, br;q=0.1", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("*;q=0.5", "br"),
        ("identity;q=1, gzip;q=0.9", None),
        ("zstd, deflate", None),
        ("gzip;q=0.001", "gzip"),
    ],
)
def test_12_5_3_codings_are_weighed_by_their_quality(client: FlaskClient, accepted: str, coding: str | None) -> None:
    assert conditional(client, "/feed.rss", Accept_Encoding=accepted).headers.get("Content-Encoding") == coding


@pytest.mark.parametrize("accept", ["text/html", "application/atom+xml", "*/*;q=0", "garbage", ""])
def test_12_5_1_accept_may_be_disregarded_and_is(client: FlaskClient, accept: str) -> None:
    answer = conditional(client, "/feed.rss", Accept=accept)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/rss+xml; charset=utf-8")
    assert "Accept" not in answer.headers["Vary"].split(", ")


@every_feed
def test_12_5_3_a_suffix_that_a_proxy_added_to_a_tag_is_overlooked(client: FlaskClient, path: str) -> None:
    tag = client.get(path).headers["ETag"]
    for suffix in ("-gzip", "-br", "--gzip", ";gzip"):
        assert conditional(client, path, If_None_Match=tag[:-1] + suffix + '"').status_code == 304
    assert conditional(client, path, If_None_Match=tag[:-1] + '-other"').status_code == 200


def test_fetch_scripts_of_other_sites_may_send_conditions_and_read_the_headers(client: FlaskClient) -> None:
    asked = client.options(
        "/feed.rss", headers={"Origin": "https://reader.example", "Access-Control-Request-Headers": "if-none-match"}
    )
    answers = [
        client.get(path)
        for path in ("/feed.rss", "/feed", "/feed.rss?page=99", "/tags/none/feed.atom", "/posts/none/thoughts.rss")
    ]

    assert asked.headers["Access-Control-Allow-Headers"] == "If-Modified-Since, If-None-Match"
    assert [answer.status_code for answer in answers] == [200, 301, 404, 404, 404]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in [asked, *answers]} == {"*"}
    assert "ETag" in answers[0].headers["Access-Control-Expose-Headers"]
    page = client.get("/feed.rss", headers={"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"})
    assert "Access-Control-Allow-Origin" not in page.headers
