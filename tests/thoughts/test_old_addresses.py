"""Old addresses that lead to a post are its former addresses: as targets of pings, and in links at their sources."""

import pytest

from feedserver.posts.model import Post
from feedserver.redirects import adding
from feedserver.storage import revision
from tests.posts.builders import publish
from tests.thoughts.site import SOURCE, Site, linking

OLD = "http://blog.example/2009/05/a-post"


@pytest.fixture(autouse=True)
def redirects(site: Site, post: Post) -> None:
    services = site.services
    with services.database.write() as connection:
        revision.revise(connection)
        for old, new in (
            ("/2009/05/a-post", "/posts/a-post"),
            ("/?p=12", "/posts/a-post#x"),
            ("/old-page", "/nowhere"),
            ("/away", "http://elsewhere.example/"),
        ):
            adding.add(connection, services.urls, old, new)


@pytest.mark.parametrize(
    "pinged", [OLD, f"{OLD}/?utm_source=x#c", "https://BLOG.example/2009/05/a%2Dpost", "http://blog.example/?p=12&x=y"]
)
@pytest.mark.parametrize("linked", [OLD, "http://blog.example/?p=12", "http://blog.example/posts/a-post"])
def test_a_ping_of_an_old_address_is_one_of_its_post(site: Site, post: Post, pinged: str, linked: str) -> None:
    site.web.put(SOURCE, linking(linked))

    assert site.ping(SOURCE, pinged).outcome == "registered"
    assert site.ping(SOURCE, site.url(post)).outcome == 48


@pytest.mark.parametrize("old", ["/old-page", "/away", "/?p=13", "/2009/05", "/", "/?page=2"])
def test_other_old_addresses_are_no_post(site: Site, old: str) -> None:
    assert site.ping(SOURCE, f"http://blog.example{old}").outcome == 33


def test_a_page_that_answers_at_an_old_address_takes_no_pings(site: Site, post: Post) -> None:
    with site.services.database.write() as connection:
        revision.revise(connection)
        adding.add(connection, site.services.urls, "/about", "/posts/a-post")
    publish(site.services, "About", page="true")
    site.web.put(SOURCE, linking("http://blog.example/about"))

    assert site.ping(SOURCE, "http://blog.example/about").outcome == 33
    assert site.ping(SOURCE, site.url(post)).outcome == 17

    site.services.publisher.delete("about")
    site.web.put("https://other.example/b", linking("http://blog.example/about"))
    assert site.ping("https://other.example/b", "http://blog.example/about").outcome == "registered"


def test_a_link_to_an_old_address_of_another_post_is_no_link_to_this_one(site: Site, post: Post) -> None:
    site.web.put(SOURCE, linking("http://blog.example/?p=13", "http://blog.example/old-page"))

    assert site.ping(SOURCE, site.url(post)).outcome == 17


def test_a_page_of_thousands_of_such_links_is_looked_up_in_part(site: Site, post: Post) -> None:
    site.web.put(SOURCE, linking(OLD, *(f"http://blog.example/{number}" for number in range(3000))))

    assert site.ping(SOURCE, site.url(post)).outcome == "registered"
