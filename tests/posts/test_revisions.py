"""Each text that is saved is kept: history, conflicts, amended fields, restored revisions, free slugs, forms."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete, update

from feedserver.errors import AlreadyAdded, EditConflict, InvalidDocument, RevisionNotFound
from feedserver.posts import revisions, store
from feedserver.posts.model import CLI, IMPORT, Post, Writer
from feedserver.posts.preparing import RenderedDocument
from feedserver.posts.publishing import Publisher
from feedserver.services import WebServices
from feedserver.storage import schema
from tests.posts.builders import document, edit
from tests.support.fixtures import Publish
from tests.support.outside import Clock

ANN = Writer("ann", "desk")


def history(services: WebServices, post: Post) -> list[tuple[int, str | None, str, str]]:
    with services.database.read() as connection:
        return [(one.number, one.by, one.via, one.title) for one in revisions.history(connection, post.id)]


def stored(services: WebServices, slug: str) -> Post:
    with services.database.read() as connection:
        post = store.by_slug(connection, slug)
    assert post is not None
    return post


def test_each_saved_text_is_a_revision_with_its_writer(services: WebServices, publish: Publish, clock: Clock) -> None:
    post = publish("First", slug="p")
    clock.move(seconds=60)
    services.publisher.amend("p", {"title": "Second"}, None, clock(), ANN)

    assert history(services, post) == [(2, "ann", "desk", "Second"), (1, None, "cli", "First")]
    assert stored(services, "p").revision == 2
    with services.database.read() as connection:
        first = revisions.find(connection, post.id, 1)
    assert first is not None
    assert first.source == post.source
    assert first.at == post.created_at


def test_a_document_that_changes_nothing_is_not_stored(services: WebServices, publish: Publish, clock: Clock) -> None:
    post = publish("A post", slug="p", tags="[Sea]")
    clock.move(seconds=60)

    assert edit(services, "p", slug="p", tags="[Sea]") == post
    assert services.publisher.amend("p", {"title": "A post", "tags": ["Sea"]}, None, clock(), ANN) == post
    assert (stored(services, "p"), len(history(services, post))) == (post, 1)


def test_an_edit_of_another_revision_than_the_present_one_is_a_conflict(
    services: WebServices, publish: Publish, clock: Clock
) -> None:
    publish("A post", slug="p")
    services.publisher.amend("p", {}, "Hers.", clock(), ANN, expected=1)

    with pytest.raises(EditConflict) as conflict:
        services.publisher.amend("p", {}, "Mine.", clock(), ANN, expected=1)

    assert (conflict.value.slug, conflict.value.number) == ("p", 2)
    assert stored(services, "p").source.endswith("Hers.")
    assert services.publisher.amend("p", {}, "Hers.", clock(), ANN, expected=1).revision == 2, "the same form twice"
    assert services.publisher.amend("p", {}, "Mine.", clock(), ANN, expected=2).revision == 3


def test_a_change_of_fields_stays_beside_what_somebody_changes_meanwhile(
    services: WebServices, publish: Publish, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("A post", slug="p")
    rendered = services.publisher.render
    others = iter(["One.", "Two."])

    def meanwhile(*arguments: object) -> object:
        if other := next(others, None):
            services.publisher.amend("p", {}, other, clock(), ANN)
        return rendered(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(type(services.publisher), "render", lambda _self, *arguments: meanwhile(*arguments))
    services.publisher.amend("p", {"title": "Mine"}, None, clock(), ANN)

    assert stored(services, "p").title == "Mine"
    assert stored(services, "p").source.endswith(("One.", "Two."))


@pytest.mark.one_database
def test_changes_of_somebody_else_that_never_end_are_a_conflict(
    services: WebServices, publish: Publish, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("A post", slug="p")
    render, numbers = Publisher.render, count(1)

    def render_late(publisher: Publisher, *arguments: Any) -> RenderedDocument:
        made = render(publisher, *arguments)
        if made.document.title == "Mine":
            edit(services, "p", "A post", f"Hers, the {next(numbers)}.")
        return made

    monkeypatch.setattr(Publisher, "render", render_late)

    with pytest.raises(EditConflict):
        services.publisher.amend("p", {"title": "Mine"}, None, clock(), ANN)

    assert stored(services, "p").title == "A post"


def test_a_revision_is_restored_with_its_fields_as_a_new_one(
    services: WebServices, publish: Publish, clock: Clock
) -> None:
    post = publish("First", "One.", slug="p", tags="[sea]", colour="red")
    services.publisher.amend("p", {"title": "Second", "tags": None}, "Two.", clock(), ANN)

    restored = services.publisher.restore_revision("p", 1, clock(), ANN)

    assert (restored.revision, restored.title, restored.tags) == (3, "First", ("sea",))
    assert restored.source == post.source
    with pytest.raises(RevisionNotFound):
        services.publisher.restore_revision("p", 9, clock(), ANN)


def test_restoring_a_revision_leaves_the_state_as_it_is(services: WebServices, publish: Publish, clock: Clock) -> None:
    publish("Once a draft", slug="p", draft="true")
    public = services.publisher.amend("p", {"draft": False}, None, clock(), ANN)
    day = clock() + timedelta(days=1)
    publish("Scheduled", slug="s", date=day.isoformat())
    services.publisher.amend("s", {"date": day + timedelta(days=1)}, None, clock(), ANN)
    clock.move(days=3)
    services.publisher.amend("s", {"date": clock() - timedelta(days=9)}, "Words", clock(), ANN)
    clock.move(seconds=60)

    assert services.publisher.restore_revision("p", 1, clock(), ANN).state == public.state == "published"
    assert services.publisher.restore_revision("s", 2, clock(), ANN).visible(clock())
    withdrawn = services.publisher.amend("p", {"draft": True}, None, clock(), ANN)
    assert withdrawn.state == "draft"
    assert services.publisher.restore_revision("p", 2, clock(), ANN).state == "draft"


def test_what_an_older_program_saves_beside_this_one_is_kept_too(
    services: WebServices, publish: Publish, clock: Clock
) -> None:
    edited, added = publish("Edited", slug="e"), publish("Added", slug="a")
    with services.database.write() as connection:
        other = {"source": edited.source.replace("Some", "Older"), "title": "By another"}
        connection.execute(update(schema.posts).where(schema.posts.c.slug == "e").values(other))
        connection.execute(delete(schema.revisions).where(schema.revisions.c.post_id == added.id))

    services.publisher.amend("e", {"title": "New"}, None, clock(), ANN)
    services.publisher.amend("a", {"title": "New"}, None, clock(), ANN)

    assert [(number, title) for number, _, _, title in history(services, edited)] == [
        (3, "New"),
        (2, "By another"),
        (1, "Edited"),
    ]
    assert [(number, title) for number, _, _, title in history(services, added)] == [(2, "New"), (1, "Added")]


def test_erasing_takes_all_revisions(services: WebServices, publish: Publish) -> None:
    post = publish("A post", slug="p")
    services.publisher.delete("p")
    services.publisher.erase("p")

    assert history(services, post) == []


def test_posts_of_an_export_without_revisions_get_a_first_one(services: WebServices, publish: Publish) -> None:
    post = publish("A post", slug="p")
    with services.database.write() as connection:
        connection.execute(delete(schema.revisions))
        revisions.complete(connection)

    assert history(services, post) == [(1, None, "import", "A post")]


# --- free slugs ---


def add(services: WebServices, content: bytes, submission: str | None = None) -> Post:
    publisher = services.publisher
    return publisher.add(
        publisher.read_unnamed(content), services.clock(), writer=ANN, free_slug=True, submission=submission
    )


def test_a_taken_slug_becomes_the_next_free_one_in_the_document_too(services: WebServices, publish: Publish) -> None:
    publish("Spring", slug="spring")

    second, third = add(services, document("Spring")), add(services, document("X", slug="spring"))

    assert (second.slug, third.slug) == ("spring-2", "spring-3")
    assert 'slug: "spring-2"\n' in second.source
    assert 'slug: "spring-3"\n' in third.source
    assert "slug: spring\n" not in third.source


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (document(None, "Bees *fly* over the wide meadow again today."), "bees-fly-over-the-wide-meadow"),
        (document(None, "![](https://example.org/x.png)"), "2026-03-08-1200"),
        (document("'!!!'", ""), "2026-03-08-1200"),
        (document("Posts", page="true", slug="posts"), "posts-2"),
    ],
    ids=["its first words", "its time", "a title without letters", "one that no page can have"],
)
def test_a_post_without_a_slug_gets_one(services: WebServices, content: bytes, slug: str) -> None:
    assert add(services, content).slug == slug


def test_without_a_free_slug_one_is_asked_for(services: WebServices) -> None:
    unnamed = services.publisher.read_unnamed(document(None))

    with pytest.raises(InvalidDocument, match="title: is missing"):
        services.publisher.add(unnamed, services.clock(), writer=CLI)


def test_a_form_adds_one_post(services: WebServices) -> None:
    first = add(services, document("One"), submission="form")

    with pytest.raises(AlreadyAdded) as again:
        add(services, document("One"), submission="form")
    assert again.value.slug == first.slug
    assert add(services, document("One"), submission="another form").slug == "one-2"


def test_an_import_says_so_in_the_history(services: WebServices, write_quietly: Callable[[bytes], Post]) -> None:
    assert history(services, write_quietly(document("Old"))) == [(1, None, "import", "Old")]


@pytest.fixture
def write_quietly(services: WebServices) -> Callable[[bytes], Post]:
    def write(content: bytes) -> Post:
        publisher = services.quiet_publisher()
        return publisher.add(publisher.read(content), services.clock(), writer=IMPORT)

    return write


@pytest.mark.parametrize("updated", ["2026-01-02", "2099-01-01"], ids=["past", "to come"])
def test_a_change_moves_updated_though_the_document_said_it(
    services: WebServices, publish: Publish, clock: Clock, updated: str
) -> None:
    post = publish("A post", slug="p", date="2025-12-24", updated=updated)
    moments = [post.updated_at]
    clock.move(seconds=60)
    moments += [  # in the same second
        services.publisher.amend("p", {}, words, clock(), ANN).updated_at for words in ("One.", "Two.")
    ]

    assert moments[0] < moments[1] < moments[2]
    assert moments[1] == clock()


def test_an_updated_that_is_given_stays_and_so_does_one_where_nothing_changes(
    services: WebServices, publish: Publish, clock: Clock
) -> None:
    given = datetime(2026, 1, 3, tzinfo=UTC)
    post = publish("A post", slug="p", date="2025-12-24", updated="2026-01-02")

    assert services.publisher.amend("p", {"title": "A post"}, None, clock(), ANN) == post
    assert services.publisher.amend("p", {"updated": given}, "Else.", clock(), ANN).updated_at == given


def test_restoring_an_earlier_text_moves_updated_too(services: WebServices, publish: Publish, clock: Clock) -> None:
    publish("First", slug="p", date="2025-12-24", updated="2026-01-02")
    edit(services, "p", "Second", date="2025-12-24")
    clock.move(seconds=60)

    restored = services.publisher.restore_revision("p", 1, clock(), ANN)

    assert (restored.title, restored.updated_at) == ("First", clock())
