"""The pictures that go with a post and stand before its text: the field `photos` of its document. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from feedserver.errors import InvalidDocument
from feedserver.posts.model import Photo
from feedserver.text import is_blank, one_line, without_open_bidi
from feedserver.urls import ANY_POST, absolute_url, ascii_url, scheme, split_http

_MOST: Final = 100
_MAX_ALT: Final = 10_000  # characters


def read(fields: Mapping[str, Any]) -> tuple[Photo, ...]:
    """The field `photos`: one, or a list; each an address, or `{url, alt}`. Raises InvalidDocument, which names it."""
    value = fields.get("photos")
    items = [] if value is None else value if isinstance(value, list) else [value]
    if len(items) > _MOST:
        raise InvalidDocument("photos", f"are over {_MOST}")
    return tuple(_photo(item) for item in items if item)


def _photo(item: object) -> Photo:
    parts = {str(name).casefold(): part for name, part in item.items()} if isinstance(item, dict) else {"url": item}
    url, alt = parts.get("url"), parts.get("alt") or ""
    if not isinstance(url, str) or not isinstance(alt, str):
        raise InvalidDocument("photos", "must be a list of addresses, or of {url, alt}")
    address = ascii_url(one_line(url))
    if not address or absolute_url(address, ANY_POST) is None or (scheme(address) and split_http(address) is None):
        raise InvalidDocument("photos", "url must be an http or https URL, or relative to the post's address")
    words = one_line(without_open_bidi(alt))
    if len(words) > _MAX_ALT:
        raise InvalidDocument("photos", f"an alternative text is over {_MAX_ALT:,} characters")
    return Photo(address, "" if is_blank(words) else words)


def html(photos: Sequence[Photo]) -> str:
    """The pictures as they stand before a text in HTML; a text that leaves elements open cannot swallow them."""
    return "".join(
        f'<p><img class="u-photo" src="{escape(photo.url)}" alt="{escape(photo.alt)}"></p>\n' for photo in photos
    )
