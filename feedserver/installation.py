"""Creates a site: data directory, secret, database, schema, example post. Safe to repeat and to run concurrently."""

import fcntl
import os
import secrets
from pathlib import Path

from feedserver.errors import StorageError
from feedserver.posts import lists
from feedserver.posts import store as posts
from feedserver.services import Services
from feedserver.storage import migrate, revision

_EXAMPLE = """\
---
title: Hello from feedserver
slug: hello
tags: [feedserver]
summary: This is the first post. It shows what a post can hold, and can be edited or deleted like any other.
---
This site publishes its posts as feeds and takes pingbacks: when another blog links to this post and says so, its
words show up below as a *thought*.

## What to do next

- Write a post: a Markdown file with a title, published by `feedserver post add FILE`.
- Subscribe to the feed in a feed reader.
- Delete this post with `feedserver post delete hello`; its address will answer “gone” for ever.

> A feed is a promise: what was published stays where it was.
"""


def init(services: Services, *, example: bool) -> bool:
    """Creates whatever is missing, and migrates the schema. Returns whether the site is new.

    `example` adds an example post to a new site. Raises StorageError if the schema is newer than this program.
    """
    secret_in_file(services.settings.data_dir)
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
        raise StorageError("there is no database yet; `feedserver init` creates it")
    return state


def require_current(services: Services) -> None:
    """Raises StorageError, which says what to do, unless there is a database with the current schema."""
    if require_some(services) == "older":
        raise StorageError(migrate.OLDER)


def secret_in_file(data_dir: Path, agreed: str | None = None) -> str:
    """The secret that signs forms: from the file `secret` in `data_dir` (0600), made on first use.

    `agreed` is the secret in the database; it replaces a different one in the file (`revision.agree_on_secret`).
    Raises StorageError if the file is not text.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file_name = data_dir / "secret"
    descriptor = os.open(file_name, os.O_RDWR | os.O_CREAT, 0o600)
    with open(descriptor, "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two processes that start together make one secret
        try:
            known = file.read().strip()
        except UnicodeDecodeError:
            raise StorageError(f"{file_name}: is not a secret; delete it, and a new one is made") from None
        if known and agreed in (None, known):
            return known
        new = agreed or secrets.token_urlsafe(32)
        file.seek(0)
        file.truncate()
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
    secret_in_file(services.settings.data_dir, agreed)
    return changed


def _add_example(services: Services) -> None:
    with services.database.read() as connection:
        if posts.has_any(connection):
            return
    services.publisher.add(services.publisher.read(_EXAMPLE.encode()), services.clock())
