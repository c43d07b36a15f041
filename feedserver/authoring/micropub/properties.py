"""Properties of an h-entry as fields of a document, and back (docs/interface.md, “Writing apps”). Pure.

What no field can hold is kept as JSON in the field `micropub`, so that history and exports have it: properties of
other names, and values that are objects where a field holds texts. An object with an address, as a value of `like-of`
and the like, is in both: its address in the field, the whole in that JSON.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from mimetypes import guess_type
from typing import Any, Final

from feedserver.authoring.micropub.addresses import Addresses, address_in
from feedserver.authoring.micropub.requests import InvalidRequest, Properties
from feedserver.clock import rfc3339
from feedserver.posts import dates
from feedserver.posts.amending import Value
from feedserver.posts.document import cleaned
from feedserver.posts.model import DraftText, Enclosure, Photo
from feedserver.urls import ascii_url

# Properties that are the pages elsewhere which a post is about, with the fields that hold their addresses.
_REFERENCES: Final = {
    "in-reply-to": "reply_to",
    "like-of": "like_of",
    "repost-of": "repost_of",
    "bookmark-of": "bookmark_of",
}
_FILES: Final = {"audio": "audio/mpeg", "video": "video/mp4"}  # with the type of one whose name does not tell it
_MAPPED: Final = frozenset(("name", "content", "summary", "published", "category", "photo", *_FILES, *_REFERENCES))
_PLAIN: Final = ("markdown", "text", "value")  # the members of an object that are Markdown or plain text
_SEPARATORS: Final = frozenset("\x85\u2028\u2029")  # which YAML folds, even in quotes


@dataclass(frozen=True, slots=True)
class Content:
    """A text, and fields of its document; None for one that the document does not have."""

    fields: Mapping[str, Value | None]
    body: str


def content_of(
    properties: Properties, zone: tzinfo, addresses: Addresses, present: Sequence[Enclosure] = ()
) -> Content:
    """The fields and the text that these properties are. Dates without a zone are in `zone`.

    `present` are the enclosures that the document has: those that are neither sound nor film stay. Raises
    InvalidRequest, which names the property.
    """
    text, is_html = _text(_only(properties, "content"))
    fields: dict[str, Value | None] = {
        "title": _line(_only(properties, "name"), "name"),
        "date": _moment(_only(properties, "published"), zone),
        "tags": _strings(properties.get("category", ())),
        "summary": _line(_only(properties, "summary"), "summary"),
        "format": "html" if is_html else None,
        "photos": [photo for value in properties.get("photo", ()) if (photo := _photo(value, addresses))] or None,
        "enclosures": list(_enclosures(properties, addresses, present)) or None,
        "micropub": _kept(properties),
    }
    for name, field in _REFERENCES.items():
        fields[field] = [address for value in properties.get(name, ()) if (address := address_in(value))] or None
    return Content(fields, text)


def properties_of(document: DraftText, addresses: Addresses) -> dict[str, list[Any]]:
    """The properties of a document whose addresses these are."""
    kept, shown = _loaded(document.micropub), addresses.shown
    body: Any = {"html": document.body} if document.format == "html" else document.body
    found: dict[str, list[Any]] = {
        "name": [document.title],
        "content": [body] if document.body else [],
        "summary": [document.summary],
        "published": [document.date and rfc3339(document.date)],
        "category": [*document.tags, *_objects(kept, "category")],
        "photo": [*(_described(photo, shown) for photo in document.photos), *_objects(kept, "photo")],
    }
    for kind in _FILES:
        files = [shown[file.url] for file in document.enclosures if _kind(file) == kind]
        found[kind] = [*files, *_objects(kept, kind)]
    for name, field in _REFERENCES.items():
        found[name] = list(_with_objects(getattr(document, field), _objects(kept, name)))
    found |= {name: values for name, values in kept.items() if name not in _MAPPED}
    return {
        name: present for name, values in found.items() if (present := [one for one in values if one not in ("", None)])
    }


def _only(properties: Properties, name: str) -> Any:
    values = properties.get(name, ())
    if len(values) > 1:
        raise InvalidRequest(f"{name} has one value; replace it, or delete it first")
    return next(iter(values), None)


def _text(value: Any) -> tuple[str, bool]:
    """A text, and whether it is HTML."""
    if value is None or isinstance(value, str):
        return value or "", False
    if isinstance(value, dict):
        if isinstance(html := value.get("html"), str):
            return html, True
        for name in _PLAIN:
            if isinstance(plain := value.get(name), str):
                return plain, False
    raise InvalidRequest('content must be a text, {"html": a text} or {"text": a text}')


def _line(value: Any, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise InvalidRequest(f"{name} must be a text")


def _moment(value: Any, zone: tzinfo) -> datetime | None:
    if value is None:
        return None
    try:
        return dates.read(_line(value, "published") or "", zone)
    except dates.UnreadableDate as error:
        raise InvalidRequest(f"published {error}") from None


def _strings(values: Sequence[Any]) -> list[str] | None:
    return [value for value in values if isinstance(value, str)] or None


# --- photos, sound and film ---


def _photo(value: Any, addresses: Addresses) -> Photo | None:
    """A picture; None for an object that is none, and is kept."""
    parts = {"value": value} if isinstance(value, str) else value if isinstance(value, dict) else {}
    if not isinstance(address := parts.get("value"), str):
        return None
    alt = parts.get("alt")
    return Photo(addresses.taken(address, "photo"), alt if isinstance(alt, str) else "")


def _described(photo: Photo, shown: Mapping[str, str]) -> Any:
    return {"value": shown[photo.url], "alt": photo.alt} if photo.alt else shown[photo.url]


def _enclosures(properties: Properties, addresses: Addresses, present: Sequence[Enclosure]) -> Iterator[Enclosure]:
    """Those of `present` that stay, in their order, then new ones."""
    wanted = {
        addresses.taken(address, kind): kind
        for kind in _FILES
        for value in properties.get(kind, ())
        if (address := address_in(value))
    }
    known = {file.url for file in present}
    yield from (file for file in present if _kind(file) not in _FILES or file.url in wanted)
    yield from (_new_enclosure(address, kind) for address, kind in wanted.items() if address not in known)


def _new_enclosure(address: str, kind: str) -> Enclosure:
    """One of the site tells its type and length itself; of another one only its name is known."""
    if address.startswith("/"):
        return Enclosure(address, "", 0)
    guessed = guess_type(address)[0] or ""
    return Enclosure(address, guessed if guessed.startswith(f"{kind}/") else _FILES[kind], 0)


def _kind(file: Enclosure) -> str:
    return (file.type or guess_type(file.url)[0] or "").partition("/")[0]


# --- what no field holds ---


def _kept(properties: Properties) -> str | None:
    """The JSON of what no field holds; None if that is nothing."""
    kept = {name: list(values) for name, values in properties.items() if name not in _MAPPED}
    for name in ("category", *_REFERENCES):
        kept[name] = [value for value in properties.get(name, ()) if not isinstance(value, str)]
    kept["photo"] = [value for value in properties.get("photo", ()) if not _is_photo(value)]
    for name in _FILES:
        kept[name] = [value for value in properties.get(name, ()) if address_in(value) is None]
    kept = {name: values for name, values in kept.items() if values}
    if not kept:
        return None
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    is_exact = cleaned(text) == text and not _SEPARATORS & set(text)
    return text if is_exact else json.dumps(kept, separators=(",", ":"))


def _is_photo(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and isinstance(value.get("value"), str))


def _loaded(text: str | None) -> Mapping[str, list[Any]]:
    """What was kept; nothing where an author has written something else."""
    try:
        kept = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    is_kept = isinstance(kept, dict) and all(isinstance(values, list) for values in kept.values())
    return kept if is_kept else {}


def _objects(kept: Mapping[str, list[Any]], name: str) -> list[Any]:
    return [value for value in kept.get(name, ()) if not isinstance(value, str)]


def _with_objects(addresses: Sequence[str], objects: Sequence[Any]) -> Iterator[Any]:
    """The addresses, with the objects that name them in their places; then those that name none."""
    named = {ascii_url(address): one for one in objects if (address := address_in(one))}
    yield from (named.get(address, address) for address in addresses)
    yield from (one for one in objects if address_in(one) is None)
