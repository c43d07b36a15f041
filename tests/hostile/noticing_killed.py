"""A site whose whole process group is killed again and again while it tells its owner of comments."""

import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from itertools import count, pairwise

from sqlalchemy import func, select

from feedserver.clock import utc_now
from feedserver.storage.engine import Database
from feedserver.storage.schema import notices, posts, thoughts
from feedserver.thoughts import comments
from feedserver.thoughts.comments import Comment
from feedserver.thoughts.lifecycle import NEEDS_APPROVAL
from tests.notices.hook import Hook, is_signed
from tests.support.elsewhere import respond
from tests.support.mail_server import MailServer, text_of
from tests.support.serving import Site
from tests.support.waiting import wait_until

SETTINGS = {
    "FEEDSERVER_MAIL_TO": "ann@blog.example",
    "FEEDSERVER_NOTICES_SECRET": "s3cret",
    "FEEDSERVER_NOTICES_GATHER": "0.3",
    "FEEDSERVER_NOTICES_PAUSE": "0.5",
}
_EACH_TIME = 8  # comments between two kills
_ANSWER_SECONDS = 0.2  # at most, so that something is under way when the site is killed


@dataclass
class Told:
    """What the owner was told. `mails`: for each word of a comment, the Message-IDs under which it came."""

    kills: int = 0
    words: set[str] = field(default_factory=set)
    mails: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    copies: int = 0  # mails that came more often than once
    events: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # ids, by word
    repeated: int = 0  # events that came more often than once
    out_of_order: int = 0
    is_all_signed: bool = True


def tell_through_kills(site: Site, workers: Sequence[int], seconds_between: float, timeout: float) -> Told:
    """Starts the site with each number of `workers` in turn, and kills it before the next; comments come all along.

    Then waits until all is told, `timeout` seconds at most.
    """
    outcome, numbers = Told(), count()
    mail_server, hook = MailServer(), Hook()
    mail_server.answer, hook.answer = _take_slowly, _answer_slowly
    site.environ |= SETTINGS | {
        "FEEDSERVER_MAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "FEEDSERVER_NOTICES_WEBHOOK": hook.url,
    }
    try:
        for place, number in enumerate(workers):
            site.start(number)
            with closing(Database(site.environ["FEEDSERVER_DATABASE_URL"])) as database:
                for _ in range(_EACH_TIME):
                    _comment(database, f"word{next(numbers)}x", outcome)
                    time.sleep(seconds_between / _EACH_TIME)
            if place < len(workers) - 1:
                site.stop(signal.SIGKILL)
                outcome.kills += 1
        _wait_until_all_is_told(site, timeout)
        _count(mail_server.mails, hook, outcome)
    finally:
        mail_server.stop()
        hook.close()
    return outcome


def _take_slowly(_: object) -> str:
    time.sleep(random.uniform(0, _ANSWER_SECONDS))
    return "250 taken"


def _answer_slowly(handler: BaseHTTPRequestHandler, _: object) -> None:
    time.sleep(random.uniform(0, _ANSWER_SECONDS))
    respond(handler, 204)


def _comment(database: Database, word: str, outcome: Told) -> None:
    comment = Comment(word, "Bob", "", "", submission=word)
    with database.write() as connection:
        post_id = connection.execute(select(func.min(posts.c.id))).scalar_one()
        comments.add(connection, post_id, comment, NEEDS_APPROVAL, utc_now())
    outcome.words.add(word)


def _wait_until_all_is_told(site: Site, timeout: float) -> None:
    with closing(Database(site.environ["FEEDSERVER_DATABASE_URL"])) as database:

        def left() -> int:
            with database.read() as connection:
                untold = select(func.count()).select_from(thoughts).where(thoughts.c.untold_held_at.is_not(None))
                waiting = select(func.count()).select_from(notices)
                return connection.execute(untold).scalar_one() + connection.execute(waiting).scalar_one()

        wait_until(lambda: not left(), timeout, lambda: f"{left()} are left\n{site.log()}")


def _count(mails: Sequence[EmailMessage], hook: Hook, outcome: Told) -> None:
    for mail in mails:
        for word in outcome.words:
            if f"> {word}\n" in text_of(mail):
                outcome.mails[word].add(str(mail["Message-ID"]))
    outcome.copies = len(mails) - len({mail["Message-ID"] for mail in mails})
    for event in hook.events:
        outcome.events[event["thought"]["excerpt"]].add(event["id"])
    outcome.repeated = sum(number - 1 for number in Counter(event["id"] for event in hook.events).values())
    order = [event["thought"]["id"] for event in hook.events]
    outcome.out_of_order = sum(later < earlier for earlier, later in pairwise(order))
    outcome.is_all_signed = all(is_signed(received) for received in hook.requests)
