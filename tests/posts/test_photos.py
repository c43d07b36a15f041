"""The field `photos`: pictures that stand before a text, on pages and in feeds."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from feedserver.errors import InvalidDocument
from feedserver.posts.attaching import named_in
from feedserver.posts.model import Photo
from feedserver.services import WebServices
from tests.posts.builders import document
from tests.support.fixtures import Publish
from tests.support.media_files import encoded, quarters


@pytest.mark.one_database
def test_they_stand_before_the_text_with_what_describes_them(publish: Publish, client: FlaskClient) -> None:
    publish("A lark", "Hear it.", photos='[{url: "https://a.example/lark.jpg", alt: "A \\"lark\\" <up>"}]')

    page, feed = (client.get(path).get_data(as_text=True) for path in ("/posts/a-lark", "/feed.json"))

    assert (
        '<img class="u-photo" src="https://a.example/lark.jpg" alt="A &quot;lark&quot; &lt;up&gt;"></p>\n<p>Hear'
        in page
    )
    assert '<meta property="og:image" content="https://a.example/lark.jpg">' in page
    assert "https://a.example/lark.jpg" in feed


@pytest.mark.one_database
def test_those_of_the_site_are_shown_as_all_are(services: WebServices, publish: Publish, tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(encoded(quarters(2000, 1000), "PNG"))
    media = services.library.add(tmp_path / "large.png", "large.png", "Four colours")

    post = publish("Large", photos=f"/{media.path}")

    assert f'<a href="../{media.path}"><img class="u-photo"' in post.html
    assert 'alt="Four colours"' in post.html
    assert 'width="1600" height="800"' in post.html


def test_a_text_that_leaves_everything_open_swallows_none(services: WebServices) -> None:
    publisher = services.publisher
    made = publisher.render(publisher.read(document("x", "<!-- <table><b>", photos="[/a.jpg]", format="html")))

    assert made.rendered.html.startswith('<p><img class="u-photo" src="/a.jpg" alt=""></p>')


@pytest.mark.parametrize(
    ("written", "photos"),
    [
        ("https://a.example/a.jpg", (Photo("https://a.example/a.jpg"),)),
        ("[a.jpg, {url: b.jpg, alt: '  Two\n  lines '}, '']", (Photo("a.jpg"), Photo("b.jpg", "Two lines"))),
        ("", ()),
        ("[]", ()),
    ],
)
def test_one_or_a_list_is_read(services: WebServices, written: str, photos: tuple[Photo, ...]) -> None:
    assert services.publisher.read(document(photos=written)).photos == photos


@pytest.mark.parametrize(
    "written",
    [
        *("{alt: x}", "[[a]]", "javascript:alert(1)", "{url: a, alt: [b]}"),
        *("[" + "a, " * 101 + "]", "{url: a, alt: " + "x" * 10_001 + "}"),
    ],
    ids=lambda written: written[:20],
)
def test_others_are_refused_by_name(services: WebServices, written: str) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        services.publisher.read(document(photos=written))

    assert refusal.value.field == "photos"


def test_files_beside_the_document_are_named(services: WebServices) -> None:
    named = named_in(services.publisher.read(document(photos="[roof.jpg, {url: lark.jpg, alt: A lark}]")))

    assert [file.name for file in named.files] == ["roof.jpg", "lark.jpg"]
    assert named.undescribed == ("roof.jpg",)
