"""Posts and pages of an import: once, as they were, under addresses of their own."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from feedserver.errors import ImportRefused
from feedserver.posts import store
from feedserver.posts.model import Post
from feedserver.services import WebServices
from feedserver.storage.schema import thoughts
from feedserver.transfer.imports import import_posts, imported, planning
from feedserver.transfer.imports.import_lock import only_import
from feedserver.transfer.items import Origin
from tests.posts.builders import edit, everything, publish
from tests.support.statements import record_statements
from tests.transfer.imports.exports import OLD, START, Exports, comment, ping, post, posts


def found(services: WebServices, slug: str) -> Post:
    with services.database.read() as connection:
        one = store.by_slug(connection, slug)
    assert one is not None
    return one


def slugs(services: WebServices) -> list[str]:
    with services.database.read() as connection:
        return sorted(one.slug for one in store.everything(connection))


def test_a_post_keeps_what_it_had(services: WebServices, exports: Exports) -> None:
    exports.run(
        services,
        post(
            guid="https://old.example/?p=1",
            slug="spring",
            updated_at=START + timedelta(days=1),
            tags=("Sea", "Wind"),
            authors=("Ann",),
            summary="In short.",
            lang="fi",
            comments_open=False,
            fields={"layout": "wide"},
        ),
    )

    one = found(services, "spring")
    assert (one.guid, one.title, one.published_at) == ("https://old.example/?p=1", "Title 1", START)
    assert (one.updated_at, one.tags, one.authors) == (START + timedelta(days=1), ("Sea", "Wind"), ("Ann",))
    assert (one.summary, one.lang, one.state) == ("In short.", "fi", "published")
    assert (one.comments_open, one.pings_open) == (False, True)
    assert "layout: wide" in one.source


def test_what_was_not_public_stays_so(services: WebServices, exports: Exports, client: FlaskClient) -> None:
    later = services.clock() + timedelta(days=9)
    exports.run(
        services,
        post("1", slug="a-draft", state="draft"),
        post("2", slug="binned", state="deleted"),
        post("3", slug="soon", published_at=later),
    )

    assert [found(services, slug).status(services.clock()) for slug in ("a-draft", "binned", "soon")] == [
        "draft",
        "deleted",
        "scheduled",
    ]
    assert [client.get(f"/posts/{slug}").status_code for slug in ("a-draft", "binned", "soon")] == [404, 410, 404]
    assert found(services, services.publisher.restore("binned").slug).state == "draft"


def test_a_second_import_changes_nothing(services: WebServices, exports: Exports) -> None:
    exports.run(services, *posts(3))
    before = everything(services)

    assert exports.run(services) == []
    assert everything(services) == before


def test_what_changed_there_stays_as_it_is_here_and_is_told(services: WebServices, exports: Exports) -> None:
    exports.run(services, post(title="Before"))

    (remark,) = exports.run(services, post(title="After"))

    assert (remark.treatment, remark.what) == ("left out", "After")
    assert "changed there" in remark.why
    assert found(services, "post-1").title == "Before"


def test_what_was_edited_or_deleted_here_is_not_overwritten(services: WebServices, exports: Exports) -> None:
    exports.run(services, *posts(2))
    edit(services, "post-1", title="Mine")
    services.publisher.rename("post-1", "mine")
    services.publisher.delete("post-2")

    exports.run(services)

    assert slugs(services) == ["mine", "post-2"]
    assert (found(services, "mine").title, found(services, "post-2").state) == ("Mine", "deleted")


def test_the_same_post_from_another_export_is_known_by_its_id(services: WebServices, exports: Exports) -> None:
    exports.run(services, post(guid="urn:uuid:7f3c"))

    for _ in range(2):
        exports.run(services, post("x", guid="urn:uuid:7f3c"), origin=Origin(name="feed", url=OLD))

    assert slugs(services) == ["post-1"]


def test_of_two_posts_with_one_id_it_is_told_which_one_stays(services: WebServices, exports: Exports) -> None:
    exports.run(services, post(guid="https://old.example/?p=1", text="<p>The beginning […]</p>"))

    whole = post("x", guid="https://old.example/?p=1", text="<p>The beginning, and the rest.</p>")
    (remark,) = exports.run(services, whole, origin=Origin(name="feed", url=OLD))

    assert (remark.treatment, remark.what, remark.why) == ("left out", "Title x", planning.SAME_ID)
    assert "The beginning […]" in found(services, "post-1").source


def test_posts_of_two_blogs_that_count_theirs_are_all_kept(services: WebServices, exports: Exports) -> None:
    exports.run(services, post(guid="1"))

    for _ in range(2):
        other = post(guid="1", title="Of the other blog", url="https://other.example/one")
        remarks = exports.run(services, other, origin=Origin(name="other.example", url="https://other.example"))

    assert slugs(services) == ["one", "post-1"]
    assert found(services, "post-1").guid == "1"
    assert found(services, "one").guid.startswith("urn:uuid:")
    assert remarks == []


def test_a_copy_of_an_export_is_known_by_what_it_says(services: WebServices, exports: Exports) -> None:
    exports.run(services, post(), comment("1"), origin=Origin(name="export.txt", url=OLD))

    for _ in range(2):
        answer = comment("2", parent="1", at=START + timedelta(hours=2))
        remarks = exports.run(services, post(), comment("1"), answer, origin=Origin(name="later.txt", url=OLD))
        assert remarks == []
    exports.run(services, post(title="Changed there"), comment("1"), origin=Origin(name="later.txt", url=OLD))

    assert slugs(services) == ["post-1"]
    assert found(services, "post-1").title == "Title 1"
    with services.database.read() as connection:
        first, second = connection.execute(select(thoughts.c.id, thoughts.c.parent_id).order_by(thoughts.c.id)).all()
    assert (first.parent_id, second.parent_id) == (None, first.id)


def test_a_site_that_went_to_https_is_the_same(services: WebServices, exports: Exports) -> None:
    exports.run(
        services, post(url="http://www.old.example/a"), comment("1"), origin=Origin(name="http://www.old.example")
    )

    said = comment("1", text="Edited there.")
    exports.run(services, post(url="https://old.example/a"), said, origin=Origin(name="https://old.example"))

    assert slugs(services) == ["a"]
    with services.database.read() as connection:
        assert len(connection.execute(select(thoughts.c.id)).all()) == 1


def test_two_posts_with_one_id_are_both_kept(services: WebServices, exports: Exports) -> None:
    (remark,) = exports.run(services, post("1", guid="same"), post("2", guid="same"))

    assert remark.treatment == "changed"
    assert slugs(services) == ["post-1", "post-2"]


@pytest.mark.parametrize(
    ("values", "slug"),
    [
        ({"slug": "wished", "title": "Other"}, "wished"),
        ({"slug": "aakk%C3%B6set"}, "aakköset"),
        ({"slug": "Not a slug!"}, "not-a-slug"),
        ({"url": f"{OLD}/2019/spring.html"}, "spring"),
        ({"url": f"{OLD}/?p=12", "title": "Of the title"}, "of-the-title"),
        ({"url": None, "title": "", "text": "<p>These are the <b>first</b> words.</p>"}, "these-are-the-first-words"),
        ({"url": None, "title": "", "text": ""}, "2019-05-01-120000"),
        ({"url": None, "title": "", "text": "", "published_at": None, "state": "draft"}, "untitled"),
        ({"slug": "taken"}, "taken-2"),
        ({"slug": "archive", "page": True}, "archive-2"),
    ],
)
def test_a_slug_is_the_one_that_it_had_or_made(
    values: dict[str, Any], slug: str, services: WebServices, exports: Exports
) -> None:
    publish(services, slug="taken")

    exports.run(services, post(**values))

    assert slug in slugs(services)


def test_what_post_add_would_refuse_is_left_out_and_the_rest_goes_on(services: WebServices, exports: Exports) -> None:
    remarks = exports.run(
        services,
        post("1", text="<div>" * 100_000),
        post("2", text="x" * 1_100_000),
        post("3", lang="no language"),
        post("4"),
    )

    assert slugs(services) == ["post-4"]
    assert sorted(remark.where for remark in remarks) == ["item 1", "item 2", "item 3"]
    assert {remark.treatment for remark in remarks} == {"left out"}


def test_own_addresses_become_ours_and_foreign_ones_stay(services: WebServices, exports: Exports) -> None:
    exports.run(
        services,
        post(
            "1",
            text='<a href="http://www.old.example/2019/05/post-2#x">a</a> <a href="/?p=2">b</a>'
            ' <a href="//old.example/about/">c</a> <a href="https://foreign.example/2019/05/post-2">d</a>'
            ' <a title="a > b" href="../post-2/index.html?utm_source=y">e</a> <code>https://old.example/?p=2</code>',
        ),
        post("2", addresses=("/?p=2",), format="markdown", text="[a](/2019/05/post-1/) `/2019/05/post-1/`"),
        post("3", page=True, slug="about", url="/about/", text='<a href="/?p=2">b</a>'),
    )

    assert found(services, "post-1").source.partition("---\n<")[2] == (
        'a href="../posts/post-2#x">a</a> <a href="../posts/post-2">b</a>'
        ' <a href="../about">c</a> <a href="https://foreign.example/2019/05/post-2">d</a>'
        ' <a title="a > b" href="../posts/post-2">e</a> <code>https://old.example/?p=2</code>'
    )
    assert found(services, "post-2").source.endswith("---\n[a](../posts/post-1) `/2019/05/post-1/`")
    assert found(services, "about").source.endswith('---\n<a href="posts/post-2">b</a>')


def test_a_link_by_number_does_not_tell_the_name_of_what_readers_cannot_see(
    services: WebServices, exports: Exports
) -> None:
    exports.run(
        services,
        post(text=" ".join(f'<a href="{OLD}/?p={number}">x</a>' for number in range(2, 6))),
        post("2", slug="family-only", state="draft", addresses=("/?p=2",)),
        post("3", slug="in-the-bin", state="deleted", addresses=("/?p=3",)),
        post("4", slug="to-come", published_at=datetime(2099, 1, 1, tzinfo=UTC), addresses=("/?p=4",)),
        post("5", slug="seen", addresses=("/?p=5",)),
        post("6", state="draft", text=f'<a href="{OLD}/?p=2">x</a>'),
    )

    links = re.findall(r'href="(.*?)"', found(services, "post-1").source)

    assert links == [*(f"{OLD}/?p={n}" for n in (2, 3, 4)), "../posts/seen"]
    assert 'href="../posts/family-only"' in found(services, "post-6").source


def test_a_dry_run_writes_nothing_and_tells_every_address(services: WebServices, exports: Exports) -> None:
    before = everything(services)
    before_files = {path: path.stat().st_mtime_ns for path in services.settings.data_dir.rglob("*") if path.is_file()}

    found, remarks, addresses = exports.plan(services, post("1", addresses=("/?p=1",)), post("2", lang="no language"))

    assert (found.plan.posts.new, [remark.where for remark in remarks]) == (2, ["item 2"])
    assert addresses == [
        ("https://old.example/2019/05/post-1/", "http://blog.example/posts/post-1"),
        ("https://old.example/?p=1", "http://blog.example/posts/post-1"),
    ]
    assert everything(services) == before
    assert before_files == {
        path: path.stat().st_mtime_ns for path in services.settings.data_dir.rglob("*") if path.is_file()
    }


def test_archives_have_the_order_of_publication(services: WebServices, exports: Exports, client: FlaskClient) -> None:
    size = services.settings.feeds.entries
    exports.run(services, *posts(2 * size + 5))

    oldest = [item["title"] for item in client.get("/feed.json?archive=1").get_json()["items"]]
    newest = [item["title"] for item in client.get("/feed.json").get_json()["items"]]

    assert oldest == [f"Title {number}" for number in range(size, 0, -1)]
    assert newest == [f"Title {number}" for number in range(2 * size + 5, size + 5, -1)]


def test_only_one_import_runs_at_a_time(services: WebServices, exports: Exports) -> None:
    exports.holds(post())
    with only_import(services.database), pytest.raises(ImportRefused, match="another import is running"):
        exports.run(services)

    exports.run(services)
    assert slugs(services) == ["post-1"]


def test_a_post_takes_the_next_slug_where_its_own_is_taken_while_it_is_imported(
    services: WebServices, exports: Exports
) -> None:
    exports.during(lambda: publish(services, slug="post-1"))

    exports.run(services, post())

    assert slugs(services) == ["post-1", "post-1-2"]
    assert 'slug: "post-1-2"' in found(services, "post-1-2").source


def test_odd_keys_names_and_texts_are_imported_once(services: WebServices, exports: Exports) -> None:
    odd = "\ud83d\x00" + "k" * 5000
    items = (
        post(odd, title="Odd \ud83d", url=f"/{odd}", slug="odd", text="<p>\udc00</p>"),
        post(f"{odd}2", slug="odder"),
        comment(odd, post=odd, text="Odd \ud83d."),
    )

    exports.run(services, *items, origin=Origin(name=odd, url=OLD))
    before = everything(services)
    remarks = exports.run(services)

    assert slugs(services) == ["odd", "odder"]
    assert remarks == []
    assert everything(services) == before


def test_texts_beyond_memory_are_written_a_few_at_a_time(
    services: WebServices, exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_posts, "CHARACTERS", 1_000)
    counted: list[int] = []
    add = imported.add

    def count(*given: Any) -> None:
        counted.append(len(given[3]))
        add(*given)

    monkeypatch.setattr(imported, "add", count)

    exports.run(services, *(post(str(number), text="word " * 150) for number in range(6)))

    assert counted == [2, 2, 2]


def test_a_slug_that_somebody_takes_meanwhile_moves_one_post_alone(services: WebServices, exports: Exports) -> None:
    exports.during(lambda: publish(services, slug="spring"))

    exports.run(services, post("1", slug="spring"), post("2", slug="spring-2"), post("3", slug="autumn"))

    assert slugs(services) == ["autumn", "spring", "spring-2", "spring-3"]
    assert [found(services, slug).title for slug in ("autumn", "spring-2", "spring-3")] == [
        "Title 3",
        "Title 2",
        "Title 1",
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # which takes a statement for each new post
def test_posts_and_what_is_said_on_them_take_few_statements_each(services: WebServices, exports: Exports) -> None:
    sent = record_statements(services.database.engine)

    def statements(keys: list[str]) -> int:
        made = [post(key, tags=("sea",), text=f"<p>Waves, ferries, {key}.</p>") for key in keys]
        said = [comment(f"c{key}", post=key) for key in keys]
        pings = [ping(f"p{key}", f"https://{key}.example/", post=key) for key in keys]
        sent.clear()
        exports.run(services, *made, *said, *pings)
        return len(sent)

    few = statements([f"a{n}" for n in range(5)])
    many = statements([f"b{n}" for n in range(40)])

    assert many - few <= 3 * (40 - 5)
