"""Writes documents: front matter and text, of fields that a program knows. `document.read` reads them back. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from feedserver.clock import rfc3339
from feedserver.errors import InvalidDocument
from feedserver.posts import front_matter
from feedserver.posts.document import cleaned
from feedserver.posts.model import Enclosure, Format


def compose(
    text: str,
    *,
    title: str = "",
    slug: str | None = None,
    date: datetime | None = None,
    updated: datetime | None = None,
    tags: Sequence[str] = (),
    authors: Sequence[str] = (),
    summary: str | None = None,
    lang: str | None = None,
    draft: bool = False,
    pings_open: bool = True,
    comments_open: bool = True,
    enclosures: Sequence[Enclosure] = (),
    page: bool = False,
    menu: str | None = None,
    format: Format = "markdown",  # noqa: A002 - the field of a document
    reply_to: Sequence[str] = (),
    like_of: Sequence[str] = (),
    repost_of: Sequence[str] = (),
    bookmark_of: Sequence[str] = (),
    tells: bool = True,
    imported: Mapping[str, str] | None = None,
) -> str:
    """A document that holds these fields, and `text` in its `format`; both may be a stranger's.

    The fields are those of a `DraftText`; moments are aware. What has its default is not written. `imported` are fields
    that another system knows: they are kept as a list of texts, and mean nothing here. What no document can hold,
    such as a tag of a thousand letters, `document.read` refuses.
    """
    fields: dict[str, Any] = {
        "title": title,
        "slug": slug,
        "date": date,
        "updated": updated,
        "tags": list(tags),
        "authors": list(authors),
        "summary": summary,
        "lang": lang,
        "draft": "true" if draft else None,
        "pings": None if pings_open else "closed",
        "comments": None if comments_open else "closed",
        "enclosures": [{"url": file.url, "type": file.type, "length": str(file.length)} for file in enclosures],
        "page": "true" if page else None,
        "menu": menu,
        "format": None if format == "markdown" else format,
        "reply_to": list(reply_to),
        "like_of": list(like_of),
        "repost_of": list(repost_of),
        "bookmark_of": list(bookmark_of),
        "tell": None if tells else "false",
        "imported": [f"{name}: {value}" for name, value in (imported or {}).items()],
    }
    lines = [field_line(name, value) for name, value in fields.items() if value]
    return f"---\n{''.join(lines)}---\n{cleaned(text)}"


def standing_alone(source: str, slug: str, date: datetime | None) -> str:
    """A document that says its slug and date itself: as it is, with those fields of the two that it lacks.

    One whose front matter cannot be added to stays as it is.
    """
    body = front_matter.body_of(source)
    head = source[: len(source) - len(body)]
    try:
        given = front_matter.split(source)[0].fields
        lacking = {"slug": slug, "date": rfc3339(date) if date else None}
        added = {name: value for name, value in lacking.items() if value and given.get(name) is None}
        lines = "".join(f"{name}: {value if name == 'date' else _yaml(value)}\n" for name, value in added.items())
        end = head.rindex("---")
        made = f"{head[:end]}{lines}{head[end:]}{body}"
        return made if front_matter.split(made)[0].fields == {**given, **added} else source
    except (InvalidDocument, ValueError):
        return source


def field_line(name: str, value: Any) -> str:
    """A field as a line of front matter: a text, a moment, a list or a mapping, whose values may be blank (None)."""
    return f"{name if _BARE_NAME.fullmatch(name) else _quoted(name)}: {_yaml(value)}\n"


def _yaml(value: Any) -> str:
    """A value on one line, in YAML's form for JSON; moments and our own words bare, a blank (None) as one.

    A list cannot hold a blank in this form: it is no YAML then.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(name)}: {_yaml(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    return value if value in _BARE or _BARE_MOMENT.fullmatch(value) else _quoted(value)


_BARE: Final = frozenset(("true", "false", "closed", "html"))
_BARE_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_BARE_NAME: Final = re.compile(r"[a-z]\w*", re.ASCII)


def _quoted(text: str) -> str:
    """A text as a JSON string, which YAML reads too."""
    return json.dumps(cleaned(text), ensure_ascii=False)
