"""The parts of a running feedserver, put together once for a process: the web application, a worker or a command."""

import fcntl
import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from feedserver import __version__
from feedserver.clock import Clock, utc_now
from feedserver.errors import StorageError
from feedserver.jobs import store as jobs
from feedserver.jobs.model import Job
from feedserver.jobs.runner import Runner
from feedserver.net.connection import Policy
from feedserver.net.fetch import fetch
from feedserver.posts import publishing
from feedserver.posts.publishing import Publisher
from feedserver.settings import Settings
from feedserver.storage import revision
from feedserver.storage.changes import Changes
from feedserver.storage.engine import Database
from feedserver.thoughts.comments import Tokens
from feedserver.thoughts.receiving import Receiver
from feedserver.thoughts.slots import WaitingSlots
from feedserver.thoughts.verification.verify import VERIFY, Fetch, Verifier
from feedserver.urls import Urls

if TYPE_CHECKING:  # loaded where they are made: a command that renders no feed starts in half the time
    from feedserver.feeds.collecting import Collector
    from feedserver.feeds.documents import FeedDocuments
    from feedserver.feeds.download_limit import DownloadLimit
    from feedserver.feeds.responses import FeedResponder
    from feedserver.pages.cache import PageCache
    from feedserver.readership.counting import Readership

EXTENSION = "feedserver"


@dataclass(frozen=True)
class Services:
    """Everything that views and commands call. Parts are made when first asked for, and kept."""

    settings: Settings
    clock: Clock = utc_now
    fetch: Fetch | None = None  # the seam for tests that need no network

    @cached_property
    def urls(self) -> Urls:
        return Urls(self.settings.site.url)

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database_url, self.settings.database.read_url)

    @cached_property
    def publisher(self) -> Publisher:
        return Publisher(self.database, self.urls, self.settings.site)

    @cached_property
    def changes(self) -> Changes:
        return Changes(self.database)

    @cached_property
    def collector(self) -> "Collector":
        from feedserver.feeds.collecting import Collector

        return Collector(self.urls, self.settings)

    @cached_property
    def feed_documents(self) -> "FeedDocuments":
        from feedserver.feeds.documents import FeedDocuments

        return FeedDocuments(self.database, self.changes, self.collector, self.clock)

    @cached_property
    def page_cache(self) -> "PageCache":
        from feedserver.pages.cache import PageCache

        return PageCache(self.database, self.changes, self.clock)

    @cached_property
    def download_limit(self) -> "DownloadLimit":
        from feedserver.feeds.download_limit import DownloadLimit

        return DownloadLimit(self.database, self.settings.limits.copies, self.clock)

    @cached_property
    def readership(self) -> "Readership":
        from feedserver.readership.counting import Readership

        return Readership(self.database, self.clock)

    @cached_property
    def feed_responder(self) -> "FeedResponder":
        from feedserver.feeds.responses import FeedResponder

        return FeedResponder(self.feed_documents, self.download_limit, self.readership)

    @cached_property
    def verifier(self) -> Verifier:
        go_out = self.fetch or partial(fetch, policy=egress_policy(self.settings))
        return Verifier(self.database, self.urls, self.settings, self.clock, go_out)

    @cached_property
    def runner(self) -> Runner:
        handlers = {VERIFY: self.verifier.carry_out, publishing.PUBLISH: self._make_known}
        return Runner(self.database, handlers, self.clock)

    @cached_property
    def waiting_slots(self) -> WaitingSlots:
        return WaitingSlots(self.settings.pingback.places)

    @cached_property
    def receiver(self) -> Receiver:
        return Receiver(
            self.database, self.urls, self.settings, self.clock, self.verifier, self.runner, slots=self.waiting_slots
        )

    @cached_property
    def tokens(self) -> Tokens:
        with self.database.read() as connection:
            return Tokens(revision.secret(connection))

    @cached_property
    def moderation_key(self) -> str:
        """What opens the moderation feed to whoever has its address: made from the secret, and no way back to it."""
        proof = hmac.digest(secret(self.settings.data_dir).encode(), b"moderation feed", "sha256")
        return urlsafe_b64encode(proof).decode("ascii").rstrip("=")

    def _make_known(self, job: Job) -> None:
        with self.database.write() as connection:
            self.publisher.make_known(connection, int(job.subject), self.clock())
            jobs.finish(connection, job)


def services() -> Services:
    """The services of the application that answers the present request."""
    from flask import current_app

    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Services)
    return found


def egress_policy(settings: Settings) -> Policy:
    """What the fetcher may do, and how it introduces itself."""
    return Policy(
        allow=settings.egress.allow,
        ports=settings.egress.ports,
        timeout=settings.egress.timeout,
        max_bytes=settings.egress.max_bytes,
        user_agent=f"feedserver/{__version__} (+{settings.site.url}; verifying pingbacks)",
    )


def secret(data_dir: Path, agreed: str | None = None) -> str:
    """The secret that signs forms, made on first use: a file that only its owner reads.

    Where the database knows another one, `agreed`, that takes its place (`storage.site.agree_on_secret`).
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file_name = data_dir / "secret"
    descriptor = os.open(file_name, os.O_RDWR | os.O_CREAT, 0o600)
    with open(descriptor, "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two processes that start at once must not each make their own
        try:
            known = file.read().strip()
        except UnicodeDecodeError:
            raise StorageError(f"{file_name}: is no secret; delete it, and a new one is made") from None
        if known and agreed in (None, known):
            return known
        new = agreed or secrets.token_urlsafe(32)
        file.seek(0)
        file.truncate()
        file.write(new + "\n")
        return new
