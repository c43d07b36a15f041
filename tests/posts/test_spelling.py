"""Tags and authors in another letter case or Unicode form are the same ones, and look the same everywhere."""

import json
from dataclasses import replace
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from feedserver.installation import init
from feedserver.posts import lists, store
from feedserver.posts.model import Listing
from feedserver.services import WebServices
from tests.posts.builders import edit
from tests.support.fixtures import Publish
from tests.support.outside import Clock

NFD = "cafe\u0301"
BROWSER = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}


def posts(services: WebServices) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The tags and authors of each post, by slug."""
    with services.database.read() as connection:
        return {post.slug: (post.tags, post.authors) for post in store.everything(connection)}


def names(services: WebServices, kind: str) -> list[str]:
    with services.database.read() as connection:
        return lists.names(connection, services.clock(), kind)


def test_the_first_spelling_is_shown_on_every_post(services: WebServices, publish: Publish) -> None:
    publish("One", slug="one", tags="[Café, RSS]", authors="[Ann Lee]")
    publish("Two", slug="two", tags=f"[rss, {NFD.upper()}]", authors="[ANN LEE, Bo]")

    assert posts(services) == {"one": (("Café", "RSS"), ("Ann Lee",)), "two": (("RSS", "Café"), ("Ann Lee", "Bo"))}
    assert sorted(names(services, "tag")) == ["Café", "RSS"]
    assert sorted(names(services, "author")) == ["Ann Lee", "Bo"]


def test_the_last_post_with_a_name_can_spell_it_anew(services: WebServices, publish: Publish) -> None:
    publish("One", slug="one", tags="[rss]")
    publish("Two", slug="two", tags="[rss]")

    edit(services, "one", tags="[RSS]")
    assert posts(services)["one"][0] == ("rss",)

    edit(services, "two")
    edit(services, "one", tags="[RSS]")
    assert posts(services)["one"][0] == ("RSS",)
    assert names(services, "tag") == ["RSS"]


def test_posts_of_either_spelling_are_in_one_list_in_one_order(services: WebServices, publish: Publish) -> None:
    for slug, tag in (("one", "Sea"), ("two", "sea"), ("three", "SEA")):
        publish(slug, slug=slug, tags=f"[{tag}]")

    with services.database.read() as connection:
        listing = Listing(tag="sEa")
        assert store.count(connection, services.clock(), listing) == lists.highest(connection, listing) == 3


def test_the_sites_author_is_spelled_as_in_the_settings(services: WebServices, publish: Publish) -> None:
    publish("One", slug="one", authors="[ANN AUTHOR]")
    publish("Two", slug="two")

    assert posts(services)["one"][1] == (services.settings.site.author,)
    assert names(services, "author") == [services.settings.site.author]


@pytest.mark.parametrize("kind", ["tags", "authors"])
@pytest.mark.parametrize("asked", ["CAFÉ", "Cafe\u0301", "cAFE\u0301"], ids=ascii)
def test_another_spelling_of_an_address_leads_to_the_one_that_is_shown(
    client: FlaskClient, publish: Publish, kind: str, asked: str
) -> None:
    publish("One", **{kind: "[Café]"})
    publish("Two", **{kind: "[café]"})
    right = f"http://blog.example/{kind}/Caf%C3%A9"

    page = client.get(f"/{kind}/{quote(asked)}?page=1")
    feed = client.get(f"/{kind}/{quote(asked)}/feed.atom")
    second = client.get(f"/{kind}/{quote(asked)}/feed.json?page=1")
    opened = client.get(f"/{kind}/{quote(asked)}/feed.rss", headers=BROWSER)

    assert (page.status_code, page.location) == (301, f"{right}?page=1")
    assert (feed.status_code, feed.location) == (301, f"{right}/feed.atom")
    assert (second.status_code, second.location) == (301, f"{right}/feed.json?page=1")
    assert (opened.status_code, opened.location) == (301, f"{right}/feed.rss")
    assert client.get(f"/{kind}/Caf%C3%A9").status_code == 200
    items = json.loads(client.get(f"/{kind}/Caf%C3%A9/feed.json").data)["items"]
    assert [item["title"] for item in items] == ["Two", "One"]
    assert {*(items[0]["tags"] if kind == "tags" else [items[0]["authors"][0]["name"]])} == {"Café"}


def test_a_tag_that_only_drafts_have_is_told_to_nobody(client: FlaskClient, publish: Publish) -> None:
    publish("Draft", tags="[Secret]", draft="true")

    for address in ("/tags/secret", "/tags/Secret", "/tags/secret?page=2", "/tags/secret/feed.rss"):
        assert client.get(address).status_code == 404
    assert client.get("/tags/secret/feed.rss?page=2").status_code == 404
    assert client.get("/tags/secret/feed.rss?archive=1").status_code == 404


@pytest.mark.parametrize("address", ["", "/thoughts.rss", "/thoughts.json?page=1"])
def test_a_slug_is_looked_up_in_nfc(client: FlaskClient, publish: Publish, address: str) -> None:
    publish("One", slug="café")

    found = client.get(f"/posts/{quote(NFD)}{address}")

    assert (found.status_code, found.location) == (301, f"http://blog.example/posts/caf%C3%A9{address}")
    assert client.post(f"/posts/{quote(NFD)}/comments", data={}).status_code == 422


def test_commands_find_a_slug_in_either_form(services: WebServices, publish: Publish) -> None:
    publish("One", slug="café")

    assert services.publisher.rename(NFD, "the\u0301").slug == "thé"
    assert edit(services, "the\u0301").slug == "thé"
    assert services.publisher.delete("the\u0301").state == "deleted"


def test_a_new_spelling_of_the_sites_author_is_shown_on_all_posts(
    services: WebServices, publish: Publish, clock: Clock
) -> None:
    init(services, example=False)
    publish("One", slug="one", authors="[Ann Author]")
    shouting = replace(services.settings, site=replace(services.settings.site, author="ANN AUTHOR"))
    renamed = WebServices(shouting, clock)
    init(renamed, example=False)

    assert posts(renamed)["one"][1] == ("ANN AUTHOR",)
    assert names(renamed, "author") == ["ANN AUTHOR"]
    renamed.database.close()
