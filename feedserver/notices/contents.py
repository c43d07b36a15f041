"""What a mail is made of: the thoughts that still wait, the jobs that were given up, names and addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from sqlalchemy import Connection, select

from feedserver.notices import store
from feedserver.notices.letter import MOST, Envelope, News, Waiting
from feedserver.settings import Settings
from feedserver.storage.batches import rows_among
from feedserver.storage.schema import posts, thoughts
from feedserver.thoughts.model import Thought
from feedserver.thoughts.store import QUERY, thought_of
from feedserver.urls import Urls


@dataclass(frozen=True, slots=True)
class Contents:
    """The first of the thoughts that wait, with the titles of their posts, and of the failed jobs; their numbers."""

    thoughts: Sequence[Thought]
    titles: Mapping[int, str]
    waiting: int
    jobs: Sequence[Mapping[str, Any]]
    failed: int

    @property
    def is_empty(self) -> bool:
        return not (self.waiting or self.failed)

    def news(self, urls: Urls, tokens: Mapping[int, str]) -> News:
        """What the mail tells; `tokens` are those of the thoughts' addresses in it."""
        told = [
            Waiting(present(one), self.titles[one.post_id], urls.notice(tokens[one.id]), is_change(one))
            for one in self.thoughts
        ]
        return News(told, self.waiting, self.jobs, self.failed)


def contents_of(connection: Connection) -> Contents:
    """What is still to be told in the mail under way."""
    ids, number = store.thoughts_in_mail(connection, MOST)
    failed, number_failed = store.jobs_in_mail(connection, MOST)
    by_id = {row.id: thought_of(row) for row in rows_among(connection, QUERY, thoughts.c.id, ids)}
    of_posts = select(posts.c.id, posts.c.title, posts.c.slug)
    rows = rows_among(connection, of_posts, posts.c.id, {one.post_id for one in by_id.values()})
    titles = {row.id: row.title or row.slug for row in rows}
    return Contents([by_id[one] for one in ids], titles, number, failed, number_failed)


def is_change(thought: Thought) -> bool:
    """Whether it waits because of new words beside those that were approved."""
    return thought.state == "shown"


def present(thought: Thought) -> Thought:
    """The thought with the words that wait."""
    waiting = thought.pending_content
    return thought if waiting is None else replace(thought, pending_content=None, **asdict(waiting))


def envelope_of(
    settings: Settings, urls: Urls, site_id: str, message_id: str, stop_token: str, now: datetime
) -> Envelope:
    """Names and addresses for one mail. `stop_token` is that of the address that stops the mails."""
    name, sender = settings.mail.sender
    return Envelope(
        site_title=settings.site.title,
        home=urls.home(),
        desk=urls.at("/desk"),
        site_id=site_id.removeprefix("urn:uuid:"),
        sender_name=name or settings.site.title,
        sender=sender,
        to=settings.mail.to,
        message_id=message_id,
        stop_url=urls.notice(stop_token),
        now=now,
    )


def own_name(urls: Urls) -> str:
    """What the site calls itself towards a mail server: its host, or its address (RFC 5321 section 4.1.3)."""
    host = urls.host
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{host}]" if address.version == 6 else f"[{host}]"
