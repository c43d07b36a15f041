"""How elements of a WordPress export (WXR 1.0 to 1.2) are named and read."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from feedserver.transfer.formats.xml_stream import Node

_EXPORT: Final = re.compile(r"https?://wordpress\.org/export/[\d.]*/(excerpt/)?")
_OTHERS: Final = {
    "": "",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/dc/elements/1.1/": "dc:",
}
# Markup that titles may hold; other tags in them are words.
_MARKUP: Final = re.compile(
    r"</?(?:a|abbr|b|bdi|big|br|cite|code|del|dfn|em|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|tt|u|var|wbr)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


def is_export(namespace: str) -> bool:
    return _EXPORT.fullmatch(namespace) is not None


def named(namespace: str, name: str) -> str:
    """The name with the prefix that exports use, whatever version they are; `other:` for what is not theirs."""
    if own := _EXPORT.fullmatch(namespace):
        return f"excerpt:{name}" if own[1] else f"wp:{name}"
    return f"{_OTHERS.get(namespace, 'other:')}{name}"


def meta_of(node: Node, element: str) -> Iterator[tuple[str, str]]:
    """The names and values of what is noted of a post or comment. PHP's serialised values stay texts."""
    for meta in node.all(element):
        value = meta.first("wp:meta_value")
        yield meta.said("wp:meta_key"), value.text if value else ""


def words(html: str) -> str:
    """A title or name without its markup and entities, on one line."""
    return " ".join(unescape(_MARKUP.sub("", html)).split())
