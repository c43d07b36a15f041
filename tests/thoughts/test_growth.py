"""Every query of a ping and its verification uses an index, on both databases."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from feedserver.posts.model import Post
from feedserver.storage.engine import Database
from feedserver.thoughts import reactions, shown
from feedserver.thoughts.listing import awaiting_moderation
from feedserver.thoughts.moderation import reputation
from feedserver.thoughts.moderation.actions import moderate_all
from tests.feeds.happenings import respond, say_much
from tests.support.listing import listing
from tests.thoughts.site import Site, SiteWith, linking

# Tables of a few rows; `websub_topics` has one for each feed with subscriptions.
SMALL = {"site", "host_rules", "heartbeats", "moderation_actions", "read_ahead", "websub_topics"}
# To read all thoughts in one state is to read nearly all of them.
_SCAN = re.compile(
    r"(?:SCAN|Seq Scan on|SEARCH(?= thoughts USING INDEX ix_thoughts_state_received_at)) (?!CONSTANT)(\w+)"
)


@contextmanager
def statements_of(database: Database) -> Iterator[dict[str, Any]]:
    """Collects each statement that is executed, with one set of its values."""
    seen: dict[str, Any] = {}

    def remember(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if statement.split(" ", 1)[0] in ("SELECT", "UPDATE", "DELETE") and "advisory" not in statement:
            seen.setdefault(statement, values[0] if many else values)

    event.listen(database.engine, "before_cursor_execute", remember)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", remember)


def scanned(database: Database, statement: str, values: Any) -> set[str]:
    """The tables that the database reads from end to end for a statement, whatever their size."""
    with database.engine.connect() as connection:
        if database.is_sqlite:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            lines = [str(row.detail) for row in plan]
        else:
            # Then PostgreSQL scans a table only if there is no other way.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            lines = [str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values)]
    tables = {found[1] for line in lines if (found := _SCAN.search(line))} - SMALL
    return {table for table in tables if not table.startswith("anon_")}  # a subquery of limited rows


def test_no_query_of_a_ping_or_an_inspection_reads_a_whole_table(site_with: SiteWith) -> None:
    site = site_with(moderation_pingbacks="trust", moderation_comments="trust", limits_host=3, pingback_places=2)
    targets = [
        site.url(site.publish(f"Post {number}", f"See <http://friend{number}.example/>.")) for number in range(3)
    ]
    words = "so much about this that it is worth comparing "
    database = site.services.database
    with statements_of(database) as statements:
        for number, host in enumerate(("friend0.example", "www.known.example", "new.example", "new.example:81")):
            page = site.web.put(f"http://{host}/", linking(*targets, before=f"{number} says: {words}"))
            for target in targets:
                site.ping(page, target)
        site.run_jobs()
    approve(site, "http://www.known.example/")
    with statements_of(database) as later:
        site.mention(targets[0], "http://known.example/~ann/")
        for _ in range(3):
            site.clock.move(days=8)
            site.run_jobs()
        with database.read() as connection:
            reputation.approved_commenter(connection, "Ann", "ann@known.example")
    statements |= later

    found = {
        statement: tables
        for statement, values in statements.items()
        if (tables := scanned(database, statement, values))
    }

    assert len(statements) > 30
    assert found == {}


@pytest.mark.parametrize("path", ["", "?thoughts=2", "/thoughts.json", "/thoughts.json?page=2"])
def test_a_post_reads_no_thoughts_but_those_that_it_shows(site: Site, post: Post, path: str) -> None:
    say_much(site.services, post, 101)
    respond(site.services, post, "like")
    with statements_of(site.services.database) as statements:
        assert site.client.get(f"/posts/{post.slug}{path}").status_code == 200

    found = {
        statement: tables
        for statement, values in statements.items()
        if "thoughts" in (tables := scanned(site.services.database, statement, values))
    }

    assert len(statements) > 5
    assert found == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_thoughts_and_people_are_counted_in_indexes_alone(site: Site, post: Post) -> None:
    respond(site.services, post, "like")
    with statements_of(site.services.database) as statements, site.services.database.read() as connection:
        shown.by_page(connection, post.id)
        shown.counts(connection, [post.id])
        reactions.on_post(connection, post.id, site.services.urls)

    with site.services.database.engine.connect() as connection:
        plans = {
            statement: str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).first())
            for statement, values in statements.items()
        }
    counting = [plan for statement, plan in plans.items() if "count(" in statement]
    assert len(counting) == 3
    assert all("USING COVERING INDEX" in plan for plan in counting)
    listing_ids = [plan for statement, plan in plans.items() if "ORDER BY thoughts.response" in statement]
    assert len(listing_ids) == 2
    assert all("ix_thoughts_post_id_response_id " in plan for plan in listing_ids)


def test_what_waits_for_moderation_is_found_without_reading_all_shown_thoughts(
    site_with: SiteWith,
) -> None:
    site = site_with(moderation_pingbacks="hold")
    database = site.services.database
    for host in ("held", "shown"):
        site.mention(site.target, f"http://{host}.example/", before=f"{host}: ")
    approve(site, "http://shown.example/")
    site.web.put("http://shown.example/", linking(site.target, before="Otherwise now: "))
    site.clock.move(days=8)
    site.run_jobs()

    with statements_of(database) as statements, database.read() as connection:
        waiting = awaiting_moderation(connection, 10)
        listed = listing(connection, state="held")

    assert len(waiting) == len(listed) == 2
    assert not any(scanned(database, statement, values) for statement, values in statements.items())


def approve(site: Site, source: str) -> None:
    ids = [thought.id for thought in site.thoughts() if thought.source == source]
    assert moderate_all(site.services.database, ids, "approve", site.clock()).thoughts


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_scan_is_seen(site: Site) -> None:
    database = site.services.database

    assert scanned(database, "SELECT id FROM thoughts WHERE excerpt = 'x'", ()) == {"thoughts"}
    assert scanned(database, "SELECT id FROM thoughts WHERE source_key = 'x'", ()) == set()
