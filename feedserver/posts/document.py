"""Reads and checks a document with front matter (docs/interface.md, “Posts”). Pure."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, tzinfo
from difflib import get_close_matches
from typing import Any, Final, cast, get_args

from feedserver.errors import DocumentTooLong, InvalidDocument
from feedserver.posts import field_values as values
from feedserver.posts import front_matter, photos, references, withholding
from feedserver.posts.model import MAX_SLUG, DraftText, Format, Photo
from feedserver.text import clean, cluster_start, is_language_tag, one_line
from feedserver.urls import segment

MAX_BYTES = 1_048_576
_MAX_SEGMENT = 1000  # characters of a percent-encoded slug, so that its URL stays below urls.MAX_URL
_SLUG_FROM_TITLE = 80  # characters
_MAX_TITLE = 10_000  # characters
_MAX_MENU = 200  # characters

FIELDS: Final = (
    *("title", "slug", "date", "updated", "tags", "authors", "summary", "lang", "draft", "pings", "comments"),
    *("enclosures", "page", "menu", "format", *references.FIELDS, "tell", "imported", "photos", "micropub"),
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
    return require_slug(read_unnamed(content, zone))


def require_slug(document: DraftText) -> DraftText:
    """`document`, if it has a slug. Raises InvalidDocument."""
    if document.slug:
        return document
    if not document.title:
        raise InvalidDocument("title", "is missing; give a title, or a slug for a post without one")
    raise InvalidDocument("slug", "cannot be made from this title; give one")


def read_unnamed(content: bytes, zone: tzinfo) -> DraftText:
    """The same of a document that need not give a slug, nor a title to make one from: it is "" then."""
    source = _decoded(content)
    front, body = front_matter.split(source)
    fields = front.fields
    title = _title(fields)
    is_page = values.flag(fields, "page", values.FLAG, default=False)
    others = {name: value for name, value in fields.items() if name not in FIELDS or (name == "menu" and not is_page)}
    withheld = withholding.read(others, zone, is_dated=fields.get("date") is not None)
    return DraftText(
        source=source,
        body=body,
        title=title,
        slug=_slug(fields, title),
        date=_latest(values.moment(fields, "date", zone), withheld.since),
        updated=values.moment(fields, "updated", zone),
        tags=values.names(fields, "tags"),
        authors=values.names(fields, "authors"),
        summary=_summary(fields),
        lang=_language(fields),
        draft=values.flag(fields, "draft", values.FLAG, default=False) or bool(withheld.drafts),
        pings_open=values.flag(fields, "pings", values.OPEN, default=True) and not is_page,
        comments_open=values.flag(fields, "comments", values.OPEN, default=True) and not is_page,
        enclosures=values.enclosures(fields),
        until=withheld.until,
        withheld_by=tuple(front.written[name] for name in withheld.drafts),
        unknown_fields=tuple(sorted(front.written[name] for name in withheld.others)),
        commented=tuple(name for name in front.commented if name in _TEXTS),
        slug_is_given=fields.get("slug") is not None,
        page=is_page,
        menu=_menu(fields) if is_page else None,
        format=_format(fields),
        photos=photos.read(fields),
        micropub=values.scalar(fields, "micropub"),
        **_references(fields),
    )


def body_of(source: str) -> str:
    """The text of a document that `read` has accepted."""
    return front_matter.body_of(source)


def format_of(source: str) -> Format:
    """What a document that was accepted says of its text; Markdown if that was no field then, and means nothing now."""
    try:
        return _format(front_matter.split(source)[0].fields)
    except InvalidDocument:
        return "markdown"


def photos_of(source: str) -> tuple[Photo, ...]:
    """The pictures before the text of a document that was accepted; none if that was no field then, and cannot be."""
    try:
        return photos.read(front_matter.split(source)[0].fields)
    except InvalidDocument:
        return ()


def names_language(source: str) -> bool:
    """Whether a document that was accepted says in which language it is, be it by what is no tag today."""
    try:
        return _language(front_matter.split(source)[0].fields) is not None
    except InvalidDocument:
        return True


def references_of(source: str) -> dict[str, Any]:
    """The pages elsewhere of a document: `reply_to` … and `tells`, as in `DraftText`. Raises InvalidDocument."""
    return _references(front_matter.split(source)[0].fields)


def _references(fields: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: values.addresses(fields, name) for name in references.FIELDS}
    return found | {"tells": values.flag(fields, "tell", values.FLAG, default=True)}


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


def numbered(slug: str, number: int) -> str:
    """`slug` with a number, shortened where it becomes too long: `spring-2`."""
    ending = f"-{number}"
    stem = slug[: cluster_start(slug, MAX_SLUG - len(ending))]
    while len(segment(stem)) + len(ending) > _MAX_SEGMENT:
        stem = stem[: cluster_start(stem, len(stem) - 1)]
    return stem.rstrip("-._~") + ending


def within_size(source: str) -> str:
    """`source`, unless it is over 1 MiB in UTF-8. Raises InvalidDocument."""
    _check_size(len(source.encode()))
    return source


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise DocumentTooLong


def _decoded(content: bytes) -> str:
    _check_size(len(content))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidDocument("document", f"is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    return cleaned(text)


def cleaned(text: str) -> str:
    """A document, or a part of one, without what none holds (`text.clean`); a line break of C1 is one still."""
    return clean(text.replace("\x85", "\u2028"))


def _title(front: Mapping[str, Any]) -> str:
    title = values.line(values.scalar(front, "title"))
    if len(title) > _MAX_TITLE:
        raise InvalidDocument("title", f"is over {_MAX_TITLE} characters")
    return title


def _slug(front: Mapping[str, Any], title: str) -> str:
    given = values.scalar(front, "slug")
    return slug_from(title) if given is None else check_slug(given)


def _summary(front: Mapping[str, Any]) -> str | None:
    return values.line(values.scalar(front, "summary")) or None


def _menu(front: Mapping[str, Any]) -> str | None:
    name = values.line(values.scalar(front, "menu"))
    if len(name) > _MAX_MENU:
        raise InvalidDocument("menu", f"is over {_MAX_MENU} characters")
    return name or None


def _format(front: Mapping[str, Any]) -> Format:
    said = (values.scalar(front, "format") or "").strip().casefold()
    if said in withholding.UNSAID:
        return "markdown"
    for known in get_args(Format):
        if said == known:
            return cast("Format", known)
    raise InvalidDocument("format", "must be markdown or html")


def _language(front: Mapping[str, Any]) -> str | None:
    lang = one_line(values.scalar(front, "lang") or "")
    if lang in withholding.UNSAID:
        return None
    if not is_language_tag(lang):
        raise InvalidDocument("lang", "must be a language tag such as en or pt-BR")
    return lang
