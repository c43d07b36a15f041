"""Services: every part is made before the first thread starts, so that all threads share it."""

from functools import cached_property

from sqlalchemy import update

from feedserver.languages.messages import Message
from feedserver.services import WebServices
from feedserver.storage import revision
from feedserver.storage.schema import site
from tests.support.waiting import together


def test_every_part_exists_before_the_first_thread_does(services: WebServices) -> None:
    """`cached_property` has no lock from Python 3.12 on: two threads would get two sets of waiting slots."""
    late = {
        name
        for kind in type(services).__mro__
        for name, value in vars(kind).items()
        if isinstance(value, (cached_property, property))
    }

    assert late == {"moderation_key", "tokens"}
    assert {"database", "waiting_slots", "runner", "receiver", "feed_documents", "page_cache"} <= vars(services).keys()


def test_what_is_derived_from_the_secret_is_the_same_in_all_threads(services: WebServices) -> None:
    def read() -> tuple[str, Message | None]:
        given = services.tokens.issue(1, services.clock())
        return services.moderation_key, services.tokens.problem(given, 2, services.clock())

    assert len(set(together(*[read] * 16))) == 1


def test_forms_are_signed_with_the_secret_of_the_database_that_is_there_now(services: WebServices) -> None:
    form = services.tokens.issue(1, services.clock())

    with services.database.write() as connection:  # as where another site's file is put at the place of this one
        connection.execute(update(site).values(secret="another"))
        revision.revise(connection)

    assert services.tokens.problem(form, 1, services.clock()) is not None
