"""What each kind of job does: the handlers of a site, and the runner that calls them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Event

from feedserver import post_bin
from feedserver.accounts import managing
from feedserver.jobs.housekeeping import HOUSEKEEPING, Housekeeping
from feedserver.jobs.runner import Handler, Runner
from feedserver.net.fetch import fetch
from feedserver.notices.mails import Mailer
from feedserver.notices.model import GATHER, MAIL, POST
from feedserver.notices.posting import Poster
from feedserver.posts import passing, previews, scheduling
from feedserver.readership.folding import fold_days
from feedserver.sending.delivery import Delivery
from feedserver.sending.store import SEND, TELL
from feedserver.services import JobServices
from feedserver.storage import rate_limits
from feedserver.storage.engine import Database
from feedserver.thoughts.retention import RefusalCounter, Retention
from feedserver.thoughts.verification.fetch_budget import FetchBudget
from feedserver.thoughts.verification.inspect import Fetch
from feedserver.thoughts.verification.recheck import VERIFY
from feedserver.thoughts.verification.verify import Verifier
from feedserver.websub import leaving
from feedserver.websub.other_hubs import TELL_HUB
from feedserver.websub.pushing import PUSH, Pusher
from feedserver.websub.turns import Turns
from feedserver.websub.verification import CONFIRM, Verification


def make_verifier(services: JobServices, guarded: Fetch | None, cpu_clock: Callable[[], float]) -> Verifier:
    """Verifies pings with `guarded`, by default the fetcher of pages with the site's policy."""
    database, urls, settings = services.database, services.urls, services.settings
    guarded = guarded or partial(fetch, policy=services.egress)
    return Verifier(database, urls, settings, services.clock, cpu_clock, guarded, RefusalCounter(settings.keep))


def make_runner(services: JobServices, verifier: Verifier) -> Runner:
    """The runner of all jobs."""
    database, clock, stopping = services.database, services.clock, Event()
    egress = services.settings.egress
    pusher = Pusher(database, clock, services.documents, services.exchange, egress.timeout, stopping)
    handlers: dict[str, Handler] = {
        VERIFY: verifier.carry_out,
        scheduling.PUBLISH: services.publisher.notify_due,
        passing.LEAVE: partial(passing.leave, database, services.publisher.delete),
        TELL: services.outbox.carry_out,
        SEND: Delivery(database, services.urls, services.settings, clock, services.exchange, stopping).carry_out,
        HOUSEKEEPING: _housekeeping(services).carry_out,
        PUSH: pusher.carry_out,
        TELL_HUB: services.other_hubs.carry_out,
        **_of_subscriptions(services),
        **_of_notices(services, stopping),
    }
    watches = {PUSH: pusher.is_needed} if services.settings.websub.hub else {}
    if services.gatherer.is_on:
        watches[GATHER] = services.gatherer.is_needed
    return Runner(database, handlers, clock, watches, stopping)


def _of_subscriptions(services: JobServices) -> dict[str, Handler]:
    database, urls, settings, clock = services.database, services.urls, services.settings, services.clock
    turns = Turns(FetchBudget(urls, settings.limits.host))
    return {
        CONFIRM: Verification(database, clock, services.exchange, turns, services.documents).carry_out,
        leaving.CHECK: leaving.TopicCheck(database, urls, settings.site.author, clock).carry_out,
        leaving.DENY: leaving.Denial(database, clock, services.exchange, turns).carry_out,
    }


def _of_notices(services: JobServices, stopping: Event) -> dict[str, Handler]:
    database, urls, settings, clock = services.database, services.urls, services.settings, services.clock
    return {
        GATHER: services.gatherer.carry_out,
        MAIL: Mailer(database, urls, settings, clock, stopping).carry_out,
        POST: Poster(database, urls, settings, clock, services.exchange, stopping).carry_out,
    }


def _housekeeping(services: JobServices) -> Housekeeping:
    database, settings = services.database, services.settings
    retention = Retention(database, settings.keep, timedelta(seconds=settings.limits.refetch))
    tasks = (
        retention.clean,
        partial(fold_days, database, settings.keep.readers),
        partial(_forget_counters, database),
        partial(leaving.clean, database),
        partial(managing.forget_ended, database),
        partial(post_bin.empty, services),
        partial(previews.forget_old, database),
        services.gatherer.clean,
    )
    return Housekeeping(database, services.clock, tasks)


def _forget_counters(database: Database, now: datetime) -> None:
    for forget in (rate_limits.forget_expired, rate_limits.forget_future):
        while database.transact(partial(forget, now=now)):
            pass
