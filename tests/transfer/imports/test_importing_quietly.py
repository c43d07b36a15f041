"""Nobody elsewhere hears of an import: no pings, no pushes; of what is written besides they hear all the same."""

from collections.abc import Iterator

import pytest

from feedserver.feeds.document import Document
from feedserver.feeds.documents import FeedDocuments
from feedserver.feeds.scopes import FeedAddress
from feedserver.jobs import store as jobs
from feedserver.services import WebServices
from feedserver.thoughts import untold
from tests.feeds.happenings import say
from tests.posts.builders import edit, publish
from tests.transfer.imports.exports import Exports, comment, post, posts
from tests.websub.readers import Readers, subscribe

LINK = '<a href="https://elsewhere.example/page">there</a>'
TOPICS = [FeedAddress(scope, "atom", name) for scope, name in (("site", ""), ("tag", "sea"), ("thoughts", ""))]


@pytest.fixture
def readers() -> Iterator[Readers]:
    found = Readers()
    yield found
    found.close()


def kinds_of_jobs(services: WebServices) -> set[str]:
    with services.database.read() as connection:
        return {job.kind for job in jobs.everything(connection)}


def test_pages_that_imported_posts_link_to_are_not_told(services: WebServices, exports: Exports) -> None:
    exports.run(services, post(text=LINK), post("2", text=LINK, published_at=services.clock().replace(year=2999)))

    assert kinds_of_jobs(services) <= {"publish"}

    edit(services, "post-1", body="[there](https://elsewhere.example/page) [new](https://elsewhere.example/new)")
    assert "tell" in kinds_of_jobs(services)


def test_its_owner_hears_nothing_of_what_is_imported(services: WebServices, exports: Exports) -> None:
    """Held comments too: they waited at the old place."""
    exports.run(services, post(), comment("1"), comment("2", state="held"))

    with services.database.write() as connection:
        assert not untold.is_any(connection)
    say(services, publish(services, "Mine"), state="held")
    with services.database.write() as connection:
        assert len(untold.take(connection, 9)) == 1


def subscribed(services: WebServices, readers: Readers) -> None:
    """A reader of each topic, who has its newest version."""
    first = publish(services, slug="first", tags="[sea]")
    say(services, first)
    for number, address in enumerate(TOPICS):
        subscribe(services, f"{readers.url}/{number}", address)
    services.runner.run_due()
    readers.take()


def test_what_is_imported_is_not_pushed_and_a_later_change_is(
    services: WebServices, exports: Exports, readers: Readers
) -> None:
    subscribed(services, readers)

    exports.run(services, *posts(3), comment("1"))
    services.runner.run_due()
    exports.run(services, *posts(4), comment("1"), comment("2"))
    services.runner.run_due()
    assert readers.take() == []

    edit(services, "first", "Changed", tags="[sea]")
    services.runner.run_due()
    assert sorted(push.target for push in readers.take()) == ["/0", "/1", "/2"]


def test_a_change_before_or_during_an_import_is_pushed(
    services: WebServices, exports: Exports, readers: Readers
) -> None:
    subscribed(services, readers)

    edit(services, "first", "Changed before", tags="[sea]")
    exports.run(services, *posts(3))
    services.runner.run_due()
    assert sorted(push.target for push in readers.take()) == ["/0", "/1", "/2"]

    exports.during(lambda: edit(services, "first", "Changed meanwhile", tags="[sea]"))
    exports.run(services, *posts(5), comment("1"))
    services.runner.run_due()
    assert sorted(push.target for push in readers.take()) == ["/0", "/1", "/2"]


def test_a_look_that_an_import_overtakes_pushes_nothing(
    services: WebServices, exports: Exports, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribed(services, readers)
    exports.run(services, *posts(3))
    render = FeedDocuments.get

    def overtaken(documents: FeedDocuments, address: FeedAddress) -> Document:
        document = render(documents, address)
        monkeypatch.setattr(FeedDocuments, "get", render)
        exports.run(services, *posts(5))
        return document

    monkeypatch.setattr(FeedDocuments, "get", overtaken)
    services.runner.run_due()
    services.runner.run_due()

    assert readers.take() == []


def test_other_hubs_are_not_told(services: WebServices, exports: Exports) -> None:
    exports.run(services, *posts(2))

    assert "tell hub" not in kinds_of_jobs(services)
