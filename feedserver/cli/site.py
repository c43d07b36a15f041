"""`feedserver init`, `jobs …` and `db …`."""

from argparse import Namespace
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta

from feedserver import settings
from feedserver.cli.arguments import Commands, listing, noun, open_jobs, open_site, print_list, remark, verb
from feedserver.clock import utc_now
from feedserver.installation import init, upgrade
from feedserver.jobs import store as jobs
from feedserver.jobs.overview import by_kind
from feedserver.jobs.worker import HEARTBEAT
from feedserver.services import Services
from feedserver.storage import conformity, copying, heartbeat, migrate
from feedserver.storage.engine import Database

_IN_USE = timedelta(seconds=20)  # since a server last looked for jobs
_ABOUT_COPY = """Stop the site first: changes during the copy are not copied. Either everything is copied or nothing.
Do not put a password into a URL, where every user of the machine can read it: put it into
~/.pgpass, or into a file that `?passfile=/path` at the end of the URL names."""


def add_commands(commands: Commands) -> None:
    make = verb(commands, "init", _init, "create the data directory, the secret, the database and one example post")
    make.add_argument("--no-example", action="store_true", help="without the example post")

    group = noun(commands, "jobs", "background jobs")
    found = listing(group, "list", _jobs, "sum up the jobs that wait, by kind; JSON gives each, the next one first")
    found.add_argument("--all", action="store_true", help="list each job, the next one first")
    run = verb(group, "run", _run, "run the jobs that are due, in this process")
    run.add_argument("--until-idle", action="store_true", help="repeat until no job is due")

    group = noun(commands, "db", "the database")
    verb(group, "upgrade", _upgrade, "migrate the schema to the current version, under a lock")
    verb(
        group,
        "check",
        _check,
        "exit 1 if the schema is not the current version, lacks something, or the file is damaged",
    )
    copy = listing(group, "copy", _copy, "copy a whole site into an empty database, SQLite or PostgreSQL")
    copy.epilog = _ABOUT_COPY
    copy.add_argument(
        "source", metavar="FROM", help="an SQLAlchemy URL, such as sqlite:////srv/feedserver/site.sqlite3"
    )
    copy.add_argument("target", metavar="TO", help="an SQLAlchemy URL, such as postgresql+psycopg://user@host/name")


def _init(chosen: Namespace) -> None:
    services = Services(settings.load())
    is_new = init(services, example=not chosen.no_example)
    print(f"{'created' if is_new else 'found'} the site {services.settings.site.url} in {services.settings.data_dir}")


def _jobs(chosen: Namespace) -> None:
    services = open_site()
    if chosen.all or chosen.json:
        _list_jobs(services, as_json=chosen.json)
        return
    with services.database.read() as connection:
        found = by_kind(connection, services.clock())
    rows = [asdict(overview) | {"due_since_or_next": overview.due_since or overview.next_at} for overview in found]
    columns = ("kind", "jobs", "under_way", "due", "failed", "due_since_or_next", "last_error")
    print_list(rows, as_json=False, columns=columns, zone=services.settings.site.zone, whole=("kind",))
    print("`--all` lists each" if rows else "nothing waits")


def _list_jobs(services: Services, *, as_json: bool) -> None:
    with services.database.read() as connection:
        found = jobs.everything(connection)
    now = services.clock()
    rows = [
        {
            "id": job.id,
            "kind": job.kind,
            "subject": job.subject,
            "run_at": job.run_at,
            "attempts": job.attempts,
            "leased_until": job.leased_until,
            "last_error": job.last_error,
            "created_at": job.created_at,
            "concurrency_key": job.concurrency_key,
            "why": job.why(now),
        }
        for job in found
    ]
    columns = ("id", "created_at", "run_at", "kind", "subject", "why")
    print_list(rows, as_json=as_json, columns=columns, zone=services.settings.site.zone, whole=("kind",))


def _run(chosen: Namespace) -> None:
    services = open_jobs()
    done = services.runner.run_due()
    while chosen.until_idle and (more := services.runner.run_due()):
        done += more
    services.database.close()
    print(f"{done} done")


def _upgrade(_: Namespace) -> None:
    print("upgraded" if upgrade(Services(settings.load())) else "nothing to do")


def _check(_: Namespace) -> int:
    services = open_site()
    state = migrate.state(services.database)
    with services.database.read() as connection:
        faults = [line for look in conformity.LOOKS for line in look(connection)]
    services.database.close()
    for fault in faults:
        remark(fault)
    if not faults:
        print(migrate.NEWER if state == "newer" else "the schema is current")
    return 1 if faults else 0


def _copy(chosen: Namespace) -> None:
    with (
        closing(Database(chosen.source, called="FROM")) as source,
        closing(Database(chosen.target, called="TO")) as target,
    ):
        tables = copying.copy(source, target)
        with source.read() as connection:
            beat = heartbeat.last(connection, HEARTBEAT)
    if beat is not None and abs(utc_now() - beat) < _IN_USE:
        remark("FROM is in use: what changes from now on is not in TO; stop the site, empty TO, and copy it again")
    print_list([asdict(table) for table in tables], as_json=chosen.json, columns=("table", "source", "target"))
