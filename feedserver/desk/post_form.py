"""The fields of the editor: the texts that stand in them, and what a form that was sent changes. Pure.

Fields are called as in front matter (docs/interface.md, “The author's desk”). One that was not sent, or whose text is
the one that was shown, changes nothing: so what the editor cannot show stays as it is written. `alt`, which stands
beside them, is no field of a document: the words for a file that is to be chosen.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from io import StringIO
from typing import Final

from feedserver.errors import InvalidDocument
from feedserver.posts import field_values
from feedserver.posts.amending import Value
from feedserver.posts.document import cleaned
from feedserver.posts.model import DraftText
from feedserver.text import one_line, shorten

NAMES: Final = ("title", "slug", "date", "tags", "authors", "summary", "lang", "pings", "comments", "tell", "menu")
EMPTY: Final[Mapping[str, str]] = {
    **dict.fromkeys((*NAMES, "body", "alt"), ""),
    "pings": "open",
    "comments": "open",
    "tell": "true",
}
_PLAIN_BLANKS: Final = " \t\n"

Texts = Mapping[str, str]  # of fields, by their names


@dataclass(frozen=True, slots=True)
class Changes:
    """What a form changes in a document: fields, and the text unless it is None. `slug` is another one than before."""

    fields: Mapping[str, Value | None]
    body: str | None
    slug: str | None

    @property
    def are_none(self) -> bool:
        return not self.fields and self.body is None and self.slug is None


def shown(document: DraftText, slug: str, zone: tzinfo) -> dict[str, str]:
    """The texts of a document's fields, as the editor shows them; `slug` is the post's."""
    return {
        "title": document.title,
        "slug": slug,
        "date": "" if document.date is None else local(document.date, zone),
        "tags": _joined(document.tags),
        "authors": _joined(document.authors),
        "summary": document.summary or "",
        "lang": document.lang or "",
        "pings": "open" if document.pings_open else "closed",
        "comments": "open" if document.comments_open else "closed",
        "tell": "true" if document.tells else "false",
        "menu": document.menu or "",
        "body": document.body,
        "alt": "",
    }


def local(moment: datetime, zone: tzinfo) -> str:
    """A moment in `zone`, as browsers' fields for dates take it."""
    text = moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")
    return text.removesuffix(":00")


def typed(sent: Mapping[str, str]) -> dict[str, str]:
    """The texts of the fields that were sent: line ends LF, blanks of the text as they are."""
    # Plain blanks alone: a title may begin or end with a no-break space, and comes back as it was shown.
    fields = {name: cleaned(sent[name]).strip(_PLAIN_BLANKS) for name in NAMES if name in sent}
    return fields | {name: cleaned(sent[name]) for name in ("body", "alt") if name in sent}


def changes(sent: Texts, before: Texts, zone: tzinfo) -> Changes:
    """What the texts that were sent change where `before` was shown. Raises InvalidDocument."""
    differing = {name: text for name, text in sent.items() if text != before[name] and name != "alt"}
    body, slug = differing.pop("body", None), differing.pop("slug", None)
    return Changes({name: _value(name, text, zone) for name, text in differing.items()}, body, slug or None)


def _value(name: str, text: str, zone: tzinfo) -> Value | None:
    if not text:
        return None
    if name == "date":
        return field_values.moment({name: text}, name, zone)
    if name in ("tags", "authors"):
        return _split(name, text)
    if name in ("pings", "comments"):
        return field_values.flag({name: text}, name, field_values.OPEN, default=True)
    if name == "tell":
        return field_values.flag({name: text}, name, field_values.FLAG, default=True)
    return text


def _joined(names: Sequence[str]) -> str:
    """Names with commas between them; one that has a comma itself stands in quotes."""
    line = StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue().replace(",", ", ") if not any("," in name for name in names) else line.getvalue()


def _split(name: str, text: str) -> list[str]:
    """The names between the commas. Breaks of lines are blanks, as in front matter."""
    line = one_line(text)
    try:
        return [part.strip() for parts in csv.reader([line], skipinitialspace=True) for part in parts if part.strip()]
    except csv.Error:  # of one with over 131,072 characters
        raise InvalidDocument(name, f"“{shorten(line, 40)}” is over {field_values.MAX_NAME} characters") from None
