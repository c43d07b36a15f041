"""What the fields of a document's front matter say of a post, whatever system they were written for. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from itertools import product
from typing import Any, Final
from zoneinfo import ZoneInfo

from feedserver.errors import InvalidDocument
from feedserver.posts import dates, field_values, withholding
from feedserver.posts.document import check_slug, slug_from
from feedserver.posts.model import Enclosure, Format, PostState
from feedserver.text import caseless, is_language_tag
from feedserver.transfer.formats.folder import Document
from feedserver.transfer.formats.front_matters import as_text
from feedserver.transfer.items import ImportedPost, Remark

DATED: Final = re.compile(r"(?P<year>\d{4}|\d\d)-(?P<month>\d{1,2})-(?P<day>\d{1,2})-(?P<name>.+)", re.ASCII)

_DATES: Final = ("date", "published_at", "pubdate", "created", "created_at", "date created", "created-at")
_PUBLISHED: Final = ("publishdate", "published", "publish")  # may hold a date or a word
_UPDATED: Final = (
    *("updated", "lastmod", "modified", "last_modified_at", "last_modified", "updated_at", "date updated"),
    *("date modified", "last_updated", "updated-at"),
)
_SUMMARIES: Final = ("summary", "description", "excerpt")
_LANGUAGES: Final = ("lang", "language", "locale")
_MOST_ITEMS: Final = 1000  # of a list that are looked at
_MOST_FIELDS: Final = 100  # that are kept as text
_LINES: Final = re.compile(r"\s*\n\s*")


class Fields:
    """The fields of a document. Who reads one takes it away; what is left at the end is kept as text.

    `defaults` is what the site's settings say of the document, where it says nothing itself. It counts for who may read
    the post, and for nothing else.
    """

    def __init__(self, document: Document, zone: tzinfo, defaults: Mapping[str, Any] | None = None) -> None:
        self.remarks: list[Remark] = []
        self._document = document
        self._zone = zone
        self._left = dict(document.front.fields)
        said = {withholding.squeezed(name) for name in self._left if self.get(name) is not None}
        self._defaults = {
            name: value for name, value in (defaults or {}).items() if withholding.squeezed(name) not in said
        }

    def get(self, name: str) -> Any:
        """The value of a field, which stays; None for one that says nothing."""
        value = self._left.get(name)
        unsaid = isinstance(value, str) and value.strip().casefold() in withholding.UNSAID
        return None if unsaid else value

    def text(self, *names: str) -> str | None:
        """The first of these fields that is a text, on one line."""
        for name in names:
            if isinstance(value := self.get(name), str) and (line := field_values.line(_LINES.sub(" ", value))):
                del self._left[name]
                return line
        return None

    def texts(self, name: str, separators: str = "") -> tuple[str, ...]:
        """The texts of a field: one or a list. A text is cut at `separators`, a regular expression."""
        value = self.get(name)
        found = flat(value)
        if isinstance(value, str) and separators:
            found = re.split(separators, value)
        if found:
            self._left.pop(name)
        return names(found)

    def drop(self, *names: str) -> None:
        """Takes fields away whose values have been read elsewhere."""
        for name in names:
            self._left.pop(name, None)

    def moment(self, *names: str) -> datetime | None:
        """The first of these fields that is a date, in UTC; one that cannot be read is told, and kept as text."""
        for name in names:
            if not isinstance(value := self.get(name), str):
                continue
            try:
                found = dates.read(value, self._zone)
            except dates.UnreadableDate as error:
                if name not in _PUBLISHED:
                    self.tell(f"{name} {error}", "a date that cannot be read is kept as text")
                continue
            del self._left[name]
            return found
        return None

    def closed(self, name: str) -> bool:
        """Whether a field says that something is closed."""
        value = self.get(name)
        said = value.strip().casefold() if isinstance(value, str) else ""
        if said not in field_values.OPEN:
            return False
        del self._left[name]
        return not field_values.OPEN[said]

    def language(self) -> str | None:
        """The first field that is a language tag; programs write `pt_BR` too."""
        for name in _LANGUAGES:
            value = self.get(name)
            if isinstance(value, str) and is_language_tag(tag := value.strip().replace("_", "-")):
                del self._left[name]
                return tag
        return None

    def people(self) -> tuple[str, ...]:
        """The names of the authors."""
        return names([*self.texts("authors"), *self.texts("author")])

    def enclosures(self) -> tuple[Enclosure, ...]:
        """The files of the field `enclosures`; none where it cannot be read."""
        try:
            found = field_values.enclosures({"enclosures": self._bounded("enclosures")})
        except InvalidDocument:
            return ()
        if found:
            del self._left["enclosures"]
        return found

    def addresses(self, name: str) -> tuple[str, ...]:
        """The addresses of pages elsewhere in a field."""
        try:
            found = field_values.addresses({name: self._bounded(name)}, name)
        except InvalidDocument as error:
            self.tell(str(error), "an address that cannot be read is kept as text")
            return ()
        if found:
            del self._left[name]
        return found

    def _bounded(self, name: str) -> Any:
        """The value of a field, unless it is long: its lists may hold each other a million times."""
        value = self.get(name)
        return None if as_text(value) is None else value

    def drop_draft(self) -> None:
        """Takes `draft` away where it is a plain word, of which the state says as much."""
        if isinstance(value := self.get("draft"), str) and value.strip().casefold() in field_values.FLAG:
            del self._left["draft"]

    def withheld(self, *, is_dated: bool) -> withholding.Withholding:
        """What the fields that are left, and the defaults, say of who may read the post."""
        return withholding.read({**self._left, **self._defaults}, self._zone, is_dated=is_dated)

    def rest(self) -> Mapping[str, str]:
        """The fields that nobody has read, by their names as written, as text."""
        kept: dict[str, str] = {}
        for name, value in self._left.items():
            if (text := as_text(value)) is None:
                if value is not None:
                    self.tell(name, "a field that is too long, or nested too deep, is not kept")
            elif len(kept) < _MOST_FIELDS:
                kept[self._document.front.written.get(name, name)] = text
        return kept

    def tell(self, what: str, why: str) -> None:
        self.remarks.append(Remark(treatment="changed", where=self._document.name, what=what, why=why))


def post(
    fields: Fields,
    document: Document,
    now: datetime,
    *,
    text: str,
    title: str,
    url: str | None,
    published_at: datetime | None,
    addresses: tuple[str, ...] = (),
    slug: str | None = None,
    tags: tuple[str, ...] = (),
    authors: tuple[str, ...] = (),
    is_draft: bool = False,
    guid: str | None = None,
    lang: str | None = None,
    page: bool = False,
    menu: str | None = None,
    format: Format | None = None,  # noqa: A002 - the field of a post
) -> ImportedPost:
    """The post of a document, with what the fields say that mean the same for every system.

    `published_at` is its date where no field names one. `tags` and `authors` come before those of the fields.
    `text` has been made ready already.
    """
    date = fields.moment(*_DATES) or fields.moment(*_PUBLISHED) or published_at
    updated = fields.moment(*_UPDATED)
    withheld = fields.withheld(is_dated=date is not None)
    fields.drop_draft()
    is_ahead = withheld.since is not None and withheld.since > now
    is_over = withheld.until is not None and withheld.until <= now
    # First as it is now; a day that has come was ahead once.
    (state, date), *earlier = dict.fromkeys(
        _seen(withheld, date, is_draft=is_draft or bool(withheld.drafts), is_ahead=ahead, is_over=over)
        for ahead, over in product((is_ahead, True), (is_over, False))
    )
    if withheld.until is not None and not is_over:
        fields.tell("its date of expiry", "a post does not expire here by itself")
    return ImportedPost(
        key=document.name,
        where=document.name,
        title=title,
        text=text,
        format=format or document.format,
        state=state,
        url=url,
        addresses=addresses,
        guid=guid,
        slug=slug,
        published_at=date,
        updated_at=updated,
        tags=names([*tags, *fields.texts("tags", ",")]),
        authors=names([*authors, *fields.people()]),
        summary=fields.text(*_SUMMARIES),
        lang=fields.language() or lang,
        pings_open=not fields.closed("pings"),
        comments_open=not fields.closed("comments"),
        enclosures=fields.enclosures(),
        page=page,
        menu=menu if page else None,
        reply_to=fields.addresses("reply_to"),
        like_of=fields.addresses("like_of"),
        repost_of=fields.addresses("repost_of"),
        bookmark_of=fields.addresses("bookmark_of"),
        fields=fields.rest(),
        earlier=tuple(earlier),
    )


def _seen(
    withheld: withholding.Withholding, date: datetime | None, *, is_draft: bool, is_ahead: bool, is_over: bool
) -> tuple[PostState, datetime | None]:
    """State and date of a post whose day of publication is ahead, or whose day of expiry has come."""
    waits = withheld.since is not None and (is_ahead or date is None)
    return "draft" if is_draft or is_over else "published", withheld.since if waits else date


def names(found: Iterable[str]) -> tuple[str, ...]:
    """Names of tags or people, without repetition; without those that are too long, and those after the hundredth."""
    unique: dict[str, str] = {}
    for item in found:
        name = field_values.line(item)
        if name and len(name) <= field_values.MAX_NAME and name not in (".", ".."):
            unique.setdefault(caseless(name), name)
    return tuple(unique.values())[: field_values.MAX_LIST]


def flat(value: Any) -> list[str]:
    """The texts of a text or a list; of a mapping in it the one that is its name."""
    items = value if isinstance(value, list) else [value]
    named = (item.get("name") if isinstance(item, dict) else item for item in items[:_MOST_ITEMS])
    return [item for item in named if isinstance(item, str)]


def dated(stem: str, zone: tzinfo) -> tuple[datetime | None, str]:
    """The date (UTC) that a file's name begins with, such as `2021-9-1-larks`, and the rest of the name."""
    if not (found := DATED.fullmatch(stem)):
        return None, stem
    year, month, day = (int(found[part]) for part in ("year", "month", "day"))
    try:
        return datetime(year + 2000 * (year < 100), month, day, tzinfo=zone).astimezone(UTC), found["name"]
    except (ValueError, OverflowError):
        return None, stem


def titled(stem: str) -> str:
    """A title made of the name of a file."""
    words = " ".join(re.split(r"[-_\s]+", stem)).strip()
    return words[:1].upper() + words[1:]


def slug_of(name: str) -> str | None:
    """The slug nearest to a name at the origin; None if there is none."""
    try:
        return check_slug(name)
    except InvalidDocument:
        return slug_from(name) or None


def mapping(value: Any) -> Mapping[str, Any]:
    """A value of a site's settings that is to be a mapping with names; an empty one where it is none."""
    return {name: part for name, part in value.items() if isinstance(name, str)} if isinstance(value, dict) else {}


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The mappings in a value of a site's settings, which is one or a list of them."""
    return [mapping(one) for one in (value if isinstance(value, list) else [value])[:_MOST_ITEMS]]


def zone_named(name: str, default: tzinfo) -> tzinfo:
    """The zone of a name in a site's settings; `default` where there is none."""
    try:
        return ZoneInfo(name) if name else default
    except (OSError, ValueError, KeyError):  # no zone has this name
        return default
