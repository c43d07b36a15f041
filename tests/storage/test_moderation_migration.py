"""What a site has stored before its moderation grew: it is looked at again, and its words are known again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import MetaData, insert, select

from feedserver.jobs import store as jobs
from feedserver.jobs.model import AT_LEISURE, AT_ONCE
from feedserver.storage import migrate
from feedserver.storage.engine import Database
from feedserver.storage.schema import sources, thoughts
from feedserver.thoughts.model import Words
from feedserver.thoughts.verification import sources as kept_sources

THEN = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
REVISION = "0004"


@pytest.fixture
def before(empty_database_url: str) -> Iterator[Database]:
    """A database of the schema before."""
    database = Database(empty_database_url)
    script = migrate._script()
    _upgrade(database, str(script.get_revision(REVISION).down_revision))
    yield database
    database.close()


def _upgrade(database: Database, revision: str) -> None:
    script = migrate._script()
    with database.write() as connection:
        context = EnvironmentContext(
            migrate._config(connection), script, fn=lambda now, _: script._upgrade_revs(revision, now)
        )
        with context:
            script.run_env()


def _fill(database: Database) -> None:
    old = MetaData()
    old.reflect(database.engine)
    moment = THEN.replace(tzinfo=None) if database.is_sqlite else THEN

    def add(table: str, **values: Any) -> None:
        columns = old.tables[table].columns
        blank = {column.name: "" for column in columns if not column.nullable and column.server_default is None}
        del blank["id" if "id" in blank else next(iter(blank))]
        moments = {name: moment for name in blank if name.endswith("_at")}
        flags = {name: False for name in ("pings_open", "comments_open", "approved") if name in blank}
        numbers = {name: 0 for name in ("strikes", "attempts") if name in blank}
        connection.execute(insert(old.tables[table]).values(blank | moments | flags | numbers | values))

    with database.write() as connection:
        add("posts", id=1, guid="p", slug="hello", state="published")
        for number, state in enumerate(("shown", "held", "gone", "received", "spam"), 1):
            page = f"http://{state}.example/"
            add(
                "thoughts",
                id=number,
                guid=state,
                post_id=1,
                kind="pingback",
                state=state,
                page=page,
                excerpt="Same  Words",
            )
        add("thoughts", id=6, guid="c", post_id=1, kind="comment", state="held", excerpt="Same words")
        add("thoughts", id=7, guid="n", post_id=1, kind="pingback", state="shown", page="http://new.example/")
        add("jobs", kind="verify", subject="http://received.example/", run_at=moment)
        add("jobs", kind="verify", subject="http://new.example/", run_at=moment)
        add("sources", page="http://shown.example/", fetched_at=moment, findings='{"1": {"author_name": "x"}}')


def test_what_is_stored_gets_looks_fingerprints_and_is_read_anew(before: Database) -> None:
    _fill(before)

    _upgrade(before, "heads")

    with before.read() as connection:
        planned = {job.subject: job for job in jobs.everything(connection)}
        found = {row.guid: row for row in connection.execute(select(thoughts))}
        source = kept_sources.last(connection, "http://shown.example/")
        assert connection.execute(select(sources.c.read_at)).scalar_one() is None
    now = datetime.now(UTC)
    assert sorted(planned) == [f"http://{name}.example/" for name in ("held", "new", "received", "shown")]
    assert planned["http://received.example/"].priority == planned["http://new.example/"].priority == AT_ONCE
    for state in ("shown", "held"):
        job = planned[f"http://{state}.example/"]
        assert job.priority == AT_LEISURE
        assert now - timedelta(minutes=5) < job.run_at < now + timedelta(days=30)
        assert found[state].next_check_at == job.run_at
    assert found["gone"].next_check_at is None
    assert found["shown"].fingerprint == found["gone"].fingerprint == Words("", "", "", "same words").fingerprint
    assert (found["c"].fingerprint, found["n"].fingerprint) == (None, None), "comments, and pings without words"
    assert source is not None
    assert (source.fetched_at, source.findings.mentions) == (THEN, {})


def test_an_empty_database_takes_it_too(before: Database) -> None:
    _upgrade(before, "heads")

    with before.read() as connection:
        assert jobs.everything(connection) == []
