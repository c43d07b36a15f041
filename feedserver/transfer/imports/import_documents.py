"""The documents of imported posts and pages, with our addresses in their texts. Rendered outside transactions."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from feedserver.posts.model import Enclosure
from feedserver.posts.preparing import RenderedDocument
from feedserver.posts.publishing import Publisher
from feedserver.posts.writing import compose
from feedserver.transfer.imports.links import Links
from feedserver.transfer.imports.spool import FileHere
from feedserver.transfer.items import ImportedPost


@dataclass(frozen=True, slots=True)
class Prepared:
    """A post that can be written at once. `is_lacking`: it names files that are not here."""

    rendered: RenderedDocument
    is_lacking: bool


@dataclass(frozen=True, slots=True)
class Documents:
    """Makes documents of what an export says."""

    publisher: Publisher
    links: Links

    def of(self, post: ImportedPost, slug: str, updated: datetime | None = None) -> Prepared:
        """The document of a post; `updated` is when it was, as far as that is known better. Raises InvalidDocument."""
        text, is_lacking = self.links.rewritten(post)
        named = [(file, self.links.file_of(file.url, post)) for file in post.enclosures]
        is_lacking = is_lacking or any(here is not None and not here.path for _, here in named)
        content = compose(
            text,
            title=post.title,
            slug=slug,
            date=post.published_at,
            updated=updated or _updated(post),
            tags=post.tags,
            authors=post.authors,
            summary=post.summary,
            lang=post.lang,
            draft=post.state != "published",
            pings_open=post.pings_open,
            comments_open=post.comments_open,
            enclosures=[one for file, here in named if (one := self._enclosure(file, here))],
            page=post.page,
            menu=post.menu,
            format=post.format,
            reply_to=post.reply_to,
            like_of=post.like_of,
            repost_of=post.repost_of,
            bookmark_of=post.bookmark_of,
            tells=post.tells,
            imported=post.fields,
        )
        document = self.publisher.read(content.encode("utf-8", "replace"))
        return Prepared(self.publisher.render(document), is_lacking)

    def _enclosure(self, file: Enclosure, here: FileHere | None) -> Enclosure | None:
        """An enclosure as it is here; None where nothing but its file, which is not here, tells type and length."""
        if here is not None and here.path:
            return Enclosure(f"/{here.path}", here.type, here.size)
        return file if here is None or file.type else None


def _updated(post: ImportedPost) -> datetime | None:
    """When a post was changed, if it was after its publication."""
    if post.updated_at is None or (post.published_at is not None and post.updated_at <= post.published_at):
        return None
    return post.updated_at


def hash_of_document(source: str) -> str:
    """Returns 128 bits of a hash of a document, in 32 digits."""
    return hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:32]
