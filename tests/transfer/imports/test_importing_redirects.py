"""Old addresses lead to where their posts, files and feeds are now."""

import pytest
from flask.testing import FlaskClient

from feedserver.redirects import store
from feedserver.services import WebServices
from feedserver.storage import revision
from feedserver.transfer.items import ImportedMedia, ImportedRedirect, Origin
from tests.posts.builders import everything
from tests.transfer.imports.exports import OLD, Exports, comment, post
from tests.transfer.imports.test_importing_thoughts import thoughts


def leads_to(client: FlaskClient, old: str) -> str | None:
    answer = client.get(old)
    assert answer.status_code in (301, 404, 410)
    return answer.headers.get("Location")


@pytest.mark.parametrize(
    "old", ["/2019/05/post-1/", "/2019/05/post-1", "/?p=1", "/former/", "/caf%C3%A9/", "/?utm_source=x&p=1"]
)
def test_every_address_that_a_post_had_leads_to_it(
    old: str, services: WebServices, exports: Exports, client: FlaskClient
) -> None:
    remarks = exports.run(services, post(addresses=("/?p=1", "/former/", "/café/")))

    assert remarks == []
    assert leads_to(client, old) == "http://blog.example/posts/post-1"


def test_an_index_page_has_the_name_of_its_folder_and_is_found_there_too(
    services: WebServices, exports: Exports, client: FlaskClient
) -> None:
    assert exports.run(services, post("1", url="/2019/spring/index.html")) == []

    for old in ("/2019/spring/index.html", "/2019/spring/", "/2019/spring"):
        assert leads_to(client, old) == "http://blog.example/posts/spring"


def test_redirects_and_feeds_of_the_origin_lead_on_without_chains(
    services: WebServices, exports: Exports, client: FlaskClient
) -> None:
    remarks = exports.run(
        services,
        post(tags=("Sea",)),
        post("2", page=True, slug="about", url="/about-us/"),
        ImportedRedirect(where="r 1", old="/older/", new=f"{OLD}/2019/05/post-1/"),
        ImportedRedirect(where="r 2", old="/away", new="https://elsewhere.example/"),
        ImportedRedirect(where="r 3", old="/category/sea/", new="/tags/Sea"),
        ImportedRedirect(where="r 4", old="/lost", new=f"{OLD}/nowhere"),
        ImportedRedirect(where="r 5", old="/who/", new="/about-us/"),
        origin=Origin(name="old", url=OLD, feeds={f"{OLD}/wp/feed/": "rss", "/atom": "atom"}),
    )

    assert [remark.where for remark in remarks] == ["r 4"]
    assert leads_to(client, "/older") == "http://blog.example/posts/post-1"
    assert leads_to(client, "/away") == "https://elsewhere.example/"
    assert leads_to(client, "/category/sea/") == "http://blog.example/tags/Sea"
    assert leads_to(client, "/who") == "http://blog.example/about"
    assert leads_to(client, "/wp/feed/") == "http://blog.example/feed.rss"
    assert leads_to(client, "/atom") == "http://blog.example/feed.atom"


def test_a_plan_tells_where_old_addresses_would_lead(services: WebServices, exports: Exports) -> None:
    exports.holds(
        post(url="/1/"),
        ImportedRedirect(where="r 1", old="/older/", new="/1/"),
        ImportedRedirect(where="r 2", old="/away", new="https://elsewhere.example/"),
        ImportedRedirect(where="r 3", old="/lost", new=f"{OLD}/nowhere"),
        origin=Origin(name="old", url=OLD, feeds={"/rss/": "rss"}),
    )

    _, _, addresses = exports.plan(services)

    assert addresses == [
        (f"{OLD}/1/", "http://blog.example/posts/1"),
        (f"{OLD}/rss/", "http://blog.example/feed.rss"),
        (f"{OLD}/older/", "http://blog.example/posts/1"),
        (f"{OLD}/away", "https://elsewhere.example/"),
    ]


def test_what_is_removed_here_is_not_brought_back(services: WebServices, exports: Exports) -> None:
    items = (post(), ImportedRedirect(where="r", old="/away", new="https://elsewhere.example/"))
    exports.run(services, *items)
    with services.database.write() as connection:
        revision.revise(connection)
        for old in ("/away", "/2019/05/post-1"):
            store.remove(connection, services.urls, old)
    before = everything(services)

    exports.run(services, *items)

    assert everything(services) == before


def test_a_taken_address_is_told(services: WebServices, exports: Exports) -> None:
    (remark,) = exports.run(services, post("1", url="/same/"), post("2", url="/same/", slug="other"))

    assert (remark.treatment, remark.where) == ("left out", "item 2")
    assert remark.what.startswith("/same/ leads to /posts/same already; ")


def test_comments_that_come_later_find_their_posts_by_old_addresses(services: WebServices, exports: Exports) -> None:
    exports.run(services, post(addresses=("/?p=1",)))

    remarks = exports.run(
        services,
        comment("1", target=f"{OLD}/2019/05/post-1/"),
        comment("2", target="http://www.old.example/2019/05/post-1/index.html?utm_source=x"),
        comment("3", target="/?p=1"),
        origin=Origin(name="comments"),
    )

    assert remarks == []
    assert [one.post_slug for one in thoughts(services)] == ["post-1"] * 3


def test_a_dry_run_tells_redirects_that_lead_nowhere(services: WebServices, exports: Exports) -> None:
    exports.holds(
        post(url="/1/"),
        ImportedMedia(key="m", where="m", urls=("/talk.pdf",), name="talk.pdf"),
        ImportedRedirect(where="r 1", old="/older/", new="/1/"),
        ImportedRedirect(where="r 2", old="/talk", new="/talk.pdf"),
        ImportedRedirect(where="r 3", old="/lost", new=f"{OLD}/nowhere"),
    )

    _, remarks, _ = exports.plan(services)

    assert [remark.where for remark in remarks] == ["r 3"]
