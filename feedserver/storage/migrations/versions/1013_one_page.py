"""Sources in normal form (RFC 3986 section 6.2.2), the keys of their pages (in NFC), and pings that joined a thought.

Of two thoughts on one post whose sources become one, the older keeps its key; the other gets one of its own, with its
id as a fragment, and nothing is lost. A source whose normal form is too long for an index keeps its key.
"""

import re
import unicodedata
from collections import defaultdict
from urllib.parse import quote, unquote, urlsplit

import sqlalchemy as sa
from alembic import op

revision = "1013"
down_revision = "1012"
branch_labels = None
depends_on = None

_THOUGHTS = sa.table(
    "thoughts",
    *map(sa.column, ("id", "post_id", "state", "source_key", "page_key", "page_path", "size")),
)
_JOBS = sa.table(
    "jobs",
    *map(sa.column, ("id", "kind", "subject", "concurrency_key", "attempts", "priority")),
    sa.column("run_at", sa.DateTime(timezone=True)),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})?")
_UNRESERVED = re.compile("[A-Za-z0-9._~-]")
_BEYOND_ASCII = re.compile("[^%/?&]?(?:%[89A-F][0-9A-F])+")
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_MAX_COMPOSED = 600  # characters: NFC takes quadratic time for a run of marks
_COPIES_OF_KEY = 9  # in the estimated size of a thought
_LONGEST = 2048  # characters that an index of PostgreSQL holds
_KEPT = "!$&'()*+,;=:@/%"


def upgrade() -> None:
    op.add_column("thoughts", sa.Column("page_key", sa.Text(), nullable=True))
    op.add_column("thoughts", sa.Column("page_path", sa.Text(), nullable=True))
    renamed = _normalize_sources()
    _rename_jobs(renamed)
    op.create_index(op.f("ix_thoughts_post_id_page_path"), "thoughts", ["post_id", "page_path"])
    op.create_table(
        "joined_pings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thought_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("receipt_token", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["thought_id"], ["thoughts.id"], name=op.f("fk_joined_pings_thought_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joined_pings")),
        sa.UniqueConstraint("receipt_token", name=op.f("uq_joined_pings_receipt_token")),
    )
    op.create_index(op.f("ix_joined_pings_thought_id"), "joined_pings", ["thought_id"])
    op.create_index(op.f("ix_joined_pings_source"), "joined_pings", ["source"])


def _normalize_sources() -> dict[str, list[str]]:
    """Writes the new keys; returns them by the old ones, where they differ."""
    connection = op.get_bind()
    query = sa.select(_THOUGHTS).where(_THOUGHTS.c.source_key.is_not(None)).order_by(_THOUGHTS.c.id)
    taken: set[tuple[int, str]] = set()
    changed: list[dict[str, object]] = []
    pages: list[dict[str, object]] = []
    renamed: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(query):
        normal = _normal(row.source_key)
        if len(normal) > _LONGEST:
            continue
        key = normal if (row.post_id, normal) not in taken else f"{normal}#{row.id}"
        taken.add((row.post_id, key))
        if key != row.source_key:
            grown = _COPIES_OF_KEY * (len(key.encode()) - len(row.source_key.encode("utf-8", "replace")))
            changed.append({"of": row.id, "key": key, "grown": grown})
        if key not in renamed[row.source_key]:
            renamed[row.source_key].append(key)
        if row.state not in ("received", "rejected"):
            page = "//" + _BEYOND_ASCII.sub(_composed, normal.partition("://")[2])
            pages.append({"of": row.id, "page": page, "path": page.partition("?")[0].rstrip("/")})
    this = sa.update(_THOUGHTS).where(_THOUGHTS.c.id == sa.bindparam("of"))
    if changed:  # a new key may still be the old one of another thought
        aside = [{"of": one["of"], "key": f"#{one['of']}"} for one in changed]
        connection.execute(this.values(source_key=sa.bindparam("key")), aside)
        size = _THOUGHTS.c.size + sa.bindparam("grown")
        connection.execute(this.values(source_key=sa.bindparam("key"), size=size), changed)
    if pages:
        connection.execute(this.values(page_key=sa.bindparam("page"), page_path=sa.bindparam("path")), pages)
    return {old: new for old, new in renamed.items() if new != [old]}


def _rename_jobs(renamed: dict[str, list[str]]) -> None:
    connection = op.get_bind()
    found = list(connection.execute(sa.select(_JOBS).where(_JOBS.c.kind == "verify").order_by(_JOBS.c.run_at)))
    taken = {job.subject for job in found if job.subject not in renamed}
    moved = [job for job in found if job.subject in renamed]
    for job in moved:  # all of them first: a new subject may be the old one of another job
        connection.execute(sa.delete(_JOBS).where(_JOBS.c.id == job.id))
    for job in moved:
        values = {name: value for name, value in job._asdict().items() if name != "id"}
        for subject in renamed[job.subject]:
            if subject not in taken:
                taken.add(subject)
                connection.execute(sa.insert(_JOBS).values(values | {"subject": subject, "attempts": 0}))


def _normal(key: str) -> str:
    parts = urlsplit(key)
    query = f"?{_escaped(parts.query, '?')}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}{_path(parts.path)}{query}"


def _composed(escaped: re.Match[str]) -> str:
    try:
        text = unquote(escaped[0], errors="strict")
    except UnicodeDecodeError:  # bytes of another encoding
        return escaped[0]
    return quote(unicodedata.normalize("NFC", text) if len(text) <= _MAX_COMPOSED else text, safe=_ASCII)


def _path(path: str) -> str:
    kept: list[str] = []
    step = ""
    for step in _escaped(path).split("/")[1:]:
        if step == "..":
            kept[-1:] = []
        elif step != ".":
            kept.append(step)
    return "/" + "/".join([*kept, ""] if step in (".", "..") else kept)


def _escaped(text: str, more: str = "") -> str:
    return quote(_ESCAPE.sub(_escape, text), safe=_KEPT + more, errors="replace")


def _escape(found: re.Match[str]) -> str:
    if found[1] is None:
        return "%25"
    char = chr(int(found[1], 16))
    return char if _UNRESERVED.fullmatch(char) else found[0].upper()
