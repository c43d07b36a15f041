"""`feedserver init`, `jobs …`, `db …`."""

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from feedserver.jobs import store as jobs
from feedserver.jobs.worker import HEARTBEAT
from feedserver.storage import heartbeat, migrate
from feedserver.storage.engine import Database
from tests.cli.conftest import Run

Write = Callable[..., str]


# --- init ---


def test_init_makes_a_site_and_can_be_repeated(run: Run, outside: Path) -> None:
    assert run("init").out == ["created the site http://blog.example in var"]
    again = run("init")

    assert (again.status, again.out) == (0, ["found the site http://blog.example in var"])
    assert [post["slug"] for post in json.loads(run("post", "list", "--json").text)] == ["hello"]
    assert (
        sorted(path.name for path in (outside / "var").iterdir() if path.suffix != ".lock")[0] == "feedserver.sqlite3"
    )


def test_init_leaves_the_example_out_when_asked(run: Run, outside: Path) -> None:
    run("init", "--no-example")

    assert json.loads(run("post", "list", "--json").text) == []


# --- no database, an older one, a newer one ---

NEEDS_A_SITE = [
    "post list",
    "post show x",
    "post delete x",
    "thought list",
    "thought approve 1",
    "host list",
    "host block spam.example",
    "jobs list",
    "jobs run",
    "db check",
    "db upgrade",
    "worker",
]


@pytest.mark.parametrize("command", NEEDS_A_SITE)
def test_without_a_database_a_command_says_how_to_make_one(run: Run, outside: Path, command: str) -> None:
    refused = run(*command.split())

    assert (refused.status, refused.out) == (1, [])
    path = outside / "var/feedserver.sqlite3"
    assert refused.err == [
        f"feedserver: there is no database yet in {path}; `feedserver init` creates it; "
        "where the site is in another folder, go there first"
    ]
    assert list(outside.iterdir()) == [], "asking leaves nothing behind"


@pytest.mark.parametrize("command", [command for command in NEEDS_A_SITE if command != "db upgrade"])
def test_with_an_older_database_a_command_says_how_to_upgrade_it(
    run: Run, site: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "state", lambda _: "older")

    refused = run(*command.split())

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert "`feedserver db upgrade`" in refused.err[0]


@pytest.mark.parametrize("command", [*NEEDS_A_SITE, "init"])
def test_a_database_of_a_newer_program_that_took_something_away_is_left_alone(
    run: Run, outside: Path, command: str
) -> None:
    run("init")
    change_schema(
        "ALTER TABLE posts RENAME COLUMN summary TO teaser", "UPDATE alembic_version SET version_num = '9998'"
    )

    refused = run(*command.split())

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert "newer feedserver" in refused.err[0]
    assert "the column posts.summary is missing" in refused.err[0]


def change_schema(*statements: str) -> None:
    database = Database("sqlite:///var/feedserver.sqlite3")
    with database.write() as connection:
        for statement in statements:
            connection.execute(text(statement))
    database.close()


def test_check_says_that_a_newer_schema_has_all_that_is_needed(run: Run, outside: Path) -> None:
    run("init")
    change_schema("ALTER TABLE posts ADD COLUMN motto TEXT", "UPDATE alembic_version SET version_num = '9998'")

    assert run("db", "check").out == [migrate.NEWER]
    assert run("post", "list").status == 0
    assert run("db", "upgrade").out == ["nothing to do"]


def test_check_names_what_the_schema_lacks_a_line_each(run: Run, outside: Path) -> None:
    run("init")
    change_schema("DROP TABLE related", "DROP INDEX ix_sources_expires_at")

    refused = run("db", "check")

    assert (refused.status, refused.out) == (1, [])
    assert refused.err == [
        "feedserver: the table related is missing",
        "feedserver: the index ix_sources_expires_at of sources is missing",
    ]


def test_check_finds_a_damaged_file(run: Run, outside: Path) -> None:
    run("init")
    run("post", "add", "-", given=b"---\ntitle: Long\n---\n" + b"words " * 5_000)
    change_schema("CREATE TABLE moved (a)", "DROP TABLE moved")  # closes the file: nothing is left in its log
    file = Path("var/feedserver.sqlite3")
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + bytes(b ^ 0xFF for b in whole[8192:]))

    refused = run("db", "check")

    assert (refused.status, refused.out) == (1, [])
    assert refused.err
    assert all("damaged" in line for line in refused.err)


def test_check_and_upgrade_agree_on_a_current_database(run: Run, site: Path) -> None:
    assert run("db", "check").status == 0
    assert run("db", "upgrade").out == ["nothing to do"]


def test_upgrade_waits_for_the_lock(run: Run, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[Database] = []
    exclusive = migrate.exclusive

    def recording(database: Database) -> AbstractContextManager[bool]:
        held.append(database)
        return exclusive(database)

    monkeypatch.setattr(migrate, "exclusive", recording)

    run("db", "upgrade")

    assert len(held) == 1


# --- a database that cannot be reached ---


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://ann:hunter2@127.0.0.1:1/x", "did not answer"),
        ("postgresql+psycopg://ann:hunter2@127.0.0.1:x/x", "not an SQLAlchemy URL"),
        ("postgresql+psycopg://127.0.0.1/x?password=hunter2&colour=red", "did not answer"),
        ("postgresql+psycopg://ann:in@hunter2@127.0.0.1:1/x", "write %40 for each @"),
        ("mysql://ann:hunter2@h/x", "must begin with"),
        ("sqlite://var/x", "needs just a file"),
        ("sqlite:////proc/no/such/folder/x", "/proc/no"),
        ("sqlite:///settings.txt/x", "settings.txt"),
        ("sqlite:///settings.txt", "not a database"),
        ("sqlite:///.", "needs just a file"),
    ],
)
@pytest.mark.parametrize("command", ["init", "post list", "db check", "db upgrade", "jobs run"])
def test_a_database_that_cannot_be_used_is_one_line_without_its_secret(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch, url: str, said: str, command: str
) -> None:
    (outside / "settings.txt").write_text("this is no database, but long enough to be looked at " * 20)
    monkeypatch.setenv("FEEDSERVER_DATABASE_URL", url)

    refused = run(*command.split())

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert said in refused.err[0] or "no database yet" in refused.err[0]
    assert "hunter2" not in refused.err[0]


@pytest.mark.parametrize("data_dir", ["/proc/feedserver", "file/var", "/dev/null"])
def test_a_data_directory_that_cannot_be_written_is_one_line_that_names_it(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch, data_dir: str
) -> None:
    (outside / "file").write_text("")
    monkeypatch.setenv("FEEDSERVER_DATA_DIR", data_dir)

    refused = run("init")

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert data_dir.split("/var")[0] in refused.err[0]


# --- jobs ---


def test_jobs_list_has_every_key_always(run: Run, site: Path, database_url: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    database = Database(database_url)
    with database.write() as connection:
        jobs.ensure(connection, "verify", "http://later.example/", now + timedelta(hours=1), now)
        job = jobs.ensure(connection, "verify", "http://soon.example/", now, now)
        jobs.postpone(connection, jobs.lease(connection, job, now), now, now, attempts=1, error="it failed")
    database.close()

    soon, later = json.loads(run("jobs", "list", "--json").text)

    assert soon == {
        "id": soon["id"],
        "kind": "verify",
        "subject": "http://soon.example/",
        "run_at": "2026-01-01T00:00:00Z",
        "attempts": 1,
        "leased_until": None,
        "last_error": "it failed",
        "created_at": "2026-01-01T00:00:00Z",
        "concurrency_key": None,
        "why": "it failed",
    }
    assert list(later) == list(soon)
    assert later["last_error"] is None
    assert "http://soon.example/" in run("jobs", "list", "--all").out[1]


def test_jobs_list_sums_up_by_kind(run: Run, site: Path, database_url: str) -> None:
    assert run("jobs", "list").out == ["nothing waits"]
    now = datetime.now(UTC).replace(microsecond=0)
    due = now - timedelta(minutes=2)
    database = Database(database_url)
    with database.write() as connection:
        jobs.ensure(connection, "verify", "http://due.example/", due, due)
        failed = jobs.ensure(connection, "verify", "http://failed.example/", due, due)
        jobs.lease(connection, jobs.ensure(connection, "verify", "http://leased.example/", due, due), now)
        taken = jobs.lease(connection, failed, now)
        jobs.postpone(connection, taken, now + timedelta(hours=1), now, attempts=1, error="no answer")
        jobs.ensure(connection, "publish", "7", now + timedelta(days=1), now)
    database.close()

    heading, publish, verify, more = run("jobs", "list").out

    assert heading.split("  ")[0] == "kind"
    assert publish.split()[:5] == ["publish", "1", "0", "0", "0"]
    assert verify.split()[:5] == ["verify", "3", "1", "1", "1"]
    assert f"{due:%Y-%m-%d %H:%M}" in verify
    assert verify.endswith("no answer")
    assert more == "`--all` lists each"


@pytest.mark.parametrize("options", [[], ["--all"]])
def test_jobs_list_shows_kinds_whole(run: Run, site: Path, database_url: str, options: list[str]) -> None:
    now = datetime.now(UTC)
    database = Database(database_url)
    with database.write() as connection:
        for kind in ("confirm subscription", "deny subscription"):
            job = jobs.ensure(connection, kind, "1234567890" * 9, now, now)
            error = "the source did not answer within 10 seconds, whatever was tried " * 3
            jobs.postpone(connection, jobs.lease(connection, job, now), now, now, attempts=1, error=error)
    database.close()

    table = run("jobs", "list", *options).out

    assert "confirm subscription  " in table[1]
    assert "deny subscription  " in table[2]
    assert max(map(len, table)) <= 100


@pytest.mark.parametrize("arguments", [[], ["--until-idle"]])
def test_jobs_run_runs_what_is_due(run: Run, site: Path, database_url: str, arguments: list[str]) -> None:
    now = datetime.now(UTC)
    database = Database(database_url)
    with database.write() as connection:
        for number in range(3):
            jobs.ensure(connection, "publish", str(number), now - timedelta(minutes=1), now)
        jobs.ensure(connection, "publish", "later", now + timedelta(hours=1), now)
    database.close()

    done = run("jobs", "run", *arguments)

    assert (done.status, done.out) == (0, ["3 done"])
    assert [job["subject"] for job in json.loads(run("jobs", "list", "--json").text)] == ["later"]


# --- db copy ---


def test_a_site_is_copied_and_its_rows_are_counted(run: Run, site: Path, write: Write) -> None:
    run("post", "add", write("---\ntitle: Moved\n---\nWords."))
    source = os.environ["FEEDSERVER_DATABASE_URL"]

    copied = run("db", "copy", source, "sqlite:///new/copy.sqlite3", "--json")
    back = run("db", "copy", "sqlite:///new/copy.sqlite3", "sqlite:///back.sqlite3")

    rows = {row["table"]: (row["source"], row["target"]) for row in json.loads(copied.text)}
    assert (copied.status, back.status, copied.err, back.err) == (0, 0, [], [])
    assert rows["posts"] == (1, 1)
    assert rows["thoughts"] == (0, 0)
    assert ["posts", "1", "1"] in [line.split() for line in back.out]


def test_a_copy_of_a_site_that_is_in_use_says_that_changes_are_not_copied(
    run: Run, site: Path, database_url: str
) -> None:
    database = Database(database_url)
    with database.write() as connection:
        heartbeat.beat(connection, HEARTBEAT, datetime.now(UTC))
    database.close()

    copied = run("db", "copy", os.environ["FEEDSERVER_DATABASE_URL"], "sqlite:///copy.sqlite3")

    assert (copied.status, len(copied.err)) == (0, 1)
    assert copied.err[0].endswith(
        "FROM is in use: what changes from now on is not in TO; stop the site, empty TO, and copy it again"
    )


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("sqlite:///none.sqlite3", "sqlite:///x.sqlite3", "FROM: there is no feedserver database"),
        ("nonsense", "sqlite:///x.sqlite3", "FROM: not an SQLAlchemy URL"),
        ("sqlite:///x.sqlite3", "mysql://u:hunter2@h/x", "TO: must begin with"),
        ("sqlite:///var/feedserver.sqlite3", "sqlite:///var/feedserver.sqlite3", "TO: the database already holds"),
        ("sqlite:///var/feedserver.sqlite3", "postgresql+psycopg://u:hunter2@127.0.0.1:1/x", "did not answer"),
        ("postgresql+psycopg://u:hunter2@127.0.0.1:1/x", "sqlite:///x.sqlite3", "did not answer"),
    ],
)
def test_an_impossible_copy_is_refused_in_one_line_without_a_password(
    run: Run, outside: Path, source: str, target: str, said: str
) -> None:
    run("init")
    before = sorted(path.name for path in outside.rglob("*"))

    refused = run("db", "copy", source, target)

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert said in refused.err[0]
    assert "hunter2" not in refused.err[0]
    assert sorted(path.name for path in outside.rglob("*")) == before
