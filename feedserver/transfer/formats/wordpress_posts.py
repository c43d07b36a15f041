"""Posts and pages of a WordPress export, one element `item` at a time."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from feedserver.posts.document import MAX_BYTES
from feedserver.posts.field_values import MAX_LIST, MAX_NAME
from feedserver.posts.model import Enclosure, PostState
from feedserver.transfer.formats import moments, plain
from feedserver.transfer.formats import wordpress_names as names
from feedserver.transfer.formats.told import Told
from feedserver.transfer.formats.wordpress_addresses import Archives, former
from feedserver.transfer.formats.wordpress_index import Index, key_of, published_at_of
from feedserver.transfer.formats.wordpress_text import Text
from feedserver.transfer.formats.wordpress_uploads import Uploads
from feedserver.transfer.formats.xml_stream import Node
from feedserver.transfer.items import ImportedPost, Item
from feedserver.transfer.options import Options

# Categories that WordPress gives to posts which have none.
_NO_CATEGORY: Final = frozenset(("uncategorized", "uncategorised"))
_FIRST_CATEGORIES: Final = frozenset(
    "allgemein non-classe sin-categoria senza-categoria geen-categorie sem-categoria bez-kategorii".split()
)
_SERIALISED: Final = re.compile(r"\s*(?:[aOCs]:\d+:|[bid]:[-\d.]+;|N;)")
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+")
_TRASHED: Final = re.compile(r"__trashed(?:-\d+)?\Z")
_FIELDS: Final = {"_yoast_wpseo_title": "meta_title", "_yoast_wpseo_metadesc": "meta_description"}
_MAX_FIELDS: Final = 50  # of a post
_MAX_FIELD: Final = 1000  # characters
_LONGEST: Final = 2 * MAX_BYTES  # characters; longer ones are no posts here, whatever becomes of their marks
_MAX_PAGES: Final = 20  # of one text
_WITHHELD: Final = {
    "private": "it was private, and becomes a draft",
    "pending": "it waited for review, and becomes a draft",
    "draft": "",
    "": "its state is not told, and it becomes a draft",
}


@dataclass(slots=True)
class Posts:
    """Makes posts and pages of items. `default_category` counts the posts that stood in no category of their own."""

    index: Index
    uploads: Uploads
    options: Options
    archives: Archives
    default_category: Counter[str] = field(default_factory=Counter)

    def of(self, item: Node, where: str) -> Iterator[Item]:
        """The post in an item of the type `post` or `page`, and what is told of it."""
        told, key = Told(where), key_of(item)
        if not key or item.said("wp:status") == "auto-draft":
            told.left_out(names.words(item.said("title")) or key, "WordPress makes such posts itself, empty")
            yield from told.remarks
            return
        post = self._post(item, key, told)
        yield from told.remarks
        yield post

    def _post(self, item: Node, key: str, told: Told) -> ImportedPost:
        meta = list(names.meta_of(item, "wp:postmeta"))
        noted = dict(meta)
        is_page, at = item.said("wp:post_type") == "page", item.said("wp:post_date")
        published_at = published_at_of(item, self.options.zone)
        state = self._state(item, published_at, told)
        if state == "published" and published_at is None:
            told.changed("a post without a date", "it is dated to the moment of the import")
        text = Text(self.uploads, self.index.shared, key)
        content = item.first("content:encoded")
        html = content.text if content else ""
        if len(html) <= _LONGEST:
            html = text.html(html, self.uploads.get(noted.get("_thumbnail_id", "").strip()))
        _tell_of_text(text, told)
        slug = unquote(noted.get("_wp_desired_post_slug") or _TRASHED.sub("", item.said("wp:post_name")))
        url = item.said("link") or None
        authors, tags = self._authors(item), tuple(self._tags(item, told))
        if state == "published" and not is_page and published_at and published_at <= self.options.now:
            self.archives.note(self._terms(item), item.said("dc:creator"), (authors or ("",))[0], at)
        return ImportedPost(
            key=key,
            where=told.where,
            title=names.words(item.said("title")),
            text=html,
            format="html",
            state=state,
            url=url,
            addresses=tuple(one for one in self._addresses(item, slug, meta, has_pages=text.has_pages) if one != url),
            guid=item.said("guid") or None,
            slug=slug or None,
            published_at=published_at,
            updated_at=self._updated_at(item, published_at),
            tags=tags,
            authors=authors,
            summary=_summary(item),
            lang=next((term.attributes.get("nicename") for term in _of_domain(item, "language")), None),
            pings_open=item.said("wp:ping_status") != "closed",
            comments_open=item.said("wp:comment_status") != "closed",
            enclosures=tuple(_enclosures(meta, told))[:MAX_LIST],
            page=is_page,
            menu=self._menu(key, item) if is_page else None,
            fields=_fields(item, meta, told),
            earlier=(("published", published_at),) if _has_lapsed(item, state) else (),
        )

    @staticmethod
    def _updated_at(item: Node, published_at: datetime | None) -> datetime | None:
        changed = moments.of_iso(item.said("wp:post_modified_gmt"))
        return changed if changed and (published_at is None or changed > published_at) else None

    def _state(self, item: Node, published_at: datetime | None, told: Told) -> PostState:
        """Only what everybody could read, or what was to appear by itself, is published."""
        status, what = item.said("wp:status"), names.words(item.said("title"))
        if status == "trash":
            return "deleted"
        if item.said("wp:post_password"):
            told.changed(what, "it had a password, which is not taken, and becomes a draft")
            return "draft"
        if status == "publish" or (status == "future" and published_at and published_at > self.options.now):
            return "published"
        if status == "future":
            told.changed(what, "the date on which it was to appear has passed; it becomes a draft")
        elif why := _WITHHELD.get(status, "its state there is not known, and it becomes a draft"):
            told.changed(what, why)
        return "draft"

    def _addresses(self, item: Node, slug: str, meta: list[tuple[str, str]], *, has_pages: bool) -> Iterator[str]:
        """What led to a post besides its permalink."""
        base, key, url = self.index.url, item.said("wp:post_id"), item.said("link")
        if key:
            yield f"{base}/?p={key}"
            if item.said("wp:post_type") == "page":
                yield f"{base}/?page_id={key}"
        old_slugs = [value.strip() for name, value in meta if name == "_wp_old_slug" and value.strip()]
        old_dates = [value.strip() for name, value in meta if name == "_wp_old_date"]
        yield from former(url, slug, item.said("wp:post_date"), old_slugs, old_dates)
        if has_pages and "?" not in url:
            yield from (f"{url.rstrip('/')}/{number}/" for number in range(2, _MAX_PAGES + 1))

    def _tags(self, item: Node, told: Told) -> Iterator[str]:
        found: dict[str, None] = {}
        for term in item.all("category"):
            domain, slug = term.attributes.get("domain", ""), term.attributes.get("nicename", "")
            name = names.words(term.text)
            if domain == "category" and self._is_default(slug):
                self.default_category[slug] += 1
            elif domain in ("category", "post_tag", "tag", ""):
                found.setdefault(name)
            elif domain not in ("post_format", "author", "language", "post_translations"):
                told.left_out(f"{domain}: {name}", "only categories and tags are taken")
        tags = [name for name in found if name and len(name) <= MAX_NAME]
        if len(tags) > MAX_LIST or len(tags) < len(found.keys() - {""}):
            told.left_out("some of its tags", f"a post has {MAX_LIST} at most, each of {MAX_NAME} characters")
        return iter(tags[:MAX_LIST])

    def _terms(self, item: Node) -> list[tuple[str, str]]:
        """The kinds of its categories and tags, and their names in addresses."""
        terms = (
            (term.attributes.get("domain", ""), term.attributes.get("nicename", "")) for term in item.all("category")
        )
        return [(kind, slug) for kind, slug in terms if kind != "category" or not self._is_default(slug)]

    def _is_default(self, slug: str) -> bool:
        term = self.index.categories.get(slug)
        return slug in _NO_CATEGORY or (slug in _FIRST_CATEGORIES and term is not None and term.id == "1")

    def _authors(self, item: Node) -> tuple[str, ...]:
        """By the names that readers saw; several, where a plugin has noted them. Never an address of mail."""
        credited = [self._name(names.words(term.text)) for term in _of_domain(item, "author")]
        found = dict.fromkeys(filter(None, credited or [self._name(names.words(item.said("dc:creator")))]))
        return tuple(name for name in found if len(name) <= MAX_NAME)[:MAX_LIST]

    def _name(self, login: str) -> str:
        return self.index.authors.get(login, login if "@" not in login else "")

    def _menu(self, key: str, item: Node) -> str | None:
        if key not in self.index.menus:
            return None
        return self.index.menus[key] or names.words(item.said("title")) or None


def _has_lapsed(item: Node, state: PostState) -> bool:
    """Whether a post was one that was to appear, as long as its date had not passed."""
    return state == "draft" and item.said("wp:status") == "future" and not item.said("wp:post_password")


def _of_domain(item: Node, domain: str) -> Iterator[Node]:
    return (term for term in item.all("category") if term.attributes.get("domain") == domain)


def _summary(item: Node) -> str | None:
    excerpt = item.first("excerpt:encoded")
    return " ".join(plain.of_html(excerpt.text).split()) or None if excerpt else None


def _tell_of_text(text: Text, told: Told) -> None:
    for name in text.shortcodes.unknown:
        told.changed(f"[{name}]", "a shortcode of a plugin; it stays as text")
    for name in text.dynamic:
        told.left_out(f"a block: {name}", "WordPress makes what such blocks show")
    for number in text.shortcodes.missing:
        told.left_out(f"file {number} of a gallery", "the export does not have it")
    if text.has_pages:
        told.changed("its text", "it had several pages, and is one now")


def _enclosures(meta: list[tuple[str, str]], told: Told) -> Iterator[Enclosure]:
    """Files as WordPress notes them: address, length and type, each on a line."""
    for name, value in meta:
        if name != "enclosure":
            continue
        url, length, kind, *_ = [*(line.strip() for line in value.strip().split("\n")), "", "", ""]
        if url and _MEDIA_TYPE.fullmatch(kind.lower()):
            yield Enclosure(url, kind.lower(), int(length) if length.isascii() and length.isdecimal() else 0)
        elif url:
            told.left_out(url, "an enclosure without a media type")


def _fields(item: Node, meta: list[tuple[str, str]], told: Told) -> Mapping[str, str]:
    """What else is noted of a post, as text. Names that begin with a line below are WordPress's own."""
    fields: dict[str, str] = {}
    if item.said("wp:is_sticky") == "1":
        fields["sticky"] = "yes"
    for term in _of_domain(item, "post_format"):
        fields["post_format"] = term.attributes.get("nicename", "").removeprefix("post-format-")
    for name, value in meta:
        ours = _FIELDS.get(name, name)
        if ours.startswith("_") or name == "enclosure" or not value.strip():
            continue
        if _SERIALISED.match(value) or len(value) > _MAX_FIELD or len(fields) >= _MAX_FIELDS:
            told.left_out(f"its field {name}", "what plugins store for themselves is not taken")
        elif name:
            fields.setdefault(ours, value)
    return fields
