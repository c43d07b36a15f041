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


class UtcDateTime(TypeDecorator[datetime]):
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


class SafeText(TypeDecorator[str]):
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
    Column("guid", SafeText, nullable=False),  # urn:uuid:, the root of the feeds' ids
    Column("revision", BigInteger, nullable=False),  # counts the changes that readers can see
    Column("created_at", UtcDateTime, nullable=False),
    Column("author", SafeText),  # in whose list the posts stand that name nobody: `site.author` as it was last seen
    Column("archive_size", Integer),  # posts in an archive: `feeds.entries` as it was when the site was made
    Column("secret", SafeText),  # signs forms, the same on every machine; null until `init` or `db upgrade` has run
)

posts = Table(
    "posts",
    metadata,
    _id(),
    Column("guid", SafeText, nullable=False, unique=True),
    Column("slug", SafeText, nullable=False, unique=True),
    Column("title", SafeText, nullable=False),
    Column("source", SafeText, nullable=False),
    Column("html", SafeText, nullable=False),
    Column("feed_html", SafeText, nullable=False),
    Column("excerpt", SafeText, nullable=False),
    Column("summary", SafeText),
    Column("image", SafeText),
    Column("lang", SafeText, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    # Unique, since two entries of one feed must not share it (feed validator: DuplicateUpdated).
    Column("updated_at", UtcDateTime, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("pings_open", Boolean, nullable=False),
    Column("comments_open", Boolean, nullable=False),
    Index(None, "state", "published_at", "id"),
)

# Every slug a post ever had. A slug is never given to another post.
slugs = Table(
    "slugs",
    metadata,
    Column("slug", SafeText, primary_key=True),
    _of_post(nullable=False, index=True),
)

post_tags = Table(
    "post_tags",
    metadata,
    _of_post(primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", SafeText, nullable=False),
)

post_authors = Table(
    "post_authors",
    metadata,
    _of_post(primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", SafeText, nullable=False),
)

# Which posts stand in which list (`posts/store.Listing.key`): in all of them, those of a tag, those of an author.
# `published_at` is the post's, null while it does not stand there; `position` counts from 1 in the order in which
# readers first saw the posts, and is null before. Archives are cut from it (RFC 5005), so it is never given up.
listed = Table(
    "listed",
    metadata,
    Column("list", SafeText, primary_key=True),
    _of_post(primary_key=True),
    Column("published_at", UtcDateTime),
    Column("position", Integer),
    UniqueConstraint("list", "position"),
    Index(None, "list", "published_at", "post_id"),
    Index(None, "post_id"),
)

enclosures = Table(
    "enclosures",
    metadata,
    _of_post(primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("url", SafeText, nullable=False),
    Column("type", SafeText, nullable=False),
    Column("length", BigInteger, nullable=False),
)

# Whom a post links to: the author's own word for whom to trust.
linked_sites = Table(
    "linked_sites",
    metadata,
    _of_post(primary_key=True),
    Column("site", SafeText, primary_key=True),  # domains.host_site
    Index(None, "site"),
)

# What posts are about, and in how many posts each term stands: related posts share rare terms.
terms = Table(
    "terms",
    metadata,
    Column("term", SafeText, primary_key=True),
    Column("posts", Integer, nullable=False),
)

post_terms = Table(
    "post_terms",
    metadata,
    _of_post(primary_key=True),
    Column("term", SafeText, primary_key=True),
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

_SOME_WAIT = text("pending_since IS NOT NULL")
thoughts = Table(
    "thoughts",
    metadata,
    _id(),
    Column("guid", SafeText, nullable=False, unique=True),
    Column("receipt_token", SafeText, unique=True),  # comments have none
    _of_post(nullable=False),
    Column("kind", SafeText, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("reason", SafeText),
    Column("source", SafeText),  # as sent
    Column("source_key", SafeText),  # the source in the form under which it is known: urls.normalize_source
    Column("target", SafeText),  # as sent
    Column("host", SafeText),
    Column("author_name", SafeText, nullable=False),
    Column("author_url", SafeText, nullable=False),
    Column("email", SafeText),  # never shown
    Column("title", SafeText, nullable=False),
    Column("excerpt", SafeText, nullable=False),
    Column("approved", Boolean, nullable=False),  # a person approved these very words
    Column("restore", SafeText),  # the state that a link which comes back restores
    Column("pending_content", SafeText),  # JSON: what the source says now, while approved words stand
    Column("strikes", Integer, nullable=False),
    Column("first_strike_at", UtcDateTime),
    Column("sender", SafeText),  # the address that sent the ping
    Column("submission", SafeText, unique=True),  # one sending of the comment form
    Column("received_at", UtcDateTime, nullable=False),
    Column("checked_at", UtcDateTime),
    Column("decided_at", UtcDateTime),
    Column("next_check_at", UtcDateTime),
    Column("fingerprint", SafeText),  # of a ping's excerpt: who says the same about several posts
    Column("pending_since", UtcDateTime),  # since when new words wait, null where there are none
    Column("source_site", SafeText),  # of a ping's page: what is trusted together
    UniqueConstraint("post_id", "source_key"),
    Index(None, "fingerprint", "post_id"),
    Index(None, "source_site", "approved", "state"),
    Index(None, "email", "approved", "state"),
    Index(None, "post_id", "state", "received_at"),
    Index(None, "state", "received_at", "id", "post_id"),  # all that a page of the site's thoughts is found by
    Index(None, "source_key"),
    Index(None, "host", "state"),
    # Of the few that have some: in an index of all, SQLite looks for nothing that is “not null”.
    Index(None, "pending_since", sqlite_where=_SOME_WAIT, postgresql_where=_SOME_WAIT),
)

# The receipt's timeline.
thought_events = Table(
    "thought_events",
    metadata,
    _id(),
    Column("thought_id", ForeignKey("thoughts.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("event", SafeText, nullable=False),
    Column("detail", SafeText, nullable=False),
)

# One row for each source that was fetched: when, and what it said about our posts.
sources = Table(
    "sources",
    metadata,
    Column("source_key", SafeText, primary_key=True),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("etag", SafeText),
    Column("last_modified", SafeText),
    Column("findings", SafeText, nullable=False),  # JSON: the words for each post linked to, and how it links
    Column("read_at", UtcDateTime),  # when its text came last: “not modified” is believed for a while only
)

# What moderators did, newest last, and what each thought was before: so that the last act can be taken back.
moderation_actions = Table(
    "moderation_actions",
    metadata,
    _id(),
    Column("action", SafeText, nullable=False),
    Column("host", SafeText),  # of a purge, which leaves nothing to restore
    Column("at", UtcDateTime, nullable=False),
)

moderation_undo = Table(
    "moderation_undo",
    metadata,
    Column("action_id", ForeignKey("moderation_actions.id"), primary_key=True),
    Column("thought_id", ForeignKey("thoughts.id"), primary_key=True, index=True),
    Column("before", SafeText, nullable=False),  # JSON
)

host_rules = Table(
    "host_rules",
    metadata,
    Column("host", SafeText, primary_key=True),  # with a path where the host is shared: example.org/~ann
    Column("rule", SafeText, nullable=False),  # block or trust
    Column("created_at", UtcDateTime, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    _id(),
    Column("kind", SafeText, nullable=False),
    Column("subject", SafeText, nullable=False),
    Column("run_at", UtcDateTime, nullable=False),
    Column("leased_until", UtcDateTime),
    Column("lease_token", SafeText),  # proves a lease
    Column("holder", SafeText),  # the process that has it
    Column(
        "concurrency_key", SafeText
    ),  # whose machines it burdens, such as a registered domain; leases are shared out by it
    Column("attempts", Integer, nullable=False),
    Column("last_error", SafeText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),  # 0 goes before 1
    UniqueConstraint("kind", "subject"),
    Index(None, "kind", "priority", "run_at", "id"),
    Index(None, "leased_until", "concurrency_key"),
    Index(None, "concurrency_key", "leased_until"),
    Index(None, "concurrency_key", "priority", "run_at"),
)

# When jobs were last looked at, for /readyz.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", SafeText, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

# The state of each feed that its readers know: an ETag, and a Last-Modified that only moves forward.
feed_versions = Table(
    "feed_versions",
    metadata,
    Column("path", SafeText, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("etag", SafeText, nullable=False),
    Column("last_modified", UtcDateTime, nullable=False),
)

# Counters of the present and the last window (a minute each), shared by all processes.
rate_limits = Table(
    "rate_limits",
    metadata,
    Column("bucket", SafeText, primary_key=True),
    Column("window", BigInteger, primary_key=True),
    Column("count", Integer, nullable=False),
    Index(None, "window"),  # what is too old is taken away with each new row
)

# Who reads, a day (UTC) at a time: requests for each feed by each reader, as readers call themselves.
reader_days = Table(
    "reader_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("reader", SafeText, primary_key=True),
    Column("feed", SafeText, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("not_modified", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("subscribers", BigInteger),  # the most that was stated; null where nothing was
)

# One row for each reader that states no subscribers, told apart by a keyed hash, until its day is over.
reader_hashes = Table(
    "reader_hashes",
    metadata,
    Column("day", Date, primary_key=True),
    Column("hash", SafeText, primary_key=True),
    Column("reader", SafeText, nullable=False),
)

# The key of the marks of a day that is not over.
reader_keys = Table(
    "reader_keys",
    metadata,
    Column("day", Date, primary_key=True),
    Column("key", SafeText, nullable=False),
)

# What remains of the marks of a day that is over: how many there were.
reader_counts = Table(
    "reader_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("reader", SafeText, primary_key=True),
    Column("readers", BigInteger, nullable=False),
)
