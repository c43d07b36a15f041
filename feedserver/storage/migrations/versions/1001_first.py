"""The first schema. A migration is kept as it was released, and imports nothing of feedserver."""

import sqlalchemy as sa
from alembic import op

revision = "1001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_versions",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("path", "number", name=op.f("pk_feed_versions")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "host_rules",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host_rules")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Text(), nullable=True),
        sa.Column("concurrency_key", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_jobs_kind_subject")),
    )
    op.create_index(
        op.f("ix_jobs_concurrency_key_leased_until"), "jobs", ["concurrency_key", "leased_until"], unique=False
    )
    op.create_index(
        op.f("ix_jobs_concurrency_key_priority_run_at"), "jobs", ["concurrency_key", "priority", "run_at"], unique=False
    )
    op.create_index(op.f("ix_jobs_kind_priority_run_at_id"), "jobs", ["kind", "priority", "run_at", "id"], unique=False)
    op.create_index(
        op.f("ix_jobs_leased_until_concurrency_key"), "jobs", ["leased_until", "concurrency_key"], unique=False
    )
    op.create_table(
        "moderation_actions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_actions")),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("feed_html", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pings_open", sa.Boolean(), nullable=False),
        sa.Column("comments_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("guid", name=op.f("uq_posts_guid")),
        sa.UniqueConstraint("slug", name=op.f("uq_posts_slug")),
        sa.UniqueConstraint("updated_at", name=op.f("uq_posts_updated_at")),
    )
    op.create_index(op.f("ix_posts_state_published_at_id"), "posts", ["state", "published_at", "id"], unique=False)
    op.create_table(
        "rate_limits",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "window", name=op.f("pk_rate_limits")),
    )
    op.create_index(op.f("ix_rate_limits_window"), "rate_limits", ["window"], unique=False)
    op.create_table(
        "reader_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("readers", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "reader", name=op.f("pk_reader_counts")),
    )
    op.create_table(
        "reader_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("not_modified", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("subscribers", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("day", "reader", "feed", name=op.f("pk_reader_days")),
    )
    op.create_table(
        "reader_hashes",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", "hash", name=op.f("pk_reader_hashes")),
    )
    op.create_table(
        "reader_keys",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_reader_keys")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("archive_size", sa.Integer(), nullable=True),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
    op.create_table(
        "sources",
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("source_key", name=op.f("pk_sources")),
    )
    op.create_table(
        "terms",
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_terms")),
    )
    op.create_table(
        "enclosures",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_enclosures_post_id")),
        sa.PrimaryKeyConstraint("post_id", "position", name=op.f("pk_enclosures")),
    )
    op.create_table(
        "linked_sites",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_linked_sites_post_id")),
        sa.PrimaryKeyConstraint("post_id", "site", name=op.f("pk_linked_sites")),
    )
    op.create_index(op.f("ix_linked_sites_site"), "linked_sites", ["site"], unique=False)
    op.create_table(
        "listed",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_listed_post_id")),
        sa.PrimaryKeyConstraint("list", "post_id", name=op.f("pk_listed")),
        sa.UniqueConstraint("list", "position", name=op.f("uq_listed_list_position")),
    )
    op.create_index(
        op.f("ix_listed_list_published_at_post_id"), "listed", ["list", "published_at", "post_id"], unique=False
    )
    op.create_index(op.f("ix_listed_post_id"), "listed", ["post_id"], unique=False)
    op.create_table(
        "post_authors",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_authors_post_id")),
        sa.PrimaryKeyConstraint("post_id", "position", name=op.f("pk_post_authors")),
    )
    op.create_table(
        "post_tags",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_tags_post_id")),
        sa.PrimaryKeyConstraint("post_id", "position", name=op.f("pk_post_tags")),
    )
    op.create_table(
        "post_terms",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_terms_post_id")),
        sa.PrimaryKeyConstraint("post_id", "term", name=op.f("pk_post_terms")),
    )
    op.create_index(op.f("ix_post_terms_term_post_id"), "post_terms", ["term", "post_id"], unique=False)
    op.create_table(
        "related",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["other_id"], ["posts.id"], name=op.f("fk_related_other_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_related_post_id")),
        sa.PrimaryKeyConstraint("post_id", "other_id", name=op.f("pk_related")),
    )
    op.create_index(op.f("ix_related_other_id"), "related", ["other_id"], unique=False)
    op.create_index(op.f("ix_related_post_id_score"), "related", ["post_id", "score"], unique=False)
    op.create_table(
        "slugs",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_slugs_post_id")),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_slugs")),
    )
    op.create_index(op.f("ix_slugs_post_id"), "slugs", ["post_id"], unique=False)
    op.create_table(
        "thoughts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("receipt_token", sa.Text(), nullable=True),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_url", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("restore", sa.Text(), nullable=True),
        sa.Column("pending_content", sa.Text(), nullable=True),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("first_strike_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("submission", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("pending_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source_site", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_thoughts_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thoughts")),
        sa.UniqueConstraint("guid", name=op.f("uq_thoughts_guid")),
        sa.UniqueConstraint("post_id", "source_key", name=op.f("uq_thoughts_post_id_source_key")),
        sa.UniqueConstraint("receipt_token", name=op.f("uq_thoughts_receipt_token")),
        sa.UniqueConstraint("submission", name=op.f("uq_thoughts_submission")),
    )
    op.create_index(op.f("ix_thoughts_email_approved_state"), "thoughts", ["email", "approved", "state"], unique=False)
    op.create_index(op.f("ix_thoughts_fingerprint_post_id"), "thoughts", ["fingerprint", "post_id"], unique=False)
    op.create_index(op.f("ix_thoughts_host_state"), "thoughts", ["host", "state"], unique=False)
    op.create_index(
        op.f("ix_thoughts_pending_since"),
        "thoughts",
        ["pending_since"],
        unique=False,
        sqlite_where=sa.text("pending_since IS NOT NULL"),
        postgresql_where=sa.text("pending_since IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_thoughts_post_id_state_received_at"), "thoughts", ["post_id", "state", "received_at"], unique=False
    )
    op.create_index(op.f("ix_thoughts_source_key"), "thoughts", ["source_key"], unique=False)
    op.create_index(
        op.f("ix_thoughts_source_site_approved_state"), "thoughts", ["source_site", "approved", "state"], unique=False
    )
    op.create_index(
        op.f("ix_thoughts_state_received_at_id_post_id"),
        "thoughts",
        ["state", "received_at", "id", "post_id"],
        unique=False,
    )
    op.create_table(
        "moderation_undo",
        sa.Column("action_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thought_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["moderation_actions.id"], name=op.f("fk_moderation_undo_action_id")),
        sa.ForeignKeyConstraint(["thought_id"], ["thoughts.id"], name=op.f("fk_moderation_undo_thought_id")),
        sa.PrimaryKeyConstraint("action_id", "thought_id", name=op.f("pk_moderation_undo")),
    )
    op.create_index(op.f("ix_moderation_undo_thought_id"), "moderation_undo", ["thought_id"], unique=False)
    op.create_table(
        "thought_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thought_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["thought_id"], ["thoughts.id"], name=op.f("fk_thought_events_thought_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thought_events")),
    )
    op.create_index(op.f("ix_thought_events_thought_id"), "thought_events", ["thought_id"], unique=False)
