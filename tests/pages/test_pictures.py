"""Pictures of the site on pages: small ones in lists, and those that are attached (“Pictures and files”)."""

from flask.testing import FlaskClient

from feedserver.media.model import Media
from feedserver.services import WebServices
from tests.media.builders import add, file, picture
from tests.pages.builders import elements
from tests.posts.builders import publish

ROOF = picture("roof.jpg", alt="A roof")
TALL = picture("tower.png", 1000, 4000)


def show(services: WebServices, title: str, *media: Media, **front: object) -> None:
    add(services, *media)
    publish(services, title, " ".join(f"![](/{one.path})" for one in media), **front)


def test_a_list_shows_the_first_picture_of_a_post_small_with_its_size_and_late(
    services: WebServices, client: FlaskClient
) -> None:
    show(services, "Tower", ROOF, TALL, tags="[sea]")

    for path in ("/", "/tags/sea", "/authors/Ann%20Author"):
        (image,) = elements(client.get(path).text, ".h-entry img")
        small = ROOF.copies[0]
        assert image.attrs["src"] == f"http://blog.example/{small.path}"
        assert (image.attrs["width"], image.attrs["height"], image.attrs["loading"]) == ("400", "300", "lazy")
        link = image.closest("a")
        assert link is not None
        assert link.attrs["href"] == "http://blog.example/posts/tower"
        assert (image.attrs["alt"], link.attrs["tabindex"], link.attrs["aria-hidden"]) == ("", "-1", "true")


def test_posts_without_a_picture_of_ours_have_none(services: WebServices, client: FlaskClient) -> None:
    publish(services, "Other", "![x](https://other.example/roof.jpg)")
    publish(services, "None", "Words.")

    assert elements(client.get("/").text, ".h-entry img") == []


def test_a_picture_that_was_removed_is_shown_no_more(services: WebServices, client: FlaskClient) -> None:
    show(services, "Tower", ROOF)
    client.get("/")

    services.library.remove("roof.jpg", force=True)

    assert elements(client.get("/").text, ".h-entry img") == []


def test_an_attached_picture_stands_as_its_smaller_copy_and_small_in_lists(
    services: WebServices, client: FlaskClient
) -> None:
    add(services, ROOF, file("talk.pdf"))
    enclosures = [f"{{url: /{one.path}}}" for one in (ROOF, file("talk.pdf"))]
    publish(services, "Roof", "Words.", enclosures=f"[{', '.join(enclosures)}]")

    (image,) = elements(client.get("/posts/roof").text, ".enclosure img")

    assert image.attrs["src"] == f"http://blog.example/{ROOF.copies[-1].path}"
    assert (image.attrs["width"], image.attrs["height"], image.attrs["alt"]) == ("1600", "1200", "A roof")
    link = image.closest("a")
    assert link is not None
    assert link.attrs["href"] == f"http://blog.example/{ROOF.path}"
    (small,) = elements(client.get("/").text, ".h-entry img")
    assert small.attrs["src"] == f"http://blog.example/{ROOF.copies[0].path}"


def test_an_attached_picture_that_the_text_shows_is_not_shown_again_whatever_its_link(
    services: WebServices, client: FlaskClient
) -> None:
    add(services, ROOF)
    text = f"[![A roof](/{ROOF.path})](https://other.example/)"
    publish(services, "Roof", text, enclosures=f"[{{url: /{ROOF.path}}}]")

    page = client.get("/posts/roof").text

    assert (len(elements(page, ".e-content img")), elements(page, ".enclosure img")) == (1, [])


def test_files_are_named_for_people(services: WebServices, client: FlaskClient) -> None:
    talk = file("gespräch.mp3", "audio/mpeg")
    add(services, talk)
    publish(services, "Talk", "Words.", enclosures=f"[{{url: /{talk.quoted_path}}}]")

    page = client.get("/posts/talk").text

    assert [link.text for link in elements(page, ".enclosure a")] == ["gespräch.mp3"]
    assert elements(page, ".enclosure audio")[0].attrs["aria-label"] == "gespräch.mp3"
