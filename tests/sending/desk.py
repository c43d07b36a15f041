"""What a test of the outbox does: lets time pass, and looks at the pings."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from feedserver.jobs import store as jobs
from feedserver.sending import store
from feedserver.sending.model import OutgoingPing
from feedserver.sending.store import SEND, TELL
from feedserver.services import WebServices
from tests.support.outside import Clock

_STEPS = 20_000  # of the clock, at most


@dataclass(frozen=True)
class Desk:
    """The outbox of a site whose clock stands until it is moved."""

    services: WebServices
    clock: Clock

    def after(self, **span: float) -> None:
        """Lets time pass, and runs what is due then."""
        self.clock.move(**span)
        self.services.runner.run_due()

    def until_later(self, **span: float) -> None:
        """Lets time pass, and runs each job when it is due."""
        end = self.clock() + timedelta(**span)
        for _ in range(_STEPS):
            self.services.runner.run_due()
            with self.services.database.read() as connection:
                ours = [job for job in jobs.everything(connection) if job.kind in (TELL, SEND)]
            due = min((job.leased_until or job.run_at for job in ours), default=end)
            if due >= end:
                break
            self.clock.now = max(due, self.clock() + timedelta(seconds=1))
        self.after(seconds=(end - self.clock()).total_seconds())

    def settle(self, seconds: float = 5) -> None:
        """Lets `sending.delay` pass."""
        self.after(seconds=seconds)

    def pings(self, slug: str | None = None) -> dict[str, OutgoingPing]:
        """The pings by target."""
        with self.services.database.read() as connection:
            return {one.ping.target: one.ping for one in store.listed(connection) if slug in (None, one.slug)}

    def ping(self) -> OutgoingPing:
        """The only ping."""
        (only,) = self.pings().values()
        return only

    def next_try(self) -> datetime | None:
        """When the only ping is tried next."""
        with self.services.database.read() as connection:
            (only,) = store.listed(connection)
        return only.next_try_at

    def waiting(self) -> list[str]:
        """The kinds of the jobs of sending."""
        with self.services.database.read() as connection:
            return [job.kind for job in jobs.everything(connection) if job.kind in (TELL, SEND)]

    def states(self) -> dict[str, str]:
        return {target: ping.state for target, ping in self.pings().items()}
