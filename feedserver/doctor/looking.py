"""All looks, in the order in which one thing depends on another; what cannot be looked at is a finding of its own."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from feedserver.doctor import installation, outside, site
from feedserver.doctor.model import Finding
from feedserver.errors import FeedserverError, FetchError, MediaStoreError
from feedserver.installation import require_current
from feedserver.media.auditing import audit
from feedserver.net import own_server
from feedserver.net.exchange import exchange
from feedserver.services import Services
from feedserver.settings import SettingsReport
from feedserver.storage import migrate, revision
from feedserver.storage.explaining import DATABASE_ERRORS, explain
from feedserver.storage.schema import media, posts
from feedserver.storage.size import bytes_of
from feedserver.storage.write_probe import WriteProbe

_SHOWN: Final = 3  # names of files in a line
_SECONDS: Final = 4.0  # for an answer of this machine
_OUTSIDE_SECONDS: Final = 10.0  # for each answer through the public address


def inside(report: SettingsReport, services: Services, address: str) -> Iterator[Finding]:
    """Looks at the settings, the machine, the database and the server that should run at `address`."""
    settings, database = services.settings, services.database
    yield from installation.of_settings(report)
    yield installation.of_address(settings.site.url)
    yield from installation.of_networks(settings.server)
    yield installation.of_files(settings.data_dir, database.file)
    yield _server(address)
    try:
        require_current(services)
        yield from _of_database(services)
    except FeedserverError as error:
        yield Finding("database", str(error), "until then nothing more can be looked at")
    except DATABASE_ERRORS as error:
        yield Finding(
            "database", explain(error), "correct database.url, or start it; until then nothing more can be looked at"
        )


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
        size = bytes_of(connection)
        yield installation.of_disk(settings.data_dir, size if database.file else 0)
        yield installation.of_clock(now, site.newest_time(connection))
        yield from site.looks(connection, settings.limits, now, has_hub=settings.websub.hub)
    yield _writes(services)
    yield from site.log(database.file)
    yield from _media(services)


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
            "remove them from the store, unless they come in just now",
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
