"""Reads and checks a Markdown document with front matter (docs/interface.md, “Posts”). Pure."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import yaml
from dateutil import parser as dates

from feedserver.errors import InvalidDocument
from feedserver.posts.model import DraftText, Enclosure
from feedserver.text import clean, is_language_tag, one_line, shorten, without_open_bidi
from feedserver.urls import segment, split_http

MAX_BYTES = 1_048_576
MAX_SLUG = 200  # characters
_MAX_SEGMENT = 1000  # characters of a percent-encoded slug, so that its URL stays below urls.MAX_URL
MAX_NAME = 200  # characters of a tag or an author
_MAX_LIST = 100  # tags, authors or enclosures of one post
_SLUG_FROM_TITLE = 80  # characters
_MAX_TITLE = 10_000  # characters
_MAX_DATE = 100  # characters

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:;.*)?", re.ASCII)
# The zones of RFC 5322 section 4.3; other names are ambiguous.
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_NO_YEAR = datetime(1, 1, 1)  # noqa: DTZ001 - a default: midnight, and a year that is refused
_EARLIEST = datetime(2, 1, 2, tzinfo=UTC)  # a day within what datetime holds, for zones
_LATEST = datetime(9999, 12, 30, tzinfo=UTC)


def read(content: bytes, zone: tzinfo) -> DraftText:
    """The document in `content` (UTF-8, at most 1 MiB). Dates without a zone are in `zone`.

    Raises InvalidDocument, which names the field, for a document that cannot be published.
    """
    source = _decoded(content)
    front, body = _split(source)
    title = _title(front)
    return DraftText(
        source=source,
        body=body,
        title=title,
        slug=_slug(front, title),
        date=_moment(front, "date", zone),
        updated=_moment(front, "updated", zone),
        tags=_names(front, "tags"),
        authors=_names(front, "authors"),
        summary=_summary(front),
        lang=_language(front),
        draft=_flag(front, "draft", {"true": True, "false": False, "yes": True, "no": False}, default=False),
        pings_open=_flag(front, "pings", _OPEN, default=True),
        comments_open=_flag(front, "comments", _OPEN, default=True),
        enclosures=_enclosures(front),
        unknown_fields=tuple(sorted(one_line(str(name)) for name in front if name not in _FIELDS)),
    )


_OPEN = {"open": True, "closed": False, "true": True, "false": False, "yes": True, "no": False}
_FIELDS = frozenset(
    "title slug date updated tags authors summary lang draft pings comments enclosures".split(),
)


class _Loader(yaml.SafeLoader):
    """YAML with text, lists and mappings only: `12:30` does not become 750, `2026-02-30` is no error."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuses repeated fields. Does not merge mappings as PyYAML does: a few lines could become millions."""
        seen: set[str] = set()
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"“{name.value}” is repeated", name.start_mark)
            seen.add(str(name.value))


_KINDS = ("null", "str", "seq", "map")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith(":null")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_constructors = {
    tag: make for tag, make in yaml.SafeLoader.yaml_constructors.items() if tag is None or tag.endswith(_KINDS)
}


def body_of(source: str) -> str:
    """The Markdown of a document that `read` has accepted."""
    match = _FRONT_MATTER.match(source)
    return source[match.end() :] if match else source


def slug_from(title: str) -> str:
    """A slug made from a title: lower case, Latin letters without accents, words joined by hyphens; may be empty."""
    slug = ""
    for word in _words(title):
        if slug and len(slug) + len(word) >= _SLUG_FROM_TITLE:
            break
        slug = f"{slug}-{word}" if slug else word[:_SLUG_FROM_TITLE]
    return slug


def _words(title: str) -> list[str]:
    letters = ""
    for c in unicodedata.normalize("NFKD", title.casefold()).casefold():
        accent = unicodedata.combining(c) and letters[-1:].isascii()  # in other scripts marks belong to their letters
        if not accent and c not in "'’":
            letters += c if _in_word(c) else " "
    return unicodedata.normalize("NFC", letters).split()


def _in_word(c: str) -> bool:
    return unicodedata.category(c)[0] in "LMN"


def check_slug(slug: str) -> str:
    """`slug` as stored. Raises InvalidDocument if it cannot be one plain path segment of a URL."""
    slug = one_line(slug)
    fits = slug and _in_word(slug[0]) and all(_in_word(c) or c in "-._~" for c in slug)
    if not fits or len(slug) > MAX_SLUG or len(segment(slug)) > _MAX_SEGMENT:
        suggestion = slug_from(slug)
        hint = f", such as “{suggestion}”" if suggestion else ""
        raise InvalidDocument(
            "slug",
            f"must be letters, digits, hyphens and dots, at most {MAX_SLUG}, and begin with a letter or digit{hint}",
        )
    return slug


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise InvalidDocument("document", "is over 1 MiB; shorten it or move parts to enclosures")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidDocument("document", f"is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    return clean(text)


def _split(source: str) -> tuple[dict[Any, Any], str]:
    match = _FRONT_MATTER.match(source)
    if not match:
        if source.startswith("---"):
            raise InvalidDocument("front matter", "has no closing line of three hyphens")
        return {}, source
    try:
        front = yaml.load(match["yaml"], _Loader)  # noqa: S506 - a restricted SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 2}: " if error.problem_mark else ""
        raise InvalidDocument("front matter", f"is not YAML: {line}{one_line(str(error.problem))}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidDocument("front matter", f"is not YAML: {shorten(one_line(str(error)), 200)}") from None
    if front is not None and not isinstance(front, dict):
        raise InvalidDocument("front matter", "must be lines of “field: value”")
    return front or {}, source[match.end() :]


def _title(front: Mapping[Any, Any]) -> str:
    title = without_open_bidi(one_line(_scalar(front, "title") or ""))
    if len(title) > _MAX_TITLE:
        raise InvalidDocument("title", f"is over {_MAX_TITLE} characters")
    return title


def _slug(front: Mapping[Any, Any], title: str) -> str:
    given = _scalar(front, "slug")
    if given is not None:
        return check_slug(given)
    if not title:
        raise InvalidDocument("title", "is missing; give a title, or a slug for a post without one")
    if not (slug := slug_from(title)):
        raise InvalidDocument("slug", "cannot be made from this title; give one")
    return slug


def _summary(front: Mapping[Any, Any]) -> str | None:
    return without_open_bidi(one_line(_scalar(front, "summary") or "")) or None


def _language(front: Mapping[Any, Any]) -> str | None:
    lang = one_line(_scalar(front, "lang") or "")
    if lang and not is_language_tag(lang):
        raise InvalidDocument("lang", "must be a language tag such as en or pt-BR")
    return lang or None


def _scalar(front: Mapping[Any, Any], name: str) -> str | None:
    value = front.get(name)
    if value is None:
        return None
    if isinstance(value, dict | list):
        raise InvalidDocument(name, "must be one line of text")
    return str(value)


def _moment(front: Mapping[Any, Any], name: str, zone: tzinfo) -> datetime | None:
    value = front.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _MAX_DATE:
        raise InvalidDocument(name, "must be a date such as 2026-01-31 18:00")
    try:
        # A fixed default: missing parts do not come from today's date.
        moment = dates.parse(value, default=_NO_YEAR, tzinfos=_zone)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        if not _EARLIEST <= aware <= _LATEST:
            raise ValueError
        return aware.astimezone(UTC).replace(microsecond=0)
    except KeyError:
        raise InvalidDocument(name, f"names an unknown zone: {_shown(value)}; write it as +01:00") from None
    except (ValueError, OverflowError, TypeError):
        raise InvalidDocument(name, f"is not a date with a year: {_shown(value)}") from None


def _zone(name: str | None, offset: int | None) -> tzinfo | None:
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    return timezone(timedelta(hours=_ZONES[name])) if name else None


def _shown(value: str) -> str:
    return f"“{shorten(one_line(value), 60)}”"


def _flag(front: Mapping[Any, Any], name: str, words: Mapping[str, bool], *, default: bool) -> bool:
    value = front.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise InvalidDocument(name, f"must be {' or '.join(list(words)[:2])}")


def _items(front: Mapping[Any, Any], name: str) -> list[Any]:
    value = front.get(name)
    items = [] if value is None else value if isinstance(value, list) else [value]
    if len(items) > _MAX_LIST:
        raise InvalidDocument(name, f"are over {_MAX_LIST}")
    return items


def _names(front: Mapping[Any, Any], field: str) -> tuple[str, ...]:
    """Names without repetition, in order. A string holds names separated by commas."""
    items = _items(front, field)
    if len(items) == 1 and isinstance(items[0], str) and not isinstance(front.get(field), list):
        items = items[0].split(",")
    names: dict[str, None] = {}
    for item in items:
        if not isinstance(item, str):
            raise InvalidDocument(field, "must be a list of names")
        name = without_open_bidi(one_line(item))
        if len(name) > MAX_NAME:
            raise InvalidDocument(field, f"“{shorten(name, 40)}” is over {MAX_NAME} characters")
        if name in (".", ".."):
            raise InvalidDocument(field, f"“{name}” cannot be part of an address")
        if name:
            names[name] = None
    return tuple(names)


def _enclosures(front: Mapping[Any, Any]) -> tuple[Enclosure, ...]:
    return tuple(_enclosure(item) for item in _items(front, "enclosures"))


def _enclosure(item: object) -> Enclosure:
    parts = [item.get(name) or "" for name in ("url", "type", "length")] if isinstance(item, dict) else [item]
    if len(parts) != 3 or any(isinstance(part, dict | list) for part in parts):
        raise InvalidDocument("enclosures", "must be a list of {url, type, length}")
    url, kind, length = (one_line(str(part)) for part in parts)
    if split_http(url) is None:
        raise InvalidDocument("enclosures", "url must be an absolute http or https URL")
    if not _MEDIA_TYPE.fullmatch(kind):
        raise InvalidDocument("enclosures", "type must be a media type such as audio/mpeg")
    if not (length.isascii() and length.isdecimal() and int(length) < 2**53):
        raise InvalidDocument("enclosures", "length must be the size in bytes")
    return Enclosure(url, kind, int(length))
