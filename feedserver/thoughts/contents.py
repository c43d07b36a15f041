"""Contents as JSON. Pure.

Words and names have the keys that every release reads; what came later goes into JSON of its own, in a column beside,
as an older program refuses keys that it does not know.
"""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from feedserver.thoughts.model import Content

_LATER: Final = ("response", "published_at")


def words_of(content: Content) -> dict[str, str | None]:
    """What every release knows of a content."""
    return {name: value for name, value in asdict(content).items() if name not in _LATER}


def entry_of(content: Content | None) -> dict[str, str | None] | None:
    """What came later, as JSON has it; None if there is nothing of it."""
    if content is None or (content.response is None and content.published_at is None):
        return None
    published_at = content.published_at.isoformat() if content.published_at else None
    return {"response": content.response, "published_at": published_at}


def content_of(words: dict[str, Any], entry: dict[str, Any] | None) -> Content:
    """The content that `words_of` and `entry_of` were made of."""
    published_at = entry and entry["published_at"]
    return Content(
        **words,
        response=entry["response"] if entry else None,
        published_at=datetime.fromisoformat(published_at) if published_at else None,
    )


def to_json(values: dict[str, Any] | None) -> str | None:
    """The JSON of a column, null without values."""
    return None if values is None else json.dumps(values, ensure_ascii=False)


def from_json(words: str | None, entry: str | None) -> Content | None:
    """The content in two columns, None if they are null."""
    return content_of(json.loads(words), json.loads(entry) if entry else None) if words else None
