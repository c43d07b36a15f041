"""What thoughts of older releases become."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from feedserver.jobs import store as jobs
from feedserver.storage.engine import Database
from feedserver.storage.schema import thoughts
from feedserver.thoughts import joining, store, timeline
from feedserver.thoughts.disk_size import disk_size
from feedserver.thoughts.moderation import reputation
from feedserver.thoughts.verification import sources
from tests.support.upgrading import upgrade_to

RECEIVED = "2026-03-08 12:00:07.654321"
POST = {
    **dict.fromkeys(("guid", "title", "source", "html", "feed_html", "excerpt"), ""),
    **dict.fromkeys(("published_at", "updated_at", "created_at"), RECEIVED),
    "id": 1,
    "slug": "a-post",
    "lang": "en",
    "state": "published",
    "pings_open": True,
    "comments_open": True,
}
THOUGHT = {
    **dict.fromkeys(("author_name", "author_url", "title", "excerpt"), "words"),
    "id": 1,
    "guid": "urn:uuid:1",
    "post_id": 1,
    "kind": "pingback",
    "state": "shown",
    "approved": False,
    "strikes": 0,
    "received_at": RECEIVED,
}

DAY = "2026-03-09 12:00:00.000000"
JOB = {"kind": "verify", "run_at": DAY, "attempts": 0, "created_at": DAY, "priority": 1}


@pytest.fixture
def first_release(empty_database_url: str) -> Iterator[Database]:
    """A database of the first release with one post."""
    database = Database(empty_database_url)
    upgrade_to(database, "1001")
    insert(database, "posts", POST)
    yield database
    database.close()


def insert(database: Database, table: str, values: dict[str, object]) -> None:
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    with database.write() as connection:
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)


def test_a_thought_of_the_first_release_was_received_and_updated_in_a_whole_second(first_release: Database) -> None:
    insert(first_release, "thoughts", THOUGHT)

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        thought = store.by_id(connection, 1)
    assert thought is not None
    assert thought.received_at == thought.updated_at == datetime(2026, 3, 8, 12, 0, 7, tzinfo=UTC)


def test_a_commenter_of_the_first_release_is_trusted_by_name_and_email(first_release: Database) -> None:
    approved = {"kind": "comment", "approved": True, "author_name": "Zo\u00eb Reader", "email": "Zoe@mail.example"}
    insert(first_release, "thoughts", THOUGHT | approved)

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        assert reputation.approved_commenter(connection, "zoe\u0308 reader", "zoe@mail.example")
        assert not reputation.approved_commenter(connection, "Bo", "zoe@mail.example")


def test_no_text_of_the_first_release_turns_what_follows_it(first_release: Database) -> None:
    turning = {"author_name": "Ann \u202egnp.exe", "title": "\u2067T", "excerpt": "one\u202c\ntwo \u2066\u2069three"}
    insert(first_release, "thoughts", THOUGHT | {"kind": "comment"} | turning)
    insert(first_release, "thoughts", THOUGHT | {"id": 2, "guid": "urn:uuid:2", "excerpt": "\u05d0 100%"})

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        cleaned, other = store.by_id(connection, 1), store.by_id(connection, 2)
    assert cleaned is not None
    assert (cleaned.author_name, cleaned.title, cleaned.excerpt) == ("Ann gnp.exe", "T", "one\ntwo three")
    assert other is not None
    assert other.excerpt == "\u05d0 100%"


def test_the_bytes_of_a_thought_of_the_first_release_are_estimated(first_release: Database) -> None:
    source = "http://other.example/" + "e" * 100
    insert(
        first_release, "thoughts", THOUGHT | {"source": source, "source_key": source, "target": "http://blog.example/"}
    )

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        thought = store.by_id(connection, 1)
        size = connection.execute(select(thoughts.c.size)).scalar_one()
    assert thought is not None
    estimated = disk_size(thought.source, thought.target, thought.source_key, thought.content)
    assert estimated <= size <= estimated + 500


def test_the_record_of_a_source_of_the_first_release_is_forgotten_and_its_thoughts_stay(
    first_release: Database,
) -> None:
    insert(first_release, "thoughts", THOUGHT)
    values: dict[str, object] = {"source_key": "http://other.example/", "fetched_at": RECEIVED, "findings": "{}"}
    insert(first_release, "sources", values)
    line: dict[str, object] = {
        "id": 1,
        "thought_id": 1,
        "at": RECEIVED,
        "event": "received",
        "detail": "a ping for this post",
    }
    insert(first_release, "thought_events", line)

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        assert sources.last(connection, "http://other.example/", datetime.now(UTC), timedelta(minutes=5)) is None
        (event,) = timeline.events(connection, 1)
    assert (event.detail, event.times) == ("a ping for this post", 1)


def test_what_waits_since_the_first_release_counts_for_its_network_and_its_bytes(first_release: Database) -> None:
    waiting = {"state": "held", "excerpt": "é" * 10, "sender": "192.0.2.77"}
    insert(first_release, "thoughts", THOUGHT | waiting)

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        row = connection.execute(text("SELECT sender_network, word_bytes FROM thoughts")).one()
    assert tuple(row) == ("192.0.2.0/24", 20 + 3 * len("words"))


@pytest.mark.parametrize(
    ("state", "sender", "kept"),
    [
        ("received", "192.0.2.77", "192.0.2.77"),
        ("shown", "192.0.2.77", "192.0.2.0/24"),
        ("held", "::ffff:192.0.2.77", "192.0.2.0/24"),
        ("gone", "2001:db8:1:2::3", "2001:db8:1::/48"),
        ("rejected", "", ""),
    ],
)
def test_of_the_address_of_a_sender_only_the_network_is_kept_unless_its_ping_is_unsettled(
    first_release: Database, state: str, sender: str, kept: str
) -> None:
    insert(first_release, "thoughts", THOUGHT | {"state": state, "sender": sender})

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        assert connection.execute(select(thoughts.c.sender)).scalar_one() == kept


SOURCES = {  # by id: the source key of the first release, the present one, and the page's key
    1: ("http://h.example/%6Fk", "http://h.example/ok", "//h.example/ok"),
    2: ("http://h.example/ok", "http://h.example/ok#2", "//h.example/ok"),
    3: ("https://h.example/ok", "https://h.example/ok", "//h.example/ok"),
    4: ("http://h.example/日?ü=%c3", "http://h.example/%E6%97%A5?%C3%BC=%C3", "//h.example/%E6%97%A5?%C3%BC=%C3"),
    5: ("http://h.example:8080/a/../%7e/.", "http://h.example:8080/~/", "//h.example:8080/~/"),
    6: ("http://h.example/100%", "http://h.example/100%25", "//h.example/100%25"),
    7: ("http://h.example/e\u0301?e%cc%81", "http://h.example/e%CC%81?e%CC%81", "//h.example/%C3%A9?%C3%A9"),
}


@pytest.mark.parametrize("state", ["shown", "spam", "gone"])
def test_sources_get_their_normal_form_and_no_thought_is_lost(first_release: Database, state: str) -> None:
    for thought_id, (old, _, _) in SOURCES.items():
        ids = {"id": thought_id, "guid": f"urn:uuid:{thought_id}", "source": old, "source_key": old}
        insert(first_release, "thoughts", THOUGHT | ids | {"state": state})
        insert(first_release, "jobs", JOB | {"subject": old})

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        for thought_id, (_, new, page) in SOURCES.items():
            thought = store.by_id(connection, thought_id)
            assert thought is not None
            assert (thought.source_key, thought.page_key, thought.state) == (new, page, state)
        known, _ = joining.known(connection, 1, "https://h.example/ok", read_lately=False)
        subjects = {job.subject for job in jobs.everything(connection)}
    assert known is not None
    assert known.id == 3, "its own source"
    assert subjects == {new for _, new, _ in SOURCES.values()}


def test_a_source_that_is_too_long_in_normal_form_keeps_its_key(first_release: Database) -> None:
    old = "http://h.example/" + "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(670))
    insert(first_release, "thoughts", THOUGHT | {"source": old, "source_key": old})
    insert(first_release, "jobs", JOB | {"subject": old})

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        thought = store.by_id(connection, 1)
        (job,) = jobs.everything(connection)
    assert thought is not None
    assert (thought.source_key, thought.page_key, job.subject) == (old, None, old)


def test_a_source_that_was_never_verified_has_no_page_and_its_job_goes_on(first_release: Database) -> None:
    for thought_id, post_id in ((1, 1), (2, 2)):
        ids = {"id": thought_id, "guid": f"urn:uuid:{thought_id}", "post_id": post_id}
        if post_id != 1:
            insert(first_release, "posts", POST | {"id": post_id, "guid": "2", "slug": "2", "updated_at": DAY})
        insert(first_release, "thoughts", THOUGHT | ids | {"state": "received", "source_key": "http://h.example/%6Fk"})
    insert(first_release, "jobs", JOB | {"subject": "http://h.example/%6Fk"})

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        found = [store.by_id(connection, thought_id) for thought_id in (1, 2)]
        (job,) = jobs.everything(connection)
    assert {(one.source_key, one.page_key) for one in found if one} == {("http://h.example/ok", None)}
    assert job.subject == "http://h.example/ok"


def test_the_users_of_a_host_that_is_shared_by_path_become_source_sites(first_release: Database) -> None:
    sites = {
        "http://www.github.com/%61nn/x": ("www.github.com", "github.com", "github.com/ann"),
        "http://github.com/": ("github.com", "github.com", "github.com"),
        "http://sites.google.com/view/ann": ("sites.google.com", "google.com", "sites.google.com/view"),
        "http://other.example/ann": ("other.example", "other.example", "other.example"),
    }
    for thought_id, (source, (host, site, _)) in enumerate(sites.items(), 1):
        values = {"id": thought_id, "guid": str(thought_id), "source_key": source, "host": host, "source_site": site}
        insert(first_release, "thoughts", THOUGHT | values)

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        found = connection.execute(select(thoughts.c.source_site).order_by(thoughts.c.id)).scalars().all()
    assert found == [site for _, _, site in sites.values()]


def test_thoughts_that_were_shown_are_numbered_on_each_post_as_the_page_had_them(first_release: Database) -> None:
    insert(first_release, "posts", POST | {"id": 2, "guid": "2", "slug": "2", "updated_at": DAY})
    kept = [
        {"post_id": 1, "received_at": "2026-03-09 12:00:00"},
        {"post_id": 1, "received_at": "2026-03-08 12:00:00"},
        {"post_id": 1, "received_at": "2026-03-08 12:00:00", "state": "gone", "restore": "shown"},
        {"post_id": 1, "received_at": "2026-03-07 12:00:00", "state": "held"},
        {"post_id": 1, "received_at": "2026-03-07 12:00:00", "state": "rejected"},
        {"post_id": 1, "received_at": "2026-03-10 12:00:00", "state": "spam"},
        {"post_id": 2, "received_at": "2026-03-10 12:00:00"},
    ]
    for number, values in enumerate(kept, 1):
        insert(first_release, "thoughts", THOUGHT | {"id": number, "guid": f"urn:uuid:{number}"} | values)
    for number, detail in ((4, "held: waits"), (6, "shown: approved"), (6, "spam")):
        insert(first_release, "thought_events", {"thought_id": number, "at": DAY, "event": "decided", "detail": detail})

    upgrade_to(first_release, "head")

    with first_release.read() as connection:
        found = connection.execute(select(thoughts.c.position).order_by(thoughts.c.id)).scalars().all()
    assert found == [3, 1, 2, None, None, 4, 1]
