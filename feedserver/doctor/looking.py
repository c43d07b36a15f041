"""All looks, in the order in which one thing depends on another; what cannot be looked at is a finding of its own."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from feedserver import probe
from feedserver.doctor import installation, notices, outside, site
from feedserver.doctor.model import Finding
from feedserver.errors import FeedserverError, FetchError, MediaStoreError
from feedserver.installation import require_current
from feedserver.media import store as media_store
from feedserver.media.auditing import audit
from feedserver.net import own_server
from feedserver.net.exchange import exchange
from feedserver.services import Services
from feedserver.settings import SettingsReport
from feedserver.storage import migrate, revision
from feedserver.storage.explaining import DATABASE_ERRORS, explain
from feedserver.storage.replica import ReplicaState
from feedserver.storage.schema import media, posts
from feedserver.storage.size import bytes_of
from feedserver.storage.write_probe import WriteProbe

_TILL_THEN: Final = "until then nothing more can be looked at"
_SHOWN: Final = 3  # names of files in a line
_SECONDS: Final = 4.0  # for an answer of this machine
_OUTSIDE_SECONDS: Final = 10.0  # for each answer through the public address


def inside(report: SettingsReport, services: Services, address: str) -> Iterator[Finding]:
    """Looks at the settings, the machine, the database and the server that should run at `address`."""
    settings, database = services.settings, services.database
    yield from installation.of_settings(report)
    yield installation.of_address(settings.site.url)
    yield from installation.of_theme(settings.site.theme)
    yield from installation.of_networks(settings.server)
    yield installation.of_egress(settings.egress.allow)
    yield installation.of_files(settings.data_dir, database.file)
    yield _server(address)
    try:
        require_current(services)
        yield from _of_database(services)
        yield from _own_server(services, address)
    except FeedserverError as error:
        yield Finding("database", str(error), _TILL_THEN)
    except DATABASE_ERRORS as error:
        yield Finding("database", explain(error), _TILL_THEN)


def has_site(services: Services) -> bool:
    """Whether there is a site to look at from outside; if not, `inside` has said so."""
    try:
        return migrate.state(services.database) in ("current", "newer")
    except (FeedserverError, *DATABASE_ERRORS):
        return False


def from_outside(services: Services) -> Iterator[Finding]:
    """Looks at the site through its public address."""
    with services.database.read() as connection:
        found = known(connection, services)
    ask = partial(exchange, policy=own_server.policy(_OUTSIDE_SECONDS), redirects=0)
    yield from outside.looks(found, services.clock(), ask)


def _server(address: str) -> Finding:
    try:
        answer = own_server.ask(address, "/healthz", _SECONDS)
    except FetchError as error:
        return Finding("server", f"{error} at {address}", "start it: `feedserver serve`; its log says why it ended")
    if answer.status != 200:
        return Finding("server", f"{address} answers {answer.status}", "its log says why")
    return Finding("server", f"{address} answers")


def _of_database(services: Services) -> Iterator[Finding]:
    settings, database, now = services.settings, services.database, services.clock()
    with database.read() as connection:
        size = bytes_of(connection) if database.file else 0
        pictures = 0 if settings.media.store else sum(media_store.all_files(connection).values())
        yield installation.of_disk(settings.data_dir, size + pictures)
        yield installation.of_clock(now, site.newest_time(connection))
        yield from site.looks(connection, settings.limits, now, has_hub=settings.websub.hub)
    yield _writes(services)
    yield from _replica(database.replica_state())
    yield from site.log(database.file)
    yield from _media(services)
    yield from notices.looks(services)


def _own_server(services: Services, address: str) -> Iterator[Finding]:
    """Whether what answers there has this database: it then knows who proves to know the secret."""
    with services.database.read() as connection:
        proof = probe.credentials(revision.secret(connection), services.clock())
    try:
        answer = own_server.ask(address, "/healthz", _SECONDS, ("Authorization", proof))
    except FetchError:  # which `_server` has told
        return
    if answer.status == 200 and "client" not in outside.json_object(answer.body):
        yield Finding(
            "server",
            f"what answers at {address} has another database, or an older program",
            "restart it; let variables of its service that name the site be in the settings file",
        )


def _replica(state: ReplicaState | None) -> Iterator[Finding]:
    if state == "ok":
        yield Finding("replica", "it has all that was committed")
    elif state is not None:
        yield Finding("replica", f"it is {state}; the primary is read instead", "look at it, or at database.read_url")


def _writes(services: Services) -> Finding:
    failure = WriteProbe(services.database, services.clock).failure()
    if failure is not None:
        return Finding("writes", failure, "as it says")
    return Finding("writes", "the database takes them")


def _media(services: Services) -> Iterator[Finding]:
    yield installation.of_media(services.media_files, services.settings)
    try:
        found = audit(services.database, services.media_files)
    except MediaStoreError as error:
        yield Finding("files", str(error), "look at media.dir or media.store")
        return
    if found.missing:
        yield Finding("pictures", f"missing: {_some(found.missing)}", "put them back from a backup")
    elif found.unnamed:
        yield Finding(
            "pictures",
            f"nothing names {_some(found.unnamed)}",
            "`feedserver media remove HASH/NAME`, unless they come in just now",
        )
    else:
        yield Finding("pictures", "all are there")


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def known(connection: Connection, services: Services) -> outside.Known:
    visible = (posts.c.state == "published") & (posts.c.published_at <= services.clock()) & posts.c.pings_open
    newest = select(posts.c.slug).where(visible, posts.c.page.is_(False)).order_by(posts.c.published_at.desc()).limit(1)
    slug = connection.execute(newest).scalar()
    file = connection.execute(select(media.c.hash, media.c.name).where(media.c.size > 0).limit(1)).first()
    urls = services.urls
    return outside.Known(
        urls,
        revision.load(connection).guid.removeprefix("urn:uuid:"),
        revision.secret(connection),
        urls.post(slug) if slug else None,
        urls.media(*file) if file else None,
    )
