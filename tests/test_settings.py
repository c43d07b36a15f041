"""Settings: one TOML file and the environment, which wins; checked as a whole."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from feedserver.domains import SHARED_BY_PATH
from feedserver.errors import SettingsError
from feedserver.settings import Settings, describe, in_force, keys, load, read, variable

A = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
# Each setting: its default, a value in the environment, the same in TOML, and what both become.
EVERY = {
    "data_dir": (Path("var"), "/srv/x", '"/srv/x"', Path("/srv/x")),
    "site.url": (
        "",
        "https://h.example/blog/",
        '"https://h.example/blog"',
        "https://h.example/blog",
    ),
    "site.title": (None, "Ünïcode", '"Ünïcode"', "Ünïcode"),
    "site.description": (None, "", '""', ""),
    "site.author": (None, "Ann", '"Ann"', "Ann"),
    "site.language": ("en", "pt-BR", '"pt-BR"', "pt-BR"),
    "site.timezone": ("UTC", "Europe/Berlin", '"Europe/Berlin"', "Europe/Berlin"),
    "site.theme": ("", "/usr", '"/usr"', "/usr"),
    "database.url": ("", "sqlite:////x", '"sqlite:////x"', "sqlite:////x"),
    "database.read_url": ("", "postgresql://h/x", '"postgresql://h/x"', "postgresql://h/x"),
    "feeds.entries": (20, "7", "7", 7),
    "media.dir": ("", "/srv/pictures", '"/srv/pictures"', "/srv/pictures"),
    "media.store": ("", "s3://bucket/blog/", '"s3://bucket/blog"', "s3://bucket/blog"),
    "media.largest": (200_000_000, "1000000", "1000000", 1_000_000),
    "pingback.wait": (1.5, "0.25", "0.25", 0.25),
    "pingback.places": (4, "0", "0", 0),
    "moderation.pingbacks": ("show", "trust", '"trust"', "trust"),
    "moderation.comments": ("hold", "show", '"show"', "show"),
    "moderation.shared_by_path": (
        SHARED_BY_PATH,
        "Shared.example, www.ü.example",
        '["shared.example", "ü.example"]',
        ("shared.example", "xn--tda.example"),
    ),
    "egress.allow": ((), "10.0.0.0/8, fd00::/8,", '["10.0.0.0/8", "fd00::/8"]', A),
    "egress.ports": (frozenset({80, 443}), "80,8080", "[80, 8080]", frozenset({80, 8080})),
    "egress.timeout": (10.0, "2", "2", 2.0),
    "egress.max_bytes": (1_048_576, "2048", "2048", 2048),
    "limits.sender": (60, "1", "1", 1),
    "limits.host": (30, "1", "1", 1),
    "limits.refetch": (300, "0", "0", 0),
    "limits.copies": (60, "0", "0", 0),
    "limits.search": (30, "0", "0", 0),
    "limits.waiting": (10_000, "5", "5", 5),
    "limits.held": (10_000, "5", "5", 5),
    "limits.held_bytes": (50_000_000, "5", "5", 5),
    "limits.subscriptions": (10_000, "5", "5", 5),
    "websub.hub": (True, "false", "false", False),
    "websub.hubs": (
        (),
        "https://hub.example/, http://other.example/hub",
        '["https://hub.example/", "http://other.example/hub"]',
        ("https://hub.example/", "http://other.example/hub"),
    ),
    "sending.webmentions": (True, "false", "false", False),
    "sending.pingbacks": (True, "false", "false", False),
    "sending.delay": (5.0, "0.5", "0.5", 0.5),
    "mail.url": ("", "smtps://ann:pw@mail.example", '"smtps://ann:pw@mail.example"', "smtps://ann:pw@mail.example"),
    "mail.from": ("", "Ann <blog@blog.example>", '"Ann <blog@blog.example>"', "Ann <blog@blog.example>"),
    "mail.to": ("", "ann@blog.example", '"ann@blog.example"', "ann@blog.example"),
    "notices.webhook": ("", "https://h.example/x?y", '"https://h.example/x?y"', "https://h.example/x?y"),
    "notices.secret": ("", "s3cret", '"s3cret"', "s3cret"),
    "notices.gather": (20.0, "0", "0", 0.0),
    "notices.pause": (600.0, "60", "60", 60.0),
    "keep.refused": (90, "30", "30", 30),
    "keep.most_refused": (100_000, "500", "500", 500),
    "keep.most_refused_bytes": (100_000_000, "1000000", "1000000", 1_000_000),
    "keep.readers": (400, "31", "31", 31),
    "keep.spam": (90, "30", "30", 30),
    "jobs.in_web": (True, "false", "false", False),
    "server.trusted_proxies": (
        (ip_network("127.0.0.0/8"), ip_network("::1")),
        "10.0.0.0/8,fd00::/8",
        '"10.0.0.0/8, fd00::/8"',
        A,
    ),
    "server.metrics": (
        (ip_network("127.0.0.0/8"), ip_network("::1")),
        "10.0.0.0/8,fd00::/8",
        '"10.0.0.0/8, fd00::/8"',
        A,
    ),
    "server.log": ("text", "json", '"json"', "json"),
}


def of(settings: Settings, key: str) -> object:
    found: object = settings
    for name in key.split("."):
        found = getattr(found, "from_" if name == "from" else name)
    return found


def file(folder: Path, text: str) -> dict[str, str]:
    """An environment whose FEEDSERVER_CONFIG is a file with this text."""
    path = folder / "settings.toml"
    path.write_text(text, "utf-8")
    return {"FEEDSERVER_CONFIG": str(path)}


def faults(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as wrong:
        load(environ)
    return wrong.value.faults


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without `config/feedserver.toml`."""
    monkeypatch.chdir(tmp_path)


def test_the_table_above_has_every_setting() -> None:
    assert list(EVERY) == keys()


@pytest.mark.parametrize("key", EVERY)
def test_a_setting_has_its_default(key: str) -> None:
    default = EVERY[key][0]

    assert of(load({}), key) == default if default is not None else of(load({}), key)


@pytest.mark.parametrize("key", EVERY)
def test_a_setting_comes_from_the_file(tmp_path: Path, key: str) -> None:
    assert of(load(file(tmp_path, f"{key} = {EVERY[key][2]}")), key) == EVERY[key][3]


def test_a_file_of_a_value_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    with pytest.raises(SettingsError) as caught:
        load({"FEEDSERVER_SITE_TITLE_FILE": str(missing)})

    assert caught.value.faults == (f"FEEDSERVER_SITE_TITLE_FILE: {missing} cannot be read: No such file or directory",)


@pytest.mark.parametrize("name", ["FEEDSERVER_FEEDS_ENTRIES", "FEEDSERVER_FEEDS_ENTRIES_FILE"])
def test_the_environment_wins_over_the_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "value").write_text("9")
    environ = file(tmp_path, "feeds.entries = 7\nsite.title = 'Kept'")

    found = load(environ | {name: str(tmp_path / "value") if name.endswith("_FILE") else "9"})

    assert (found.feeds.entries, found.site.title) == (9, "Kept")


@pytest.mark.parametrize("key", EVERY)
def test_a_setting_comes_from_a_file_that_the_environment_names(tmp_path: Path, key: str) -> None:
    (tmp_path / "value").write_text(EVERY[key][1] + "\n", "utf-8")

    assert of(load({variable(key) + "_FILE": str(tmp_path / "value")}), key) == EVERY[key][3]


def test_the_file_is_the_named_one_or_one_of_two_in_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/feedserver.toml").write_text('[site]\ntitle = "Below"\n')

    assert load({}).site.title == "Below"

    (tmp_path / "feedserver.toml").write_text('[site]\ntitle = "Here"\n')

    assert load({}).site.title == "Here"
    assert load({"FEEDSERVER_CONFIG": ""}).site.title == "Here"
    assert load(file(tmp_path, '[site]\ntitle = "There"')).site.title == "There"


def test_the_database_is_sqlite_in_the_data_directory_unless_named() -> None:
    assert load({"FEEDSERVER_DATA_DIR": "/srv/x"}).database_url == "sqlite:////srv/x/feedserver.sqlite3"
    assert load({"FEEDSERVER_DATABASE_URL": "postgresql+psycopg://h/x"}).database_url == "postgresql+psycopg://h/x"


@pytest.mark.parametrize("value", ["*", "", " 80 , 443 "])
def test_ports_can_be_any_or_a_list(value: str) -> None:
    expected = {"*": None, " 80 , 443 ": frozenset({80, 443})}

    if value in expected:
        assert load({"FEEDSERVER_EGRESS_PORTS": value}).egress.ports == expected[value]
    else:
        assert len(faults({"FEEDSERVER_EGRESS_PORTS": value})) == 1


@pytest.mark.parametrize(
    ("key", "toml"),
    [
        ("data_dir", '""'),
        ("data_dir", "7"),
        ("data_dir", '"~nobody-has-this-name/x"'),
        ("data_dir", '"a\\u0000b"'),
        ("data_dir", '"/dev/null"'),
        ("site.url", '"blog.example"'),
        ("site.url", '"ftp://blog.example"'),
        ("mail.url", '"mail.example"'),
        ("mail.url", '"http://mail.example"'),
        ("mail.url", '"smtp://ann@mail.example"'),
        ("mail.url", '"smtp://mail.example/path"'),
        ("mail.url", '"smtp://mail.example:0"'),
        ("mail.from", '"Ann <ann@blog.example"'),
        ("mail.from", '"<ann@blog.example>"'),
        ("mail.to", '"Ann <ann@blog.example>"'),
        ("mail.to", '"a@blog.example, b@blog.example"'),
        ("mail.to", '"ann@blog.example\\nBcc: x@y.example"'),
        ("notices.webhook", '"ftp://h.example"'),
        ("notices.webhook", '"https://ann:pw@h.example/"'),
        ("site.url", '"https://"'),
        ("site.url", '"https://user:pw@blog.example"'),
        ("site.url", '"https://blog.example/?a"'),
        ("site.url", '"https://blog.example/#a"'),
        ("site.url", '"https://blog.example/a?"'),
        ("site.url", '"https://blog.example#"'),
        ("site.url", '"https://blog.example/a b"'),
        ("site.url", "'https://blog.example/\"'"),
        ("site.url", '"https://blog.example:0"'),
        ("site.url", '"https://blog.example:99999"'),
        ("site.url", '"https://[::1"'),
        ("site.url", '"https://büch.example"'),
        ("site.url", '"https://blog.example/a/../b"'),
        ("site.url", f'"https://blog.example/{"a" * 500}"'),
        ("site.url", "5"),
        ("site.title", '""'),
        ("site.title", '"two\\nlines"'),
        ("site.title", '"bell\\u0007"'),
        ("site.language", '"en_US"'),
        ("site.language", '"tlh"'),
        ("site.timezone", '"Mars/Base"'),
        ("site.timezone", '"../../etc/passwd"'),
        ("feeds.entries", "0"),
        ("feeds.entries", "1.5"),
        ("feeds.entries", "true"),
        ("feeds.entries", '"many"'),
        ("pingback.wait", "-1"),
        ("pingback.wait", "nan"),
        ("pingback.wait", "true"),
        ("media.dir", '"/dev/null"'),
        ("site.theme", '"/nowhere/at/all"'),
        ("media.store", '"https://bucket.example"'),
        ("media.store", '"s3://B/prefix"'),
        ("media.largest", "0"),
        ("moderation.pingbacks", '"maybe"'),
        ("moderation.shared_by_path", '"https://github.com"'),
        ("moderation.shared_by_path", '"github.com/ann"'),
        ("egress.allow", '"10.0.0.1/8"'),
        ("egress.allow", "[true]"),
        ("egress.allow", "5"),
        ("egress.ports", "[0]"),
        ("egress.ports", "[65536]"),
        ("egress.ports", '["*", 80]'),
        ("egress.timeout", "0"),
        ("egress.max_bytes", "1"),
        ("jobs.in_web", '"perhaps"'),
        ("jobs.in_web", "1"),
    ],
)
def test_a_bad_value_is_reported_with_what_is_allowed_and_its_origin(tmp_path: Path, key: str, toml: str) -> None:
    environ = file(tmp_path, f"{key} = {toml}")

    (line,) = faults(environ)

    assert line.startswith(f"{key}: must be ")
    assert line.endswith(f"({environ['FEEDSERVER_CONFIG']})")
    assert "\n" not in line


def test_a_bidi_control_that_stays_open_in_a_title_is_dropped() -> None:
    assert load({"FEEDSERVER_SITE_TITLE": "My \u202eblog"}).site.title == "My blog"
    assert load({"FEEDSERVER_SITE_TITLE": "\u2067My\u2069 blog"}).site.title == "\u2067My\u2069 blog"


def test_undecodable_bytes_are_a_bad_value() -> None:
    assert faults({"FEEDSERVER_SITE_TITLE": "caf\udce9"}) == (
        "site.title: must be one line of text (FEEDSERVER_SITE_TITLE)",
    )


def test_all_faults_are_reported_together(tmp_path: Path) -> None:
    environ = file(tmp_path, 'colour = "red"\n[site]\nurl = "x"\ntitel = "y"\n[feeds]\nentries = 0\n') | {
        "FEEDSERVER_FEEDS_ENTRIES": "many",
        "FEEDSERVER_SITE_AUTHOR_FILE": str(tmp_path / "missing"),
        "FEEDSERVER_SITE_LANGUAGE": "en",
        "FEEDSERVER_SITE_LANGUAGE_FILE": str(tmp_path / "also"),
        "FEEDSERVER_JOBS_IN_WEB": "?",
        "UNRELATED": "x",
    }

    found = faults(environ)

    assert sorted(line.split(":")[0] for line in found) == [
        "FEEDSERVER_SITE_AUTHOR_FILE",
        "FEEDSERVER_SITE_LANGUAGE_FILE",
        "colour",
        "feeds.entries",
        "jobs.in_web",
        "site.titel",
        "site.url",
    ]
    assert all("\n" not in line for line in found)


@pytest.mark.parametrize(
    ("text", "key", "near"),
    [
        ("colour = 1", "colour", None),
        ("site = 5", "site", None),
        ("[site.url]\nx = 1", "site.url.x", "site.url"),
        ("[data_dir]\nx = 1", "data_dir.x", "data_dir"),
        ("[[site]]\nurl = 'x'", "site", None),
        ("[Site]\nurl = 'https://h'", "Site.url", "site.url"),
        ("[site]\ntitel = 'x'", "site.titel", "site.title"),
        ("timezone = 'UTC'", "timezone", "site.timezone"),
        ("[server]\ntrusted_proxy = []", "server.trusted_proxy", "server.trusted_proxies"),
    ],
)
def test_unknown_keys_in_the_file_stop_the_start_with_the_nearest_name(
    tmp_path: Path, text: str, key: str, near: str | None
) -> None:
    environ = file(tmp_path, text)

    hint = f"; did you mean {near}?" if near else ""
    assert faults(environ) == (f"{key}: there is no such setting ({environ['FEEDSERVER_CONFIG']}){hint}",)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("FEEDSERVER_PORT", None),  # Kubernetes names a service's address so, Docker a linked container's
        ("FEEDSERVER_SERVICE_HOST", None),
        ("FEEDSERVER_SERVICE_PORT_HTTP", None),
        ("FEEDSERVER_PORT_8000_TCP_PROTO", None),
        ("FEEDSERVER_", None),
        ("FEEDSERVER_SITEURL", "FEEDSERVER_SITE_URL"),
        ("FEEDSERVER_SITE_TITEL_FILE", "FEEDSERVER_SITE_TITLE_FILE"),
        ("FEEDSERVER_SITE_URL_FILE_FILE", "FEEDSERVER_SITE_URL_FILE"),
        ("FEEDSERVER_CONFIG_FILE", "FEEDSERVER_CONFIG"),
        ("FEEDSERVER_DATABSE_URL", "FEEDSERVER_DATABASE_URL"),
    ],
)
def test_unknown_variables_are_ignored_and_told_with_the_nearest_name(name: str, near: str | None) -> None:
    found = read({name: "tcp://10.0.0.7:80"})

    assert found.settings == Settings()
    hint = f" (did you mean {near}?)" if near else ""
    assert found.ignored_line == f"ignored, as no setting has this name: {name}{hint}"


def test_nothing_is_told_where_every_variable_is_known() -> None:
    assert read({"FEEDSERVER_SITE_TITLE": "x", "FEEDSERVER_CONFIG": "", "FEED": "1"}).ignored_line is None


@pytest.mark.parametrize("content", [b"[site", b"caf\xe9 = 1", b"a = 1\na = 2"], ids=["no TOML", "no UTF-8", "twice"])
def test_a_file_that_cannot_be_read_is_one_fault(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)

    (line,) = faults({"FEEDSERVER_CONFIG": str(path)})

    assert line.startswith(f"{path}: cannot be read: ")
    assert "\n" not in line


def test_text_without_quotes_is_told_to_stand_in_quotes(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[site]\ntitle = Ann's blog\n")

    (line,) = faults({"FEEDSERVER_CONFIG": str(path)})

    assert "(at line 2, column 9); text stands in quotes" in line


@pytest.mark.parametrize("variable_", ["FEEDSERVER_CONFIG", "FEEDSERVER_SITE_TITLE_FILE"])
@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_named_file_must_be_there(tmp_path: Path, variable_: str, kind: str) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "missing"

    (line,) = faults({variable_: str(path)})

    assert "cannot be read" in line
    assert str(path) in line
    assert variable_ in line


def test_a_value_from_a_file_is_checked_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "value").write_text("two\nlines")

    assert faults({"FEEDSERVER_SITE_TITLE_FILE": str(tmp_path / "value")}) == (
        "site.title: must be one line of text (FEEDSERVER_SITE_TITLE_FILE)",
    )


def test_a_bad_value_never_shows_a_secret(tmp_path: Path) -> None:
    assert "hunter2" not in "".join(faults({"FEEDSERVER_DATABASE_URL": "postgresql://a:hunter2@h/\nx"}))


def test_each_setting_is_described_with_its_origin(tmp_path: Path) -> None:
    (tmp_path / "title").write_text("T")
    environ = file(tmp_path, 'site.author = "Ann"') | {
        "FEEDSERVER_FEEDS_ENTRIES": "7",
        "FEEDSERVER_SITE_TITLE_FILE": str(tmp_path / "title"),
    }

    found = {item.key: item for item in describe(environ)}

    assert list(found) == keys()
    assert found["site.author"].origin == environ["FEEDSERVER_CONFIG"]
    assert found["feeds.entries"].origin == "FEEDSERVER_FEEDS_ENTRIES"
    assert found["site.title"].origin == "FEEDSERVER_SITE_TITLE_FILE"
    assert found["site.url"].origin == "default"
    assert {key for key, item in found.items() if item.secret} == {
        *("database.url", "database.read_url", "mail.url", "notices.webhook", "notices.secret"),
    }
    assert all(item.meaning for item in found.values())


@pytest.mark.parametrize(("text", "truth"), [("yes", True), ("ON", True), ("1", True), ("no", False), (" off ", False)])
def test_a_boolean_has_several_spellings(text: str, truth: bool) -> None:
    assert load({"FEEDSERVER_JOBS_IN_WEB": text}).jobs.in_web is truth


def test_a_tilde_stands_for_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")

    assert load({"FEEDSERVER_DATA_DIR": "~/site"}).data_dir == Path("/home/ann/site")


def test_settings_in_force_tell_their_origin_or_that_it_says_otherwise_by_now() -> None:
    environ = {"FEEDSERVER_SITE_TITLE": "Harbour"}
    settings = load(environ)

    now = {item.key: item.origin for item in in_force(settings, environ)}
    later = {item.key: item for item in in_force(settings, {"FEEDSERVER_SITE_TITLE": "Bay"})}
    broken = {item.key: item for item in in_force(settings, {"FEEDSERVER_FEEDS_ENTRIES": "many"})}

    assert (now["site.title"], now["site.author"]) == ("FEEDSERVER_SITE_TITLE", "default")
    assert (later["site.title"].value, later["site.title"].origin) == ("Harbour", "the start of the server")
    assert broken["site.title"].value == "Harbour"
    assert list(now) == keys()
