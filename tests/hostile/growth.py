"""Plays a year of strangers, and prints how much the database grows: `python -m tests.hostile.growth [ADDRESSES…]`.

Strangers send what costs most: the longest addresses, names, words and comments, in characters of four bytes. The
clock leaps from step to step; all else is the product. Of each kind comes more than is kept, so that further days add
nothing: the figures at the end are those of any later day.
"""

import random
import string
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import text

from feedserver import errors
from feedserver.feeds.scopes import SITE, FeedAddress
from feedserver.installation import init
from feedserver.jobs import housekeeping
from feedserver.jobs.model import LANES
from feedserver.jobs.queue import FreeSlots
from feedserver.net.exchange import Request, Response
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings, SiteSettings
from feedserver.storage.engine import Database
from feedserver.thoughts.comments import MAX_LENGTH
from feedserver.thoughts.moderation.actions import moderate_all
from feedserver.urls import MAX_URL
from feedserver.websub.pushing import PUSH
from feedserver.websub.verification import CONFIRM
from tests.hostile.databases import databases
from tests.support.listing import listing
from tests.support.outside import Clock
from tests.thoughts.forms import Commenter
from tests.thoughts.site import Site, SlowWeb, changed

MOST: Final = 200_000_000  # bytes in a year
DAYS: Final = 364
_SEED: Final = 7
_WIDE: Final = [chr(0x10400 + number) for number in range(40)]  # letters of four bytes in UTF-8
_SIZES_SQLITE: Final = """
    SELECT coalesce(tbl_name, dbstat.name), sum(pgsize) FROM dbstat
    LEFT JOIN sqlite_master ON sqlite_master.name = dbstat.name GROUP BY 1
"""
_SIZES_POSTGRESQL: Final = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True)
class Pace:
    """A year in `steps`, each with `rounds` of pings and comments, and with so many readers of so many feeds.

    At its end so many `subscribers` come to the hub with each of as many steps, until it is full.
    """

    steps: int
    rounds: int
    readers: int
    feeds: int
    subscribers: int


YEAR: Final = Pace(steps=13, rounds=105, readers=400, feeds=12, subscribers=800)


@dataclass(frozen=True)
class Growth:
    """Bytes by table, with indexes, at the start and at the end; `total` is what the database grew by."""

    before: dict[str, int]
    after: dict[str, int]
    total: int

    def lines(self) -> Iterator[str]:
        for table in sorted(self.after, key=lambda name: -self.after[name]):
            yield f"{table:20}{self.before.get(table, 0):>12,}{self.after[table]:>14,}"


def play(settings: Settings, addresses: int, pace: Pace) -> Growth:
    """Plays the year on an empty database, from so many addresses."""
    clock, web = Clock(), SlowWeb()
    services = WebServices(settings, clock=clock, fetch=web, exchange=take_all)
    init(services, example=False)
    site = Site(services, clock, web)
    site.publish(slug="a-post")
    strangers = Strangers(site, addresses)
    before, started = _tables(services.database), _total(services.database)
    for _ in range(pace.steps):
        strangers.come(pace)
        _tidy(site)
        clock.move(days=DAYS / pace.steps)
    for number in range(pace.steps):
        strangers.subscribe(pace.subscribers)
        _work(site)
        site.publish(f"Post {number}")
        _work(site)
        _tidy(site)
    growth = Growth(before, _tables(services.database), _total(services.database) - started)
    services.waiting_slots.close()
    services.database.close()
    return growth


class Strangers:
    """Those who send what costs most, in turn from each of their addresses."""

    def __init__(self, site: Site, addresses: int) -> None:
        self.site = site
        self.addresses = addresses
        self.target = site.services.urls.post("a-post")
        self.random = random.Random(_SEED)
        self.sent = 0

    def come(self, pace: Pace) -> None:
        """One step: as many of each kind as the pace says."""
        for number in range(pace.rounds):
            for _ in range(3):
                self.ping(self._url(), "<p>no link")
            self.ping(f"http://{self._letters(8)}.example/", None)
            self.ping(self._url(), self._hidden_link())
            self.ping(f"http://page.example/{self._letters(1_900)}", self._one_page())
            if number % 2:
                self.ping(self._url(), errors.TimedOut("the source did not answer"))
            else:
                self.comment()
        self._read_feeds(pace)
        self._are_moderated(pace.rounds)

    def ping(self, source: str, page: str | errors.FetchError | None) -> None:
        web = self.site.web
        if isinstance(page, str):
            web.put(source, page, etag=f'"{self._letters(200)}"')
        elif page is not None:
            web.fail(source, page)
        target = f"{self.target}?{self._letters(MAX_URL - len(self.target) - 1)}"
        with suppress(errors.PingError):
            self.site.services.receiver.receive(source, target, self._address())
        web.pages.clear()

    def comment(self) -> None:
        words, name = self._wide(MAX_LENGTH["comment"]), self._wide(MAX_LENGTH["name"])
        website = f"http://{self._letters(8)}.example/"
        website += self._letters(MAX_LENGTH["website"] - len(website))
        self.site.clock.move(seconds=7)  # ten a minute may come from one network
        email = f"{self._letters(100)}@{self._letters(8)}.example"
        commenter = Commenter(self.site)
        commenter.send(sender=self._address(), comment=words, name=name, website=website, email=email)

    def subscribe(self, number: int) -> None:
        """The longest callbacks that count once, with the longest secrets and tokens."""
        for _ in range(number):
            callback = f"http://{self._letters(8)}.example/"
            form = {
                "hub.mode": "subscribe",
                "hub.topic": FeedAddress(SITE, "atom").url(self.site.services.urls),
                "hub.callback": callback + self._letters(255 - len(callback)),
                "hub.secret": self._letters(199),
                "hub.verify_token": self._letters(255),
                "hub.lease_seconds": str(15 * 86_400),
            }
            with suppress(errors.HubFull):
                self.site.services.hub.receive(urlencode(form).encode(), self._address())

    def _read_feeds(self, pace: Pace) -> None:
        """Readers with invented names, and as many clients of one."""
        count = self.site.services.readership.count
        for number in range(pace.readers):
            for feed in range(pace.feeds):
                count(f"{self._letters(60)} ({number} subscribers)", self._address(), f"tags/{feed}", 200, 1_000)
            count(f"Client {self._letters(50)}", self._address(), "site", 200, 1_000)
        self.site.services.readership.write()

    def _are_moderated(self, number: int) -> None:
        """A moderator calls the oldest of those that wait spam."""
        site = self.site
        with site.services.database.read() as connection:
            waiting = [thought.id for thought in listing(connection, state="held")][-number // 4 :]
        moderate_all(site.services.database, waiting, "spam", site.clock())

    def _hidden_link(self) -> str:
        title = self._wide(500)
        link = f'<a style="display:none" href="{self.target}">this</a>'
        return f"<title>{title}</title><p>{self._wide(900)}{link}{self._wide(900)}"

    def _one_page(self) -> str:
        """A page that says, under each of its addresses, that it is one and the same."""
        canonical = '<link rel="canonical" href="http://page.example/">'
        return f'<title>A page</title>{canonical}<p>I read <a href="{self.target}">this</a>.</p>'

    def _url(self) -> str:
        host = f"http://{self._letters(8)}.example/"
        return host + self._letters(MAX_URL - len(host))

    def _address(self) -> str:
        self.site.clock.move(seconds=1)
        self.sent += 1
        number = self.sent % self.addresses
        return f"100.{64 + number // 250}.{number % 250}.7"

    def _letters(self, number: int) -> str:
        return "".join(self.random.choices(string.ascii_lowercase, k=number))

    def _wide(self, number: int) -> str:
        return "".join(self.random.choices(_WIDE, k=number))


def take_all(request: Request, **_: Any) -> Response:
    """Callbacks that confirm what they are asked, and take what is pushed to them."""
    challenge = dict(parse_qsl(request.more_query)).get("hub.challenge", "")
    return Response(request.url, 200, (), challenge.encode())


def _work(site: Site) -> None:
    """Runs the jobs of the hub that are due."""
    wanted = [FreeSlots(kind, lane, 10) for kind in (CONFIRM, PUSH) for lane in LANES]
    while due := site.services.runner.take(wanted):
        for job in due:
            site.services.runner.run(job)


def _tidy(site: Site) -> None:
    """What runs by itself: the housekeeping job, and on PostgreSQL the vacuum."""
    services, database = site.services, site.services.database
    with database.write() as connection:
        job = housekeeping.ensure(connection, site.clock())
    services.runner.handlers[job.kind](job)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))


def _tables(database: Database) -> dict[str, int]:
    with database.read() as connection:
        rows = connection.execute(text(_SIZES_SQLITE if database.is_sqlite else _SIZES_POSTGRESQL)).all()
    return {str(name): int(size) for name, size in rows}


def _total(database: Database) -> int:
    """The size of SQLite's file, or of PostgreSQL's tables."""
    database.forget_log()
    return database.file.stat().st_size if database.file else sum(_tables(database).values())


def settings_of(folder: Path, url: str, **values: Any) -> Settings:
    """The default settings, but for rates: a year has to pass in minutes."""
    site = SiteSettings(url="http://blog.example")
    given = Settings(data_dir=folder, site=site, database=DatabaseSettings(url=url))
    fast: dict[str, object] = {"limits_sender": 1_000_000, "limits_host": 1_000_000, "pingback_wait": 20.0}
    return changed(given, **fast | values)


def main() -> None:
    for addresses in [int(given) for given in sys.argv[1:]] or [1, 10_000]:
        with tempfile.TemporaryDirectory() as name:  # of each: the secret of a site is never that of another one
            for kind, url in databases(Path(name), f"grown-{addresses}"):
                growth = play(settings_of(Path(name), url), addresses, YEAR)
                sys.stdout.write(f"\n{kind}, {addresses:,} addresses: {growth.total / 1e6:.1f} MB in a year\n")
                sys.stdout.write("\n".join(growth.lines()) + "\n")
                sys.stdout.flush()
                assert growth.total <= MOST


if __name__ == "__main__":
    main()
