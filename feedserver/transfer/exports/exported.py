"""What an export is made of: its files, which table is in which, and a row as JSON.

A new table belongs into one of the two lists; a test says so.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, Table, true

from feedserver.errors import ImportRefused
from feedserver.storage import schema
from feedserver.storage.types import Addresses, SafeText, UtcDateTime

FORM: Final = 1
_MOST_ID: Final = 1 << 53  # what JSON holds everywhere; ids go on from the highest
MANIFEST: Final = "manifest.json"
SETTINGS: Final = "settings.toml"
SITE: Final = "site.json"
POSTS: Final = "posts.jsonl"
REVISIONS: Final = "revisions.jsonl"
MEDIA: Final = "media.jsonl"
THOUGHTS: Final = "thoughts.jsonl"
ACTIONS: Final = "moderation.jsonl"

# Tables whose rows stand in a file of their own, as they are.
PLAIN: Final[Mapping[str, Table]] = {
    "redirects.jsonl": schema.redirects,
    "host_rules.jsonl": schema.host_rules,
    "removed.jsonl": schema.removed_pairs,
    "sent.jsonl": schema.outgoing_pings,
    "told_posts.jsonl": schema.told_posts,
    "imported.jsonl": schema.imported,
}
# For their owner's eyes alone: emails, receipts' tokens, and by what key removed pairs are known.
PRIVATE: Final = frozenset({SITE, THOUGHTS, ACTIONS, "removed.jsonl"})

IN_EXPORT: Final[Mapping[str, str]] = {
    **{table.name: file for file, table in PLAIN.items()},
    "site": SITE,
    **dict.fromkeys(("posts", "slugs", "post_tags", "post_authors", "enclosures", "listed", "post_media"), POSTS),
    "revisions": REVISIONS,
    **dict.fromkeys(("media", "media_copies"), MEDIA),
    **dict.fromkeys(("thoughts", "thought_events", "joined_pings"), THOUGHTS),
    **dict.fromkeys(("moderation_actions", "moderation_undo"), ACTIONS),
}
NOT_IN_EXPORT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("linked_sites", "terms", "post_terms", "related", "search_texts"), "made anew of the posts"),
    **dict.fromkeys(("sources", "read_ahead"), "what pages elsewhere said when they were last read"),
    **dict.fromkeys(("jobs", "failed_jobs", "heartbeats", "submissions"), "work of one server"),
    "previews": "addresses that open something by themselves",
    **dict.fromkeys(("notices", "notice_channels", "notice_links"), "notices to the owner, and addresses in them"),
    "feed_versions": "validators of feeds as they were served",
    **dict.fromkeys(("websub_subscriptions", "websub_topics"), "subscriptions of feed readers"),
    **dict.fromkeys(
        ("accounts", "sessions", "sign_in_links", "known_networks", "recovery_codes", "app_tokens", "indieauth_codes"),
        "who may write, which is no part of what is written",
    ),
    "app_categories": "numbers by which apps know tags",
    **dict.fromkeys(("rate_limits", "reader_days", "reader_hashes", "reader_keys", "reader_counts"), "counters"),
}
# Columns of tables in the export that are not: made anew, or of one server.
LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {
    "posts": frozenset({"source", "html", "feed_html", "excerpt", "image", "rendering", "revision"}),
    "site": frozenset(
        {"id", "language", "revision", "moderation_salt", "secret", "url", "restored_at", "backed_up_at"}
    ),
    "thoughts": frozenset(
        {"sender", "sender_network", "submission", "next_check_at", "untold_held_at", "untold_shown_at"}
    ),
}


def columns(table: Table) -> list[Column[Any]]:
    """The columns of a table that are in the export."""
    left_out = LEFT_OUT.get(table.name, frozenset())
    return [column for column in table.columns if column.name not in left_out]


def of_others(table: Table, guid: str) -> ColumnElement[bool]:
    """Which rows of a table are in the export: of what was imported, nothing that came from an export of this site."""
    if table is not schema.imported:
        return true()
    return table.c.origin != f"feedserver {guid}"


def line(values: Mapping[str, Any]) -> bytes:
    """An object on a line of its own."""
    return (json.dumps({name: _plain(value) for name, value in values.items()}, ensure_ascii=False) + "\n").encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value


def row_of(table: Table, values: Any, where: str) -> dict[str, Any]:
    """A row for `table`, from its object in the export; null where a column is missing, without an id that it lacks.

    Raises ImportRefused, which says `where`, for what the column cannot hold.
    """
    if not isinstance(values, Mapping):
        raise ImportRefused(f"{where} is no object")
    there = [column for column in columns(table) if column.name != "id" or "id" in values]
    return {column.name: _value(column, values.get(column.name), where) for column in there}


def _value(column: Column[Any], value: Any, where: str) -> Any:
    if value is None and column.nullable:
        return None
    try:
        return _read(column, value)
    except (TypeError, ValueError, OverflowError):
        raise ImportRefused(f"{where} has no “{column.name}” that can be taken") from None


def _read(column: Column[Any], value: Any) -> Any:
    """The value of a column. Raises TypeError, ValueError or OverflowError for another one."""
    if isinstance(column.type, UtcDateTime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("no zone")
        return moment.astimezone(UTC)
    if isinstance(column.type, Integer):
        return _in_bounds(column, _checked(value, int))
    if isinstance(column.type, Addresses):
        return tuple(_checked(part, str) for part in _checked(value, list))
    return _checked(value, str if isinstance(column.type, SafeText) else column.type.python_type)


def _in_bounds(column: Column[Any], number: int) -> int:
    """`number`, unless the column of one of the databases cannot hold it, or as an id leaves no room for others."""
    if column.name == "id":
        least, most = 1, _MOST_ID
    else:
        bits = 63 if isinstance(column.type, BigInteger) else 31
        least, most = -(1 << bits), (1 << bits) - 1
    if not least <= number <= most:
        raise ValueError("out of bounds")
    return number


def _checked(value: Any, kind: type) -> Any:
    """`value`, unless it is of another type: in JSON true is no number."""
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise TypeError
    return value
