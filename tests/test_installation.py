"""Making a site: what is missing, once, also if two processes start together."""

import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from feedserver import installation
from feedserver.errors import StorageError
from feedserver.installation import init, require_current, require_some, secret_in_file, upgrade
from feedserver.posts import store
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings
from feedserver.storage import migrate, revision
from feedserver.storage.engine import Database
from tests.support.fixtures import Assemble
from tests.support.serving import FEEDSERVER, clean_environ, free_port

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture
def fresh(tmp_path: Path, empty_database_url: str, assemble: Assemble) -> WebServices:
    """The services of a site that does not exist yet."""
    return assemble(Settings(data_dir=tmp_path / "new" / "var", database=DatabaseSettings(url=empty_database_url)))


def slugs(services: WebServices) -> list[str]:
    with services.database.read() as connection:
        return [post.slug for post in store.everything(connection)]


def test_a_new_site_has_a_secret_a_schema_and_an_example(fresh: WebServices) -> None:
    assert init(fresh, example=True) is True

    kept = fresh.settings.data_dir / "secret"
    assert len(kept.read_text().strip()) >= 32
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(fresh.settings.data_dir.stat().st_mode) == 0o700
    assert slugs(fresh) == ["hello"]
    require_current(fresh)
    with fresh.database.read() as connection:
        assert revision.load(connection).guid.startswith("urn:uuid:")


def test_machines_that_share_a_database_share_its_secret(fresh: WebServices, assemble: Assemble) -> None:
    settings = replace(fresh.settings, data_dir=fresh.settings.data_dir.with_name("elsewhere"))
    other = assemble(settings)
    own = secret_in_file(settings.data_dir)

    init(fresh, example=False)
    init(other, example=False)

    shared = secret_in_file(fresh.settings.data_dir)
    assert own != shared
    assert (settings.data_dir / "secret").read_text() == f"{shared}\n"
    form = fresh.tokens.issue(1, fresh.clock())
    assert other.tokens.problem(form, 1, fresh.clock() + timedelta(minutes=1)) is None


def test_an_older_site_keeps_the_secret_of_its_file(fresh: WebServices) -> None:
    init(fresh, example=False)
    with fresh.database.write() as connection:
        connection.execute(text("UPDATE site SET secret = NULL"))
    (fresh.settings.data_dir / "secret").write_text("of forms already served\n")

    init(fresh, example=False)

    with fresh.database.read() as connection:
        assert revision.secret(connection) == "of forms already served"


def test_the_example_can_be_left_out(fresh: WebServices) -> None:
    init(fresh, example=False)

    assert slugs(fresh) == []


def test_repeating_it_changes_nothing(fresh: WebServices) -> None:
    init(fresh, example=True)
    kept = secret_in_file(fresh.settings.data_dir)
    with fresh.database.read() as connection:
        before = revision.load(connection)

    assert init(fresh, example=True) is False

    assert secret_in_file(fresh.settings.data_dir) == kept
    assert slugs(fresh) == ["hello"]
    with fresh.database.read() as connection:
        assert revision.load(connection) == before


def test_a_deleted_example_does_not_come_back(fresh: WebServices) -> None:
    init(fresh, example=True)
    fresh.publisher.delete("hello")

    init(fresh, example=True)

    with fresh.database.read() as connection:
        assert [post.state for post in store.everything(connection)] == ["deleted"]


def test_an_old_site_gets_no_example(fresh: WebServices) -> None:
    init(fresh, example=False)

    init(fresh, example=True)

    assert slugs(fresh) == []


def test_without_a_database_the_error_says_how_to_make_one(fresh: WebServices) -> None:
    for require in (require_some, require_current):
        with pytest.raises(StorageError, match=r"no database yet in .+; `feedserver init` creates it"):
            require(fresh)


def test_with_an_old_database_the_error_says_how_to_upgrade(
    fresh: WebServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(fresh, example=False)
    monkeypatch.setattr(migrate, "state", lambda _: "older")

    require_some(fresh)
    with pytest.raises(StorageError, match="`feedserver db upgrade` migrates it"):
        require_current(fresh)


def test_processes_that_start_together_make_one_site(
    tmp_path: Path, request: pytest.FixtureRequest, kind_of_database: str
) -> None:
    url = f"sqlite:///{tmp_path}/site.sqlite3"
    if kind_of_database == "postgresql":
        url = request.getfixturevalue("new_postgres_url")()

    outcomes = run_together(tmp_path, url, ["init"], ["init"], ["post", "list"])

    assert [status for status, _ in outcomes[:2]] == [0, 0], outcomes
    assert sorted(said.split()[0] for _, said in outcomes[:2]) == ["created", "found"]
    assert outcomes[2][0] == 0 or "feedserver init" in outcomes[2][1] or "db upgrade" in outcomes[2][1]
    database = Database(url)
    with database.read() as connection:
        assert [post.slug for post in store.everything(connection)] == ["hello"]
        assert connection.execute(text("SELECT count(*) FROM site")).scalar_one() == 1
    database.close()
    assert len((tmp_path / "var/secret").read_text().split()) == 1


@pytest.fixture(params=["sqlite", "postgresql"])
def kind_of_database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


AFTER_A_LINE = """
import sys
from feedserver.cli import main

print("ready", flush=True)
sys.stdin.readline()
sys.exit(main(sys.argv[1:]))
"""


def run_together(folder: Path, url: str, *commands: list[str]) -> list[tuple[int, str]]:
    """Runs commands that start together; returns their exit statuses and outputs."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", AFTER_A_LINE, *command],
            cwd=folder,
            env=clean_environ() | {"FEEDSERVER_DATABASE_URL": url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for command in commands
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0] for process in running]
    return [(process.returncode, words) for process, words in zip(running, said, strict=True)]


def test_a_new_url_does_not_change_the_id_of_the_site(fresh: WebServices, assemble: Assemble) -> None:
    init(fresh, example=False)
    renamed = assemble(replace(fresh.settings, site=replace(fresh.settings.site, url="https://new.example")))

    init(renamed, example=False)

    with fresh.database.read() as one, renamed.database.read() as other:
        assert revision.load(one).guid == revision.load(other).guid


# --- remains of a site ---


@pytest.fixture
def made(tmp_path: Path, assemble: Assemble) -> WebServices:
    """A site with its SQLite file in the data directory, which no process has open."""
    services = assemble(Settings(data_dir=tmp_path / "var"))
    init(services, example=True)
    services.database.close()
    return services


def listed(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_where_a_secret_is_and_its_database_is_not_no_new_site_is_made(made: WebServices, assemble: Assemble) -> None:
    folder = made.settings.data_dir
    (folder / "feedserver.sqlite3").unlink()
    (folder / "feedserver.sqlite3.lock").unlink()

    for use in (lambda one: init(one, example=True), require_some, require_current, upgrade):
        with pytest.raises(StorageError, match=r"feedserver\.sqlite3 is not there, but the secret of its site is: put"):
            use(assemble(made.settings))

    assert listed(folder) == {"secret"}


def test_where_a_secret_is_and_its_database_was_emptied_no_new_site_is_made(
    made: WebServices, assemble: Assemble
) -> None:
    file = made.settings.data_dir / "feedserver.sqlite3"
    file.write_bytes(b"")

    for use in (lambda one: init(one, example=True), require_current):
        with pytest.raises(StorageError, match=r"feedserver\.sqlite3 is empty, but the secret of its site is: put"):
            use(assemble(made.settings))


def test_without_its_secret_too_a_new_site_is_begun(made: WebServices, assemble: Assemble) -> None:
    for name in ("feedserver.sqlite3", "secret"):
        (made.settings.data_dir / name).unlink()

    assert init(assemble(made.settings), example=True) is True


def test_a_site_without_its_secret_file_gets_the_one_of_its_database(made: WebServices, assemble: Assemble) -> None:
    secret = made.settings.data_dir / "secret"
    before = secret.read_text()
    secret.unlink()

    assert init(assemble(made.settings), example=True) is False

    assert secret.read_text() == before


def test_a_secret_that_is_none_is_told_and_left_as_it_is(made: WebServices, assemble: Assemble) -> None:
    secret = made.settings.data_dir / "secret"
    secret.write_bytes(b"\xff\xfe")

    with pytest.raises(StorageError, match="secret: is not a secret; delete it, and a new one is made"):
        init(assemble(made.settings), example=True)

    assert secret.read_bytes() == b"\xff\xfe"


@pytest.mark.parametrize("step", ["upgrade", "secret_in_file"])
def test_a_site_whose_making_was_interrupted_is_made_by_the_next_one(
    tmp_path: Path, assemble: Assemble, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    services = assemble(Settings(data_dir=tmp_path / "var"))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(migrate if step == "upgrade" else installation, step, stop)
        with pytest.raises(KeyboardInterrupt):
            init(services, example=True)

    init(services, example=True)

    assert listed(tmp_path / "var") >= {"secret", "feedserver.sqlite3"}
    require_current(services)


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_no_database_is_begun_beside_the_log_of_another(tmp_path: Path, assemble: Assemble, ending: str) -> None:
    left = tmp_path / "var" / f"feedserver.sqlite3{ending}"
    left.parent.mkdir()
    left.write_bytes(b"pages of another database")

    with pytest.raises(StorageError, match=f"{ending} was left by a database that is not there"):
        init(assemble(Settings(data_dir=tmp_path / "var")), example=True)

    assert listed(tmp_path / "var") == {left.name, "feedserver.sqlite3.lock"}


def test_a_secret_beside_no_sqlite_file_is_all_that_a_site_on_postgresql_needs(
    tmp_path: Path, assemble: Assemble, new_postgres_url: Callable[[], str]
) -> None:
    secret_in_file(tmp_path / "var")
    settings = Settings(data_dir=tmp_path / "var", database=DatabaseSettings(url=new_postgres_url()))

    assert init(assemble(settings), example=True) is True


def test_serve_and_gunicorn_say_in_one_line_what_is_missing(made: WebServices, tmp_path: Path) -> None:
    (made.settings.data_dir / "feedserver.sqlite3").unlink()
    port = free_port()
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "config/gunicorn.conf.py",
        "-b",
        f"127.0.0.1:{port}",
        "wsgi:app",
    ]

    for program in ([*FEEDSERVER, "serve", "--bind", f"127.0.0.1:{port}"], gunicorn):
        ended = subprocess.run(
            program, cwd=CHECKOUT if program is gunicorn else tmp_path, capture_output=True, text=True, timeout=60,
            env=clean_environ() | {"FEEDSERVER_DATA_DIR": str(made.settings.data_dir)},
        )  # fmt: skip

        assert ended.returncode == 1
        assert [line for line in ended.stderr.splitlines() if line.startswith("feedserver: ")] == [
            f"feedserver: {made.settings.data_dir}/feedserver.sqlite3 is not there, but the secret of its site is: put "
            "the file back; to restore a backup, or to begin a new site, move "
            f"{made.settings.data_dir}/secret away first"
        ]
        assert "Traceback" not in ended.stderr
