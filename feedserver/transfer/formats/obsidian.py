"""Vaults of Obsidian. A note is its owner's alone unless it says `publish: true`: others are left out.

Nothing of a note that is left out stands in another one: no words, and no address.
"""

from collections.abc import Iterator
from typing import Final

from feedserver.posts.document import slug_from
from feedserver.transfer.formats import folder_posts, obsidian_text
from feedserver.transfer.formats.folder import Document, Folder, unread
from feedserver.transfer.formats.folder_kinds import kind_of
from feedserver.transfer.formats.folder_posts import Fields, slug_of
from feedserver.transfer.formats.obsidian_notes import Notes
from feedserver.transfer.formats.obsidian_vault import Vault
from feedserver.transfer.items import Item, Origin, Remark
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source

KIND: Final = "obsidian"

_PRIVATE: Final = "notes without `publish: true` are private"


def recognises(source: Source) -> bool:
    """Whether this is a vault of Obsidian."""
    return kind_of(source) == KIND


def read(source: Source, options: Options) -> Iterator[Item]:
    """The notes that are published, and their files. Raises ImportDamaged."""
    folder = Folder(source, options)
    vault = Vault(folder, (options.url or "").rstrip("/"))
    yield Origin(name=options.url or folder.name, url=options.url)
    yield from unread(folder.names)
    for note in folder.documents(vault.notes):
        if isinstance(note, Remark):
            yield note
        elif vault.is_published(note):
            yield from _post(note, vault, options)
        else:
            yield Remark(treatment="left out", where=note.name, what="the note", why=_PRIVATE)


def _post(note: Document, vault: Vault, options: Options) -> Iterator[Item]:
    notes = Notes(vault)
    text = notes.text(note)
    yield from notes.media
    for what, why in notes.told:
        yield Remark(treatment="changed", where=note.name, what=what, why=why)
    fields = Fields(note, options.zone)
    fields.drop("publish", "dg-publish")
    permalink = fields.text("permalink")
    slug = fields.text("slug") or (permalink or "").strip("/").rpartition("/")[2]
    post = folder_posts.post(
        fields,
        note,
        options.now,
        text=text,
        title=fields.text("title") or note.stem,
        url=vault.address_of(note.name),
        slug=slug_of(slug or slug_from(note.stem)),
        published_at=None,
        tags=tuple(tag.lstrip("#") for tag in fields.texts("tags", r"[,\s]+")) + tuple(_tags(note)),
    )
    yield from fields.remarks
    yield from vault.with_files(post)


def _tags(note: Document) -> Iterator[str]:
    return obsidian_text.tags(obsidian_text.without_comments(note.front.body))
