"""A disaster drill: a site is backed up while it is written, is lost, and is restored elsewhere at the same address."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlencode

from sqlalchemy import select

from feedserver.posts import store as posts
from feedserver.services import WebServices
from feedserver.settings import DatabaseSettings, Settings, SiteSettings
from feedserver.storage.schema import thoughts
from tests.posts.builders import publish
from tests.support.pinging import HEADERS, ping_body, read_answer
from tests.support.serving import Blog, Site, request
from tests.support.waiting import wait_until
from tests.thoughts.forms import TYPED, CommentForm, read_form

HELLO = "/posts/hello"
QUIET = "/tags/quiet/feed.atom"  # the feed of a list in which nothing is written during the drill
_NO_LIMITS = {"FEEDSERVER_LIMITS_SENDER": "1000000", "FEEDSERVER_LIMITS_HOST": "1000000"}
_COMMENTS = 2  # before each backup, and one after it; ten a minute are taken from one network

_numbers = itertools.count()


def new_site(folder: Path, port: int, database_url: str) -> Site:
    """A place for a site, with nothing in it yet; an empty URL is SQLite in its folder."""
    folder.mkdir()
    return Site(folder, port, _NO_LIMITS | {"FEEDSERVER_DATABASE_URL": database_url})


@contextmanager
def services_of(site: Site) -> Iterator[WebServices]:
    """The parts of the running site, as a command has them."""
    settings = Settings(
        data_dir=site.folder / "var",
        site=SiteSettings(url=site.url),
        database=DatabaseSettings(url=site.environ["FEEDSERVER_DATABASE_URL"]),
    )
    services = WebServices(settings)
    try:
        yield services
    finally:
        services.database.close()


@dataclass
class Acknowledged:
    """What the site has said that it has stored: slugs, words of comments, URLs of receipts."""

    posts: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)

    def copy(self) -> "Acknowledged":
        return Acknowledged(self.posts[:], self.comments[:], self.receipts[:])

    @property
    def is_some_of_each(self) -> bool:
        return min(len(self.posts), len(self.comments), len(self.receipts)) >= 2


class Writers:
    """An author who publishes, a visitor who comments, and a blog that pings, until they are told to stop."""

    def __init__(self, site: Site, blog: Blog) -> None:
        self.acknowledged = Acknowledged()
        self._site, self._blog = site, blog
        self._stopping = Event()
        self._failures: list[BaseException] = []
        self._threads = [Thread(target=self._keep, args=(work,)) for work in (self._publish, self._comment, self._ping)]

    @contextmanager
    def at_work(self) -> Iterator[Acknowledged]:
        for thread in self._threads:
            thread.start()
        try:
            wait_until(lambda: self.acknowledged.is_some_of_each or self._failures)
            yield self.acknowledged
        finally:
            self._stopping.set()
            for thread in self._threads:
                thread.join(20)
        assert self._failures == []

    def _keep(self, work: Callable[[], Iterator[None]]) -> None:
        try:
            for _ in work():
                if self._stopping.wait(0.1):
                    return
        except BaseException as error:  # noqa: BLE001 - the test fails with it
            self._failures.append(error)

    def _publish(self) -> Iterator[None]:
        with services_of(self._site) as services:
            for number in _numbers:
                self.acknowledged.posts.append(publish(services, f"Post {number}").slug)
                yield

    def _comment(self) -> Iterator[None]:
        for _, number in zip(range(_COMMENTS), _numbers, strict=False):
            words = f"comment {number}"
            send(self._site, read_form(self._site.get(HELLO)[2].decode()), words)
            self.acknowledged.comments.append(words)
            yield

    def _ping(self) -> Iterator[None]:
        target = self._site.url + HELLO
        for number in _numbers:
            source = self._blog.put(f"/{number}", f'<p>I read <a href="{target}">this</a>.</p>')
            _, _, answer = request(f"{self._site.url}/pingback", body=ping_body(source, target), headers=HEADERS)
            said = read_answer(answer)
            assert isinstance(said, str), said
            self.acknowledged.receipts.append(said.rpartition(" ")[2])
            yield


def send(site: Site, form: CommentForm, words: str) -> None:
    """Sends a comment with a form that was given out, and sees that it is taken."""
    body = urlencode(form.values | TYPED | {"comment": words}).encode()
    status, headers, _ = request(f"{site.url}{HELLO}/comments", body=body)
    assert status == 303, (status, headers)


@dataclass(frozen=True)
class Promises:
    """What the lost site has given to others: validators and bytes of a feed, a form, the moderation feed's path."""

    feed: tuple[int, dict[str, str], bytes]
    form: CommentForm
    moderation_feed: str


def promises_of(site: Site) -> Promises:
    with services_of(site) as services:
        moderation_feed = services.urls.moderation_feed(services.moderation_key).removeprefix(site.url)
    return Promises(site.get(QUIET), read_form(site.get(HELLO)[2].decode()), moderation_feed)


def check_promises(site: Site, promised: Promises) -> None:
    """Sees that the restored site is the same for whoever knew it."""
    _, headers, body = promised.feed
    for name, value in (("If-None-Match", headers["etag"]), ("If-Modified-Since", headers["last-modified"])):
        assert site.get(QUIET, {name: value})[0] == 304
    status, again, same = site.get(QUIET)
    assert (status, again["etag"], again["last-modified"], same) == (
        200,
        headers["etag"],
        headers["last-modified"],
        body,
    )
    assert site.get(promised.moderation_feed)[0] == 200
    words = f"with an old form {next(_numbers)}"
    send(site, promised.form, words)
    assert words in comments_of(site)


def check_nothing_is_lost(site: Site, before: Acknowledged) -> None:
    with services_of(site) as services, services.database.read() as connection:
        slugs = {post.slug for post in posts.everything(connection)}
    assert [slug for slug in before.posts if slug not in slugs] == []
    there = comments_of(site)
    assert [words for words in before.comments if words not in there] == []
    assert [url for url in before.receipts if request(url)[0] != 200] == []


def comments_of(site: Site) -> set[str]:
    with services_of(site) as services, services.database.read() as connection:
        return set(connection.execute(select(thoughts.c.excerpt)).scalars())


def check_it_reminds(site: Site) -> None:
    """The restored site says what it is, wherever its operator looks."""
    reminder = "it sends nothing to others until `feedserver resume` says that it is the real site"
    checks = json.loads(site.get("/readyz")[2])["checks"]
    assert (checks["sending"]["status"], reminder in checks["sending"]["detail"]) == ("degraded", True)
    assert reminder in site.log()
