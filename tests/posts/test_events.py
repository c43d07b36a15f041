"""The events that listeners get for each change to a post, inside its transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from feedserver.jobs.model import Job
from feedserver.jobs.queue import FreeSlots
from feedserver.posts.events import PostEvent, each
from feedserver.posts.publishing import Publisher
from feedserver.posts.scheduling import PUBLISH
from feedserver.services import WebServices
from tests.posts.builders import document, everything
from tests.support.fixtures import Publish
from tests.support.outside import Clock

TOMORROW = "2026-03-09T12:00:00Z"
DUE = datetime(2026, 3, 9, 12, tzinfo=UTC)


@dataclass
class Author:
    """Writes one post, and records the events that listeners get."""

    services: WebServices
    events: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    @property
    def publisher(self) -> Publisher:
        """The publisher of the site, with one listener more."""
        known = self.services.publisher
        return replace(known, listeners=(*known.listeners, each(self.listen)))

    def listen(self, connection: Connection, event: PostEvent) -> None:
        assert not connection.closed
        old, new = (post.title if post else None for post in (event.old, event.new))
        self.events.append((event.kind, old, new))

    def add(self, title: str, **front: str) -> None:
        self.publisher.add(self.publisher.read(document(title, slug="it", **front)), self.services.clock())

    def edit(self, title: str, **front: str) -> None:
        self.publisher.edit("it", self.publisher.read(document(title, **front)), self.services.clock())

    def rename(self) -> None:
        self.publisher.rename("it", "that")

    def delete(self) -> None:
        self.publisher.delete("it")

    def take_job(self) -> None:
        """Runs the job of a scheduled post if it is due."""
        for job in self.leased():
            self.publisher.notify_due(job)

    def leased(self) -> list[Job]:
        return self.services.runner.take([FreeSlots(PUBLISH, "first", 10)])


@pytest.fixture
def author(services: WebServices) -> Author:
    return Author(services)


def test_a_published_post_appears_changes_and_disappears(author: Author) -> None:
    author.add("One")
    author.edit("Two")
    author.rename()
    author.delete()

    assert author.events == [
        ("appeared", None, "One"),
        ("changed", "One", "Two"),
        ("changed", "Two", "Two"),
        ("disappeared", "Two", None),
    ]


def test_a_draft_is_withheld_until_it_is_published_and_again_when_it_is_made_one(author: Author) -> None:
    author.add("One", draft="true")
    author.edit("Two", draft="true")
    author.edit("Three")
    author.edit("Four", draft="true")
    author.delete()

    assert author.events == [
        ("withheld", None, None),
        ("withheld", None, None),
        ("appeared", None, "Three"),
        ("disappeared", "Three", None),
        ("withheld", None, None),
    ]


def test_the_job_of_a_scheduled_post_tells_once_that_it_has_appeared(author: Author, clock: Clock) -> None:
    author.add("One", date=TOMORROW)
    author.take_job()
    clock.now = DUE
    author.take_job()
    author.take_job()
    author.edit("Two")

    assert author.events == [("withheld", None, None), ("appeared", None, "One"), ("changed", "One", "Two")]


@pytest.mark.parametrize(
    ("change", "events"),
    [
        (lambda author: author.edit("Two"), ("changed", "One", "Two")),
        (lambda author: author.edit("Two", draft="true"), ("disappeared", "One", None)),
        (lambda author: author.edit("Two", date="2027-01-01"), ("disappeared", "One", None)),
        (lambda author: author.rename(), ("changed", "One", "One")),
        (lambda author: author.delete(), ("disappeared", "One", None)),
    ],
    ids=["edit", "made a draft", "put off", "rename", "deletion"],
)
def test_a_change_that_comes_before_the_job_of_a_post_that_is_due_tells_first_that_it_has_appeared(
    author: Author, clock: Clock, change: Callable[[Author], None], events: tuple[str, str | None, str | None]
) -> None:
    author.add("One", date=TOMORROW)
    clock.now = DUE

    change(author)
    author.take_job()

    assert author.events == [("withheld", None, None), ("appeared", None, "One"), events]


@pytest.mark.parametrize(
    ("change", "events"),
    [
        (lambda author: author.edit("Two"), [("withheld", None, None), ("appeared", None, "Two")]),
        (lambda author: author.edit("Two", date="2026-01-01"), [("appeared", None, "Two")]),
        (lambda author: author.rename(), [("withheld", None, None), ("appeared", None, "One")]),
        (lambda author: author.delete(), [("withheld", None, None)]),
    ],
    ids=["edit", "a date that has passed", "rename", "deletion"],
)
def test_a_scheduled_post_that_is_not_due_can_be_changed_unseen(
    author: Author, clock: Clock, change: Callable[[Author], None], events: list[tuple[str, str | None, str | None]]
) -> None:
    author.add("One", date=TOMORROW)

    change(author)
    clock.now = DUE
    author.take_job()

    assert author.events == [("withheld", None, None), *events]


def test_a_job_that_was_overtaken_by_an_edit_while_it_was_leased_tells_nothing(author: Author, clock: Clock) -> None:
    author.add("One", date=TOMORROW)
    clock.now = DUE
    (job,) = author.leased()
    author.edit("Two", date="2027-01-01")

    author.publisher.notify_due(job)

    assert [kind for kind, _, _ in author.events] == ["withheld", "appeared", "disappeared"]
    assert author.services.runner.run_due() == 0, "the new job waits for the new date"


def test_an_edit_that_waited_while_the_job_told_does_not_make_the_post_appear_again(
    author: Author, clock: Clock
) -> None:
    author.add("One", date=TOMORROW)
    before = clock()
    clock.now = DUE
    author.take_job()

    author.publisher.edit("it", author.publisher.read(document("Two")), before)
    author.take_job()

    assert [kind for kind, _, _ in author.events] == ["withheld", "appeared", "changed"]


def test_what_a_listener_raises_rolls_everything_back(
    author: Author, publish: Publish, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("One", slug="it", tags="[a]")
    publish("To come", date=TOMORROW)
    clock.now = DUE
    (job,) = author.leased()
    before = everything(author.services)
    monkeypatch.setattr(author, "listen", lambda *_: 1 / 0)

    for change in (
        lambda: author.publisher.add(author.publisher.read(document("Two", tags="[a]")), clock()),
        lambda: author.edit("Other", tags="[b]"),
        author.rename,
        author.delete,
        lambda: author.publisher.notify_due(job),
    ):
        with pytest.raises(ZeroDivisionError):
            change()

    assert everything(author.services) == before
