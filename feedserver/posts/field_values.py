"""Reads the values of a document's front matter: texts, dates, flags, names, files and addresses. Pure.

Each function takes the fields and the name of one, and raises InvalidDocument, which names it, for what it cannot be.
"""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, Final

from feedserver.errors import InvalidDocument
from feedserver.posts import dates, withholding
from feedserver.posts.model import Enclosure
from feedserver.text import caseless, clean, is_blank, one_line, shorten, without_open_bidi
from feedserver.urls import ANY_POST, MAX_URL, absolute_url, ascii_url, scheme, split_http

MAX_NAME: Final = 200  # characters of a tag or an author
MAX_LIST: Final = 100  # tags, authors, enclosures or addresses of one field
_EXAMPLE: Final = "https://example.org/page"
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:;.*)?", re.ASCII)
FLAG: Final = (
    {"true": True, "false": False} | dict.fromkeys(withholding.TRUE, True) | dict.fromkeys(withholding.FALSE, False)
)
OPEN: Final = {"open": True, "closed": False} | FLAG


def line(text: str | None) -> str:
    """The author's text on one line, which turns no text that follows it; "" if nobody sees anything of it."""
    found = one_line(without_open_bidi((text or "").replace("\x85", " ")))  # which YAML writes \N
    return "" if is_blank(found) else found


def scalar(front: Mapping[str, Any], name: str) -> str | None:
    """The text of a field as written; None without one."""
    value = front.get(name)
    if value is None:
        return None
    if isinstance(value, dict | list):
        raise InvalidDocument(name, "must be one line of text")
    return str(value)


def moment(front: Mapping[str, Any], name: str, zone: tzinfo) -> datetime | None:
    """A date, in UTC; without a zone it is in `zone`. None without one."""
    value = scalar(front, name)
    if value is None or value.strip().casefold() in withholding.UNSAID:
        return None
    try:
        return dates.read(value, zone)
    except dates.UnreadableDate as error:
        raise InvalidDocument(name, str(error)) from None


def flag(front: Mapping[str, Any], name: str, words: Mapping[str, bool], *, default: bool) -> bool:
    """What one of the `words` means; `default` without one."""
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
    if len(items) > MAX_LIST:
        raise InvalidDocument(name, f"are over {MAX_LIST}")
    return items


def names(front: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Names without repetition, in order; no blank ones. Text instead of a list is one author, or tags with commas."""
    items = _items(front, field)
    if field == "tags" and isinstance(front.get(field), str):
        items = items[0].split(",")
    names: dict[str, str] = {}
    for item in items:
        if not isinstance(item, str | None):
            raise InvalidDocument(field, "must be a list of names")
        name = line(item)
        if len(name) > MAX_NAME:
            raise InvalidDocument(field, f"“{shorten(name, 40)}” is over {MAX_NAME} characters")
        if name in (".", ".."):
            raise InvalidDocument(field, f"“{name}” cannot be part of an address")
        if name:
            names.setdefault(caseless(name), name)
    if len(names) > MAX_LIST:
        raise InvalidDocument(field, f"are over {MAX_LIST}")
    return tuple(names.values())


def enclosures(front: Mapping[str, Any]) -> tuple[Enclosure, ...]:
    """The files of the field `enclosures`: one, or a list; blank ones are left out.

    The type of one that may be a file of ours is "" where it or the length is not given: the file tells both.
    """
    return tuple(_enclosure(item) for item in _items(front, "enclosures") if not _is_unsaid(item))


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
    if not (kind and length) and (not scheme(url) or "/media/" in url):
        return Enclosure(url, "", 0)
    if not _MEDIA_TYPE.fullmatch(kind):
        raise InvalidDocument("enclosures", "type must be a media type such as audio/mpeg")
    if not (length.isascii() and length.isdecimal() and int(length) < 2**53):
        raise InvalidDocument("enclosures", "length must be the size in bytes")
    return Enclosure(url, kind, int(length))


def addresses(front: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """The URLs of pages elsewhere, in ASCII, without repetition, in order: one, or a list."""
    written = [item for item in _items(front, field) if not _is_unsaid(item)]
    return tuple(dict.fromkeys(_address(item, field) for item in written))


def _address(item: object, field: str) -> str:
    if not isinstance(item, str):
        raise InvalidDocument(field, f"must be an address such as {_EXAMPLE}, or a list of addresses")
    address = clean(item).strip()
    shown = shorten(without_open_bidi(one_line(address)), 80)
    if max(len(address.encode()), len(url := ascii_url(address))) > MAX_URL:
        raise InvalidDocument(field, f"“{shown}” is over {MAX_URL:,} bytes")
    if split_http(address) is None or split_http(url) is None:
        hint = "; several stand in a list: [A, B]" if " " in shown else f", such as {_EXAMPLE}"
        raise InvalidDocument(field, f"“{shown}” is no absolute http or https address{hint}")
    return url
