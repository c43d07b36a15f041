"""What a post is about, as those who read feeds see it."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree

from feedserver.services import WebServices
from tests.support.fixtures import Publish

THEIRS, OTHER = "https://their.example/posts/1?a=1&b=2", "https://other.example/2"
THR = "{http://purl.org/syndication/thread/1.0}in-reply-to"
RELATED = "{http://www.w3.org/2005/Atom}link[@rel='related']"
CONTENT = {"rss": "{http://purl.org/rss/1.0/modules/content/}encoded", "atom": "{http://www.w3.org/2005/Atom}content"}
IN_HTML = '<p>In reply to <a class="u-in-reply-to" href="https://their.example/posts/1?a=1&amp;b=2" dir="ltr">'


@pytest.fixture
def database_url(prepared_sqlite: Path, tmp_path: Path) -> str:
    """One kind is enough: nothing here depends on the database."""
    return f"sqlite:///{shutil.copy(prepared_sqlite, tmp_path / 'site.sqlite3')}"


def entry(client: FlaskClient, fmt: str) -> etree._Element:
    """The only entry of the site's feed."""
    root = etree.fromstring(client.get(f"/feed.{fmt}").data)
    (found,) = root.findall("channel/item" if fmt == "rss" else "{http://www.w3.org/2005/Atom}entry")
    return found


def item(client: FlaskClient) -> dict[str, Any]:
    (found,) = json.loads(client.get("/feed.json").data)["items"]
    return dict(found)


@pytest.mark.parametrize("fmt", ["rss", "atom"])
def test_a_reply_names_the_pages_that_it_answers_rfc_4685_section_3(
    client: FlaskClient, publish: Publish, fmt: str
) -> None:
    publish("A reply", "Well said.", reply_to=f"['{THEIRS}', {OTHER}]")

    assert [dict(one.attrib) for one in entry(client, fmt).findall(THR)] == [
        {"ref": THEIRS, "href": THEIRS},
        {"ref": OTHER, "href": OTHER},
    ]


def test_of_our_own_posts_it_names_the_id_and_the_feed(
    client: FlaskClient, publish: Publish, services: WebServices
) -> None:
    first, base = publish("First", slug="first"), "http://blog.example/posts"
    publish("Draft", slug="draft", draft="true")
    publish("Second", slug="second", reply_to=f"[{base}/first, {base}/former?x=1, {base}/draft]")
    former = services.publisher.rename(publish("Third", slug="former").slug, "third")

    root = etree.fromstring(client.get("/feed.atom").data)

    source = "http://blog.example/feed.atom"
    assert [dict(one.attrib) for one in root.iter(THR)] == [
        {"ref": first.guid, "type": "text/html", "href": f"{base}/first", "source": source},
        {"ref": former.guid, "type": "text/html", "href": f"{base}/former?x=1", "source": source},
        {"ref": f"{base}/draft", "href": f"{base}/draft"},
    ]


@pytest.mark.parametrize("fmt", ["rss", "atom"])
@pytest.mark.parametrize("field", ["like_of", "repost_of", "bookmark_of"])
def test_a_post_that_answers_nothing_is_no_reply(client: FlaskClient, publish: Publish, fmt: str, field: str) -> None:
    publish("A post", "Words.", **{field: OTHER})

    assert entry(client, fmt).findall(THR) == []
    assert [link.get("href") for link in entry(client, fmt).findall(RELATED)] == [OTHER]


def test_readers_see_what_a_post_is_about_before_its_text(client: FlaskClient, publish: Publish) -> None:
    publish("A reply", "Well said.", reply_to=f"'{THEIRS}'", bookmark_of=OTHER)

    texts = [entry(client, fmt).findtext(name) or "" for fmt, name in CONTENT.items()]
    texts.append(item(client)["content_html"])

    assert len(set(texts)) == 1
    assert texts[0].startswith(IN_HTML)
    assert re.sub("<[^>]+>", "", texts[0]).splitlines() == [
        "In reply to their.example/posts/1?a=1&amp;b=2",
        "Bookmark of other.example/2",
        "Well said.",
    ]


def test_our_words_are_english_in_a_post_of_another_language(client: FlaskClient, publish: Publish) -> None:
    publish("Antwort", "Ja.", lang="de-CH", reply_to=OTHER)

    assert item(client)["content_html"].startswith('<p lang="en">In reply to ')


def test_a_post_that_is_about_a_page_alone_is_called_by_it(client: FlaskClient, publish: Publish) -> None:
    publish("", "", slug="like", like_of=OTHER)

    assert entry(client, "rss").findtext("title") == "Likes other.example/2"
    assert entry(client, "rss").findtext("description") == "Likes other.example/2"
    assert item(client)["content_html"] == (
        f'<p>Likes <a class="u-like-of" href="{OTHER}" dir="ltr">other.example/2</a></p>\n'
    )
    assert item(client)["external_url"] == OTHER


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, None),
        ({"bookmark_of": OTHER}, OTHER),
        ({"bookmark_of": OTHER, "like_of": OTHER}, OTHER),
        ({"bookmark_of": OTHER, "reply_to": f"'{OTHER}#c1'"}, f"{OTHER}#c1"),
        ({"bookmark_of": f"[{OTHER}, '{THEIRS}']"}, None),
        ({"bookmark_of": OTHER, "like_of": f"'{THEIRS}'"}, None),
    ],
)
def test_json_feed_names_the_page_elsewhere_of_a_post_that_is_about_exactly_one(
    client: FlaskClient, publish: Publish, fields: dict[str, str], url: str | None
) -> None:
    publish("A post", f"With a [link]({THEIRS}).", **fields)

    assert item(client).get("external_url") == url


def test_an_edit_that_leaves_the_field_out_takes_it_out_of_all_feeds(
    client: FlaskClient, publish: Publish, services: WebServices
) -> None:
    publish("A post", "Words.", slug="a-post", reply_to=OTHER)
    publisher = services.publisher
    publisher.edit("a-post", publisher.read(b"---\ntitle: A post\n---\nWords.\n"), services.clock())

    assert all(b"other.example" not in client.get(f"/feed.{fmt}").data for fmt in ("rss", "atom", "json"))
