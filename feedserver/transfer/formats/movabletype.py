"""The text that Movable Type, TypePad and others export: entries of `KEY: value` lines and sections.

A line of dashes ends a section or an entry only where the next one starts: texts may hold such lines, too.
"""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final

from feedserver.errors import ImportRefused
from feedserver.posts.model import Format, PostState
from feedserver.text import caseless, one_line, shorten
from feedserver.transfer.formats import moments, plain
from feedserver.transfer.formats.beginnings import Beginning
from feedserver.transfer.formats.text_lines import Line, Lines
from feedserver.transfer.items import ImportedPost, ImportedThought, Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source
from feedserver.urls import split_http

KIND: Final = "movabletype"

MAX_ENTRY: Final = 8 * 1_048_576  # characters
_MAX_SECTIONS: Final = 100_000  # of an entry
_MAX_TAGS: Final = 100_000  # characters
_END_OF_SECTION: Final = "-----"
_END_OF_ENTRY: Final = "--------"
_SECTIONS: Final = frozenset(f"{name}:" for name in ("BODY", "EXTENDED BODY", "EXCERPT", "KEYWORDS", "COMMENT", "PING"))
_KEYS: Final = (
    *("AUTHOR", "TITLE", "BASENAME", "STATUS", "ALLOW COMMENTS", "CONVERT BREAKS", "ALLOW PINGS", "PRIMARY CATEGORY"),
    *("CATEGORY", "TAGS", "DATE", "NO ENTRY", "UNIQUE URL", "IMAGE"),
)
_FIELD: Final = re.compile(rf"({'|'.join(_KEYS)}):[ \t]*(.*)")
_KEY: Final = re.compile("[A-Z][A-Z ]{0,30}:")  # others export more of them
_OF_A_THOUGHT: Final = re.compile(r"(AUTHOR|EMAIL|IP|URL|DATE|TITLE|BLOG NAME):[ \t]*(.*)")
_BEGINNING: Final = Beginning(
    (".txt", ".mt"),
    lambda head: (
        re.match(rb"\s*(?:\xef\xbb\xbf)?(?:AUTHOR|TITLE|BASENAME|STATUS|DATE):", head) is not None
        and re.search(rb"^-----\r?\n(?:EXTENDED )?BODY:", head, re.MULTILINE) is not None
    ),
)
_FEEDS: Final = {"/atom.xml": "atom", "/index.xml": "rss", "/index.rdf": "rss"}
_FORMATS: Final = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M")
_DAY_HALF: Final = re.compile(r" [AP]M$")
_AS_TYPED: Final = frozenset(("0", "richtext", "none"))
_HAS_PARAGRAPHS: Final = re.compile(r"<(?:p|br|div)\b", re.IGNORECASE)
_PARAGRAPHS: Final = re.compile(r"\n[ \t]*\n\s*")
_BLOCK: Final = re.compile(
    r"</?(?:h[1-6]|table|ol|dl|ul|menu|dir|p|pre|center|form|fieldset|select|blockquote|address|div|hr|figure|iframe)\b",
    re.IGNORECASE,
)


def recognises(source: Source) -> bool:
    """Whether there is such a text."""
    return _BEGINNING.is_in(source)


def read(source: Source, options: Options) -> Iterator[Item]:
    """Everything in the text. Raises ImportRefused, ImportDamaged."""
    name = _BEGINNING.only(source, KIND)
    yield Origin(name=options.url or source.path.name, url=options.url, feeds=_FEEDS)
    keys: Counter[str] = Counter()
    with source.open(name) as file:
        lines = Lines(file, name, forgiving=options.forgiving)
        for entry in _entries(lines, name):
            yield from _items(entry, keys, options)
        if not keys:
            raise ImportRefused(f"{name}: this is no export of Movable Type, it has no entries")
        yield from lines.remarks()


@dataclass(slots=True)
class _Entry:
    """An entry: its fields, and its sections, each with the name on its first line."""

    line: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    sections: list[tuple[str, list[str]]] = field(default_factory=list)

    def said(self, name: str) -> str:
        return next((value for key, value in self.fields if key == name), "").strip()

    def all(self, name: str) -> Iterator[str]:
        return (value.strip() for key, value in self.fields if key == name)

    def text(self, name: str) -> str:
        """The section of this name without empty lines around it."""
        return next(("\n".join(lines).strip("\n") for key, lines in self.sections if key == name), "")


def _entries(lines: Lines, name: str) -> Iterator[_Entry]:
    entry: _Entry | None = None
    size = 0
    for line in lines:
        if entry is None and not line.text.strip():
            continue
        if entry is None and _KEY.match(line.text) is None:
            raise ImportRefused(f"{name}, line {line.number}: no entry of Movable Type begins so")
        entry = entry or _Entry(line.number)
        size += len(line.text) + 1
        if size > MAX_ENTRY or len(entry.sections) > _MAX_SECTIONS:
            raise ImportRefused(f"{name}, line {line.number}: an entry of more than {MAX_ENTRY:,} characters")
        if _is_end_of_entry(line):
            yield entry
            entry, size = None, 0
        elif not _is_end_of_section(line):
            _take(entry, line)
    if entry is not None:
        yield entry


def _is_end_of_entry(line: Line) -> bool:
    return line.text == _END_OF_ENTRY and (line.next_text is None or _KEY.match(line.next_text) is not None)


def _is_end_of_section(line: Line) -> bool:
    following = line.next_text
    return line.text == _END_OF_SECTION and (following is None or following in {*_SECTIONS, _END_OF_ENTRY})


def _take(entry: _Entry, line: Line) -> None:
    if line.text in _SECTIONS and line.is_after(_END_OF_SECTION):
        entry.sections.append((line.text[:-1], []))
    elif entry.sections:
        entry.sections[-1][1].append(line.text)
    elif (found := _FIELD.fullmatch(line.text)) is not None:
        entry.fields.append((found[1], found[2]))


def _items(entry: _Entry, keys: Counter[str], options: Options) -> Iterator[Item]:
    title = one_line(entry.said("TITLE"))
    key = entry.said("UNIQUE URL") or entry.said("BASENAME") or f"{entry.said('DATE')} {title}".strip()
    keys[key] += 1
    key += f", {keys[key]}" if keys[key] > 1 else ""
    where = f"line {entry.line}, “{shorten(title or key, 60)}”"
    at = _moment(entry.said("DATE"), options.zone)
    breaks = entry.said("CONVERT BREAKS").lower()
    if breaks.startswith("textile"):
        why = "its marks are not converted: they stay as they are typed"
        yield Remark(treatment="changed", where=where, what="a text in Textile", why=why)
    state: PostState = "published" if entry.said("STATUS").lower() in ("publish", "future") else "draft"
    if at is None and state == "published":
        why = "it is dated to the moment of the import"
        yield Remark(treatment="changed", where=where, what="an entry without a date", why=why)
    words, form = _converted((entry.text("BODY"), entry.text("EXTENDED BODY")), breaks)
    keywords = one_line(entry.text("KEYWORDS"))
    yield ImportedPost(
        key=key,
        where=where,
        title=title,
        text=words,
        format=form,
        state=state,
        url=entry.said("UNIQUE URL") or None,
        slug=entry.said("BASENAME").rpartition("/")[2] or None,
        published_at=at,
        tags=_tags(entry),
        authors=(author,) if (author := one_line(entry.said("AUTHOR"))) else (),
        summary=one_line(plain.of_html(entry.text("EXCERPT"))) or None,
        pings_open=entry.said("ALLOW PINGS") != "0",
        comments_open=entry.said("ALLOW COMMENTS") in ("", "1"),
        fields={"keywords": keywords} if keywords else {},
    )
    for name, section in entry.sections:
        if name in ("COMMENT", "PING"):
            yield _thought(name, section, key, where, options.zone)


def _moment(text: str, zone: tzinfo) -> datetime | None:
    """A date as `MM/DD/YYYY hh:mm:ss AM`, of twelve hours (12 AM is midnight), or of twenty-four."""
    tries = [*((text, form) for form in _FORMATS), *((_DAY_HALF.sub("", text), form) for form in _FORMATS)]
    return next((at for written, form in tries if (at := moments.of_form(written, form, zone))), None)


def _tags(entry: _Entry) -> tuple[str, ...]:
    """Categories and tags, each once in any case; a tag with blanks stands in quotation marks."""
    tags = next(csv.reader([entry.said("TAGS")[:_MAX_TAGS]], skipinitialspace=True), [])
    names = [*entry.all("PRIMARY CATEGORY"), *entry.all("CATEGORY"), *(tag.strip() for tag in tags)]
    return tuple({caseless(name): name for name in reversed(names) if name}.values())[::-1]


def _converted(parts: Sequence[str], breaks: str) -> tuple[str, Format]:
    """A text as its line breaks are meant."""
    whole = "\n\n".join(part for part in parts if part)
    if breaks.startswith("markdown"):
        return whole, "markdown"
    is_html = breaks in _AS_TYPED or (not breaks and _HAS_PARAGRAPHS.search(whole) is not None)
    return (whole if is_html else _with_paragraphs(whole)), "html"


def _with_paragraphs(text: str) -> str:
    """HTML in which empty lines part paragraphs that have no tags of their own, and line ends break lines."""
    blocks = (block.strip("\n") for block in _PARAGRAPHS.split(text) if block.strip())
    return "\n\n".join(
        block if _BLOCK.match(block) else "<p>{}</p>".format(block.replace("\n", "<br>\n")) for block in blocks
    )


def _thought(name: str, section: Sequence[str], post: str, where: str, zone: tzinfo) -> Item:
    """A comment, or a ping that it calls trackback: fields, each once, and the text."""
    said: dict[str, str] = {}
    start = 0
    for line in section:
        found = _OF_A_THOUGHT.fullmatch(line)
        if found is None or found[1] in said:
            break
        said[found[1]] = found[2].strip()
        start += 1
    words = plain.of_html("\n".join(section[start:]), keeps_lines=True)
    at = _moment(said.get("DATE", ""), zone)
    url = said.get("URL", "")
    if at is None or (name == "COMMENT" and not words) or (name == "PING" and split_http(url) is None):
        what = f"a {name.lower()}"
        return Remark(treatment="left out", where=where, what=what, why="it lacks its date, words or address")
    written = "\n".join((said.get("AUTHOR", ""), url, words))
    number = hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()[:16]
    return ImportedThought(
        key=f"{post} {at:%Y-%m-%dT%H:%M:%S} {number}",
        where=where,
        kind="comment" if name == "COMMENT" else "pingback",
        state="shown",
        at=at,
        text=words,
        post=post,
        source=url if name == "PING" else None,
        author_name=one_line(said.get("AUTHOR", "") if name == "COMMENT" else said.get("BLOG NAME", "")),
        author_url=url if name == "COMMENT" and split_http(url) is not None else "",
        title=one_line(said.get("TITLE", "")) if name == "PING" else "",
    )
