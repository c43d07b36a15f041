"""Pictures and files of the site in posts (docs/interface.md, “Pictures and files”)."""

import json
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from feedserver.errors import InvalidDocument
from feedserver.installation import upgrade
from feedserver.media import store as media
from feedserver.media.model import Media
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.storage.schema import posts
from feedserver.urls import Urls
from tests.media.builders import add, file, picture
from tests.posts.builders import document, edit

pytestmark = pytest.mark.one_database

ROOF = picture("roof.jpg", alt="A roof")
TALK = file("talk.mp3", "audio/mpeg", 1234)


def publish(services: WebServices, body: str, files: dict[str, Media] | None = None, **front: object) -> Post:
    publisher = services.publisher
    return publisher.add(publisher.read(document("A roof", body, **front)), services.clock(), files or {})


def named(services: WebServices, post: Post) -> dict[str, str]:
    with services.database.read() as connection:
        return {reference: one.name for reference, one in media.of_post(connection, post.id).items()}


def item(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.get("/feed.json").data)["items"][0]
    return found


def test_a_picture_beside_the_document_stands_on_the_page_and_in_feeds(
    services: WebServices, client: FlaskClient
) -> None:
    post = publish(services, "![](roof.jpg)", {"roof.jpg": ROOF})

    page, feed = client.get("/posts/a-roof").text, item(client)
    copy = ROOF.copies[-1]
    assert f'<a href="../{ROOF.path}"><img src="../{copy.path}" alt="A roof" width="1600" height="1200"' in page
    assert f"../{copy.path} 1600w" in page
    assert f'<meta property="og:image" content="http://blog.example/{copy.path}">' in page
    assert feed["image"] == f"http://blog.example/{copy.path}"
    assert (
        f'<a href="http://blog.example/{ROOF.path}"><img src="http://blog.example/{copy.path}" ' in feed["content_html"]
    )
    assert "srcset" not in feed["content_html"]
    assert named(services, post) == {"roof.jpg": "roof.jpg"}


@pytest.mark.parametrize("address", ["/{}", "http://blog.example/{}", "../{}"])
def test_a_picture_that_is_named_by_its_address_is_shown_like_one_beside_the_document(
    services: WebServices, client: FlaskClient, address: str
) -> None:
    add(services, ROOF)

    post = publish(services, f"![x]({address.format(ROOF.path)})")

    assert f'<img src="../{ROOF.copies[-1].path}" alt="x" width="1600"' in client.get("/posts/a-roof").text
    assert named(services, post) == {f"media/{ROOF.hash}": "roof.jpg"}


def test_the_address_of_a_smaller_copy_means_the_picture(services: WebServices) -> None:
    add(services, ROOF, picture("other.jpg"))

    post = publish(services, f"![x](/{ROOF.copies[0].path})")

    assert f'<a href="../{ROOF.path}"><img src="../{ROOF.copies[-1].path}" alt="x"' in post.html


def test_a_document_in_html_has_its_pictures_too(services: WebServices, client: FlaskClient) -> None:
    publish(services, '<IMG SRC="roof.jpg" alt="x">', {"roof.jpg": ROOF}, format="html")

    assert f'<img src="../{ROOF.copies[-1].path}" alt="x" width="1600"' in client.get("/posts/a-roof").text


def test_a_page_at_the_root_names_pictures_from_there(services: WebServices) -> None:
    post = publish(services, "![](roof.jpg)", {"roof.jpg": ROOF}, page="true")

    assert f'<a href="{ROOF.path}"><img src="{ROOF.copies[-1].path}"' in post.html


def test_an_enclosure_beside_the_document_has_its_true_type_and_length(
    services: WebServices, client: FlaskClient
) -> None:
    publish(services, "Listen.", {"talk.mp3": TALK}, enclosures="[{url: talk.mp3, type: audio/x-guess, length: 1}]")

    assert item(client)["attachments"] == [
        {"url": f"http://blog.example/{TALK.path}", "mime_type": "audio/mpeg", "size_in_bytes": 1234}
    ]


@pytest.mark.parametrize("url", ["talk.mp3", f"/{TALK.path}", f"http://blog.example/{TALK.path}"])
def test_type_and_length_of_a_file_of_ours_need_not_be_written(services: WebServices, url: str) -> None:
    add(services, TALK)

    post = publish(services, "Listen.", {"talk.mp3": TALK}, enclosures=f"[{{url: '{url}'}}]")

    assert [(one.url, one.type, one.length) for one in post.enclosures] == [(f"../{TALK.path}", "audio/mpeg", 1234)]


def test_an_enclosure_that_is_no_file_of_ours_needs_them(services: WebServices) -> None:
    with pytest.raises(InvalidDocument, match=r"enclosures: “other\.mp3” needs its type and length"):
        publish(services, "Listen.", enclosures="[{url: other.mp3}]")


def test_an_edit_keeps_what_the_names_of_files_mean(services: WebServices, client: FlaskClient) -> None:
    post = publish(services, "![](roof.jpg)", {"roof.jpg": ROOF})

    edit(services, "a-roof", "A roof", "Now with words. ![](roof.jpg)")

    assert ROOF.copies[-1].path in client.get("/posts/a-roof").text
    assert named(services, post) == {"roof.jpg": "roof.jpg"}


def test_after_an_edit_an_enclosure_has_its_true_address_type_and_length_too(services: WebServices) -> None:
    post, publisher = (
        publish(services, "Listen.", {"talk.mp3": TALK}, enclosures="[{url: talk.mp3}]"),
        services.publisher,
    )

    edited = publisher.edit("a-roof", publisher.read(post.source.encode()), services.clock())

    assert [(one.url, one.type, one.length) for one in edited.enclosures] == [(f"../{TALK.path}", "audio/mpeg", 1234)]


def test_an_edit_may_bring_another_file_of_the_same_name(services: WebServices) -> None:
    post, other = publish(services, "![](roof.jpg)", {"roof.jpg": ROOF}), picture("new.jpg")
    publisher = services.publisher

    publisher.edit("a-roof", publisher.read(document("A roof", "![](roof.jpg)")), services.clock(), {"roof.jpg": other})

    assert named(services, post) == {"roof.jpg": "new.jpg"}


def test_what_an_edit_takes_out_is_shown_no_more(services: WebServices) -> None:
    post = publish(services, "![](roof.jpg)", {"roof.jpg": ROOF})

    edit(services, "a-roof", "A roof", "No picture.")

    assert named(services, post) == {}


def test_a_post_that_is_rendered_anew_keeps_its_pictures(services: WebServices) -> None:
    post = publish(services, "![](roof.jpg)", {"roof.jpg": ROOF})
    with services.database.write() as connection:
        connection.execute(update(posts).values(html="", feed_html="", image=None, rendering=0))

    upgrade(services)

    with services.database.read() as connection:
        row = connection.execute(posts.select()).one()
    assert (row.html, row.feed_html, row.image) == (post.html, post.feed_html, post.image)


def test_a_site_that_moves_takes_its_pictures_along_also_in_texts_that_name_the_former_address(
    services: WebServices,
) -> None:
    add(services, ROOF)
    post = publish(services, f"![](roof.jpg) ![x](http://blog.example/{ROOF.path})", {"roof.jpg": ROOF})
    moved = replace(services.publisher, urls=Urls("https://new.example/notes"))

    after = moved.edit("a-roof", moved.read(post.source.encode()), services.clock())

    assert after.html == post.html
    assert "blog.example" not in after.html


def test_a_refused_document_leaves_no_rows(services: WebServices) -> None:
    publish(services, "First.")

    with pytest.raises(Exception, match="taken"):
        publish(services, "![](roof.jpg)", {"roof.jpg": ROOF})

    with services.database.read() as connection:
        assert media.everything(connection) == []


def test_an_erased_post_shows_nothing(services: WebServices) -> None:
    publish(services, "![](roof.jpg)", {"roof.jpg": ROOF})
    services.publisher.delete("a-roof")
    post = services.publisher.erase("a-roof")

    assert named(services, post) == {}
