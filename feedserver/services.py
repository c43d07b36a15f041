"""The parts of feedserver, made once for each process: a command, a worker, or the web application."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Lock
from time import thread_time
from typing import TYPE_CHECKING

from feedserver import __version__, private_files, site_address
from feedserver.accounts.apps import Apps
from feedserver.accounts.managing import Accounts
from feedserver.clock import Clock, utc_now
from feedserver.condition import Condition
from feedserver.languages.choosing import language_of
from feedserver.media.adding import Library
from feedserver.media.files import FileStore
from feedserver.media.stores import MediaStore
from feedserver.net.connection import Policy
from feedserver.net.exchange import Exchange, require_allowed
from feedserver.net.exchange import exchange as guarded_exchange
from feedserver.notices.gathering import Gatherer
from feedserver.posts import lists, passing, related, scheduling
from feedserver.posts.events import each
from feedserver.posts.publishing import Publisher
from feedserver.search import index as search_index
from feedserver.sending.outbox import Outbox
from feedserver.settings import Settings
from feedserver.storage import revision
from feedserver.storage.engine import Database
from feedserver.thoughts.verification import recheck
from feedserver.urls import Urls
from feedserver.websub import leaving, topics
from feedserver.websub.other_hubs import OtherHubs

if TYPE_CHECKING:
    from feedserver.feeds.documents import FeedDocuments
    from feedserver.metrics.counting import Counts
    from feedserver.metrics.exposition import Exposition
    from feedserver.thoughts.comments import Tokens
    from feedserver.thoughts.verification.inspect import Fetch

EXTENSION = "feedserver"


class Services:
    """The parts that all commands use; the site's files become private.

    Nothing is opened before it is used, but where no setting says `site.url`: then the database is asked for it.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock = utc_now,
        condition: Condition | None = None,
        exchange: Exchange | None = None,
        tell_fetch: Callable[[str], None] | None = None,
    ) -> None:
        """A process that goes on when the database fails gives a `condition`, which logs it.

        `exchange` replaces the guarded way out in tests; `tell_fetch` is told how each use of that ended.

        Raises StorageError for a bad database URL or data directory.
        """
        self.clock = clock
        self.database = Database(settings.database_url, settings.database.read_url, condition=condition)
        private_files.take_site_from_others(settings.data_dir, self.database.file)
        self.settings = settings = site_address.settings_in_force(settings, self.database)
        self.urls = Urls(settings.site.url)
        self.media_files = media_store(settings)
        self.library = Library(self.database, self.media_files, settings.media.largest, settings.data_dir, clock)
        self.accounts, self.apps = Accounts(self.database, clock), Apps(self.database, clock)
        self.egress = egress_policy(settings)
        if tell_fetch is not None:
            self.egress = replace(self.egress, tell=tell_fetch)
        self.exchange = exchange or partial(guarded_exchange, policy=self.egress)
        author = settings.site.author
        self.other_hubs = OtherHubs(self.database, self.urls, settings.websub.hubs, author, clock, self.exchange)
        self.outbox = Outbox(self.database, self.urls, settings.sending, clock)
        self.gatherer = Gatherer(self.database, settings, clock)
        listeners = (
            *(scheduling.follow, passing.follow, each(self.outbox.follow)),
            *(related.follow, partial(lists.follow, author), search_index.follow),
            *(each(partial(recheck.follow, self.urls)), each(leaving.follow), each(self.other_hubs.follow)),
        )
        self.publisher = Publisher(self.database, self.urls, settings.site, clock, listeners)

    def quiet_publisher(self) -> Publisher:
        """Publishes what is imported: nobody outside is told of it, and no feed is pushed."""
        follow_lists = partial(lists.follow, self.settings.site.author)
        listeners = (scheduling.follow, self.outbox.note_imported, related.follow, follow_lists, search_index.follow)
        return replace(self.publisher, listeners=listeners, revise=topics.revise_quietly)

    def require_allowed(self, url: str, peer: str) -> None:
        """Raises AddressForbidden if nothing is sent to `url`, another FetchError if its name cannot be looked up."""
        require_allowed(url, self.egress, peer)

    @property
    def moderation_key(self) -> str:
        """The unguessable part of the moderation feed's address, derived from the secret and renewed by a salt.

        Read each time, so that an address ends in all processes when it is renewed.
        """
        with self.database.read() as connection:
            secret, salt = revision.secret(connection), revision.moderation_salt(connection)
        proof = hmac.digest(secret.encode(), f"moderation feed {salt}".rstrip().encode(), "sha256")
        return urlsafe_b64encode(proof).decode("ascii").rstrip("=")


class JobServices(Services):
    """Adds what carries out jobs, imported late: other commands start sooner without it."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock = utc_now,
        fetch: "Fetch | None" = None,
        cpu_clock: Callable[[], float] = thread_time,
        condition: Condition | None = None,
        exchange: Exchange | None = None,
        tell_fetch: Callable[[str], None] | None = None,
    ) -> None:
        """`fetch` and `cpu_clock` replace the fetcher of pages and the CPU seconds of a thread in tests."""
        from feedserver.job_handlers import make_runner, make_verifier

        super().__init__(settings, clock, condition, exchange, tell_fetch)
        self.language = language_of(self.settings.site.language, self.settings.site.zone)
        self._documents: FeedDocuments | None = None
        self._documents_lock = Lock()
        self.verifier = make_verifier(self, fetch, cpu_clock)
        self.runner = make_runner(self, self.verifier)

    def documents(self) -> "FeedDocuments":
        """The documents of all feeds. What renders them is imported when it is first needed."""
        with self._documents_lock:
            if self._documents is None:
                self._documents = self._make_documents()
            return self._documents

    def _make_documents(self) -> "FeedDocuments":
        from feedserver.feeds.collecting import Collector
        from feedserver.feeds.documents import FeedDocuments
        from feedserver.storage.changes import Changes

        collector = Collector(self.urls, self.settings, self.language)
        return FeedDocuments(self.database, Changes(self.database), collector, self.clock)


class WebServices(JobServices):
    """Adds the parts of the web application, imported late: commands start in half the time without them."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock = utc_now,
        fetch: "Fetch | None" = None,
        cpu_clock: Callable[[], float] = thread_time,
        exchange: Exchange | None = None,
    ) -> None:
        from feedserver.accounts.own_account import OwnAccount
        from feedserver.accounts.passwords import Hasher
        from feedserver.accounts.signing_in import SigningIn
        from feedserver.feeds.collecting import Collector
        from feedserver.feeds.documents import FeedDocuments
        from feedserver.feeds.download_limit import DownloadLimit
        from feedserver.feeds.responses import FeedResponder
        from feedserver.media.responses import MediaResponder
        from feedserver.pages.cache import PageCache
        from feedserver.pages.menu import CurrentMenu
        from feedserver.readership.counting import Readership
        from feedserver.redirects.finding import RedirectFinder
        from feedserver.search.limit import SearchLimit
        from feedserver.storage.changes import Changes
        from feedserver.storage.write_probe import WriteProbe
        from feedserver.thoughts.receiving import Receiver
        from feedserver.thoughts.slots import WaitingSlots
        from feedserver.websub.subscribing import Hub

        self.counts = _counts(settings)
        tell_fetch = self.counts.fetch if self.counts else None
        super().__init__(settings, clock, fetch, cpu_clock, Condition("the database"), exchange, tell_fetch)
        settings = self.settings
        self.metrics = self._metrics()
        self.changes = Changes(self.database)
        self.write_probe = WriteProbe(self.database, clock)
        hasher = Hasher()
        self.signing_in = SigningIn(self.database, clock, hasher)
        self.own_account = OwnAccount(self.database, clock, hasher)
        self._tokens: tuple[int, Tokens] | None = None
        self.waiting_slots = WaitingSlots(settings.pingback.places)
        self.receiver = Receiver(
            self.database, self.urls, settings, clock, self.verifier, self.runner, slots=self.waiting_slots
        )
        self.hub = Hub(self.database, self.urls, settings, clock)
        self.collector = Collector(self.urls, settings, self.language)
        self.feed_documents = self._documents = FeedDocuments(self.database, self.changes, self.collector, clock)
        self.redirects = RedirectFinder(self.database, self.changes, self.urls, clock)
        self.menu = CurrentMenu(self.database, self.changes, self.urls, clock)
        self.page_cache = PageCache(self.database, self.changes, clock)
        self.media_responder = MediaResponder(self.database, self.media_files)
        self.download_limit = DownloadLimit(self.database, settings.limits.copies, clock)
        self.search_limit = SearchLimit(self.database, settings.limits.search, clock)
        self.readership = Readership(self.database, clock)
        self.feed_responder = FeedResponder(self.feed_documents, self.download_limit, self.readership.count)

    def _metrics(self) -> "Exposition | None":
        if self.counts is None:
            return None
        from feedserver.metrics.exposition import Exposition
        from feedserver.metrics.site_figures import SiteFigures

        return Exposition(self.counts, SiteFigures(self.database, self.settings.limits, self.clock))

    @property
    def tokens(self) -> "Tokens":
        """The tokens of the comment form, signed with the site's secret from the database.

        The secret is read once for each revision of the site: another database may be put at the place of this one.
        """
        from feedserver.thoughts.comments import Tokens

        known = self.changes.recent_revision()
        if self._tokens is None or self._tokens[0] != known:
            with self.database.read() as connection:
                self._tokens = known, Tokens(revision.secret(connection))
        return self._tokens[1]


def _counts(settings: Settings) -> "Counts | None":
    """What counts requests; None where nobody may read the counts, which spares what counts."""
    if not settings.server.metrics:
        return None
    from feedserver.metrics.counting import Counts

    return Counts()


def services() -> WebServices:
    """The services of the application that answers the current request."""
    from flask import current_app

    found = current_app.extensions[EXTENSION]
    assert isinstance(found, WebServices)
    return found


def media_store(settings: Settings) -> MediaStore:
    """Where the pictures and files are. Raises MediaStoreError for a bucket that cannot be used."""
    if not settings.media.store:
        return FileStore(settings.media_dir, private=not settings.media.dir)
    from feedserver.media.s3 import BucketStore  # late: it needs an extra

    return BucketStore(settings.media.store)


def egress_policy(settings: Settings) -> Policy:
    """The allowed addresses, limits and User-Agent of the ways out."""
    egress = settings.egress
    user_agent = f"feedserver/{__version__} (+{settings.site.url}; Webmention and Pingback)"
    return Policy(egress.allow, egress.ports, egress.timeout, egress.max_bytes, user_agent)
