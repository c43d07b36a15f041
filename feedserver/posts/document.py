"""Reads and checks a Markdown document with front matter (docs/interface.md, “Posts”). Pure."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, tzinfo
from difflib import get_close_matches
from typing import Any, Final

from feedserver.errors import InvalidDocument
from feedserver.posts import dates, front_matter, withholding
from feedserver.posts.model import DraftText, Enclosure
from feedserver.text import (
    caseless,
    clean,
    cluster_start,
    is_blank,
    is_language_tag,
    one_line,
    shorten,
    without_open_bidi,
)
from feedserver.urls import ANY_POST, MAX_URL, absolute_url, ascii_url, scheme, segment, split_http

MAX_BYTES = 1_048_576
MAX_SLUG = 200  # characters
_MAX_SEGMENT = 1000  # characters of a percent-encoded slug, so that its URL stays below urls.MAX_URL
MAX_NAME = 200  # characters of a tag or an author
_MAX_LIST = 100  # tags, authors or enclosures of one post
_SLUG_FROM_TITLE = 80  # characters
_MAX_TITLE = 10_000  # characters

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:;.*)?", re.ASCII)
_FLAG: Final = (
    {"true": True, "false": False} | dict.fromkeys(withholding.TRUE, True) | dict.fromkeys(withholding.FALSE, False)
)
_OPEN: Final = {"open": True, "closed": False} | _FLAG
FIELDS: Final = (
    *("title", "slug", "date", "updated", "tags", "authors", "summary", "lang", "draft", "pings", "comments"),
    *("enclosures", "reply_to", "like_of", "repost_of", "bookmark_of", "tell"),
)
_TEXTS: Final = frozenset(("title", "slug", "tags", "authors", "summary"))  # in which “#” may be meant as text
# What other systems call them.
_ALIASES: Final = {
    alias: field
    for field, aliases in {
        "title": "headline name subject heading",
        "slug": "permalink url link path basename",
        "date": "created createdat creationdate time datetime day",
        "updated": "lastmod modified lastmodified lastmodifiedat lastupdated updatedat moddate edited revised",
        "tags": "tag categories category keywords keyword topics topic labels label section taxonomies",
        "authors": "author byline creator writer by",
        "summary": "description excerpt subtitle abstract intro teaser lead snippet deck",
        "lang": "language locale",
        "pings": "ping pingbacks pingback trackbacks webmentions",
        "comments": "comment commentstatus discussion disqus",
        "enclosures": "enclosure attachments attachment audio video podcast media files file",
        "reply_to": "inreplyto replyto replytourl reply",
        "like_of": "likeof like likes favorite favoriteof favourite",
        "repost_of": "repostof repost reposts reblog boost",
        "bookmark_of": "bookmarkof bookmark bookmarks",
        "tell": "tells telling notify sendwebmentions sendpings sendpingbacks",
    }.items()
    for alias in aliases.split()
}


def read(content: bytes, zone: tzinfo) -> DraftText:
    """The document in `content` (UTF-8, at most 1 MiB). Dates without a zone are in `zone`.

    Raises InvalidDocument, which names the field, for a document that cannot be published.
    """
    source = _decoded(content)
    front, body = front_matter.split(source)
    fields = front.fields
    title = _title(fields)
    others = {name: value for name, value in fields.items() if name not in FIELDS}
    withheld = withholding.read(others, zone, is_dated=fields.get("date") is not None)
    return DraftText(
        source=source,
        body=body,
        title=title,
        slug=_slug(fields, title),
        date=_latest(_moment(fields, "date", zone), withheld.since),
        updated=_moment(fields, "updated", zone),
        tags=_names(fields, "tags"),
        authors=_names(fields, "authors"),
        summary=_summary(fields),
        lang=_language(fields),
        draft=_flag(fields, "draft", _FLAG, default=False) or bool(withheld.drafts),
        pings_open=_flag(fields, "pings", _OPEN, default=True),
        comments_open=_flag(fields, "comments", _OPEN, default=True),
        enclosures=_enclosures(fields),
        until=withheld.until,
        withheld_by=tuple(front.written[name] for name in withheld.drafts),
        unknown_fields=tuple(sorted(front.written[name] for name in withheld.others)),
        commented=tuple(name for name in front.commented if name in _TEXTS),
        slug_is_given=fields.get("slug") is not None,
        reply_to=_addresses(fields, "reply_to"),
        like_of=_addresses(fields, "like_of"),
        repost_of=_addresses(fields, "repost_of"),
        bookmark_of=_addresses(fields, "bookmark_of"),
        tells=_flag(fields, "tell", _FLAG, default=True),
    )


def body_of(source: str) -> str:
    """The Markdown of a document that `read` has accepted."""
    return front_matter.body_of(source)


def nearest_field(name: str) -> str | None:
    """The field that the author of an unknown one most likely means; None if none is near."""
    near = get_close_matches(
        withholding.squeezed(name), [*FIELDS, *_ALIASES, *sorted(withholding.NAMES)], n=1, cutoff=0.7
    )
    return _ALIASES.get(near[0], near[0]) if near else None


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def slug_from(title: str) -> str:
    """A slug made from a title: lower case, Latin letters without accents, words joined by hyphens; may be empty."""
    slug = ""
    for word in _words(title):
        if slug and len(slug) + len(word) >= _SLUG_FROM_TITLE:
            break
        slug = f"{slug}-{word}" if slug else word[: cluster_start(word, _SLUG_FROM_TITLE)]
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
    return clean(text.replace("\x85", "\u2028"))  # a line break that `clean` would drop with the other controls


def _title(front: Mapping[str, Any]) -> str:
    title = _line(_scalar(front, "title"))
    if len(title) > _MAX_TITLE:
        raise InvalidDocument("title", f"is over {_MAX_TITLE} characters")
    return title


def _slug(front: Mapping[str, Any], title: str) -> str:
    given = _scalar(front, "slug")
    if given is not None:
        return check_slug(given)
    if not title:
        raise InvalidDocument("title", "is missing; give a title, or a slug for a post without one")
    if not (slug := slug_from(title)):
        raise InvalidDocument("slug", "cannot be made from this title; give one")
    return slug


def _summary(front: Mapping[str, Any]) -> str | None:
    return _line(_scalar(front, "summary")) or None


def _language(front: Mapping[str, Any]) -> str | None:
    lang = one_line(_scalar(front, "lang") or "")
    if lang in withholding.UNSAID:
        return None
    if not is_language_tag(lang):
        raise InvalidDocument("lang", "must be a language tag such as en or pt-BR")
    return lang


def _line(text: str | None) -> str:
    """The author's text on one line, which turns no text that follows it; "" if nobody sees anything of it."""
    line = one_line(without_open_bidi((text or "").replace("\x85", " ")))  # which YAML writes \N
    return "" if is_blank(line) else line


def _scalar(front: Mapping[str, Any], name: str) -> str | None:
    value = front.get(name)
    if value is None:
        return None
    if isinstance(value, dict | list):
        raise InvalidDocument(name, "must be one line of text")
    return str(value)


def _moment(front: Mapping[str, Any], name: str, zone: tzinfo) -> datetime | None:
    value = _scalar(front, name)
    if value is None or value.strip().casefold() in withholding.UNSAID:
        return None
    try:
        return dates.read(value, zone)
    except dates.UnreadableDate as error:
        raise InvalidDocument(name, str(error)) from None


def _flag(front: Mapping[str, Any], name: str, words: Mapping[str, bool], *, default: bool) -> bool:
    value = front.get(name)
    if value is None:
        return default
    said = value.strip().casefold() if isinstance(value, str) else "a list"
    if said in withholding.UNSAID:
        return default
    if said in words:
        return words[said]
    raise InvalidDocument(name, f"must be {' or '.join(list(words)[:2])}")


def _items(front: Mapping[str, Any], name: str) -> list[Any]:
    value = front.get(name)
    items = [] if value is None else value if isinstance(value, list) else [value]
    if len(items) > _MAX_LIST:
        raise InvalidDocument(name, f"are over {_MAX_LIST}")
    return items


def _names(front: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Names without repetition, in order; no blank ones. Text instead of a list is one author, or tags with commas."""
    items = _items(front, field)
    if field == "tags" and isinstance(front.get(field), str):
        items = items[0].split(",")
    names: dict[str, str] = {}
    for item in items:
        if not isinstance(item, str | None):
            raise InvalidDocument(field, "must be a list of names")
        name = _line(item)
        if len(name) > MAX_NAME:
            raise InvalidDocument(field, f"“{shorten(name, 40)}” is over {MAX_NAME} characters")
        if name in (".", ".."):
            raise InvalidDocument(field, f"“{name}” cannot be part of an address")
        if name:
            names.setdefault(caseless(name), name)
    if len(names) > _MAX_LIST:
        raise InvalidDocument(field, f"are over {_MAX_LIST}")
    return tuple(names.values())


def _enclosures(front: Mapping[str, Any]) -> tuple[Enclosure, ...]:
    return tuple(_enclosure(item) for item in _items(front, "enclosures") if not _is_unsaid(item))


def _addresses(front: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """The URLs of pages elsewhere, in ASCII, without repetition, in order: one, or a list."""
    written = [item for item in _items(front, field) if not _is_unsaid(item)]
    return tuple(dict.fromkeys(_address(item, field) for item in written))


def _address(item: object, field: str) -> str:
    if not isinstance(item, str):
        raise InvalidDocument(field, "must be an address such as https://example.org/page, or a list of addresses")
    address = item.strip()
    if max(len(address.encode()), len(url := ascii_url(address))) > MAX_URL:
        raise InvalidDocument(field, f"“{shorten(address, 40)}” is over {MAX_URL:,} bytes")
    if split_http(address) is None or split_http(url) is None:
        shown = shorten(without_open_bidi(one_line(address)), 80)
        raise InvalidDocument(field, f"“{shown}” is no absolute http or https address; several stand in a list [A, B]")
    return url


def _is_unsaid(item: object) -> bool:
    if isinstance(item, dict):
        return all(map(_is_unsaid, item.values()))
    return item is None or (isinstance(item, str) and item.strip().casefold() in withholding.UNSAID)


def _enclosure(item: object) -> Enclosure:
    named = {str(name).casefold(): part for name, part in item.items()} if isinstance(item, dict) else {}
    parts = [named.get(name) or "" for name in ("url", "type", "length")]
    if not named or any(isinstance(part, dict | list) for part in parts):
        raise InvalidDocument("enclosures", "must be a list of {url, type, length}")
    url, kind, length = (one_line(str(part)) for part in parts)
    url = ascii_url(url)
    if not url or absolute_url(url, ANY_POST) is None or (scheme(url) and split_http(url) is None):
        raise InvalidDocument("enclosures", "url must be an http or https URL, or relative to the post's address")
    if not _MEDIA_TYPE.fullmatch(kind):
        raise InvalidDocument("enclosures", "type must be a media type such as audio/mpeg")
    if not (length.isascii() and length.isdecimal() and int(length) < 2**53):
        raise InvalidDocument("enclosures", "length must be the size in bytes")
    return Enclosure(url, kind, int(length))
