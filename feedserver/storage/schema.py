"""Every table on one page. What changes here gets a migration beside it; a test compares the two.

Moments are UTC. Text is unbounded in both databases; its bounds are set where it comes in.
"""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime on both databases: SQLite keeps no zone, and hands back what it kept."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, "only aware moments are stored"
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text that both databases take. NUL and lone surrogates, which no text of ours holds, become U+FFFD: so whoever
    asks for them, in an address or on the command line, finds nothing, instead of an error of the driver's."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return _UNSTORABLE.sub("\ufffd", value) if value else value


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER


def _id() -> Column[int]:
    return Column("id", _BigId, primary_key=True)


def _of_post(**options: Any) -> Column[int]:
    return Column("post_id", ForeignKey("posts.id"), **options)


# One row: what there is one of.
site = Table(
    "site",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("guid", Words, nullable=False),  # urn:uuid:, the root of the feeds' ids
    Column("revision", BigInteger, nullable=False),  # counts the changes that readers can see
    Column("created_at", Moment, nullable=False),
    Column("author", Words),  # in whose list the posts stand that name nobody: `site.author` as it was last seen
    Column("archive_size", Integer),  # posts in an archive: `feeds.entries` as it was when the site was made
    Column("secret", Words),  # signs forms, the same on every machine; null until `init` or `db upgrade` has run
)

posts = Table(
    "posts",
    metadata,
    _id(),
    Column("guid", Words, nullable=False, unique=True),
    Column("slug", Words, nullable=False, unique=True),
    Column("title", Words, nullable=False),
    Column("source", Words, nullable=False),
    Column("html", Words, nullable=False),
    Column("feed_html", Words, nullable=False),
    Column("excerpt", Words, nullable=False),
    Column("summary", Words),
    Column("image", Words),
    Column("lang", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("published_at", Moment, nullable=False),
    # Unique, since two entries of one feed must not share it (feed validator: DuplicateUpdated).
    Column("updated_at", Moment, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("pings_open", Boolean, nullable=False),
    Column("comments_open", Boolean, nullable=False),
    Index(None, "state", "published_at", "id"),
)

# Every slug a post ever had. A slug is never given to another post.
slugs = Table(
    "slugs",
    metadata,
    Column("slug", Words, primary_key=True),
    _of_post(nullable=False, index=True),
)

post_tags = Table(
    "post_tags",
    metadata,
    _of_post(primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Words, nullable=False),
)

post_authors = Table(
    "post_authors",
    metadata,
    _of_post(primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Words, nullable=False),
)

# Which posts stand in which list (`posts/store.Listing.key`): in all of them, those of a tag, those of an author.
# `published_at` is the post's, null while it does not stand there; `position` counts from 1 in the order in which
# readers first saw the posts, and is null before. Archives are cut from it (RFC 5005), so it is never given up.
listed = Table(
    "listed",
    metadata,
    Column("list", Words, primary_key=True),
    _of_post(primary_key=True),
    Column("published_at", Moment),
    Column("position", Integer),
    UniqueConstraint("list", "position"),
    Index(None, "list", "published_at", "post_id"),
    Index(None, "post_id"),
)

# How many stand in each list, shelf by shelf (`storage/shelves`), those to come too: posts in those of `listed`, and
# thoughts in one of their own. A shelf holds what is of its date, or later, as far as the next shelf.
lists = Table(
    "lists",
    metadata,
    Column("list", Words, primary_key=True),
    Column("since", Moment, primary_key=True),
    Column("members", Integer, nullable=False),
)

enclosures = Table(
    "enclosures",
    metadata,
    _of_post(primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("url", Words, nullable=False),
    Column("type", Words, nullable=False),
    Column("length", BigInteger, nullable=False),
)

# Whom a post links to: the author's own word for whom to trust.
post_hosts = Table(
    "post_hosts",
    metadata,
    _of_post(primary_key=True),
    Column("host", Words, primary_key=True),  # all hosts of one owner are one: domains.owned
    Index(None, "host"),
)

# What posts are about, and in how many posts each term stands: related posts share rare terms.
terms = Table(
    "terms",
    metadata,
    Column("term", Words, primary_key=True),
    Column("posts", Integer, nullable=False),
)

post_terms = Table(
    "post_terms",
    metadata,
    _of_post(primary_key=True),
    Column("term", Words, primary_key=True),
    Index(None, "term", "post_id"),
)

related = Table(
    "related",
    metadata,
    _of_post(primary_key=True),
    Column("other_id", ForeignKey("posts.id"), primary_key=True),
    Column("score", Float, nullable=False),
    Index(None, "post_id", "score"),
    Index(None, "other_id"),
)

_SOME_WAIT = text("new_words_at IS NOT NULL")
thoughts = Table(
    "thoughts",
    metadata,
    _id(),
    Column("guid", Words, nullable=False, unique=True),
    Column("token", Words, unique=True),  # of the receipt; comments have none
    _of_post(nullable=False),
    Column("kind", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("reason", Words),
    Column("source", Words),  # as sent
    Column("page", Words),  # the source as it is known: urls.same_page
    Column("target", Words),  # as sent
    Column("host", Words),
    Column("author_name", Words, nullable=False),
    Column("author_url", Words, nullable=False),
    Column("email", Words),  # never shown
    Column("title", Words, nullable=False),
    Column("excerpt", Words, nullable=False),
    Column("approved", Boolean, nullable=False),  # a person approved these very words
    Column("restore", Words),  # the state that a link which comes back restores
    Column("new_words", Words),  # JSON: what the source says now, while approved words stand
    Column("strikes", Integer, nullable=False),
    Column("first_strike_at", Moment),
    Column("sender", Words),  # the address that sent the ping
    Column("submission", Words, unique=True),  # one sending of the comment form
    Column("received_at", Moment, nullable=False),
    Column("checked_at", Moment),
    Column("decided_at", Moment),
    Column("next_check_at", Moment),
    Column("fingerprint", Words),  # of a ping's excerpt: who says the same about several posts
    Column("new_words_at", Moment),  # since when new words wait, null where there are none
    Column("place", Words),  # of a ping's page: what is trusted together
    Column("listed_at", Moment),  # `received_at` while it is shown on a published post, null otherwise
    UniqueConstraint("post_id", "page"),
    Index(None, "fingerprint", "post_id"),
    Index(None, "place", "approved", "state"),
    Index(None, "email"),
    Index(None, "post_id", "state", "received_at"),
    Index(None, "state", "received_at"),
    Index(None, "page"),
    Index(None, "host", "state"),
    Index(None, "listed_at", "id"),
    # Of the few that have some: in an index of all, SQLite looks for nothing that is “not null”.
    Index(None, "new_words_at", sqlite_where=_SOME_WAIT, postgresql_where=_SOME_WAIT),
)

# The receipt's timeline.
thought_events = Table(
    "thought_events",
    metadata,
    _id(),
    Column("thought_id", ForeignKey("thoughts.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("event", Words, nullable=False),
    Column("detail", Words, nullable=False),
)

# One row for each source that was fetched: when, and what it said about our posts.
sources = Table(
    "sources",
    metadata,
    Column("page", Words, primary_key=True),
    Column("fetched_at", Moment, nullable=False),
    Column("etag", Words),
    Column("last_modified", Words),
    Column("findings", Words, nullable=False),  # JSON: the words for each post linked to, and how it links
    Column("read_at", Moment),  # when its text came last: “not modified” is believed for a while only
)

# What moderators did, newest last, and what each thought was before: so that the last act can be taken back.
acts = Table(
    "acts",
    metadata,
    _id(),
    Column("act", Words, nullable=False),
    Column("host", Words),  # of a purge, which leaves nothing to restore
    Column("at", Moment, nullable=False),
)

acts_before = Table(
    "acts_before",
    metadata,
    Column("act_id", ForeignKey("acts.id"), primary_key=True),
    Column("thought_id", ForeignKey("thoughts.id"), primary_key=True, index=True),
    Column("before", Words, nullable=False),  # JSON
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", Words, primary_key=True),  # with a path where the host is shared: example.org/~ann
    Column("rule", Words, nullable=False),  # block or trust
    Column("created_at", Moment, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    _id(),
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("run_at", Moment, nullable=False),
    Column("leased_until", Moment),
    Column("token", Words),  # whose lease it is
    Column("holder", Words),  # the process that has it
    Column("party", Words),  # whose machines it burdens, such as a registered domain; leases are shared out by it
    Column("attempts", Integer, nullable=False),
    Column("last_error", Words),
    Column("created_at", Moment, nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),  # 0 goes before 1
    UniqueConstraint("kind", "subject"),
    Index(None, "kind", "priority", "run_at", "id"),
    Index(None, "leased_until", "party"),
    Index(None, "party", "leased_until"),
    Index(None, "party", "priority", "run_at"),
)

# When jobs were last looked at, for /readyz.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", Words, primary_key=True),
    Column("at", Moment, nullable=False),
)

# The state of each feed that its readers know: an ETag, and a Last-Modified that only moves forward.
feed_versions = Table(
    "feed_versions",
    metadata,
    Column("path", Words, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("etag", Words, nullable=False),
    Column("last_modified", Moment, nullable=False),
)

# Counters of the present and the last window (a minute each), shared by all processes.
limits = Table(
    "limits",
    metadata,
    Column("bucket", Words, primary_key=True),
    Column("window", BigInteger, primary_key=True),
    Column("count", Integer, nullable=False),
    Index(None, "window"),  # what is too old is taken away with each new row
)

# Who reads, a day (UTC) at a time: requests for each feed by each reader, as readers call themselves.
reader_days = Table(
    "reader_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("reader", Words, primary_key=True),
    Column("feed", Words, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("not_modified", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("subscribers", BigInteger),  # the most that was stated; null where nothing was
)

# One row for each reader that states no subscribers, told apart by a keyed hash, until its day is over.
reader_marks = Table(
    "reader_marks",
    metadata,
    Column("day", Date, primary_key=True),
    Column("mark", Words, primary_key=True),
    Column("reader", Words, nullable=False),
)

# The key of the marks of a day that is not over.
reader_keys = Table(
    "reader_keys",
    metadata,
    Column("day", Date, primary_key=True),
    Column("key", Words, nullable=False),
)

# What remains of the marks of a day that is over: how many there were.
reader_counts = Table(
    "reader_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("reader", Words, primary_key=True),
    Column("readers", BigInteger, nullable=False),
)
