"""robots.txt (RFC 9309), sitemaps (protocol 0.9), and the icon."""

from dataclasses import replace
from urllib.robotparser import RobotFileParser

import pytest
from flask.testing import FlaskClient
from lxml import etree

from feedserver.app import create_app
from feedserver.pages import crawlers
from feedserver.services import WebServices
from feedserver.settings import Settings
from tests.pages.builders import get, hrefs
from tests.posts import builders
from tests.support.fixtures import Assemble, Publish
from tests.support.outside import Clock

SITEMAP = "http://blog.example/sitemap.xml"
LOC, LASTMOD = (f".//{{http://www.sitemaps.org/schemas/sitemap/0.9}}{name}" for name in ("loc", "lastmod"))


def found(client: FlaskClient, url: str, path: str = LOC) -> list[str | None]:
    answer = get(client, url)
    assert (answer.status_code, answer.content_type) == (200, "application/xml; charset=utf-8")
    return [element.text for element in etree.fromstring(answer.data).findall(path)]


@pytest.fixture
def below(assemble: Assemble, settings: Settings) -> WebServices:
    """A site with a path."""
    return assemble(replace(settings, site=replace(settings.site, url="http://blog.example/b")))


# --- robots.txt ---


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/", True),
        ("/posts/fog", True),
        ("/feed.rss", True),
        ("/archive/2024", True),
        ("/receipts/abc", False),
        ("/previews/abc", False),
        ("/search?q=fog", False),
        ("/desk", False),
        ("/desk/posts", False),
    ],
)
def test_crawlers_are_told_where_nothing_is_for_them(client: FlaskClient, path: str, may: bool) -> None:
    robots = RobotFileParser()
    robots.parse(client.get("/robots.txt").text.splitlines())

    assert robots.can_fetch("Examplebot", f"http://blog.example{path}") == may


def test_a_site_with_a_path_tells_them_at_the_root_too(below: WebServices) -> None:
    client = create_app(services=below).test_client()

    root, own = client.get("/robots.txt"), client.get("/b/robots.txt")

    assert (root.status_code, root.content_type) == (200, "text/plain; charset=utf-8")
    assert root.data == own.data
    assert "Disallow: /b/receipts/\n" in root.text
    assert "Sitemap: http://blog.example/b/sitemap.xml\n" in root.text


def test_robots_txt_tells_no_private_address(client: FlaskClient) -> None:
    assert "moderation" not in client.get("/robots.txt").text


# --- sitemaps ---


def test_the_sitemap_has_the_home_page_and_each_post_with_its_last_change(
    client: FlaskClient, publish: Publish, services: WebServices, clock: Clock
) -> None:
    publish("Fog", slug="fog", date="2024-03-08")
    publish("Ebb & flow", slug="ebb", date="2022-12-31")
    publish("To come", date="2030-01-01")
    publish("A draft", draft="true")
    clock.move(minutes=1)
    builders.edit(services, "fog", "Fog", "Other words.", date="2024-03-08")

    assert found(client, SITEMAP) == [
        "http://blog.example/",
        *("http://blog.example/posts/fog", "http://blog.example/posts/ebb"),
    ]
    assert found(client, SITEMAP, LASTMOD) == [f"{clock():%Y-%m-%dT%H:%M:%SZ}", "2022-12-31T00:00:00Z"]


def test_a_large_site_has_sitemaps_in_parts_that_stay(
    client: FlaskClient, publish: Publish, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawlers, "_PART", 2)
    for number in range(1, 6):
        publish(f"Post {number}", slug=f"p{number}", date=f"2024-01-{10 - number:02}")
    first = get(client, "http://blog.example/sitemap-1.xml").data

    for slug in ("p3", "p4"):
        services.publisher.delete(slug)

    assert found(client, SITEMAP) == [f"http://blog.example/sitemap-{part}.xml" for part in (1, 3)]
    assert found(client, "http://blog.example/sitemap-3.xml") == ["http://blog.example/posts/p5"]
    assert get(client, "http://blog.example/sitemap-1.xml").data == first
    assert [client.get(f"/sitemap-{part}.xml").status_code for part in ("2", "4", "0", "01", "x")] == [404] * 5

    for slug in ("p1", "p2"):  # the home page stays
        services.publisher.delete(slug)

    assert found(client, SITEMAP) == [f"http://blog.example/sitemap-{part}.xml" for part in (1, 3)]


def test_a_sitemap_that_is_known_is_not_sent_again(client: FlaskClient, publish: Publish) -> None:
    publish("Fog")
    tag = get(client, SITEMAP).headers["ETag"]

    again = client.get("/sitemap.xml", headers={"If-None-Match": tag})
    publish("Ebb")

    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/sitemap.xml", headers={"If-None-Match": tag}).status_code == 200


def test_an_empty_site_has_a_sitemap_of_its_home_page(client: FlaskClient) -> None:
    assert found(client, SITEMAP) == ["http://blog.example/"]


# --- the icon ---


def test_pages_name_the_icon_and_it_is_there(client: FlaskClient, publish: Publish) -> None:
    publish("Fog", slug="fog")

    for path in ("/", "/posts/fog", "/posts/fog/embed", "/nowhere"):
        assert hrefs(client.get(path).text, "link[rel=icon]") == ["http://blog.example/favicon.ico"]
    answer = client.get("/favicon.ico", buffered=True)
    assert (answer.status_code, answer.data[:4], answer.mimetype) == (200, b"\0\0\1\0", "image/vnd.microsoft.icon")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
