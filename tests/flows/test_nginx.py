"""Debian's nginx with config/nginx.conf in front of a real site: feeds come from its cache, all else from the site."""

import gzip
import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path

import brotli
import pytest

from tests.support.front import THREADS, WORKERS, Front
from tests.support.pinging import HEADERS, ping_body
from tests.support.proxy import PROGRAM, SHIPPED, WHY_NOT, rendered
from tests.support.serving import Blog, request
from tests.support.waiting import wait_until

EXPIRED = 1.05  # seconds after which nginx asks again whether a feed has changed; a longer sleep does no harm
pytestmark = pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)


def test_the_shipped_file_is_valid(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = SHIPPED
    if os.getuid() != 0:  # `nginx -t` opens the log files
        folder = tmp_path_factory.mktemp("checked")
        path = folder / "nginx.conf"
        path.write_text(rendered(folder, 8000, 8080))

    checked = subprocess.run(
        [str(PROGRAM), "-t", "-c", str(path), "-g", "error_log stderr;"], capture_output=True, text=True, timeout=30
    )

    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr


# --- feeds ---


@pytest.mark.parametrize("path", ["/feed.rss", "/tags/feedserver/feed.atom", "/thoughts.json", "/feed.json?page=1"])
def test_feeds_come_from_the_cache_as_the_site_made_them(front: Front, path: str) -> None:
    made = request(front.site.url + path)

    status, headers, body = front.from_cache(path)

    assert (status, body) == (made[0], made[2])
    for name in ("etag", "last-modified", "cache-control", "vary", "link", "content-type", "content-length"):
        assert headers[name] == made[1][name]


def test_a_change_that_gets_no_version_passes_the_cache_which_has_its_date_as_soon_as_there_is_one(
    front: Front,
) -> None:
    before = front.get("/feed.atom")
    time.sleep(EXPIRED)
    front.publish("Without a version")
    with closing(sqlite3.connect(front.site.folder / "var" / "feedserver.sqlite3", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        answer = front.get("/feed.atom")
        # Until nginx has stored it, another of its processes may have the entry before for a moment.
        wait_until(lambda: front.get("/feed.atom", If_None_Match=answer[1]["etag"])[0] == 304, 15, front.site.log)
        dated = front.get("/feed.atom", If_Modified_Since=formatdate(time.time() + 3600, usegmt=True))

    assert b"Without a version" in answer[2]
    assert "last-modified" not in answer[1]
    assert dated[0] == 200
    after = [answer]

    def has_a_version() -> bool:
        after.append(front.get("/feed.atom"))
        return "last-modified" in after[-1][1]

    wait_until(has_a_version, 15, front.site.log)
    _, headers, body = after[-1]
    assert body == answer[2]
    assert parsedate_to_datetime(headers["last-modified"]) > parsedate_to_datetime(before[1]["last-modified"])
    wait_until(lambda: front.get("/feed.atom", If_None_Match=headers["etag"])[0] == 304, 15, front.site.log)


def test_a_new_post_is_in_the_first_answer_a_second_later(front: Front) -> None:
    """Also after a long pause, and if the cached feed was fetched just before."""
    wait_until(lambda: front.get("/feed.rss")[1]["x-cache"] != "HIT", 15, lambda: "the cached feed never expires")

    front.publish("A new one")
    time.sleep(1)  # what is promised; a longer sleep does no harm

    assert b"A new one" in front.get("/feed.rss")[2]


def test_an_unchanged_feed_is_revalidated_not_fetched_again(front: Front) -> None:
    front.from_cache("/feed.rss")
    found = set()

    def revalidated() -> bool:
        found.add(front.get("/feed.rss")[1]["x-cache"])
        return "REVALIDATED" in found

    wait_until(revalidated, 15, lambda: str(found))
    assert "EXPIRED" not in found, "that would be the whole feed once more"


def test_304_comes_from_the_cache_by_either_validator(front: Front) -> None:
    _, fresh, _ = front.from_cache("/feed.rss")
    later = formatdate(time.time() + 3600, usegmt=True)

    for condition in (
        {"If_None_Match": fresh["etag"]},
        {"If_Modified_Since": fresh["last-modified"]},
        {"If_Modified_Since": later},
        {"If_None_Match": fresh["etag"], "If_Modified_Since": fresh["last-modified"]},
    ):
        status, headers, body = front.from_cache("/feed.rss", **condition)
        assert (status, body) == (304, b"")
        for name in ("etag", "last-modified", "cache-control", "vary"):
            assert headers[name] == fresh[name]
    assert front.from_cache("/feed.rss", If_None_Match='W/"another"')[0] == 200


@pytest.mark.parametrize("mangle", ["*", '"{}-gzip"', "{}", '"other", W/"{}"'], ids=["any", "suffix", "bare", "list"])
def test_validators_that_nginx_cannot_match_go_to_the_site(front: Front, mangle: str) -> None:
    tag = front.get("/feed.rss")[1]["etag"].removeprefix("W/").strip('"')

    status, headers, _ = front.get("/feed.rss", If_None_Match=mangle.format(tag))

    assert (status, headers.get("x-cache")) == (304, None)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("br;q=1.0, gzip;q=0.8", "br"),
        ("gzip", "gzip"),
        ("deflate, x-gzip ; q=0.5", "gzip"),
        ("gzip;q=0.001, br;q=0.000", "gzip"),
        ("gzip;q=0", None),
        ("br; q=0,identity", None),
        ("brotli, gzipped", None),
        ("", None),
    ],
)
def test_each_reader_gets_a_coding_that_it_accepts(front: Front, accepted: str, coding: str | None) -> None:
    plain = front.from_cache("/feed.rss")[2]

    _, headers, body = front.from_cache("/feed.rss", Accept_Encoding=accepted)

    assert headers.get("content-encoding") == coding
    assert int(headers["content-length"]) == len(body)
    assert {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding](body) == plain


def test_a_preference_for_gzip_stores_no_gzip_under_the_key_of_br(front: Front) -> None:
    assert front.get("/feed.rss?taste", Accept_Encoding="br;q=0.5, gzip")[0] == 200

    assert front.get("/feed.rss?taste", Accept_Encoding="br")[1]["content-encoding"] == "br"


def test_all_spellings_of_accept_encoding_share_three_cache_entries(front: Front) -> None:
    for accepted in ("br", "gzip, br", "BR;q=0.9", "gzip", "gzip ,deflate", "identity", "zstd", ""):
        front.get("/feed.rss?copies", Accept_Encoding=accepted)

    keys = [path.read_bytes().split(b"\nKEY: ")[1].split(b"\n")[0] for path in front.cached()]
    assert sorted(key for key in keys if b"?copies" in key) == [
        b"/feed.rss?copies ",
        b"/feed.rss?copies br",
        b"/feed.rss?copies gzip",
    ]


def test_the_page_for_a_browser_bypasses_the_cache_and_is_not_stored(front: Front) -> None:
    headers = {"Sec_Fetch_Dest": "document", "Sec_Fetch_Mode": "navigate"}
    known = front.from_cache("/feed.rss")
    before = {path: path.read_bytes() for path in front.cached()}

    answers = [front.get("/feed.rss", If_None_Match='W/"older"', **headers) for _ in range(2)]

    assert all("x-cache" not in headers for _, headers, _ in answers)
    assert set(before) >= set(front.cached())
    status, _, body = front.from_cache("/feed.rss")
    assert (status, body) == (200, known[2])


def test_a_script_that_reads_a_feed_is_served_from_the_cache(front: Front) -> None:
    assert front.from_cache("/feed.json", Sec_Fetch_Dest="empty", Sec_Fetch_Mode="cors")[0] == 200


def test_the_command_in_the_docs_counts_readers_served_from_the_cache(front: Front) -> None:
    page = SHIPPED.parents[1].joinpath("docs", "scaling.md").read_text("utf-8")
    (command,) = re.findall(r"^    (grep .* /var/log/nginx/access\.log .*)$", page, re.MULTILINE)
    for path in ("/feed.rss", "/feed.rss", "/thoughts.atom?page=1", "/feeds"):
        front.get(path, User_Agent="Hosted/1.0 (42 subscribers)")

    command = command.replace("/var/log/nginx/access.log", str(front.nginx.log))

    def counted() -> str:
        return subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True, timeout=30).stdout

    wait_until(lambda: " 3 Hosted/1.0 (42 subscribers)\n" in counted(), 5, counted)


def test_the_feed_of_an_unknown_tag_is_404_behind_nginx_too(front: Front) -> None:
    assert front.get("/tags/nothing/feed.rss")[0] == 404


def test_404_410_and_301_are_cached_like_feeds(front: Front) -> None:
    """Otherwise requests during the revalidation would get the last cached feed for ever."""
    slugs = [front.publish(f"Short-lived {number}").removeprefix("/posts/") for number in range(2)]
    for slug in slugs:
        assert front.from_cache(f"/posts/{slug}/thoughts.rss")[0] == 200

    front.author.publisher.delete(slugs[0])
    front.author.publisher.rename(slugs[1], "renamed")
    time.sleep(EXPIRED)

    assert front.from_cache(f"/posts/{slugs[0]}/thoughts.rss")[0] == 410
    assert front.from_cache(f"/posts/{slugs[1]}/thoughts.rss")[0] == 301
    assert front.from_cache("/tags/nothing/feed.rss")[0] == 404


def test_encoded_slashes_reach_the_site_as_they_were_sent(front: Front) -> None:
    front.publish("Slash", tags="['a/b']")

    assert front.get("/tags/a%2Fb/feed.rss")[0] == 200


# --- everything else ---


@pytest.mark.parametrize("sender", ["127.0.0.77", "127.0.0.1"], ids=["from elsewhere", "from the proxy’s own machine"])
def test_the_sender_of_a_ping_is_the_connected_address_not_a_forwarded_one(
    front: Front, blog: Blog, sender: str
) -> None:
    permalink = front.nginx.url + front.publish(f"Sent {sender}")
    source = blog.put(f"/{sender}", f'<p><a href="{permalink}">this</a></p>')
    host, port = front.nginx.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20, source_address=(sender, 0))
    connection.request(
        "POST", "/pingback", ping_body(source, permalink), HEADERS | {"X-Forwarded-For": "203.0.113.9, 127.0.0.1"}
    )
    connection.getresponse().read()
    connection.close()

    wait_until(lambda: bool(blog.requests), 15, front.site.log)
    assert blog.requests[0].headers["x-pingback-forwarded-for"] == sender


def test_the_site_itself_answers_what_is_too_large(front: Front) -> None:
    status, headers, body = request(front.nginx.url + "/pingback", body=b"x" * 70_000, headers=HEADERS)

    assert (status, headers["content-type"]) == (413, "text/plain; charset=utf-8")
    assert b"65536" in body
    assert request(front.nginx.url + "/pingback", method="DELETE")[1]["allow"]


def test_apps_may_send_longer_bodies_than_others(front: Front) -> None:
    long = b"<methodCall>" + b" " * 1_000_000
    assert request(f"{front.nginx.url}/pingback", body=long)[0] == 413

    status, _, body = request(f"{front.nginx.url}/xmlrpc.php", body=long)

    assert (status, b"-32600" in body) == (200, True)


def test_metrics_are_hidden(front: Front) -> None:
    status, headers, _ = front.get("/metrics")

    assert (status, headers["content-type"]) == (404, "text/html")
    assert front.site.get("/metrics")[0] == 200


def test_the_id_of_a_request_is_nginxs(front: Front) -> None:
    shown = re.findall("<code>([^<]+)</code>", front.get("/no/such")[2].decode())

    assert len(shown) == 1
    wait_until(lambda: shown[0] in front.site.log(), 15, front.site.log)
    assert shown[0] in front.nginx.log.read_text("utf-8")


def test_pages_are_compressed_for_clients_that_accept_it(front: Front) -> None:
    _, headers, body = front.get("/", Accept_Encoding="gzip")

    assert headers["content-encoding"] == "gzip"
    assert b"<html" in gzip.decompress(body)


# Last: the site is down.


def test_while_the_site_is_down_feeds_are_served_and_new_posts_follow_when_it_is_back(front: Front) -> None:
    known = front.from_cache("/feed.rss")
    front.site.stop(signal.SIGKILL)
    try:
        time.sleep(EXPIRED)
        status, headers, body = front.get("/feed.rss")
        assert (status, headers["x-cache"], body) == (200, "STALE", known[2])
        assert front.get("/feed.rss", If_None_Match=known[1]["etag"])[0] == 304
        assert front.get("/")[0] == 502
    finally:
        front.site.start(WORKERS, THREADS)

    front.publish("Back again")
    time.sleep(EXPIRED)
    assert "Back again" in [item["title"] for item in json.loads(front.get("/feed.json")[2])["items"]]
    assert b"Back again" in front.get("/feed.rss")[2]


# --- pictures and files ---


def test_pictures_and_files_come_from_the_site_whole_and_in_parts(front: Front, tmp_path: Path) -> None:
    content = b"%PDF-1.4\n" + bytes(range(256)) * 2000
    (tmp_path / "talk.pdf").write_bytes(content)
    path = f"/{front.author.library.add(tmp_path / 'talk.pdf', 'talk.pdf').path}"

    for _ in range(4):  # each process looks the address up once
        status, headers, body = front.get(path)
        assert (status, body, headers["content-type"]) == (200, content, "application/pdf")
        assert front.get(path, Range="bytes=300000-300009")[::2] == (206, content[300000:300010])
        assert front.get(path, Range="bytes=-7")[::2] == (206, content[-7:])
        assert front.get(path, If_None_Match=headers["etag"])[0] == 304
