"""`feedserver config …`: the settings in force and where they come from, and samples to start from."""

import json
import stat
import tomllib
from pathlib import Path

import pytest

from feedserver import settings
from tests.cli.conftest import Run

pytestmark = pytest.mark.one_database

SAMPLES = Path(__file__).parents[2] / "config"

# --- show ---


@pytest.mark.parametrize("command", ["init", "post list", "config show", "worker", "serve"])
def test_every_bad_setting_is_named_on_a_line_of_its_own(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for name in ("SITE_URL", "FEEDS_ENTRIES", "JOBS_IN_WEB", "NO_SUCH"):
        monkeypatch.setenv(f"FEEDSERVER_{name}", "?")

    refused = run(*command.split())

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 3)
    assert all(line.startswith("feedserver: ") for line in refused.err)
    assert list(outside.iterdir()) == []


def test_config_show_names_every_setting_and_its_origin(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (outside / "my.toml").write_text('[feeds]\nentries = 7\n[egress]\nports = "*"\nallow = "10.0.0.0/8"\n')
    monkeypatch.setenv("FEEDSERVER_CONFIG", "my.toml")

    shown = run("config", "show")
    rows = {row["key"]: row for row in json.loads(run("config", "show", "--json").text)}

    assert shown.status == 0
    assert list(rows) == settings.keys()
    assert [line.split()[0] for line in shown.out[1:]] == ["key", *settings.keys()]
    assert (rows["feeds.entries"]["value"], rows["feeds.entries"]["origin"]) == (7, "my.toml")
    assert (rows["site.url"]["value"], rows["site.url"]["origin"]) == ("http://blog.example", "FEEDSERVER_SITE_URL")
    assert (rows["jobs.in_web"]["value"], rows["jobs.in_web"]["origin"]) == (True, "default")
    assert (rows["egress.ports"]["value"], rows["egress.allow"]["value"]) == (["*"], ["10.0.0.0/8"])
    assert rows["data_dir"]["value"] == "var"


def test_config_show_has_whole_keys_on_a_narrow_terminal(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {row["key"] for row in json.loads(run("config", "show", "--json").text)}
    monkeypatch.setattr("feedserver.cli.arguments._terminal", lambda: 80)

    assert keys <= set(run("config", "show").text.split())


@pytest.mark.parametrize("origin", ["default", "file", "variable"])
def test_config_show_shows_a_value_for_every_setting_that_has_one(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    if origin == "file":
        (outside / "my.toml").write_text('[moderation]\nshared_by_path = ["a.example"]\n[egress]\nallow = ["::1"]\n')
        monkeypatch.setenv("FEEDSERVER_CONFIG", "my.toml")
    if origin == "variable":
        monkeypatch.setenv("FEEDSERVER_MODERATION_SHARED_BY_PATH", "a.example")
        monkeypatch.setenv("FEEDSERVER_EGRESS_ALLOW", "::1")
    used = {item.key: item.value for item in settings.describe()}

    table = {line.split(maxsplit=1)[0]: line for line in run("config", "show").out}
    rows = {row["key"]: row["value"] for row in json.loads(run("config", "show", "--json").text)}

    for key, value in used.items():
        if value not in ("", ()):
            assert rows[key] not in ("", [], None), key
            assert len(table[key].split()) > 2, key
        if isinstance(value, tuple):
            assert rows[key] == [str(item) for item in value], key
            assert json.dumps(rows[key])[:20] in table[key], key
    if origin != "default":
        assert (rows["moderation.shared_by_path"], rows["egress.allow"]) == (["a.example"], ["::1/128"])


@pytest.mark.parametrize("from_file", [False, True], ids=["variable", "file"])
@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://ann:hunter2@h:5432/x", "postgresql+psycopg://ann:***@h:5432/x"),
        ("postgresql+psycopg://h/x?password=hunter2", "postgresql+psycopg://h/x?password=hidden"),
        ("postgresql+psycopg://ann:hunter2@h:port/x", "(hidden)"),
        ("postgresql+psycopg://ann:in@hunter2@h/x", "(hidden)"),
        ("hunter2", "(hidden)"),
    ],
)
def test_config_show_hides_the_databases_password(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch, url: str, shown: str, from_file: bool
) -> None:
    name = "FEEDSERVER_DATABASE_URL"
    if from_file:
        name += "_FILE"
        (outside / "url").write_text(url)
    monkeypatch.setenv(name, str(outside / "url") if from_file else url)

    rows = {row["key"]: row for row in json.loads(run("config", "show", "--json").text)}

    assert (rows["database.url"]["value"], rows["database.url"]["origin"]) == (shown, name)
    assert "hunter2" not in run("config", "show").text


@pytest.mark.parametrize(
    ("there", "named", "used"),
    [
        ([], "", "none; `feedserver config init` writes one"),
        (["config/feedserver.toml"], "", "config/feedserver.toml"),
        (["config/feedserver.toml", "feedserver.toml"], "", "feedserver.toml"),
        (["feedserver.toml", "mine.toml"], "mine.toml", "mine.toml"),
    ],
)
def test_config_show_says_which_settings_file_is_used(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch, there: list[str], named: str, used: str
) -> None:
    (outside / "config").mkdir()
    for name in there:
        (outside / name).write_text(f"site.title = '{name}'")
    monkeypatch.setenv("FEEDSERVER_CONFIG", named)

    shown = run("config", "show")
    rows = {row["key"]: row for row in json.loads(run("config", "show", "--json").text)}

    assert shown.out[0] == f"settings file: {used}"
    assert rows["site.title"]["origin"] == (used if there else "default")


def test_config_show_names_unknown_variables_in_one_line(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSERVER_SERVICE_HOST", "10.0.0.7")
    monkeypatch.setenv("FEEDSERVER_SITE_TITEL", "Mine")

    shown = run("config", "show")

    assert shown.status == 0
    assert shown.err == [
        "feedserver: ignored, as no setting has this name: "
        "FEEDSERVER_SERVICE_HOST, FEEDSERVER_SITE_TITEL (did you mean FEEDSERVER_SITE_TITLE?)"
    ]
    assert run("init").err == [], "only `serve` and `config show` tell of them"


def test_config_show_writes_truth_and_lists_as_toml_does(run: Run, outside: Path) -> None:
    table = {line.split()[0]: line for line in run("config", "show").out}

    assert table["jobs.in_web"].split()[1] == "true"
    assert '["80", "443"]' in table["egress.ports"]


def test_a_long_path_of_the_file_takes_no_room_from_values(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = outside / ("long" * 20)
    folder.mkdir()
    (folder / "mine.toml").write_text(f"site.description = '{'words ' * 7}'")
    monkeypatch.setenv("FEEDSERVER_CONFIG", str(folder / "mine.toml"))

    shown = run("config", "show")

    assert shown.out[0] == f"settings file: {folder / 'mine.toml'}"
    (line,) = [line for line in shown.out if line.startswith("site.description")]
    assert line.split() == ["site.description", *["words"] * 7, "mine.toml"]


@pytest.mark.parametrize("url", ["sqlite:///missing/x.sqlite3", "sqlite:///text.txt", "mysql://h/x", "nonsense"])
def test_config_show_needs_no_database(run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    (outside / "text.txt").write_text("no database, but long enough to be looked at " * 20)
    monkeypatch.delenv("FEEDSERVER_SITE_URL")
    monkeypatch.setenv("FEEDSERVER_DATABASE_URL", url)

    rows = {row["key"]: row for row in json.loads(run("config", "show", "--json").text)}

    assert (rows["site.url"]["value"], rows["site.url"]["origin"]) == ("http://127.0.0.1:8000", "default")
    assert [path.name for path in outside.iterdir()] == ["text.txt"], "asking leaves nothing behind"


# --- init ---


@pytest.mark.parametrize("named", ["", "mine.toml"])
def test_config_init_writes_every_setting_with_its_default(
    run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("FEEDSERVER_CONFIG", named)
    before = settings.describe(environ={})

    written = run("config", "init")

    file = outside / (named or "feedserver.toml")
    assert (written.status, written.err) == (0, [])
    assert str(file.name) in written.out[0]
    assert file.read_bytes() == (SAMPLES / "feedserver.toml").read_bytes()
    assert [item.value for item in settings.describe(environ={"FEEDSERVER_CONFIG": str(file)})] == [
        item.value for item in before
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600, "it may come to hold a password"


@pytest.mark.parametrize("there", ["feedserver.toml", "config/feedserver.toml"])
def test_config_init_leaves_a_file_that_is_in_use_alone(run: Run, outside: Path, there: str) -> None:
    (outside / "config").mkdir()
    (outside / there).write_text("site.title = 'Mine'")
    before = sorted(outside.rglob("*"))

    refused = run("config", "init")

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert there in refused.err[0]
    assert (outside / there).read_text() == "site.title = 'Mine'"
    assert sorted(outside.rglob("*")) == before


def test_config_init_says_which_folder_is_missing(run: Run, outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSERVER_CONFIG", "missing/mine.toml")

    refused = run("config", "init")

    assert (refused.status, refused.out) == (1, [])
    assert refused.err == ["feedserver: missing/mine.toml: No such file or directory"]


# --- samples ---


def test_the_samples_are_those_of_the_checkout(run: Run, outside: Path) -> None:
    first = run("config", "samples", "new/folder")
    again = run("config", "samples", "new/folder")

    expected = {path.name: path.read_bytes() for path in SAMPLES.iterdir() if path.is_file()}
    assert {path.name: path.read_bytes() for path in (outside / "new/folder").iterdir()} == expected
    assert first.out == [f"new/folder/{name}" for name in sorted(expected)]
    assert (first.status, again.status, again.out, again.err) == (0, 0, [], [])
    assert tomllib.loads((outside / "new/folder/feedserver.toml").read_text("utf-8"))


def test_a_file_that_differs_from_its_sample_is_named_and_left_as_it_is(run: Run, outside: Path) -> None:
    (outside / "nginx.conf").write_text("mine")

    done = run("config", "samples", ".")

    assert done.status == 1
    assert done.err == ["feedserver: nginx.conf differs from the sample, and was left as it is"]
    assert (outside / "nginx.conf").read_text() == "mine"
    assert "gunicorn.conf.py" in done.out


def test_a_folder_that_is_a_file_is_refused_in_one_line(run: Run, outside: Path) -> None:
    (outside / "taken").write_text("")

    refused = run("config", "samples", "taken")

    assert (refused.status, refused.out, len(refused.err)) == (1, [], 1)
    assert "taken" in refused.err[0]
