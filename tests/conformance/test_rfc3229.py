"""RFC 3229, delta encoding, with the instance manipulation `feed`; the numbers are the RFC's sections."""

import gzip
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import brotli
import feedparser
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.app import create_app
from feedserver.posts.model import Post
from feedserver.services import Services
from feedserver.settings import FeedsSettings, LimitsSettings, Settings
from feedserver.thoughts.moderation import actions
from tests.feeds.happenings import say, take_the_database_away
from tests.support.outside import Clock

FEEDS = ["/feed.rss", "/feed.atom", "/tags/sea/feed.atom", "/authors/Ann%20Author/feed.rss"]
every_feed = pytest.mark.parametrize("path", FEEDS)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Here one reader takes more copies than readers do."""
    return replace(settings, limits=LimitsSettings(copies=0))


@pytest.fixture
def database_url(prepared_sqlite: Path, tmp_path: Path) -> str:
    """One kind is enough: `tests/feeds/test_versions.py` tries both."""
    shutil.copy(prepared_sqlite, tmp_path / "site.sqlite3")
    return f"sqlite:///{tmp_path / 'site.sqlite3'}"


@pytest.fixture(autouse=True)
def three(publish: Callable[..., Post]) -> list[Post]:
    return [publish(f"Post {n}", slug=f"post-{n}", tags="[sea]", date=f"2026-01-0{n}") for n in (1, 2, 3)]


def ask(client: FlaskClient, path: str, etag: str, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers={"If-None-Match": etag, "A-IM": "feed"} | named)


def titles(answer: TestResponse) -> list[str]:
    parsed = feedparser.parse(answer.data)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return [entry.title for entry in parsed.entries]


def tag(client: FlaskClient, path: str) -> str:
    return client.get(path).headers["ETag"]


@every_feed
def test_10_4_1_a_reader_who_names_a_version_gets_226_with_what_is_new_since(
    client: FlaskClient, publish: Callable[..., Post], path: str
) -> None:
    known = tag(client, path)
    publish("Post 4", tags="[sea]")

    answer = ask(client, path, known)

    assert (answer.status, titles(answer)) == ("226 IM USED", ["Post 4"])
    assert answer.headers["IM"] == "feed"
    assert answer.headers["ETag"] == tag(client, path)
    assert answer.headers["Content-Type"] == client.get(path).headers["Content-Type"]
    assert answer.headers["Content-Length"] == str(len(answer.data))


@every_feed
def test_10_4_1_and_what_was_changed_since(
    client: FlaskClient, services: Services, publish: Callable[..., Post], clock: Clock, path: str
) -> None:
    known = tag(client, path)
    edited = services.publisher.read(b"---\ntitle: Post 2, corrected\ntags: [sea]\n---\nBetter.\n")
    services.publisher.edit("post-2", edited, clock())
    publish("Of old", tags="[sea]", date="1999-01-01")

    assert titles(ask(client, path, known)) == ["Post 2, corrected", "Of old"]


@every_feed
def test_several_versions_back_all_that_came_between_is_new(
    client: FlaskClient, publish: Callable[..., Post], path: str
) -> None:
    known = [tag(client, path)]
    for number in (4, 5, 6):
        publish(f"Post {number}", tags="[sea]")
        known.append(tag(client, path))

    assert titles(ask(client, path, known[0])) == ["Post 6", "Post 5", "Post 4"]
    assert titles(ask(client, path, known[2])) == ["Post 6"]
    assert titles(ask(client, path, f"{known[0]}, {known[2]}")) == ["Post 6"]
    assert ask(client, path, f"{known[0]}, {known[3]}").status_code == 304


@pytest.mark.parametrize(
    "mangle",
    [lambda tag: tag.removeprefix("W/"), lambda tag: tag.replace('"', ""), lambda tag: tag[:-1] + '-gzip"'],
    ids=["strong", "unquoted", "gzip"],
)
def test_mangled_tags_are_understood_as_for_304(
    client: FlaskClient, publish: Callable[..., Post], mangle: Callable[[str], str]
) -> None:
    known = tag(client, "/feed.rss")
    publish("Post 4")

    assert titles(ask(client, "/feed.rss", mangle(known))) == ["Post 4"]


@every_feed
def test_10_5_3_without_a_im_nobody_gets_a_delta(client: FlaskClient, publish: Callable[..., Post], path: str) -> None:
    known = tag(client, path)
    publish("Post 4", tags="[sea]")

    for headers in ({}, {"A-IM": "vcdiff"}, {"A-IM": ""}):
        answer = client.get(path, headers={"If-None-Match": known} | headers)
        assert (answer.status_code, len(titles(answer))) == (200, 4)
        assert "IM" not in answer.headers


@every_feed
def test_without_a_tag_or_with_an_unknown_one_the_whole_is_sent(client: FlaskClient, path: str) -> None:
    for headers in ({"A-IM": "feed"}, {"A-IM": "feed", "If-None-Match": 'W/"never-was"'}):
        assert client.get(path, headers=headers).status_code == 200
    assert ask(client, path, ", ".join(f'"{n}"' for n in range(1000))).status_code == 200


def test_a_tag_of_another_feed_is_not_a_version_of_this_one(client: FlaskClient, publish: Callable[..., Post]) -> None:
    known = tag(client, "/feed.atom")
    publish("Post 4")

    assert ask(client, "/feed.rss", known).status_code == 200


@every_feed
def test_a_reader_who_has_everything_gets_304(client: FlaskClient, path: str) -> None:
    assert ask(client, path, tag(client, path)).status_code == 304


@every_feed
def test_when_an_entry_was_taken_away_the_whole_is_sent_so_that_readers_can_see_it(
    client: FlaskClient, services: Services, publish: Callable[..., Post], path: str
) -> None:
    known = tag(client, path)
    services.publisher.delete("post-2")
    publish("Post 4", tags="[sea]")

    answer = ask(client, path, known)

    assert (answer.status_code, titles(answer)) == (200, ["Post 4", "Post 3", "Post 1"])


def test_a_post_that_lost_its_tag_was_taken_away_from_the_tags_feed_and_from_no_other(
    client: FlaskClient, services: Services, clock: Clock
) -> None:
    site, sea = tag(client, "/feed.rss"), tag(client, "/tags/sea/feed.rss")
    services.publisher.edit("post-2", services.publisher.read(b"---\ntitle: Post 2\n---\nDry.\n"), clock())

    assert ask(client, "/tags/sea/feed.rss", sea).status_code == 200
    assert titles(ask(client, "/feed.rss", site)) == ["Post 2"]


@every_feed
def test_an_entry_that_newer_ones_pushed_out_was_not_taken_away(
    settings: Settings, assemble: Callable[[Settings], Services], publish: Callable[..., Post], path: str
) -> None:
    services = assemble(replace(settings, feeds=FeedsSettings(entries=3)))
    client = create_app(services=services).test_client()
    known = tag(client, path)
    publish("Post 4", tags="[sea]")

    assert titles(ask(client, path, known)) == ["Post 4"]


def test_when_only_the_feed_itself_says_something_else_the_whole_is_sent(
    client: FlaskClient, settings: Settings, assemble: Callable[[Settings], Services]
) -> None:
    known = tag(client, "/feed.rss")
    renamed = assemble(replace(settings, site=replace(settings.site, title="Another name")))

    assert ask(create_app(services=renamed).test_client(), "/feed.rss", known).status_code == 200


@pytest.mark.parametrize("path", ["/thoughts.rss", "/posts/post-1/thoughts.atom"])
def test_thoughts_have_deltas_too(
    client: FlaskClient, services: Services, three: list[Post], clock: Clock, path: str
) -> None:
    first = say(services, three[0], name="Bob")
    known = tag(client, path)
    say(services, three[0], name="Eve")
    new = ask(client, path, known)
    actions.moderate(services.database, first.id, "spam", clock())
    after = ask(client, path, known)

    assert (new.status_code, titles(new)) == (226, ["Eve on “Post 1”"])
    assert (after.status_code, titles(after)) == (200, ["Eve on “Post 1”"])


def test_json_is_sent_whole(client: FlaskClient, publish: Callable[..., Post]) -> None:
    known = tag(client, "/feed.json")
    publish("Post 4")

    assert ask(client, "/feed.json", known).status_code == 200


def test_pages_and_archives_are_sent_whole(client: FlaskClient, publish: Callable[..., Post]) -> None:
    known = tag(client, "/feed.rss?page=1")
    publish("Post 4")

    assert ask(client, "/feed.rss?page=1", known).status_code == 200


@pytest.mark.parametrize(("coding", "decode"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_10_1_a_delta_may_be_compressed(
    client: FlaskClient, publish: Callable[..., Post], coding: str, decode: Callable[[bytes], bytes]
) -> None:
    known = tag(client, "/feed.atom")
    publish("Post 4")

    plain = ask(client, "/feed.atom", known)
    packed = ask(client, "/feed.atom", known, Accept_Encoding=coding)

    assert (packed.status_code, packed.headers["Content-Encoding"]) == (226, coding)
    assert decode(packed.data) == plain.data


def test_10_6_caches_that_know_nothing_of_deltas_keep_none(client: FlaskClient, publish: Callable[..., Post]) -> None:
    known = tag(client, "/feed.rss")
    publish("Post 4")

    headers = ask(client, "/feed.rss", known).headers

    assert headers["Cache-Control"] == "no-store"
    assert {"A-IM", "If-None-Match", "Accept-Encoding"} <= set(headers["Vary"].split(", "))
    assert "A-IM" in client.get("/feed.rss").headers["Vary"]


def test_head_says_what_get_would(client: FlaskClient, publish: Callable[..., Post]) -> None:
    known = tag(client, "/feed.rss")
    publish("Post 4")
    got = ask(client, "/feed.rss", known)

    head = client.head("/feed.rss", headers={"If-None-Match": known, "A-IM": "feed"})

    assert (head.status_code, head.data, head.headers) == (226, b"", got.headers)


def test_a_delta_outlives_a_restart(
    client: FlaskClient, settings: Settings, assemble: Callable[[Settings], Services], publish: Callable[..., Post]
) -> None:
    known = tag(client, "/feed.rss")
    publish("Post 4")
    restarted = create_app(services=assemble(settings)).test_client()

    assert titles(ask(restarted, "/feed.rss", known)) == ["Post 4"]


def test_only_the_last_versions_are_kept(client: FlaskClient, publish: Callable[..., Post]) -> None:
    tags = [tag(client, "/feed.rss")]
    for number in range(4, 56):
        publish(f"Post {number}")
        tags.append(tag(client, "/feed.rss"))

    assert ask(client, "/feed.rss", tags[0]).status_code == 200
    assert ask(client, "/feed.rss", tags[-10]).status_code == 226


def test_while_the_database_is_away_the_last_good_bytes_are_sent_whole(
    client: FlaskClient, services: Services, publish: Callable[..., Post]
) -> None:
    known = tag(client, "/feed.rss")
    publish("Post 4")
    whole = client.get("/feed.rss")
    take_the_database_away(services)

    answer = ask(client, "/feed.rss", known)

    assert (answer.status_code, answer.data) == (200, whole.data)
