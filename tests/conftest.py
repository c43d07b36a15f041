"""Fixtures for all tests: both databases, settings, a stopped clock, a fake web, the application."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from importlib import import_module
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import hypothesis
import prometheus_client  # noqa: F401 - before tests of the server tell it to count together with other processes
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine

from feedserver.accounts import passwords
from feedserver.app import create_app
from feedserver.installation import init
from feedserver.metrics import folder
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, EgressSettings, Settings, SiteSettings
from feedserver.storage.engine import Database
from feedserver.storage.schema import metadata
from tests.posts import builders
from tests.support import compiled_statements, migrated, unsynced
from tests.support.fixtures import Assemble, Publish
from tests.support.machine import MAY_BE_SKIPPED
from tests.support.outside import Clock, Web
from tests.support.postgres import VARIABLE, Cluster, new_database
from tests.support.rules import SharingRule
from tests.support.serving import LONG
from tests.support.templates import SharingEnvironment

SITE = "http://blog.example"

_cluster = Cluster()
# With TESTS_REPEATABLE the examples of hypothesis follow from the test alone, so that a run fails for a change only.
# Without it each run looks for new ones. None has a deadline: a busy machine is no fault of an example.
hypothesis.settings.register_profile("ours", deadline=None, derandomize=bool(os.environ.get("TESTS_REPEATABLE")))
hypothesis.settings.load_profile("ours")
_why_no_postgres = pytest.StashKey[str | None]()


def pytest_configure(config: pytest.Config) -> None:
    """Starts PostgreSQL once, in the controlling process of pytest-xdist; workers find it in the environment."""
    for name in [name for name in os.environ if name.startswith("FEEDSERVER_")]:
        del os.environ[name]  # settings from outside
    Flask.jinja_environment = SharingEnvironment  # type: ignore[assignment]
    Flask.url_rule_class = SharingRule
    compiled_statements.share()
    migrated.share()
    unsynced.begin()
    passwords.METHOD = (
        "scrypt:256:8:1"  # a hash takes a few milliseconds; servers in processes of their own take their time
    )
    is_worker = hasattr(config, "workerinput")
    if is_worker:
        gc.disable()  # until all tests are collected: nothing of them goes away
    config.stash[_why_no_postgres] = os.environ.get("TEST_NO_POSTGRES") if is_worker else _cluster.start()
    if not is_worker and config.stash[_why_no_postgres]:
        os.environ["TEST_NO_POSTGRES"] = config.stash[_why_no_postgres] or ""


def pytest_report_header() -> str:
    return "PostgreSQL runs " + ("every case" if LONG else "the first case of each table (every case of tests/storage)")


def pytest_collection(session: pytest.Session) -> None:
    """Of several processes that collect all tests, each first imports other files, and writes them rewritten by pytest.

    After a change to all of them, or in a new checkout, each would rewrite them all at the same time.
    """
    worker: dict[str, Any] = getattr(session.config, "workerinput", {})
    if not worker or session.config.args != session.config.getini("testpaths"):
        return
    files = sorted(Path(__file__).parent.rglob("test_*.py"))
    for path in files[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
        with suppress(Exception):  # what cannot be imported is told when it is collected
            import_module(".".join(path.relative_to(session.config.rootpath).with_suffix("").parts))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the tests that wait longest first, and leaves out the further cases of a table on PostgreSQL.

    These would tell little more, and took a tenth of a run; nor would tests that are marked `one_database`.
    `tests/storage` compares the databases, and keeps all, as TESTS_LONG does everywhere.
    """
    items.sort(key=_turn)
    if LONG:
        return
    seen: set[str] = set()
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        further = _is_on_postgres(item) and "storage" not in item.path.parts and _function_of(item) in seen
        further = further or (_is_on_postgres(item) and item.get_closest_marker("one_database") is not None)
        (left_out if further else kept).append(item)
        if _is_on_postgres(item):
            seen.add(_function_of(item))
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """Thousands of tests, which live as long as the process, are nothing that garbage collection need look at.

    It waits for ten times as many new objects as it does elsewhere: a test makes many, of which few are in circles.

    hypothesis, before 6.131 at least, makes a generator at its first example, and asks the collector who refers to it:
    nobody, if that is frozen.
    """
    hypothesis.find(hypothesis.strategies.none(), lambda _: True)
    gc.freeze()
    gc.set_threshold(7_000, 20, 20)
    gc.enable()


def _turn(item: pytest.Item) -> int:
    """First those that may take longest, which their own timeout says; then all that start servers."""
    if item.get_closest_marker("timeout"):
        return 0
    return 1 if {"flows", "hostile"} & set(item.path.parts) else 2


def _is_on_postgres(item: pytest.Item) -> bool:
    return (
        isinstance(item, pytest.Function) and hasattr(item, "callspec") and "postgresql" in item.callspec.id.split("-")
    )


def _function_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        _cluster.stop()


@pytest.fixture(autouse=True)
def _environment_stays() -> Iterator[None]:
    """No test changes the environment of those after it, whose results would depend on their order."""
    before = _environment()
    yield
    assert _environment() == before


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


@pytest.fixture
def no_common_counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that counts for itself, before and after a test that makes a folder for common counts."""
    monkeypatch.setenv(folder.VARIABLE, "")
    monkeypatch.setattr(folder, "_held", [])
    yield
    folder.end()


@pytest.fixture
def new_postgres_url(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Makes empty PostgreSQL databases, and drops them after the test."""
    why_not = request.config.stash[_why_no_postgres]
    if why_not:
        pytest.skip(why_not)
    with ExitStack() as made:
        yield lambda: made.enter_context(new_database(os.environ[VARIABLE]))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once for each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'site.sqlite3'}"
    make: Callable[[], str] = request.getfixturevalue("new_postgres_url")
    return make()


@pytest.fixture(scope="session")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, which tests copy."""
    folder = tmp_path_factory.mktemp("prepared")
    services = WebServices(Settings(data_dir=folder), clock=Clock())
    init(services, example=False)
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE site SET author = NULL, language = NULL, archive_size = NULL")
    services.database.close()
    return folder / "feedserver.sqlite3"


@pytest.fixture(scope="session")
def prepared_postgres(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL database with the schema; each test empties it first."""
    why_not = request.config.stash[_why_no_postgres]
    if why_not:
        pytest.skip(why_not)
    with new_database(os.environ[VARIABLE]) as url:
        settings = Settings(data_dir=tmp_path_factory.mktemp("data"), database=DatabaseSettings(url=url))
        services = WebServices(settings, clock=Clock())
        init(services, example=False)
        services.database.close()
        yield url


@pytest.fixture(scope="session")
def emptier(prepared_postgres: str) -> Iterator[Engine]:
    """Empties the prepared PostgreSQL database: one connection for all tests."""
    engine = create_engine(prepared_postgres, pool_pre_ping=True)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with an empty site, once for each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('prepared_sqlite'), tmp_path / 'site.sqlite3')}"
    emptier: Engine = request.getfixturevalue("emptier")
    with emptier.begin() as connection:
        connection.exec_driver_sql("; ".join(_emptying()))
    return emptier.url.render_as_string(hide_password=False)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The database of the site, as another process has it."""
    database = Database(database_url)
    yield database
    database.close()


def _emptying() -> list[str]:
    """Statements that empty the site. On small tables DELETE takes a twentieth of the time of TRUNCATE."""
    tables = [table for table in reversed(metadata.sorted_tables) if table.name != "site"]
    numbered = [table.name for table in tables if "id" in table.columns]
    return [
        *(f"DELETE FROM {table.name}" for table in tables),
        "SELECT " + ", ".join(f"setval('{name}_id_seq', 1, false)" for name in numbered),
        "UPDATE site SET revision = 1, author = NULL, language = NULL, archive_size = NULL, url = NULL,"
        " restored_at = NULL, backed_up_at = NULL",
    ]


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """The settings of a site at blog.example that may contact the test internet. Tests `replace` what they need."""
    return Settings(
        data_dir=tmp_path,
        site=SiteSettings(url=SITE, title="Example Blog", author="Ann Author"),
        database=DatabaseSettings(url=database_url),
        egress=EgressSettings(allow=(ip_network("127.0.2.0/24"),), ports=None, timeout=2.0),
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def assemble(clock: Clock, web: Web) -> Iterator[Assemble]:
    """Makes services from any settings, and closes them after the test."""
    made: list[WebServices] = []

    def build(settings: Settings) -> WebServices:
        made.append(WebServices(settings, clock=clock, fetch=web))
        return made[-1]

    yield build
    for services in made:
        services.waiting_slots.close()
        services.database.close()


@pytest.fixture
def services(settings: Settings, assemble: Assemble) -> WebServices:
    return assemble(settings)


@pytest.fixture
def app(services: WebServices) -> Flask:
    app = create_app(services=services)
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def publish(services: WebServices) -> Publish:
    """Publishes a post: `publish("Title", body="…", tags=["a"], date="2026-01-01")`; any front matter by name."""
    return partial(builders.publish, services)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With TESTS_SKIP_NOTHING a test skipped for want of a program fails the run; the summary has its reason."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", ()) if reporter else ()
    wrongly = [report for report in skipped if not any(reason in report.longreprtext for reason in MAY_BE_SKIPPED)]
    if os.environ.get("TESTS_SKIP_NOTHING") and wrongly:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
