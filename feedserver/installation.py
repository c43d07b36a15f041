"""Creates a site: data directory, secret, database, schema, example post. Safe to repeat and to run concurrently."""

import fcntl
import logging
import secrets
from pathlib import Path

from feedserver import private_files
from feedserver.errors import StorageError
from feedserver.feeds.scopes import AUTHOR
from feedserver.posts import lists, site_language, spelling
from feedserver.posts import store as posts
from feedserver.posts.example import EXAMPLE
from feedserver.posts.rerendering import rerender
from feedserver.search.building import build as build_search_index
from feedserver.services import Services
from feedserver.storage import migrate, revision
from feedserver.websub import leaving, topics

_log = logging.getLogger(__name__)


def init(services: Services, *, example: bool) -> bool:
    """Creates whatever is missing, and migrates the schema. Returns whether the site is new.

    `example` adds an example post to a new site. Raises StorageError if the schema is newer than this program, and if
    the database of a site that was there is missing: a new one at its place would hide the loss.
    """
    if _is_frozen(services):
        return False
    private_files.make_folder(services.settings.data_dir)
    _require_no_remains(services)
    with migrate.exclusive(services.database):
        is_new = migrate.state(services.database) == "missing"
        _upgrade(services)
        if example and is_new:
            _add_example(services)
    return is_new


def upgrade(services: Services) -> bool:
    """Migrates an existing database. Returns whether anything changed. Raises StorageError."""
    require_some(services)
    with migrate.exclusive(services.database):
        return _upgrade(services)


def require_some(services: Services) -> migrate.State:
    """Returns the state of the database. Raises StorageError, which says what to do, if there is none."""
    state = migrate.state(services.database)
    if state == "missing":
        _require_no_remains(services)
        if services.database.file is None:
            raise StorageError("there is no database yet in database.url; `feedserver init` creates it")
        where = services.database.file.absolute()
        raise StorageError(
            f"there is no database yet in {where}; `feedserver init` creates it; "
            "where the site is in another folder, go there first"
        )
    return state


def require_current(services: Services) -> None:
    """Raises StorageError, which says what to do, unless there is a database with the current schema."""
    if require_some(services) == "older":
        raise StorageError(migrate.OLDER)


def _is_frozen(services: Services) -> bool:
    """Whether the database is on a file system that is read-only, and can be read as it is: for pages and feeds."""
    file = services.database.file
    if file is None or not private_files.is_read_only(file) or migrate.state(services.database) == "older":
        return False
    _log.warning("%s is on a read-only file system: pages and feeds are served, nothing is stored", file)
    return True


def _require_no_remains(services: Services) -> None:
    """Raises StorageError if `data_dir` holds a site's secret, but not its SQLite file, or an emptied one.

    A new site gets its database first, with the schema, so that one that was interrupted is no remains.
    """
    file, secret = services.database.file, private_files.secret(services.settings.data_dir)
    if file is None or file.absolute().parent != services.settings.data_dir.absolute():
        return
    if not secret.exists():
        return
    lost = "not there" if not file.exists() else "empty" if migrate.state(services.database) == "missing" else None
    if lost:
        raise StorageError(
            f"{file.absolute()} is {lost}, but the secret of its site is: put the file back; "
            f"to restore a backup, or to begin a new site, move {secret.absolute()} away first"
        )


def secret_in_file(data_dir: Path, agreed: str | None = None) -> str:
    """The secret that signs forms: from the file `secret` in `data_dir`, made on first use, both private.

    `agreed` is the secret in the database; it replaces a different one in the file (`revision.agree_on_secret`).
    Raises StorageError if the file is not text.
    """
    private_files.make_folder(data_dir)
    file_name = private_files.secret(data_dir)
    with open(file_name, "a+", encoding="ascii", opener=private_files.reclaiming_opener) as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two processes that start together make one secret
        file.seek(0)
        try:
            known = file.read().strip()
        except UnicodeDecodeError:
            raise StorageError(f"{file_name}: is not a secret; delete it, and a new one is made") from None
        if known and agreed in (None, known):
            return known
        new = agreed or secrets.token_urlsafe(32)
        file.truncate(0)
        file.write(new + "\n")
        return new


def _upgrade(services: Services) -> bool:
    """Migrates the schema and fills the table `site`. The caller holds `migrate.exclusive`."""
    changed = migrate.upgrade(services.database)
    proposed = secret_in_file(services.settings.data_dir)
    author = services.settings.site.author
    with services.database.write() as connection:
        revision.create(connection, services.clock())
        agreed = revision.agree_on_secret(connection, proposed)
        revision.agree_on_archives(connection, services.settings.feeds.entries)
        before = revision.change_author(connection, author)
        if before != author:
            lists.move_unnamed(connection, author, before)
            spelling.follow_site_author(connection, author)
            leaving.check_later(connection, [(AUTHOR, before)] if before else [], services.clock())
    secret_in_file(services.settings.data_dir, agreed)
    # What stands otherwise in posts of before is nothing new: feeds have it, but none is pushed because of it.
    quietly = topics.revise_quietly
    changed = site_language.follow(services.database, services.settings.site.language, quietly) > 0 or changed
    changed = rerender(services.database, services.urls, quietly) > 0 or changed
    return build_search_index(services.database) or changed


def _add_example(services: Services) -> None:
    with services.database.read() as connection:
        if posts.has_any(connection):
            return
    services.publisher.add(services.publisher.read(EXAMPLE.encode()), services.clock())
