"""All tables, in one long file as they refer to each other. Each change needs a migration; a test compares the two.

Text is unbounded in both databases; its limits are checked where it is received. The conditions of partial indexes
stand in their `info`, for those who read this and for a test: migrations make them. `sqlite_where` and
`postgresql_where` would have each process load the dialects of both databases.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    and_,
    false,
    literal_column,
    text,
    true,
)

from feedserver.storage.types import Addresses, SafeText, UtcDateTime

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


# One row, with the data of the site.
site = Table(
    "site",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("guid", SafeText, nullable=False),  # urn:uuid:, the root of the feeds' ids
    Column("revision", BigInteger, nullable=False),  # grows with each change that readers can see
    Column("created_at", UtcDateTime, nullable=False),
    Column("author", SafeText),  # `site.author` at the last start; posts without authors are in its list
    Column("language", SafeText),  # of all posts that name none (`posts/site_language`); null: no start has looked yet
    Column("archive_size", Integer),  # posts in an archive: `feeds.entries` when the site was created
    Column("moderation_salt", SafeText),  # in the private feed's address since it was renewed
    Column("secret", SafeText),  # signs forms, the same on every machine; null until `init` or `db upgrade` has run
    # Of the hashes of what was removed, and the checks of receipts: it is exported. Null: `secret`, which never is.
    Column("kept_key", SafeText),
    Column("url", SafeText),  # `site.url` in force, as the last server noted it; null until one has
    Column("restored_at", UtcDateTime),  # when it was restored from a backup; null once it is the real one (`resume`)
    Column("backed_up_at", UtcDateTime),  # the last backup that this database was told of; null: none
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
    Column("updated_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("pings_open", Boolean, nullable=False),
    Column("comments_open", Boolean, nullable=False),
    Column("rendering", Integer, nullable=False, server_default="0"),  # posts.model.RENDERING of its HTML
    Column("deleted_from", SafeText),  # the state to restore of a deleted post
    Column("reply_to", Addresses),  # the pages that the post answers, and so on
    Column("like_of", Addresses),
    Column("repost_of", Addresses),
    Column("bookmark_of", Addresses),
    Column("tells", Boolean, nullable=False, server_default=true()),  # whether other pages are told of the post
    Column("page", Boolean, nullable=False, server_default=false()),  # a page of the site, in no list and no feed
    Column("menu", SafeText),  # the name of a page in the navigation
    Column("atom_id", SafeText),  # its id in Atom, where `guid` is no IRI
    Column("revision", Integer, nullable=False, server_default="1"),  # the number of its newest one
    Column("deleted_at", UtcDateTime),  # of a deleted post; null if an older program has deleted it
    Index(None, "state", "published_at", "id"),
    Index(None, "state", "updated_at", "id"),  # covers the look for what search lacks
    Index(None, "rendering"),
    Index(None, "page"),
)

# Each text that was saved of a post, the present one too, with its fields: its document.
revisions = Table(
    "revisions",
    metadata,
    _of_post(primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", SafeText),  # the name of an account; null for the command line and imports
    Column("via", SafeText, nullable=False),  # posts.model.Via
    Column("title", SafeText, nullable=False),
    Column("source", SafeText, nullable=False),
)

# The forms that new posts were sent with: each adds one.
submissions = Table(
    "submissions",
    metadata,
    Column("hash", SafeText, primary_key=True),  # of the form's secret
    _of_post(nullable=False, index=True),
    Column("revision", Integer, nullable=False, server_default="1"),  # the number of the last that the form has saved
)

# The addresses of posts that readers cannot see yet, good for a while.
previews = Table(
    "previews",
    metadata,
    Column("hash", SafeText, primary_key=True),  # of the token in the address
    _of_post(nullable=False, index=True),
    Column("made_at", UtcDateTime, nullable=False),
)

# All slugs that a post ever had; none is reused for another post.
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
    Column("folded", SafeText, nullable=False, index=True),  # text.caseless: names with the same one are one tag
)

# The numbers of tags, for writing apps alone.
app_categories = Table(
    "app_categories",
    metadata,
    _id(),
    Column("folded", SafeText, nullable=False, unique=True),  # text.caseless, as that of `post_tags`
    Column("name", SafeText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

post_authors = Table(
    "post_authors",
    metadata,
    _of_post(primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", SafeText, nullable=False),
    Column("folded", SafeText, nullable=False, index=True),
)

# Pictures and files that were added; the store has their bytes, under hash and name.
media = Table(
    "media",
    metadata,
    Column("hash", SafeText, primary_key=True),  # of the bytes as stored
    Column("name", SafeText, nullable=False, index=True),
    Column("type", SafeText, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("given", SafeText, nullable=False, index=True),  # hash of the bytes as they were given
    Column("alt", SafeText, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
)

# Smaller copies of pictures; two pictures may have the same one.
media_copies = Table(
    "media_copies",
    metadata,
    Column("media", ForeignKey("media.hash"), primary_key=True),
    Column("hash", SafeText, primary_key=True, index=True),
    Column("name", SafeText, nullable=False),
    Column("type", SafeText, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
)

# Which pictures and files a post names, and by which references in its document.
post_media = Table(
    "post_media",
    metadata,
    _of_post(primary_key=True),
    Column("reference", SafeText, primary_key=True),
    Column("media", ForeignKey("media.hash"), nullable=False, index=True),
)

# Which posts belong to which list (`posts/model.Listing.key`): that of the site, of a tag, of an author.
# `published_at` is the post's, null if it has left the list. `position` counts from 1 in the order of first
# publication, null before; archives (RFC 5005) are ranges of it, so it never changes.
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

# The sites that a post links to: the author trusts them.
linked_sites = Table(
    "linked_sites",
    metadata,
    _of_post(primary_key=True),
    Column("site", SafeText, primary_key=True),  # domains.host_site
    Index(None, "site"),
)

# The terms that describe posts, and how many posts have each: related posts share rare terms.
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

# What search goes by, of published and scheduled posts: made anew of them at any time (`search/indexing`).
_HAS_NO_ENTRIES = text("entries IS NULL")
search_texts = Table(
    "search_texts",
    metadata,
    _of_post(primary_key=True, autoincrement=False),
    Column("cutting", Integer, nullable=False),  # search/indexing.CUTTING of its words
    Column("updated_at", UtcDateTime, nullable=False),  # of the post as it was read
    Column("entries", SafeText),  # of the index (`word_index`); null: too many, so that `words` are looked through
    Column("words", SafeText, nullable=False),  # search/words.words_of its fields, each on a line, the text first
    Column("text", SafeText, nullable=False),  # what readers see of its text, for snippets
    Index(None, "post_id", info={"where": _HAS_NO_ENTRIES}),
    Index(None, "cutting", "updated_at", "post_id"),
)

# Old addresses, and where they lead (`redirects/model`).
_HAS_PARAMETERS = text("parameters IS NOT NULL")
redirects = Table(
    "redirects",
    metadata,
    _id(),
    Column("key", SafeText, nullable=False, unique=True),  # OldAddress.key
    Column("old", SafeText, nullable=False),  # as people read it
    Column("new", SafeText, nullable=False),  # a path below `site.url`, or an absolute URL elsewhere
    Column("new_key", SafeText, index=True),  # of that path; null elsewhere
    _of_post(index=True),  # the post that it leads to, whatever its slug; null if it is none
    Column("parameters", SafeText),  # OldAddress.names
    Index(None, "parameters", info={"where": _HAS_PARAMETERS}),
)

_SOME_WAIT = text("pending_since IS NOT NULL")
_IS_KNOWN = text("commenter IS NOT NULL")
_HAS_WORDS = text("fingerprint IS NOT NULL")
_IS_HELD = text("state = 'held'")
_IS_RECEIVED = text("state = 'received'")
_ANSWERS = text("parent_id IS NOT NULL")
_WAS_SHOWN = text("position IS NOT NULL")
_IS_UNTOLD = text("untold_held_at IS NOT NULL OR untold_shown_at IS NOT NULL")
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
    Column("source_key", SafeText),  # urls.normalize_source
    Column("page_key", SafeText),  # thoughts/source/identity.page_key, since its source was found to link to the post
    Column("page_path", SafeText),  # thoughts/source/identity.page_path
    Column("target", SafeText),  # as sent
    Column("host", SafeText),
    Column("author_name", SafeText, nullable=False),
    Column("author_url", SafeText, nullable=False),
    Column("email", SafeText),  # never shown
    Column("commenter", SafeText),  # a hash of a commenter's name and email, for trust; null without an email
    Column("title", SafeText, nullable=False),
    Column("excerpt", SafeText, nullable=False),
    Column("approved", Boolean, nullable=False),  # a moderator approved exactly this content
    Column("restore", SafeText),  # the state to restore when the link is back
    Column("response", SafeText),  # what the source is to the post, as its h-entry says; null of pingbacks and comments
    Column("published_at", UtcDateTime),  # as its h-entry says
    Column("pending_content", SafeText),  # JSON: the source's present content while approved content is shown
    Column("pending_entry", SafeText),  # JSON: response and published_at of that
    Column("strikes", Integer, nullable=False),
    Column("first_strike_at", UtcDateTime),
    Column("sender", SafeText),  # the address that sent the last ping; its domains.wide_network once that is settled
    Column("submission", SafeText, unique=True),  # a hash of the token of the comment form: one comment for each
    Column("received_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime),  # when the content last changed; null until then
    Column("checked_at", UtcDateTime),
    Column("decided_at", UtcDateTime),
    Column("next_check_at", UtcDateTime),
    Column("fingerprint", SafeText),  # of the words around a ping's link, to find the same elsewhere; null if too few
    Column("pending_since", UtcDateTime),  # since when pending content waits; null without one
    Column("source_site", SafeText),  # of a ping's source: the unit of trust
    Column(
        "size", Integer, nullable=False, server_default="0"
    ),  # bytes that it takes, estimated (`thoughts.disk_size`)
    Column("sender_network", SafeText),  # domains.wide_network of who sent it, until it is decided; else null
    Column("word_bytes", Integer, nullable=False, server_default="0"),  # of its content and pending content
    # Counts a post's thoughts from 1 in the order in which they were first shown, and never changes. A trigger sets it
    # (`migrations/…_positions_of_thoughts`), so that no way of showing one forgets it, not even an older program's.
    # Zero: of a reaction, which takes none; one that had one before keeps it.
    Column("position", Integer),
    Column("person", SafeText),  # who reacted (thoughts/model.person_of); null: no reaction
    Column("parent_id", BigInteger),  # the thought that it answers, which may be deleted
    Column("first_shown_at", UtcDateTime),  # null before; also of one imported, if it has a position
    # Since when there is something that its owner was not told (`thoughts.untold`): it waits for a look, it is public.
    Column("untold_held_at", UtcDateTime),
    Column("untold_shown_at", UtcDateTime),
    UniqueConstraint("post_id", "source_key"),
    # Covers the counts of a post's thoughts by page.
    Index(None, "post_id", "position", "state", info={"where": _WAS_SHOWN}),
    Index(None, "post_id", "page_path"),
    Index(
        None,
        *("fingerprint", "source_site", "received_at", "post_id"),
        info={"where": _HAS_WORDS},
    ),
    Index(None, "source_site", "approved", "state"),
    # Covers the counts of what waits for a moderator.
    Index(
        None,
        *("state", "sender_network", "source_site", "word_bytes"),
        info={"where": _IS_HELD},
    ),
    # Covers the counts of what waits for its verification.
    Index(
        None,
        *("state", "sender_network", "source_site", "size"),
        info={"where": _IS_RECEIVED},
    ),
    Index(None, "commenter", "approved", "state", info={"where": _IS_KNOWN}),
    Index(None, "post_id", "state", "received_at"),
    Index(None, "state", "received_at", "id", "post_id"),  # covers the queries of the site's feed of thoughts
    Index(None, "source_key"),
    Index(None, "host", "state"),
    Index(None, "state", "size"),  # covers the sums of bytes
    # Partial: SQLite does not use a full index for “not null”.
    Index(None, "pending_since", info={"where": _SOME_WAIT}),
    Index(None, "untold_held_at", "untold_shown_at", info={"where": _IS_UNTOLD}),
    Index(None, "parent_id", info={"where": _ANSWERS}),
)

# What readers see: numbered thoughts, and reactions as lines of names. In literals, as the indexes have them.
_IS_SHOWN = thoughts.c.state == literal_column("'shown'")
IS_NUMBERED = and_(_IS_SHOWN, thoughts.c.position > literal_column("0"), thoughts.c.person.is_(None))
IS_REACTION = and_(_IS_SHOWN, thoughts.c.person.is_not(None))
# They cover the counts of a post's thoughts, and of the people who reacted; SQLite looks at the conditions again.
Index(
    None,
    *(thoughts.c[name] for name in ("post_id", "position", "received_at", "person", "state")),
    info={"where": IS_NUMBERED},
)
Index(
    None,
    *(thoughts.c[name] for name in ("post_id", "response", "person", "state")),
    info={"where": IS_REACTION},
)
# The first reactions, and the newest.
Index(
    None,
    *(thoughts.c[name] for name in ("post_id", "response", "id")),
    info={"where": IS_REACTION},
)

# What migrations have made beside tables: triggers by name, each with its table.
TRIGGERS = {
    "sqlite": {"thoughts_position_inserted": "thoughts", "thoughts_position_updated": "thoughts"},
    "postgresql": {"thoughts_position": "thoughts"},
}

# Further URLs under which the page of a thought was pinged, with the receipts of these pings; a bounded number.
joined_pings = Table(
    "joined_pings",
    metadata,
    _id(),
    Column("thought_id", ForeignKey("thoughts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("receipt_token", SafeText, unique=True),  # null for a URL from which the thought itself has moved again
    Column("source", SafeText, nullable=False, index=True),  # a hash of its key, as in `sources`
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
    Column("times", Integer, nullable=False, server_default="1"),  # equal lines that it stands for; `at`: the last
)

# One row for each fetched source: when it was fetched, and what it says on the posts of its thoughts. `source` is a
# hash of its key: a long URL is costly, most of all in an index.
sources = Table(
    "sources",
    metadata,
    Column("source", SafeText, primary_key=True),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("etag", SafeText),
    Column("last_modified", SafeText),
    Column("findings", SafeText, nullable=False),  # JSON: for each post linked to, the content and the LinkSignals
    Column("read_at", UtcDateTime),  # when it was last read whole: a 304 is believed for some time only
    Column("expires_at", UtcDateTime, index=True),  # of a source without a thought that stands; else null
)

# What recently fetched sources say on posts that they were not pinged for yet. Bounded to a few rows.
read_ahead = Table(
    "read_ahead",
    metadata,
    Column("source", SafeText, primary_key=True),
    Column("fetched_at", UtcDateTime, nullable=False, index=True),
    Column("findings", SafeText, nullable=False),  # JSON, as in `sources`
)

# What pages elsewhere are told of our posts (`sending/model.OutgoingPing`).
outgoing_pings = Table(
    "outgoing_pings",
    metadata,
    _id(),
    _of_post(nullable=False),
    Column("page", SafeText, nullable=False),  # urls.normalize_source of the target, so without fragment
    Column("target", SafeText, nullable=False),  # as it stands in the post
    Column("source", SafeText),  # the post's address when the page was told first; null before
    Column("protocol", SafeText),
    Column("endpoint", SafeText),
    Column("state", SafeText, nullable=False),
    Column("detail", SafeText),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("told_at", UtcDateTime),
    Column("receipt", SafeText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("since", UtcDateTime, nullable=False),  # of what there is to tell, of a failure, or of no endpoint
    Column("asks", Integer, nullable=False, server_default="0"),  # times that it was asked for an endpoint once more
    Column("told_version", SafeText),  # sending/model.Version that the last telling was of, whatever came of it
    Column("due_version", SafeText),  # that is to be told; null if nothing is
    UniqueConstraint("post_id", "page"),
)

# The posts whose pages are told. `links_before`: the pages that an older post linked to before, which are not told.
told_posts = Table(
    "told_posts",
    metadata,
    _of_post(primary_key=True),
    Column("links_before", Addresses),
)

# A keyed hash of each pair of post and source that a moderator erased, or called spam and whose thought has expired.
removed_pairs = Table(
    "removed_pairs",
    metadata,
    Column("pair", SafeText, primary_key=True),
    Column("removed_at", UtcDateTime, nullable=False),
    Column("thought_id", BigInteger),  # the erased thought; null without one
    sqlite_with_rowid=False,
)

# Moderation actions, newest last, and each thought before them, so that the last action can be undone.
moderation_actions = Table(
    "moderation_actions",
    metadata,
    _id(),
    Column("action", SafeText, nullable=False),
    Column("host", SafeText),  # of a purge, which cannot be undone
    Column("at", UtcDateTime, nullable=False),
    Column("account", SafeText),  # whose it is, by name; null: of the command line
    Column("rules", SafeText),  # JSON, of an action on places: the rule that each had before, null without one
)

moderation_undo = Table(
    "moderation_undo",
    metadata,
    Column("action_id", ForeignKey("moderation_actions.id"), primary_key=True),
    Column("thought_id", ForeignKey("thoughts.id"), primary_key=True, index=True),
    Column("before", SafeText, nullable=False),  # JSON
    Column("entries", SafeText),  # JSON: response and published_at of its content, and of its pending content
)

host_rules = Table(
    "host_rules",
    metadata,
    Column("host", SafeText, primary_key=True),  # with a path on a shared host: example.org/~ann
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
    Column("concurrency_key", SafeText),  # the servers that it contacts, such as a registrable domain
    Column("attempts", Integer, nullable=False),
    Column("last_error", SafeText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),  # 0 goes before 1
    Column("planned_at", UtcDateTime),  # when `run_at` was set; null where that is not a pause, but somebody's wish
    UniqueConstraint("kind", "subject"),
    Index(None, "kind", "priority", "run_at", "id"),
    Index(None, "leased_until", "concurrency_key"),
    Index(None, "concurrency_key", "leased_until"),
    Index(None, "concurrency_key", "priority", "run_at"),
)

# Jobs that were given up, or have failed for so long that somebody should look (`jobs.failures`). A bounded number.
failed_jobs = Table(
    "failed_jobs",
    metadata,
    _id(),
    Column("job_id", BigInteger, nullable=False),
    Column("kind", SafeText, nullable=False),
    Column("subject", SafeText, nullable=False),
    Column("run_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", SafeText),
    Column("failed_at", UtcDateTime, nullable=False, index=True),
    Column("is_told", Boolean, nullable=False, server_default=false(), index=True),  # to the owner, or to nobody
)

# What the owner is still to be told (`notices`), by mail and at a webhook: a row goes when both have it. Of one thought
# there are two at most.
notices = Table(
    "notices",
    metadata,
    _id(),
    Column("event_id", SafeText, nullable=False),
    Column("event", SafeText, nullable=False),  # notices/model.EVENTS
    Column("thought_id", ForeignKey("thoughts.id", ondelete="CASCADE"), index=True),
    Column("job", SafeText),  # JSON of a job that was given up
    Column("created_at", UtcDateTime, nullable=False),
    Column("mail", SafeText),  # waiting, or sending; null: not by mail, or done
    Column("webhook", Boolean, nullable=False),
    UniqueConstraint("event", "thought_id"),
    Index(None, "mail", "created_at"),
    Index(None, "webhook", "id"),
)

# Mail and webhook: what became of each at its present address.
notice_channels = Table(
    "notice_channels",
    metadata,
    Column("name", SafeText, primary_key=True),
    Column("address", SafeText, nullable=False),  # a hash
    Column("ended_at", UtcDateTime),  # when somebody at this address wanted no more; null: never
    Column("sent_at", UtcDateTime),  # when something was last taken there
    Column("message_id", SafeText),  # of the mail under way, which a process that ended may have sent
)

# Addresses in mails by the hashes of their tokens: to decide on a thought, or (without one) to stop the mails.
notice_links = Table(
    "notice_links",
    metadata,
    Column("token", SafeText, primary_key=True),
    Column("thought_id", ForeignKey("thoughts.id", ondelete="CASCADE"), index=True),
    Column("address", SafeText),  # a hash: whose mails it stops
    Column("message_id", SafeText, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("used_at", UtcDateTime),
    Column("used_for", SafeText),  # the action
)

# When workers last polled for jobs, for /readyz.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", SafeText, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

# The versions of each document: an ETag, and a Last-Modified that only moves forward.
feed_versions = Table(
    "feed_versions",
    metadata,
    Column("path", SafeText, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("etag", SafeText, nullable=False),
    Column("last_modified", UtcDateTime, nullable=False),
)

# Who reads our feeds through our hub (WebSub). The columns that begin with `asked` are a request that its callback has
# not confirmed yet, of a new subscription or of one that is to be renewed or ended; null without one. A version waits
# to be pushed while `waiting_etag` and `next_push_at` are set.
_WAITS = text("next_push_at IS NOT NULL")
_IS_ASKED = text("asked_mode IS NOT NULL")
websub_subscriptions = Table(
    "websub_subscriptions",
    metadata,
    _id(),
    Column("topic", SafeText, nullable=False),  # feeds/scopes.FeedAddress.key
    Column("topic_url", SafeText, nullable=False),  # as sent
    Column("callback", SafeText, nullable=False),  # as sent
    Column("callback_hash", SafeText, nullable=False),  # source/identity.key_hash: a long URL is costly in an index
    Column("callback_site", SafeText, nullable=False),  # its budget key: a registrable domain, or an address
    Column("places", Integer, nullable=False, server_default="1"),  # of `limits.subscriptions`, by its length
    Column("state", SafeText, nullable=False),  # pending, active or ended
    Column("secret", SafeText),  # signs pushes; null: they are not signed
    Column("lease_until", UtcDateTime),  # null while pending
    Column("pushed_etag", SafeText),  # the version that it has, by its ETag; null before the first push
    Column("pushed_at", UtcDateTime),  # when a push was last taken
    Column("failures", Integer, nullable=False),  # pushes in a row that were not taken
    Column("detail", SafeText, nullable=False),  # what last became of it, for the owner
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("asked_mode", SafeText),  # subscribe or unsubscribe
    Column("asked_lease", Integer),  # seconds
    Column("asked_secret", SafeText),
    Column("asked_token", SafeText),  # hub.verify_token
    Column("waiting_etag", SafeText),  # the newest version, which it does not have
    Column("failing_since", UtcDateTime),  # since when pushes of it fail; null before the first one
    Column("next_push_at", UtcDateTime),
    Column("push_seconds", Float),  # how long its callback took to take the last push; null before the first one
    UniqueConstraint("topic", "callback_hash"),
    Index(None, "callback_site", "state", "places"),
    Index(None, "state", "lease_until"),
    Index(None, "state", "ended_at", "places"),
    Index(None, "callback_hash", info={"where": _IS_ASKED}),
    Index(None, "next_push_at", info={"where": _WAITS}),
)

# The feeds with subscriptions, and what was found when they were last looked at for something to push.
websub_topics = Table(
    "websub_topics",
    metadata,
    Column("topic", SafeText, primary_key=True),  # feeds/scopes.FeedAddress.key
    Column("revision", BigInteger),  # of the site; null: not looked at yet
    Column("etag", SafeText),  # of the newest version; null where there was no such feed
    Column("quiet_revision", BigInteger),  # of the site: all that has changed since `revision` was imported
)

# What was imported, so that it is imported once: each post, thought or file by its key at its origin.
imported = Table(
    "imported",
    metadata,
    Column("origin", SafeText, primary_key=True),  # its kind and name
    Column("kind", SafeText, primary_key=True),  # post, thought, media or redirect
    Column("key", SafeText, primary_key=True),
    Column("our_id", BigInteger),  # of the post or thought, which may be gone since; null of a file
    Column("media", SafeText),  # the hash of a file
    Column("hash", SafeText, nullable=False),  # of what was there: another one is a change there
    Column("imported_at", UtcDateTime, nullable=False),
    Column("lacking", SafeText),  # a hash of the document of a post that names files which could not be had
    Index(None, "kind", "our_id"),
    Index(None, "kind", "hash"),
)

# Who may sign in to the desk.
accounts = Table(
    "accounts",
    metadata,
    _id(),
    Column("name", SafeText, nullable=False),
    Column("folded", SafeText, nullable=False, unique=True),  # text.caseless of the name
    Column("password", SafeText),  # its hash with salt and parameters (werkzeug.security); null until a link was used
    Column("created_at", UtcDateTime, nullable=False),
    Column("signed_in_at", UtcDateTime),
    # The key of the second factor as it is: no hash could check a code, and a key to encrypt it with would lie beside.
    Column("totp_key", SafeText),
    Column("totp_step", BigInteger),  # of the newest code that was taken: none is taken twice
)


def _of_account(**options: Any) -> Column[int]:
    return Column("account_id", ForeignKey("accounts.id"), **options)


# Who is signed in. Cookies, addresses of links, and tokens are stored as hashes (`tokens.hashed`).
sessions = Table(
    "sessions",
    metadata,
    _id(),
    Column("hash", SafeText, nullable=False, unique=True),  # of the cookie
    _of_account(nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Column("address", SafeText, nullable=False),  # from which it was begun
    Column("device", SafeText, nullable=False),  # the User-Agent, shortened
)

# Addresses under which a person sets a password; one for each account, and one for a first account to come.
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("hash", SafeText, primary_key=True),
    _of_account(unique=True),  # null: the person chooses a name, while there is no account
    Column("created_at", UtcDateTime, nullable=False),
    Column("asks_code", Boolean, nullable=False),  # false: using the link turns the second factor off
)

# From where an account has signed in: strangers cannot lock these out.
known_networks = Table(
    "known_networks",
    metadata,
    _of_account(primary_key=True),
    Column("network", SafeText, primary_key=True),  # domains.network
    Column("signed_in_at", UtcDateTime, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    _of_account(primary_key=True),
    Column("hash", SafeText, primary_key=True),
)

# What apps write with.
app_tokens = Table(
    "app_tokens",
    metadata,
    _id(),
    Column("name", SafeText, nullable=False, index=True),  # of the app
    _of_account(nullable=False, index=True),
    Column("scopes", SafeText, nullable=False),  # separated by blanks
    Column("hash", SafeText, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("client_id", SafeText),  # the address of an app that got it by IndieAuth
)

# The recent events by bucket, shared by all processes.
# What authors have granted to apps that have not got their tokens yet (IndieAuth section 5.2).
indieauth_codes = Table(
    "indieauth_codes",
    metadata,
    Column("hash", SafeText, primary_key=True),  # of the code (`tokens.hashed`)
    Column("account", SafeText, nullable=False),
    Column("client_id", SafeText, nullable=False),
    Column("redirect_uri", SafeText, nullable=False),
    Column("challenge", SafeText),  # of PKCE; null for apps that know none
    Column("scopes", SafeText, nullable=False),  # separated by blanks
    Column("made_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("used_again", Boolean, nullable=False),
    Column("app_id", BigInteger),  # the id of the token that it has become
)

# The events of the last minute by bucket, shared by all processes.
rate_limits = Table(
    "rate_limits",
    metadata,
    Column("bucket", SafeText, primary_key=True),
    Column("events", SafeText, nullable=False),  # JSON: times in microseconds since 1970, each with an amount
    Column("expires_at", UtcDateTime, nullable=False, index=True),  # when its last event has left its window
)

# Requests by day (UTC), feed and name of the reader.
reader_days = Table(
    "reader_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("reader", SafeText, primary_key=True),
    Column("feed", SafeText, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("not_modified", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("subscribers", BigInteger),  # the highest stated number; null without one
)

# One row for each client: keyed hashes of it and of its network, until its day is over.
reader_hashes = Table(
    "reader_hashes",
    metadata,
    Column("day", Date, primary_key=True),
    Column("hash", SafeText, primary_key=True),
    Column("reader", SafeText, nullable=False),
    Column("network", SafeText),
    Index(None, "day", "network"),
)

# The key of the hashes of a day that is not over.
reader_keys = Table(
    "reader_keys",
    metadata,
    Column("day", Date, primary_key=True),
    Column("key", SafeText, nullable=False),
)

# The number of hashes of a day that is over.
reader_counts = Table(
    "reader_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("reader", SafeText, primary_key=True),
    Column("readers", BigInteger, nullable=False),
)
