"""Settings: one TOML file and the environment, which wins. Read and checked as a whole, then frozen.

Unknown keys of the file stop the start. Unknown variables do not: orchestrators set some that begin with FEEDSERVER_.

Each setting is a dataclass field; its metadata holds the function of `setting_types` that reads and checks its value,
and its meaning in one line. `config show`, the names of the variables and the checks derive from that.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from ipaddress import ip_network
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from feedserver import setting_types as types
from feedserver.domains import SHARED_BY_PATH
from feedserver.errors import SettingsError
from feedserver.setting_sources import CONFIG_VARIABLE, PREFIX, Given, file_in_use, from_environment, from_file
from feedserver.setting_types import Converter, Network

BIND = "127.0.0.1:8000"  # what the server listens on by default
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))
THREADS = 16  # in each process: with 4, eight slow requests stop a site


def _setting(default: object, converter: Converter, meaning: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"converter": converter, "meaning": meaning, "secret": secret})


@dataclass(frozen=True, slots=True)
class SiteSettings:
    url: str = _setting(
        "",
        types.base_url_or_none,
        "the public base of every generated URL; may have a path; empty: where `feedserver serve` listens",
    )
    title: str = _setting("A feedserver site", types.some_line, "the name of the site")
    description: str = _setting("Posts, and the thoughts of other blogs on them", types.line, "one sentence about it")
    author: str = _setting("The author", types.some_line, "author of posts that name none")
    language: str = _setting(
        "en", types.language, "language of words and dates on readers' pages, and of posts that name none (BCP 47)"
    )
    timezone: str = _setting("UTC", types.zone, "time zone of dates without one, and of dates on pages and in tables")

    theme: str = _setting(
        "",
        types.present_folder_or_none,
        "a folder with templates, a stylesheet or an icon for readers' pages; empty: none",
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    url: str = _setting("", types.line, "an SQLAlchemy URL; empty: SQLite in data_dir", secret=True)
    read_url: str = _setting("", types.line, "a replica for public reads (PostgreSQL); empty: none", secret=True)


@dataclass(frozen=True, slots=True)
class FeedsSettings:
    entries: int = _setting(20, types.whole(1, 500), "posts in a subscription document, with full content")


@dataclass(frozen=True, slots=True)
class MediaSettings:
    dir: str = _setting("", types.folder_or_none, "the folder of pictures and files; empty: media in data_dir")
    store: str = _setting(
        "", types.bucket_or_none, "an S3-compatible store in its place, such as s3://bucket/prefix; empty: none"
    )
    largest: int = _setting(200_000_000, types.whole(1, 10**12), "bytes of the largest picture or file that is taken")


@dataclass(frozen=True, slots=True)
class PingbackSettings:
    wait: float = _setting(1.5, types.seconds(0, 30), "seconds a ping waits for its verification before “accepted”")
    places: int = _setting(4, types.whole(0, 1000), "pings that may wait in one process at a time")


@dataclass(frozen=True, slots=True)
class ModerationSettings:
    pingbacks: str = _setting(
        "show",
        types.choice("show", "hold", "trust"),
        "verified pings: show, hold, or trust (show those from source sites approved before)",
    )
    comments: str = _setting(
        "hold",
        types.choice("show", "hold", "trust"),
        "comments: hold, show, or trust (show those whose name and email were approved before)",
    )
    shared_by_path: tuple[str, ...] = _setting(
        SHARED_BY_PATH, types.hosts, "hosts on which the first path segment tells source sites apart"
    )


@dataclass(frozen=True, slots=True)
class EgressSettings:
    allow: tuple[Network, ...] = _setting((), types.networks, "networks that may be contacted although not public")
    ports: frozenset[int] | None = _setting(frozenset({80, 443}), types.ports, "ports that may be contacted; * = any")
    timeout: float = _setting(10.0, types.seconds(0.1, 60), "seconds for a whole fetch, redirects included")
    max_bytes: int = _setting(1_048_576, types.whole(1024, 64 * 1_048_576), "bytes of body, after decompression")


@dataclass(frozen=True, slots=True)
class LimitsSettings:
    sender: int = _setting(60, types.whole(1, 1_000_000), "pings a minute from one sender address (IPv6: one /64)")
    host: int = _setting(30, types.whole(1, 1_000_000), "fetches a minute from one source host, subdomains included")
    refetch: int = _setting(300, types.whole(0, 31 * 86_400), "seconds between two fetches of the same source URL")
    copies: int = _setting(
        60, types.whole(0, 1_000_000), "full copies of one feed a minute to one address; 0 = no limit"
    )
    search: int = _setting(
        30, types.whole(0, 1_000_000), "searches a minute from one address (IPv6: one /64); 0 = no limit"
    )
    waiting: int = _setting(
        10_000,
        types.whole(1, 10_000_000),
        "unsettled pings, a tenth of them from one sender network or source site; beyond it new ones are refused",
    )
    held: int = _setting(
        10_000, types.whole(1, 10_000_000), "thoughts that wait for a moderator; beyond it new ones are refused"
    )
    held_bytes: int = _setting(50_000_000, types.whole(1, 100_000_000_000), "bytes of their words")
    subscriptions: int = _setting(
        10_000, types.whole(1, 1_000_000), "subscriptions at the hub of this site; beyond it new ones are refused"
    )


@dataclass(frozen=True, slots=True)
class WebSubSettings:
    hub: bool = _setting(True, types.truth, "the hub of this site, at which readers subscribe to its feeds")
    hubs: tuple[str, ...] = _setting((), types.http_urls, "other hubs that are told of changed feeds of posts")


@dataclass(frozen=True, slots=True)
class SendingSettings:
    webmentions: bool = _setting(True, types.truth, "tell pages that posts link to by Webmention")
    pingbacks: bool = _setting(True, types.truth, "tell pages that take no Webmention by Pingback")
    delay: float = _setting(5.0, types.seconds(0, 86_400), "seconds from a change of a post until others are told")


@dataclass(frozen=True, slots=True)
class MailSettings:
    url: str = _setting(
        "", types.mail_server_or_none, "the server that takes mails: smtp://… or smtps://…; empty: no mail", secret=True
    )
    from_: str = _setting("", types.mailbox_or_none, "who mails are from: ADDRESS or NAME <ADDRESS>; empty: mail.to")
    to: str = _setting("", types.mail_address_or_none, "the one address that gets mails; empty: no mail")

    @property
    def is_on(self) -> bool:
        return bool(self.url and self.to)

    @property
    def sender(self) -> tuple[str, str]:
        """Name, which may be empty, and address of whom mails are from."""
        name, _, address = self.from_.rpartition("<")
        return name.strip(), address.removesuffix(">") or self.to


@dataclass(frozen=True, slots=True)
class NoticesSettings:
    webhook: str = _setting(
        "", types.http_url_or_none, "an http(s) URL that is told of thoughts and failed jobs; empty: none", secret=True
    )
    secret: str = _setting("", types.line, "signs what the webhook gets; empty: it is not signed", secret=True)
    gather: float = _setting(20.0, types.seconds(0, 86_400), "seconds from the first news until it is mailed")
    pause: float = _setting(600.0, types.seconds(0, 7 * 86_400), "seconds from one mail until the next")


@dataclass(frozen=True, slots=True)
class KeepSettings:
    refused: int = _setting(90, types.whole(0, 36_500), "days after which timelines of refused pings are folded")
    most_refused: int = _setting(100_000, types.whole(1, 10_000_000), "refused pings and spam that are kept at most")
    most_refused_bytes: int = _setting(
        100_000_000, types.whole(1, 100_000_000_000), "bytes of refused pings and spam that are kept at most"
    )
    readers: int = _setting(400, types.whole(1, 36_500), "days for which the numbers of feed readers are kept")
    spam: int = _setting(90, types.whole(0, 36_500), "days after which spam is erased")


@dataclass(frozen=True, slots=True)
class JobsSettings:
    in_web: bool = _setting(True, types.truth, "background jobs run inside the web processes")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    trusted_proxies: tuple[Network, ...] = _setting(
        _LOOPBACK, types.networks, "networks whose X-Forwarded-* are believed"
    )
    metrics: tuple[Network, ...] = _setting(
        _LOOPBACK, types.networks, "networks that may read /metrics; empty: nobody, and nothing is counted"
    )
    log: str = _setting("text", types.choice("text", "json"), "log lines of a server and a worker: text, or JSON")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting (docs/interface.md, “Settings”): the key `site.url` is `settings.site.url`."""

    data_dir: Path = _setting(Path("var"), types.folder, "database, secret, pictures and files")
    site: SiteSettings = field(default_factory=SiteSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    feeds: FeedsSettings = field(default_factory=FeedsSettings)
    media: MediaSettings = field(default_factory=MediaSettings)
    pingback: PingbackSettings = field(default_factory=PingbackSettings)
    moderation: ModerationSettings = field(default_factory=ModerationSettings)
    egress: EgressSettings = field(default_factory=EgressSettings)
    limits: LimitsSettings = field(default_factory=LimitsSettings)
    websub: WebSubSettings = field(default_factory=WebSubSettings)
    sending: SendingSettings = field(default_factory=SendingSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    notices: NoticesSettings = field(default_factory=NoticesSettings)
    keep: KeepSettings = field(default_factory=KeepSettings)
    jobs: JobsSettings = field(default_factory=JobsSettings)
    server: ServerSettings = field(default_factory=ServerSettings)

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL: `database.url`, or that of a SQLite file in `data_dir`."""
        return self.database.url or f"sqlite:///{quote(str(self.data_dir / 'feedserver.sqlite3'))}"

    @property
    def media_dir(self) -> Path:
        """The folder of pictures and files: `media.dir`, or one in `data_dir`."""
        return Path(self.media.dir) if self.media.dir else self.data_dir / "media"


@dataclass(frozen=True, slots=True)
class DescribedSetting:
    """One setting as `config show` prints it."""

    key: str
    value: object
    origin: str
    meaning: str
    secret: bool


@dataclass(frozen=True, slots=True)
class SettingsReport:
    """All that `read` found. `file` is None if there is none, `ignored` are the names of unknown variables."""

    settings: Settings
    described: list[DescribedSetting]
    file: Path | None
    ignored: list[str]

    @property
    def is_any_near(self) -> bool:
        """Whether an unknown variable is probably meant to be a known one."""
        return any(_nearest_variable(name) for name in self.ignored)

    @property
    def ignored_line(self) -> str | None:
        """One line about unknown variables, each with the nearest known one; None if there are none."""
        if not self.ignored:
            return None
        return f"ignored, as no setting has this name: {', '.join(map(_with_nearest_variable, self.ignored))}"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process. Raises like `read`."""
    return read(environ).settings


def describe(environ: Mapping[str, str] = os.environ) -> list[DescribedSetting]:
    """Every setting with its value and its origin: `default`, the file, or the variable. Raises like `read`."""
    return read(environ).described


def in_force(settings: Settings, environ: Mapping[str, str] = os.environ) -> list[DescribedSetting]:
    """Every setting as a process has it, with its origin: where file or environment say otherwise by now, its start."""
    try:
        now = {item.key: item for item in read(environ).described}
    except SettingsError:
        now = {}
    found = []
    for key, item in _walk(Settings, ""):
        value = attrgetter(key.removesuffix(_last_part(item.name)) + item.name)(settings)
        origin = now[key].origin if key in now and now[key].value == value else "the start of the server"
        found.append(DescribedSetting(key, value, origin, item.metadata["meaning"], item.metadata["secret"]))
    return found


def read(environ: Mapping[str, str] = os.environ) -> SettingsReport:
    """Reads the file and the environment.

    Raises SettingsError with a line for each fault: an unknown key, a bad value, a file that cannot be read.
    """
    faults: list[str] = []
    file = file_in_use(environ)
    by_variables, ignored = from_environment(environ, {variable(key): key for key in keys()}, faults)
    given = (from_file(file, faults) if file else {}) | by_variables
    described: list[DescribedSetting] = []
    settings = _build(Settings, "", given, described, faults)
    faults += [
        f"{key}: there is no such setting ({origin}){_did_you_mean(_nearest_key(key))}"
        for key, (_, origin) in given.items()
    ]
    if faults:
        raise SettingsError(faults)
    return SettingsReport(settings, described, file, ignored)


def keys() -> list[str]:
    """The key of every setting, in order."""
    return [key for key, _ in _walk(Settings, "")]


def variable(key: str) -> str:
    """The environment variable of a setting: `FEEDSERVER_SITE_URL` for `site.url`."""
    return PREFIX + key.replace(".", "_").upper()


def _walk(section: type, prefix: str) -> Iterator[tuple[str, Any]]:
    for item in fields(section):
        if is_dataclass(item.type):
            assert isinstance(item.type, type)
            yield from _walk(item.type, f"{prefix}{item.name}.")
        else:
            yield prefix + _last_part(item.name), item


def _build(section: type, prefix: str, given: Given, described: list[DescribedSetting], faults: list[str]) -> Any:
    values: dict[str, object] = {}
    for item in fields(section):
        key = prefix + _last_part(item.name)
        if is_dataclass(item.type):
            assert isinstance(item.type, type)
            values[item.name] = _build(item.type, f"{key}.", given, described, faults)
            continue
        value, origin = item.default, "default"
        if key in given:
            raw, origin = given.pop(key)
            try:
                value = item.metadata["converter"](raw)
            except ValueError as error:
                faults.append(f"{key}: must be {error} ({origin})")
        values[item.name] = value
        described.append(DescribedSetting(key, value, origin, item.metadata["meaning"], item.metadata["secret"]))
    return section(**values)


def _last_part(name: str) -> str:
    """The last part of the key of a field: `from` is a word of Python's own, so that its field is `from_`."""
    return name.removesuffix("_")


def _nearest_key(key: str) -> str | None:
    """The setting that an unknown key of the file most likely means, also one without its section."""
    last_parts = {known.rpartition(".")[2]: known for known in reversed(keys())}
    near = get_close_matches(key.lower(), [*keys(), *last_parts], n=1, cutoff=0.75)
    return last_parts.get(near[0], near[0]) if near else None


def _nearest_variable(name: str) -> str | None:
    known = [variable(key).removeprefix(PREFIX) + ending for key in keys() for ending in ("", "_FILE")]
    known.append(CONFIG_VARIABLE.removeprefix(PREFIX))
    near = get_close_matches(name.removeprefix(PREFIX), known, n=1, cutoff=0.7)
    return PREFIX + near[0] if near else None


def _with_nearest_variable(name: str) -> str:
    near = _nearest_variable(name)
    return repr(name)[1:-1] + (f" (did you mean {near}?)" if near else "")


def _did_you_mean(key: str | None) -> str:
    return f"; did you mean {key}?" if key else ""
