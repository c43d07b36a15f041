"""The columns of an imported thought, and the lines of a ping's timeline. Pure."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from feedserver.domains import source_site
from feedserver.host_names import host_name
from feedserver.text import clean, is_blank, shorten, strangers_line, strangers_text
from feedserver.thoughts.columns import blank
from feedserver.thoughts.comments import MAX_LENGTH
from feedserver.thoughts.disk_size import disk_size
from feedserver.thoughts.model import (
    MAX_EXCERPT,
    MAX_NAME,
    REACTIONS,
    Content,
    State,
    decision_line,
    person_of,
)
from feedserver.thoughts.source.identity import page_key, page_path
from feedserver.transfer.items import ImportedThought
from feedserver.urls import MAX_URL, normalize_source, split_http

REASON: Final = "imported"
_WITHOUT_WORDS: Final = "a comment without words"
_NO_SOURCE: Final = "a ping without the address of its page"


class Unusable(Exception):
    """A thought that cannot be imported; the text says why."""


def values_of(
    thought: ImportedThought, post_id: int, target: str | None, shared_by_path: Collection[str], now: datetime
) -> dict[str, Any]:
    """All columns but the receipt's token and the parent. Raises Unusable."""
    content = _content(thought)
    state: State = "held" if thought.state == "received" else thought.state
    values = blank(thought.kind, state, post_id, thought.at) | {
        **({"guid": clean(thought.guid)} if thought.guid else {}),
        "reason": REASON,
        "author_name": content.author_name,
        "author_url": content.author_url,
        "title": content.title,
        "excerpt": content.excerpt,
        "response": content.response,
        "word_bytes": content.size,
        "decided_at": now,
        "first_shown_at": now if state == "shown" else None,
    }
    if thought.kind == "comment":
        if is_blank(content.excerpt):
            raise Unusable(_WITHOUT_WORDS)
        return _ALIKE | values | {"size": disk_size(None, None, None, content)}
    return _ALIKE | values | _of_ping(thought, content, target, shared_by_path)


# What comments and pings have in common, so that one statement writes both.
_ALIKE: Final[dict[str, Any]] = dict.fromkeys(
    ("receipt_token", "source", "source_key", "page_key", "page_path", "target", "host", "source_site", "person")
) | {"position": None}


def _of_ping(
    thought: ImportedThought, content: Content, target: str | None, shared_by_path: Collection[str]
) -> dict[str, Any]:
    source = (thought.source or "").strip()
    if split_http(source) is None or len(source_key := normalize_source(source)) > MAX_URL:
        raise Unusable(_NO_SOURCE)
    key = page_key(source_key)
    reaction = {"person": person_of(content, source_key), "position": 0} if content.response in REACTIONS else {}
    return {
        "source": source,
        "source_key": source_key,
        "page_key": key,
        "page_path": page_path(key),
        "target": target,
        "host": host_name(urlsplit(source_key)),
        "source_site": source_site(source_key, shared_by_path),
        "size": disk_size(source, target, source_key, content),
        **reaction,
    }


def _content(thought: ImportedThought) -> Content:
    is_comment = thought.kind == "comment"
    name = strangers_line(thought.author_name, MAX_LENGTH["name"] if is_comment else MAX_NAME)
    url = thought.author_url.strip()
    words = strangers_text(thought.text, MAX_LENGTH["comment"]).strip()
    return Content(
        author_name=name,
        author_url=url if split_http(url) else "",
        title=strangers_line(thought.title, MAX_NAME),
        excerpt=words if is_comment else shorten(words, MAX_EXCERPT),
        response=None if is_comment else thought.response,
    )


def timeline_of(thought: ImportedThought, values: dict[str, Any], origin: str, now: datetime) -> list[dict[str, Any]]:
    """The lines of a ping's timeline; comments have none."""
    if thought.kind == "comment":
        return []
    return [
        {"at": thought.at, "event": "received", "detail": f"{thought.kind}, at {strangers_line(origin, 200)}"},
        {"at": now, "event": "decided", "detail": decision_line(values["state"], REASON)},
    ]
