"""What a program that imports writes: many posts in one transaction, with the ids that they had."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import Connection

from feedserver.errors import GuidTaken, InvalidDocument, SlugReserved, SlugTaken
from feedserver.posts import slugs, store
from feedserver.posts.adding import NewPost
from feedserver.posts.events import PostEvent
from feedserver.posts.model import Post
from feedserver.posts.writing import compose
from feedserver.services import WebServices
from feedserver.storage import revision
from feedserver.storage.schema import metadata, site
from tests.posts.builders import everything
from tests.support.fixtures import Publish

LONG_AGO = datetime(2009, 5, 6, tzinfo=UTC)
Import = Callable[..., Post]


@pytest.fixture
def write(services: WebServices) -> Import:
    """Writes a post in a transaction of its own."""

    def write_one(slug: str = "a", *, guid: str | None = None, state: Any = None, **fields: Any) -> Post:
        publisher, now = services.publisher, services.clock()
        text = fields.pop("text", "Some words.")
        made = publisher.render(publisher.read(compose(text, title="T", slug=slug, **fields).encode()))
        with services.database.write() as connection:
            revision.revise(connection)
            return publisher.write(connection, [NewPost(made, guid, state=state)], now)[0]

    return write_one


def test_many_posts_are_written_in_one_transaction_and_only_its_listeners_hear(services: WebServices) -> None:
    heard: list[PostEvent] = []
    publisher = replace(services.publisher, listeners=(lambda _, events: heard.extend(events),))
    made = [
        publisher.render(publisher.read(compose("x", title=f"T{n}", date=LONG_AGO, updated=LONG_AGO).encode()))
        for n in range(3)
    ]

    with services.database.write() as connection:
        revision.revise(connection)
        new = [NewPost(one, guid=f"{n}") for n, one in enumerate(made)]
        written = publisher.write(connection, new, services.clock())

    assert [event.new for event in heard] == written
    assert [(post.guid, post.published_at, post.updated_at) for post in written] == [
        (f"{n}", LONG_AGO, LONG_AGO) for n in range(3)
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # there ids begin anew with an empty table
def test_posts_that_are_written_together_end_as_those_written_one_after_another(services: WebServices) -> None:
    publisher, now = services.quiet_publisher(), services.clock()
    texts: dict[str, dict[str, Any]] = {
        "first": {"tags": ["Sea", "wind"], "authors": ["Ann"], "text": "Ferries wait for calmer water."},
        "second": {"tags": ["sea"], "authors": ["ann"], "text": "Ferries and [lighthouses](http://else.example/)."},
        "draft": {"tags": ["SEA", "Wind"], "draft": True, "text": "Calmer water for lighthouses."},
        "coming": {"tags": ["wind"], "date": now + timedelta(days=2), "text": "Lighthouses wait."},
        "about": {"page": True, "text": "Ferries."},
        "third": {"tags": ["sea"], "text": "Lighthouses, ferries, water."},
    }
    made = [
        NewPost(
            publisher.render(publisher.read(compose(**fields, title="T", slug=slug).encode())), guid=f"urn:x:{slug}"
        )
        for slug, fields in texts.items()
    ]
    ended: list[dict[str, list[Any]]] = []

    for some in ([made], [[one] for one in made]):
        with services.database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                if table is not site:
                    connection.execute(table.delete())
        with services.database.write() as connection:
            for batch in some:
                publisher.write(connection, batch, now)
        ended.append(everything(services))

    assert ended[0] == ended[1]
    assert len(ended[0]["related"]) >= 6
    assert {name for _, _, name, _ in ended[0]["post_tags"]} == {"Sea", "wind"}


def test_a_batch_that_fails_leaves_nothing(services: WebServices) -> None:
    publisher = services.publisher
    made = publisher.render(publisher.read(compose("x", title="T").encode()))

    def write_twice() -> None:
        with services.database.write() as connection:
            revision.revise(connection)
            publisher.write(connection, [NewPost(made)] * 2, services.clock())

    with pytest.raises(SlugTaken):
        write_twice()

    with services.database.read() as connection:
        assert not store.has_any(connection)


def test_ids_are_kept_and_made_into_an_iri_for_atom_alone(write: Import, client: FlaskClient) -> None:
    write("number", guid="42 <b>")
    write("address", guid="http://old.example/?p=12")
    write("reply", guid="own", reply_to=["http://blog.example/posts/number"])

    rss = etree.fromstring(client.get("/feed.rss").data)
    atom = etree.fromstring(client.get("/feed.atom").data)
    items = json.loads(client.get("/feed.json").data)["items"]

    found = [(guid.text, guid.get("isPermaLink")) for guid in rss.iter("guid")]
    assert found == [("own", "false"), ("http://old.example/?p=12", "false"), ("42 <b>", "false")]
    assert [item["id"] for item in items] == ["own", "http://old.example/?p=12", "42 <b>"]
    name = "{http://www.w3.org/2005/Atom}"
    tag = "tag:blog.example,2026-03-08:42%20%3Cb%3E"
    assert [entry.findtext(f"{name}id") for entry in atom.iter(f"{name}entry")] == [
        "tag:blog.example,2026-03-08:own",
        "http://old.example/?p=12",
        tag,
    ]
    answered = "{http://purl.org/syndication/thread/1.0}in-reply-to"
    assert [reply.get("ref") for reply in atom.iter(answered)] == [tag]
    assert [reply.get("ref") for reply in rss.iter(answered)] == ["42 <b>"]


def test_a_guid_that_is_the_permalink_says_so(write: Import, client: FlaskClient) -> None:
    write("a", guid="http://blog.example/posts/a")

    guid = next(etree.fromstring(client.get("/feed.rss").data).iter("guid"))

    assert (guid.text, guid.get("isPermaLink")) == ("http://blog.example/posts/a", "true")


def test_an_id_that_another_post_has_or_that_is_none_is_refused(write: Import) -> None:
    write("a", guid="1")

    with pytest.raises(GuidTaken):
        write("b", guid=" 1")
    with pytest.raises(InvalidDocument):
        write("b", guid="\x00")


def test_a_post_may_come_deleted_or_as_a_draft(write: Import, services: WebServices, client: FlaskClient) -> None:
    write("gone", state="deleted")
    write("draft", draft=True)

    assert (client.get("/posts/gone").status_code, client.get("/posts/draft").status_code) == (410, 404)
    assert services.publisher.restore("gone").state == "published"


def test_html_stays_html_as_safe_and_contained_as_raw_html_in_markdown(write: Import, client: FlaskClient) -> None:
    text = '# No heading\n\n    no code <b>x</b>\n"q" -- http://h.example\n<script>alert(1)</script></article>'
    post = write("a", text=text, format="html")

    assert post.html.startswith('# No heading\n\n    no code <b>x</b>\n"q" -- http://h.example\n')
    assert post.html.endswith("</script>")
    assert "script" not in post.feed_html
    assert post.feed_html.startswith('# No heading\n\n    no code <b>x</b>\n"q" -- http://h.example')
    assert "no code <b>x</b>" in client.get("/posts/a").text


def test_slugs_that_are_taken_get_the_next_number(
    publish: Publish, services: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slug in ("spring", *(f"spring-{n}" for n in range(2, 40)), "feeds"):
        publish(slug=slug)
    looked_up: list[str] = []
    owner = store.slug_owner

    def counted(connection: Connection, slug: str) -> int | None:
        looked_up.append(slug)
        return owner(connection, slug)

    monkeypatch.setattr(store, "slug_owner", counted)

    with services.database.read() as connection:
        assert slugs.next_free(connection, "spring", page=False) == "spring-40"
        assert len(looked_up) < 15
        assert slugs.next_free(connection, "summer", page=False) == "summer"
        assert slugs.next_free(connection, "feeds", page=False) == "feeds-2"
        assert slugs.next_free(connection, "search", page=True) == "search-2"
        assert slugs.next_free(connection, "search", page=False) == "search"


def test_no_page_lives_at_an_address_of_the_site(write: Import) -> None:
    with pytest.raises(SlugReserved):
        write("feeds", page=True)
