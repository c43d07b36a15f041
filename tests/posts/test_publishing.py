"""Publishing and editing: what is stored, and that a refused post leaves nothing behind."""

from datetime import UTC, datetime, timedelta

import pytest

from feedserver.errors import InvalidDocument, PostError, PostNotFound, SlugTaken
from feedserver.posts import store
from feedserver.posts.model import Enclosure
from feedserver.services import WebServices
from tests.posts.builders import document, edit, everything
from tests.support.fixtures import Publish
from tests.support.outside import Clock
from tests.support.waiting import together


def test_a_post_is_stored_with_all_fields_of_its_document(services: WebServices, clock: Clock) -> None:
    content = document(
        "A Title",
        "Words with a [link](http://other.example/).",
        date="2026-01-31",
        tags="[one, Two words]",
        authors="[Ann, Bob]",
        summary="In short.",
        lang="de",
        pings="closed",
        comments="closed",
        enclosures="[{url: 'http://h/a.png', type: image/png, length: 7}]",
    )

    made = services.publisher.add(services.publisher.read(content), clock())

    with services.database.read() as connection:
        found = store.by_slug(connection, "a-title")
    assert found == made
    assert (made.title, made.slug, made.summary, made.lang) == ("A Title", "a-title", "In short.", "de")
    assert made.source == content.decode()
    assert (made.tags, made.authors) == (("one", "Two words"), ("Ann", "Bob"))
    assert made.enclosures == (Enclosure("http://h/a.png", "image/png", 7),)
    assert (made.pings_open, made.comments_open) == (False, False)
    assert made.published_at == made.updated_at == datetime(2026, 1, 31, tzinfo=UTC)
    assert made.created_at == clock()
    assert 'href="http://other.example/"' in made.feed_html
    assert made.excerpt == "Words with a link."


def test_a_post_without_a_date_is_of_now_and_in_the_sites_language(publish: Publish, clock: Clock) -> None:
    made = publish()

    assert made.published_at == made.updated_at == clock()
    assert made.lang == "en"
    assert made.visible(clock())


def test_ids_are_made_once_and_tell_nothing(publish: Publish, services: WebServices) -> None:
    one, other = publish("Same", slug="one"), publish("Same", slug="other")

    assert one.guid != other.guid
    for post in (one, other):
        assert post.guid.startswith("urn:uuid:")
        assert services.publisher.rename(post.slug, f"{post.slug}-2").guid == post.guid


def test_an_edit_keeps_id_address_and_first_date_and_moves_updated(
    publish: Publish, services: WebServices, clock: Clock
) -> None:
    made = publish("First", tags="[a, b]", authors="[Ann]", slug="first", summary="Old.", pings="closed")
    clock.move(days=1)

    edited = edit(services, "first", "Second", "New words.", slug="other", tags="[c]")

    assert (edited.id, edited.guid, edited.slug) == (made.id, made.guid, "first")
    assert (edited.published_at, edited.created_at) == (made.published_at, made.created_at)
    assert edited.updated_at == clock()
    assert (edited.title, edited.tags, edited.authors, edited.summary) == ("Second", ("c",), (), None)
    assert "New words." in edited.html
    assert edited.pings_open


@pytest.mark.parametrize("page", ["false", "true"], ids=["a post", "a page"])
def test_what_readers_have_seen_keeps_its_date_as_a_draft_and_when_it_is_public_again(
    publish: Publish, services: WebServices, clock: Clock, page: str
) -> None:
    first = publish("First", page=page)
    soon = publish("Soon", date=(clock() + timedelta(days=1)).isoformat(), page=page)
    clock.move(days=2)

    for slug, seen in (("first", first), ("soon", soon)):
        for draft in ("true", "true", "false"):
            clock.move(days=1)
            assert edit(services, slug, "Again", draft, draft=draft, page=page).published_at == seen.published_at
    assert edit(services, "first", "First", date="2026-01-01", page=page).published_at.year == 2026


def test_a_draft_that_nobody_has_seen_is_dated_when_it_is_published(
    publish: Publish, services: WebServices, clock: Clock
) -> None:
    publish("First", draft="true")
    clock.move(days=3)

    assert edit(services, "first", "First").published_at == clock()


def test_an_edit_takes_the_dates_that_the_author_gives(publish: Publish, services: WebServices, clock: Clock) -> None:
    publish("First", date="2026-01-01")
    clock.move(days=1)

    edited = edit(services, "first", "First", date="2025-12-24", updated="2026-01-02")

    assert edited.published_at == datetime(2025, 12, 24, tzinfo=UTC)
    assert edited.updated_at == datetime(2026, 1, 2, tzinfo=UTC)


def test_updated_is_never_before_publication_nor_in_the_future(publish: Publish, clock: Clock) -> None:
    assert publish("Early", date="2026-01-05", updated="2026-01-01").updated_at == datetime(2026, 1, 5, tzinfo=UTC)
    assert publish("Late", date="2026-01-05", updated="2027-01-01").updated_at == clock()


def test_two_edits_in_one_second_are_two_for_readers(publish: Publish, services: WebServices, clock: Clock) -> None:
    moments = [publish("First").updated_at]
    for number in range(3):
        clock.move(milliseconds=100)
        moments.append(edit(services, "first", "First", f"Version {number}.").updated_at)

    assert len({moment.replace(microsecond=0) for moment in moments}) == len(moments)
    assert moments == sorted(moments)


def test_edits_in_one_second_stay_in_order_over_a_time_as_a_draft(
    publish: Publish, services: WebServices, clock: Clock
) -> None:
    moments = [publish("First").updated_at]
    moments += [edit(services, "first", "First", f"Version {number}.").updated_at for number in range(3)]
    edit(services, "first", "First", "Version 3.", draft="true")
    clock.move(milliseconds=100)
    moments.append(edit(services, "first", "First", "Version 4.").updated_at)

    assert len({moment.replace(microsecond=0) for moment in moments}) == len(moments)
    assert moments == sorted(moments)


def test_posts_of_one_date_keep_it(publish: Publish, services: WebServices) -> None:
    for number in range(3):
        publish(f"Post {number}", date="2026-01-01 12:00")

    with services.database.read() as connection:
        moments = [(post.published_at, post.updated_at) for post in store.everything(connection)]
    assert moments == [(datetime(2026, 1, 1, 12, tzinfo=UTC),) * 2] * 3


def test_an_edit_works_under_a_former_slug_too(publish: Publish, services: WebServices) -> None:
    publish("First")
    services.publisher.rename("first", "second")

    assert edit(services, "first", "First", "New.").slug == "second"


REFUSED = [
    (document(None, tags="[a]"), InvalidDocument),
    (document("T", date="never"), InvalidDocument),
    (document("T", slug="taken"), SlugTaken),
    (document("T", "<div>" * 200), InvalidDocument),
    (document("T", "[a]: http://h/" + "u" * 50_000 + "\n\n" + "[a] " * 1_000), InvalidDocument),
    (document("T", enclosures="[{url: x}]"), InvalidDocument),
    (b"---\ntitle: T\n---\n\xff", InvalidDocument),
    (document("T", "a" * 1_048_576), InvalidDocument),
]


@pytest.mark.parametrize(("content", "error"), REFUSED, ids=lambda value: repr(value)[:50])
def test_a_post_that_cannot_be_taken_leaves_nothing_behind(
    publish: Publish, services: WebServices, content: bytes, error: type[PostError]
) -> None:
    publish("Taken")
    before = everything(services)

    with pytest.raises(error):
        services.publisher.add(services.publisher.read(content), services.clock())

    assert everything(services) == before


@pytest.mark.parametrize("content", [content for content, error in REFUSED if error is InvalidDocument], ids=len)
def test_an_edit_that_cannot_be_taken_changes_nothing(publish: Publish, services: WebServices, content: bytes) -> None:
    publish("Taken", tags="[a]")
    before = everything(services)

    with pytest.raises(InvalidDocument):
        services.publisher.edit("taken", services.publisher.read(content), services.clock())

    assert everything(services) == before


@pytest.mark.parametrize("slug", ["nothing", "", "a\x00b", "\udcff", "a/b", "%"])
def test_what_is_not_there_cannot_be_changed(publish: Publish, services: WebServices, slug: str) -> None:
    publish("First")
    before = everything(services)

    for change in (
        lambda: edit(services, slug),
        lambda: services.publisher.rename(slug, "new"),
        lambda: services.publisher.delete(slug),
    ):
        with pytest.raises(PostNotFound):
            change()

    assert everything(services) == before


def test_every_change_counts_as_a_revision(publish: Publish, services: WebServices) -> None:
    def revision() -> int:
        return int(everything(services)["site"][0][2])

    seen = [revision()]
    for change in (
        lambda: publish("First"),
        lambda: edit(services, "first", "First", "Other."),
        lambda: services.publisher.rename("first", "second"),
        lambda: services.publisher.delete("second"),
    ):
        change()
        seen.append(revision())

    assert seen == sorted(set(seen))


def test_one_of_many_who_want_the_same_slug_gets_it(services: WebServices) -> None:
    content = services.publisher.read(document("Wanted", tags="[a]"))

    outcomes = together(*[lambda: services.publisher.add(content, services.clock())] * 6)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Post"] + ["SlugTaken"] * 5


@pytest.mark.parametrize("year", [2, 79, 1066, 1969, 1989])
def test_a_post_of_long_ago_keeps_its_dates(services: WebServices, publish: Publish, year: int) -> None:
    plain = publish("A diary", date=f"{year:04}-05-06")
    updated = publish("Another diary", date=f"{year:04}-05-06", updated=f"{year + 1:04}-01-01")

    with services.database.read() as connection:
        posts = store.by_ids(connection, (plain.id, updated.id))
    written = datetime(year, 5, 6, tzinfo=UTC)
    assert (posts[plain.id].published_at, posts[plain.id].updated_at) == (written, written)
    assert (posts[updated.id].published_at, posts[updated.id].updated_at) == (
        written,
        datetime(year + 1, 1, 1, tzinfo=UTC),
    )
