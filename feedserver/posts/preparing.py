"""Renders documents before the transactions that store them, which make other writers wait."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from feedserver.media.model import Media
from feedserver.posts import embedding
from feedserver.posts.model import DraftText, Rendered
from feedserver.posts.rendering import Showing, render, with_references
from feedserver.storage.engine import Database
from feedserver.urls import Urls

Files = Mapping[str, Media]  # those beside a document, by `media.references.name_beside`
NO_FILES: Final[Files] = {}


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """A document with its body as rendered, in `lang`: what a transaction can write at once.

    `files` are those beside it, as `media.adding.Library.keep` gave them; `named` are all pictures and files of the
    site that it names, by their references.
    """

    document: DraftText
    rendered: Rendered
    lang: str
    files: tuple[Media, ...] = ()
    named: Mapping[str, Media] = field(default_factory=dict)


def prepared(database: Database, urls: Urls, language: str, document: DraftText, files: Files) -> RenderedDocument:
    """Renders a document with the files beside it, in `language` if it names none. Raises InvalidDocument."""
    lang = document.lang or language
    found = embedding.meanings(database, urls, files)
    showing = Showing(found, embedding.root(page=document.page))
    rendered = render(document.body, lang, document.format, showing, document.photos)
    document = embedding.with_true_enclosures(document, found)
    rendered = with_references(rendered, document.references)
    return RenderedDocument(document, rendered, lang, tuple(files.values()), found.named)
