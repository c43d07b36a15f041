"""The entries of feeds, whatever their form: what they mean for a post. Pure."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Final

from feedserver.posts.model import Enclosure
from feedserver.text import is_language_tag, one_line, plain
from feedserver.transfer.formats.address_parts import last_step, path_of
from feedserver.transfer.formats.rewriting import rewritten
from feedserver.transfer.items import ImportedPost, Item, Remark
from feedserver.urls import absolute_url, scheme, split_http

# What shows that a title is HTML, where nothing says so.
_HTML: Final = re.compile(
    r"&(?:#\d+|#[xX][\da-fA-F]+|\w+);|</?(?:a|b|br|cite|code|em|i|q|span|strong|sub|sup)\b[^<>]*>"
)
_CUT: Final = re.compile(r"(?:\[?(?:\.\.\.|…)\]?|(?:Continue reading|Read more)\b.{0,200})\s*$", re.IGNORECASE)
_ENDING: Final = re.compile(r"\.(?:html?|php|aspx?)$", re.IGNORECASE)
_MEDIA: Final = re.compile(r"\.(?:mp3|m4a|m4b|mp4|m4v|mov|ogg|oga|ogv|opus|wav|webm|aac|flac)$", re.IGNORECASE)
_MAX_LENGTH: Final = 2**53  # bytes of an enclosure


@dataclass(slots=True)
class Entry:
    """What one form of feed says of an entry.

    `link` is absolute as far as the feed says what it is relative to. `base` is the address that those in the text are
    below. `is_summary`: there is no more text than a description, or summary, which may be only a part of it.
    """

    where: str
    id: str
    link: str
    title: str
    html: str
    base: str
    is_summary: bool = False
    summary: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    lang: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


def items_of(entry: Entry) -> Iterator[Item]:
    """The post that an entry is, and what is told of it."""
    if not (entry.id or entry.link or entry.title or entry.html):
        yield Remark(treatment="left out", where=entry.where, what="an entry", why="it is empty")
        return
    if entry.is_summary and entry.html:
        why = "the feed has no text of it but a description, which may be a part of it alone"
        yield Remark(treatment="changed", where=entry.where, what="its text", why=why)
    if entry.published_at is None:
        why = "it is dated to the moment of the import"
        yield Remark(treatment="changed", where=entry.where, what="an entry without a date", why=why)
    url = (
        entry.link if entry.link and not _MEDIA.search(path_of(entry.link)) else None
    )  # a podcast may link to the sound
    yield ImportedPost(
        key=entry.id or entry.link or _key(entry),
        where=entry.where,
        title=entry.title,
        text=_absolute(entry.html, entry.base),
        format="html",
        state="published",
        url=url,
        guid=entry.id or entry.link or None,
        slug=_slug(url),
        published_at=entry.published_at,
        updated_at=entry.updated_at,
        tags=tuple(dict.fromkeys(filter(None, map(one_line, entry.tags)))),
        authors=tuple(dict.fromkeys(filter(None, map(one_line, entry.authors)))),
        summary=_summary(entry),
        lang=entry.lang if is_language_tag(entry.lang) else None,
        enclosures=entry.enclosures,
        fields=entry.fields,
    )


def title_of(written: str) -> str:
    """A title, which may hold HTML though nothing says so."""
    return plain(written) if _HTML.search(written) else one_line(written)


def html_of(text: str) -> str:
    """Plain text as HTML in paragraphs; "" for none."""
    paragraphs = filter(None, re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()))
    return "\n".join(
        "<p>{}</p>".format(escape(paragraph, quote=False).replace("\n", "<br>\n")) for paragraph in paragraphs
    )


def enclosure_of(url: str, media_type: str, length: str, base: str) -> Iterator[Enclosure]:
    """The file that goes with an entry, if its address is one."""
    address = absolute_url(url, base) if url else None
    if address and split_http(address):
        size = int(length) if length.isascii() and length.isdecimal() and len(length) < 17 else 0
        yield Enclosure(address, one_line(media_type) or "application/octet-stream", min(size, _MAX_LENGTH))


def _key(entry: Entry) -> str:
    return hashlib.sha256(f"{entry.title}\n{entry.published_at}\n{entry.html}".encode("utf-8", "replace")).hexdigest()


def _slug(url: str | None) -> str | None:
    return _ENDING.sub("", last_step(url or "")) or None


def _summary(entry: Entry) -> str | None:
    """The summary, unless it is the beginning of the text."""
    words = "" if entry.is_summary else plain(entry.summary)
    return words if words and not plain(entry.html).startswith(_CUT.sub("", words).strip()) else None


def _absolute(html: str, base: str) -> str:
    """`html` with absolute addresses for those that are relative to the feed."""

    def resolved(address: str) -> str:
        if scheme(address) or address.startswith("#") or not address.strip():
            return address
        return absolute_url(address, base) or address

    return rewritten(html, "html", resolved) if split_http(base) else html
